#include "message.h"

#include <algorithm>

namespace solvent::http {

bool IsSafeHeaderName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

std::string SafeHeaderValue(std::string_view value) {
  std::string safe;
  for (char c : value) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) safe += c;
  }
  return safe;
}
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view Trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

bool ListHasToken(std::string_view list, std::string_view token) {
  while (true) {
    size_t comma = list.find(',');
    if (EqualsIgnoreCase(Trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::optional<std::string_view> Request::FindHeader(std::string_view name) const {
  for (const Header& header : headers) {
    if (EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::FindQuery(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Request::Parameter(std::string_view name) const {
  for (const auto& [key, value] : path_parameters) {
    if (key == name) return value;
  }
  return {};
}

absl::StatusOr<std::string_view> Request::Body() {
  if (!body_) {
    if (has_body && body_reader) {
      body_ = body_reader(body_limit);
    } else {
      body_ = std::string();
    }
  }
  if (!body_->ok()) return body_->status();
  return std::string_view(**body_);
}

Response& Response::Set(std::string_view name, std::string_view value) {
  for (Header& header : headers) {
    if (EqualsIgnoreCase(header.name, name)) {
      header.value = std::string(value);
      return *this;
    }
  }
  headers.push_back({std::string(name), std::string(value)});
  return *this;
}

const std::string* Response::FindHeader(std::string_view name) const {
  for (const Header& header : headers) {
    if (EqualsIgnoreCase(header.name, name)) return &header.value;
  }
  return nullptr;
}

void AddVary(Response& response, std::string_view header) {
  const std::string* there = response.FindHeader("Vary");
  if (there == nullptr) {
    response.headers.push_back({"Vary", std::string(header)});
  } else if (!ListHasToken(*there, header)) {
    response.Set("Vary", *there + ", " + std::string(header));
  }
}

Response Response::Json(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(text);
  return response;
}

Response Response::JsonValue(int status, const solvent::Json& value) {
  return Json(status, value.Dump());
}

Response Response::Text(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

Response Response::Empty(int status) {
  Response response;
  response.status = status;
  return response;
}

}  // namespace solvent::http
