// POST /solve/mathprog and /solve/mathprog/check: a MathProg text that is kept nowhere.
#include <utility>

#include "api.h"
#include "execution_json.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

struct MathProgRequest {
  ModelDefinition definition;
  ModelRun run;
  bool asynchronous = false;
};

// A text, or an array of its lines.
absl::StatusOr<std::string> TextMember(const Json& body, std::string_view name, bool required) {
  const Json& member = body[name];
  if (!member.is_array()) return StringMember(body, name, required);
  std::string text;
  for (const Json& line : member.array()) {
    if (!line.is_string()) {
      return ValidationError("/" + std::string(name), "must be a text or an array of its lines",
                             "type_error");
    }
    text += line.as_string();
    text += '\n';
  }
  return text;
}

absl::StatusOr<MathProgRequest> ReadMathProgRequest(Request& request) {
  absl::StatusOr<std::string> key = IdempotencyKey(request);
  if (!key.ok()) return key.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  MathProgRequest read;
  read.definition.generator_type = "template";
  read.definition.language = "mathprog";
  absl::StatusOr<std::string> model = TextMember(*body, "model", true);
  if (!model.ok()) return model.status();
  if (model->empty()) return ValidationError("/model", "must not be empty");
  read.definition.model = *std::move(model);
  absl::StatusOr<std::string> data = TextMember(*body, "data", false);
  if (!data.ok()) return data.status();
  read.definition.data = *std::move(data);
  absl::StatusOr<std::string> dialect = StringMember(*body, "dialect", false);
  if (!dialect.ok()) return dialect.status();
  if (!dialect->empty()) read.definition.custom_config.Set("dialect", *std::move(dialect));
  absl::StatusOr<std::string> name = StringMember(*body, "name", false);
  if (!name.ok()) return name.status();
  read.run.name = *std::move(name);
  absl::StatusOr<std::string> solver = StringMember(*body, "solver_name", false);
  if (!solver.ok()) return solver.status();
  read.run.solver_name = *std::move(solver);
  if (const Json& flag = (*body)["async_mode"]; !flag.is_null()) {
    if (!flag.is_bool()) {
      return ValidationError("/async_mode", "must be true or false", "type_error");
    }
    read.asynchronous = flag.as_bool();
  }
  read.run.input = Json(Json::Object{});
  for (Json::Member& member : body->mutable_object()) {
    if (member.name == "input_data" && !member.value.is_null()) {
      read.run.input = std::move(member.value);
    }
    if (member.name == "options") read.run.options = std::move(member.value);
  }
  if (!key->empty()) {
    read.run.idempotency_key = *std::move(key);
    read.run.idempotency_route = request.path;
    if (read.run.idempotency_route.back() == '/') read.run.idempotency_route.pop_back();
    absl::StatusOr<std::string_view> text = request.Body();
    if (!text.ok()) return text.status();
    read.run.request_hash = HashRequest(*text);
  }
  return read;
}

absl::StatusOr<Response> SolveMathProg(Context& context, Request& request) {
  absl::StatusOr<MathProgRequest> read = ReadMathProgRequest(request);
  if (!read.ok()) return read.status();
  const Caller& caller = CallerOf(request);
  OrganizationModel& models = context.engine.models();
  SyncWaiter waiter(context);
  absl::StatusOr<Submitted> submitted =
      waiter.may_wait() && !read->asynchronous
          ? models.ExecuteDefinitionAndWait(caller, std::move(read->definition),
                                            std::move(read->run), context.config.sync_wait)
          : models.ExecuteDefinition(caller, std::move(read->definition), std::move(read->run));
  if (!submitted.ok()) return submitted.status();
  const Execution& execution = submitted->execution;
  bool done = IsEndState(execution.state) && !read->asynchronous;
  Response response = Response::Json(done ? 200 : 202, done ? SolveAnswer(context, execution, false)
                                                            : TaskEnvelope(context, execution));
  if (!done) response.Set("Location", std::string(kBase) + "/solve/async/" + execution.id);
  if (submitted->replayed) response.Set("Idempotent-Replay", "true");
  return response;
}

absl::StatusOr<Response> CheckMathProg(Context& context, Request& request) {
  absl::StatusOr<MathProgRequest> read = ReadMathProgRequest(request);
  if (!read.ok()) return read.status();
  absl::StatusOr<ModelPreview> preview =
      context.engine.models().PreviewDefinition(std::move(read->definition), std::move(read->run));
  if (!preview.ok()) return preview.status();
  const Problem& problem = preview->problem;
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("valid").Bool(true);
  w.Key("num_variables").Int(problem.num_columns());
  w.Key("num_constraints").Int(problem.num_rows());
  w.Key("num_integers").Int(problem.num_integers());
  w.Key("num_nonzeros").Int(problem.num_nonzeros());
  w.Key("estimated_credits").Int(preview->credits);
  w.Key("stats").Value(preview->stats);
  w.Key("warnings").Value(preview->warnings);
  w.EndObject();
  return Response::Json(200, std::move(text));
}

}  // namespace

absl::Status AddMathProgRoutes(http::HttpServer& server, Context& context) {
  auto add = [&](const char* path, auto handler) {
    http::Route route{.method = "POST", .pattern = std::string(kBase) + path};
    route.handler = [&context, handler](Request& request) { return handler(context, request); };
    route.rate_class = "solve";
    route.body_limit = http::kSolveBodyLimit;
    return server.AddRoute(std::move(route));
  };
  absl::Status status = add("/solve/mathprog", SolveMathProg);
  status.Update(add("/solve/mathprog/check", CheckMathProg));
  return status;
}

}  // namespace solvent::api
