// From a bearer credential to a Caller.
#include <any>

#include "api.h"
#include "solvent/error.h"

namespace solvent::api {

namespace {

absl::Status Refused(std::string_view message) {
  return MakeError(absl::StatusCode::kUnauthenticated, error_code::kUnauthorized, message);
}

}  // namespace

absl::StatusOr<std::string> BearerOf(const http::Request& request, bool token_in_query) {
  if (token_in_query) {
    if (auto token = request.FindQuery("token"); token && !token->empty())
      return std::string(*token);
  }
  auto header = request.FindHeader("Authorization");
  // Clients of the jobs routes may send theirs under another name.
  bool jobs = request.path.starts_with("/v0/jobs") ||
              request.path.starts_with(std::string(kBase) + "/jobs");
  if (!header && jobs) header = request.FindHeader("X-Blaxel-Authorization");
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
  absl::StatusOr<std::string> token = BearerOf(request, token_in_query);
  if (!token.ok()) return token.status();
  absl::StatusOr<Caller> caller = context.engine.identity().Authenticate(*token);
  if (!caller.ok()) {
    if (!absl::IsUnauthenticated(caller.status())) return caller.status();
    return Refused("Invalid, expired or revoked credential");
  }
  request.response_headers.push_back({"X-Organization-Id", caller->organization_id});
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
