#include "sqlite_figures.h"

#include <sys/stat.h>

#include <algorithm>

#include "status_macros.h"

namespace solvent {
namespace {

// Both read an index that holds nothing but what waits.
constexpr char kLines[] =
    "SELECT k,"
    " (SELECT count(*) FROM executions INDEXED BY executions_queue"
    " WHERE state = 0 AND batch = 0 AND org = k),"
    " (SELECT min(seq) FROM executions INDEXED BY executions_queue"
    " WHERE state = 0 AND batch = 0 AND org = k)"
    " FROM run_facets WHERE waiting = 1 ORDER BY last_served";
constexpr char kCreated[] = "SELECT created_at FROM executions WHERE org = ?1 AND seq = ?2";

// As the values of TaskState: pending, reconciling, running.
constexpr char kBatches[] =
    "SELECT count(*),"
    " coalesce(sum((SELECT count(*) FROM job_tasks WHERE execution = k AND state = 0)"
    " + (SELECT count(*) FROM job_tasks WHERE execution = k AND state = 1)), 0),"
    " coalesce(sum((SELECT count(*) FROM job_tasks WHERE execution = k AND state = 2)), 0)"
    " FROM job_executions WHERE completed_at = 0";

constexpr char kPageSize[] = "PRAGMA page_size";
constexpr char kPages[] = "PRAGMA page_count";
constexpr char kFreePages[] = "PRAGMA freelist_count";

}  // namespace

absl::StatusOr<FiguresPort::Waiting> SqliteFigures::WaitingRuns() {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  Waiting waiting;
  Query lines(*db, kLines);
  while (lines.Next()) {
    if (lines.Int(1) == 0) continue;
    waiting.count += lines.Int(1);
    Query oldest(*db, kCreated, lines.Int(0), lines.Int(2));
    if (oldest.Next()) {
      const int64_t created = oldest.Int(0);
      waiting.oldest_created_at =
          waiting.oldest_created_at == 0 ? created : std::min(waiting.oldest_created_at, created);
    }
    RETURN_IF_ERROR(oldest.status());
  }
  RETURN_IF_ERROR(lines.status());
  return waiting;
}

absl::StatusOr<OpenBatches> SqliteFigures::Batches() {
  Readers::Lease db(readers_);
  OpenBatches batches;
  Query query(*db, kBatches);
  if (query.Next()) {
    batches.executions = query.Int(0);
    batches.tasks_pending = query.Int(1);
    batches.tasks_running = query.Int(2);
  }
  RETURN_IF_ERROR(query.status());
  return batches;
}

absl::StatusOr<StoreSize> SqliteFigures::Size() {
  StoreSize size;
  {
    Readers::Lease db(readers_);
    ReadTransaction transaction(*db);
    RETURN_IF_ERROR(transaction.status());
    ASSIGN_OR_RETURN(int64_t page, (*db).QueryInt(kPageSize));
    ASSIGN_OR_RETURN(int64_t pages, (*db).QueryInt(kPages));
    ASSIGN_OR_RETURN(int64_t free_pages, (*db).QueryInt(kFreePages));
    size.bytes = page * pages;
    size.free_bytes = page * free_pages;
  }
  struct stat journal;
  if (::stat((path_ + "-wal").c_str(), &journal) == 0) size.journal_bytes = journal.st_size;
  return size;
}

}  // namespace solvent
