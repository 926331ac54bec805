// From a bearer credential to a Caller.
#include <algorithm>
#include <any>

#include "api.h"
#include "solvent/error.h"

namespace solvent::api {

namespace {

absl::Status Refused(std::string_view message) {
  return MakeError(absl::StatusCode::kUnauthenticated, error_code::kUnauthorized, message);
}

constexpr std::string_view kCookie = "jaot_access_token";

// The value of the first cookie of that name; "" when there is none.
std::string_view CookieOf(const http::Request& request, std::string_view name) {
  std::string_view rest = request.FindHeader("Cookie").value_or("");
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
    while (!pair.empty() && pair.back() == ' ') pair.remove_suffix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

// Browsers send cookies with whatever any page asks for, and say which page's origin it was. One
// that is allowed must be so by name: "*" is for pages that send a key themselves.
bool MaySendCookies(const Context& context, const http::Request& request) {
  std::optional<std::string_view> origin = request.FindHeader("Origin");
  if (!origin) return true;
  size_t scheme = origin->find("://");
  if (scheme != std::string_view::npos &&
      http::EqualsIgnoreCase(origin->substr(scheme + 3), request.FindHeader("Host").value_or(""))) {
    return true;
  }
  const std::vector<std::string>& named = context.config.allowed_origins;
  return *origin != "*" && std::find(named.begin(), named.end(), *origin) != named.end();
}

}  // namespace

absl::StatusOr<std::string> BearerOf(const Context& context, const http::Request& request,
                                     bool token_in_query) {
  if (token_in_query) {
    if (auto token = request.FindQuery("token"); token && !token->empty())
      return std::string(*token);
  }
  auto header = request.FindHeader("Authorization");
  // Clients of the jobs routes may send theirs under another name.
  bool jobs = request.path.starts_with("/v0/jobs") ||
              request.path.starts_with(std::string(kBase) + "/jobs");
  if (!header && jobs) header = request.FindHeader("X-Blaxel-Authorization");
  if (std::string_view token = CookieOf(request, kCookie); !header && !token.empty()) {
    if (!MaySendCookies(context, request)) {
      return MakeError(
          absl::StatusCode::kPermissionDenied, error_code::kForbidden,
          "Pages of this origin may not use the access token's cookie (--cors-origin)");
    }
    if (token.starts_with("ok_")) return Refused("The cookie is for access tokens, not for keys");
    return std::string(token);
  }
  if (!header) {
    return Refused("Missing credential: send Authorization: Bearer <API key or token>");
  }
  size_t space = header->find(' ');
  if (space == std::string_view::npos ||
      !http::EqualsIgnoreCase(header->substr(0, space), "Bearer")) {
    return Refused("The Authorization header must have the form: Bearer <API key or token>");
  }
  std::string_view token = header->substr(space + 1);
  while (!token.empty() && token.front() == ' ') token.remove_prefix(1);
  return std::string(token);
}

absl::Status Authenticate(Context& context, http::Request& request, bool token_in_query) {
  absl::StatusOr<std::string> token = BearerOf(context, request, token_in_query);
  if (absl::IsPermissionDenied(token.status())) return Refused(Message(token.status()));
  if (!token.ok()) return token.status();
  absl::StatusOr<Caller> caller = context.engine.identity().Authenticate(*token);
  if (!caller.ok()) {
    if (!absl::IsUnauthenticated(caller.status())) return caller.status();
    return Refused("Invalid, expired or revoked credential");
  }
  request.response_headers.push_back({"X-Organization-Id", caller->organization_id});
  if (!CookieOf(request, kCookie).empty()) {
    // Caches between keep answers apart by Authorization, but not by cookies.
    request.response_headers.push_back({"Cache-Control", "private, no-store"});
  }
  request.identity = *std::move(caller);
  return absl::OkStatus();
}

absl::Status AddTable(http::HttpServer& server, Context& context, std::string_view base,
                      std::span<const RouteRow> rows,
                      const std::function<void(http::Route&)>& adjust) {
  for (const RouteRow& row : rows) {
    http::Route route{.method = row.method, .pattern = std::string(base) + row.path};
    route.handler = [&context, handler = row.handler](http::Request& request) {
      return handler(context, request);
    };
    route.rate_class = row.rate_class;
    route.auth = row.auth;
    route.body_limit = row.body_limit;
    route.json_body_only = route.method != "DELETE";
    if (adjust) adjust(route);
    if (absl::Status status = server.AddRoute(std::move(route)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AddRoutes(http::HttpServer& server, Context& context) {
  constexpr absl::Status (*kAll[])(http::HttpServer&, Context&) = {
      AddSolveRoutes,  AddMathProgRoutes, AddExecutionRoutes,    AddExplainRoutes,
      AddModelRoutes,  AddDocumentRoutes, AddTriggerRoutes,      AddWebhookRoutes,
      AddCreditRoutes, AddKeyRoutes,      AddNotificationRoutes, AddHealthRoutes,
      AddLiveRoutes,   AddJobRoutes,      AddMcpRoutes,
  };
  for (auto add : kAll) {
    if (absl::Status status = add(server, context); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace solvent::api
