#include "organization_model_impl.h"

#include <algorithm>
#include <utility>

#include "clock.h"
#include "ids.h"
#include "model_definition.h"
#include "model_faults.h"
#include "solvent/credits.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr size_t kMaxName = 255;

absl::Status ModelNotFound() { return NotFound("Model not found or not activated"); }

absl::Status CheckName(std::string_view pointer, std::string_view name, size_t least) {
  if (name.size() < least || name.size() > kMaxName) {
    return ValidationError(pointer, "must have " + std::to_string(least) + " to 255 characters");
  }
  return absl::OkStatus();
}

const Json& ObjectOr(const Json& value, const Json& fallback) {
  return value.is_object() ? value : fallback;
}

const Json& EmptyObject() {
  static const Json& empty = *new Json(Json::Object{});
  return empty;
}

// A listing has its price; a private model costs what its problem does.
std::optional<int64_t> OwnPrice(const OrgModel& model) {
  if (model.catalog_id.empty()) return std::nullopt;
  return model.credits_per_execution;
}

ModelPreview PreviewOf(GeneratedRun run, std::optional<int64_t> own_price) {
  const Problem& problem = run.problem;
  int64_t estimate = EstimateCredits(problem.num_columns(), problem.num_integers(),
                                     problem.num_rows(), run.options.time_limit_seconds);
  return ModelPreview{std::move(run.problem),     std::move(run.options),
                      std::move(run.solver_name), std::move(run.stats),
                      std::move(run.warnings),    own_price.value_or(estimate)};
}

}  // namespace

absl::StatusOr<OrgModel> OrganizationModelImpl::Activate(const Caller& caller,
                                                         std::string_view catalog_id,
                                                         std::optional<std::string> custom_name) {
  if (!IsPlausibleId(catalog_id)) return NotFound("Model not found in the catalog");
  if (custom_name.has_value()) RETURN_IF_ERROR(CheckName("/custom_name", *custom_name, 1));
  return port_.Activate(caller.organization_id, catalog_id, NewId("mdl"), custom_name, SystemNow());
}

absl::Status OrganizationModelImpl::TryDefinition(const ModelDefinition& definition,
                                                  const Json& own_config) {
  ASSIGN_OR_RETURN(std::shared_ptr<const PreparedModel> prepared,
                   prepared_.Get(EffectiveDefinition(definition, own_config)));
  if (!prepared->has_text()) return absl::OkStatus();
  absl::StatusOr<GeneratedRun> run = prepared->Generate(
      ObjectOr(prepared->definition().example_input, EmptyObject()), {}, SystemNow() / 1'000'000);
  return run.ok() ? absl::OkStatus() : AsDefinitionFault(run.status(), "/example_input");
}

absl::StatusOr<OrgModel> OrganizationModelImpl::Create(const Caller& caller, NewOrgModel wanted,
                                                       Repeatable* repeatable) {
  RETURN_IF_ERROR(CheckName("/name", wanted.name, 1));
  RETURN_IF_ERROR(CheckName("/display_name", wanted.display_name, 0));
  RETURN_IF_ERROR(CheckName("/category", wanted.category, 0));
  if (wanted.definition.generator_type.empty()) {
    return ValidationError("/generator_type", "is required", "missing");
  }
  RETURN_IF_ERROR(CheckName("/generator_type", wanted.definition.generator_type, 1));
  if (wanted.credits_per_execution < 0) {
    return ValidationError("/credits_per_execution", "must be 0 or more");
  }
  OrgModel model;
  model.custom_config = std::move(wanted.definition.custom_config);
  wanted.definition.custom_config = Json();
  RETURN_IF_ERROR(TryDefinition(wanted.definition, model.custom_config));
  model.id = NewId("mdl");
  model.organization_id = caller.organization_id;
  model.name = std::move(wanted.name);
  model.display_name = wanted.display_name.empty() ? model.name : std::move(wanted.display_name);
  model.description = std::move(wanted.description);
  model.category = wanted.category.empty() ? "general" : std::move(wanted.category);
  model.tags = std::move(wanted.tags);
  model.credits_per_execution = wanted.credits_per_execution;
  model.generator_type = wanted.definition.generator_type;
  model.definition = std::move(wanted.definition);
  model.created_at = model.updated_at = SystemNow();
  ASSIGN_OR_RETURN(std::optional<std::string> earlier, port_.InsertModel(model, repeatable));
  if (earlier.has_value()) return Get(caller.organization_id, *earlier);
  return model;
}

absl::StatusOr<OrgModel> OrganizationModelImpl::Get(std::string_view organization,
                                                    std::string_view id) {
  if (!IsPlausibleId(id)) return ModelNotFound();
  ASSIGN_OR_RETURN(std::optional<OrgModel> model, port_.FindModel(organization, id));
  if (!model.has_value()) return ModelNotFound();
  return *std::move(model);
}

absl::StatusOr<Page<OrgModel>> OrganizationModelImpl::List(std::string_view organization,
                                                           const OrgModelFilter& filter,
                                                           const PageRequest& page) {
  return port_.ListModels(organization, filter, page);
}

absl::StatusOr<OrgModel> OrganizationModelImpl::Patch(std::string_view organization,
                                                      std::string_view id, OrgModelPatch patch,
                                                      const Precondition& precondition) {
  ASSIGN_OR_RETURN(OrgModel model, Get(organization, id));
  if (patch.custom_name.has_value() && patch.custom_name->has_value()) {
    RETURN_IF_ERROR(CheckName("/custom_name", **patch.custom_name, 1));
  }
  if (patch.custom_config.has_value()) {
    const Json config = patch.custom_config->value_or(Json());
    if (patch.custom_config->has_value() && !config.is_object()) {
      return ValidationError("/custom_config", "must be an object", "type_error");
    }
    RETURN_IF_ERROR(TryDefinition(model.definition, config));
  }
  ASSIGN_OR_RETURN(std::optional<OrgModel> updated,
                   port_.UpdateModel(organization, id, patch, precondition, SystemNow()));
  if (!updated.has_value()) return ModelNotFound();
  return *std::move(updated);
}

absl::Status OrganizationModelImpl::Deactivate(std::string_view organization, std::string_view id,
                                               const Precondition& precondition) {
  if (!IsPlausibleId(id)) return ModelNotFound();
  OrgModelPatch patch;
  patch.is_active = false;
  ASSIGN_OR_RETURN(std::optional<OrgModel> updated,
                   port_.UpdateModel(organization, id, patch, precondition, SystemNow()));
  return updated.has_value() ? absl::OkStatus() : ModelNotFound();
}

absl::StatusOr<OrganizationModelImpl::Made> OrganizationModelImpl::Generate(
    std::string_view organization, std::string_view id, const ModelRun& run) {
  ASSIGN_OR_RETURN(OrgModel model, Get(organization, id));
  if (!model.is_active) return ModelNotFound();
  ModelDefinition definition = EffectiveDefinition(model.definition, model.custom_config);
  return GenerateFrom(std::move(model), std::move(definition), run);
}

absl::StatusOr<OrganizationModelImpl::Made> OrganizationModelImpl::GenerateFrom(
    OrgModel model, ModelDefinition definition, const ModelRun& run) {
  if (!run.input.is_object()) {
    return ValidationError("/input_data", "must be an object", "type_error");
  }
  if (!run.options.is_null() && !run.options.is_object()) {
    return ValidationError("/options", "must be an object", "type_error");
  }
  Made made;
  made.model = std::move(model);
  ASSIGN_OR_RETURN(made.prepared, prepared_.Get(std::move(definition)));
  made.now_seconds = SystemNow() / 1'000'000;
  ASSIGN_OR_RETURN(made.run, made.prepared->Generate(run.input, {run.options, run.solver_name},
                                                     made.now_seconds));
  return made;
}

absl::StatusOr<Submission> OrganizationModelImpl::MakeSubmission(Made made, ModelRun run) {
  Submission s;
  s.problem = std::move(made.run.problem);
  s.options = std::move(made.run.options);
  s.solver_name = std::move(made.run.solver_name);
  s.name = std::move(run.name);
  s.input_json = run.input.Dump();
  s.origin = std::move(run.origin);
  s.model_id = made.model.id;
  s.catalog_id = made.model.catalog_id;
  s.model_name = made.model.display_name;
  s.priority = run.priority;
  s.price = OwnPrice(made.model);
  s.warm_start_execution_id = std::move(run.warm_start_execution_id);
  s.idempotency_route = std::move(run.idempotency_route);
  s.idempotency_key = std::move(run.idempotency_key);
  s.request_hash = std::move(run.request_hash);
  s.notify = run.notify;
  if (made.run.reporter) {
    ASSIGN_OR_RETURN(s.reporter_key, executed_.Keep(*made.prepared, made.now_seconds));
    s.reporter = std::move(made.run.reporter);
  }
  return s;
}

absl::StatusOr<Submitted> OrganizationModelImpl::Execute(const Caller& caller, std::string_view id,
                                                         ModelRun run) {
  ASSIGN_OR_RETURN(Made made, Generate(caller.organization_id, id, run));
  ASSIGN_OR_RETURN(Submission submission, MakeSubmission(std::move(made), std::move(run)));
  return executions_.Submit(caller, std::move(submission));
}

absl::StatusOr<Submitted> OrganizationModelImpl::ExecuteAndWait(const Caller& caller,
                                                                std::string_view id, ModelRun run,
                                                                std::chrono::milliseconds most) {
  ASSIGN_OR_RETURN(Made made, Generate(caller.organization_id, id, run));
  ASSIGN_OR_RETURN(Submission submission, MakeSubmission(std::move(made), std::move(run)));
  return SubmitAndWait(caller, std::move(submission), most);
}

absl::StatusOr<Submitted> OrganizationModelImpl::SubmitAndWait(const Caller& caller,
                                                               Submission submission,
                                                               std::chrono::milliseconds most) {
  auto limit = std::chrono::milliseconds(
      static_cast<int64_t>(std::min(submission.options.time_limit_seconds, 1e6) * 1e3));
  return executions_.SubmitAndWait(caller, std::move(submission),
                                   std::min(limit + std::chrono::seconds(5), most));
}

absl::StatusOr<ModelPreview> OrganizationModelImpl::Preview(std::string_view organization,
                                                            std::string_view id, ModelRun run) {
  ASSIGN_OR_RETURN(Made made, Generate(organization, id, run));
  return PreviewOf(std::move(made.run), OwnPrice(made.model));
}

absl::StatusOr<Submitted> OrganizationModelImpl::ExecuteDefinition(const Caller& caller,
                                                                   ModelDefinition definition,
                                                                   ModelRun run) {
  definition = EffectiveDefinition(std::move(definition), Json());
  ASSIGN_OR_RETURN(Made made, GenerateFrom({}, std::move(definition), run));
  ASSIGN_OR_RETURN(Submission submission, MakeSubmission(std::move(made), std::move(run)));
  return executions_.Submit(caller, std::move(submission));
}

absl::StatusOr<Submitted> OrganizationModelImpl::ExecuteDefinitionAndWait(
    const Caller& caller, ModelDefinition definition, ModelRun run,
    std::chrono::milliseconds most) {
  definition = EffectiveDefinition(std::move(definition), Json());
  ASSIGN_OR_RETURN(Made made, GenerateFrom({}, std::move(definition), run));
  ASSIGN_OR_RETURN(Submission submission, MakeSubmission(std::move(made), std::move(run)));
  return SubmitAndWait(caller, std::move(submission), most);
}

absl::StatusOr<ModelPreview> OrganizationModelImpl::PreviewDefinition(ModelDefinition definition,
                                                                      ModelRun run) {
  definition = EffectiveDefinition(std::move(definition), Json());
  ASSIGN_OR_RETURN(Made made, GenerateFrom({}, std::move(definition), run));
  return PreviewOf(std::move(made.run), OwnPrice(made.model));
}

}  // namespace solvent
