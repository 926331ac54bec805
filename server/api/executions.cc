// GET /models/executions/all and /models/executions/{execution_id}.
#include <utility>

#include "api.h"
#include "execution_json.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

absl::StatusOr<Response> GetExecution(Context& context, Request& request) {
  absl::StatusOr<Execution> execution = context.engine.executions().Get(
      CallerOf(request).organization_id, request.Parameter("execution_id"));
  if (!execution.ok()) return execution.status();
  std::string text;
  JsonWriter w(text);
  WriteExecution(w, *execution, InputPart::kInclude);
  text.pop_back();  // the closing brace
  text += ",\"credits_remaining\":" + CreditsRemaining(context, execution->organization_id).Dump() +
          "}";
  return Response::Json(200, std::move(text));
}

}  // namespace

absl::StatusOr<Response> ListExecutions(Context& context, Request& request, std::string model_id) {
  absl::StatusOr<PageRequest> page = QueryPage(request);
  if (!page.ok()) return page.status();
  ExecutionFilter filter;
  if (auto status = request.FindQuery("status"); status && !status->empty()) {
    filter.state = ParseRunState(*status);
    if (!filter.state) {
      return ValidationError("query/status",
                             "must be pending, running, completed, failed, timeout or cancelled");
    }
  }
  filter.origin = QueryText(request, "origin");
  filter.model_id = model_id.empty() ? QueryText(request, "model_id") : std::move(model_id);
  filter.trigger_id = QueryText(request, "trigger_id");
  absl::StatusOr<std::optional<bool>> include = QueryBool(request, "include_result");
  if (!include.ok()) return include.status();
  filter.include_result = include->value_or(true);
  absl::StatusOr<Page<Execution>> list =
      context.engine.executions().List(CallerOf(request).organization_id, filter, *page);
  if (!list.ok()) return list.status();
  return PageResponse(request, *list, [](JsonWriter& w, const Execution& execution) {
    WriteExecution(w, execution, InputPart::kLeaveOut);
  });
}

absl::Status AddExecutionRoutes(http::HttpServer& server, Context& context) {
  std::string base(kBase);
  http::Route all{.method = "GET", .pattern = base + "/models/executions/all"};
  all.handler = [&context](Request& request) { return ListExecutions(context, request, ""); };
  all.rate_class = "read";
  http::Route one{.method = "GET", .pattern = base + "/models/executions/{execution_id}"};
  one.handler = [&context](Request& request) { return GetExecution(context, request); };
  one.rate_class = "read";
  for (http::Route* route : {&all, &one}) {
    if (absl::Status status = server.AddRoute(std::move(*route)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace solvent::api
