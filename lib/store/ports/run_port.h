// What the run queue and the record of executions need from a database. Every call is atomic; a
// call that returned OK is on disk, except where it says "soon". Times come from the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/execution.h"
#include "solvent/page.h"
#include "trigger_port.h"

namespace solvent {

struct NewRun {
  // id, organization_id, user_id, name, model..., origin, solver_name, priority, sizes, time limit,
  // credits_used (the price, which is charged) and input_json are read; the driver sets created_at
  // (at least `now`, and later than that of any older run of the organization) and the state.
  Execution execution;
  std::string problem;  // EncodeProblem
  std::string options;  // EncodeOptions
  int64_t now = 0;
  NotifyEnd notify = NotifyEnd::kNever;
  int64_t charge = 0;  // a driver's own note of how it was charged

  // Idempotency; not used when `key` is empty.
  std::string idempotency_route;
  std::string idempotency_key;
  std::string request_hash;

  // What fired it: recorded in the same transaction. execution.trigger_id and run_id name it.
  std::optional<NewTriggerRun> trigger_run;
};

struct InsertedRun {
  Execution execution;
  bool replayed = false;  // an earlier run with the same key and hash; nothing was inserted
};

struct ClaimedRun {
  Execution execution;
  std::string problem;
  std::string options;
};

struct FinishRun {
  std::string id;
  std::string owner;                      // must hold the run
  RunState state = RunState::kCompleted;  // an end state
  int64_t now = 0;
  std::string solver_name;
  std::string solver_status;
  std::optional<double> objective_value;
  std::string error_message;
  std::string result_json;   // only for kCompleted
  std::string preview_json;  // a shorter result for lists; "" when result_json will do
  std::string progress_json;
  int64_t execution_time_micros = 0;
  bool stopped_at_work = false;  // failed because it was cancelled while it ran: stays charged
};

struct FinishedRun {
  bool applied = false;  // false: the run had ended before, or another owner holds it
  Execution execution;   // as it stands now (result_json left out)
};

enum class CancelOutcome {
  kAlreadyEnded,
  kCancelled,  // it was pending, and has ended now
  kRequested,  // it is running; whoever holds it will end it as cancelled
};

struct RunGlance {
  RunState state = RunState::kPending;
  std::string progress_json;
};

struct QueueStats {
  int64_t runs[kRunStates] = {};
  int64_t queued = 0;  // pending, and not tasks of batches, which are handed out by the job port
  int64_t oldest_pending_created_at = 0;  // 0 when none is pending
};

class RunPort {
 public:
  virtual ~RunPort() = default;

  // Adds a pending run to the queue. With an idempotency key seen before on the same route of the
  // same organization: the earlier run when the hash is equal, else InvalidArgument
  // (idempotency_key_reused). ResourceExhausted (service_unavailable) when `max_pending` runs are
  // queued already, or the organization has three times as many of them as there are free places;
  // tasks of batches do not count. InsufficientCredits when it cannot be paid.
  virtual absl::StatusOr<InsertedRun> Insert(NewRun run, int64_t max_pending) = 0;

  // Adds a run that `owner` has begun to solve already, soon: the future is ready once it is on
  // disk. A Finish that follows at once lands in the same commit. When it cannot be added,
  // `refused` is called with the reason, from another thread and before the future is ready; it
  // must not block.
  virtual std::future<absl::Status> InsertRunning(
      NewRun run, std::string owner, std::function<void(const absl::Status&)> refused = {}) = 0;

  // Hands the next pending run to `owner` and marks it running: of the organization served least
  // recently, its highest priority, then the oldest. Empty when nothing is pending.
  virtual absl::StatusOr<std::optional<ClaimedRun>> Claim(std::string_view owner, int64_t now) = 0;

  // The organization that the next claim would serve; "" when nothing is pending.
  virtual absl::StatusOr<std::string> NextOrganization() = 0;

  // Puts a claimed run back in its old place, without a mark against it. False: not the holder. A
  // run whose cancel was requested ends as cancelled instead. Nobody waits for it any more (see
  // GiveUpWaiting), here and in TakeBack.
  virtual absl::StatusOr<bool> Release(std::string_view owner, std::string_view id,
                                       int64_t now) = 0;

  // Notes that the run has cost a worker process; returns how many so far.
  virtual absl::StatusOr<int> RecordCrash(std::string_view owner, std::string_view id) = 0;

  // The one way to an end state for a run that is held. When a cancel was requested before, the run
  // ends as cancelled whatever `finish` says.
  virtual absl::StatusOr<FinishedRun> Finish(FinishRun finish) = 0;

  // NotFound covers foreign ids.
  virtual absl::StatusOr<CancelOutcome> RequestCancel(std::string_view organization,
                                                      std::string_view id, int64_t now) = 0;
  // Runs held by `owner` whose cancel was requested: how other processes' requests become known.
  virtual absl::StatusOr<std::vector<std::string>> CancelRequests(std::string_view owner) = 0;

  // Whoever waited for the run's end is answered without it: kUnlessAnswered becomes kAlways. False
  // when the run has ended already, and nothing was changed.
  virtual absl::StatusOr<bool> GiveUpWaiting(std::string_view id) = 0;

  // Keeps a running run's last progress, soon. A run that has ended is left alone.
  virtual void SaveProgress(std::string id, std::string progress_json) = 0;

  // Owners are processes. A lease covers all runs that its owner holds.
  struct Owner {
    std::string id;
    std::string host;  // identifies the boot of a machine
    int64_t pid = 0;
    int64_t pid_start = 0;  // start time of the process, to tell reused pids apart
    int64_t lease_until = 0;
  };
  virtual absl::Status RegisterOwner(const Owner& owner) = 0;
  virtual absl::Status RenewLease(std::string_view owner, int64_t until) = 0;
  virtual absl::StatusOr<std::vector<Owner>> Owners() = 0;
  // Removes the owner and queues its runs again in their old order (those with a cancel requested
  // end as cancelled). Returns how many runs were queued.
  virtual absl::StatusOr<int64_t> TakeBack(std::string_view owner, int64_t now) = 0;

  // Reads. NotFound covers foreign ids. An empty organization means any (for the host's own use).
  virtual absl::StatusOr<Execution> Get(std::string_view organization, std::string_view id) = 0;
  // Of a run: its state, and the progress that is stored of it. Reads none of its input and result.
  virtual absl::StatusOr<RunGlance> Glance(std::string_view organization, std::string_view id) = 0;
  virtual absl::StatusOr<std::string> GetProblem(std::string_view organization,
                                                 std::string_view id) = 0;
  // Newest first. result_json holds the preview where there is one.
  virtual absl::StatusOr<Page<Execution>> List(std::string_view organization,
                                               const ExecutionFilter& filter,
                                               const PageRequest& page) = 0;
  virtual absl::StatusOr<QueueStats> Stats() = 0;
};

}  // namespace solvent
