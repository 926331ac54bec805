#include "trigger_rows.h"

#include <utility>

#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kFindTrigger[] = "SELECT n, is_enabled, organization_id FROM triggers WHERE id = ?1";
constexpr char kClaimDue[] =
    "UPDATE trigger_schedules SET next_due = ?3, last_due = ?4"
    " WHERE \"trigger\" = ?1 AND next_due = ?2 AND is_enabled = 1 AND NOT EXISTS"
    " (SELECT 1 FROM trigger_runs WHERE \"trigger\" = ?1 AND due_at = ?4)";
constexpr char kUnfinished[] =
    "SELECT EXISTS (SELECT 1 FROM executions WHERE \"trigger\" = ?1 AND \"trigger\" <> 0"
    " AND state IN (0, 1))";
constexpr char kCountFire[] =
    "UPDATE triggers SET total_runs = total_runs + 1, last_fired_at = max(last_fired_at, ?2)"
    " WHERE n = ?1 RETURNING total_runs";
constexpr char kInsertRun[] =
    "INSERT INTO trigger_runs (id, \"trigger\", seq, execution_id, status, source, rerun_of,"
    " due_at, error_message, created_at, override_data)"
    " VALUES (?1, ?2, ?3, nullif(?4, ''), nullif(?5, ''), ?6, nullif(?7, ''), nullif(?8, 0), ?9,"
    " ?10, nullif(?11, ''))";

#define RUN_COLUMNS                                                                       \
  "SELECT r.id, t.id, t.organization_id, r.execution_id, r.status, r.source, r.rerun_of," \
  " r.due_at, r.error_message, r.webhook_delivered, r.webhook_attempts, r.created_at,"    \
  " r.override_data, (SELECT n FROM executions WHERE id = r.execution_id)"                \
  " FROM trigger_runs r JOIN triggers t ON t.n = r.\"trigger\""
constexpr char kLoadRun[] = RUN_COLUMNS " WHERE r.id = ?1 AND (?2 = '' OR t.id = ?2)";
constexpr char kLoadRunAt[] = RUN_COLUMNS " WHERE r.\"trigger\" = ?1 AND r.seq = ?2";
#undef RUN_COLUMNS

constexpr char kSourceOfRun[] = "SELECT source FROM trigger_runs WHERE id = ?1";
constexpr char kScheduleEnded[] =
    "UPDATE trigger_schedules SET failures = iif(?2, 0, failures + 1),"
    " is_enabled = is_enabled AND (?2 OR failures + 1 < ?3)"
    " WHERE \"trigger\" = (SELECT n FROM triggers WHERE id = ?1)";

// What a run shares with its execution.
void TakeOver(Execution& execution, TriggerRun& run) {
  switch (execution.state) {
    case RunState::kPending: run.status = TriggerRunStatus::kQueued; break;
    case RunState::kRunning: run.status = TriggerRunStatus::kRunning; break;
    case RunState::kCompleted: run.status = TriggerRunStatus::kCompleted; break;
    case RunState::kFailed: run.status = TriggerRunStatus::kFailed; break;
    case RunState::kTimeout: run.status = TriggerRunStatus::kTimeout; break;
    case RunState::kCancelled: run.status = TriggerRunStatus::kCancelled; break;
  }
  run.result_json = std::move(execution.result_json);
  run.error_message = std::move(execution.error_message);
  run.credits_used = execution.credits_used;
  run.execution_time_micros = execution.execution_time_micros;
  run.completed_at = execution.completed_at;
}

absl::StatusOr<std::optional<TriggerRun>> ReadRun(Db& db, Query& row, Payload payload) {
  if (!row.Next()) {
    RETURN_IF_ERROR(row.status());
    return std::nullopt;
  }
  TriggerRun run;
  run.id = row.Text(0);
  run.trigger_id = row.Text(1);
  run.organization_id = row.Text(2);
  run.execution_id = row.Text(3);
  run.source = row.Text(5);
  run.rerun_of = row.Text(6);
  run.due_at = row.Int(7);
  run.error_message = row.Text(8);
  if (!row.IsNull(9)) run.webhook_delivered = row.Int(9) != 0;
  run.webhook_attempts = row.Int32(10);
  run.created_at = row.Int(11);
  if (!row.IsNull(12)) {
    ASSIGN_OR_RETURN(run.override_data, ParseJson(row.Text(12)));
  }
  if (run.execution_id.empty()) {
    run.status = ParseTriggerRunStatus(row.Text(4)).value_or(TriggerRunStatus::kValidationFailed);
    run.completed_at = run.created_at;
    return run;
  }
  ASSIGN_OR_RETURN(Execution execution, LoadExecution(db, row.Int(13), payload));
  TakeOver(execution, run);
  return run;
}

absl::StatusOr<bool> HasUnfinishedRun(Db& db, std::string_view organization,
                                      std::string_view trigger_id) {
  ASSIGN_OR_RETURN(std::optional<int64_t> org,
                   FindFacet(db, 0, FacetKind::kOrganization, organization));
  if (!org.has_value()) return false;
  ASSIGN_OR_RETURN(std::optional<int64_t> facet,
                   FindFacet(db, *org, FacetKind::kTrigger, trigger_id));
  if (!facet.has_value()) return false;
  Query query(db, kUnfinished, *facet);
  bool unfinished = query.Next() && query.Int(0) != 0;
  RETURN_IF_ERROR(query.status());
  return unfinished;
}

}  // namespace

absl::Status AddTriggerRun(Db& db, const NewTriggerRun& run, std::string_view execution_id,
                           int64_t created_at) {
  int64_t trigger = 0;
  std::string organization;
  {
    Query query(db, kFindTrigger, run.trigger_id);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return NotFound("Trigger not found");
    }
    trigger = query.Int(0);
    organization = query.Text(2);
    if (query.Int(1) == 0) {
      return MakeError(absl::StatusCode::kAlreadyExists, error_code::kConflict,
                       "The trigger is disabled");
    }
  }
  if (run.claim.has_value()) {
    if (run.claim->skip_overlap) {
      ASSIGN_OR_RETURN(bool unfinished, HasUnfinishedRun(db, organization, run.trigger_id));
      if (unfinished) {
        return MakeError(absl::StatusCode::kFailedPrecondition, kOverlapCode,
                         "An earlier run has not ended");
      }
    }
    RETURN_IF_ERROR(
        db.Run(kClaimDue, trigger, run.claim->expected, run.claim->next_due, run.claim->due));
    if (db.changes() != 1) {
      return MakeError(absl::StatusCode::kAborted, kClaimLostCode, "The schedule is not due");
    }
  }
  int64_t seq = 0;
  {
    Query query(db, kCountFire, trigger, created_at);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return absl::InternalError("the trigger is gone");
    }
    seq = query.Int(0);
  }
  return db.Run(kInsertRun, run.id, trigger, seq, execution_id, run.status, run.source,
                run.rerun_of, run.claim.has_value() ? run.claim->due : int64_t{0},
                run.error_message, created_at, run.override_data);
}

absl::StatusOr<std::optional<TriggerRun>> LoadTriggerRun(Db& db, std::string_view trigger_id,
                                                         std::string_view run_id, Payload payload) {
  Query query(db, kLoadRun, run_id, trigger_id);
  return ReadRun(db, query, payload);
}

absl::StatusOr<std::optional<TriggerRun>> LoadTriggerRunAt(Db& db, int64_t trigger, int64_t seq,
                                                           Payload payload) {
  Query query(db, kLoadRunAt, trigger, seq);
  return ReadRun(db, query, payload);
}

absl::Status TriggerRunEffects::BeforeAdd(Db& db, NewRun& run) {
  if (!run.trigger_run.has_value()) return absl::OkStatus();
  return AddTriggerRun(db, *run.trigger_run, run.execution.id, run.execution.created_at);
}

absl::Status TriggerRunEffects::AfterEnd(Db& db, const Execution& execution) {
  if (execution.run_id.empty() || execution.state == RunState::kCancelled) return absl::OkStatus();
  {
    Query query(db, kSourceOfRun, execution.run_id);
    bool by_schedule = query.Next() && query.Text(0) == "cron";
    RETURN_IF_ERROR(query.status());
    if (!by_schedule) return absl::OkStatus();
  }
  return CountScheduleEnd(db, execution.trigger_id, execution.state == RunState::kCompleted);
}

absl::Status CountScheduleEnd(Db& db, std::string_view trigger_id, bool completed) {
  return db.Run(kScheduleEnded, trigger_id, completed, kMaxScheduleFailures);
}

}  // namespace solvent
