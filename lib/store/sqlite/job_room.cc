// Whether a new execution could start at once.
#include <algorithm>

#include "job_rows.h"
#include "solvent/error.h"
#include "sqlite_jobs.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr int kRetryAfterSeconds = 5;

// Of tasks, too.
constexpr char kUnderWay[] =
    "SELECT count(*) FROM executions WHERE state = 1"
    " AND owner = (SELECT k FROM run_owners WHERE id = ?1)";
// Of each execution, what it starts as soon as there are slots.
constexpr char kNext[] =
    "SELECT min("
    "(SELECT count(*) FROM job_tasks WHERE execution = k AND state = 0) +"
    " (SELECT count(*) FROM job_tasks WHERE execution = k AND state = 1 AND due <= ?1),"
    " parallelism - (SELECT count(*) FROM job_tasks WHERE execution = k AND state = 2))"
    " FROM job_executions WHERE completed_at = 0 AND admitted_at > 0 AND stop_cause = 0";

absl::Status NoRoom() {
  Json extra;
  extra.Set("retry_after", kRetryAfterSeconds);
  return MakeError(absl::StatusCode::kResourceExhausted, "capacity_exceeded",
                   "No task could start now, and allowQueue is false", {}, std::move(extra));
}

}  // namespace

absl::Status SqliteJobs::RequireRoom(Db& db, const NewJobExecution& e) {
  if (!e.room.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(int64_t admitted, CountAdmitted(db, e.organization_id));
  if (admitted >= e.max_parallel) return NoRoom();
  ASSIGN_OR_RETURN(int64_t queued, runs_.CountQueued(db));
  int64_t free = e.room->slots - queued;
  {
    Query query(db, kUnderWay, e.room->owner);
    if (query.Next()) free -= query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  Query query(db, kNext, e.now);
  while (free > 0 && query.Next()) free -= std::max<int64_t>(query.Int(0), 0);
  RETURN_IF_ERROR(query.status());
  return free > 0 ? absl::OkStatus() : NoRoom();
}

}  // namespace solvent
