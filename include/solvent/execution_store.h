// Runs problems and keeps the record of every run.
//
// A submitted run is on disk before Submit returns. Workers take pending runs by turns between
// organizations, inside one by priority and age; a run whose process was killed is queued again at
// the next start. Progress is kept in memory and handed to watchers; its last value is stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "solvent/execution.h"
#include "solvent/identity.h"
#include "solvent/json.h"
#include "solvent/page.h"
#include "solvent/problem.h"
#include "solvent/progress.h"
#include "solvent/solution.h"
#include "solvent/solve_backend.h"
#include "solvent/watch.h"

namespace solvent {

// Further members for the JSON of a result, from the result itself: an object.
using ResultReporter = std::function<absl::StatusOr<Json>(const SolveResult&)>;

// What is to be run, and on which terms.
struct Submission {
  Problem problem;
  SolveOptions options;
  std::string solver_name;  // "" for the engine's default
  std::string name;
  std::string input_json;  // kept as the run's input; "" when there is none
  std::string origin = "manual";  // any word but "batch" (solvent/job_runner.h)
  std::string model_id;
  std::string catalog_id;
  std::string model_name;
  int priority = 0;  // -100..100, higher first
  std::optional<int64_t> price;  // credits; unset: by size and time limit (solvent/credits.h)
  // An earlier run of the same organization whose point to start from; ignored when it has none or
  // does not fit.
  std::string warm_start_execution_id;
  // Repeating a key with the same request_hash on the same route returns the first run.
  std::string idempotency_route;
  std::string idempotency_key;
  std::string request_hash;
  // What it returns is stored with the result, beside the standard members; called at most once. A
  // run that does not start at once gets a new one from its record and `reporter_key`, for which
  // the engine knows the maker; without a key it then goes without.
  ResultReporter reporter;
  std::string reporter_key;
  NotifyEnd notify = NotifyEnd::kUnlessAnswered;
};

// A digest of a request body for `request_hash`: equal for JSON texts that differ only in white
// space, member order or the spelling of numbers.
std::string HashRequest(std::string_view body);
std::string HashJson(Json json);

struct Submitted {
  Execution execution;
  bool replayed = false;
};

// Something that happened to a run.
struct RunEvent {
  enum class Kind { kState, kProgress, kEnded } kind = Kind::kState;
  // Grows with each event of a run, across processes and restarts too; for kEnded it is the same
  // whenever it is told (EndSequence).
  uint64_t sequence = 0;
  RunState state = RunState::kPending;
  Progress progress;                           // for kProgress
  double fraction = 0;                         // estimate of the work done, 0..1, never decreasing
  std::shared_ptr<const Execution> execution;  // for kEnded: the final record
};

// The sequence of the last event of a run that has ended.
uint64_t EndSequence(const Execution& execution);

enum class CancelResult {
  kRequested,     // it will end, or has just ended, as cancelled
  kAlreadyEnded,  // nothing changed
};

struct QueueStatus {
  int64_t runs[kRunStates] = {};       // by state
  double oldest_pending_seconds = 0;   // 0 when none is pending
  int slots = 0;                       // solves that may run at once
  int busy = 0;
};

// Thread-safe. Made and owned by an Engine.
class ExecutionStore {
 public:
  virtual ~ExecutionStore() = default;

  // Records a pending run and queues it; before Engine::Start and after Stop too, to be solved by the
  // next engine that runs over this database. InvalidArgument: the problem does not fit together
  // (Problem::Check, unique names), option or solver is none (validation_error), or the idempotency
  // key was used for another request (idempotency_key_reused). ResourceExhausted: a full queue.
  // FailedPrecondition (insufficient_credits): the organization cannot pay for it.
  virtual absl::StatusOr<Submitted> Submit(const Caller& caller, Submission submission) = 0;

  // The same, then waits at most `wait` for the end. Returns the record as it stands then; the run
  // goes on when it has not ended. A run that can start at once is solved before it is written, and
  // is on disk when this returns.
  virtual absl::StatusOr<Submitted> SubmitAndWait(const Caller& caller, Submission submission,
                                                  std::chrono::milliseconds wait) = 0;

  // NotFound covers "does not exist" and "is not yours" alike, here and below.
  virtual absl::StatusOr<Execution> Get(std::string_view organization,
                                        std::string_view id) const = 0;
  virtual absl::StatusOr<Page<Execution>> List(std::string_view organization,
                                               const ExecutionFilter& filter,
                                               const PageRequest& page) const = 0;
  // The problem as it was submitted.
  virtual absl::StatusOr<Problem> GetProblem(std::string_view organization,
                                             std::string_view id) const = 0;

  // Blocks until the run has ended or `wait` has passed.
  virtual absl::StatusOr<Execution> Wait(std::string_view organization, std::string_view id,
                                         std::chrono::milliseconds wait) const = 0;

  virtual absl::StatusOr<CancelResult> Cancel(std::string_view organization,
                                              std::string_view id) = 0;

  // The last progress of a run that this process is solving, with the estimate of its fraction.
  virtual std::optional<RunEvent> LatestProgress(std::string_view id) const = 0;

  // Calls `callback` for every later event of the run, from one of the engine's threads, never from
  // two at once, and at once with kEnded if it has ended already. The callback must return quickly;
  // it may be called before this function returns.
  virtual absl::StatusOr<std::unique_ptr<Watch>> WatchRun(
      std::string_view organization, std::string_view id,
      std::function<void(const RunEvent&)> callback) = 0;

  virtual absl::StatusOr<QueueStatus> Status() const = 0;
};

}  // namespace solvent
