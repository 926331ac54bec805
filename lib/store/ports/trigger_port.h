// Triggers, their runs and their schedules. A fire itself is an insertion of a run (RunPort) that
// carries a NewTriggerRun.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/page.h"
#include "solvent/repeatable.h"
#include "solvent/trigger_engine.h"

namespace solvent {

// A fire by schedule: only the one who finds the schedule's next_due as `expected` may make it.
struct ScheduleClaim {
  int64_t expected = 0;
  int64_t due = 0;       // the due time that fires, which may be a later one
  int64_t next_due = 0;  // what the schedule says afterwards; 0: never again
  bool skip_overlap = false;
};

struct NewTriggerRun {
  std::string id;
  std::string trigger_id;
  std::string source;
  std::string rerun_of;  // "" for none, here and below
  std::string override_data;
  std::string status;         // only for a run without an execution
  std::string error_message;  // only for a run without an execution
  std::optional<ScheduleClaim> claim;
  int64_t now = 0;
};

// Codes of a fire by schedule that is refused: the due time is not due any more, because another
// was faster or the schedule was changed (kAborted); an earlier run has not ended
// (kFailedPrecondition).
inline constexpr std::string_view kClaimLostCode = "claim_lost";
inline constexpr std::string_view kOverlapCode = "overlap";

struct NewTriggerRow {
  Trigger trigger;
  std::string secret_hash;                    // SHA-256, 32 raw bytes
  std::optional<std::string> webhook_secret;  // sealed
  std::string version_name;                   // for a version that has none yet
  std::string version_model;                  // for a version without a model, or ""
  std::string version_hash;                   // its content hash then
};

struct TriggerRow {
  Trigger trigger;
  std::string secret_hash;
};

// As TriggerPatch, with the secret sealed.
struct ChangedTrigger {
  std::optional<std::string> name;
  std::optional<std::optional<std::string>> description;
  std::optional<std::string> override_schema;  // as text, "" for null
  std::optional<std::optional<std::string>> webhook_url;
  std::optional<std::optional<std::string>> webhook_secret;
  std::optional<bool> is_enabled;
  std::optional<std::pair<std::string, std::string>> secret;  // hash and prefix
};

struct DueSchedule {
  TriggerRow row;
  TriggerSchedule schedule;
};

class TriggerPort {
 public:
  virtual ~TriggerPort() = default;

  // Pins the version: gives it name and model if it has none. NotFound when it is not there (any
  // more). The id of the trigger that an earlier call made, when `repeatable` says so.
  virtual absl::StatusOr<std::optional<std::string>> Insert(const NewTriggerRow& row,
                                                            Repeatable* repeatable = nullptr) = 0;
  // An empty organization means any.
  virtual absl::StatusOr<std::optional<TriggerRow>> Find(std::string_view organization,
                                                         std::string_view id) = 0;
  virtual absl::StatusOr<std::vector<Trigger>> List(std::string_view organization,
                                                    std::string_view document_id) = 0;
  virtual absl::StatusOr<std::optional<Trigger>> Update(std::string_view organization,
                                                        std::string_view id,
                                                        const ChangedTrigger& change, int64_t now,
                                                        Repeatable* repeatable = nullptr) = 0;
  // Deletes it with its runs and its schedule; executions that have not ended are cancelled.
  // Returns the ids of those that are running. Nullopt when there is no such trigger.
  virtual absl::StatusOr<std::optional<std::vector<std::string>>> Delete(
      std::string_view organization, std::string_view id, int64_t now) = 0;

  // The model of a version, whether its document was deleted or not; "" when there is none.
  virtual absl::StatusOr<std::string> PinnedModel(std::string_view version_id) = 0;

  // Records a run without an execution. Errors as of a fire: NotFound when the trigger is gone,
  // AlreadyExists (conflict) when it is disabled, and those of claims. With `repeatable`, the run
  // that an earlier call with its key recorded is returned instead; see FindFired.
  virtual absl::StatusOr<TriggerRun> InsertEnded(const NewTriggerRun& run,
                                                 Repeatable* repeatable = nullptr) = 0;
  // The run of an earlier fire with this key, queued or refused; InvalidArgument
  // (idempotency_key_reused) when that had other data.
  virtual absl::StatusOr<std::optional<TriggerRun>> FindFired(const Trigger& trigger,
                                                              const Repeatable& repeatable) = 0;
  virtual absl::StatusOr<std::optional<TriggerRun>> FindRun(std::string_view organization,
                                                            std::string_view trigger_id,
                                                            std::string_view run_id) = 0;
  // Nullopt when there is no such trigger.
  virtual absl::StatusOr<std::optional<Page<TriggerRun>>> ListRuns(
      std::string_view organization, std::string_view trigger_id,
      std::optional<TriggerRunStatus> status, const PageRequest& page) = 0;

  // False when there is no such trigger.
  virtual absl::StatusOr<bool> SetSchedule(std::string_view organization,
                                           std::string_view trigger_id,
                                           const TriggerSchedule& schedule, int64_t now) = 0;
  virtual absl::StatusOr<std::optional<TriggerSchedule>> FindSchedule(
      std::string_view organization, std::string_view trigger_id) = 0;
  // False when there is none.
  virtual absl::StatusOr<bool> DeleteSchedule(std::string_view organization,
                                              std::string_view trigger_id) = 0;
  // Schedules due at `now` or before, earliest first, without those of some organizations.
  virtual absl::StatusOr<std::vector<DueSchedule>> DueSchedules(
      int64_t now, int most, const std::vector<std::string>& but_of) = 0;
  // When the next one is due; 0 when none is.
  virtual absl::StatusOr<int64_t> NextDue() = 0;
  // Lets a due time pass without a run. False: another was faster.
  virtual absl::StatusOr<bool> PassDue(std::string_view trigger_id, const ScheduleClaim& claim) = 0;
};

}  // namespace solvent
