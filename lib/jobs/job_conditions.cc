// What a task's conditions say of it.
#include "solvent/job_runner.h"

namespace solvent {
namespace {

std::string_view ExecutionReason(const JobTask& task) {
  if (task.reason == TaskReason::kJobDeleted) return "DELETED";
  switch (task.ended_by) {
    case StopCause::kNone: return "";
    case StopCause::kCancel: return "CANCELLED";
    case StopCause::kTimeout: return "TIMEOUT";
  }
  return "";
}

// Conditions quote at most this much of a message.
constexpr size_t kMostOfMessage = 500;

std::string_view Shortened(std::string_view message) {
  if (message.size() <= kMostOfMessage) return message;
  size_t end = kMostOfMessage;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return message.substr(0, end);
}

TaskCondition Scheduled(const JobTask& task) {
  switch (task.state) {
    case TaskState::kPending:
      return {"Scheduled", "pending", "WaitingForSlot", "info", "", "The task waits for a slot."};
    case TaskState::kReconciling:
      return {"Scheduled", "pending", "WaitingForRetry",
              "info",      "",        "The task waits for another attempt."};
    default: break;
  }
  if (task.started_at == 0) {
    return {"Scheduled", "pending", "WaitingForSlot", "info", "", "The task was never started."};
  }
  return {"Scheduled", "succeeded", "Started", "info", "", "The task was started."};
}

TaskCondition Retry(const JobTask& task) {
  std::string_view reason = ToString(task.last_reason);
  if (task.state == TaskState::kReconciling) {
    return {"Retry", "reconciling", reason, "warning", "", Shortened(task.message)};
  }
  if (task.state == TaskState::kRunning || task.state == TaskState::kSucceeded) {
    return {"Retry", "succeeded", reason, "warning", "", "Another attempt was started."};
  }
  if (task.state == TaskState::kCancelled) {
    return {"Retry", "failed", reason, "warning", "", "The task was cancelled."};
  }
  return {"Retry", "failed", reason, "error", "", "There are no more attempts."};
}

TaskCondition Completed(const JobTask& task) {
  std::string_view message = Shortened(task.message);
  std::string_view severity = "info";
  if (task.state == TaskState::kSucceeded) {
    switch (task.reason) {
      case TaskReason::kSolverOptimal: message = "The solver found an optimal solution."; break;
      case TaskReason::kSolverFeasible:
        message = "The solver found a solution before its limit.";
        break;
      case TaskReason::kSolverInfeasible: message = "The model has no solution."; break;
      case TaskReason::kSolverUnbounded: message = "The objective is unbounded."; break;
      default: break;
    }
  } else {
    severity = task.state == TaskState::kFailed ? "error" : "warning";
  }
  return {"Completed", ToString(task.state),  ToString(task.reason),
          severity,    ExecutionReason(task), message};
}

}  // namespace

TaskConditions ConditionsOf(const JobTask& task) {
  TaskConditions conditions;
  conditions.items[conditions.size++] = Scheduled(task);
  if (task.last_reason != TaskReason::kNone) conditions.items[conditions.size++] = Retry(task);
  if (IsEndState(task.state)) conditions.items[conditions.size++] = Completed(task);
  return conditions;
}

}  // namespace solvent
