#include "attempt.h"

#include <algorithm>
#include <utility>

#include "clock.h"
#include "memory_bound.h"
#include "model_definition.h"
#include "problem_codec.h"
#include "result_json.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "string_bridge.h"

namespace solvent {
namespace {

// A clean solver stops within this of its limit, and the rest is for handing the answer over.
constexpr double kLeastSolve = 0.05;

// A solver that overruns what it was told is ended so long after the task's limit: until then it
// may still hand its best point over.
constexpr double kKillAfter = 1;

// What it takes to hand an answer over after a solve of this length.
double HandingOver(double seconds) { return std::max(1.0, seconds / 20); }

AttemptEnd Failed(TaskReason reason, std::string message) {
  AttemptEnd end;
  end.outcome = AttemptOutcome::kFailed;
  end.reason = reason;
  end.run.state = reason == TaskReason::kTaskTimeout ? RunState::kTimeout : RunState::kFailed;
  end.run.error_message = message;
  end.message = std::move(message);
  return end;
}

// The making of its problem was ended from outside: that says nothing about the task.
bool WasStopped(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsUnavailable(status);
}

AttemptEnd NotPrepared(const absl::Status& status) {
  std::string message(Message(status));
  if (absl::IsDeadlineExceeded(status)) return Failed(TaskReason::kTaskTimeout, message);
  if (!absl::IsInvalidArgument(status)) return Failed(TaskReason::kInternalError, message);
  bool input = GetErrorInfo(status).code == error_code::kBadRequest;
  return Failed(input ? TaskReason::kInvalidInput : TaskReason::kModelError, message);
}

AttemptEnd NotSolved(const absl::Status& status) {
  std::string message(Message(status));
  switch (status.code()) {
    case absl::StatusCode::kAborted: return Failed(TaskReason::kSolverCrashed, message);
    case absl::StatusCode::kResourceExhausted: return Failed(TaskReason::kOutOfMemory, message);
    case absl::StatusCode::kInvalidArgument: return Failed(TaskReason::kModelError, message);
    default: return Failed(TaskReason::kInternalError, message);
  }
}

TaskReason VerdictOf(SolveStatus status) {
  switch (status) {
    case SolveStatus::kOptimal: return TaskReason::kSolverOptimal;
    case SolveStatus::kInfeasible: return TaskReason::kSolverInfeasible;
    case SolveStatus::kUnbounded: return TaskReason::kSolverUnbounded;
    default: return TaskReason::kSolverFeasible;
  }
}

// The answer stands without its report.
Json Report(const GeneratedRun& run, const SolveResult& result) {
  if (!run.reporter) return Json();
  absl::StatusOr<Json> report = run.reporter(result);
  return report.ok() ? *std::move(report) : ReportFailed(report.status());
}

AttemptEnd Answered(const GeneratedRun& run, const SolveResult& result, const Json& report) {
  AttemptEnd end;
  end.outcome = AttemptOutcome::kSucceeded;
  end.reason = VerdictOf(result.status);
  end.run.state = RunState::kCompleted;
  end.run.solver_status = ToString(result.status);
  if (result.has_point) end.run.objective_value = result.objective;
  ResultJson json = RenderResult(run.problem, result, report);
  end.run.result_json = std::move(json.full);
  end.run.preview_json = std::move(json.preview);
  return end;
}

absl::StatusOr<std::shared_ptr<const PreparedModel>> ReadModel(
    const std::optional<std::string>& document, PreparedModels& prepared) {
  if (!document.has_value()) return absl::DataLossError("its definition is gone");
  ASSIGN_OR_RETURN(Json definition, ParseJson(*document));
  return prepared.Get(DefinitionFromJson(definition));
}

}  // namespace

std::string EncodeFrozen(std::string_view definition, const Json& options,
                         std::string_view solver_name) {
  Json json;
  json.Set("definition", definition).Set("options", options).Set("solver_name", solver_name);
  return json.Dump();
}

absl::StatusOr<std::shared_ptr<const FrozenBatch>> Thaw(ModelPort& models, PreparedModels& prepared,
                                                        std::string_view frozen,
                                                        int64_t memory_mb) {
  auto batch = std::make_shared<FrozenBatch>();
  batch->memory_mb = memory_mb;
  absl::StatusOr<Json> json = ParseJson(frozen);
  std::optional<std::string> document;
  if (json.ok()) {
    batch->settings.options = (*json)["options"];
    batch->settings.solver_name = (*json)["solver_name"].as_string();
    batch->settings.usual_time_limit_seconds = kInfinity;  // the tasks' own limits hold
    ASSIGN_OR_RETURN(document, models.FindDocument((*json)["definition"].as_string()));
  }
  absl::StatusOr<std::shared_ptr<const PreparedModel>> model =
      json.ok() ? ReadModel(document, prepared) : json.status();
  if (model.ok()) {
    batch->model = *std::move(model);
  } else {
    batch->unreadable = absl::InvalidArgumentError(
        A("The model that was frozen for this execution cannot be read any more: " +
          std::string(Message(model.status()))));
  }
  return batch;
}

std::shared_ptr<PreparedTask> PrepareTask(const FrozenBatch& batch, const ReservedTask& task,
                                          std::stop_token stop, double most_seconds) {
  auto prepared = std::make_shared<PreparedTask>();
  if (batch.model == nullptr) {
    prepared->status = batch.unreadable;
    return prepared;
  }
  absl::StatusOr<Json> input = ParseJson(task.input_json);
  if (!input.ok()) {
    prepared->status = input.status();
    return prepared;
  }
  RunSettings settings = batch.settings;
  settings.stop = std::move(stop);
  settings.max_seconds = most_seconds;
  if (task.timeout_seconds > 0) {
    settings.max_seconds = std::min(most_seconds, static_cast<double>(task.timeout_seconds));
  }
  const double begin = SteadySeconds();
  absl::StatusOr<GeneratedRun> run =
      batch.model->Generate(*std::move(input), settings, task.now_seconds);
  if (!run.ok()) {
    prepared->status = run.status();
    // The generator reports its limit as a fault of the model, but this one is the task's own.
    if (task.timeout_seconds > 0 && absl::IsInvalidArgument(run.status()) &&
        SteadySeconds() - begin >= static_cast<double>(task.timeout_seconds)) {
      prepared->status =
          absl::DeadlineExceededError("the task's time was over while its problem was made");
    }
    return prepared;
  }
  prepared->run = *std::move(run);
  prepared->status = prepared->run.problem.Check();
  return prepared;
}

double SolverLimit(double task_seconds) {
  return std::max(task_seconds / 2, task_seconds - HandingOver(task_seconds));
}

AttemptOutput RunAttempt(const AttemptInput& input) {
  AttemptOutput output;
  if (!input.prepared.status.ok()) {
    output.stopped = WasStopped(input.prepared.status);
    output.end = NotPrepared(input.prepared.status);
    return output;
  }
  const GeneratedRun& run = input.prepared.run;
  SolveOptions options = run.options;
  double limit = SolverLimit(static_cast<double>(input.task.timeout_seconds));
  const bool own_limit = options.time_limit_seconds < limit;
  options.time_limit_seconds =
      std::max(std::min(options.time_limit_seconds, limit - input.spent_seconds), kLeastSolve);
  options.grace_seconds = std::max(static_cast<double>(input.task.timeout_seconds) + kKillAfter -
                                       input.spent_seconds - options.time_limit_seconds,
                                   0.0);
  if (own_limit) {
    options.grace_seconds =
        std::min(*options.grace_seconds, HandingOver(options.time_limit_seconds) + kKillAfter);
  }
  options.memory_limit_bytes = input.memory_mb << 20;
  if (input.start != nullptr && !run.problem.is_mip()) {
    options.start_columns = input.start->columns;
    options.start_rows = input.start->rows;
  }
  if (input.backend == nullptr) {
    output.end = Failed(TaskReason::kInternalError, "the solver is not available");
    return output;
  }
  SolveMonitor monitor;
  monitor.stop = input.stop;
  double begin = SteadySeconds();
  absl::StatusOr<SolveResult> result = input.backend->Solve(run.problem, options, monitor);
  auto micros = static_cast<int64_t>((SteadySeconds() - begin) * 1e6);

  AttemptEnd& end = output.end;
  if (!result.ok()) {
    output.stopped = input.stop.stop_requested();
    end = NotSolved(result.status());
  } else if (result->status == SolveStatus::kCancelled) {
    output.stopped = input.stop.stop_requested();
    end = Failed(TaskReason::kInternalError, "the solve was stopped by nobody");
  } else if (result->status == SolveStatus::kError) {
    end = Failed(TaskReason::kInternalError,
                 result->error.empty() ? "the solver failed" : result->error);
  } else if (result->status == SolveStatus::kTimeLimit && !result->has_point) {
    end = Failed(
        TaskReason::kTaskTimeout,
        NoSolutionInTime(own_limit ? "the model's time limit" : "the task's time limit", *result));
    end.run.solver_status = ToString(result->status);
  } else {
    Json report = Report(run, *result);
    // Within what the task has left, too.
    const double left = limit - input.spent_seconds - static_cast<double>(micros) / 1e6;
    MemoryBound bound(*input.backend, options.memory_limit_bytes);
    FillConflict(input.find_conflict, run.problem, bound,
                 std::min(options.time_limit_seconds, left / kConflictShare), input.stop, report);
    end = Answered(run, *result, report);
    if (result->status == SolveStatus::kOptimal && !result->column_basis.empty()) {
      auto basis = std::make_shared<StartBasis>();
      basis->columns = std::move(result->column_basis);
      basis->rows = std::move(result->row_basis);
      output.basis = std::move(basis);
    }
  }
  end.run.solver_name = input.backend->name();
  end.run.execution_time_micros = end.solve_micros = micros;
  end.columns = run.problem.num_columns();
  end.rows = run.problem.num_rows();
  end.time_limit_seconds = options.time_limit_seconds;
  end.problem = EncodeProblem(run.problem);
  return output;
}

}  // namespace solvent
