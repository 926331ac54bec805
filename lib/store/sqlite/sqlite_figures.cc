#include "sqlite_figures.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>

#include "status_macros.h"

namespace solvent {
namespace {

// Of each organization's line, the oldest of each priority is found by one step into the index of
// the queue: a line of many thousands costs as much as one of few.
constexpr char kLines[] = "SELECT k FROM run_facets WHERE waiting = 1 ORDER BY last_served";
constexpr char kOldestOfNextPriority[] =
    "SELECT priority, created_at FROM executions"
    " WHERE state = 0 AND batch = 0 AND org = ?1 AND priority < ?2"
    " ORDER BY priority DESC, seq LIMIT 1";
// All pending runs (facet 0) without those behind the tasks of batches (facet -1).
constexpr char kPending[] =
    "SELECT sum(iif(k = 0, n0, -n0)) FROM run_facets WHERE k BETWEEN -1 AND 0";

// The run behind a task that waits, for its first attempt or another, is pending.
constexpr char kBatches[] =
    "SELECT (SELECT count(*) FROM job_executions WHERE completed_at = 0), n0, n1"
    " FROM run_facets WHERE k = -1";

constexpr char kPageSize[] = "PRAGMA page_size";
constexpr char kPages[] = "PRAGMA page_count";
constexpr char kFreePages[] = "PRAGMA freelist_count";

}  // namespace

absl::StatusOr<FiguresPort::Waiting> SqliteFigures::WaitingRuns() {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  Waiting waiting;
  ASSIGN_OR_RETURN(waiting.count, (*db).QueryInt(kPending));
  Query lines(*db, kLines);
  while (lines.Next()) {
    int64_t priority = INT64_MAX;
    while (true) {
      Query next(*db, kOldestOfNextPriority, lines.Int(0), priority);
      if (!next.Next()) {
        RETURN_IF_ERROR(next.status());
        break;
      }
      priority = next.Int(0);
      int64_t& oldest = waiting.oldest_created_at;
      oldest = oldest == 0 ? next.Int(1) : std::min(oldest, next.Int(1));
    }
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
