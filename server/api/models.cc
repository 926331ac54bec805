// The catalog, an organization's models and their execution: /models/catalog…, /models….
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "api.h"
#include "execution_json.h"
#include "requests.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"
#include "validators.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

void WriteTags(JsonWriter& w, const std::vector<std::string>& tags) {
  w.Key("tags").BeginArray();
  for (const std::string& tag : tags) w.String(tag);
  w.EndArray();
}

// The value, or what stands for "none given".
void WriteOr(JsonWriter& w, const Json& value, std::string_view none) {
  if (value.is_null()) {
    w.Raw(none);
  } else {
    w.Value(value);
  }
}

void WriteForms(JsonWriter& w, const ModelDefinition& definition) {
  w.Key("generator_type").String(definition.generator_type);
  w.Key("input_schema");
  WriteOr(w, definition.input_schema, "{}");
  w.Key("input_fields");
  WriteOr(w, definition.input_fields, "[]");
  w.Key("example_input");
  WriteOr(w, definition.example_input, "{}");
}

enum class Detail { kListed, kFull };

void WriteListing(JsonWriter& w, const CatalogModel& model, Detail detail) {
  w.BeginObject();
  w.Key("id").String(model.id);
  w.Key("name").String(model.name);
  w.Key("display_name").String(model.display_name);
  w.Key("short_description");
  WriteTextOrNull(w, model.short_description);
  w.Key("description").String(model.description);
  w.Key("category").String(model.category);
  w.Key("credits_per_execution").Int(model.credits_per_execution);
  WriteTags(w, model.tags);
  w.Key("status").String(model.status);
  w.Key("version").Int(model.version);
  w.Key("is_official").Bool(model.is_official);
  w.Key("is_featured").Bool(model.is_featured);
  w.Key("author_organization_id");
  WriteTextOrNull(w, model.author_organization_id);
  w.Key("total_activations").Int(model.total_activations);
  w.Key("total_executions").Int(model.total_executions);
  w.Key("created_at");
  WriteTime(w, model.created_at);
  w.Key("updated_at");
  WriteTime(w, model.updated_at);
  if (detail == Detail::kFull) {
    w.Key("scenario_description");
    WriteTextOrNull(w, model.scenario_description);
    w.Key("section_how_it_works");
    WriteTextOrNull(w, model.definition.how_it_works);
    WriteForms(w, model.definition);
    w.Key("generator_params");
    WriteOr(w, model.definition.generator_params, "{}");
  }
  w.EndObject();
}

void WriteModel(JsonWriter& w, const OrgModel& model, Detail detail) {
  w.BeginObject();
  w.Key("id").String(model.id);
  w.Key("catalog_id");
  WriteTextOrNull(w, model.catalog_id);
  w.Key("organization_id").String(model.organization_id);
  w.Key("name").String(model.name);
  w.Key("display_name").String(model.display_name);
  w.Key("custom_name");
  WriteTextOrNull(w, model.custom_name.value_or(""));
  w.Key("description").String(model.description);
  w.Key("category").String(model.category);
  WriteTags(w, model.tags);
  w.Key("is_active").Bool(model.is_active);
  w.Key("is_favorite").Bool(model.is_favorite);
  w.Key("is_official").Bool(model.is_official);
  w.Key("credits_per_execution").Int(model.credits_per_execution);
  w.Key("total_executions").Int(model.total_executions);
  w.Key("total_credits_used").Int(model.total_credits_used);
  w.Key("last_executed_at");
  WriteTime(w, model.last_executed_at);
  w.Key("created_at");
  WriteTime(w, model.created_at);
  w.Key("updated_at");
  WriteTime(w, model.updated_at);
  if (detail == Detail::kFull) {
    WriteForms(w, model.definition);
    w.Key("custom_config");
    WriteOr(w, model.custom_config, "null");
  } else {
    w.Key("generator_type").String(model.generator_type);
  }
  w.EndObject();
}

std::string TagOf(const OrgModel& model) {
  return EntityTag(Revision(model), std::to_string(model.total_executions));
}

Response ModelResponse(const OrgModel& model) {
  std::string text;
  JsonWriter w(text);
  WriteModel(w, model, Detail::kFull);
  Response response = Response::Json(200, std::move(text));
  response.Set("ETag", TagOf(model));
  return response;
}

absl::StatusOr<std::optional<double>> QueryAmount(const Request& request, std::string_view name,
                                                  double most) {
  const std::string text = QueryText(request, name);
  if (text.empty()) return std::nullopt;
  double amount = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || !(amount >= 0 && amount <= most)) {
    return ValidationError(
        "query/" + std::string(name),
        most == HUGE_VAL ? "must be a number, 0 or more"
                         : "must be a number from 0 to " + std::to_string(static_cast<int>(most)));
  }
  return amount;
}

// Whether listings pass the filters on price and rating. Activating one costs nothing here, and
// nobody rates them: either all pass, or none.
absl::StatusOr<bool> PassPriceAndRating(const Request& request) {
  constexpr double kBestRating = 5;
  absl::StatusOr<std::optional<bool>> free = QueryBool(request, "is_free");
  if (!free.ok()) return free.status();
  auto least = QueryAmount(request, "min_price", HUGE_VAL);
  if (!least.ok()) return least.status();
  auto most = QueryAmount(request, "max_price", HUGE_VAL);
  if (!most.ok()) return most.status();
  auto rating = QueryAmount(request, "min_rating", kBestRating);
  if (!rating.ok()) return rating.status();
  return free->value_or(true) && least->value_or(0) == 0 && !rating->has_value();
}

absl::StatusOr<Response> ListCatalog(Context& context, Request& request) {
  absl::StatusOr<PageRequest> page = QueryPage(request);
  if (!page.ok()) return page.status();
  CatalogFilter filter;
  filter.category = QueryText(request, "category");
  filter.search = QueryText(request, "search");
  absl::StatusOr<std::optional<bool>> official = QueryBool(request, "is_official");
  if (!official.ok()) return official.status();
  filter.is_official = *official;
  absl::StatusOr<std::optional<bool>> featured = QueryBool(request, "is_featured");
  if (!featured.ok()) return featured.status();
  filter.is_featured = *featured;
  std::string order = QueryText(request, "sort_by");
  if (order == "newest") {
    filter.order = CatalogOrder::kNewest;
  } else if (!order.empty() && order != "popular" && order != "price_asc" &&
             order != "price_desc" && order != "rating") {
    return ValidationError("query/sort_by",
                           "must be popular, newest, price_asc, price_desc or rating");
  }
  absl::StatusOr<bool> pass = PassPriceAndRating(request);
  if (!pass.ok()) return pass.status();
  Page<CatalogModel> none;
  none.page = page->page;
  none.page_size = page->page_size;
  absl::StatusOr<Page<CatalogModel>> list =
      *pass ? context.engine.catalog().List(filter, *page) : std::move(none);
  if (!list.ok()) return list.status();
  return PageResponse(request, *list, [](JsonWriter& w, const CatalogModel& model) {
    WriteListing(w, model, Detail::kListed);
  });
}

absl::StatusOr<Response> GetListing(Context& context, Request& request) {
  absl::StatusOr<CatalogModel> model =
      context.engine.catalog().Get(request.Parameter("catalog_id"));
  if (!model.ok()) return model.status();
  std::string tag = EntityTag(Revision(*model), std::to_string(model->total_activations) + "." +
                                                    std::to_string(model->total_executions));
  if (http::HasCurrent(request, tag)) return http::NotModified(request, tag);
  std::string text;
  JsonWriter w(text);
  WriteListing(w, *model, Detail::kFull);
  Response response = Response::Json(200, std::move(text));
  response.Set("ETag", tag);
  return response;
}

absl::StatusOr<Response> GetListingSchema(Context& context, Request& request) {
  absl::StatusOr<CatalogModel> model =
      context.engine.catalog().Get(request.Parameter("catalog_id"));
  if (!model.ok()) return model.status();
  std::string tag = EntityTag(Revision(*model));
  if (http::HasCurrent(request, tag)) return http::NotModified(request, tag);
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("id").String(model->id);
  w.Key("name").String(model->display_name);
  WriteForms(w, model->definition);
  w.Key("scenario_description");
  WriteTextOrNull(w, model->scenario_description);
  w.EndObject();
  Response response = Response::Json(200, std::move(text));
  response.Set("ETag", tag);
  return response;
}

absl::StatusOr<Response> Activate(Context& context, Request& request) {
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<std::string> name = StringMember(*body, "custom_name", false);
  if (!name.ok()) return name.status();
  std::optional<std::string> custom_name;
  if (!(*body)["custom_name"].is_null()) custom_name = *std::move(name);
  absl::StatusOr<OrgModel> model = context.engine.models().Activate(
      CallerOf(request), request.Parameter("catalog_id"), std::move(custom_name));
  if (!model.ok()) return model.status();
  return ModelResponse(*model);
}

absl::StatusOr<Response> ListModels(Context& context, Request& request) {
  absl::StatusOr<PageRequest> page = QueryPage(request);
  if (!page.ok()) return page.status();
  OrgModelFilter filter;
  filter.category = QueryText(request, "category");
  filter.search = QueryText(request, "search");
  absl::StatusOr<std::optional<bool>> active = QueryBool(request, "is_active");
  if (!active.ok()) return active.status();
  filter.is_active = *active;
  absl::StatusOr<std::optional<bool>> favorite = QueryBool(request, "is_favorite");
  if (!favorite.ok()) return favorite.status();
  filter.is_favorite = *favorite;
  absl::StatusOr<Page<OrgModel>> list =
      context.engine.models().List(CallerOf(request).organization_id, filter, *page);
  if (!list.ok()) return list.status();
  return PageResponse(request, *list, [](JsonWriter& w, const OrgModel& model) {
    WriteModel(w, model, Detail::kListed);
  });
}

absl::StatusOr<OrgModel> FindModel(Context& context, const Request& request) {
  return context.engine.models().Get(CallerOf(request).organization_id,
                                     request.Parameter("model_id"));
}

absl::StatusOr<Response> GetModel(Context& context, Request& request) {
  absl::StatusOr<OrgModel> model = FindModel(context, request);
  if (!model.ok()) return model.status();
  std::string tag = TagOf(*model);
  if (http::HasCurrent(request, tag)) return http::NotModified(request, tag);
  return ModelResponse(*model);
}

absl::StatusOr<Response> GetSchema(Context& context, Request& request) {
  absl::StatusOr<OrgModel> model = FindModel(context, request);
  if (!model.ok()) return model.status();
  std::string tag = EntityTag(Revision(*model));
  if (http::HasCurrent(request, tag)) return http::NotModified(request, tag);
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("id").String(model->id);
  w.Key("name").String(model->display_name);
  WriteForms(w, model->definition);
  w.Key("custom_config");
  WriteOr(w, model->custom_config, "null");
  w.EndObject();
  Response response = Response::Json(200, std::move(text));
  response.Set("ETag", tag);
  return response;
}

absl::StatusOr<Response> CreateModel(Context& context, Request& request) {
  absl::StatusOr<Repeatable> repeatable = ReadRepeatable(request);
  if (!repeatable.ok()) return repeatable.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<NewOrgModel> wanted = ReadNewModel(*body);
  if (!wanted.ok()) return wanted.status();
  absl::StatusOr<OrgModel> model =
      context.engine.models().Create(CallerOf(request), *std::move(wanted), &*repeatable);
  if (!model.ok()) return model.status();
  Response response = ModelResponse(*model);
  MarkReplay(*repeatable, response);
  return response;
}

absl::Status ReadFlag(const Json& body, std::string_view name, std::optional<bool>& flag) {
  const Json* member = body.Find(name);
  if (member == nullptr) return absl::OkStatus();
  if (!member->is_bool()) {
    return ValidationError("/" + std::string(name), "must be true or false", "type_error");
  }
  flag = member->as_bool();
  return absl::OkStatus();
}

absl::StatusOr<Response> PatchModel(Context& context, Request& request) {
  absl::StatusOr<Precondition> precondition = ReadPrecondition(request);
  if (!precondition.ok()) return precondition.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  OrgModelPatch patch;
  if (const Json* name = body->Find("custom_name")) {
    absl::StatusOr<std::string> text = StringMember(*body, "custom_name", false);
    if (!text.ok()) return text.status();
    patch.custom_name.emplace();
    if (!name->is_null()) *patch.custom_name = *std::move(text);
  }
  if (const Json* config = body->Find("custom_config")) {
    patch.custom_config.emplace();
    if (!config->is_null()) *patch.custom_config = *config;
  }
  if (absl::Status status = ReadFlag(*body, "is_active", patch.is_active); !status.ok()) {
    return status;
  }
  if (absl::Status status = ReadFlag(*body, "is_favorite", patch.is_favorite); !status.ok()) {
    return status;
  }
  absl::StatusOr<OrgModel> model =
      context.engine.models().Patch(CallerOf(request).organization_id,
                                    request.Parameter("model_id"), std::move(patch), *precondition);
  if (!model.ok()) return model.status();
  Response response = Response::Json(200, R"({"status":"updated"})");
  response.Set("ETag", TagOf(*model));
  return response;
}

absl::StatusOr<Response> DeleteModel(Context& context, Request& request) {
  absl::StatusOr<Precondition> precondition = ReadPrecondition(request);
  if (!precondition.ok()) return precondition.status();
  absl::Status status = context.engine.models().Deactivate(
      CallerOf(request).organization_id, request.Parameter("model_id"), *precondition);
  if (!status.ok()) return status;
  return Response::Json(200, R"({"status":"deactivated"})");
}

struct ExecuteRequest {
  ModelRun run;
  bool asynchronous = false;
};

absl::StatusOr<ExecuteRequest> ReadExecuteRequest(Request& request) {
  absl::StatusOr<std::string> key = IdempotencyKey(request);
  if (!key.ok()) return key.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  ExecuteRequest read;
  if (!key->empty()) {
    read.run.idempotency_key = *std::move(key);
    read.run.idempotency_route = request.path;
    if (read.run.idempotency_route.back() == '/') read.run.idempotency_route.pop_back();
    absl::StatusOr<std::string_view> text = request.Body();
    if (!text.ok()) return text.status();
    read.run.request_hash = HashRequest(*text);
  }
  if (body->Find("input_data") == nullptr) {
    return ValidationError("/input_data", "is required", "missing");
  }
  std::optional<bool> asynchronous;
  if (absl::Status status = ReadFlag(*body, "async_mode", asynchronous); !status.ok()) {
    return status;
  }
  read.asynchronous = asynchronous.value_or(false);
  absl::StatusOr<std::string> solver = StringMember(*body, "solver_name", false);
  if (!solver.ok()) return solver.status();
  read.run.solver_name = solver->empty() ? QueryText(request, "solver_name") : *solver;
  absl::StatusOr<std::string> name = StringMember(*body, "name", false);
  if (!name.ok()) return name.status();
  read.run.name = *std::move(name);
  read.run.warm_start_execution_id = (*body)["warm_start"]["execution_id"].as_string();
  for (Json::Member& member : body->mutable_object()) {
    if (member.name == "input_data") read.run.input = std::move(member.value);
    if (member.name == "options") read.run.options = std::move(member.value);
  }
  return read;
}

// What both kinds of client read: the result as POST /solve gives it, and the execution's own
// members around it.
std::string ExecuteAnswer(Context& context, const Execution& execution, bool nonzero_only) {
  bool ended = IsEndState(execution.state);
  std::string text =
      ended ? SolveAnswer(context, execution, nonzero_only) : TaskEnvelope(context, execution);
  text.pop_back();  // the closing brace
  std::string more;
  JsonWriter w(more);
  w.BeginObject();
  w.Key("model_id").String(execution.model_id);
  w.Key("catalog_id");
  WriteTextOrNull(w, execution.catalog_id);
  w.Key("model_name").String(execution.model_name);
  w.Key("result_data");
  w.Raw(execution.result_json.empty() ? "null" : std::string_view(execution.result_json));
  if (!ended) {
    w.Key("objective_value").Null();
    w.Key("completed_at").Null();
  }
  w.EndObject();
  text += ',';
  text.append(more, 1);
  return text;
}

absl::StatusOr<Response> Execute(Context& context, Request& request) {
  std::string filter = QueryText(request, "solution_filter");
  if (!filter.empty() && filter != "nonzero" && filter != "all") {
    return ValidationError("query/solution_filter", "must be \"nonzero\" or \"all\"");
  }
  absl::StatusOr<ExecuteRequest> read = ReadExecuteRequest(request);
  if (!read.ok()) return read.status();
  const Caller& caller = CallerOf(request);
  std::string_view id = request.Parameter("model_id");
  OrganizationModel& models = context.engine.models();
  absl::StatusOr<Submitted> submitted = absl::UnknownError("");
  read->run.notify =
      context.config.notify_sync_models ? NotifyEnd::kAlways : NotifyEnd::kUnlessAnswered;
  if (read->asynchronous) {
    submitted = models.Execute(caller, id, std::move(read->run));
  } else {
    SyncWaiter waiter(context);
    submitted = waiter.may_wait() ? models.ExecuteAndWait(caller, id, std::move(read->run),
                                                          context.config.sync_wait)
                                  : models.Execute(caller, id, std::move(read->run));
  }
  if (!submitted.ok()) return submitted.status();
  const Execution& execution = submitted->execution;
  bool done = IsEndState(execution.state) && !read->asynchronous;
  Response response =
      Response::Json(done ? 200 : 202, ExecuteAnswer(context, execution, filter == "nonzero"));
  if (!done) {
    response.Set("Location", std::string(kBase) + "/models/executions/" + execution.id);
  }
  if (submitted->replayed) response.Set("Idempotent-Replay", "true");
  return response;
}

absl::StatusOr<Response> Preview(Context& context, Request& request) {
  absl::StatusOr<ExecuteRequest> read = ReadExecuteRequest(request);
  if (!read.ok()) return read.status();
  absl::StatusOr<ModelPreview> preview = context.engine.models().Preview(
      CallerOf(request).organization_id, request.Parameter("model_id"), std::move(read->run));
  if (!preview.ok()) return preview.status();
  const Problem& problem = preview->problem;
  if (absl::Status fits = CheckWritable(problem); !fits.ok()) return fits;
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("num_variables").Int(problem.num_columns());
  w.Key("num_constraints").Int(problem.num_rows());
  w.Key("num_integers").Int(problem.num_integers());
  w.Key("num_nonzeros").Int(problem.num_nonzeros());
  w.Key("estimated_credits").Int(preview->credits);
  w.Key("stats").Value(preview->stats);
  w.Key("warnings").Value(preview->warnings);
  w.Key("problem").Raw(WriteFlatJson(problem));
  w.EndObject();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> ListModelExecutions(Context& context, Request& request) {
  absl::StatusOr<OrgModel> model = FindModel(context, request);
  if (!model.ok()) return model.status();
  return ListExecutions(context, request, model->id);
}

}  // namespace

absl::Status AddModelRoutes(http::HttpServer& server, Context& context) {
  constexpr http::Auth kPublic = http::Auth::kPublic;
  constexpr http::Auth kRequired = http::Auth::kRequired;
  const RouteRow rows[] = {
      {"GET", "/models/catalog", ListCatalog, "public", kPublic},
      {"GET", "/models/catalog/{catalog_id}", GetListing, "public", kPublic},
      {"GET", "/models/catalog/{catalog_id}/schema", GetListingSchema, "public", kPublic},
      {"POST", "/models/catalog/{catalog_id}/activate", Activate},
      {"GET", "/models", ListModels},
      {"POST", "/models", CreateModel, "read", kRequired, http::kSolveBodyLimit},
      {"GET", "/models/{model_id}", GetModel},
      {"PATCH", "/models/{model_id}", PatchModel},
      {"DELETE", "/models/{model_id}", DeleteModel},
      {"GET", "/models/{model_id}/schema", GetSchema},
      {"GET", "/models/{model_id}/executions", ListModelExecutions},
      {"POST", "/models/{model_id}/execute", Execute, "solve", kRequired, http::kSolveBodyLimit},
      {"POST", "/models/{model_id}/preview", Preview, "solve", kRequired, http::kSolveBodyLimit},
  };
  return AddTable(server, context, kBase, rows);
}

}  // namespace solvent::api
