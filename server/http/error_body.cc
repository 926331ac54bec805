#include "error_body.h"

#include <algorithm>
#include <string>
#include <utility>

namespace solvent::http {
namespace {

struct CodeRow {
  std::string_view code;
  int status;
  std::string_view title;  // of problem details: the same for all errors with this code
};

// The first row of a status gives the code of an error that has none of its own.
constexpr CodeRow kCodes[] = {
    {"bad_request", 400, "The request means nothing"},
    {"expression_error", 400, "An expression does not parse"},
    {"unauthorized", 401, "A valid credential is needed"},
    {"insufficient_credits", 402, "The organization has too few credits"},
    {"forbidden", 403, "The credential does not allow this"},
    {"not_found", 404, "There is no such thing here"},
    {"method_not_allowed", 405, "The route does not answer this method"},
    {"request_timeout", 408, "The request took too long to arrive"},
    {"solve_timeout", 408, "The solve took too long"},
    {"conflict", 409, "The state of things does not allow this"},
    {"precondition_failed", 412, "It has changed since it was read"},
    {"payload_too_large", 413, "The body is too large"},
    {"uri_too_long", 414, "The request's target is too long"},
    {"unsupported_media_type", 415, "The body has a type or coding that is not read here"},
    {"expectation_failed", 417, "The expectation cannot be met"},
    {"validation_error", 422, "The input has the wrong shape"},
    {"idempotency_key_reused", 422, "The idempotency key belongs to another request"},
    {"upgrade_required", 426, "The route is a WebSocket"},
    {"rate_limit_exceeded", 429, "Too many requests"},
    {"capacity_exceeded", 429, "Too much is under way"},
    {"headers_too_large", 431, "The request's head is too large"},
    {"internal_error", 500, "Something went wrong here"},
    {"service_unavailable", 503, "The service is not available for now"},
    {"http_version_not_supported", 505, "This version of HTTP is not spoken here"},
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

std::string_view TitleOf(std::string_view code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row.title;
  }
  return "The request failed";
}

// The path of the request, and its id, which is what tells this occurrence from others.
std::string InstanceOf(const Request& request) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string uri;
  for (std::string_view part : {std::string_view(request.path), std::string_view("#"),
                                std::string_view(request.request_id)}) {
    for (char c : part) {
      bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("-._~!$&'()*+,;=:@/%").find(c) != std::string_view::npos ||
                  (c == '#' && part == "#");
      if (kept) {
        uri += c;
        continue;
      }
      uri += '%';
      uri += kHex[static_cast<unsigned char>(c) >> 4];
      uri += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return uri;
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

void MakeProblemDetails(const Request& request, Response& response) {
  absl::StatusOr<Json> read = ParseJson(response.body);
  if (!read.ok() || !(*read)["error"].is_string() || !(*read)["message"].is_string()) return;
  const Json& body = *read;
  const std::string& code = body["error"].as_string();
  Json problem;
  problem.Set("type", "urn:solvent:problem:" + code);
  problem.Set("title", TitleOf(code));
  problem.Set("status", response.status);
  problem.Set("detail", body["message"]);
  problem.Set("instance", InstanceOf(request));
  problem.Set("code", code);
  problem.Set("request_id", body["request_id"]);
  if (body["detail"].is_array()) problem.Set("errors", body["detail"]);
  if (body["detail"].is_object()) problem.Set("context", body["detail"]);
  for (const Json::Member& member : body.object()) {
    bool frame = member.name == "error" || member.name == "message" || member.name == "detail" ||
                 member.name == "error_code" || member.name == "status_code";
    if (!frame && problem.Find(member.name) == nullptr) problem.Set(member.name, member.value);
  }
  response.content_type = "application/problem+json";
  response.body = problem.Dump();
}

}  // namespace solvent::http
