#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "clock.h"
#include "job_rows.h"
#include "notification_writer.h"
#include "run_rows.h"
#include "solvent/error.h"
#include "sqlite_jobs.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr int kMaxInterruptions = 3;
constexpr char kExecutionCompleted[] = "job.execution.completed";
constexpr int64_t kSecond = 1'000'000;

// Definitions.
constexpr char kInsertJob[] =
    "INSERT INTO jobs (organization_id, name, definition, webhook_secret, created_by, updated_by,"
    " created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
constexpr char kFindJob[] =
    "SELECT k FROM jobs WHERE organization_id = ?1 AND name = ?2 AND deleted_at = 0";
constexpr char kUpdateJob[] =
    "UPDATE jobs SET definition = ?3, webhook_secret = iif(?5, webhook_secret, ?4),"
    " updated_by = ?6, updated_at = ?7"
    " WHERE organization_id = ?1 AND name = ?2 AND deleted_at = 0";
constexpr char kDeleteJob[] = "UPDATE jobs SET deleted_at = ?2 WHERE k = ?1";
constexpr char kOpenOfJob[] =
    "SELECT k FROM job_executions WHERE job = ?1 AND completed_at = 0 ORDER BY k";
constexpr char kIsOpenAndDeleted[] =
    "SELECT 1 FROM job_executions e WHERE e.k = ?1 AND e.completed_at = 0"
    " AND EXISTS (SELECT 1 FROM jobs WHERE k = e.job AND deleted_at <> 0)";

// Executions.
constexpr char kIdTaken[] =
    "SELECT EXISTS (SELECT 1 FROM job_executions WHERE organization_id = ?1 AND id = ?2)"
    " OR EXISTS (SELECT 1 FROM job_executions WHERE organization_id = ?1 AND request_key = ?3)";
constexpr char kInsertExecution[] =
    "INSERT INTO job_executions (id, organization_id, job, job_name, user_id, total, parallelism,"
    " timeout_seconds, memory_mb, memory_override_mb, masked_env, frozen, webhook_url,"
    " webhook_secret, request_key, request_hash, created_at, updated_at)"
    " SELECT ?1, ?2, k, name, ?4, ?5, ?6, ?7, ?8, iif(?9 < 0, NULL, ?9), iif(?10 = '', NULL, ?10),"
    " ?11, ?12, webhook_secret, ?13, ?14, ?15, ?15 FROM jobs WHERE k = ?3";
constexpr char kInsertTask[] =
    "INSERT INTO job_tasks (execution, idx, name, due, run, max_retries, timeout_seconds,"
    " created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4, ?4)";
constexpr char kNextInLine[] =
    "SELECT k FROM job_executions"
    " WHERE organization_id = ?1 AND completed_at = 0 AND admitted_at = 0"
    " ORDER BY created_at, k LIMIT 1";
constexpr char kAdmit[] =
    "UPDATE job_executions SET admitted_at = ?2, updated_at = max(updated_at, ?2) WHERE k = ?1";
#define HEAD_COLUMNS                                                                              \
  "SELECT e.k, e.id, e.organization_id, e.job_name, e.user_id, e.parallelism, e.timeout_seconds," \
  " e.admitted_at, e.started_at, e.completed_at, e.stop_cause, e.stop_force, e.webhook_url"       \
  " FROM job_executions e"
constexpr char kLoadHead[] = HEAD_COLUMNS " WHERE e.k = ?1";
constexpr char kFindHead[] =
    HEAD_COLUMNS " WHERE e.organization_id = ?1 AND e.id = ?2 AND e.job_name = ?3";
#undef HEAD_COLUMNS
constexpr char kStop[] =
    "UPDATE job_executions SET stop_cause = ?2, stop_force = ?3, updated_at = max(updated_at, ?4)"
    " WHERE k = ?1";
constexpr char kTouch[] = "UPDATE job_executions SET updated_at = max(updated_at, ?2) WHERE k = ?1";
constexpr char kBegun[] =
    "UPDATE job_executions SET started_at = iif(started_at = 0, ?2, started_at),"
    " updated_at = max(updated_at, ?2) WHERE k = ?1";
constexpr char kComplete[] =
    "UPDATE job_executions SET completed_at = ?2, updated_at = max(updated_at, ?2)"
    " WHERE k = ?1 AND completed_at = 0";

// Tasks.
#define TASK_COLUMNS                                                                   \
  "SELECT execution, idx, state, holder, due, run, attempts, failures, interruptions," \
  " max_retries, attempt_started_at FROM job_tasks"
constexpr char kLoadTask[] = TASK_COLUMNS " WHERE execution = ?1 AND idx = ?2";
constexpr char kTasksInState[] = TASK_COLUMNS " WHERE execution = ?1 AND state = ?2";
constexpr char kTasksHeld[] = TASK_COLUMNS " WHERE holder = ?1 AND holder <> 0";
#undef TASK_COLUMNS
constexpr char kAnyUnfinished[] =
    "SELECT EXISTS (SELECT 1 FROM job_tasks WHERE execution = ?1 AND state < 3)";
constexpr char kCountRunning[] =
    "SELECT count(*) FROM job_tasks WHERE execution = ?1 AND state = 2";
constexpr char kLine[] =
    "SELECT idx FROM job_tasks"
    " WHERE execution = ?1 AND state = ?2 AND holder = 0 AND due BETWEEN ?3 AND ?4"
    " ORDER BY due, idx LIMIT ?5";
constexpr char kHold[] =
    "UPDATE job_tasks SET holder = ?3 WHERE execution = ?1 AND idx = ?2"
    " RETURNING name, run, timeout_seconds, created_at, attempts, careful";
constexpr char kLetGo[] =
    "UPDATE job_tasks SET holder = 0, careful = max(careful, ?4)"
    " WHERE execution = ?1 AND idx = ?2 AND holder = ?3 AND state < 2";
constexpr char kStartTask[] =
    "UPDATE job_tasks SET state = 2, retried = max(retried, attempts > 0),"
    " attempts = attempts + 1, started_at = iif(started_at = 0, ?3, started_at),"
    " attempt_started_at = ?3, updated_at = ?3 WHERE execution = ?1 AND idx = ?2";
constexpr char kRetryTask[] =
    "UPDATE job_tasks SET state = 1, holder = 0, due = ?3, updated_at = ?4, attempts = ?5,"
    " failures = ?6, interruptions = ?7 WHERE execution = ?1 AND idx = ?2 AND state = 2";
constexpr char kNoteFailure[] =
    "UPDATE job_tasks SET last_reason = ?3, message = ?4 WHERE execution = ?1 AND idx = ?2";
// The condition on what was seen keeps a late or doubled writer from changing anything.
constexpr char kEndTask[] =
    "UPDATE job_tasks SET state = ?5, holder = 0, completed_at = ?6, updated_at = ?6, reason = ?7,"
    " ended_by = ?8, message = ?9 WHERE execution = ?1 AND idx = ?2 AND state = ?3"
    " AND attempts = ?4";
// Numbers alone may mean another task, once a copy was restored under whoever is solving.
constexpr char kIsRun[] = "SELECT 1 FROM executions WHERE n = ?1 AND id = ?2";
constexpr char kInsertAttempt[] =
    "INSERT INTO job_attempts (execution, idx, number, started_at, completed_at, outcome, reason,"
    " message, solve_micros) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

// Retention. A delivery that is open needs its execution's URL and secret.
constexpr char kExpired[] =
    "SELECT k FROM job_executions e WHERE completed_at <> 0 AND completed_at < ?1"
    " AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d"
    " WHERE d.batch = e.k AND d.batch <> 0 AND d.state = 0)"
    " ORDER BY completed_at LIMIT ?2";
constexpr const char* kForget[] = {
    "UPDATE run_inputs SET input_json = '', problem = x''"
    " WHERE n IN (SELECT run FROM job_tasks WHERE execution = ?1)",
    "UPDATE run_outputs SET preview_json = '', result_json = ''"
    " WHERE n IN (SELECT run FROM job_tasks WHERE execution = ?1)",
    "DELETE FROM job_attempts WHERE execution = ?1",
    "DELETE FROM job_tasks WHERE execution = ?1",
    "DELETE FROM job_executions WHERE k = ?1",
};

absl::Status Conflict(std::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, error_code::kConflict, message);
}

// The wait before the attempt after `failures` failed ones.
int64_t RetryDelay(int failures, double jitter) {
  double seconds = std::min(std::ldexp(1.0, std::min(failures - 1, 10)), 60.0);
  return static_cast<int64_t>(seconds * (1 + 0.25 * jitter) * kSecond);
}

absl::StatusOr<std::vector<int64_t>> Numbers(Query& query) {
  std::vector<int64_t> numbers;
  while (query.Next()) numbers.push_back(query.Int(0));
  RETURN_IF_ERROR(query.status());
  return numbers;
}

}  // namespace

struct SqliteJobs::Head {
  int64_t k = 0;
  std::string id;
  std::string organization;
  std::string job;
  std::string user;
  int64_t parallelism = 1;
  int64_t timeout_seconds = 0;
  int64_t admitted_at = 0;
  int64_t started_at = 0;
  int64_t completed_at = 0;
  StopCause cause = StopCause::kNone;
  bool force = false;
  std::string webhook_url;

  bool TimeIsUp(int64_t now) const {
    return started_at != 0 && now >= started_at + timeout_seconds * kSecond;
  }
};

struct SqliteJobs::TaskHead {
  int64_t execution = 0;
  int64_t index = 0;
  TaskState state = TaskState::kPending;
  int64_t holder = 0;
  int64_t due = 0;
  int64_t run = 0;
  int attempts = 0;
  int failures = 0;
  int interruptions = 0;
  int max_retries = 0;
  int64_t attempt_started_at = 0;

  explicit TaskHead(const Query& row)
      : execution(row.Int(0)),
        index(row.Int(1)),
        state(static_cast<TaskState>(row.Int(2))),
        holder(row.Int(3)),
        due(row.Int(4)),
        run(row.Int(5)),
        attempts(row.Int32(6)),
        failures(row.Int32(7)),
        interruptions(row.Int32(8)),
        max_retries(row.Int32(9)),
        attempt_started_at(row.Int(10)) {}
};

struct SqliteJobs::TaskEnd {
  TaskState state = TaskState::kFailed;
  TaskReason reason = TaskReason::kNone;
  StopCause by = StopCause::kNone;
  std::string message;
  const AttemptEnd* attempt = nullptr;  // what a solver handed back, if that is how it ended
};

absl::Status SqliteJobs::InsertJob(const JobRow& row) {
  return writer_.Run([&](Db& db) -> absl::Status {
    {
      Query taken(db, kFindJob, row.organization_id, row.name);
      if (taken.Next()) {
        return MakeError(absl::StatusCode::kAlreadyExists, error_code::kConflict,
                         "There is a job of this name already");
      }
      RETURN_IF_ERROR(taken.status());
    }
    return db.Run(kInsertJob, row.organization_id, row.name, row.definition,
                  Blob{row.webhook_secret}, row.created_by, row.updated_by, row.created_at,
                  row.updated_at);
  });
}

absl::StatusOr<bool> SqliteJobs::UpdateJob(const JobRow& row, bool keep_secret) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kUpdateJob, row.organization_id, row.name, row.definition,
                           Blob{row.webhook_secret}, keep_secret, row.updated_by, row.updated_at));
    return db.changes() == 1;
  });
}

absl::StatusOr<std::optional<std::vector<int64_t>>> SqliteJobs::DeleteJob(
    std::string_view organization, std::string_view name, int64_t now) {
  using Stopped = std::optional<std::vector<int64_t>>;
  return writer_.Get<Stopped>([&](Db& db) -> absl::StatusOr<Stopped> {
    int64_t job = 0;
    {
      Query query(db, kFindJob, organization, name);
      if (!query.Next()) {
        RETURN_IF_ERROR(query.status());
        return Stopped();
      }
      job = query.Int(0);
    }
    RETURN_IF_ERROR(db.Run(kDeleteJob, job, now));
    Query query(db, kOpenOfJob, job);
    ASSIGN_OR_RETURN(std::vector<int64_t> open, Numbers(query));
    return Stopped(std::move(open));
  });
}

absl::Status SqliteJobs::EndDeleted(int64_t execution, int64_t now) {
  return writer_.Run([&](Db& db) -> absl::Status {
    {
      Query query(db, kIsOpenAndDeleted, execution);
      if (!query.Next()) return query.status();
    }
    ASSIGN_OR_RETURN(std::optional<Head> head, LoadHead(db, execution));
    if (!head.has_value()) return absl::DataLossError("an execution is gone");
    StopCause cause = head->cause == StopCause::kNone ? StopCause::kCancel : head->cause;
    RETURN_IF_ERROR(db.Run(kStop, execution, static_cast<int>(cause), true, now));
    RETURN_IF_ERROR(EndAll(db, *head, cause, TaskReason::kJobDeleted, true, now));
    return CompleteIfOver(db, execution, now).status();
  });
}

absl::Status SqliteJobs::InsertExecution(NewJobExecution execution) {
  return writer_.Run([&](Db& db) { return DoInsertExecution(db, execution); });
}

absl::Status SqliteJobs::DoInsertExecution(Db& db, NewJobExecution& e) {
  int64_t job = 0;
  {
    Query query(db, kFindJob, e.organization_id, e.job);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return NotFound("Job not found");
    }
    job = query.Int(0);
  }
  {
    Query query(db, kIdTaken, e.organization_id, e.id, e.request_key);
    if (query.Next() && query.Int(0) != 0) {
      return MakeError(absl::StatusCode::kAlreadyExists, error_code::kConflict,
                       "The execution's id or the request's id was used before");
    }
    RETURN_IF_ERROR(query.status());
  }
  RETURN_IF_ERROR(RequireRoom(db, e));
  int64_t price = 0;
  for (const NewJobExecution::Task& task : e.tasks) price += task.run.execution.credits_used;
  RETURN_IF_ERROR(credits_.RequireFunds(db, e.organization_id, price, e.now));
  RETURN_IF_ERROR(db.Run(kInsertExecution, e.id, e.organization_id, job, e.user_id,
                         static_cast<int64_t>(e.tasks.size()), e.parallelism, e.timeout_seconds,
                         e.memory_mb, e.memory_override_mb.value_or(-1), e.masked_env.value_or(""),
                         e.frozen, e.webhook_url, e.request_key, e.request_hash, e.now));
  int64_t k = db.last_insert_rowid();
  for (size_t i = 0; i < e.tasks.size(); ++i) {
    RETURN_IF_ERROR(AddTask(db, e.tasks[i], k, static_cast<int64_t>(i), e.now));
  }
  // Those that wait come first; the new one is the last of them.
  while (true) {
    ASSIGN_OR_RETURN(int64_t admitted, CountAdmitted(db, e.organization_id));
    if (admitted >= e.max_parallel) return absl::OkStatus();
    int64_t next = 0;
    {
      Query query(db, kNextInLine, e.organization_id);
      if (query.Next()) next = query.Int(0);
      RETURN_IF_ERROR(query.status());
    }
    if (next == 0) return absl::OkStatus();
    RETURN_IF_ERROR(db.Run(kAdmit, next, e.now));
  }
}

absl::Status SqliteJobs::AddTask(Db& db, NewJobExecution::Task& task, int64_t execution,
                                 int64_t index, int64_t now) {
  ASSIGN_OR_RETURN(int64_t run, runs_.AddBatchRun(db, task.run, execution));
  return db.Run(kInsertTask, execution, index, task.name, now, run, task.max_retries,
                task.timeout_seconds);
}

absl::StatusOr<std::optional<SqliteJobs::Head>> SqliteJobs::LoadHead(Db& db, int64_t k) {
  Query q(db, kLoadHead, k);
  if (q.Next()) {
    return Head{q.Int(0),
                q.Text(1),
                q.Text(2),
                q.Text(3),
                q.Text(4),
                q.Int(5),
                q.Int(6),
                q.Int(7),
                q.Int(8),
                q.Int(9),
                static_cast<StopCause>(q.Int(10)),
                q.Int(11) != 0,
                q.Text(12)};
  }
  RETURN_IF_ERROR(q.status());
  return std::nullopt;
}

absl::StatusOr<std::optional<SqliteJobs::Head>> SqliteJobs::FindHead(Db& db,
                                                                     std::string_view organization,
                                                                     std::string_view job,
                                                                     std::string_view id) {
  int64_t k = 0;
  {
    Query query(db, kFindHead, organization, id, job);
    if (query.Next()) k = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  if (k == 0) return std::nullopt;
  return LoadHead(db, k);
}

absl::StatusOr<std::optional<SqliteJobs::TaskHead>> SqliteJobs::LoadTask(Db& db, int64_t execution,
                                                                         int64_t index) {
  Query query(db, kLoadTask, execution, index);
  if (query.Next()) return TaskHead(query);
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

absl::StatusOr<std::vector<SqliteJobs::TaskHead>> SqliteJobs::Unfinished(Db& db, const Head& head,
                                                                         bool running) {
  std::vector<TaskHead> tasks;
  for (TaskState state : {TaskState::kPending, TaskState::kReconciling, TaskState::kRunning}) {
    if (state == TaskState::kRunning && !running) continue;
    Query query(db, kTasksInState, head.k, static_cast<int>(state));
    while (query.Next()) tasks.emplace_back(query);
    RETURN_IF_ERROR(query.status());
  }
  return tasks;
}

absl::Status SqliteJobs::RecordAttempt(Db& db, const TaskHead& task, std::string_view outcome,
                                       TaskReason reason, std::string_view message,
                                       int64_t solve_micros, int64_t now) {
  return db.Run(kInsertAttempt, task.execution, task.index, task.attempts, task.attempt_started_at,
                std::max(now, task.attempt_started_at), outcome, static_cast<int>(reason), message,
                solve_micros);
}

absl::Status SqliteJobs::EndTask(Db& db, const TaskHead& task, const TaskEnd& end, int64_t now) {
  RETURN_IF_ERROR(db.Run(kEndTask, task.execution, task.index, static_cast<int>(task.state),
                         task.attempts, static_cast<int>(end.state), now,
                         static_cast<int>(end.reason), static_cast<int>(end.by), end.message));
  if (db.changes() != 1) return absl::InternalError("the task has changed meanwhile");
  ASSIGN_OR_RETURN(std::optional<RunHead> run, LoadHeadAt(db, task.run));
  if (!run.has_value()) return absl::DataLossError("the record behind a task is gone");
  FinishRun finish;
  if (end.attempt != nullptr) {
    finish = end.attempt->run;
  } else {
    bool timeout = end.reason == TaskReason::kExecutionTimeout;
    finish.state = timeout ? RunState::kTimeout : RunState::kFailed;
    finish.error_message = end.message;
    if (end.state == TaskState::kCancelled) {
      finish.stopped_at_work = task.state == TaskState::kRunning;
      finish.error_message = std::string(ToString(end.reason)) + ": " + end.message;
    }
  }
  finish.now = now;
  return runs_.EndRun(db, *run, finish).status();
}

absl::Status SqliteJobs::EndAll(Db& db, const Head& head, StopCause cause, TaskReason reason,
                                bool running, int64_t now) {
  ASSIGN_OR_RETURN(std::vector<TaskHead> tasks, Unfinished(db, head, running));
  for (const TaskHead& task : tasks) {
    TaskEnd end;
    end.by = cause;
    if (task.state == TaskState::kRunning && reason == TaskReason::kExecutionTimeout) {
      end.state = TaskState::kFailed;
      end.reason = reason;
      end.message = "The execution's time limit passed while the task was being solved.";
    } else {
      end.state = TaskState::kCancelled;
      end.reason = reason == TaskReason::kExecutionTimeout ? TaskReason::kCancelled : reason;
      end.message = reason == TaskReason::kJobDeleted         ? "The job was deleted."
                    : reason == TaskReason::kExecutionTimeout ? "The execution's time limit passed."
                                                              : "The execution was cancelled.";
    }
    if (task.state == TaskState::kRunning) {
      std::string_view outcome = end.state == TaskState::kFailed ? "failed" : "cancelled";
      RETURN_IF_ERROR(RecordAttempt(db, task, outcome, end.reason, end.message,
                                    now - task.attempt_started_at, now));
    }
    RETURN_IF_ERROR(EndTask(db, task, end, now));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SqliteJobs::CompleteIfOver(Db& db, int64_t execution, int64_t now) {
  {
    Query query(db, kAnyUnfinished, execution);
    bool any = query.Next() && query.Int(0) != 0;
    RETURN_IF_ERROR(query.status());
    if (any) {
      RETURN_IF_ERROR(db.Run(kTouch, execution, now));
      return false;
    }
  }
  RETURN_IF_ERROR(db.Run(kComplete, execution, now));
  if (db.changes() != 1) return false;
  ASSIGN_OR_RETURN(std::optional<Head> head, LoadHead(db, execution));
  if (!head.has_value()) return absl::DataLossError("an execution is gone");
  RETURN_IF_ERROR(AnnounceEnd(db, *head, now));
  if (head->admitted_at == 0) return true;
  int64_t next = 0;
  {
    Query query(db, kNextInLine, head->organization);
    if (query.Next()) next = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  if (next != 0) RETURN_IF_ERROR(db.Run(kAdmit, next, now));
  return true;
}

absl::Status SqliteJobs::AnnounceEnd(Db& db, const Head& head, int64_t now) {
  ASSIGN_OR_RETURN(TaskCounts counts, CountTasks(db, head.k));
  ASSIGN_OR_RETURN(int64_t retried, CountRetried(db, head.k));
  JobStats stats = StatsOf(counts, retried);
  JobState state = StateOf(counts, head.admitted_at != 0, head.cause);
  Json numbers;
  numbers.Set("cancelled", stats.cancelled)
      .Set("failure", stats.failure)
      .Set("retried", stats.retried)
      .Set("running", stats.running)
      .Set("success", stats.success)
      .Set("total", stats.total);
  NewNotification notice;
  notice.organization_id = head.organization;
  notice.user_id = head.user;
  notice.type = state == JobState::kSucceeded ? NotificationType::kExecutionComplete
                                              : NotificationType::kExecutionFailed;
  notice.title = "Batch " + head.job + ": " + std::string(ToString(state));
  notice.message = std::to_string(stats.success) + " of " + std::to_string(stats.total) +
                   " tasks succeeded, " + std::to_string(stats.failure) + " failed, " +
                   std::to_string(stats.cancelled) + " were cancelled.";
  notice.data.Set("job", std::string_view(head.job))
      .Set("execution_id", std::string_view(head.id))
      .Set("status", ToString(state))
      .Set("stats", std::move(numbers));
  notice.now = now;
  RETURN_IF_ERROR(AddNotification(db, notice));
  if (head.webhook_url.empty()) return absl::OkStatus();
  NewBatchDelivery delivery;
  delivery.batch = head.k;
  delivery.organization_id = head.organization;
  // Not the execution's id: that may be used again once retention has removed the execution.
  delivery.run_id = "batch:" + std::to_string(head.k);
  delivery.job = head.job;
  delivery.url = head.webhook_url;
  delivery.event = kExecutionCompleted;
  delivery.now = now;
  Json body;
  body.Set("event", kExecutionCompleted)
      .Set("organization_id", std::string_view(head.organization))
      .Set("timestamp", FormatTime(now))
      .Set("data", std::move(notice.data));
  delivery.body = body.Dump();
  RETURN_IF_ERROR(EnqueueBatchDelivery(db, delivery));
  bell_.Ring();
  return absl::OkStatus();
}

absl::StatusOr<StoppedExecution> SqliteJobs::Cancel(std::string_view organization,
                                                    std::string_view job, std::string_view id,
                                                    bool force, int64_t now) {
  return writer_.Get<StoppedExecution>([&](Db& db) -> absl::StatusOr<StoppedExecution> {
    ASSIGN_OR_RETURN(std::optional<Head> head, FindHead(db, organization, job, id));
    if (!head.has_value()) return NotFound("Execution not found");
    StoppedExecution stopped{head->k, false};
    if (head->completed_at != 0) {
      ASSIGN_OR_RETURN(TaskCounts counts, CountTasks(db, head->k));
      if (StateOf(counts, true, head->cause) == JobState::kCancelled) return stopped;
      return Conflict("The execution has ended");
    }
    bool cancelled = head->cause == StopCause::kCancel;
    if (cancelled && (head->force || !force)) return stopped;
    StopCause cause = head->cause == StopCause::kNone ? StopCause::kCancel : head->cause;
    RETURN_IF_ERROR(db.Run(kStop, head->k, static_cast<int>(cause), force, now));
    RETURN_IF_ERROR(EndAll(db, *head, cause, TaskReason::kCancelled, force, now));
    RETURN_IF_ERROR(CompleteIfOver(db, head->k, now).status());
    stopped.changed = true;
    return stopped;
  });
}

absl::StatusOr<bool> SqliteJobs::TimeOut(int64_t execution, int64_t now) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(std::optional<Head> head, LoadHead(db, execution));
    if (!head.has_value() || head->completed_at != 0 || !head->TimeIsUp(now)) return false;
    // A cancel that came first stays the cause.
    StopCause cause = head->cause == StopCause::kNone ? StopCause::kTimeout : head->cause;
    RETURN_IF_ERROR(db.Run(kStop, execution, static_cast<int>(cause), true, now));
    RETURN_IF_ERROR(
        EndAll(db, *head, StopCause::kTimeout, TaskReason::kExecutionTimeout, true, now));
    RETURN_IF_ERROR(CompleteIfOver(db, execution, now).status());
    return true;
  });
}

absl::StatusOr<std::vector<ReservedTask>> SqliteJobs::Reserve(std::string_view owner,
                                                              int64_t execution, int most,
                                                              int64_t now) {
  using Tasks = std::vector<ReservedTask>;
  std::vector<int64_t> runs;
  ASSIGN_OR_RETURN(Tasks tasks, writer_.Get<Tasks>([&](Db& db) -> absl::StatusOr<Tasks> {
    runs.clear();
    ASSIGN_OR_RETURN(int64_t holder, FindOwner(db, owner));
    // Those that were never tried are due, whatever the clock says; of others, those too whose time
    // is further off than any delay: it was written while the clock was ahead.
    struct Span {
      TaskState state;
      int64_t from, to;
    };
    const int64_t far = now + kLongestDelay;
    std::vector<int64_t> line;
    for (const Span& span :
         {Span{TaskState::kPending, 0, INT64_MAX}, Span{TaskState::kReconciling, 0, now},
          Span{TaskState::kReconciling, far + 1, INT64_MAX}}) {
      int64_t left = most - static_cast<int64_t>(line.size());
      if (left <= 0) break;
      Query query(db, kLine, execution, static_cast<int>(span.state), span.from, span.to, left);
      ASSIGN_OR_RETURN(std::vector<int64_t> more, Numbers(query));
      line.insert(line.end(), more.begin(), more.end());
    }
    Tasks held;
    for (int64_t index : line) {
      Query query(db, kHold, execution, index, holder);
      if (query.Next()) {
        ReservedTask task;
        task.execution = execution;
        task.index = index;
        task.name = query.Text(0);
        runs.push_back(query.Int(1));
        task.timeout_seconds = query.Int(2);
        task.now_seconds = query.Int(3) / kSecond;
        task.attempts = query.Int32(4);
        task.careful = query.Int(5) != 0;
        held.push_back(std::move(task));
      }
      while (query.Next()) {
      }
      RETURN_IF_ERROR(query.status());
    }
    return held;
  }));
  Readers::Lease db(readers_);
  for (size_t i = 0; i < tasks.size(); ++i) {
    Query query(*db,
                "SELECT e.id, i.input_json FROM executions e JOIN run_inputs i ON i.n = e.n"
                " WHERE e.n = ?1",
                runs[i]);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return absl::DataLossError("the record behind a task is gone");
    }
    tasks[i].run_id = query.Text(0);
    tasks[i].input_json = query.Text(1);
  }
  return tasks;
}

absl::Status SqliteJobs::Unreserve(std::string_view owner, const std::vector<ReservedTask>& tasks) {
  if (tasks.empty()) return absl::OkStatus();
  return writer_.Run([&](Db& db) -> absl::Status {
    ASSIGN_OR_RETURN(int64_t holder, FindOwner(db, owner));
    for (const ReservedTask& task : tasks) {
      RETURN_IF_ERROR(db.Run(kLetGo, task.execution, task.index, holder, false));
    }
    return absl::OkStatus();
  });
}

void SqliteJobs::Step(std::shared_ptr<const AttemptStep> step, std::function<void()> refused,
                      std::function<void(absl::StatusOr<AttemptStepDone>)> done) {
  auto result = std::make_shared<AttemptStepDone>();
  writer_.Post(
      [this, step, result, refused = std::move(refused)](Db& db) {
        absl::Status status = DoStep(db, *step, *result);
        bool starts = status.ok() && result->started;
        if (step->start.has_value() && !starts && refused) refused();
        return status;
      },
      [result, done = std::move(done)](absl::Status status) {
        if (status.ok()) {
          done(*result);
        } else {
          done(std::move(status));
        }
      });
}

absl::Status SqliteJobs::DoStep(Db& db, const AttemptStep& step, AttemptStepDone& done) {
  absl::StatusOr<int64_t> holder = FindOwner(db, step.owner);
  // Taken for dead meanwhile: everything this owner held is somebody else's now.
  if (absl::IsFailedPrecondition(holder.status())) return absl::OkStatus();
  RETURN_IF_ERROR(holder.status());
  if (step.end.has_value()) RETURN_IF_ERROR(EndAttempt(db, *holder, *step.end, step.now, done));
  if (step.start.has_value()) {
    ASSIGN_OR_RETURN(done.started, StartTask(db, *holder, *step.start, step.now));
  }
  return absl::OkStatus();
}

absl::Status SqliteJobs::EndAttempt(Db& db, int64_t holder, const AttemptEnd& end, int64_t now,
                                    AttemptStepDone& done) {
  ASSIGN_OR_RETURN(std::optional<TaskHead> task, LoadTask(db, end.execution, end.index));
  if (!task.has_value() || task->state != TaskState::kRunning || task->holder != holder ||
      task->attempts != end.attempt) {
    return absl::OkStatus();
  }
  {
    Query same(db, kIsRun, task->run, end.run.id);
    bool is_same = same.Next();
    RETURN_IF_ERROR(same.status());
    if (!is_same) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::optional<Head> head, LoadHead(db, end.execution));
  if (!head.has_value()) return absl::DataLossError("an execution is gone");
  done.ended = true;
  const bool stopped = head->cause != StopCause::kNone;
  if (end.outcome == AttemptOutcome::kPutBack) {
    if (stopped) {
      RETURN_IF_ERROR(Interrupt(db, *head, *task, now));
      done.state = TaskState::kCancelled;
    } else {
      task->attempts -= 1;
      RETURN_IF_ERROR(RetryTask(db, *task, now, now));
      done.state = TaskState::kReconciling;
      done.due = now;
    }
  } else {
    RETURN_IF_ERROR(runs_.DescribeProblem(db, task->run, end.columns, end.rows,
                                          end.time_limit_seconds, end.problem));
    const bool succeeded = end.outcome == AttemptOutcome::kSucceeded;
    RETURN_IF_ERROR(RecordAttempt(db, *task, succeeded ? "succeeded" : "failed", end.reason,
                                  end.message, end.solve_micros, now));
    if (!succeeded) {
      RETURN_IF_ERROR(db.Run(kNoteFailure, task->execution, task->index,
                             static_cast<int>(end.reason), end.message));
    }
    if (!succeeded && IsRetryable(end.reason) && !stopped && task->failures < task->max_retries) {
      task->failures += 1;
      done.state = TaskState::kReconciling;
      done.due = now + RetryDelay(task->failures, end.jitter);
      RETURN_IF_ERROR(RetryTask(db, *task, done.due, now));
    } else {
      TaskEnd how;
      how.state = done.state = succeeded ? TaskState::kSucceeded : TaskState::kFailed;
      how.reason = end.reason;
      how.message = end.message;
      how.attempt = &end;
      RETURN_IF_ERROR(EndTask(db, *task, how, now));
    }
  }
  ASSIGN_OR_RETURN(done.execution_completed, CompleteIfOver(db, end.execution, now));
  return absl::OkStatus();
}

absl::Status SqliteJobs::RetryTask(Db& db, const TaskHead& task, int64_t due, int64_t now) {
  RETURN_IF_ERROR(db.Run(kRetryTask, task.execution, task.index, due, now, task.attempts,
                         task.failures, task.interruptions));
  if (db.changes() != 1) return absl::InternalError("the task has changed meanwhile");
  ASSIGN_OR_RETURN(std::optional<RunHead> run, LoadHeadAt(db, task.run));
  if (!run.has_value()) return absl::DataLossError("the record behind a task is gone");
  return runs_.QueueBatchRun(db, *run);
}

absl::StatusOr<bool> SqliteJobs::StartTask(Db& db, int64_t holder, const TaskStart& start,
                                           int64_t now) {
  ASSIGN_OR_RETURN(std::optional<TaskHead> task, LoadTask(db, start.execution, start.index));
  if (!task.has_value() || task->state >= TaskState::kRunning || task->holder != holder ||
      task->attempts + 1 != start.attempt) {
    return false;
  }
  const bool waits =
      task->state == TaskState::kReconciling && task->due > now && task->due <= now + kLongestDelay;
  if (waits) return false;
  ASSIGN_OR_RETURN(std::optional<Head> head, LoadHead(db, start.execution));
  if (!head.has_value() || head->admitted_at == 0 || head->cause != StopCause::kNone ||
      head->TimeIsUp(now)) {
    return false;
  }
  {
    Query query(db, kCountRunning, start.execution);
    bool full = query.Next() && query.Int(0) >= head->parallelism;
    RETURN_IF_ERROR(query.status());
    if (full) return false;
  }
  RETURN_IF_ERROR(db.Run(kStartTask, start.execution, start.index, now));
  RETURN_IF_ERROR(db.Run(kBegun, start.execution, now));
  ASSIGN_OR_RETURN(std::optional<RunHead> run, LoadHeadAt(db, task->run));
  if (!run.has_value()) return absl::DataLossError("the record behind a task is gone");
  RETURN_IF_ERROR(runs_.StartBatchRun(db, *run, holder, now));
  return true;
}

absl::Status SqliteJobs::Interrupt(Db& db, const Head& head, const TaskHead& task, int64_t now) {
  const std::string message = "The server stopped while the task was being solved.";
  RETURN_IF_ERROR(
      RecordAttempt(db, task, "interrupted", TaskReason::kServerRestarted, message, 0, now));
  RETURN_IF_ERROR(db.Run(kNoteFailure, task.execution, task.index,
                         static_cast<int>(TaskReason::kServerRestarted), message));
  TaskEnd end;
  if (head.cause != StopCause::kNone) {
    end.state = TaskState::kCancelled;
    end.reason = TaskReason::kCancelled;
    end.by = head.cause;
    end.message = "The execution was stopped.";
    return EndTask(db, task, end, now);
  }
  TaskHead next = task;
  next.interruptions += 1;
  if (next.interruptions < kMaxInterruptions) return RetryTask(db, next, now, now);
  end.state = TaskState::kFailed;
  end.reason = TaskReason::kServerRestarted;
  end.message = "The server stopped " + std::to_string(kMaxInterruptions) +
                " times while the task was being solved.";
  return EndTask(db, task, end, now);
}

absl::Status SqliteJobs::AfterOwnerGone(Db& db, int64_t owner, int64_t now) {
  std::vector<TaskHead> held;
  {
    Query query(db, kTasksHeld, owner);
    while (query.Next()) held.emplace_back(query);
    RETURN_IF_ERROR(query.status());
  }
  for (const TaskHead& task : held) {
    if (task.state != TaskState::kRunning) {
      RETURN_IF_ERROR(db.Run(kLetGo, task.execution, task.index, owner, true));
      continue;
    }
    ASSIGN_OR_RETURN(std::optional<Head> head, LoadHead(db, task.execution));
    if (!head.has_value()) return absl::DataLossError("an execution is gone");
    RETURN_IF_ERROR(Interrupt(db, *head, task, now));
    RETURN_IF_ERROR(CompleteIfOver(db, task.execution, now).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SqliteJobs::Prune(int64_t before, int most) {
  return writer_.Get<int64_t>([&](Db& db) -> absl::StatusOr<int64_t> {
    std::vector<int64_t> expired;
    {
      Query query(db, kExpired, before, most);
      ASSIGN_OR_RETURN(expired, Numbers(query));
    }
    for (int64_t k : expired) {
      for (const char* sql : kForget) RETURN_IF_ERROR(db.Run(sql, k));
    }
    return static_cast<int64_t>(expired.size());
  });
}

}  // namespace solvent
