#include "error_body.h"

#include <algorithm>
#include <string>
#include <utility>

namespace solvent::http {
namespace {

struct CodeRow {
  std::string_view code;
  int status;
};

// The first row of a status gives the code of an error that has none of its own.
constexpr CodeRow kCodes[] = {
    {"bad_request", 400},
    {"expression_error", 400},
    {"unauthorized", 401},
    {"insufficient_credits", 402},
    {"forbidden", 403},
    {"not_found", 404},
    {"method_not_allowed", 405},
    {"request_timeout", 408},
    {"solve_timeout", 408},
    {"conflict", 409},
    {"precondition_failed", 412},
    {"payload_too_large", 413},
    {"uri_too_long", 414},
    {"unsupported_media_type", 415},
    {"expectation_failed", 417},
    {"validation_error", 422},
    {"idempotency_key_reused", 422},
    {"upgrade_required", 426},
    {"rate_limit_exceeded", 429},
    {"capacity_exceeded", 429},
    {"headers_too_large", 431},
    {"internal_error", 500},
    {"service_unavailable", 503},
    {"http_version_not_supported", 505},
};

std::string_view CodeOf(int http_status) {
  for (const CodeRow& row : kCodes) {
    if (row.status == http_status) return row.code;
  }
  return http_status < 500 ? "bad_request" : "internal_error";
}

int StatusOfCode(std::string_view code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row.status;
  }
  return 0;
}

std::string UpperCase(std::string_view s) {
  std::string upper(s);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return upper;
}

Json Location(std::string_view pointer) {
  Json::Array loc;
  if (pointer.empty() || pointer.front() == '/') {
    loc.emplace_back("body");
  } else {
    std::string_view place = pointer.substr(0, pointer.find('/'));
    loc.emplace_back(place);
    pointer.remove_prefix(place.size());
  }
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    std::string_view raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    bool position =
        !raw.empty() && raw.size() < 16 &&
        std::all_of(raw.begin(), raw.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (position) {
      loc.emplace_back(int64_t{std::stoll(std::string(raw))});
      continue;
    }
    std::string name;
    for (size_t i = 0; i < raw.size(); ++i) {
      bool escaped =
          raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1');
      name += escaped ? (raw[++i] == '0' ? '~' : '/') : raw[i];
    }
    loc.emplace_back(std::move(name));
  }
  return loc;
}

Json FieldList(const ErrorInfo& info, std::string_view code, std::string_view message) {
  Json::Array list;
  for (const FieldError& field : info.fields) {
    Json entry;
    entry.Set("loc", Location(field.pointer));
    entry.Set("msg", std::string_view(field.message));
    entry.Set("type", field.type.empty() ? std::string_view("value_error") : field.type);
    list.push_back(std::move(entry));
  }
  if (list.empty()) {
    Json entry;
    entry.Set("loc", Json::Array{"body"});
    entry.Set("msg", message);
    entry.Set("type", code);
    list.push_back(std::move(entry));
  }
  return list;
}

Response Build(int http_status, std::string_view code, std::string_view message,
               const ErrorInfo& info, std::string_view request_id) {
  Json body;
  body.Set("error", code);
  body.Set("message", message);
  body.Set("detail", http_status == 422 ? FieldList(info, code, message) : Json(message));
  body.Set("error_code", UpperCase(code));
  body.Set("status_code", http_status);
  body.Set("request_id", request_id);
  for (const Json::Member& member : info.extra.object()) {
    // "detail" may be an object where a route says so; the rest of the frame stays ours.
    if (body.Find(member.name) == nullptr || member.name == "detail") {
      body.Set(member.name, member.value);
    }
  }
  // Elsewhere "detail" is a text, so the faults get a member of their own.
  if (http_status != 422 && !info.fields.empty() && body.Find("errors") == nullptr) {
    body.Set("errors", FieldList(info, code, message));
  }
  Response response = Response::JsonValue(http_status, body);
  if (http_status == 401) response.Set("WWW-Authenticate", "Bearer");
  if (http_status == 429 || http_status == 503) {
    int64_t seconds = std::max<int64_t>(info.extra["retry_after"].as_int(), 1);
    response.Set("Retry-After", std::to_string(seconds));
  }
  return response;
}

}  // namespace

int HttpStatusOf(const absl::Status& status) {
  if (int http_status = StatusOfCode(GetErrorInfo(status).code)) return http_status;
  switch (status.code()) {
    case absl::StatusCode::kOk: return 200;
    case absl::StatusCode::kInvalidArgument: return 400;
    case absl::StatusCode::kUnauthenticated: return 401;
    case absl::StatusCode::kPermissionDenied: return 403;
    case absl::StatusCode::kNotFound: return 404;
    case absl::StatusCode::kAlreadyExists: return 409;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded: return 503;
    default: return 500;
  }
}

Response ErrorResponse(const absl::Status& status, std::string_view request_id) {
  ErrorInfo info = GetErrorInfo(status);
  int http_status = HttpStatusOf(status);
  if (http_status == 500) return ErrorResponse(500, "internal error", request_id);
  if (http_status > 500 && info.code.empty()) {
    return ErrorResponse(http_status, "service unavailable, try again", request_id);
  }
  std::string code = StatusOfCode(info.code) ? info.code : std::string(CodeOf(http_status));
  return Build(http_status, code, Message(status), info, request_id);
}

Response ErrorResponse(int http_status, std::string_view code, std::string_view message,
                       std::string_view request_id) {
  return Build(http_status, code, message, ErrorInfo(), request_id);
}

Response ErrorResponse(int http_status, std::string_view message, std::string_view request_id) {
  return ErrorResponse(http_status, CodeOf(http_status), message, request_id);
}

}  // namespace solvent::http
