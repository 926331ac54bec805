#include "run_rows.h"

#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kFindFacet[] =
    "SELECT k FROM run_facets WHERE org = ?1 AND kind = ?2 AND value = ?3";
constexpr char kInsertFacet[] = "INSERT INTO run_facets (org, kind, value) VALUES (?1, ?2, ?3)";

constexpr char kFindOwner[] = "SELECT k FROM run_owners WHERE id = ?1";

#define HEAD_COLUMNS                                                                      \
  "SELECT n, org, seq, origin, model, \"trigger\", state, owner, cancel_requested, batch" \
  " FROM executions"
constexpr char kLoadHead[] = HEAD_COLUMNS " WHERE id = ?1";
constexpr char kLoadHeadAt[] = HEAD_COLUMNS " WHERE n = ?1";
#undef HEAD_COLUMNS

// The payload columns are last. Which of them are read is what the four statements differ in.
#define EXECUTION_COLUMNS                                                                      \
  "SELECT e.id, (SELECT value FROM run_facets WHERE k = e.org), e.user_id, e.state, e.name,"   \
  " (SELECT value FROM run_facets WHERE k = e.model), e.catalog_id, e.model_name,"             \
  " (SELECT value FROM run_facets WHERE k = e.origin),"                                        \
  " (SELECT value FROM run_facets WHERE k = e.\"trigger\"), e.run_id, e.version_id,"           \
  " e.solver_name, e.priority, e.\"columns\", e.\"rows\", e.time_limit_seconds, e.created_at," \
  " e.started_at, e.completed_at, e.solver_status, e.objective_value, e.error_message,"        \
  " e.credits_used, e.execution_time_micros, e.crashes,"                                       \
  " (SELECT progress_json FROM run_outputs WHERE n = e.n)"
#define FROM_EXECUTION " FROM executions e WHERE e.n = ?1"
constexpr char kLoadPlain[] = EXECUTION_COLUMNS FROM_EXECUTION;
constexpr char kLoadPreview[] = EXECUTION_COLUMNS
    ", (SELECT iif(preview_json <> '', preview_json, result_json) FROM run_outputs"
    " WHERE n = e.n)" FROM_EXECUTION;
constexpr char kLoadResult[] =
    EXECUTION_COLUMNS ", (SELECT result_json FROM run_outputs WHERE n = e.n)" FROM_EXECUTION;
constexpr char kLoadAll[] = EXECUTION_COLUMNS
    ", (SELECT result_json FROM run_outputs WHERE n = e.n)"
    ", (SELECT input_json FROM run_inputs WHERE n = e.n)" FROM_EXECUTION;
#undef FROM_EXECUTION
#undef EXECUTION_COLUMNS

std::string_view LoadSql(Payload payload) {
  switch (payload) {
    case Payload::kNone: return kLoadPlain;
    case Payload::kPreview: return kLoadPreview;
    case Payload::kResult: return kLoadResult;
    case Payload::kAll: return kLoadAll;
  }
  return kLoadPlain;
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> FindFacet(Db& db, int64_t org, FacetKind kind,
                                                 std::string_view value) {
  if (kind != FacetKind::kOrganization && value.empty()) return kAllRuns;
  Query query(db, kFindFacet, org, static_cast<int>(kind), value);
  if (query.Next()) return query.Int(0);
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

absl::StatusOr<int64_t> EnsureFacet(Db& db, int64_t org, FacetKind kind, std::string_view value) {
  ASSIGN_OR_RETURN(std::optional<int64_t> found, FindFacet(db, org, kind, value));
  if (found.has_value()) return *found;
  RETURN_IF_ERROR(db.Run(kInsertFacet, org, static_cast<int>(kind), value));
  return db.last_insert_rowid();
}

absl::StatusOr<int64_t> FindOwner(Db& db, std::string_view owner) {
  Query query(db, kFindOwner, owner);
  if (query.Next()) return query.Int(0);
  RETURN_IF_ERROR(query.status());
  return absl::FailedPreconditionError("the owner is not registered, or was taken for dead");
}

namespace {

absl::StatusOr<std::optional<RunHead>> ReadHead(Query& query) {
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  RunHead head;
  head.place = {query.Int(0), query.Int(1), query.Int(2), query.Int(3), query.Int(4), query.Int(5)};
  head.state = static_cast<RunState>(query.Int(6));
  head.owner = query.Int(7);
  head.cancel_requested = query.Int(8) != 0;
  head.batch = query.Int(9);
  head.place.batch = head.batch != 0;
  return head;
}

}  // namespace

absl::StatusOr<std::optional<RunHead>> LoadHead(Db& db, std::string_view id) {
  Query query(db, kLoadHead, id);
  return ReadHead(query);
}

absl::StatusOr<std::optional<RunHead>> LoadHeadAt(Db& db, int64_t n) {
  Query query(db, kLoadHeadAt, n);
  return ReadHead(query);
}

absl::StatusOr<Execution> LoadExecution(Db& db, int64_t n, Payload payload) {
  Query query(db, LoadSql(payload), n);
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return NotFound("Execution not found");
  }
  Execution e;
  int column = 0;
  e.id = query.Text(column++);
  e.organization_id = query.Text(column++);
  e.user_id = query.Text(column++);
  e.state = static_cast<RunState>(query.Int(column++));
  e.name = query.Text(column++);
  e.model_id = query.Text(column++);
  e.catalog_id = query.Text(column++);
  e.model_name = query.Text(column++);
  e.origin = query.Text(column++);
  e.trigger_id = query.Text(column++);
  e.run_id = query.Text(column++);
  e.version_id = query.Text(column++);
  e.solver_name = query.Text(column++);
  e.priority = query.Int32(column++);
  e.columns = query.Int32(column++);
  e.rows = query.Int32(column++);
  e.time_limit_seconds = query.Double(column++);
  e.created_at = query.Int(column++);
  e.started_at = query.Int(column++);
  e.completed_at = query.Int(column++);
  e.solver_status = query.Text(column++);
  if (!query.IsNull(column)) e.objective_value = query.Double(column);
  ++column;
  e.error_message = query.Text(column++);
  e.credits_used = query.Int(column++);
  e.execution_time_micros = query.Int(column++);
  e.crashes = query.Int32(column++);
  e.progress_json = query.Text(column++);
  if (payload != Payload::kNone) e.result_json = query.Text(column++);
  if (payload == Payload::kAll) e.input_json = query.Text(column++);
  return e;
}

}  // namespace solvent
