#include "trigger_engine_impl.h"

#include <algorithm>
#include <utility>

#include "content_hash.h"
#include "crypto.h"
#include "host_call.h"
#include "ids.h"
#include "override_schema.h"
#include "run_options.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "text_length.h"

namespace solvent {
namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxDescription = 10'000;
constexpr size_t kMaxWebhookSecret = 255;
constexpr size_t kMaxUrl = 2048;
constexpr size_t kSecretPrefix = 8;
constexpr size_t kMaxErrorMessage = 2000;

absl::Status TriggerNotFound() { return NotFound("Trigger not found"); }
absl::Status RunNotFound() { return NotFound("Run not found"); }

absl::Status Disabled() {
  return MakeError(absl::StatusCode::kAlreadyExists, error_code::kConflict,
                   "The trigger is disabled");
}

struct Secret {
  std::string text = HexEncode(RandomBytes(32));
  std::string hash = Sha256(text);
  std::string prefix = text.substr(0, kSecretPrefix);
};

absl::Status CheckUrl(const std::string& url) {
  if (url.size() > kMaxUrl) {
    return ValidationError("/webhook_url", "must have at most 2048 characters");
  }
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return ValidationError("/webhook_url", "must be a URL of http or https");
  }
  return absl::OkStatus();
}

absl::Status CheckData(const Json& data) {
  if (data.is_null() || data.is_object()) return absl::OkStatus();
  return ValidationError("/override_data", "must be an object", "type_error");
}

// "override_data.demand is required; override_data.x must be …"
std::string Describe(const std::vector<FieldError>& faults) {
  std::string text;
  for (const FieldError& fault : faults) {
    std::string place = fault.pointer.substr(1);
    std::replace(place.begin(), place.end(), '/', '.');
    text += (text.empty() ? "" : "; ") + place + " " + fault.message;
    if (text.size() > kMaxErrorMessage) break;
  }
  return text;
}

Json ToJson(const std::vector<FieldError>& faults) {
  Json::Array list;
  for (const FieldError& fault : faults) {
    Json entry;
    entry.Set("pointer", fault.pointer).Set("message", fault.message).Set("type", fault.type);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

TriggerEngineImpl::TriggerEngineImpl(StorePorts& ports, RunQueue& queue, PreparedModels& prepared,
                                     TriggerEngineOptions options)
    : ports_(ports),
      port_(*ports.triggers),
      queue_(queue),
      prepared_(prepared),
      options_(std::move(options)),
      executed_(*ports.models),
      pinned_(*ports.triggers),
      loop_(ScheduleWork(), options_.clock, options_.log) {}

absl::Status TriggerEngineImpl::CheckWebhook(const std::optional<std::string>& url,
                                             const std::optional<std::string>& secret) const {
  if (url.has_value()) {
    RETURN_IF_ERROR(CheckUrl(*url));
    if (options_.check_webhook_url) RETURN_IF_ERROR(options_.check_webhook_url(*url));
  }
  if (secret.has_value()) {
    RETURN_IF_ERROR(CheckLength("/webhook_secret", *secret, 1, kMaxWebhookSecret));
  }
  return absl::OkStatus();
}

absl::StatusOr<CreatedTrigger> TriggerEngineImpl::Create(const Caller& caller, NewTrigger wanted,
                                                         Repeatable* repeatable) {
  RETURN_IF_ERROR(CheckLength("/name", wanted.name, 1, kMaxName));
  RETURN_IF_ERROR(CheckLength("/description", wanted.description.value_or(""), 0, kMaxDescription));
  if (!IsPlausibleId(wanted.document_id)) return NotFound("Document not found");
  const std::string& org = caller.organization_id;
  ASSIGN_OR_RETURN(std::optional<Document> document,
                   ports_.documents->Find(org, wanted.document_id));
  if (!document.has_value()) return NotFound("Document not found");
  if (!IsPlausibleId(wanted.version_id)) return NotFound("Version not found");
  ASSIGN_OR_RETURN(std::optional<Version> version,
                   ports_.documents->FindVersion(org, wanted.document_id, wanted.version_id));
  if (!version.has_value()) return NotFound("Version not found");

  NewTriggerRow row;
  std::string model_text = version->model_json;
  if (model_text.empty()) {
    model_text = row.version_model = document->model_json;
    row.version_hash = ContentHash(version->canvas_json, model_text);
  }
  if (model_text.empty())
    return BadRequest("The version has no model, and neither has its document");
  ASSIGN_OR_RETURN(Json model, ReadPinnedModel(model_text));
  RETURN_IF_ERROR(CheckOverrideSchema(wanted.override_schema, model));
  RETURN_IF_ERROR(CheckWebhook(wanted.webhook_url, wanted.webhook_secret));

  Secret secret;
  Trigger& trigger = row.trigger;
  trigger.id = NewId("trg");
  trigger.organization_id = org;
  trigger.created_by = caller.user_id;
  trigger.workspace_id = std::move(wanted.workspace_id);
  trigger.name = std::move(wanted.name);
  trigger.description = std::move(wanted.description);
  trigger.document_id = std::move(wanted.document_id);
  trigger.version_id = std::move(wanted.version_id);
  trigger.secret_prefix = secret.prefix;
  trigger.override_schema = std::move(wanted.override_schema);
  trigger.webhook_url = std::move(wanted.webhook_url);
  trigger.has_webhook_secret = wanted.webhook_secret.has_value();
  trigger.created_at = trigger.updated_at = options_.clock();
  row.secret_hash = secret.hash;
  if (wanted.webhook_secret.has_value()) {
    row.webhook_secret = options_.secrets.Seal(*wanted.webhook_secret);
  }
  row.version_name = "Pinned for trigger: " + trigger.name;
  ASSIGN_OR_RETURN(std::optional<std::string> earlier, port_.Insert(row, repeatable));
  if (earlier.has_value()) {
    ASSIGN_OR_RETURN(Trigger first, Get(org, *earlier));
    return CreatedTrigger{std::move(first), ""};
  }
  return CreatedTrigger{std::move(row.trigger), std::move(secret.text)};
}

absl::StatusOr<Trigger> TriggerEngineImpl::Get(std::string_view organization, std::string_view id) {
  if (!IsPlausibleId(id)) return TriggerNotFound();
  ASSIGN_OR_RETURN(std::optional<TriggerRow> row, port_.Find(organization, id));
  if (!row.has_value()) return TriggerNotFound();
  return std::move(row->trigger);
}

absl::StatusOr<std::vector<Trigger>> TriggerEngineImpl::List(std::string_view organization,
                                                             std::string_view document_id) {
  return port_.List(organization, document_id);
}

absl::StatusOr<Trigger> TriggerEngineImpl::Update(std::string_view organization,
                                                  std::string_view id, const ChangedTrigger& change,
                                                  Repeatable* repeatable) {
  if (!IsPlausibleId(id)) return TriggerNotFound();
  ASSIGN_OR_RETURN(std::optional<Trigger> updated,
                   port_.Update(organization, id, change, options_.clock(), repeatable));
  if (!updated.has_value()) return TriggerNotFound();
  return *std::move(updated);
}

absl::StatusOr<Trigger> TriggerEngineImpl::Patch(std::string_view organization, std::string_view id,
                                                 TriggerPatch patch) {
  ASSIGN_OR_RETURN(Trigger trigger, Get(organization, id));
  ChangedTrigger change;
  if (patch.version_id.has_value() && *patch.version_id != trigger.version_id) {
    return ValidationError("/version_id",
                           "cannot be changed; create a new trigger to pin another version",
                           "immutable_field");
  }
  if (patch.name.has_value()) RETURN_IF_ERROR(CheckLength("/name", *patch.name, 1, kMaxName));
  change.name = std::move(patch.name);
  if (patch.description.has_value()) {
    RETURN_IF_ERROR(
        CheckLength("/description", patch.description->value_or(""), 0, kMaxDescription));
  }
  change.description = std::move(patch.description);
  if (patch.override_schema.has_value()) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Json> model, pinned_.Get(trigger.version_id));
    RETURN_IF_ERROR(CheckOverrideSchema(*patch.override_schema, *model));
    change.override_schema = patch.override_schema->is_null() ? "" : patch.override_schema->Dump();
  }
  RETURN_IF_ERROR(CheckWebhook(patch.webhook_url.value_or(std::nullopt),
                               patch.webhook_secret.value_or(std::nullopt)));
  change.webhook_url = std::move(patch.webhook_url);
  if (patch.webhook_secret.has_value()) {
    change.webhook_secret.emplace();
    if (patch.webhook_secret->has_value()) {
      *change.webhook_secret = options_.secrets.Seal(**patch.webhook_secret);
    }
  }
  return Update(organization, id, change);
}

absl::StatusOr<Trigger> TriggerEngineImpl::SetEnabled(std::string_view organization,
                                                      std::string_view id, bool enabled) {
  ChangedTrigger change;
  change.is_enabled = enabled;
  return Update(organization, id, change);
}

absl::Status TriggerEngineImpl::Delete(std::string_view organization, std::string_view id) {
  if (!IsPlausibleId(id)) return TriggerNotFound();
  ASSIGN_OR_RETURN(std::optional<std::vector<std::string>> running,
                   port_.Delete(organization, id, options_.clock()));
  if (!running.has_value()) return TriggerNotFound();
  for (const std::string& execution : *running) {
    // That they are to end is on disk; this tells those that are solved in this process at once.
    absl::Status status = queue_.Cancel(organization, execution).status();
    if (!status.ok()) {
      Trigger trigger;
      trigger.id = std::string(id);
      Log(LogLevel::kWarning, "trigger.cancel_failed", trigger, status);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<CreatedTrigger> TriggerEngineImpl::RotateSecret(std::string_view organization,
                                                               std::string_view id,
                                                               Repeatable* repeatable) {
  Secret secret;
  ChangedTrigger change;
  change.secret.emplace(secret.hash, secret.prefix);
  ASSIGN_OR_RETURN(Trigger trigger, Update(organization, id, change, repeatable));
  if (repeatable != nullptr && repeatable->replayed) secret.text.clear();
  return CreatedTrigger{std::move(trigger), std::move(secret.text)};
}

absl::StatusOr<Fired> TriggerEngineImpl::Fire(std::string_view trigger_id, FireRequest request) {
  // An unknown id costs the same look-up, hash and comparison as a known one.
  const std::string hash = Sha256(request.secret);
  std::optional<TriggerRow> row;
  if (IsPlausibleId(trigger_id)) {
    ASSIGN_OR_RETURN(row, port_.Find("", trigger_id));
  }
  static const std::string& no_hash = *new std::string(hash.size(), '\0');
  bool right = ConstantTimeEquals(hash, row.has_value() ? row->secret_hash : no_hash);
  if (!row.has_value()) return TriggerNotFound();
  if (!right) {
    return MakeError(absl::StatusCode::kUnauthenticated, error_code::kUnauthorized,
                     "Missing or invalid trigger secret");
  }
  if (request.admit) {
    absl::Status admitted;
    RETURN_IF_ERROR(HostCall("FireRequest::admit", [&] { admitted = request.admit(); }));
    RETURN_IF_ERROR(admitted);
  }
  if (!row->trigger.is_enabled) return Disabled();
  Cause cause;
  cause.source = "manual";
  cause.idempotency_route = "/triggers/" + row->trigger.id + "/fire";
  cause.idempotency_key = std::move(request.idempotency_key);
  return Launch(row->trigger, request.override_data, cause);
}

absl::StatusOr<Fired> TriggerEngineImpl::Rerun(std::string_view organization,
                                               std::string_view trigger_id, std::string_view run_id,
                                               std::string_view idempotency_key) {
  ASSIGN_OR_RETURN(Trigger trigger, Get(organization, trigger_id));
  ASSIGN_OR_RETURN(TriggerRun original, GetRun(organization, trigger_id, run_id));
  if (!trigger.is_enabled) return Disabled();
  Cause cause;
  cause.source = "rerun";
  cause.rerun_of = original.id;
  cause.idempotency_route = "/triggers/" + trigger.id + "/runs/" + original.id + "/rerun";
  cause.idempotency_key = std::string(idempotency_key);
  return Launch(trigger, original.override_data, cause);
}

NewTriggerRun TriggerEngineImpl::MakeRun(const Trigger& trigger, const Json& data,
                                         const Cause& cause) const {
  NewTriggerRun run;
  run.id = NewId("run");
  run.trigger_id = trigger.id;
  run.source = cause.source;
  run.rerun_of = cause.rerun_of;
  run.override_data = data.is_null() ? "" : data.Dump();
  run.claim = cause.claim;
  run.now = options_.clock();
  return run;
}

absl::StatusOr<BuiltRun> TriggerEngineImpl::Build(const Trigger& trigger, const Json& data) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Json> pinned, pinned_.Get(trigger.version_id));
  Json model = *pinned;
  std::vector<FieldError> faults = ApplyOverrides(trigger.override_schema, data, model);
  if (!faults.empty()) {
    Json extra;
    extra.Set("errors", ToJson(faults));
    std::string message = Describe(faults);
    return MakeError(absl::StatusCode::kInvalidArgument, error_code::kValidation, message,
                     std::move(faults), std::move(extra));
  }
  return BuildRun(prepared_, std::move(model), options_.clock() / 1'000'000);
}

absl::StatusOr<Fired> TriggerEngineImpl::Launch(const Trigger& trigger, const Json& data,
                                                const Cause& cause) {
  RETURN_IF_ERROR(CheckData(data));
  if (!cause.idempotency_key.empty()) {
    ASSIGN_OR_RETURN(std::optional<TriggerRun> earlier,
                     port_.FindFired(trigger, RepeatableOf(cause, data)));
    if (earlier.has_value() && earlier->status != TriggerRunStatus::kValidationFailed) {
      return Fired{*std::move(earlier), true};
    }
    // The same data are refused in the same words, unless the model has changed since.
    if (earlier.has_value()) {
      absl::Status reason = Build(trigger, data).status();
      if (!absl::IsInvalidArgument(reason)) {
        reason = MakeError(absl::StatusCode::kInvalidArgument, error_code::kValidation,
                           earlier->error_message);
      }
      return RefusedAs(*earlier, reason, true);
    }
  }
  absl::StatusOr<BuiltRun> built = Build(trigger, data);
  std::string failure;
  if (!built.ok()) {
    if (!absl::IsInvalidArgument(built.status())) return built.status();
    if (!IsGenerationFailure(built.status())) return Refuse(trigger, data, cause, built.status());
    failure = Message(built.status());
    built = BuiltRun();
    built->input_json = data.is_null() ? "{}" : data.Dump();
  }
  Submission s;
  s.problem = std::move(built->run.problem);
  s.options = std::move(built->run.options);
  s.solver_name = std::move(built->run.solver_name);
  s.name = trigger.name;
  s.origin = "triggered";
  s.input_json = std::move(built->input_json);
  if (built->run.reporter) {
    ASSIGN_OR_RETURN(s.reporter_key,
                     executed_.Keep(*built->prepared, options_.clock() / 1'000'000));
  }
  if (!cause.idempotency_key.empty()) {
    s.idempotency_route = cause.idempotency_route;
    s.idempotency_key = cause.idempotency_key;
    s.request_hash = HashRequest(data.Dump());
  }
  NewTriggerRun run = MakeRun(trigger, data, cause);
  Caller creator;
  creator.organization_id = trigger.organization_id;
  creator.user_id = trigger.created_by;
  absl::StatusOr<Submitted> submitted = queue_.SubmitWith(creator, std::move(s), [&](NewRun& row) {
    row.execution.trigger_id = trigger.id;
    row.execution.run_id = run.id;
    row.execution.version_id = trigger.version_id;
    row.trigger_run = run;
    if (failure.empty()) return;
    RunOptions options;
    options.failure = failure.substr(0, kMaxErrorMessage);
    row.options = EncodeOptions(options);
  });
  // What the queue refuses about the model (its solver, a limit) is the model's fault too.
  bool refused = absl::IsInvalidArgument(submitted.status()) &&
                 GetErrorInfo(submitted.status()).code != error_code::kIdempotencyKeyReused;
  if (refused) return Refuse(trigger, data, cause, submitted.status());
  RETURN_IF_ERROR(submitted.status());
  const Execution& execution = submitted->execution;
  if (submitted->replayed) {
    ASSIGN_OR_RETURN(TriggerRun earlier,
                     GetRun(trigger.organization_id, trigger.id, execution.run_id));
    return Fired{std::move(earlier), true};
  }
  Fired fired;
  fired.run.id = run.id;
  fired.run.trigger_id = trigger.id;
  fired.run.organization_id = trigger.organization_id;
  fired.run.source = cause.source;
  fired.run.rerun_of = cause.rerun_of;
  fired.run.execution_id = execution.id;
  fired.run.override_data = data;
  fired.run.credits_used = execution.credits_used;
  fired.run.due_at = cause.claim.has_value() ? cause.claim->due : 0;
  fired.run.created_at = execution.created_at;
  return fired;
}

absl::Status TriggerEngineImpl::Refuse(const Trigger& trigger, const Json& data, const Cause& cause,
                                       const absl::Status& reason) {
  NewTriggerRun run = MakeRun(trigger, data, cause);
  run.status = ToString(TriggerRunStatus::kValidationFailed);
  run.error_message = std::string(Message(reason)).substr(0, kMaxErrorMessage);
  Repeatable repeatable = RepeatableOf(cause, data);
  ASSIGN_OR_RETURN(TriggerRun recorded,
                   port_.InsertEnded(run, cause.idempotency_key.empty() ? nullptr : &repeatable));
  return RefusedAs(recorded, reason, repeatable.replayed);
}

Repeatable TriggerEngineImpl::RepeatableOf(const Cause& cause, const Json& data) {
  return {cause.idempotency_route, cause.idempotency_key, HashRequest(data.Dump()), false};
}

absl::Status TriggerEngineImpl::RefusedAs(const TriggerRun& recorded, const absl::Status& reason,
                                          bool replayed) {
  const std::string message = std::string(Message(reason)).substr(0, kMaxErrorMessage);
  ErrorInfo info = GetErrorInfo(reason);
  Json detail;
  detail.Set("error", message).Set("run_id", recorded.id);
  Json extra = info.extra.is_object() ? std::move(info.extra) : Json(Json::Object{});
  if (extra.Find("errors") == nullptr) extra.Set("errors", ToJson(info.fields));
  extra.Set("detail", std::move(detail)).Set("run_id", recorded.id);
  if (replayed) extra.Set("replayed", true);
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kValidation, message,
                   std::move(info.fields), std::move(extra));
}

absl::StatusOr<TriggerRun> TriggerEngineImpl::GetRun(std::string_view organization,
                                                     std::string_view trigger_id,
                                                     std::string_view run_id) {
  if (!IsPlausibleId(trigger_id) || !IsPlausibleId(run_id)) return RunNotFound();
  ASSIGN_OR_RETURN(std::optional<TriggerRun> run, port_.FindRun(organization, trigger_id, run_id));
  if (!run.has_value()) return RunNotFound();
  return *std::move(run);
}

absl::StatusOr<Page<TriggerRun>> TriggerEngineImpl::ListRuns(std::string_view organization,
                                                             std::string_view trigger_id,
                                                             std::optional<TriggerRunStatus> status,
                                                             const PageRequest& page) {
  if (!IsPlausibleId(trigger_id)) return TriggerNotFound();
  ASSIGN_OR_RETURN(std::optional<Page<TriggerRun>> list,
                   port_.ListRuns(organization, trigger_id, status, page));
  if (!list.has_value()) return TriggerNotFound();
  return *std::move(list);
}

void TriggerEngineImpl::Log(LogLevel level, std::string_view event, const Trigger& trigger,
                            const absl::Status& status) const {
  if (!options_.log) return;
  Json fields;
  fields.Set("trigger_id", trigger.id).Set("error", Message(status));
  options_.log(level, event, fields);
}

}  // namespace solvent
