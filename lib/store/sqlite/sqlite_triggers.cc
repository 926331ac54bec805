#include "sqlite_triggers.h"

#include <algorithm>
#include <utility>

#include "created_keys.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "trigger_rows.h"

namespace solvent {
namespace {

constexpr char kOrganizationOf[] = "SELECT organization_id FROM triggers WHERE id = ?1";
constexpr char kQueuedWithKey[] =
    "SELECT y.request_hash, e.run_id FROM run_facets f JOIN run_keys y ON y.org = f.k"
    " JOIN executions e ON e.n = y.execution"
    " WHERE f.org = 0 AND f.kind = 1 AND f.value = ?1 AND y.route = ?2 AND y.\"key\" = ?3";

constexpr char kFindVersion[] =
    "SELECT v.n FROM document_versions v JOIN documents d ON d.n = v.document"
    " WHERE v.id = ?1 AND d.id = ?2 AND d.organization_id = ?3 AND d.is_active = 1";
constexpr char kPromote[] =
    "UPDATE document_versions SET is_named = 1, version_name = ?2 WHERE n = ?1 AND is_named = 0";
constexpr char kGiveModel[] =
    "UPDATE document_versions SET model_json = ?2, content_hash = ?3"
    " WHERE n = ?1 AND model_json IS NULL";
constexpr char kInsertTrigger[] =
    "INSERT INTO triggers (id, organization_id, created_by, workspace_id, name, description,"
    " document_id, version_id, secret_hash, secret_prefix, override_schema, webhook_url,"
    " webhook_secret, created_at, updated_at)"
    " VALUES (?1, ?2, ?3, iif(?4, ?5, NULL), ?6, iif(?7, ?8, NULL), ?9, ?10, ?11, ?12,"
    " nullif(?13, ''), iif(?14, ?15, NULL), iif(?16, ?17, NULL), ?18, ?18)";

#define TRIGGER_COLUMNS                                                            \
  "SELECT t.n, t.id, t.organization_id, t.created_by, t.workspace_id, t.name,"     \
  " t.description, t.document_id, t.version_id, t.secret_hash, t.secret_prefix,"   \
  " t.override_schema, t.webhook_url, t.webhook_secret IS NOT NULL, t.is_enabled," \
  " t.total_runs, t.last_fired_at, t.created_at, t.updated_at"
constexpr char kFindTrigger[] =
    TRIGGER_COLUMNS " FROM triggers t WHERE t.id = ?1 AND (?2 = '' OR t.organization_id = ?2)";
constexpr char kListTriggers[] = TRIGGER_COLUMNS
    " FROM triggers t WHERE t.organization_id = ?1 ORDER BY t.created_at DESC, t.id DESC";
constexpr char kListOfDocument[] = TRIGGER_COLUMNS
    " FROM triggers t WHERE t.organization_id = ?1 AND t.document_id = ?2"
    " ORDER BY t.created_at DESC, t.id DESC";
constexpr int kTriggerColumns = 19;

#define SCHEDULE_COLUMNS                                                                  \
  " s.cron, s.time_zone, s.overlap, s.missed, s.override_data, s.is_enabled, s.failures," \
  " s.next_due, s.last_due, s.created_at, s.updated_at"
constexpr char kFindSchedule[] = "SELECT" SCHEDULE_COLUMNS
                                 " FROM triggers t JOIN trigger_schedules s ON s.\"trigger\" = t.n"
                                 " WHERE t.id = ?1 AND t.organization_id = ?2";
constexpr char kDueSchedules[] = TRIGGER_COLUMNS
    "," SCHEDULE_COLUMNS
    " FROM trigger_schedules s CROSS JOIN triggers t"
    " WHERE s.is_enabled = 1 AND s.next_due > 0 AND s.next_due <= ?1 AND t.n = s.\"trigger\""
    " AND t.organization_id NOT IN (SELECT value FROM json_each(?3))"
    " ORDER BY s.next_due LIMIT ?2";
#undef SCHEDULE_COLUMNS
#undef TRIGGER_COLUMNS

constexpr char kUpdateTrigger[] =
    "UPDATE triggers SET name = iif(?2, ?3, name),"
    " description = CASE WHEN ?4 THEN iif(?5, ?6, NULL) ELSE description END,"
    " override_schema = iif(?7, nullif(?8, ''), override_schema),"
    " webhook_url = CASE WHEN ?9 THEN iif(?10, ?11, NULL) ELSE webhook_url END,"
    " webhook_secret = CASE WHEN ?12 THEN iif(?13, ?14, NULL) ELSE webhook_secret END,"
    " is_enabled = iif(?15 < 0, is_enabled, ?15), secret_hash = iif(?16, ?17, secret_hash),"
    " secret_prefix = iif(?16, ?18, secret_prefix), updated_at = max(?19, updated_at)"
    " WHERE n = ?1";
constexpr char kUnfinishedRuns[] =
    "SELECT id FROM executions WHERE \"trigger\" = ?1 AND \"trigger\" <> 0 AND state IN (0, 1)";
constexpr char kDeleteRuns[] = "DELETE FROM trigger_runs WHERE \"trigger\" = ?1";
constexpr char kDeleteSchedule[] = "DELETE FROM trigger_schedules WHERE \"trigger\" = ?1";
constexpr char kDeleteTrigger[] = "DELETE FROM triggers WHERE n = ?1";
constexpr char kPinnedModel[] = "SELECT model_json FROM document_versions WHERE id = ?1";

constexpr char kCountWithStatus[] =
    "SELECT count(*) FROM trigger_runs WHERE \"trigger\" = ?1 AND status = ?2";
constexpr char kPageWithStatus[] =
    "SELECT seq FROM trigger_runs WHERE \"trigger\" = ?1 AND status = ?2"
    " ORDER BY seq DESC LIMIT ?3 OFFSET ?4";

constexpr char kSaveSchedule[] =
    "INSERT INTO trigger_schedules (\"trigger\", cron, time_zone, overlap, missed, override_data,"
    " is_enabled, next_due, created_at, updated_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, ''), ?7, ?8, ?9, ?9)"
    " ON CONFLICT DO UPDATE SET cron = ?2, time_zone = ?3, overlap = ?4, missed = ?5,"
    " override_data = nullif(?6, ''), is_enabled = ?7, next_due = ?8, failures = 0,"
    " updated_at = ?9";
constexpr char kNextDue[] =
    "SELECT next_due FROM trigger_schedules WHERE is_enabled = 1 AND next_due > 0"
    " ORDER BY next_due LIMIT 1";
constexpr char kPassDue[] =
    "UPDATE trigger_schedules SET next_due = ?3 WHERE next_due = ?2 AND \"trigger\" ="
    " (SELECT n FROM triggers WHERE id = ?1)";

std::optional<std::string> TextOrNull(const Query& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Text(column);
}

absl::StatusOr<Json> JsonOrNull(const Query& row, int column) {
  if (row.IsNull(column)) return Json();
  return ParseJson(row.Text(column));
}

struct FoundTrigger {
  int64_t n = 0;
  TriggerRow row;
};

absl::StatusOr<FoundTrigger> ReadTrigger(const Query& row) {
  FoundTrigger found;
  found.n = row.Int(0);
  found.row.secret_hash = row.Text(9);
  Trigger& t = found.row.trigger;
  t.id = row.Text(1);
  t.organization_id = row.Text(2);
  t.created_by = row.Text(3);
  t.workspace_id = TextOrNull(row, 4);
  t.name = row.Text(5);
  t.description = TextOrNull(row, 6);
  t.document_id = row.Text(7);
  t.version_id = row.Text(8);
  t.secret_prefix = row.Text(10);
  ASSIGN_OR_RETURN(t.override_schema, JsonOrNull(row, 11));
  t.webhook_url = TextOrNull(row, 12);
  t.has_webhook_secret = row.Int(13) != 0;
  t.is_enabled = row.Int(14) != 0;
  t.total_runs = row.Int(15);
  t.last_fired_at = row.Int(16);
  t.created_at = row.Int(17);
  t.updated_at = row.Int(18);
  return found;
}

absl::StatusOr<std::optional<FoundTrigger>> LoadTrigger(Db& db, std::string_view organization,
                                                        std::string_view id) {
  Query query(db, kFindTrigger, id, organization);
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(FoundTrigger found, ReadTrigger(query));
  return found;
}

std::string_view ToText(TriggerSchedule::Overlap overlap) {
  return overlap == TriggerSchedule::Overlap::kQueue ? "queue" : "skip";
}
std::string_view ToText(TriggerSchedule::Missed missed) {
  return missed == TriggerSchedule::Missed::kSkip ? "skip" : "catch_up";
}

absl::StatusOr<TriggerSchedule> ReadSchedule(const Query& row, int column) {
  TriggerSchedule s;
  s.cron = row.Text(column++);
  s.time_zone = row.Text(column++);
  s.overlap = row.Text(column++) == "queue" ? TriggerSchedule::Overlap::kQueue
                                            : TriggerSchedule::Overlap::kSkip;
  s.missed = row.Text(column++) == "skip" ? TriggerSchedule::Missed::kSkip
                                          : TriggerSchedule::Missed::kCatchUp;
  ASSIGN_OR_RETURN(s.override_data, JsonOrNull(row, column++));
  s.is_enabled = row.Int(column++) != 0;
  s.failures = row.Int32(column++);
  s.next_due = row.Int(column++);
  s.last_due = row.Int(column++);
  s.created_at = row.Int(column++);
  s.updated_at = row.Int(column++);
  return s;
}

std::string DumpOrEmpty(const Json& json) { return json.is_null() ? "" : json.Dump(); }

std::optional<RunState> StateOf(TriggerRunStatus status) {
  switch (status) {
    case TriggerRunStatus::kQueued: return RunState::kPending;
    case TriggerRunStatus::kRunning: return RunState::kRunning;
    case TriggerRunStatus::kCompleted: return RunState::kCompleted;
    case TriggerRunStatus::kFailed: return RunState::kFailed;
    case TriggerRunStatus::kTimeout: return RunState::kTimeout;
    case TriggerRunStatus::kCancelled: return RunState::kCancelled;
    default: return std::nullopt;
  }
}

absl::Status RunGone() { return absl::DataLossError("a trigger's run is gone"); }

absl::StatusOr<std::string> OrganizationOf(Db& db, std::string_view trigger) {
  Query query(db, kOrganizationOf, trigger);
  if (query.Next()) return query.Text(0);
  RETURN_IF_ERROR(query.status());
  return NotFound("Trigger not found");
}

// The run of the trigger that an earlier call with this key led to, whether it was queued or its
// data refused; "" for none.
absl::StatusOr<std::string> FiredWithKey(Db& db, std::string_view organization,
                                         Repeatable repeatable) {
  {
    Query query(db, kQueuedWithKey, organization, repeatable.route, repeatable.key);
    if (query.Next()) {
      if (query.Text(0) != repeatable.request_hash) return KeyReused();
      return query.Text(1);
    }
    RETURN_IF_ERROR(query.status());
  }
  ASSIGN_OR_RETURN(std::optional<std::string> refused, FindCreated(db, organization, &repeatable));
  return refused.value_or("");
}

}  // namespace

absl::StatusOr<std::optional<std::string>> SqliteTriggers::Insert(const NewTriggerRow& row,
                                                                  Repeatable* repeatable) {
  using Result = std::optional<std::string>;
  const Trigger& t = row.trigger;
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    ASSIGN_OR_RETURN(Result earlier, FindCreated(db, t.organization_id, repeatable));
    if (earlier.has_value()) return earlier;
    int64_t version = 0;
    {
      Query query(db, kFindVersion, t.version_id, t.document_id, t.organization_id);
      if (!query.Next()) {
        RETURN_IF_ERROR(query.status());
        return NotFound("Version not found");
      }
      version = query.Int(0);
    }
    RETURN_IF_ERROR(db.Run(kPromote, version, row.version_name));
    if (!row.version_model.empty()) {
      RETURN_IF_ERROR(db.Run(kGiveModel, version, row.version_model, Blob{row.version_hash}));
    }
    RETURN_IF_ERROR(
        db.Run(kInsertTrigger, t.id, t.organization_id, t.created_by, t.workspace_id.has_value(),
               t.workspace_id.value_or(""), t.name, t.description.has_value(),
               t.description.value_or(""), t.document_id, t.version_id, Blob{row.secret_hash},
               t.secret_prefix, DumpOrEmpty(t.override_schema), t.webhook_url.has_value(),
               t.webhook_url.value_or(""), row.webhook_secret.has_value(),
               Blob{row.webhook_secret.has_value() ? std::string_view(*row.webhook_secret)
                                                   : std::string_view()},
               t.created_at));
    RETURN_IF_ERROR(KeepCreated(db, t.organization_id, repeatable, t.id, t.created_at));
    return Result();
  });
}

absl::StatusOr<std::optional<TriggerRow>> SqliteTriggers::Find(std::string_view organization,
                                                               std::string_view id) {
  Readers::Lease db(readers_);
  ASSIGN_OR_RETURN(std::optional<FoundTrigger> found, LoadTrigger(*db, organization, id));
  if (!found.has_value()) return std::nullopt;
  return std::move(found->row);
}

absl::StatusOr<std::vector<Trigger>> SqliteTriggers::List(std::string_view organization,
                                                          std::string_view document_id) {
  Readers::Lease db(readers_);
  auto read = [](Query& query) -> absl::StatusOr<std::vector<Trigger>> {
    std::vector<Trigger> triggers;
    while (query.Next()) {
      ASSIGN_OR_RETURN(FoundTrigger found, ReadTrigger(query));
      triggers.push_back(std::move(found.row.trigger));
    }
    RETURN_IF_ERROR(query.status());
    return triggers;
  };
  if (document_id.empty()) {
    Query query(*db, kListTriggers, organization);
    return read(query);
  }
  Query query(*db, kListOfDocument, organization, document_id);
  return read(query);
}

absl::StatusOr<std::optional<Trigger>> SqliteTriggers::Update(std::string_view organization,
                                                              std::string_view id,
                                                              const ChangedTrigger& c, int64_t now,
                                                              Repeatable* repeatable) {
  using Result = std::optional<Trigger>;
  using Text = std::optional<std::string>;
  const Text none;
  const Text& description = c.description.has_value() ? *c.description : none;
  const Text& url = c.webhook_url.has_value() ? *c.webhook_url : none;
  const std::string webhook_secret =
      c.webhook_secret.has_value() ? c.webhook_secret->value_or("") : "";
  const auto secret = c.secret.value_or(std::pair<std::string, std::string>());
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    ASSIGN_OR_RETURN(std::optional<FoundTrigger> found, LoadTrigger(db, organization, id));
    if (!found.has_value()) return std::nullopt;
    ASSIGN_OR_RETURN(std::optional<std::string> earlier, FindCreated(db, organization, repeatable));
    if (earlier.has_value()) return std::move(found->row.trigger);
    RETURN_IF_ERROR(KeepCreated(db, organization, repeatable, id, now));
    RETURN_IF_ERROR(db.Run(
        kUpdateTrigger, found->n, c.name.has_value(), c.name.value_or(""),
        c.description.has_value(), description.has_value(), description.value_or(""),
        c.override_schema.has_value(), c.override_schema.value_or(""), c.webhook_url.has_value(),
        url.has_value(), url.value_or(""), c.webhook_secret.has_value(),
        c.webhook_secret.has_value() && c.webhook_secret->has_value(), Blob{webhook_secret},
        c.is_enabled.has_value() ? static_cast<int>(*c.is_enabled) : -1, c.secret.has_value(),
        Blob{secret.first}, secret.second, now));
    ASSIGN_OR_RETURN(found, LoadTrigger(db, organization, id));
    if (!found.has_value()) return absl::InternalError("the trigger is gone");
    return std::move(found->row.trigger);
  });
}

absl::StatusOr<SqliteTriggers::DeletedRuns> SqliteTriggers::Delete(std::string_view organization,
                                                                   std::string_view id,
                                                                   int64_t now) {
  return writer_.Get<DeletedRuns>([&](Db& db) { return DoDelete(db, organization, id, now); });
}

absl::StatusOr<SqliteTriggers::DeletedRuns> SqliteTriggers::DoDelete(Db& db,
                                                                     std::string_view organization,
                                                                     std::string_view id,
                                                                     int64_t now) {
  ASSIGN_OR_RETURN(std::optional<FoundTrigger> found, LoadTrigger(db, organization, id));
  if (!found.has_value()) return std::nullopt;
  const Trigger& trigger = found->row.trigger;
  std::vector<std::string> unfinished;
  ASSIGN_OR_RETURN(std::optional<int64_t> org,
                   FindFacet(db, 0, FacetKind::kOrganization, trigger.organization_id));
  ASSIGN_OR_RETURN(std::optional<int64_t> facet,
                   FindFacet(db, org.value_or(0), FacetKind::kTrigger, trigger.id));
  if (org.has_value() && facet.has_value()) {
    Query query(db, kUnfinishedRuns, *facet);
    while (query.Next()) unfinished.push_back(query.Text(0));
    RETURN_IF_ERROR(query.status());
  }
  RETURN_IF_ERROR(db.Run(kDeleteRuns, found->n));
  RETURN_IF_ERROR(db.Run(kDeleteSchedule, found->n));
  RETURN_IF_ERROR(db.Run(kDeleteTrigger, found->n));
  for (RunEffects* effect : effects_) RETURN_IF_ERROR(effect->AfterTriggerDeleted(db, trigger));
  std::vector<std::string> running;
  for (std::string& execution : unfinished) {
    ASSIGN_OR_RETURN(CancelOutcome outcome,
                     runs_.DoRequestCancel(db, trigger.organization_id, execution, now));
    if (outcome == CancelOutcome::kRequested) running.push_back(std::move(execution));
  }
  return running;
}

absl::StatusOr<std::string> SqliteTriggers::PinnedModel(std::string_view version_id) {
  Readers::Lease db(readers_);
  Query query(*db, kPinnedModel, version_id);
  if (query.Next()) return query.Text(0);
  RETURN_IF_ERROR(query.status());
  return "";
}

absl::StatusOr<TriggerRun> SqliteTriggers::InsertEnded(const NewTriggerRun& run,
                                                       Repeatable* repeatable) {
  return writer_.Get<TriggerRun>([&](Db& db) -> absl::StatusOr<TriggerRun> {
    if (repeatable != nullptr) {
      ASSIGN_OR_RETURN(std::string organization, OrganizationOf(db, run.trigger_id));
      ASSIGN_OR_RETURN(std::string earlier, FiredWithKey(db, organization, *repeatable));
      if (!earlier.empty()) {
        repeatable->replayed = true;
        ASSIGN_OR_RETURN(std::optional<TriggerRun> found,
                         LoadTriggerRun(db, run.trigger_id, earlier, Payload::kNone));
        return found.has_value() ? absl::StatusOr<TriggerRun>(*std::move(found)) : RunGone();
      }
      RETURN_IF_ERROR(KeepCreated(db, organization, repeatable, run.id, run.now));
    }
    RETURN_IF_ERROR(AddTriggerRun(db, run, "", run.now));
    if (run.claim.has_value() && run.status == ToString(TriggerRunStatus::kValidationFailed)) {
      RETURN_IF_ERROR(CountScheduleEnd(db, run.trigger_id, false));
    }
    ASSIGN_OR_RETURN(std::optional<TriggerRun> added,
                     LoadTriggerRun(db, run.trigger_id, run.id, Payload::kNone));
    if (!added.has_value()) return RunGone();
    for (RunEffects* effect : effects_) RETURN_IF_ERROR(effect->AfterRefusedFire(db, *added));
    return *std::move(added);
  });
}

absl::StatusOr<std::optional<TriggerRun>> SqliteTriggers::FindFired(const Trigger& trigger,
                                                                    const Repeatable& repeatable) {
  Readers::Lease db(readers_);
  ReadTransaction snapshot(*db);
  RETURN_IF_ERROR(snapshot.status());
  ASSIGN_OR_RETURN(std::string run, FiredWithKey(*db, trigger.organization_id, repeatable));
  if (run.empty()) return std::nullopt;
  return LoadTriggerRun(*db, trigger.id, run, Payload::kResult);
}

absl::StatusOr<std::optional<TriggerRun>> SqliteTriggers::FindRun(std::string_view organization,
                                                                  std::string_view trigger_id,
                                                                  std::string_view run_id) {
  Readers::Lease db(readers_);
  ReadTransaction snapshot(*db);
  RETURN_IF_ERROR(snapshot.status());
  ASSIGN_OR_RETURN(std::optional<TriggerRun> run,
                   LoadTriggerRun(*db, trigger_id, run_id, Payload::kResult));
  if (run.has_value() && run->organization_id != organization) return std::nullopt;
  return run;
}

absl::StatusOr<std::optional<Page<TriggerRun>>> SqliteTriggers::ListRuns(
    std::string_view organization, std::string_view trigger_id,
    std::optional<TriggerRunStatus> status, const PageRequest& page) {
  Page<TriggerRun> list;
  list.page = page.page;
  list.page_size = page.page_size;
  std::optional<RunState> state = status.has_value() ? StateOf(*status) : std::nullopt;
  if (state.has_value()) {
    // A list of executions takes a connection of its own: it comes before this one's.
    ExecutionFilter filter;
    filter.state = state;
    filter.trigger_id = std::string(trigger_id);
    ASSIGN_OR_RETURN(Page<Execution> executions, runs_.List(organization, filter, page));
    Readers::Lease db(readers_);
    ASSIGN_OR_RETURN(std::optional<FoundTrigger> found, LoadTrigger(*db, organization, trigger_id));
    if (!found.has_value()) return std::nullopt;
    list.total = executions.total;
    for (const Execution& execution : executions.items) {
      ASSIGN_OR_RETURN(std::optional<TriggerRun> run,
                       LoadTriggerRun(*db, trigger_id, execution.run_id, Payload::kPreview));
      if (run.has_value()) list.items.push_back(*std::move(run));
    }
    return list;
  }
  Readers::Lease db(readers_);
  ReadTransaction snapshot(*db);
  RETURN_IF_ERROR(snapshot.status());
  ASSIGN_OR_RETURN(std::optional<FoundTrigger> found, LoadTrigger(*db, organization, trigger_id));
  if (!found.has_value()) return std::nullopt;
  list.total = found->row.trigger.total_runs;
  std::vector<int64_t> numbers;
  if (status.has_value()) {
    {
      Query count(*db, kCountWithStatus, found->n, ToString(*status));
      if (count.Next()) list.total = count.Int(0);
      RETURN_IF_ERROR(count.status());
    }
    Query rows(*db, kPageWithStatus, found->n, ToString(*status), page.page_size,
               (page.page - 1) * page.page_size);
    while (rows.Next()) numbers.push_back(rows.Int(0));
    RETURN_IF_ERROR(rows.status());
  } else {
    int64_t last = list.total - (page.page - 1) * page.page_size;
    int64_t first = std::max<int64_t>(last - page.page_size + 1, 1);
    for (int64_t seq = last; seq >= first; --seq) numbers.push_back(seq);
  }
  for (int64_t seq : numbers) {
    ASSIGN_OR_RETURN(std::optional<TriggerRun> run,
                     LoadTriggerRunAt(*db, found->n, seq, Payload::kPreview));
    if (!run.has_value()) return RunGone();
    list.items.push_back(*std::move(run));
  }
  return list;
}

absl::StatusOr<bool> SqliteTriggers::SetSchedule(std::string_view organization,
                                                 std::string_view trigger_id,
                                                 const TriggerSchedule& s, int64_t now) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(std::optional<FoundTrigger> found, LoadTrigger(db, organization, trigger_id));
    if (!found.has_value()) return false;
    RETURN_IF_ERROR(db.Run(kSaveSchedule, found->n, s.cron, s.time_zone, ToText(s.overlap),
                           ToText(s.missed), DumpOrEmpty(s.override_data), s.is_enabled, s.next_due,
                           now));
    return true;
  });
}

absl::StatusOr<std::optional<TriggerSchedule>> SqliteTriggers::FindSchedule(
    std::string_view organization, std::string_view trigger_id) {
  Readers::Lease db(readers_);
  Query query(*db, kFindSchedule, trigger_id, organization);
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(TriggerSchedule schedule, ReadSchedule(query, 0));
  return schedule;
}

absl::StatusOr<bool> SqliteTriggers::DeleteSchedule(std::string_view organization,
                                                    std::string_view trigger_id) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(std::optional<FoundTrigger> found, LoadTrigger(db, organization, trigger_id));
    if (!found.has_value()) return false;
    RETURN_IF_ERROR(db.Run(kDeleteSchedule, found->n));
    return db.changes() == 1;
  });
}

absl::StatusOr<std::vector<DueSchedule>> SqliteTriggers::DueSchedules(
    int64_t now, int most, const std::vector<std::string>& but_of) {
  Json::Array organizations(but_of.begin(), but_of.end());
  Readers::Lease db(readers_);
  Query query(*db, kDueSchedules, now, most, Json(std::move(organizations)).Dump());
  std::vector<DueSchedule> due;
  while (query.Next()) {
    DueSchedule entry;
    ASSIGN_OR_RETURN(FoundTrigger found, ReadTrigger(query));
    entry.row = std::move(found.row);
    ASSIGN_OR_RETURN(entry.schedule, ReadSchedule(query, kTriggerColumns));
    due.push_back(std::move(entry));
  }
  RETURN_IF_ERROR(query.status());
  return due;
}

absl::StatusOr<int64_t> SqliteTriggers::NextDue() {
  Readers::Lease db(readers_);
  Query query(*db, kNextDue);
  if (query.Next()) return query.Int(0);
  RETURN_IF_ERROR(query.status());
  return 0;
}

absl::StatusOr<bool> SqliteTriggers::PassDue(std::string_view trigger_id,
                                             const ScheduleClaim& claim) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kPassDue, trigger_id, claim.expected, claim.next_due));
    return db.changes() == 1;
  });
}

}  // namespace solvent
