// POST /solve/{execution_id}/infeasibility-analysis and GET
// /models/executions/{execution_id}/exact-analysis.
#include "solvent/explain.h"

#include <utility>

#include "api.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

absl::StatusOr<Response> InfeasibilityAnalysis(Context& context, Request& request) {
  absl::StatusOr<Conflict> conflict = context.engine.explainer().ExplainInfeasible(
      CallerOf(request).organization_id, request.Parameter("execution_id"));
  if (!conflict.ok()) return conflict.status();
  return Response::Json(200, ConflictToJson(*conflict).Dump());
}

absl::StatusOr<Response> ExactAnalysis(Context& context, Request& request) {
  absl::StatusOr<std::optional<bool>> sensitivity = QueryBool(request, "sensitivity");
  if (!sensitivity.ok()) return sensitivity.status();
  absl::StatusOr<Json> analysis = context.engine.explainer().ExactAnalysis(
      CallerOf(request).organization_id, request.Parameter("execution_id"),
      sensitivity->value_or(false));
  if (!analysis.ok()) return analysis.status();
  return Response::Json(200, analysis->Dump());
}

}  // namespace

absl::Status AddExplainRoutes(http::HttpServer& server, Context& context) {
  std::string base(kBase);
  http::Route conflict{.method = "POST",
                       .pattern = base + "/solve/{execution_id}/infeasibility-analysis"};
  conflict.handler = [&context](Request& request) {
    return InfeasibilityAnalysis(context, request);
  };
  conflict.rate_class = "solve";
  conflict.json_body_only = false;  // it needs no body
  http::Route exact{.method = "GET",
                    .pattern = base + "/models/executions/{execution_id}/exact-analysis"};
  exact.handler = [&context](Request& request) { return ExactAnalysis(context, request); };
  exact.rate_class = "read";
  for (http::Route* route : {&conflict, &exact}) {
    if (absl::Status status = server.AddRoute(std::move(*route)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace solvent::api
