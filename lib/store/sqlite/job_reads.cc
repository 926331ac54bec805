#include <utility>

#include "job_rows.h"
#include "solvent/error.h"
#include "sqlite_jobs.h"
#include "status_macros.h"

namespace solvent {
namespace {

#define JOB_COLUMNS                                                                   \
  "SELECT organization_id, name, definition, webhook_secret, created_by, updated_by," \
  " created_at, updated_at FROM jobs WHERE organization_id = ?1 AND deleted_at = 0"
constexpr char kFindJob[] = JOB_COLUMNS " AND name = ?2";
constexpr char kListJobs[] = JOB_COLUMNS " ORDER BY created_at DESC, k DESC LIMIT ?2 OFFSET ?3";
#undef JOB_COLUMNS
constexpr char kCountJobs[] =
    "SELECT count(*) FROM jobs WHERE organization_id = ?1 AND deleted_at = 0";

constexpr char kStartWithId[] =
    "SELECT k, id, request_key, request_hash, job_name FROM job_executions"
    " WHERE organization_id = ?1 AND id = ?2";
constexpr char kStartWithKey[] =
    "SELECT k, id, request_key, request_hash, job_name FROM job_executions"
    " WHERE organization_id = ?1 AND request_key = ?2";
constexpr char kTaskNames[] = "SELECT name FROM job_tasks WHERE execution = ?1 ORDER BY idx";

#define EXECUTION_COLUMNS                                                                        \
  "SELECT e.k, e.id, e.job_name, e.organization_id, e.created_at, e.started_at, e.completed_at," \
  " e.updated_at, (SELECT deleted_at FROM jobs WHERE k = e.job), e.masked_env,"                  \
  " e.memory_override_mb, e.parallelism, e.timeout_seconds, e.admitted_at, e.stop_cause"         \
  " FROM job_executions e WHERE e.organization_id = ?1"
constexpr char kGetExecution[] = EXECUTION_COLUMNS " AND e.id = ?2 AND e.job_name = ?3";
constexpr char kListExecutions[] = EXECUTION_COLUMNS
    " AND e.job_name = ?2 ORDER BY e.created_at DESC, e.id DESC LIMIT ?3 OFFSET ?4";
#undef EXECUTION_COLUMNS
constexpr char kCountExecutions[] =
    "SELECT count(*) FROM job_executions WHERE organization_id = ?1 AND job_name = ?2";

#define TASK_COLUMNS                                                                         \
  "t.idx, t.name, t.state, t.created_at, t.due, t.started_at, t.completed_at, t.updated_at," \
  " t.max_retries, t.timeout_seconds, t.attempts, t.last_reason, t.reason, t.ended_by, t.message"
constexpr int kTaskColumns = 15;
constexpr char kTasks[] =
    "SELECT " TASK_COLUMNS
    " FROM job_tasks t WHERE t.execution = ?1 AND t.idx >= ?2 ORDER BY t.idx LIMIT ?3";
constexpr char kTaskByName[] =
    "SELECT " TASK_COLUMNS
    ", e.id, t.attempt_started_at, (SELECT input_json FROM run_inputs WHERE n = t.run),"
    " (SELECT result_json FROM run_outputs WHERE n = t.run)"
    " FROM job_tasks t JOIN executions e ON e.n = t.run WHERE t.execution = ?1 AND t.name = ?2";
constexpr char kOutcomes[] =
    "SELECT " TASK_COLUMNS
    ", e.id, e.solver_status, e.objective_value,"
    " (SELECT sum(solve_micros) FROM job_attempts a"
    " WHERE a.execution = t.execution AND a.idx = t.idx)"
    " FROM job_tasks t JOIN executions e ON e.n = t.run WHERE t.execution = ?1 ORDER BY t.idx";
#undef TASK_COLUMNS
constexpr char kAttempts[] =
    "SELECT number, started_at, completed_at, outcome, reason, message FROM job_attempts"
    " WHERE execution = ?1 AND idx = ?2 ORDER BY number";

constexpr char kOpen[] =
    "SELECT k, id, organization_id, job_name, parallelism, timeout_seconds, memory_mb, frozen,"
    " started_at, stop_cause, stop_force,"
    " EXISTS (SELECT 1 FROM job_tasks WHERE execution = k AND state = 0 AND holder = 0)"
    " OR EXISTS (SELECT 1 FROM job_tasks WHERE execution = k AND state = 1 AND holder = 0"
    " AND due <= ?1)"
    " OR EXISTS (SELECT 1 FROM job_tasks WHERE execution = k AND state = 1 AND holder = 0"
    " AND due > ?2),"
    " (SELECT min(due) FROM job_tasks WHERE execution = k AND state = 1 AND holder = 0"
    " AND due > ?1),"
    " (SELECT deleted_at <> 0 FROM jobs WHERE jobs.k = job_executions.job)"
    " FROM job_executions WHERE completed_at = 0 AND admitted_at > 0";

constexpr char kSetAside[] =
    "SELECT execution, idx FROM job_tasks WHERE holder = (SELECT k FROM run_owners WHERE id = ?1)"
    " AND holder <> 0 AND state < 2";

constexpr int64_t kNoLimit = INT64_MAX;

JobRow ReadJob(const Query& q) {
  return {q.Text(0), q.Text(1), q.Text(2), q.Text(3), q.Text(4), q.Text(5), q.Int(6), q.Int(7)};
}

JobTask ReadTask(const Query& q) {
  JobTask task;
  task.index = q.Int(0);
  task.name = q.Text(1);
  task.state = static_cast<TaskState>(q.Int(2));
  task.created_at = q.Int(3);
  task.scheduled_at = q.Int(4);
  task.started_at = q.Int(5);
  task.completed_at = q.Int(6);
  task.updated_at = q.Int(7);
  task.max_retries = q.Int32(8);
  task.timeout_seconds = q.Int(9);
  task.attempts = q.Int32(10);
  task.last_reason = static_cast<TaskReason>(q.Int(11));
  task.reason = static_cast<TaskReason>(q.Int(12));
  task.ended_by = static_cast<StopCause>(q.Int(13));
  task.message = q.Text(14);
  return task;
}

// An execution's row, before its tasks.
struct Row {
  int64_t k = 0;
  bool admitted = false;
  StopCause cause = StopCause::kNone;
  JobExecution execution;
};

Row ReadExecution(const Query& q) {
  Row row;
  row.k = q.Int(0);
  JobExecution& e = row.execution;
  e.id = q.Text(1);
  e.job = q.Text(2);
  e.organization_id = q.Text(3);
  e.created_at = q.Int(4);
  e.started_at = q.Int(5);
  e.completed_at = q.Int(6);
  e.updated_at = q.Int(7);
  e.deleted_at = q.Int(8);
  if (!q.IsNull(9)) e.masked_env = q.Text(9);
  if (!q.IsNull(10)) e.memory_override_mb = q.Int(10);
  e.parallelism = q.Int32(11);
  e.timeout_seconds = q.Int(12);
  row.admitted = q.Int(13) != 0;
  row.cause = static_cast<StopCause>(q.Int(14));
  return row;
}

absl::StatusOr<std::vector<JobTask>> ReadTasks(Db& db, int64_t k, int64_t from, int64_t limit) {
  std::vector<JobTask> tasks;
  Query query(db, kTasks, k, from, limit);
  while (query.Next()) tasks.push_back(ReadTask(query));
  RETURN_IF_ERROR(query.status());
  return tasks;
}

absl::Status Complete(Db& db, Row& row, bool with_tasks) {
  ASSIGN_OR_RETURN(int64_t retried, CountRetried(db, row.k));
  TaskCounts counts{};
  if (with_tasks) {
    ASSIGN_OR_RETURN(row.execution.tasks, ReadTasks(db, row.k, 0, kNoLimit));
    for (const JobTask& task : row.execution.tasks) ++counts[static_cast<size_t>(task.state)];
  } else {
    ASSIGN_OR_RETURN(counts, CountTasks(db, row.k));
  }
  row.execution.stats = StatsOf(counts, retried);
  row.execution.state = StateOf(counts, row.admitted, row.cause);
  return absl::OkStatus();
}

absl::StatusOr<Row> FindExecution(Db& db, std::string_view organization, std::string_view job,
                                  std::string_view id) {
  Query query(db, kGetExecution, organization, id, job);
  if (query.Next()) return ReadExecution(query);
  RETURN_IF_ERROR(query.status());
  return NotFound("Execution not found");
}

absl::StatusOr<std::optional<EarlierStart>> ReadStart(Db& db, std::string_view sql,
                                                      std::string_view organization,
                                                      std::string_view value) {
  EarlierStart start;
  int64_t k = 0;
  {
    Query query(db, sql, organization, value);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return std::nullopt;
    }
    k = query.Int(0);
    start.id = query.Text(1);
    start.request_key = query.Text(2);
    start.request_hash = query.Text(3);
    start.job = query.Text(4);
  }
  Query query(db, kTaskNames, k);
  while (query.Next()) start.task_names.push_back(query.Text(0));
  RETURN_IF_ERROR(query.status());
  return start;
}

}  // namespace

absl::StatusOr<std::optional<JobRow>> SqliteJobs::FindJob(std::string_view organization,
                                                          std::string_view name) {
  Readers::Lease db(readers_);
  Query query(*db, kFindJob, organization, name);
  if (query.Next()) return ReadJob(query);
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

absl::StatusOr<std::vector<JobRow>> SqliteJobs::ListJobs(std::string_view organization,
                                                         int64_t limit, int64_t offset,
                                                         int64_t* total) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  {
    Query query(*db, kCountJobs, organization);
    *total = query.Next() ? query.Int(0) : 0;
    RETURN_IF_ERROR(query.status());
  }
  std::vector<JobRow> rows;
  Query query(*db, kListJobs, organization, limit, offset);
  while (query.Next()) rows.push_back(ReadJob(query));
  RETURN_IF_ERROR(query.status());
  return rows;
}

absl::StatusOr<std::optional<EarlierStart>> SqliteJobs::FindStart(std::string_view organization,
                                                                  std::string_view id,
                                                                  std::string_view request_key) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  if (!id.empty()) {
    ASSIGN_OR_RETURN(std::optional<EarlierStart> start,
                     ReadStart(*db, kStartWithId, organization, id));
    if (start.has_value()) return start;
  }
  if (request_key.empty()) return std::nullopt;
  return ReadStart(*db, kStartWithKey, organization, request_key);
}

absl::StatusOr<JobExecutionList> SqliteJobs::ListExecutions(std::string_view organization,
                                                            std::string_view job, int64_t limit,
                                                            int64_t offset, bool with_tasks) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  JobExecutionList list;
  {
    Query query(*db, kCountExecutions, organization, job);
    if (query.Next()) list.total = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  std::vector<Row> rows;
  {
    Query query(*db, kListExecutions, organization, job, limit, offset);
    while (query.Next()) rows.push_back(ReadExecution(query));
    RETURN_IF_ERROR(query.status());
  }
  for (Row& row : rows) {
    RETURN_IF_ERROR(Complete(*db, row, with_tasks));
    list.items.push_back(std::move(row.execution));
  }
  return list;
}

absl::StatusOr<JobExecution> SqliteJobs::GetExecution(std::string_view organization,
                                                      std::string_view job, std::string_view id,
                                                      bool with_tasks) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  ASSIGN_OR_RETURN(Row row, FindExecution(*db, organization, job, id));
  RETURN_IF_ERROR(Complete(*db, row, with_tasks));
  return std::move(row.execution);
}

// More than any execution has.
constexpr int64_t kMostTasksListed = int64_t{1} << 40;

absl::StatusOr<JobTaskPage> SqliteJobs::ListTasks(std::string_view organization,
                                                  std::string_view job, std::string_view id,
                                                  int64_t from, int64_t limit) {
  limit = std::min(limit, kMostTasksListed);
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  ASSIGN_OR_RETURN(Row row, FindExecution(*db, organization, job, id));
  ASSIGN_OR_RETURN(TaskCounts counts, CountTasks(*db, row.k));
  JobTaskPage page;
  page.total = StatsOf(counts, 0).total;
  ASSIGN_OR_RETURN(page.tasks, ReadTasks(*db, row.k, from, limit + 1));
  page.has_more = static_cast<int64_t>(page.tasks.size()) > limit;
  if (page.has_more) page.tasks.pop_back();
  return page;
}

absl::StatusOr<JobTaskDetail> SqliteJobs::GetTask(std::string_view organization,
                                                  std::string_view job, std::string_view id,
                                                  std::string_view task) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  ASSIGN_OR_RETURN(Row row, FindExecution(*db, organization, job, id));
  JobTaskDetail detail;
  int64_t attempt_started_at = 0;
  {
    Query query(*db, kTaskByName, row.k, task);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return NotFound("Task not found");
    }
    detail.task = ReadTask(query);
    detail.execution_id = query.Text(kTaskColumns);
    attempt_started_at = query.Int(kTaskColumns + 1);
    detail.input_json = query.Text(kTaskColumns + 2);
    detail.result_json = query.Text(kTaskColumns + 3);
  }
  Query query(*db, kAttempts, row.k, detail.task.index);
  while (query.Next()) {
    detail.attempts.push_back({query.Int32(0), query.Int(1), query.Int(2), query.Text(3),
                               static_cast<TaskReason>(query.Int(4)), query.Text(5)});
  }
  RETURN_IF_ERROR(query.status());
  if (detail.task.state == TaskState::kRunning) {
    detail.attempts.push_back(
        {detail.task.attempts, attempt_started_at, 0, "running", TaskReason::kNone, ""});
  }
  return detail;
}

absl::StatusOr<std::vector<JobTaskOutcome>> SqliteJobs::Outcomes(std::string_view organization,
                                                                 std::string_view job,
                                                                 std::string_view id,
                                                                 JobExecution* execution) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  ASSIGN_OR_RETURN(Row row, FindExecution(*db, organization, job, id));
  RETURN_IF_ERROR(Complete(*db, row, false));
  *execution = std::move(row.execution);
  std::vector<JobTaskOutcome> outcomes;
  Query query(*db, kOutcomes, row.k);
  while (query.Next()) {
    JobTaskOutcome& outcome = outcomes.emplace_back();
    outcome.task = ReadTask(query);
    outcome.execution_id = query.Text(kTaskColumns);
    outcome.solver_status = query.Text(kTaskColumns + 1);
    if (!query.IsNull(kTaskColumns + 2)) {
      outcome.objective_value = query.Double(kTaskColumns + 2);
    }
    outcome.solve_seconds = static_cast<double>(query.Int(kTaskColumns + 3)) / 1e6;
  }
  RETURN_IF_ERROR(query.status());
  return outcomes;
}

absl::StatusOr<std::vector<OpenExecution>> SqliteJobs::OpenExecutions(int64_t now) {
  Readers::Lease db(readers_);
  std::vector<OpenExecution> open;
  Query q(*db, kOpen, now, now + kLongestDelay);
  while (q.Next()) {
    OpenExecution& e = open.emplace_back();
    e.k = q.Int(0);
    e.id = q.Text(1);
    e.organization_id = q.Text(2);
    e.job = q.Text(3);
    e.parallelism = q.Int32(4);
    e.timeout_seconds = q.Int(5);
    e.memory_mb = q.Int(6);
    e.frozen = q.Text(7);
    e.started_at = q.Int(8);
    e.stop_cause = static_cast<StopCause>(q.Int(9));
    e.stop_force = q.Int(10) != 0;
    e.startable = q.Int(11);
    e.next_due = q.Int(12);
    e.job_deleted = q.Int(13) != 0;
  }
  RETURN_IF_ERROR(q.status());
  return open;
}

absl::StatusOr<std::vector<ReservedTask>> SqliteJobs::SetAside(std::string_view owner) {
  Readers::Lease db(readers_);
  std::vector<ReservedTask> tasks;
  Query query(*db, kSetAside, owner);
  while (query.Next()) {
    ReservedTask& task = tasks.emplace_back();
    task.execution = query.Int(0);
    task.index = query.Int(1);
  }
  RETURN_IF_ERROR(query.status());
  return tasks;
}

}  // namespace solvent
