// Batches: a job is a model to be solved over many inputs, an execution of it one batch of tasks,
// a task one input, an attempt one solve of a task in one worker process.
//
//   JobDefinition job;
//   job.name = "nightly-restock";
//   job.model_id = "mdl_…";
//   job.runtime.max_concurrent_tasks = 4;
//   engine.jobs().Create(caller, job);
//   JobStart start;
//   for (Json& scenario : scenarios) start.tasks.push_back({std::move(scenario)});
//   absl::StatusOr<JobStarted> begun = engine.jobs().Start(caller, "nightly-restock", start);
//
// Each task is backed by one ordinary execution record (solvent/execution.h), made with it. What an
// execution runs with (the model's definition, options, limits) is frozen when it is made. A task
// ends exactly once, also when the process is killed at any moment.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/identity.h"
#include "solvent/json.h"

namespace solvent {

// What an engine allows its batches.
struct JobOptions {
  std::string cluster = "local";     // the instance's name, shown in every execution
  int64_t max_tasks = 1000;          // of one execution
  int max_parallel_executions = 10;  // of one organization; further ones wait, first in first out
  int64_t retention_seconds = int64_t{30} * 86400;  // how long ended executions are kept
  // Start the simplex method for a linear problem from the basis of an earlier task. Changes how
  // long a task takes, not its status or optimum (SolveOptions::start_columns).
  bool warm_start = true;
};

struct JobRuntime {
  int max_concurrent_tasks = 1;      // 1..64, attempts of one execution at once
  int max_retries = 0;               // 0..10, further attempts of a task that failed
  int64_t timeout_seconds = 3600;    // 1..86400, of a whole execution from its first attempt on
  int64_t task_timeout_seconds = 0;  // 1..timeout_seconds, of one attempt; 0: timeout_seconds
  int64_t memory_mb = 2048;          // 64..1048576, address space of the process that solves
  // Solver options (JobOptionNames()), each name at most once.
  std::vector<std::pair<std::string, std::string>> envs;
};

struct JobDefinition {
  std::string name;          // [a-z0-9]([a-z0-9-]{0,47}[a-z0-9])?, never changes
  std::string display_name;  // "" for none, else at most 63 characters
  std::string external_id;   // "" for none, else [A-Za-z0-9-]{1,64}
  std::vector<std::pair<std::string, std::string>> labels;  // at most 32
  bool enabled = true;   // when false, no execution can be started
  std::string model_id;  // an active model of the organization
  JobRuntime runtime;
  std::string webhook_url;     // told of every execution's end; "" for none
  std::string webhook_secret;  // "whsec_…", signs what is sent; not filled by reads
};

struct Job {
  JobDefinition definition;
  std::string organization_id;
  std::string created_by;  // user ids
  std::string updated_by;
  int64_t created_at = 0;  // microseconds since 1970 UTC; 0 where it has not happened. So below.
  int64_t updated_at = 0;
};

// Readers for the HTTP API's bodies. BadRequest with every fault in its fields; any member that is
// not known is one. Those of a start are in JobStart::fault, unless it is no object at all.
struct JobStart;
absl::StatusOr<JobDefinition> ReadJobDefinition(const Json& body);
absl::StatusOr<JobStart> ReadJobStart(Json body);

// The names that envs may set: MIP_GAP, NODE_LIMIT, SEED, SOLVER, THREADS, TIME_LIMIT, VERIFY.
std::vector<std::string_view> JobOptionNames();

// "1h30m", "45s": integers with h, m, s in that order, each at most once, 1 s to 24 h in all.
std::optional<int64_t> ParseDuration(std::string_view text);
// With the largest units: 5400 is "1h30m".
std::string FormatDuration(int64_t seconds);

struct NewTask {
  Json input;                      // what OrganizationModel::Execute takes
  std::string name;                // [A-Za-z0-9][A-Za-z0-9._-]{0,62}, unique; "": "task-<index>"
  std::optional<int> max_retries;  // 0..the job's
  std::optional<int64_t> timeout_seconds;  // 1..the job's task limit
};

struct JobStart {
  std::vector<NewTask> tasks;  // 1..JobOptions::max_tasks
  // Laid over the job's envs.
  std::optional<std::vector<std::pair<std::string, std::string>>> env;
  std::optional<int64_t> memory_mb;        // 64..the job's
  std::optional<int> parallelism;          // 1..the job's max_concurrent_tasks
  std::optional<int64_t> timeout_seconds;  // 1..the job's
  bool allow_queue = true;                 // false: fail rather than wait for a place
  std::string execution_id;                // [a-z0-9][a-z0-9-]{0,62}; "": a new one
  std::string request_id;                  // 1..128 printable ASCII characters; "": a new one
  // request_id came beside the body: it makes no other request of one that execution_id names.
  bool id_beside_body = false;
  std::string job;           // "" or the job's name
  std::string organization;  // "" or the caller's organization
  // Tells whether a repeated execution_id or request_id asks for the same; ReadJobStart fills it,
  // from all of the body but "id".
  std::string request_hash;
  // What ReadJobStart found wrong: refused with what else is wrong.
  absl::Status fault;
};

struct JobStarted {
  std::string execution_id;
  std::string request_id;
  std::string job;
  std::string organization_id;
  std::vector<std::string> task_names;
  bool replayed = false;  // this is an earlier request's answer; nothing was made
};

// The origin of the runs behind tasks.
inline constexpr std::string_view kBatchOrigin = "batch";

enum class TaskState : uint8_t {
  kPending = 0,
  kReconciling = 1,  // waits for another attempt
  kRunning = 2,
  kSucceeded = 3,
  kFailed = 4,
  kCancelled = 5,
};
inline constexpr int kTaskStates = 6;
std::string_view ToString(TaskState state);  // "pending", "reconciling", ...
inline bool IsEndState(TaskState state) { return state >= TaskState::kSucceeded; }

enum class JobState : uint8_t {
  kQueued,  // waits for one of the organization's places
  kPending,
  kRunning,
  kCancelling,
  kCancelled,
  kFailed,
  kSucceeded,
  kTimeout,
};
std::string_view ToString(JobState state);  // "queued", "pending", ...
inline bool IsEndState(JobState state) { return state >= JobState::kCancelled; }

enum class StopCause : uint8_t { kNone = 0, kCancel = 1, kTimeout = 2 };

// Why an attempt or a task ended. The names are those of the HTTP API: "SolverOptimal", ...
enum class TaskReason : uint8_t {
  kNone,
  kSolverOptimal,
  kSolverFeasible,
  kSolverInfeasible,
  kSolverUnbounded,
  kInvalidInput,
  kModelError,
  kSolverCrashed,
  kOutOfMemory,
  kTaskTimeout,
  kExecutionTimeout,
  kServerRestarted,
  kInternalError,
  kCancelled,
  kJobDeleted,
};
std::string_view ToString(TaskReason reason);  // "" for kNone
bool IsRetryable(TaskReason reason);

struct JobTask {
  int64_t index = 0;
  std::string name;
  TaskState state = TaskState::kPending;
  int64_t created_at = 0;
  int64_t scheduled_at = 0;  // from when the next attempt, or the running one, was allowed to start
  int64_t started_at = 0;    // of the first attempt
  int64_t completed_at = 0;
  int64_t updated_at = 0;
  int max_retries = 0;
  int64_t timeout_seconds = 0;
  int attempts = 0;                            // started so far
  TaskReason last_reason = TaskReason::kNone;  // of the last attempt that failed
  TaskReason reason = TaskReason::kNone;       // of the end
  StopCause ended_by = StopCause::kNone;       // when the execution's end was the task's
  std::string message;  // of the end, else of the last attempt that failed; one sentence
};

// How a task came to be where it is: Scheduled, Retry, Completed, in this order, each at most once.
// Views refer to the task or to constants.
struct TaskCondition {
  std::string_view type;
  std::string_view state;
  std::string_view reason;
  std::string_view severity;
  std::string_view execution_reason;
  std::string_view message;
};
struct TaskConditions {
  std::array<TaskCondition, 3> items;
  size_t size = 0;
};
TaskConditions ConditionsOf(const JobTask& task);

struct JobStats {
  int64_t total = 0;
  int64_t pending = 0;  // pending or reconciling
  int64_t running = 0;
  int64_t success = 0;
  int64_t failure = 0;
  int64_t cancelled = 0;
  int64_t retried = 0;  // tasks of which a second attempt has started
};

struct JobExecution {
  std::string id;
  std::string job;
  std::string organization_id;
  int64_t created_at = 0;
  int64_t started_at = 0;
  int64_t completed_at = 0;
  int64_t updated_at = 0;
  int64_t deleted_at = 0;                 // of its job
  int64_t expires_at = 0;                 // from when it may be gone; 0 before its end
  std::optional<std::string> masked_env;  // JSON object with the names of the request's env
  std::optional<int64_t> memory_override_mb;
  int parallelism = 1;
  int64_t timeout_seconds = 0;
  // Both computed from the tasks, in the read that brought them.
  JobState state = JobState::kQueued;
  JobStats stats;
  std::vector<JobTask> tasks;  // in request order; empty when not asked for
};

// The state of an execution whose tasks stand like this.
JobState StateOf(const std::array<int64_t, kTaskStates>& tasks, bool admitted, StopCause cause);

struct JobExecutionList {
  std::vector<JobExecution> items;  // newest first
  int64_t total = 0;
};

struct JobTaskPage {
  std::vector<JobTask> tasks;
  int64_t total = 0;  // of the execution
  bool has_more = false;
};

struct JobAttempt {
  int number = 0;
  int64_t started_at = 0;
  int64_t completed_at = 0;  // 0: under way
  std::string outcome;       // "succeeded", "failed", "interrupted", "cancelled", or "running"
  TaskReason reason = TaskReason::kNone;
  std::string message;
};

struct JobTaskDetail {
  JobTask task;
  std::string execution_id;  // of the execution record behind it, "exe_…"
  std::string input_json;
  std::string result_json;  // "" without a result
  std::vector<JobAttempt> attempts;
};

// One line of a batch's outcome.
struct JobTaskOutcome {
  JobTask task;
  std::string execution_id;
  std::string solver_status;  // "" without an answer
  std::optional<double> objective_value;
  double solve_seconds = 0;  // over all attempts
};

struct JobSummary {
  JobState state = JobState::kQueued;
  JobStats stats;
  // Over the objective values of tasks that have one; quartiles are interpolated linearly.
  int64_t objectives = 0;
  double min = 0, lower_quartile = 0, median = 0, upper_quartile = 0, max = 0, mean = 0;
  std::vector<std::pair<std::string, int64_t>> solver_statuses;  // counts, by name
  double solve_seconds = 0;                                      // of all attempts together
  double elapsed_seconds = 0;           // from the first start to the end, or to now
  std::vector<JobTaskOutcome> slowest;  // at most 10, longest first
};

struct DeletedJob {
  Job job;
  bool still_running = false;  // solvers of it are still being stopped
};

// Thread-safe. Made and owned by an Engine. NotFound covers "does not exist" and "is not yours".
class JobRunner {
 public:
  virtual ~JobRunner() = default;

  // BadRequest naming each fault; NotFound for the model; AlreadyExists (conflict) for the name.
  virtual absl::StatusOr<Job> Create(const Caller& caller, JobDefinition definition) = 0;
  virtual absl::StatusOr<Job> Get(std::string_view organization, std::string_view name) = 0;
  // Newest first. `total` may be null; a ValidationError names a negative limit or offset, here and
  // in Executions.
  virtual absl::StatusOr<std::vector<Job>> List(std::string_view organization, int64_t limit,
                                                int64_t offset, int64_t* total) = 0;
  // Executions that exist keep what they were made with. A definition without webhook_secret keeps
  // the old one as long as it has a webhook_url.
  virtual absl::StatusOr<Job> Replace(const Caller& caller, std::string_view name,
                                      JobDefinition definition) = 0;
  // Its executions are cancelled with force, and stay readable under the job's name.
  virtual absl::StatusOr<DeletedJob> Delete(std::string_view organization,
                                            std::string_view name) = 0;

  // All or nothing. FailedPrecondition (conflict): the job is disabled or its model not active, or
  // an id was used for another request. ResourceExhausted (capacity_exceeded): allow_queue is false
  // and no task could start now. Unavailable: the engine has been stopped; nothing was recorded.
  virtual absl::StatusOr<JobStarted> Start(const Caller& caller, std::string_view job,
                                           JobStart start) = 0;

  virtual absl::StatusOr<JobExecutionList> Executions(std::string_view organization,
                                                      std::string_view job, int64_t limit,
                                                      int64_t offset, bool with_tasks) = 0;
  virtual absl::StatusOr<JobExecution> Execution(std::string_view organization,
                                                 std::string_view job, std::string_view id,
                                                 bool with_tasks = true) = 0;
  // Tasks under way finish, all others end as cancelled; with `force` those under way too.
  // FailedPrecondition (conflict) for an execution that has ended otherwise than by a cancel.
  virtual absl::StatusOr<JobExecution> Cancel(std::string_view organization, std::string_view job,
                                              std::string_view id, bool force,
                                              bool with_tasks = true) = 0;

  // From index `from` on, at most `limit`; ValidationError when one is negative.
  virtual absl::StatusOr<JobTaskPage> Tasks(std::string_view organization, std::string_view job,
                                            std::string_view id, int64_t from, int64_t limit) = 0;
  virtual absl::StatusOr<JobTaskDetail> Task(std::string_view organization, std::string_view job,
                                             std::string_view id, std::string_view task) = 0;
  // In request order; one read.
  virtual absl::StatusOr<std::vector<JobTaskOutcome>> Outcomes(std::string_view organization,
                                                               std::string_view job,
                                                               std::string_view id) = 0;
  virtual absl::StatusOr<JobSummary> Summary(std::string_view organization, std::string_view job,
                                             std::string_view id) = 0;

  virtual const JobOptions& options() const = 0;
};

// Outcomes as CSV (RFC 4180) with a header line.
std::string OutcomesToCsv(const std::vector<JobTaskOutcome>& outcomes);

}  // namespace solvent
