// What happens to a request between its head and its answer, the same for every route:
// 404 and 405, then 401, 429, 413, 415, then the handler.
#pragma once

#include <string>

#include "head.h"
#include "http_server.h"
#include "message.h"
#include "router.h"

namespace solvent::http {

// Builds the request of a head: decoded query, request id, path parameters of `match`. `match`'s
// parameters are moved.
Request MakeRequest(RequestHead& head, Router::Match& match, const std::string& remote_address);

// Usable in a header: 1 to 128 printable ASCII characters.
bool IsUsableRequestId(std::string_view id);
std::string NewRequestId();

class Pipeline {
 public:
  explicit Pipeline(const Options& options);

  Authenticator authenticator;  // set before the first request
  RateLimiter rate_limiter;

  // Never throws. `full`: only routes that answer at once may run.
  Response Handle(Request& request, const Router::Match& match, bool full) const;
  // What every answer gets: headers, gzip where the client takes it and it pays, and errors in the
  // form that the client asks for.
  void Finish(const Request& request, Response& response) const;
  Response Failure(const absl::Status& status, const Request& request) const;

 private:
  Response Answer(Request& request, const Router::Match& match, bool full) const;

  const Options& options_;
};

}  // namespace solvent::http
