// What the beginning and the end of a run cause elsewhere in the database: charges, counters,
// notifications, webhooks, the next task of a batch. Called on the writing thread, inside the
// transaction that makes the change, so that cause and effect land together or not at all.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "db.h"
#include "run_port.h"

namespace solvent {

class RunEffects {
 public:
  virtual ~RunEffects() = default;

  // Before the rows of a new run are written, with all that the store decides filled in; may change
  // execution.credits_used. An error refuses the run: nothing of it is kept.
  virtual absl::Status BeforeAdd(Db&, NewRun&) { return absl::OkStatus(); }

  // Before a run's end state is written as `finish` asks: `execution` is the record as it will
  // stand (without result, progress and input); may change execution.credits_used. An error keeps
  // the run from ending.
  virtual absl::Status BeforeEnd(Db&, const FinishRun&, Execution&) { return absl::OkStatus(); }

  // After it was written, result included.
  virtual absl::Status AfterEnd(Db&, const Execution&) { return absl::OkStatus(); }

  // After a trigger's run was recorded that has no execution and never will: validation_failed, or
  // a skipped due time. Its row in trigger_runs is there, counters included.
  virtual absl::Status AfterRefusedFire(Db&, const TriggerRun&) { return absl::OkStatus(); }

  // After a trigger and its runs were deleted, before what it has under way is cancelled: nothing
  // of it is to be delivered any more.
  virtual absl::Status AfterTriggerDeleted(Db&, const Trigger&) { return absl::OkStatus(); }

  // After the runs of an owner that is gone were taken back, and before it is forgotten: what else
  // it held is nobody's now.
  virtual absl::Status AfterOwnerGone(Db&, int64_t /*owner*/, int64_t /*now*/) {
    return absl::OkStatus();
  }
};

// In the order in which they are called; borrowed.
using RunEffectList = std::vector<RunEffects*>;

}  // namespace solvent
