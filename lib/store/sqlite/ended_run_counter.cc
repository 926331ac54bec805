#include "ended_run_counter.h"

#include <iterator>
#include <utility>

#include "solvent/job_runner.h"

namespace solvent {
namespace {

constexpr double kSecondsPerMicro = 1e-6;

}  // namespace

EndedRuns EndedRunCounter::Read() const {
  Lock lock(mutex_);
  return counted_;
}

absl::Status EndedRunCounter::AfterEnd(Db&, const Execution& execution) {
  End end;
  end.outcome = execution.state == RunState::kCompleted ? execution.solver_status
                                                        : std::string(ToString(execution.state));
  end.of_batch = execution.origin == kBatchOrigin;
  if (execution.started_at != 0) {
    end.waited =
        static_cast<double>(execution.started_at - execution.created_at) * kSecondsPerMicro;
  }
  if (execution.execution_time_micros > 0) {
    end.solved = static_cast<double>(execution.execution_time_micros) * kSecondsPerMicro;
  }
  work_.push_back(std::move(end));
  return absl::OkStatus();
}

void EndedRunCounter::Begin() {
  work_.clear();
  kept_.clear();
}

void EndedRunCounter::WorkDone(bool kept) {
  if (kept) {
    kept_.insert(kept_.end(), std::make_move_iterator(work_.begin()),
                 std::make_move_iterator(work_.end()));
  }
  work_.clear();
}

void EndedRunCounter::Committed() {
  if (kept_.empty()) return;
  Lock lock(mutex_);
  for (End& end : kept_) {
    EndedRuns::Outcome& outcome = counted_.by_outcome[std::move(end.outcome)];
    ++outcome.ended;
    if (end.solved) outcome.solve_seconds.Add(*end.solved);
    if (end.waited) {
      (end.of_batch ? counted_.batch_wait_seconds : counted_.wait_seconds).Add(*end.waited);
    }
  }
  kept_.clear();
}

}  // namespace solvent
