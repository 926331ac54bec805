// A request as handlers see it, and the answer they give.
#pragma once

#include <any>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "event_stream.h"
#include "solvent/json.h"

namespace solvent::http {

struct Header {
  std::string name;
  std::string value;  // as sent: no percent-decoding, no folding
};

bool EqualsIgnoreCase(std::string_view a, std::string_view b);
// Whether the name can stand in a head; the value without bytes that could end a header.
bool IsSafeHeaderName(std::string_view name);
std::string SafeHeaderValue(std::string_view value);
// Whether the comma-separated `list` of a header's value holds `token`, ignoring case.
bool ListHasToken(std::string_view list, std::string_view token);

// Handed to one handler on one thread. Views stay valid for as long as the request does.
class Request {
 public:
  // Reads the whole body or fails: payload_too_large above `limit`, request_timeout, bad_request
  // when the framing is broken or the client went away.
  using BodyReader = std::function<absl::StatusOr<std::string>(size_t limit)>;

  std::string method;
  std::string target;  // as sent
  std::string path;    // the part before "?", still percent-encoded
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::vector<Header> headers;
  // Of the socket's other end, or of whom trusted proxies name (trusted_proxies.h).
  std::string remote_address;
  std::string request_id;  // the caller's X-Request-ID when it was usable
  std::vector<std::pair<std::string, std::string>> path_parameters;  // decoded

  bool has_body = false;                 // a body was announced, and may be empty when chunked
  std::optional<size_t> content_length;  // as announced; absent for a chunked body
  size_t body_limit = 1 << 20;

  // False on the last thread, which must soon be back to watch the sockets: what could wait, like
  // reading the store, is not to be done. Only for routes that answer when the server is full.
  bool may_wait = true;

  std::any identity;  // set by the authenticator
  // Sent with whatever answer this request gets; for authenticators and rate limiters.
  std::vector<Header> response_headers;
  BodyReader body_reader;

  // The first header of that name, whatever its case; nullopt when there is none.
  std::optional<std::string_view> FindHeader(std::string_view name) const;
  std::optional<std::string_view> FindQuery(std::string_view name) const;
  // Empty when the route has no such parameter.
  std::string_view Parameter(std::string_view name) const;

  // The body, read from the connection at the first call. "" when there is none.
  absl::StatusOr<std::string_view> Body();

 private:
  std::optional<absl::StatusOr<std::string>> body_;
};

struct Response {
  int status = 200;
  std::string content_type;  // empty: no body
  std::string body;
  std::vector<Header> headers;  // further ones; bytes that could end a header are removed
  // Set: the body is a stream that goes on after the handler has returned, instead of `body`.
  StreamStart stream;

  Response& Set(std::string_view name, std::string_view value);  // replaces one of that name
  const std::string* FindHeader(std::string_view name) const;

  static Response Json(int status, std::string text);  // `text` is JSON already
  static Response JsonValue(int status, const solvent::Json& value);
  static Response Text(int status, std::string text);
  static Response Empty(int status = 204);
};

// Says in the answer that it depends on that header of the request.
void AddVary(Response& response, std::string_view header);

}  // namespace solvent::http
