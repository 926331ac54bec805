// Names and rules of batches that drivers and rooms share.
#include "solvent/job_runner.h"

namespace solvent {

std::string_view ToString(TaskState state) {
  switch (state) {
    case TaskState::kPending: return "pending";
    case TaskState::kReconciling: return "reconciling";
    case TaskState::kRunning: return "running";
    case TaskState::kSucceeded: return "succeeded";
    case TaskState::kFailed: return "failed";
    case TaskState::kCancelled: return "cancelled";
  }
  return "";
}

std::string_view ToString(JobState state) {
  switch (state) {
    case JobState::kQueued: return "queued";
    case JobState::kPending: return "pending";
    case JobState::kRunning: return "running";
    case JobState::kCancelling: return "cancelling";
    case JobState::kCancelled: return "cancelled";
    case JobState::kFailed: return "failed";
    case JobState::kSucceeded: return "succeeded";
    case JobState::kTimeout: return "timeout";
  }
  return "";
}

std::string_view ToString(TaskReason reason) {
  switch (reason) {
    case TaskReason::kNone: return "";
    case TaskReason::kSolverOptimal: return "SolverOptimal";
    case TaskReason::kSolverFeasible: return "SolverFeasible";
    case TaskReason::kSolverInfeasible: return "SolverInfeasible";
    case TaskReason::kSolverUnbounded: return "SolverUnbounded";
    case TaskReason::kInvalidInput: return "InvalidInput";
    case TaskReason::kModelError: return "ModelError";
    case TaskReason::kSolverCrashed: return "SolverCrashed";
    case TaskReason::kOutOfMemory: return "OutOfMemory";
    case TaskReason::kTaskTimeout: return "TaskTimeout";
    case TaskReason::kExecutionTimeout: return "ExecutionTimeout";
    case TaskReason::kServerRestarted: return "ServerRestarted";
    case TaskReason::kInternalError: return "InternalError";
    case TaskReason::kCancelled: return "Cancelled";
    case TaskReason::kJobDeleted: return "JobDeleted";
  }
  return "";
}

bool IsRetryable(TaskReason reason) {
  return reason == TaskReason::kSolverCrashed || reason == TaskReason::kOutOfMemory ||
         reason == TaskReason::kTaskTimeout || reason == TaskReason::kInternalError;
}

JobState StateOf(const std::array<int64_t, kTaskStates>& tasks, bool admitted, StopCause cause) {
  auto count = [&tasks](TaskState state) { return tasks[static_cast<size_t>(state)]; };
  const int64_t succeeded = count(TaskState::kSucceeded);
  const int64_t failed = count(TaskState::kFailed);
  const int64_t cancelled = count(TaskState::kCancelled);
  const int64_t begun = count(TaskState::kReconciling) + count(TaskState::kRunning);
  if (count(TaskState::kPending) + begun == 0) {
    if (cause == StopCause::kCancel && cancelled > 0) return JobState::kCancelled;
    if (cause == StopCause::kTimeout && failed + cancelled > 0) return JobState::kTimeout;
    return failed > 0 ? JobState::kFailed : JobState::kSucceeded;
  }
  if (cause == StopCause::kCancel) return JobState::kCancelling;
  if (begun + succeeded + failed + cancelled > 0) return JobState::kRunning;
  return admitted ? JobState::kPending : JobState::kQueued;
}

}  // namespace solvent
