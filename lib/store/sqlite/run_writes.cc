#include <algorithm>
#include <memory>
#include <utility>

#include "created_keys.h"
#include "solvent/error.h"
#include "sqlite_runs.h"
#include "status_macros.h"

namespace solvent {
namespace {

// Insertion.
constexpr char kFindKey[] =
    "SELECT request_hash, execution FROM run_keys WHERE org = ?1 AND route = ?2 AND \"key\" = ?3";
constexpr char kInsertKey[] =
    "INSERT INTO run_keys (org, route, \"key\", request_hash, execution, created_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr char kQueued[] =
    "SELECT n0 - (SELECT n0 FROM run_facets WHERE k = -1) FROM run_facets WHERE k = 0";
constexpr char kQueuedOfOrganization[] =
    "SELECT n0 - coalesce((SELECT n0 FROM run_facets"
    " WHERE org = ?1 AND kind = 2 AND value = 'batch'), 0) FROM run_facets WHERE k = ?1";
// An organization may queue as long as it has less than this many times the free places: alone it
// fills three quarters of the queue, and there is always room for one that has nothing queued.
constexpr int64_t kQueueShare = 3;
constexpr char kNextOfOrganization[] =
    "UPDATE run_facets SET last_seq = last_seq + 1,"
    " last_created_at = max(?2, last_created_at + 1), waiting = max(waiting, ?3)"
    " WHERE k = ?1 RETURNING last_seq, last_created_at";
constexpr char kInsertRun[] =
    "INSERT INTO executions (id, org, seq, state, priority, origin, model, \"trigger\", owner,"
    " created_at, started_at, user_id, name, catalog_id, model_name, run_id, version_id,"
    " solver_name, \"columns\", \"rows\", time_limit_seconds, credits_used, batch,"
    " notify, charge)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20, ?21, ?22, ?23, ?24, ?25)";
constexpr char kInsertInput[] =
    "INSERT INTO run_inputs (n, options, input_json, problem) VALUES (?1, ?2, ?3, ?4)";

// The queue.
constexpr char kAnyTurn[] = "SELECT EXISTS (SELECT 1 FROM run_facets WHERE waiting = 1)";
constexpr char kNextTurn[] =
    "SELECT k FROM run_facets WHERE waiting = 1 ORDER BY last_served LIMIT 1";
constexpr char kNothingWaits[] = "UPDATE run_facets SET waiting = 0 WHERE k = ?1";
constexpr char kSomethingWaits[] = "UPDATE run_facets SET waiting = 1 WHERE k = ?1";
constexpr char kServed[] =
    "UPDATE run_facets SET last_served ="
    " (SELECT max(last_served) FROM run_facets WHERE kind = 1) + 1 WHERE k = ?1";
constexpr char kFirstInLine[] =
    "SELECT n, org, seq, origin, model, \"trigger\" FROM executions"
    " WHERE state = 0 AND batch = 0 AND org = ?1 ORDER BY priority DESC, seq LIMIT 1";
constexpr char kStart[] =
    "UPDATE executions SET state = 1, owner = ?2, started_at = max(?3, created_at) WHERE n = ?1";
constexpr char kLoadInput[] = "SELECT options, problem FROM run_inputs WHERE n = ?1";
constexpr char kQueueAgain[] =
    "UPDATE executions SET state = 0, owner = 0, started_at = 0,"
    " notify = iif(notify = 2, 1, notify) WHERE n = ?1";
constexpr char kDescribe[] =
    "UPDATE executions SET \"columns\" = ?2, \"rows\" = ?3, time_limit_seconds = ?4 WHERE n = ?1";
constexpr char kSaveProblem[] = "UPDATE run_inputs SET problem = ?2 WHERE n = ?1";
// As the values of NotifyEnd.
constexpr char kGiveUpWaiting[] =
    "UPDATE executions SET notify = iif(notify = 2, 1, notify) WHERE id = ?1 AND state < 2";
constexpr char kCountCrash[] =
    "UPDATE executions SET crashes = crashes + 1"
    " WHERE id = ?1 AND owner = ?2 AND state = 1 RETURNING crashes";

// Ends.
constexpr char kAskToCancel[] =
    "UPDATE executions SET cancel_requested = 1 WHERE n = ?1 AND state = 1";
constexpr char kEnd[] =
    "UPDATE executions SET state = ?2, owner = 0, completed_at = ?3, solver_name = ?4,"
    " solver_status = ?5, objective_value = ?6, error_message = ?7, credits_used = ?8,"
    " execution_time_micros = ?9 WHERE n = ?1 AND state < 2";
// A run counts for its model and the model's listing. ?1 and ?2: facets of organization and model.
constexpr char kCountForModel[] =
    "UPDATE organization_models SET total_executions = total_executions + 1,"
    " total_credits_used = total_credits_used + ?3, last_executed_at = max(last_executed_at, ?4)"
    " WHERE id = (SELECT value FROM run_facets WHERE k = ?2)"
    " AND organization_id = (SELECT value FROM run_facets WHERE k = ?1)";
constexpr char kCountForListing[] =
    "UPDATE catalog_models SET total_executions = total_executions + 1 WHERE id ="
    " (SELECT m.catalog_id FROM run_facets f JOIN organization_models m ON m.id = f.value"
    " WHERE f.k = ?1)";
constexpr char kSaveOutput[] =
    "INSERT INTO run_outputs (n, progress_json, preview_json, result_json)"
    " VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET progress_json = iif(?2 <> '', ?2, progress_json),"
    " preview_json = ?3, result_json = ?4";
constexpr char kSaveProgress[] =
    "INSERT INTO run_outputs (n, progress_json)"
    " SELECT n, ?2 FROM executions WHERE id = ?1 AND state = 1"
    " ON CONFLICT DO UPDATE SET progress_json = excluded.progress_json";

// Owners.
constexpr char kRegisterOwner[] =
    "INSERT INTO run_owners (id, host, pid, pid_start, lease_until) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT (id) DO UPDATE SET host = ?2, pid = ?3, pid_start = ?4, lease_until = ?5";
constexpr char kRenewLease[] = "UPDATE run_owners SET lease_until = ?2 WHERE id = ?1";
constexpr char kRunsOfOwner[] =
    "SELECT id FROM executions WHERE owner = ?1 AND state = 1 AND batch = 0";
constexpr char kRemoveOwner[] = "DELETE FROM run_owners WHERE k = ?1";

absl::Status RunNotFound() { return NotFound("Execution not found"); }

struct SeenKey {
  std::string request_hash;
  int64_t execution = 0;
};

absl::StatusOr<std::optional<SeenKey>> FindKey(Db& db, int64_t org, const NewRun& run) {
  Query query(db, kFindKey, org, run.idempotency_route, run.idempotency_key);
  if (query.Next()) return SeenKey{query.Text(0), query.Int(1)};
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

}  // namespace

absl::StatusOr<InsertedRun> SqliteRuns::Insert(NewRun run, int64_t max_pending) {
  return writer_.Get<InsertedRun>([&](Db& db) { return DoInsert(db, run, max_pending); });
}

absl::StatusOr<InsertedRun> SqliteRuns::DoInsert(Db& db, NewRun& run, int64_t max_pending) {
  ASSIGN_OR_RETURN(int64_t org,
                   EnsureFacet(db, 0, FacetKind::kOrganization, run.execution.organization_id));
  if (!run.idempotency_key.empty()) {
    ASSIGN_OR_RETURN(std::optional<SeenKey> seen, FindKey(db, org, run));
    if (seen.has_value()) {
      if (seen->request_hash != run.request_hash) return KeyReused();
      ASSIGN_OR_RETURN(Execution earlier, LoadExecution(db, seen->execution, Payload::kResult));
      return InsertedRun{std::move(earlier), true};
    }
  }
  RETURN_IF_ERROR(FindPlace(db, org, max_pending));
  RETURN_IF_ERROR(AddRun(db, run, org, 0));
  return InsertedRun{std::move(run.execution), false};
}

absl::StatusOr<int64_t> SqliteRuns::CountQueued(Db& db) {
  ASSIGN_OR_RETURN(int64_t queued, db.QueryInt(kQueued));
  return queued + counters_.queued_change();
}

absl::Status SqliteRuns::FindPlace(Db& db, int64_t org, int64_t max_pending) {
  ASSIGN_OR_RETURN(int64_t queued, CountQueued(db));
  const int64_t free = max_pending - queued;
  if (free <= 0) {
    return MakeError(absl::StatusCode::kResourceExhausted, error_code::kUnavailable,
                     "The queue is full; try again later");
  }
  Query query(db, kQueuedOfOrganization, org);
  int64_t own = query.Next() ? query.Int(0) : 0;
  RETURN_IF_ERROR(query.status());
  own += counters_.queued_change_of(org);
  if (own / kQueueShare < free) return absl::OkStatus();
  return MakeError(absl::StatusCode::kResourceExhausted, error_code::kUnavailable,
                   "The organization's share of the queue is full; try again later");
}

std::future<absl::Status> SqliteRuns::InsertRunning(
    NewRun run, std::string owner, std::function<void(const absl::Status&)> refused) {
  auto shared = std::make_shared<NewRun>(std::move(run));
  return writer_.SubmitSoon([this, shared, owner = std::move(owner)](
                                Db& db) { return DoInsertRunning(db, *shared, owner); },
                            std::move(refused));
}

absl::Status SqliteRuns::DoInsertRunning(Db& db, NewRun& run, std::string_view owner) {
  ASSIGN_OR_RETURN(int64_t holder, FindOwner(db, owner));
  ASSIGN_OR_RETURN(int64_t org,
                   EnsureFacet(db, 0, FacetKind::kOrganization, run.execution.organization_id));
  if (!run.idempotency_key.empty()) {
    ASSIGN_OR_RETURN(std::optional<SeenKey> seen, FindKey(db, org, run));
    if (seen.has_value() && seen->request_hash != run.request_hash) return KeyReused();
    if (seen.has_value()) {
      return MakeError(absl::StatusCode::kAlreadyExists, error_code::kConflict,
                       "A run with this idempotency key exists already");
    }
  }
  return AddRun(db, run, org, holder);
}

absl::Status SqliteRuns::AddRun(Db& db, NewRun& run, int64_t org, int64_t owner, int64_t batch) {
  Execution& e = run.execution;
  RunPlace place;
  place.org = org;
  place.batch = batch != 0;
  ASSIGN_OR_RETURN(place.origin, EnsureFacet(db, org, FacetKind::kOrigin, e.origin));
  ASSIGN_OR_RETURN(place.model, EnsureFacet(db, org, FacetKind::kModel, e.model_id));
  ASSIGN_OR_RETURN(place.trigger, EnsureFacet(db, org, FacetKind::kTrigger, e.trigger_id));
  {
    Query next(db, kNextOfOrganization, org, run.now, owner == 0 && batch == 0);
    if (!next.Next()) {
      RETURN_IF_ERROR(next.status());
      return absl::InternalError("the organization's counter is gone");
    }
    place.seq = next.Int(0);
    e.created_at = next.Int(1);
  }
  e.state = owner == 0 ? RunState::kPending : RunState::kRunning;
  e.started_at = owner == 0 ? 0 : e.created_at;
  for (RunEffects* effect : effects_) RETURN_IF_ERROR(effect->BeforeAdd(db, run));
  RETURN_IF_ERROR(db.Run(kInsertRun, e.id, org, place.seq, static_cast<int>(e.state), e.priority,
                         place.origin, place.model, place.trigger, owner, e.created_at,
                         e.started_at, e.user_id, e.name, e.catalog_id, e.model_name, e.run_id,
                         e.version_id, e.solver_name, e.columns, e.rows, e.time_limit_seconds,
                         e.credits_used, batch, static_cast<int>(run.notify), run.charge));
  place.n = db.last_insert_rowid();
  RETURN_IF_ERROR(
      db.Run(kInsertInput, place.n, Blob{run.options}, e.input_json, Blob{run.problem}));
  if (!run.idempotency_key.empty()) {
    RETURN_IF_ERROR(db.Run(kInsertKey, org, run.idempotency_route, run.idempotency_key,
                           Blob{run.request_hash}, place.n, run.now));
  }
  counters_.Add(place, e.state);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SqliteRuns::AddBatchRun(Db& db, NewRun& run, int64_t batch) {
  ASSIGN_OR_RETURN(int64_t org,
                   EnsureFacet(db, 0, FacetKind::kOrganization, run.execution.organization_id));
  RETURN_IF_ERROR(AddRun(db, run, org, 0, batch));
  ASSIGN_OR_RETURN(std::optional<RunHead> head, LoadHead(db, run.execution.id));
  if (!head.has_value()) return absl::InternalError("the run was not written");
  return head->place.n;
}

absl::Status SqliteRuns::StartBatchRun(Db& db, const RunHead& head, int64_t owner, int64_t now) {
  RETURN_IF_ERROR(db.Run(kServed, head.place.org));
  RETURN_IF_ERROR(db.Run(kStart, head.place.n, owner, now));
  counters_.Move(head.place, head.state, RunState::kRunning);
  return absl::OkStatus();
}

absl::Status SqliteRuns::QueueBatchRun(Db& db, const RunHead& head) {
  RETURN_IF_ERROR(db.Run(kQueueAgain, head.place.n));
  counters_.Move(head.place, head.state, RunState::kPending);
  return absl::OkStatus();
}

absl::Status SqliteRuns::DescribeProblem(Db& db, int64_t n, int32_t columns, int32_t rows,
                                         double time_limit_seconds, std::string_view problem) {
  if (problem.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(db.Run(kDescribe, n, columns, rows, time_limit_seconds));
  return db.Run(kSaveProblem, n, Blob{problem});
}

absl::StatusOr<std::optional<ClaimedRun>> SqliteRuns::Claim(std::string_view owner, int64_t now) {
  {
    // A look at an empty queue must not cost a turn of the writer, nor keep other processes out.
    Readers::Lease db(readers_);
    ASSIGN_OR_RETURN(int64_t any, (*db).QueryInt(kAnyTurn));
    if (any == 0) return std::nullopt;
  }
  return writer_.Get<std::optional<ClaimedRun>>([&](Db& db) { return DoClaim(db, owner, now); });
}

absl::StatusOr<std::optional<ClaimedRun>> SqliteRuns::DoClaim(Db& db, std::string_view owner,
                                                              int64_t now) {
  ASSIGN_OR_RETURN(int64_t holder, FindOwner(db, owner));
  std::optional<RunPlace> first;
  while (!first.has_value()) {
    int64_t org;
    {
      Query turn(db, kNextTurn);
      if (!turn.Next()) {
        RETURN_IF_ERROR(turn.status());
        return std::nullopt;
      }
      org = turn.Int(0);
    }
    {
      Query line(db, kFirstInLine, org);
      if (line.Next()) {
        first =
            RunPlace{line.Int(0), line.Int(1), line.Int(2), line.Int(3), line.Int(4), line.Int(5)};
      }
      RETURN_IF_ERROR(line.status());
    }
    // Only the one who finds a line empty takes its organization out of the round.
    if (!first.has_value()) RETURN_IF_ERROR(db.Run(kNothingWaits, org));
  }
  RETURN_IF_ERROR(db.Run(kServed, first->org));
  RETURN_IF_ERROR(db.Run(kStart, first->n, holder, now));
  counters_.Move(*first, RunState::kPending, RunState::kRunning);

  ClaimedRun claimed;
  ASSIGN_OR_RETURN(claimed.execution, LoadExecution(db, first->n, Payload::kNone));
  Query input(db, kLoadInput, first->n);
  if (!input.Next()) {
    RETURN_IF_ERROR(input.status());
    return absl::DataLossError("the run's problem is gone");
  }
  claimed.options = input.Text(0);
  claimed.problem = input.Text(1);
  return claimed;
}

absl::StatusOr<RunState> SqliteRuns::PutBack(Db& db, const RunHead& head, int64_t now) {
  if (head.cancel_requested) {
    RETURN_IF_ERROR(EndAsCancelled(db, head, now).status());
    return RunState::kCancelled;
  }
  RETURN_IF_ERROR(db.Run(kQueueAgain, head.place.n));
  RETURN_IF_ERROR(db.Run(kSomethingWaits, head.place.org));
  counters_.Move(head.place, RunState::kRunning, RunState::kPending);
  return RunState::kPending;
}

absl::StatusOr<bool> SqliteRuns::Release(std::string_view owner, std::string_view id, int64_t now) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(std::optional<RunHead> head, LoadHead(db, id));
    if (!head.has_value() || head->state != RunState::kRunning) return false;
    absl::StatusOr<int64_t> holder = FindOwner(db, owner);
    if (absl::IsFailedPrecondition(holder.status())) return false;
    RETURN_IF_ERROR(holder.status());
    if (head->owner != *holder) return false;
    RETURN_IF_ERROR(PutBack(db, *head, now).status());
    return true;
  });
}

absl::StatusOr<int> SqliteRuns::RecordCrash(std::string_view owner, std::string_view id) {
  return writer_.Get<int>([&](Db& db) -> absl::StatusOr<int> {
    ASSIGN_OR_RETURN(int64_t holder, FindOwner(db, owner));
    Query query(db, kCountCrash, id, holder);
    if (query.Next()) return query.Int32(0);
    RETURN_IF_ERROR(query.status());
    return absl::FailedPreconditionError("the run is not held by this owner");
  });
}

absl::StatusOr<FinishedRun> SqliteRuns::Finish(FinishRun finish) {
  if (!IsEndState(finish.state)) {
    return absl::InvalidArgumentError("a run can only finish in an end state");
  }
  return writer_.Get<FinishedRun>([&](Db& db) { return DoFinish(db, finish); });
}

absl::StatusOr<FinishedRun> SqliteRuns::DoFinish(Db& db, const FinishRun& finish) {
  ASSIGN_OR_RETURN(std::optional<RunHead> head, LoadHead(db, finish.id));
  if (!head.has_value()) return RunNotFound();
  absl::StatusOr<int64_t> holder = FindOwner(db, finish.owner);
  if (!holder.ok() && !absl::IsFailedPrecondition(holder.status())) return holder.status();
  FinishedRun finished;
  finished.applied = holder.ok() && head->state == RunState::kRunning && head->owner == *holder;
  if (finished.applied) {
    ASSIGN_OR_RETURN(finished.execution, EndRun(db, *head, finish));
  } else {
    ASSIGN_OR_RETURN(finished.execution, LoadExecution(db, head->place.n, Payload::kNone));
  }
  return finished;
}

absl::StatusOr<Execution> SqliteRuns::EndRun(Db& db, const RunHead& head, const FinishRun& finish) {
  ASSIGN_OR_RETURN(Execution e, LoadExecution(db, head.place.n, Payload::kNone));
  e.state = head.cancel_requested ? RunState::kCancelled : finish.state;
  const bool completed = e.state == RunState::kCompleted;
  const bool cancelled = e.state == RunState::kCancelled;
  e.completed_at = std::max(finish.now, e.created_at);
  if (!finish.solver_name.empty()) e.solver_name = finish.solver_name;
  e.solver_status = cancelled ? "" : finish.solver_status;
  e.objective_value = completed ? finish.objective_value : std::nullopt;
  e.error_message = cancelled || completed ? "" : finish.error_message;
  e.execution_time_micros = finish.execution_time_micros;
  for (RunEffects* effect : effects_) RETURN_IF_ERROR(effect->BeforeEnd(db, finish, e));

  RETURN_IF_ERROR(db.Run(kEnd, head.place.n, static_cast<int>(e.state), e.completed_at,
                         e.solver_name, e.solver_status, e.objective_value, e.error_message,
                         e.credits_used, e.execution_time_micros));
  if (db.changes() != 1) return absl::InternalError("the run had ended before");
  counters_.Move(head.place, head.state, e.state);
  if (head.place.model != 0) {
    RETURN_IF_ERROR(
        db.Run(kCountForModel, head.place.org, head.place.model, e.credits_used, e.completed_at));
    RETURN_IF_ERROR(db.Run(kCountForListing, head.place.model));
  }
  if (head.state == RunState::kRunning) {
    std::string_view none;
    RETURN_IF_ERROR(db.Run(kSaveOutput, head.place.n, finish.progress_json,
                           completed ? finish.preview_json : none,
                           completed ? finish.result_json : none));
  }
  for (RunEffects* effect : effects_) RETURN_IF_ERROR(effect->AfterEnd(db, e));
  return e;
}

absl::StatusOr<Execution> SqliteRuns::EndAsCancelled(Db& db, const RunHead& head, int64_t now) {
  FinishRun cancelled;
  cancelled.state = RunState::kCancelled;
  cancelled.now = now;
  return EndRun(db, head, cancelled);
}

absl::StatusOr<CancelOutcome> SqliteRuns::RequestCancel(std::string_view organization,
                                                        std::string_view id, int64_t now) {
  return writer_.Get<CancelOutcome>(
      [&](Db& db) { return DoRequestCancel(db, organization, id, now); });
}

absl::StatusOr<CancelOutcome> SqliteRuns::DoRequestCancel(Db& db, std::string_view organization,
                                                          std::string_view id, int64_t now) {
  ASSIGN_OR_RETURN(std::optional<RunHead> head, LoadHead(db, id));
  if (!head.has_value()) return RunNotFound();
  if (!organization.empty()) {
    ASSIGN_OR_RETURN(std::optional<int64_t> org,
                     FindFacet(db, 0, FacetKind::kOrganization, organization));
    if (org != head->place.org) return RunNotFound();
  }
  if (head->batch != 0 && !IsEndState(head->state)) {
    return MakeError(absl::StatusCode::kFailedPrecondition, error_code::kConflict,
                     "The execution is a task of a batch; cancel the batch");
  }
  switch (head->state) {
    case RunState::kPending:
      RETURN_IF_ERROR(EndAsCancelled(db, *head, now).status());
      return CancelOutcome::kCancelled;
    case RunState::kRunning:
      if (!head->cancel_requested) RETURN_IF_ERROR(db.Run(kAskToCancel, head->place.n));
      return CancelOutcome::kRequested;
    default: return CancelOutcome::kAlreadyEnded;
  }
}

absl::StatusOr<bool> SqliteRuns::GiveUpWaiting(std::string_view id) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kGiveUpWaiting, id));
    return db.changes() == 1;
  });
}

void SqliteRuns::SaveProgress(std::string id, std::string progress_json) {
  writer_.PostSoon([id = std::move(id), progress = std::move(progress_json)](Db& db) {
    return db.Run(kSaveProgress, id, progress);
  });
}

absl::Status SqliteRuns::RegisterOwner(const Owner& owner) {
  return writer_.Run([&](Db& db) {
    return db.Run(kRegisterOwner, owner.id, owner.host, owner.pid, owner.pid_start,
                  owner.lease_until);
  });
}

absl::Status SqliteRuns::RenewLease(std::string_view owner, int64_t until) {
  return writer_.Run([&](Db& db) -> absl::Status {
    RETURN_IF_ERROR(db.Run(kRenewLease, owner, until));
    if (db.changes() == 1) return absl::OkStatus();
    return absl::FailedPreconditionError("the owner is not registered, or was taken for dead");
  });
}

absl::StatusOr<int64_t> SqliteRuns::TakeBack(std::string_view owner, int64_t now) {
  return writer_.Get<int64_t>([&](Db& db) { return DoTakeBack(db, owner, now); });
}

absl::StatusOr<int64_t> SqliteRuns::DoTakeBack(Db& db, std::string_view owner, int64_t now) {
  absl::StatusOr<int64_t> holder = FindOwner(db, owner);
  if (absl::IsFailedPrecondition(holder.status())) return 0;
  RETURN_IF_ERROR(holder.status());
  std::vector<std::string> ids;
  {
    Query query(db, kRunsOfOwner, *holder);
    while (query.Next()) ids.push_back(query.Text(0));
    RETURN_IF_ERROR(query.status());
  }
  int64_t queued = 0;
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(std::optional<RunHead> head, LoadHead(db, id));
    if (!head.has_value()) return absl::DataLossError("a run of the owner is gone");
    ASSIGN_OR_RETURN(RunState next, PutBack(db, *head, now));
    if (next == RunState::kPending) ++queued;
  }
  for (RunEffects* effect : effects_) {
    RETURN_IF_ERROR(effect->AfterOwnerGone(db, *holder, now));
  }
  RETURN_IF_ERROR(db.Run(kRemoveOwner, *holder));
  return queued;
}

}  // namespace solvent
