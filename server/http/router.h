// Which handler answers which method and path.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "message.h"
#include "websocket.h"

namespace solvent::http {

enum class Auth {
  kRequired,  // the authenticator must say yes
  kOptional,  // it may say no when no credential was sent at all
  kPublic,    // it is not asked
};

inline constexpr size_t kDefaultBodyLimit = 1 << 20;
inline constexpr size_t kSolveBodyLimit = 50 << 20;

// An error status becomes the error body of error_body.h.
using Handler = std::function<absl::StatusOr<Response>(Request&)>;

struct Route {
  std::string method;   // "GET", which answers HEAD too, "POST", ...
  std::string pattern;  // "/models/{model_id}": literal segments and named parameters
  Handler handler;
  Auth auth = Auth::kRequired;
  size_t body_limit = kDefaultBodyLimit;
  std::string rate_class;          // for the rate limiter; empty: not limited
  bool token_in_query = false;     // for the authenticator: "?token=" will do, as browsers cannot
                                   // set headers everywhere
  bool json_body_only = true;      // refuse other content types with 415
  bool answers_when_full = false;  // runs even when all request threads but one are taken, and
                                   // never waits then (Request::may_wait)
  // Rewrites the answer when it is an error, those of the HTTP layer included; empty: as it is.
  std::function<void(Response&)> adapt_error;
  WebSocketFactory websocket;  // for a route that is a WebSocket instead of a handler
};

// A trie of segments. Filled before the server starts, read by all threads afterwards.
class Router {
 public:
  Router();
  ~Router();

  // AlreadyExists when method and pattern are taken, InvalidArgument when the pattern is no path.
  absl::Status Add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: no such path, or not with this method
    size_t index = 0;              // of the route, in routes()
    bool path_known = false;
    // Without a route, one of the same path, or else of the longest beginning of it that has any.
    const Route* neighbour = nullptr;
    std::string allow;  // for 405 and OPTIONS: "GET, HEAD, OPTIONS", when the path is known
    std::vector<std::pair<std::string, std::string>> parameters;
  };
  // `path` is percent-encoded, so that an encoded slash stays inside its segment. A literal
  // segment wins over a parameter; one trailing slash is ignored.
  Match Find(std::string_view method, std::string_view path) const;

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  struct Node;
  const Node* Walk(const Node& node, std::string_view rest,
                   std::vector<std::string_view>& values) const;
  const Route* Nearest(std::string_view path) const;

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace solvent::http
