#include "job_rows.h"

#include "status_macros.h"

namespace solvent {
namespace {

// Both are answered by their index alone.
constexpr char kCounts[] =
    "SELECT state, count(*) FROM job_tasks WHERE execution = ?1 GROUP BY state";
constexpr char kRetried[] = "SELECT count(*) FROM job_tasks WHERE execution = ?1 AND retried = 1";

}  // namespace

absl::StatusOr<TaskCounts> CountTasks(Db& db, int64_t execution) {
  TaskCounts counts{};
  Query query(db, kCounts, execution);
  while (query.Next()) counts.at(static_cast<size_t>(query.Int(0))) = query.Int(1);
  RETURN_IF_ERROR(query.status());
  return counts;
}

absl::StatusOr<int64_t> CountRetried(Db& db, int64_t execution) {
  Query query(db, kRetried, execution);
  if (query.Next()) return query.Int(0);
  RETURN_IF_ERROR(query.status());
  return 0;
}

JobStats StatsOf(const TaskCounts& counts, int64_t retried) {
  auto count = [&counts](TaskState state) { return counts[static_cast<size_t>(state)]; };
  JobStats stats;
  for (int64_t n : counts) stats.total += n;
  stats.pending = count(TaskState::kPending) + count(TaskState::kReconciling);
  stats.running = count(TaskState::kRunning);
  stats.success = count(TaskState::kSucceeded);
  stats.failure = count(TaskState::kFailed);
  stats.cancelled = count(TaskState::kCancelled);
  stats.retried = retried;
  return stats;
}

absl::StatusOr<int64_t> CountAdmitted(Db& db, std::string_view organization) {
  Query query(db,
              "SELECT count(*) FROM job_executions"
              " WHERE organization_id = ?1 AND completed_at = 0 AND admitted_at > 0",
              organization);
  const int64_t admitted = query.Next() ? query.Int(0) : 0;
  RETURN_IF_ERROR(query.status());
  return admitted;
}

}  // namespace solvent
