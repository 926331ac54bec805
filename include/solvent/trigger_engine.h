// Triggers: a pinned version of a document that another system runs with a secret of its own, with
// overriding data when it likes, at any time or on a schedule.
//
//   NewTrigger wanted{.name = "Restock", .document_id = doc.id, .version_id = version.id};
//   absl::StatusOr<CreatedTrigger> made = engine.triggers().Create(caller, wanted);
//   absl::StatusOr<Fired> fired =
//       engine.triggers().Fire(made->trigger.id, {.secret = made->secret});
//
// A fire is one transaction: the run, its execution, counters and credits are on disk together
// before Fire returns, or not at all. Run and execution share one state. What its end causes
// (webhook, notification) is written with that end.
//
// Override data. An override schema is an array of
//   {"name", "type", "required", "model_field_path", "default", "description"}
// of which the first two are required; type is string, number, integer, boolean, array or object.
// Without a schema any key may be sent, with [] none. A path leads to the place in the pinned
// model that a value replaces: segments separated by dots are members, list positions or the names
// of list elements ("variables.capacity.upper_bound", "constraints.demand.rhs",
// "input_data.demand"); members with dots in their names are written ["a.b"]. Without a path it is
// input_data.<name> if the model has input_data, else parameters.<name> if it has parameters, else
// the model's own member <name>. Values are put into a copy; the version never changes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/execution.h"
#include "solvent/identity.h"
#include "solvent/json.h"
#include "solvent/page.h"
#include "solvent/repeatable.h"

namespace solvent {

struct Trigger {
  std::string id;  // "trg_…"
  std::string organization_id;
  std::string created_by;  // the user who is told of its runs
  std::optional<std::string> workspace_id;
  std::string name;
  std::optional<std::string> description;
  std::string document_id;
  std::string version_id;
  std::string secret_prefix;  // the secret's first 8 characters
  Json override_schema;       // array as it was given, or null
  std::optional<std::string> webhook_url;
  bool has_webhook_secret = false;
  bool is_enabled = true;
  int64_t total_runs = 0;
  int64_t last_fired_at = 0;  // 0: never; microseconds since 1970 UTC, here and below
  int64_t created_at = 0;
  int64_t updated_at = 0;
};

struct NewTrigger {
  std::string name;  // 1..255 characters
  std::optional<std::string> description;
  std::string document_id;
  std::string version_id;
  Json override_schema;                       // array or null
  std::optional<std::string> webhook_url;     // http or https, at most 2048 characters
  std::optional<std::string> webhook_secret;  // 1 to 255 characters
  std::optional<std::string> workspace_id;
};

struct CreatedTrigger {
  Trigger trigger;
  // 64 hex digits; this is the only time it is seen. "" for a repeated call.
  std::string secret;
};

// What to change: an unset member stays as it is, an inner nullopt (a null schema) clears it.
struct TriggerPatch {
  std::optional<std::string> name;
  std::optional<std::optional<std::string>> description;
  std::optional<Json> override_schema;
  std::optional<std::optional<std::string>> webhook_url;
  std::optional<std::optional<std::string>> webhook_secret;
  std::optional<std::string> version_id;  // must be the one that is pinned
};

enum class TriggerRunStatus : uint8_t {
  kQueued,
  kRunning,
  kCompleted,
  kFailed,
  kTimeout,
  kCancelled,
  // Over when they were recorded, without an execution:
  kValidationFailed,  // the override data were refused
  kSkippedOverlap,    // due by schedule while an earlier run had not ended
  kSkippedCredits,    // due by schedule without the credits for it
};
std::string_view ToString(TriggerRunStatus status);  // "queued", …, "validation_failed", …
std::optional<TriggerRunStatus> ParseTriggerRunStatus(std::string_view name);

struct TriggerRun {
  std::string id;  // "run_…"
  std::string trigger_id;
  std::string organization_id;
  TriggerRunStatus status = TriggerRunStatus::kQueued;
  std::string source;        // "manual", "rerun" or "cron"
  std::string rerun_of;      // the run whose data it uses again, or ""
  std::string execution_id;  // "" without an execution
  Json override_data;        // object as it was sent, or null
  std::string result_json;   // the execution's result once completed, or ""
  std::string error_message;
  int64_t credits_used = 0;
  int64_t execution_time_micros = 0;
  std::optional<bool> webhook_delivered;  // unset while open, or when there is nowhere to deliver
  int webhook_attempts = 0;
  int64_t due_at = 0;  // when it was due by schedule; 0 for others
  int64_t created_at = 0;
  int64_t completed_at = 0;  // 0 until it has ended
};

struct FireRequest {
  std::string secret;
  Json override_data;  // object or null
  // With equal data: the first run, or the first refusal with "replayed" in its extra, once more.
  std::string idempotency_key;
  // Asked once the secret is known to be right, before anything else; an error refuses the fire.
  std::function<absl::Status()> admit;
};

struct Fired {
  TriggerRun run;  // as it stands: queued, unless it was replayed
  bool replayed = false;
};

// When a trigger fires by itself.
struct TriggerSchedule {
  // Minute, hour, day of month, month, day of week; see docs/triggers.md.
  std::string cron;
  std::string time_zone = "UTC";  // an IANA name
  enum class Overlap : uint8_t {
    kSkip,   // no run while one of the trigger's has not ended; it is recorded as skipped
    kQueue,  // queued like any other
  } overlap = Overlap::kSkip;
  // Due times that passed while no process was running (for more than a minute).
  enum class Missed : uint8_t {
    kCatchUp,  // one run for all of them
    kSkip,     // none
  } missed = Missed::kCatchUp;
  Json override_data;      // object or null: used by each run
  bool is_enabled = true;  // off after kMaxScheduleFailures runs in a row that did not complete
  int failures = 0;        // so far, in a row

  int64_t next_due = 0;  // 0: never again
  int64_t last_due = 0;  // 0: not yet
  int64_t created_at = 0;
  int64_t updated_at = 0;
};
inline constexpr int kMaxScheduleFailures = 5;

// Thread-safe. Made and owned by an Engine. NotFound covers "does not exist" and "is not yours"
// alike, except that Fire knows no organizations.
class TriggerEngine {
 public:
  virtual ~TriggerEngine() = default;

  // Pins the version: it becomes a named one, and takes the document's model if it has none.
  // NotFound for document or version; BadRequest when neither has a model; ValidationError naming
  // the field for anything else.
  virtual absl::StatusOr<CreatedTrigger> Create(const Caller& caller, NewTrigger trigger,
                                                Repeatable* repeatable = nullptr) = 0;
  virtual absl::StatusOr<Trigger> Get(std::string_view organization, std::string_view id) = 0;
  // Newest first; of one document unless it is "".
  virtual absl::StatusOr<std::vector<Trigger>> List(std::string_view organization,
                                                    std::string_view document_id) = 0;
  virtual absl::StatusOr<Trigger> Patch(std::string_view organization, std::string_view id,
                                        TriggerPatch patch) = 0;
  // Runs that are queued already are still executed.
  virtual absl::StatusOr<Trigger> SetEnabled(std::string_view organization, std::string_view id,
                                             bool enabled) = 0;
  // With all its runs, for good. What is being solved is cancelled, what is to be delivered is
  // dropped. Executions stay.
  virtual absl::Status Delete(std::string_view organization, std::string_view id) = 0;
  // The old secret is dead once this returns. A repeated call changes nothing.
  virtual absl::StatusOr<CreatedTrigger> RotateSecret(std::string_view organization,
                                                      std::string_view id,
                                                      Repeatable* repeatable = nullptr) = 0;

  // In this order: NotFound; Unauthenticated; what `admit` says; AlreadyExists (conflict) when
  // disabled; ValidationError when override_data is no object; ValidationError with extra "run_id"
  // and "errors" when it is refused, which is recorded as a run; insufficient credits;
  // ResourceExhausted when the queue is full. An unknown id takes as long as a known one. A model
  // that fails to generate a problem from data that fit it is queued, and ends as failed.
  virtual absl::StatusOr<Fired> Fire(std::string_view trigger_id, FireRequest request) = 0;
  // A new run with an earlier one's data and the trigger's present schema. Errors as for Fire.
  virtual absl::StatusOr<Fired> Rerun(std::string_view organization, std::string_view trigger_id,
                                      std::string_view run_id,
                                      std::string_view idempotency_key = {}) = 0;

  virtual absl::StatusOr<TriggerRun> GetRun(std::string_view organization,
                                            std::string_view trigger_id,
                                            std::string_view run_id) = 0;
  // Newest first. result_json may be a shorter form, as in ExecutionStore::List.
  virtual absl::StatusOr<Page<TriggerRun>> ListRuns(std::string_view organization,
                                                    std::string_view trigger_id,
                                                    std::optional<TriggerRunStatus> status,
                                                    const PageRequest& page) = 0;

  // Reads cron, time_zone, overlap, missed, override_data and is_enabled; an earlier schedule is
  // replaced. Any number of processes may share a database: a due time fires once. While the
  // trigger is disabled its due times pass by.
  virtual absl::StatusOr<TriggerSchedule> SetSchedule(std::string_view organization,
                                                      std::string_view trigger_id,
                                                      TriggerSchedule schedule) = 0;
  // NotFound also when the trigger has none; so does DeleteSchedule.
  virtual absl::StatusOr<TriggerSchedule> GetSchedule(std::string_view organization,
                                                      std::string_view trigger_id) = 0;
  virtual absl::Status DeleteSchedule(std::string_view organization,
                                      std::string_view trigger_id) = 0;
};

// The due times of a schedule after `after`, earliest first, at most `most`, 1000; ValidationError
// naming /cron or /time_zone.
absl::StatusOr<std::vector<int64_t>> UpcomingDueTimes(const TriggerSchedule& schedule,
                                                      int64_t after, int most);

}  // namespace solvent
