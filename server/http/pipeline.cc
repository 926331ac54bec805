#include "pipeline.h"

#include <algorithm>
#include <exception>
#include <random>

#include "cors.h"
#include "error_body.h"
#include "gzip.h"
#include "negotiation.h"
#include "validators.h"

namespace solvent::http {
namespace {

// Makes a compressed body be read as what it holds, `most` bytes of it. False for a coding that is
// not known here.
bool DecodeBody(Request& request, size_t most) {
  bool gzip = false;
  for (const Header& header : request.headers) {
    if (!EqualsIgnoreCase(header.name, "Content-Encoding")) continue;
    if (EqualsIgnoreCase(header.value, "identity")) continue;
    bool known = EqualsIgnoreCase(header.value, "gzip") || EqualsIgnoreCase(header.value, "x-gzip");
    if (gzip || !known) return false;
    gzip = true;
  }
  if (!gzip) return true;
  request.body_reader = [compressed = std::move(request.body_reader),
                         most](size_t limit) -> absl::StatusOr<std::string> {
    absl::StatusOr<std::string> body = compressed(limit);
    if (!body.ok()) return body.status();
    return Gunzip(*body, std::min(limit, most));
  };
  return true;
}

bool IsText(std::string_view type) {
  type = type.substr(0, type.find(';'));
  return type.starts_with("text/") || type == "application/json" || type.ends_with("+json") ||
         type == "application/javascript" || type == "image/svg+xml";
}

// Compresses an answer for a client that takes it, if it is one for which that pays.
void CompressBody(const Request& request, size_t least, Response& response) {
  if (response.stream || response.body.size() < least || !IsText(response.content_type) ||
      response.FindHeader("Content-Encoding") != nullptr) {
    return;
  }
  AddVary(response, "Accept-Encoding");
  if (!WantsGzip(request)) return;
  std::string packed = Gzip(response.body);
  if (packed.empty() || packed.size() >= response.body.size()) return;
  response.body = std::move(packed);
  response.Set("Content-Encoding", "gzip");
  if (const std::string* tag = response.FindHeader("ETag"); tag && tag->ends_with('"')) {
    response.Set("ETag", GzipTag(*tag));
  }
}

std::optional<std::string> UnacceptedMedia(const Request& request) {
  auto type = request.FindHeader("Content-Type");
  if (!type || type->empty()) return std::nullopt;
  std::string_view media = type->substr(0, type->find(';'));
  while (!media.empty() && media.back() == ' ') media.remove_suffix(1);
  std::string lower(media);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  if (lower == "application/json") return std::nullopt;
  if (lower.starts_with("application/") && lower.ends_with("+json")) return std::nullopt;
  if (lower == "application/x-www-form-urlencoded") {
    return "the body must be JSON: add the header Content-Type: application/json (curl -d sends "
           "form data unless told otherwise)";
  }
  return "the body must be JSON, with Content-Type: application/json";
}

}  // namespace

bool IsUsableRequestId(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Tells requests apart in a log; nothing secret hangs on it.
std::string NewRequestId() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id = "req_";
  uint64_t bits = generator();
  for (int i = 0; i < 12; ++i, bits /= 36) id += kDigits[bits % 36];
  return id;
}

Request MakeRequest(RequestHead& head, Router::Match& match, const std::string& remote_address) {
  Request request;
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.path = std::move(head.path);
  request.query = ParseQuery(head.query);
  request.headers = std::move(head.headers);
  request.remote_address = remote_address;
  request.path_parameters = std::move(match.parameters);
  request.has_body = head.chunked || head.content_length.value_or(0) > 0;
  if (head.content_length) request.content_length = static_cast<size_t>(*head.content_length);
  if (match.route) request.body_limit = match.route->body_limit;
  auto id = request.FindHeader("X-Request-ID");
  request.request_id = id && IsUsableRequestId(*id) ? std::string(*id) : NewRequestId();
  return request;
}

Pipeline::Pipeline(const Options& options) : options_(options) {}

Response Pipeline::Failure(const absl::Status& status, const Request& request) const {
  Response response = ErrorResponse(status, request.request_id);
  if (response.status >= 500 && options_.log) {
    Json fields;
    fields.Set("request_id", std::string_view(request.request_id));
    fields.Set("status", response.status);
    fields.Set("cause", status.ToString());
    options_.log(LogLevel::kError, "http.failure", fields);
  }
  return response;
}

Response Pipeline::Answer(Request& request, const Router::Match& match, bool full) const {
  const std::string& id = request.request_id;
  if (request.method == "OPTIONS" && !match.route) {
    if (!match.path_known && request.path != "*") return ErrorResponse(404, "no such route", id);
    Response response = Response::Empty(204);
    if (match.path_known) response.Set("Allow", match.allow);
    return response;
  }
  if (!match.path_known) return ErrorResponse(404, "no such route", id);
  if (match.route == nullptr) {
    Response response = ErrorResponse(405, "this route does not answer " + request.method, id);
    return response.Set("Allow", match.allow);
  }
  const Route& route = *match.route;
  if (route.websocket) {
    Response response = ErrorResponse(426, "this route is a WebSocket", id);
    return response.Set("Upgrade", "websocket");
  }
  if (full && !route.answers_when_full) {
    return ErrorResponse(503, "all request threads are taken, try again", id);
  }
  request.may_wait = !full;
  if (route.auth != Auth::kPublic && authenticator) {
    absl::Status status = authenticator(request, route);
    bool excused = route.auth == Auth::kOptional && !request.FindHeader("Authorization");
    if (!status.ok() && !excused) return Failure(status, request);
  }
  if (!route.rate_class.empty() && rate_limiter) {
    if (absl::Status status = rate_limiter(request, route); !status.ok()) {
      return Failure(status, request);
    }
  }
  if (request.content_length.value_or(0) > route.body_limit) {
    return ErrorResponse(413,
                         "the body is too large: this route takes up to " +
                             std::to_string(route.body_limit) + " bytes",
                         id);
  }
  if (request.has_body && route.json_body_only) {
    // Who is not known may not make much work out of few bytes.
    size_t most = route.auth == Auth::kPublic ? kDefaultBodyLimit : route.body_limit;
    if (!DecodeBody(request, most)) {
      Response response = ErrorResponse(
          415, "the body's coding is not known here: send it as it is or as gzip", id);
      response.Set("Accept-Encoding", "gzip, identity");
      return response;
    }
    if (auto reason = UnacceptedMedia(request)) return ErrorResponse(415, *reason, id);
  }
  absl::StatusOr<Response> response = route.handler(request);
  if (!response.ok()) return Failure(response.status(), request);
  return *std::move(response);
}

Response Pipeline::Handle(Request& request, const Router::Match& match, bool full) const {
  Response response;
  try {
    response = Answer(request, match, full);
  } catch (const std::exception& e) {
    response = Failure(absl::InternalError(e.what()), request);
  } catch (...) {
    response = Failure(absl::InternalError("unknown exception"), request);
  }
  const Route* route = match.route != nullptr ? match.route : match.neighbour;
  try {
    if (response.status >= 400 && route != nullptr && route->adapt_error &&
        !WantsProblemDetails(request)) {
      route->adapt_error(response);
    }
    Finish(request, response);
  } catch (const std::exception& e) {
    response = Failure(absl::InternalError(e.what()), request);
  }
  return response;
}

void Pipeline::Finish(const Request& request, Response& response) const {
  if (response.status >= 400) {
    AddVary(response, "Accept");
    if (WantsProblemDetails(request)) MakeProblemDetails(request, response);
  }
  for (const Header& header : request.response_headers) response.Set(header.name, header.value);
  response.Set("X-Request-ID", request.request_id);
  AddCorsHeaders(options_.allowed_origins, request, response);
  CompressBody(request, options_.min_gzip_bytes, response);
}

}  // namespace solvent::http
