// What batches need from a database. Every call is atomic and on disk when it returns OK, except
// where it says "soon". Times come from the caller. NotFound covers foreign rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "run_port.h"
#include "solvent/job_runner.h"

namespace solvent {

// A job as it is kept; what its definition says is the caller's business.
struct JobRow {
  std::string organization_id;
  std::string name;
  std::string definition;
  std::string webhook_secret;  // as SecretBox seals it, or ""
  std::string created_by;
  std::string updated_by;
  int64_t created_at = 0;
  int64_t updated_at = 0;
};

struct NewJobExecution {
  std::string id;
  std::string organization_id;
  std::string job;
  std::string user_id;
  int parallelism = 1;
  int64_t timeout_seconds = 0;
  int64_t memory_mb = 0;
  std::optional<int64_t> memory_override_mb;
  std::optional<std::string> masked_env;
  std::string frozen;
  std::string webhook_url;
  std::string request_key;
  std::string request_hash;
  int64_t now = 0;
  int max_parallel = 1;  // admitted executions of the organization; more are queued

  // A process that solves, with so many solves at once.
  struct Room {
    std::string owner;
    int slots = 0;
  };
  // Set: refused unless one of its slots is free for a task of this execution, when all that waits
  // for one has got it.
  std::optional<Room> room;

  struct Task {
    std::string name;
    int max_retries = 0;
    int64_t timeout_seconds = 0;
    NewRun run;  // the record behind it
  };
  std::vector<Task> tasks;
};

// An earlier execution with the id or the key of a request.
struct EarlierStart {
  std::string id;
  std::string request_key;
  std::string request_hash;
  std::string job;
  std::vector<std::string> task_names;
};

// An execution that has tasks to run.
struct OpenExecution {
  int64_t k = 0;
  std::string id;
  std::string organization_id;
  std::string job;
  int parallelism = 1;
  int64_t timeout_seconds = 0;
  int64_t memory_mb = 0;
  std::string frozen;
  int64_t started_at = 0;
  StopCause stop_cause = StopCause::kNone;
  bool stop_force = false;
  bool job_deleted = false;
  int64_t startable = 0;  // 1 when a task is free and due
  int64_t next_due = 0;   // of a free task that is not due yet; 0 when there is none
};

// A task set aside for one process.
struct ReservedTask {
  int64_t execution = 0;
  int64_t index = 0;
  std::string name;
  std::string run_id;  // "exe_…"
  std::string input_json;
  int64_t timeout_seconds = 0;
  int64_t now_seconds = 0;  // of its creation: what the model's clock says
  int attempts = 0;         // so far
  bool careful = false;     // nothing may be done with it before its start is on disk
};

struct TaskStart {
  int64_t execution = 0;
  int64_t index = 0;
  int attempt = 0;  // attempts so far + 1
};

enum class AttemptOutcome : uint8_t {
  kSucceeded,
  kFailed,
  kPutBack,  // stopped in good order: as if it had not been
};

struct AttemptEnd {
  int64_t execution = 0;
  int64_t index = 0;
  int attempt = 0;
  AttemptOutcome outcome = AttemptOutcome::kFailed;
  TaskReason reason = TaskReason::kNone;
  std::string message;
  double jitter = 0;  // 0..1, of the delay before the next attempt
  FinishRun run;      // what the record behind it shall say; id tells which, owner is not used
  int32_t columns = 0;
  int32_t rows = 0;
  double time_limit_seconds = 0;
  std::string problem;  // EncodeProblem, or "" when there is none
  int64_t solve_micros = 0;
};

struct AttemptStep {
  std::string owner;
  int64_t now = 0;
  std::optional<AttemptEnd> end;
  std::optional<TaskStart> start;
};

struct AttemptStepDone {
  bool ended = false;    // false: the attempt was no longer under way for this owner
  bool started = false;  // false: the task may not run (any more)
  TaskState state = TaskState::kPending;  // of the ended task
  int64_t due = 0;                        // when it is to be tried again
  bool execution_completed = false;
};

struct StoppedExecution {
  int64_t k = 0;
  bool changed = false;
};

class JobPort {
 public:
  virtual ~JobPort() = default;

  // AlreadyExists (conflict): the name is taken.
  virtual absl::Status InsertJob(const JobRow& row) = 0;
  virtual absl::StatusOr<std::optional<JobRow>> FindJob(std::string_view organization,
                                                        std::string_view name) = 0;
  virtual absl::StatusOr<std::vector<JobRow>> ListJobs(std::string_view organization, int64_t limit,
                                                       int64_t offset, int64_t* total) = 0;
  // Sets definition, webhook_secret (unless "keep"), updated_by and updated_at. False: no such job.
  virtual absl::StatusOr<bool> UpdateJob(const JobRow& row, bool keep_secret) = 0;
  // Its open executions, oldest first, are to be ended by EndDeleted. Nothing: no such job.
  virtual absl::StatusOr<std::optional<std::vector<int64_t>>> DeleteJob(
      std::string_view organization, std::string_view name, int64_t now) = 0;
  // Stops an open execution of a deleted job with force; of any other, nothing happens. One
  // execution at a time, because all of a job could be more than other writers can wait for.
  virtual absl::Status EndDeleted(int64_t execution, int64_t now) = 0;

  virtual absl::StatusOr<std::optional<EarlierStart>> FindStart(std::string_view organization,
                                                                std::string_view id,
                                                                std::string_view request_key) = 0;
  // With its tasks and the records behind them. AlreadyExists when id or key are taken; NotFound
  // when the job is gone; ResourceExhausted (capacity_exceeded) when there is no room;
  // InsufficientCredits, with the price of all tasks, when that cannot be paid; what RunEffects say
  // about a run refuses all.
  virtual absl::Status InsertExecution(NewJobExecution execution) = 0;

  virtual absl::StatusOr<JobExecutionList> ListExecutions(std::string_view organization,
                                                          std::string_view job, int64_t limit,
                                                          int64_t offset, bool with_tasks) = 0;
  virtual absl::StatusOr<JobExecution> GetExecution(std::string_view organization,
                                                    std::string_view job, std::string_view id,
                                                    bool with_tasks) = 0;
  virtual absl::StatusOr<JobTaskPage> ListTasks(std::string_view organization, std::string_view job,
                                                std::string_view id, int64_t from,
                                                int64_t limit) = 0;
  virtual absl::StatusOr<JobTaskDetail> GetTask(std::string_view organization, std::string_view job,
                                                std::string_view id, std::string_view task) = 0;
  // Of one read, with the execution (without its tasks).
  virtual absl::StatusOr<std::vector<JobTaskOutcome>> Outcomes(std::string_view organization,
                                                               std::string_view job,
                                                               std::string_view id,
                                                               JobExecution* execution) = 0;

  // Notes the cause, unless there is one, and ends what it ends: all tasks that wait, with `force`
  // those under way too. FailedPrecondition (conflict) for an execution that has ended otherwise
  // than by a cancel.
  virtual absl::StatusOr<StoppedExecution> Cancel(std::string_view organization,
                                                  std::string_view job, std::string_view id,
                                                  bool force, int64_t now) = 0;
  // The overall limit has passed: ends every task that has not ended.
  virtual absl::StatusOr<bool> TimeOut(int64_t execution, int64_t now) = 0;

  // Admitted, and not completed.
  virtual absl::StatusOr<std::vector<OpenExecution>> OpenExecutions(int64_t now) = 0;
  // Sets up to `most` free and due tasks aside for `owner`, lowest due time first, then lowest
  // index. When it fails they may be set aside all the same: SetAside tells.
  virtual absl::StatusOr<std::vector<ReservedTask>> Reserve(std::string_view owner,
                                                            int64_t execution, int most,
                                                            int64_t now) = 0;
  // What is set aside for `owner` and not started: execution and index alone are set.
  virtual absl::StatusOr<std::vector<ReservedTask>> SetAside(std::string_view owner) = 0;
  // Gives back what was set aside for `owner` and not started.
  virtual absl::Status Unreserve(std::string_view owner,
                                 const std::vector<ReservedTask>& tasks) = 0;
  // Ends one attempt and starts another, soon. The start happens only while the execution may run
  // tasks and has fewer than `parallelism` under way. `done` is called once it is on disk or has
  // failed; `refused` earlier, on the writing thread, when the start is not going to happen. Steps
  // of one caller are done in order.
  virtual void Step(std::shared_ptr<const AttemptStep> step, std::function<void()> refused,
                    std::function<void(absl::StatusOr<AttemptStepDone>)> done) = 0;

  // Removes executions that completed before `before`, and the results behind them, at most `most`
  // of them. Returns how many.
  virtual absl::StatusOr<int64_t> Prune(int64_t before, int most) = 0;
};

}  // namespace solvent
