#include "run_notifications.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "clock.h"
#include "notification_writer.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr Micros kHour = Micros{3600} * 1'000'000;

// What a person is shown; programs find the whole in data and in the execution.
constexpr size_t kShownName = 100;
constexpr size_t kShownError = 500;
constexpr size_t kKeptError = 4000;

constexpr char kNotify[] = "SELECT notify FROM executions WHERE id = ?1";
constexpr char kTrigger[] = "SELECT created_by, name FROM triggers WHERE id = ?1";

struct TriggerHead {
  std::string created_by;
  std::string name;
};

absl::StatusOr<std::optional<TriggerHead>> FindTrigger(Db& db, std::string_view id) {
  Query query(db, kTrigger, id);
  if (query.Next()) return TriggerHead{query.Text(0), query.Text(1)};
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

// At most `most` bytes, cut between characters.
std::string Shorten(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

NewNotification Describe(const Execution& e) {
  NewNotification n;
  n.organization_id = e.organization_id;
  n.user_id = e.user_id;
  n.link = "/executions/" + e.id;
  n.now = e.completed_at;
  std::string name = Shorten(e.model_name.empty() ? e.name : e.model_name, kShownName);
  std::string subject = name.empty() ? "Your optimization" : "Your " + name + " optimization";
  n.data.Set("execution_id", e.id);
  if (e.state == RunState::kCompleted) {
    n.type = NotificationType::kExecutionComplete;
    n.title = "Solve completed";
    n.message = subject + " finished with status: " + e.solver_status;
    n.data.Set("objective_value", e.objective_value ? Json(*e.objective_value) : Json());
    n.data.Set("status", e.solver_status);
  } else {
    bool timeout = e.state == RunState::kTimeout;
    n.type = NotificationType::kExecutionFailed;
    n.title = timeout ? "Solve timed out" : "Solve failed";
    n.message =
        subject + (timeout ? " timed out: " : " failed: ") + Shorten(e.error_message, kShownError);
    n.data.Set("error", Shorten(e.error_message, kKeptError));
    n.data.Set("status", ToString(e.state));
  }
  n.data.Set("model_name", e.model_name.empty() ? Json() : Json(e.model_name));
  return n;
}

}  // namespace

absl::Status RunNotifications::AfterEnd(Db& db, const Execution& e) {
  if (e.state == RunState::kCancelled) return absl::OkStatus();
  if (!e.trigger_id.empty()) {
    ASSIGN_OR_RETURN(std::optional<TriggerHead> trigger, FindTrigger(db, e.trigger_id));
    if (!trigger.has_value()) return absl::OkStatus();
    NewNotification n = Describe(e);
    n.user_id = std::move(trigger->created_by);
    n.data.Set("trigger_id", e.trigger_id).Set("run_id", e.run_id);
    return AddNotification(db, n);
  }
  bool wanted;
  {
    Query query(db, kNotify, e.id);
    wanted = query.Next() && query.Int(0) == static_cast<int>(NotifyEnd::kAlways);
    RETURN_IF_ERROR(query.status());
  }
  return wanted ? AddNotification(db, Describe(e)) : absl::OkStatus();
}

absl::Status RunNotifications::AfterRefusedFire(Db& db, const TriggerRun& run) {
  const bool refused = run.status == TriggerRunStatus::kValidationFailed;
  const bool unpaid = run.status == TriggerRunStatus::kSkippedCredits;
  if (!refused && !unpaid) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::optional<TriggerHead> trigger, FindTrigger(db, run.trigger_id));
  if (!trigger.has_value()) return absl::OkStatus();
  NewNotification n;
  n.organization_id = run.organization_id;
  n.user_id = std::move(trigger->created_by);
  n.type = NotificationType::kSystem;
  const std::string name = Shorten(trigger->name, kShownName);
  if (refused) {
    n.title = "Trigger refused its data";
    n.message = "A fire of the trigger " + name +
                " was refused: " + Shorten(run.error_message, kShownError);
    n.once_key = "refused:" + run.trigger_id;
  } else {
    n.title = "Scheduled run skipped";
    n.message = "A run of the trigger " + name + " was due, and there were not enough credits.";
    n.once_key = "unpaid:" + run.trigger_id;
  }
  n.data.Set("trigger_id", run.trigger_id)
      .Set("run_id", run.id)
      .Set("event_type", ToString(run.status));
  n.link = "/triggers/" + run.trigger_id;
  n.now = run.created_at;
  // Whatever goes wrong every minute is told once an hour.
  n.once_micros = kHour;
  return AddNotification(db, n);
}

}  // namespace solvent
