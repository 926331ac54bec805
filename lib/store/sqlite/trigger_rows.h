// Rows of triggers and of their runs, for drivers that work inside a transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "db.h"
#include "run_effects.h"
#include "run_port.h"
#include "run_rows.h"

namespace solvent {

// Adds the row of a run and counts it. `run` is not looked at for an execution unless
// `execution_id` is given. Errors as of TriggerPort::InsertEnded.
absl::Status AddTriggerRun(Db& db, const NewTriggerRun& run, std::string_view execution_id,
                           int64_t created_at);

// The run with its execution's state and as much of its payload as asked for. An empty trigger id
// means any; nullopt when there is no such run.
absl::StatusOr<std::optional<TriggerRun>> LoadTriggerRun(Db& db, std::string_view trigger_id,
                                                         std::string_view run_id, Payload payload);
// The same, by the trigger's row and the run's number in it.
absl::StatusOr<std::optional<TriggerRun>> LoadTriggerRunAt(Db& db, int64_t trigger, int64_t seq,
                                                           Payload payload);

// Writes the row of the fire that a run comes from, and keeps count of a schedule's failures.
class TriggerRunEffects : public RunEffects {
 public:
  absl::Status BeforeAdd(Db& db, NewRun& run) override;
  absl::Status AfterEnd(Db& db, const Execution& execution) override;
};

// A run by schedule has ended, well or not.
absl::Status CountScheduleEnd(Db& db, std::string_view trigger_id, bool completed);

}  // namespace solvent
