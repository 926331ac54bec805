// Triggers, their runs and their schedules: /triggers….
#include <memory>
#include <utility>

#include "api.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

constexpr int kUpcoming = 5;

void WriteOptional(JsonWriter& w, const std::optional<std::string>& text) {
  if (text) {
    w.String(*text);
  } else {
    w.Null();
  }
}

// Without the closing brace, so that a secret may follow.
void WriteTriggerMembers(JsonWriter& w, const Trigger& trigger) {
  w.Key("id").String(trigger.id);
  w.Key("organization_id").String(trigger.organization_id);
  w.Key("created_by").String(trigger.created_by);
  w.Key("workspace_id");
  WriteOptional(w, trigger.workspace_id);
  w.Key("name").String(trigger.name);
  w.Key("description");
  WriteOptional(w, trigger.description);
  w.Key("document_id").String(trigger.document_id);
  w.Key("version_id").String(trigger.version_id);
  w.Key("trigger_secret_prefix").String(trigger.secret_prefix);
  w.Key("override_schema").Value(trigger.override_schema);
  w.Key("webhook_url");
  WriteOptional(w, trigger.webhook_url);
  w.Key("has_webhook_secret").Bool(trigger.has_webhook_secret);
  w.Key("is_enabled").Bool(trigger.is_enabled);
  w.Key("total_runs").Int(trigger.total_runs);
  w.Key("last_fired_at");
  WriteTime(w, trigger.last_fired_at);
  w.Key("created_at");
  WriteTime(w, trigger.created_at);
  w.Key("updated_at");
  WriteTime(w, trigger.updated_at);
}

void WriteTrigger(JsonWriter& w, const Trigger& trigger) {
  w.BeginObject();
  WriteTriggerMembers(w, trigger);
  w.EndObject();
}

Response TriggerResponse(const Trigger& trigger) {
  std::string text;
  JsonWriter w(text);
  WriteTrigger(w, trigger);
  return Response::Json(200, std::move(text));
}

void WriteRun(JsonWriter& w, const TriggerRun& run) {
  w.BeginObject();
  w.Key("id").String(run.id);
  w.Key("trigger_id").String(run.trigger_id);
  w.Key("organization_id").String(run.organization_id);
  w.Key("status").String(ToString(run.status));
  w.Key("source").String(run.source);
  w.Key("rerun_of");
  WriteTextOrNull(w, run.rerun_of);
  w.Key("execution_id");
  WriteTextOrNull(w, run.execution_id);
  w.Key("override_data").Value(run.override_data);
  w.Key("result_data").Raw(run.result_json.empty() ? "null" : std::string_view(run.result_json));
  w.Key("error_message");
  WriteTextOrNull(w, run.error_message);
  w.Key("credits_consumed").Int(run.credits_used);
  w.Key("credits_used").Int(run.credits_used);
  w.Key("execution_time_ms");
  if (run.completed_at == 0 || run.execution_id.empty()) {
    w.Null();
  } else {
    w.Double(static_cast<double>(run.execution_time_micros) / 1e3);
  }
  w.Key("webhook_delivered");
  if (run.webhook_delivered) {
    w.Bool(*run.webhook_delivered);
  } else {
    w.Null();
  }
  w.Key("webhook_attempts").Int(run.webhook_attempts);
  w.Key("due_at");
  WriteTime(w, run.due_at);
  w.Key("created_at");
  WriteTime(w, run.created_at);
  w.Key("completed_at");
  WriteTime(w, run.completed_at);
  w.EndObject();
}

// A text that may be null; unset when absent.
absl::Status ReadText(const Json& body, std::string_view name,
                      std::optional<std::optional<std::string>>& text) {
  if (body.Find(name) == nullptr) return absl::OkStatus();
  absl::StatusOr<std::string> value = StringMember(body, name, false);
  if (!value.ok()) return value.status();
  text.emplace();
  if (!body[name].is_null()) *text = *std::move(value);
  return absl::OkStatus();
}

absl::StatusOr<Response> CreateTrigger(Context& context, Request& request) {
  absl::StatusOr<Repeatable> repeatable = ReadRepeatable(request);
  if (!repeatable.ok()) return repeatable.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  NewTrigger wanted;
  for (auto [name, member] :
       {std::pair("name", &wanted.name), std::pair("document_id", &wanted.document_id),
        std::pair("version_id", &wanted.version_id)}) {
    absl::StatusOr<std::string> text = StringMember(*body, name, true);
    if (!text.ok()) return text.status();
    *member = *std::move(text);
  }
  for (auto [name, member] : {std::pair("description", &wanted.description),
                              std::pair("webhook_url", &wanted.webhook_url),
                              std::pair("webhook_secret", &wanted.webhook_secret),
                              std::pair("workspace_id", &wanted.workspace_id)}) {
    std::optional<std::optional<std::string>> text;
    if (absl::Status status = ReadText(*body, name, text); !status.ok()) return status;
    if (text) *member = *std::move(text);
  }
  wanted.override_schema = (*body)["override_schema"];
  absl::StatusOr<CreatedTrigger> created =
      context.engine.triggers().Create(CallerOf(request), std::move(wanted), &*repeatable);
  if (!created.ok()) return created.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  WriteTriggerMembers(w, created->trigger);
  WriteSecret(w, "trigger_secret", created->secret, *repeatable);
  w.EndObject();
  Response response = Response::Json(201, std::move(text));
  MarkReplay(*repeatable, response);
  return response;
}

absl::StatusOr<Response> ListTriggers(Context& context, Request& request) {
  absl::StatusOr<std::vector<Trigger>> triggers = context.engine.triggers().List(
      CallerOf(request).organization_id, QueryText(request, "document_id"));
  if (!triggers.ok()) return triggers.status();
  std::string text;
  JsonWriter w(text);
  w.BeginArray();
  for (const Trigger& trigger : *triggers) WriteTrigger(w, trigger);
  w.EndArray();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> GetTrigger(Context& context, Request& request) {
  absl::StatusOr<Trigger> trigger = context.engine.triggers().Get(CallerOf(request).organization_id,
                                                                  request.Parameter("trigger_id"));
  if (!trigger.ok()) return trigger.status();
  return TriggerResponse(*trigger);
}

absl::StatusOr<Response> PatchTrigger(Context& context, Request& request) {
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  TriggerPatch patch;
  for (auto [name, member] :
       {std::pair("name", &patch.name), std::pair("version_id", &patch.version_id)}) {
    if (body->Find(name) == nullptr) continue;
    absl::StatusOr<std::string> text = StringMember(*body, name, true);
    if (!text.ok()) return text.status();
    *member = *std::move(text);
  }
  for (auto [name, member] :
       {std::pair("description", &patch.description), std::pair("webhook_url", &patch.webhook_url),
        std::pair("webhook_secret", &patch.webhook_secret)}) {
    if (absl::Status status = ReadText(*body, name, *member); !status.ok()) return status;
  }
  if (const Json* schema = body->Find("override_schema")) patch.override_schema = *schema;
  absl::StatusOr<Trigger> trigger = context.engine.triggers().Patch(
      CallerOf(request).organization_id, request.Parameter("trigger_id"), std::move(patch));
  if (!trigger.ok()) return trigger.status();
  return TriggerResponse(*trigger);
}

absl::StatusOr<Response> DeleteTrigger(Context& context, Request& request) {
  absl::Status status = context.engine.triggers().Delete(CallerOf(request).organization_id,
                                                         request.Parameter("trigger_id"));
  if (!status.ok()) return status;
  return Response::Empty(204);
}

absl::StatusOr<Response> ToggleTrigger(Context& context, Request& request) {
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  const Json* enabled = body->Find("enabled");
  if (enabled == nullptr) return ValidationError("/enabled", "is required", "missing");
  if (!enabled->is_bool()) {
    return ValidationError("/enabled", "must be true or false", "type_error");
  }
  absl::StatusOr<Trigger> trigger = context.engine.triggers().SetEnabled(
      CallerOf(request).organization_id, request.Parameter("trigger_id"), enabled->as_bool());
  if (!trigger.ok()) return trigger.status();
  return TriggerResponse(*trigger);
}

absl::StatusOr<Response> RotateSecret(Context& context, Request& request) {
  absl::StatusOr<Repeatable> repeatable = ReadRepeatable(request, BodyCounts::kNo);
  if (!repeatable.ok()) return repeatable.status();
  absl::StatusOr<CreatedTrigger> rotated = context.engine.triggers().RotateSecret(
      CallerOf(request).organization_id, request.Parameter("trigger_id"), &*repeatable);
  if (!rotated.ok()) return rotated.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  WriteSecret(w, "trigger_secret", rotated->secret, *repeatable);
  w.Key("trigger_secret_prefix").String(rotated->trigger.secret_prefix);
  w.EndObject();
  Response response = Response::Json(200, std::move(text));
  MarkReplay(*repeatable, response);
  return response;
}

Response FiredResponse(const Fired& fired) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("run_id").String(fired.run.id);
  w.Key("status").String(ToString(fired.run.status));
  w.Key("trigger_id").String(fired.run.trigger_id);
  w.Key("execution_id");
  WriteTextOrNull(w, fired.run.execution_id);
  w.Key("created_at");
  WriteTime(w, fired.run.created_at);
  w.EndObject();
  Response response = Response::Json(202, std::move(text));
  if (fired.replayed) response.Set("Idempotent-Replay", "true");
  return response;
}

// The header's secret wins over the body's, even if it is wrong.
std::string SecretOf(const Request& request, const Json& body) {
  auto header = request.FindHeader("Authorization");
  if (!header) return body["trigger_secret"].as_string();
  size_t space = header->find(' ');
  bool bearer =
      space != std::string_view::npos && http::EqualsIgnoreCase(header->substr(0, space), "Bearer");
  if (!bearer) return "";
  std::string_view secret = header->substr(space + 1);
  while (!secret.empty() && secret.front() == ' ') secret.remove_prefix(1);
  return std::string(secret);
}

// Fires have limits of their own: per trigger what is let through, per address what was refused
// for its secret, so that strangers cannot use up a trigger's share.
class FireLimits {
 public:
  FireLimits(const RateLimits& limits, RateLimiter::Clock clock)
      : limiter_(limits, std::move(clock)) {}

  absl::Status Look(Request& request, std::string_view trigger_id) {
    for (const RateDecision& decision : {limiter_.Look("fire_failures", request.remote_address),
                                         limiter_.Look("fire", trigger_id)}) {
      if (!decision.allowed) return ApplyRateDecision(request, decision);
    }
    return absl::OkStatus();
  }
  absl::Status Take(Request& request, std::string_view trigger_id) {
    return ApplyRateDecision(request, limiter_.Take("fire", trigger_id));
  }
  void CountFailure(const Request& request) {
    limiter_.Take("fire_failures", request.remote_address);
  }

 private:
  RateLimiter limiter_;
};

// That a refusal repeats an earlier one is said in a header, as it is of what was accepted.
absl::Status Refused(Request& request, const absl::Status& status) {
  ErrorInfo info = GetErrorInfo(status);
  if (!info.extra["replayed"].is_bool()) return status;
  request.response_headers.push_back({"Idempotent-Replay", "true"});
  Json extra;
  for (const Json::Member& member : info.extra.object()) {
    if (member.name != "replayed") extra.Set(member.name, member.value);
  }
  return MakeError(status.code(), info.code, Message(status), std::move(info.fields),
                   std::move(extra));
}

absl::StatusOr<Response> Fire(Context& context, FireLimits& limits, Request& request) {
  std::string_view id = request.Parameter("trigger_id");
  if (absl::Status status = limits.Look(request, id); !status.ok()) return status;
  absl::StatusOr<std::string> key = IdempotencyKey(request);
  if (!key.ok()) return key.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  FireRequest fire;
  fire.secret = SecretOf(request, *body);
  fire.override_data = (*body)["override_data"];
  fire.idempotency_key = *std::move(key);
  fire.admit = [&] { return limits.Take(request, id); };
  absl::StatusOr<Fired> fired = context.engine.triggers().Fire(id, std::move(fire));
  if (fired.ok()) return FiredResponse(*fired);
  const absl::Status& status = fired.status();
  if (absl::IsUnauthenticated(status) || absl::IsNotFound(status)) limits.CountFailure(request);
  // What an organization has left is not the secret holder's business.
  if (GetErrorInfo(status).code == "insufficient_credits") {
    return MakeError(status.code(), "insufficient_credits", "Not enough credits for this run");
  }
  return Refused(request, status);
}

absl::StatusOr<Response> ListRuns(Context& context, Request& request) {
  absl::StatusOr<PageRequest> page = QueryPage(request);
  if (!page.ok()) return page.status();
  std::optional<TriggerRunStatus> status;
  if (auto text = request.FindQuery("status"); text && !text->empty()) {
    status = ParseTriggerRunStatus(*text);
    if (!status) return ValidationError("query/status", "is no status of a run");
  }
  absl::StatusOr<Page<TriggerRun>> runs = context.engine.triggers().ListRuns(
      CallerOf(request).organization_id, request.Parameter("trigger_id"), status, *page);
  if (!runs.ok()) return runs.status();
  return PageResponse(request, *runs, WriteRun);
}

absl::StatusOr<Response> GetRun(Context& context, Request& request) {
  absl::StatusOr<TriggerRun> run = context.engine.triggers().GetRun(
      CallerOf(request).organization_id, request.Parameter("trigger_id"),
      request.Parameter("run_id"));
  if (!run.ok()) return run.status();
  std::string text;
  JsonWriter w(text);
  WriteRun(w, *run);
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> Rerun(Context& context, Request& request) {
  absl::StatusOr<std::string> key = IdempotencyKey(request);
  if (!key.ok()) return key.status();
  absl::StatusOr<Fired> fired = context.engine.triggers().Rerun(CallerOf(request).organization_id,
                                                                request.Parameter("trigger_id"),
                                                                request.Parameter("run_id"), *key);
  if (!fired.ok()) return Refused(request, fired.status());
  return FiredResponse(*fired);
}

absl::StatusOr<Response> ScheduleResponse(std::string_view trigger_id,
                                          const TriggerSchedule& schedule) {
  std::vector<int64_t> upcoming;
  if (schedule.is_enabled && schedule.next_due != 0) {
    absl::StatusOr<std::vector<int64_t>> later =
        UpcomingDueTimes(schedule, schedule.next_due, kUpcoming - 1);
    if (!later.ok()) return later.status();
    upcoming = *std::move(later);
    upcoming.insert(upcoming.begin(), schedule.next_due);
  }
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("trigger_id").String(trigger_id);
  w.Key("cron").String(schedule.cron);
  w.Key("time_zone").String(schedule.time_zone);
  w.Key("overlap").String(schedule.overlap == TriggerSchedule::Overlap::kQueue ? "queue" : "skip");
  w.Key("missed").String(schedule.missed == TriggerSchedule::Missed::kSkip ? "skip" : "catch_up");
  w.Key("override_data").Value(schedule.override_data);
  w.Key("is_enabled").Bool(schedule.is_enabled);
  w.Key("failures").Int(schedule.failures);
  w.Key("next_due_at");
  WriteTime(w, upcoming.empty() ? 0 : upcoming.front());
  w.Key("last_due_at");
  WriteTime(w, schedule.last_due);
  w.Key("upcoming").BeginArray();
  for (int64_t due : upcoming) WriteTime(w, due);
  w.EndArray();
  w.Key("created_at");
  WriteTime(w, schedule.created_at);
  w.Key("updated_at");
  WriteTime(w, schedule.updated_at);
  w.EndObject();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> GetSchedule(Context& context, Request& request) {
  std::string_view id = request.Parameter("trigger_id");
  absl::StatusOr<TriggerSchedule> schedule =
      context.engine.triggers().GetSchedule(CallerOf(request).organization_id, id);
  if (!schedule.ok()) return schedule.status();
  return ScheduleResponse(id, *schedule);
}

// True for the second of two words, false for the first or none.
absl::StatusOr<bool> SecondOf(const Json& body, std::string_view name, std::string_view first,
                              std::string_view second) {
  absl::StatusOr<std::string> text = StringMember(body, name, false);
  if (!text.ok()) return text.status();
  if (*text == second) return true;
  if (text->empty() || *text == first) return false;
  return ValidationError("/" + std::string(name), "must be \"" + std::string(first) + "\" or \"" +
                                                      std::string(second) + "\"");
}

absl::StatusOr<Response> PutSchedule(Context& context, Request& request) {
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  TriggerSchedule wanted;
  absl::StatusOr<std::string> cron = StringMember(*body, "cron", true);
  if (!cron.ok()) return cron.status();
  wanted.cron = *std::move(cron);
  absl::StatusOr<std::string> zone = StringMember(*body, "time_zone", false);
  if (!zone.ok()) return zone.status();
  if (!zone->empty()) wanted.time_zone = *std::move(zone);
  absl::StatusOr<bool> queue = SecondOf(*body, "overlap", "skip", "queue");
  if (!queue.ok()) return queue.status();
  if (*queue) wanted.overlap = TriggerSchedule::Overlap::kQueue;
  absl::StatusOr<bool> skip = SecondOf(*body, "missed", "catch_up", "skip");
  if (!skip.ok()) return skip.status();
  if (*skip) wanted.missed = TriggerSchedule::Missed::kSkip;
  wanted.override_data = (*body)["override_data"];
  if (const Json* enabled = body->Find("is_enabled")) {
    if (!enabled->is_bool()) {
      return ValidationError("/is_enabled", "must be true or false", "type_error");
    }
    wanted.is_enabled = enabled->as_bool();
  }
  std::string_view id = request.Parameter("trigger_id");
  absl::StatusOr<TriggerSchedule> schedule = context.engine.triggers().SetSchedule(
      CallerOf(request).organization_id, id, std::move(wanted));
  if (!schedule.ok()) return schedule.status();
  return ScheduleResponse(id, *schedule);
}

absl::StatusOr<Response> DeleteSchedule(Context& context, Request& request) {
  absl::Status status = context.engine.triggers().DeleteSchedule(CallerOf(request).organization_id,
                                                                 request.Parameter("trigger_id"));
  if (!status.ok()) return status;
  return Response::Empty(204);
}

}  // namespace

absl::Status AddTriggerRoutes(http::HttpServer& server, Context& context) {
  const RouteRow rows[] = {
      {"GET", "/triggers", ListTriggers},
      {"POST", "/triggers", CreateTrigger},
      {"GET", "/triggers/{trigger_id}", GetTrigger},
      {"PATCH", "/triggers/{trigger_id}", PatchTrigger},
      {"DELETE", "/triggers/{trigger_id}", DeleteTrigger},
      {"POST", "/triggers/{trigger_id}/toggle", ToggleTrigger},
      {"POST", "/triggers/{trigger_id}/rotate-secret", RotateSecret},
      {"GET", "/triggers/{trigger_id}/runs", ListRuns},
      {"GET", "/triggers/{trigger_id}/runs/{run_id}", GetRun},
      {"POST", "/triggers/{trigger_id}/runs/{run_id}/rerun", Rerun, "solve"},
      {"GET", "/triggers/{trigger_id}/schedule", GetSchedule},
      {"PUT", "/triggers/{trigger_id}/schedule", PutSchedule},
      {"DELETE", "/triggers/{trigger_id}/schedule", DeleteSchedule},
  };
  if (absl::Status status = AddTable(server, context, kBase, rows); !status.ok()) return status;
  http::Route fire{.method = "POST", .pattern = std::string(kBase) + "/triggers/{trigger_id}/fire"};
  auto limits = std::make_shared<FireLimits>(context.config.rate_limits, UnixSeconds);
  fire.handler = [&context, limits](Request& request) { return Fire(context, *limits, request); };
  fire.auth = http::Auth::kPublic;
  return server.AddRoute(std::move(fire));
}

}  // namespace solvent::api
