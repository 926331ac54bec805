#include "paging.h"

#include <algorithm>

#include "head.h"

namespace solvent::api {
namespace {

// What could end the brackets of the header, or is no part of a URI.
void AppendSafe(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool unsafe = byte <= 0x20 || byte >= 0x7f ||
                  std::string_view("<>\"\\^`{|}").find(c) != std::string_view::npos;
    if (unsafe) {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

void AppendQueryValue(std::string& out, std::string_view text) {
  std::string safe;
  AppendSafe(safe, text);
  for (char c : safe) {
    switch (c) {
      case '&': out += "%26"; break;
      case '+': out += "%2B"; break;
      case '#': out += "%23"; break;
      default: out += c;
    }
  }
}

class Links {
 public:
  Links(const http::Request& request, std::string_view parameter)
      : request_(request), parameter_(parameter) {}

  void Add(std::string_view relation, int64_t value) { AddText(relation, std::to_string(value)); }
  void AddText(std::string_view relation, std::optional<std::string_view> value) {
    if (!text_.empty()) text_ += ", ";
    text_ += '<';
    text_ += TargetWith(request_, parameter_, value);
    text_ += ">; rel=\"";
    text_ += relation;
    text_ += '"';
  }
  void SetOn(http::Response& response) const { response.Set("Link", text_); }

 private:
  const http::Request& request_;
  const std::string_view parameter_;
  std::string text_;
};

}  // namespace

std::string TargetWith(const http::Request& request, std::string_view parameter,
                       std::optional<std::string_view> value) {
  std::string target;
  AppendSafe(target, request.path);
  std::string_view query = request.target;
  query = query.substr(0, query.find('#'));
  size_t question = query.find('?');
  query = question == std::string_view::npos ? std::string_view() : query.substr(question + 1);
  char separator = '?';
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (http::DecodePercent(pair.substr(0, pair.find('=')), true) == parameter) continue;
    target += separator;
    separator = '&';
    AppendSafe(target, pair);
  }
  if (!value) return target;
  target += separator;
  target += parameter;
  target += '=';
  AppendQueryValue(target, *value);
  return target;
}

void LinkPages(const http::Request& request, int64_t page, int64_t pages,
               http::Response& response) {
  pages = std::max<int64_t>(pages, 1);
  Links links(request, "page");
  links.Add("first", 1);
  if (page > 1) links.Add("prev", std::min(page - 1, pages));
  if (page < pages) links.Add("next", page + 1);
  links.Add("last", pages);
  links.SetOn(response);
}

void LinkWindows(const http::Request& request, std::string_view parameter, int64_t offset,
                 int64_t limit, int64_t shown, std::optional<int64_t> total,
                 http::Response& response) {
  Links links(request, parameter);
  links.Add("first", 0);
  if (offset > 0) links.Add("prev", std::max<int64_t>(offset - limit, 0));
  bool more = total ? offset < *total - limit : shown == limit;
  if (more) links.Add("next", offset + limit);
  if (total) links.Add("last", *total > 0 ? (*total - 1) / limit * limit : 0);
  links.SetOn(response);
}

void LinkCursor(const http::Request& request, std::string_view next, http::Response& response) {
  Links links(request, "cursor");
  links.AddText("first", std::nullopt);
  if (!next.empty()) links.AddText("next", next);
  links.SetOn(response);
}

}  // namespace solvent::api
