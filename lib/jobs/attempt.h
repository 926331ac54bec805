// One attempt: a task's input becomes a problem, the problem an answer.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "conflict_filler.h"
#include "job_port.h"
#include "model_port.h"
#include "prepared_models.h"
#include "solvent/solve_backend.h"

namespace solvent {

// What an execution froze for all of its attempts.
struct FrozenBatch {
  std::shared_ptr<const PreparedModel> model;
  absl::Status unreadable;  // why there is no model: every attempt fails with it
  RunSettings settings;
  int64_t memory_mb = 0;
};
// `definition` is the hash of a kept document.
std::string EncodeFrozen(std::string_view definition, const Json& options,
                         std::string_view solver_name);
// What cannot be read any more is `unreadable`; an error is the database's.
absl::StatusOr<std::shared_ptr<const FrozenBatch>> Thaw(ModelPort& models, PreparedModels& prepared,
                                                        std::string_view frozen, int64_t memory_mb);

// A task's problem, or why it has none.
struct PreparedTask {
  absl::Status status;
  GeneratedRun run;
};
// `stop` ends it early: the task is put back then. It also fails after about `most_seconds`.
std::shared_ptr<PreparedTask> PrepareTask(const FrozenBatch& batch, const ReservedTask& task,
                                          std::stop_token stop, double most_seconds = kInfinity);

// Where the simplex method ended for another task of the same execution.
struct StartBasis {
  std::vector<BasisStatus> columns;
  std::vector<BasisStatus> rows;
};

struct AttemptInput {
  const ReservedTask& task;
  const PreparedTask& prepared;
  SolveBackend* backend = nullptr;  // null: the solver is not available
  double spent_seconds = 0;         // of the task's limit, before the solve
  int64_t memory_mb = 0;
  const StartBasis* start = nullptr;
  std::stop_token stop;
  const ConflictFinder& find_conflict;
};

struct AttemptOutput {
  AttemptEnd end;                           // execution, index and attempt are the caller's
  bool stopped = false;                     // the solve was stopped on request: `end` says nothing
  std::shared_ptr<const StartBasis> basis;  // for later tasks, when there is one
};
AttemptOutput RunAttempt(const AttemptInput& input);

// The limit told to a solver so that it can still hand its best point back before the task's own.
double SolverLimit(double task_seconds);

}  // namespace solvent
