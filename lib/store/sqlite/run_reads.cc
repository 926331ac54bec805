#include <algorithm>
#include <utility>

#include "solvent/error.h"
#include "sqlite_runs.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kCancelRequests[] =
    "SELECT e.id FROM run_owners o CROSS JOIN executions e"
    " WHERE o.id = ?1 AND e.owner = o.k AND e.cancel_requested = 1 AND e.state = 1";
constexpr char kNextOrganization[] =
    "SELECT f.value FROM run_facets f WHERE f.waiting = 1 AND EXISTS (SELECT 1 FROM executions e"
    " WHERE e.state = 0 AND e.batch = 0 AND e.org = f.k) ORDER BY f.last_served LIMIT 1";
constexpr char kOwners[] = "SELECT id, host, pid, pid_start, lease_until FROM run_owners";
constexpr char kFindRun[] =
    "SELECT e.n, (SELECT value FROM run_facets WHERE k = e.org) FROM executions e WHERE e.id = ?1";
constexpr char kGlance[] =
    "SELECT state, coalesce((SELECT progress_json FROM run_outputs o WHERE o.n = e.n), '')"
    " FROM executions e WHERE e.n = ?1";
constexpr char kProblem[] = "SELECT problem FROM run_inputs WHERE n = ?1";
constexpr char kCounts[] = "SELECT n0, n1, n2, n3, n4, n5 FROM run_facets WHERE k = ?1";
constexpr char kBlocks[] =
    "SELECT block, n0, n1, n2, n3, n4, n5 FROM run_blocks WHERE facet = ?1 ORDER BY block DESC";
constexpr char kOldestPending[] =
    "SELECT created_at FROM executions WHERE state = 0 ORDER BY n LIMIT 1";

// An organization numbers its runs without gaps, and so does the whole table.
constexpr char kRangeOfOrganization[] =
    "SELECT n FROM executions WHERE org = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq DESC";
constexpr char kRangeOfAll[] = "SELECT n FROM executions WHERE n BETWEEN ?2 AND ?3 ORDER BY n DESC";

// For the host's own lists over all organizations, narrowed by names that each organization has
// its own facet for: a walk over the table. ?1: state or -1, then origin, model, trigger or "".
#define FILTERED_RUNS                                                                    \
  " FROM executions WHERE (?1 < 0 OR state = ?1)"                                        \
  " AND (?2 = '' OR origin IN (SELECT k FROM run_facets WHERE kind = 2 AND value = ?2))" \
  " AND (?3 = '' OR model IN (SELECT k FROM run_facets WHERE kind = 3 AND value = ?3))"  \
  " AND (?4 = '' OR \"trigger\" IN (SELECT k FROM run_facets WHERE kind = 4 AND value = ?4))"
constexpr char kCountFiltered[] = "SELECT count(*)" FILTERED_RUNS;
constexpr char kPageFiltered[] = "SELECT n" FILTERED_RUNS " ORDER BY n DESC LIMIT ?5 OFFSET ?6";
#undef FILTERED_RUNS

// A facet to list by, and the column that names it.
struct Narrowing {
  int64_t facet;
  std::string_view column;
  int64_t total = 0;  // its runs in the states asked for
};

int64_t InStates(const Query& row, int first_column, std::optional<RunState> state) {
  if (state.has_value()) return row.Int(first_column + static_cast<int>(*state));
  int64_t sum = 0;
  for (int i = 0; i < kRunStates; ++i) sum += row.Int(first_column + i);
  return sum;
}

absl::StatusOr<std::vector<int64_t>> Collect(Query& query) {
  std::vector<int64_t> values;
  while (query.Next()) values.push_back(query.Int(0));
  RETURN_IF_ERROR(query.status());
  return values;
}

// Finds the rows of one page. At most three facets; the first alone decides which rows are looked
// at, the others only leave some out.
class PageFinder {
 public:
  PageFinder(Db& db, std::vector<Narrowing> by, std::optional<RunState> state)
      : db_(db), by_(std::move(by)), state_(state) {}

  // How many rows there are; to be called first.
  absl::StatusOr<int64_t> Total() {
    for (Narrowing& narrowing : by_) {
      Query query(db_, kCounts, narrowing.facet);
      if (query.Next()) narrowing.total = InStates(query, 0, state_);
      RETURN_IF_ERROR(query.status());
    }
    std::stable_sort(by_.begin(), by_.end(),
                     [](const Narrowing& a, const Narrowing& b) { return a.total < b.total; });
    total_ = by_[0].total;
    if (by_.size() > 1) {
      Query query(db_, "SELECT count(*) FROM (" + Selection() + ")", Arguments(INT64_MAX, 0, 0));
      if (query.Next()) total_ = query.Int(0);
      RETURN_IF_ERROR(query.status());
    }
    return total_;
  }

  // Rows `skip` to `skip + size - 1` of the list, newest first.
  absl::StatusOr<std::vector<int64_t>> Rows(int64_t skip, int64_t size) {
    if (skip >= total_) return std::vector<int64_t>();
    bool gapless = by_.size() == 1 && !state_.has_value() && (all() || by_[0].column == "org");
    if (gapless) {
      int64_t last = total_ - skip;
      int64_t first = std::max<int64_t>(last - size + 1, 1);
      Query query(db_, all() ? kRangeOfAll : kRangeOfOrganization, by_[0].facet, first, last);
      return Collect(query);
    }
    int64_t below = INT64_MAX;
    if (by_.size() == 1) RETURN_IF_ERROR(SkipBlocks(below, skip));
    Query query(db_, Selection() + " ORDER BY 2 DESC LIMIT ?3 OFFSET ?4",
                Arguments(below, size, skip));
    return Collect(query);
  }

 private:
  bool all() const { return by_[0].facet == kAllRuns; }

  // Indexes hold (facet, state, seq), so that a list over all states is a merge of six ordered
  // ones. ?1: the first facet, ?2: sequence numbers below this, ?5...: the other facets.
  std::string Selection() const {
    std::string sql;
    for (int s = 0; s < kRunStates; ++s) {
      if (state_.has_value() && s != static_cast<int>(*state_)) continue;
      if (!sql.empty()) sql += " UNION ALL ";
      sql += all() ? "SELECT n, n AS seq" : "SELECT n, seq";
      sql += " FROM executions WHERE state = " + std::to_string(s);
      if (all()) {
        sql += " AND n < ?2";
      } else {
        std::string column(by_[0].column);
        // The second condition is that of the partial indexes.
        sql += " AND " + column + " = ?1 AND " + column + " <> 0 AND seq < ?2";
      }
      for (size_t i = 1; i < by_.size(); ++i) {
        // The plus keeps the planner from taking another index.
        sql += " AND +" + std::string(by_[i].column) + " = ?" + std::to_string(4 + i);
      }
    }
    return sql;
  }

  std::vector<int64_t> Arguments(int64_t below, int64_t limit, int64_t offset) const {
    std::vector<int64_t> arguments = {by_[0].facet, below, limit, offset};
    for (size_t i = 1; i < by_.size(); ++i) arguments.push_back(by_[i].facet);
    return arguments;
  }

  // Passes over whole blocks: what remains of `skip` is to be skipped below `below`.
  absl::Status SkipBlocks(int64_t& below, int64_t& skip) {
    Query query(db_, kBlocks, by_[0].facet);
    while (query.Next()) {
      int64_t runs = InStates(query, 1, state_);
      if (skip < runs) {
        below = (query.Int(0) + 1) << kBlockBits;
        break;
      }
      skip -= runs;
    }
    return query.status();
  }

  Db& db_;
  std::vector<Narrowing> by_;
  const std::optional<RunState> state_;
  int64_t total_ = 0;
};

struct FoundPage {
  int64_t total = 0;
  std::vector<int64_t> rows;
};

absl::StatusOr<FoundPage> FindFiltered(Db& db, const ExecutionFilter& filter, int64_t skip,
                                       int64_t size) {
  FoundPage found;
  int state = filter.state.has_value() ? static_cast<int>(*filter.state) : -1;
  {
    Query query(db, kCountFiltered, state, filter.origin, filter.model_id, filter.trigger_id);
    if (query.Next()) found.total = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  Query query(db, kPageFiltered, state, filter.origin, filter.model_id, filter.trigger_id, size,
              skip);
  ASSIGN_OR_RETURN(found.rows, Collect(query));
  return found;
}

absl::StatusOr<FoundPage> FindPage(Db& db, std::string_view organization,
                                   const ExecutionFilter& filter, int64_t skip, int64_t size) {
  struct Wanted {
    FacetKind kind;
    const std::string& value;
    std::string_view column;
  };
  const Wanted wanted[] = {{FacetKind::kTrigger, filter.trigger_id, "\"trigger\""},
                           {FacetKind::kModel, filter.model_id, "model"},
                           {FacetKind::kOrigin, filter.origin, "origin"}};
  bool narrowed = std::any_of(std::begin(wanted), std::end(wanted),
                              [](const Wanted& w) { return !w.value.empty(); });
  if (organization.empty() && narrowed) return FindFiltered(db, filter, skip, size);

  std::vector<Narrowing> by;
  if (organization.empty()) {
    by.push_back({kAllRuns, "n"});
  } else {
    ASSIGN_OR_RETURN(std::optional<int64_t> org,
                     FindFacet(db, 0, FacetKind::kOrganization, organization));
    if (!org.has_value()) return FoundPage();
    for (const Wanted& w : wanted) {
      if (w.value.empty()) continue;
      ASSIGN_OR_RETURN(std::optional<int64_t> facet, FindFacet(db, *org, w.kind, w.value));
      if (!facet.has_value()) return FoundPage();
      by.push_back({*facet, w.column});
    }
    if (by.empty()) by.push_back({*org, "org"});
  }
  PageFinder finder(db, std::move(by), filter.state);
  FoundPage found;
  ASSIGN_OR_RETURN(found.total, finder.Total());
  ASSIGN_OR_RETURN(found.rows, finder.Rows(skip, size));
  return found;
}

// NotFound for unknown and foreign ids alike.
absl::StatusOr<int64_t> FindRun(Db& db, std::string_view organization, std::string_view id) {
  Query query(db, kFindRun, id);
  bool found = query.Next();
  RETURN_IF_ERROR(query.status());
  if (!found || (!organization.empty() && query.Text(1) != organization)) {
    return NotFound("Execution not found");
  }
  return query.Int(0);
}

}  // namespace

absl::StatusOr<std::string> SqliteRuns::NextOrganization() {
  Readers::Lease db(readers_);
  Query query(*db, kNextOrganization);
  if (query.Next()) return query.Text(0);
  RETURN_IF_ERROR(query.status());
  return std::string();
}

absl::StatusOr<std::vector<std::string>> SqliteRuns::CancelRequests(std::string_view owner) {
  Readers::Lease db(readers_);
  Query query(*db, kCancelRequests, owner);
  std::vector<std::string> ids;
  while (query.Next()) ids.push_back(query.Text(0));
  RETURN_IF_ERROR(query.status());
  return ids;
}

absl::StatusOr<std::vector<RunPort::Owner>> SqliteRuns::Owners() {
  Readers::Lease db(readers_);
  Query query(*db, kOwners);
  std::vector<Owner> owners;
  while (query.Next()) {
    owners.push_back({query.Text(0), query.Text(1), query.Int(2), query.Int(3), query.Int(4)});
  }
  RETURN_IF_ERROR(query.status());
  return owners;
}

absl::StatusOr<Execution> SqliteRuns::Get(std::string_view organization, std::string_view id) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  ASSIGN_OR_RETURN(int64_t n, FindRun(*db, organization, id));
  return LoadExecution(*db, n, Payload::kAll);
}

absl::StatusOr<RunGlance> SqliteRuns::Glance(std::string_view organization, std::string_view id) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  ASSIGN_OR_RETURN(int64_t n, FindRun(*db, organization, id));
  Query query(*db, kGlance, n);
  if (query.Next()) return RunGlance{static_cast<RunState>(query.Int(0)), query.Text(1)};
  RETURN_IF_ERROR(query.status());
  return NotFound("Execution not found");
}

absl::StatusOr<std::string> SqliteRuns::GetProblem(std::string_view organization,
                                                   std::string_view id) {
  Readers::Lease db(readers_);
  ASSIGN_OR_RETURN(int64_t n, FindRun(*db, organization, id));
  Query query(*db, kProblem, n);
  if (query.Next()) return query.Text(0);
  RETURN_IF_ERROR(query.status());
  return absl::DataLossError("the run's problem is gone");
}

absl::StatusOr<Page<Execution>> SqliteRuns::List(std::string_view organization,
                                                 const ExecutionFilter& filter,
                                                 const PageRequest& request) {
  if (request.page < 1 || request.page_size < 1) {
    return absl::InvalidArgumentError("pages are numbered from 1 and hold at least one row");
  }
  // Far enough beyond any end, without overflow.
  int64_t before = std::min<int64_t>(request.page - 1, INT64_MAX / request.page_size - 1);
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  ASSIGN_OR_RETURN(FoundPage found, FindPage(*db, organization, filter, before * request.page_size,
                                             request.page_size));
  Page<Execution> page;
  page.total = found.total;
  page.page = request.page;
  page.page_size = request.page_size;
  page.items.reserve(found.rows.size());
  Payload payload = filter.include_result ? Payload::kPreview : Payload::kNone;
  for (int64_t n : found.rows) {
    ASSIGN_OR_RETURN(Execution execution, LoadExecution(*db, n, payload));
    page.items.push_back(std::move(execution));
  }
  return page;
}

absl::StatusOr<QueueStats> SqliteRuns::Stats() {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  QueueStats stats;
  {
    Query query(*db, kCounts, kAllRuns);
    if (query.Next()) {
      for (int i = 0; i < kRunStates; ++i) stats.runs[i] = query.Int(i);
    }
    RETURN_IF_ERROR(query.status());
  }
  stats.queued = stats.runs[static_cast<int>(RunState::kPending)];
  {
    Query query(*db, kCounts, kBatchRuns);
    if (query.Next()) stats.queued -= query.Int(static_cast<int>(RunState::kPending));
    RETURN_IF_ERROR(query.status());
  }
  Query query(*db, kOldestPending);
  if (query.Next()) stats.oldest_pending_created_at = query.Int(0);
  RETURN_IF_ERROR(query.status());
  return stats;
}

}  // namespace solvent
