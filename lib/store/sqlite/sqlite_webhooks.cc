#include "sqlite_webhooks.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "notification_writer.h"
#include "run_rows.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "webhook_claim.h"
#include "webhook_payload.h"

namespace solvent {
namespace {

constexpr int kOpen = static_cast<int>(WebhookState::kOpen);
constexpr int kDelivered = static_cast<int>(WebhookState::kDelivered);
constexpr int kFailed = static_cast<int>(WebhookState::kFailed);

// Ends.
constexpr char kOpenOnRun[] = "UPDATE trigger_runs SET webhook_delivered = NULL WHERE id = ?1";
constexpr char kDeliveredOnRun[] = "UPDATE trigger_runs SET webhook_delivered = ?2 WHERE id = ?1";
constexpr char kFind[] =
    "SELECT n, organization_id, trigger_id, run_id, event, lane, state, attempts, batch"
    " FROM webhook_deliveries WHERE id = ?1";
constexpr char kEndAttempt[] =
    "UPDATE webhook_attempts SET ended = 1, duration_micros = ?3, status = ?4, error = ?5"
    " WHERE delivery = ?1 AND number = ?2";
constexpr char kPutOff[] =
    "UPDATE webhook_deliveries SET due = ?2, failures = failures + ?3, claimed_by = 0"
    " WHERE n = ?1";
constexpr char kEnd[] =
    "UPDATE webhook_deliveries SET state = ?2, completed_at = ?3, claimed_by = 0,"
    " failures = failures + ?4 WHERE n = ?1";
constexpr char kClearUrl[] =
    "UPDATE triggers SET webhook_url = NULL, updated_at = ?3"
    " WHERE id = ?1 AND webhook_url = ?2";
// As kClearUrl, for the job of a batch, and for its executions that have not ended.
constexpr char kClearJobUrl[] =
    "UPDATE jobs SET definition = json_set(definition, '$.webhook_url', ''), updated_at = ?3"
    " WHERE k = (SELECT job FROM job_executions WHERE k = ?1)"
    " AND definition ->> '$.webhook_url' = ?2";
constexpr char kClearExecutionUrls[] =
    "UPDATE job_executions SET webhook_url = ''"
    " WHERE job = (SELECT job FROM job_executions WHERE k = ?1) AND completed_at = 0"
    " AND webhook_url = ?2";
constexpr char kCreator[] = "SELECT created_by, name FROM triggers WHERE id = ?1";
constexpr char kStarter[] = "SELECT user_id, job_name, id FROM job_executions WHERE k = ?1";

// Reads.
constexpr char kPayload[] =
    "SELECT d.event, d.organization_id, d.trigger_id, d.trigger_name, d.run_id,"
    " d.credits_remaining, r.created_at, r.status, r.error_message, r.override_data, e.n"
    " FROM webhook_deliveries d JOIN trigger_runs r ON r.id = d.run_id"
    " LEFT JOIN executions e ON e.id = r.execution_id WHERE d.id = ?1";
constexpr char kBody[] = "SELECT body FROM webhook_deliveries WHERE id = ?1 AND body IS NOT NULL";
constexpr char kRunOfTrigger[] =
    "SELECT t.webhook_url FROM trigger_runs r JOIN triggers t ON t.n = r.\"trigger\""
    " WHERE r.id = ?3 AND t.id = ?2 AND t.organization_id = ?1";
constexpr char kOfRun[] =
    "SELECT n, id, trigger_id, run_id, event, state, due, claimed_by, attempts, created_at,"
    " completed_at FROM webhook_deliveries WHERE run_id = ?1 ORDER BY n";
constexpr char kAttempts[] =
    "SELECT number, started_at, ended, duration_micros, status, error FROM webhook_attempts"
    " WHERE delivery = ?1 ORDER BY number";
constexpr char kCountOpen[] =
    "SELECT count(*), coalesce(min(n), 0) FROM webhook_deliveries WHERE state = 0";
constexpr char kCreated[] = "SELECT created_at FROM webhook_deliveries WHERE n = ?1";

// Redelivery, and what is old.
constexpr char kFindOfRun[] =
    "SELECT n, lane, claimed_by FROM webhook_deliveries WHERE id = ?1 AND run_id = ?2";
constexpr char kOpenAgain[] =
    "UPDATE webhook_deliveries SET state = 0, due = ?2, failures = 0, completed_at = 0, lane = ?3"
    " WHERE n = ?1";
constexpr char kOld[] =
    "SELECT n FROM webhook_deliveries WHERE state <> 0 AND completed_at < ?1"
    " ORDER BY completed_at LIMIT ?2";
constexpr char kDeleteAttempts[] = "DELETE FROM webhook_attempts WHERE delivery = ?1";
constexpr char kForgetLanes[] =
    "DELETE FROM webhook_lanes WHERE (organization_id, lane) IN"
    " (SELECT organization_id, lane FROM webhook_lanes"
    " WHERE next_due IS NULL AND judged_at < ?1 ORDER BY judged_at LIMIT ?2)";
constexpr char kDelete[] = "DELETE FROM webhook_deliveries WHERE n = ?1";

constexpr char kCutOff[] = "cut off: the server ended during this attempt";

absl::StatusOr<int64_t> OneInt(Query& query) {
  int64_t value = query.Next() && !query.IsNull(0) ? query.Int(0) : 0;
  RETURN_IF_ERROR(query.status());
  return value;
}

std::optional<bool> Delivered(WebhookOutcome::Verdict verdict) {
  switch (verdict) {
    case WebhookOutcome::Verdict::kDelivered: return true;
    case WebhookOutcome::Verdict::kFailed:
    case WebhookOutcome::Verdict::kGone: return false;
    case WebhookOutcome::Verdict::kRetry:
    case WebhookOutcome::Verdict::kInterrupted: break;
  }
  return std::nullopt;
}

struct Found {
  int64_t n = 0;
  std::string organization;
  std::string trigger;
  std::string run;
  std::string event;
  std::string lane;
  bool open = false;
  int attempts = 0;
  int64_t batch = 0;  // 0 when it is a trigger's
};
absl::StatusOr<std::optional<Found>> FindDelivery(Db& db, std::string_view id) {
  Query query(db, kFind, id);
  if (query.Next()) {
    return Found{query.Int(0),  query.Text(1),         query.Text(2),  query.Text(3), query.Text(4),
                 query.Text(5), query.Int(6) == kOpen, query.Int32(7), query.Int(8)};
  }
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

// Whom a delivery concerns, and how what it told of is called.
absl::StatusOr<std::optional<NewNotification>> Addressed(Db& db, const Found& found,
                                                         std::string& what) {
  NewNotification notification;
  if (found.batch != 0) {
    Query query(db, kStarter, found.batch);
    if (query.Next()) {
      notification.user_id = query.Text(0);
      what = "The end of batch \"" + query.Text(1) + "\"";
      notification.data.Set("job", query.Text(1)).Set("execution_id", query.Text(2));
      return notification;
    }
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  Query query(db, kCreator, found.trigger);
  if (query.Next()) {
    notification.user_id = query.Text(0);
    what = "The result of a run of trigger \"" + query.Text(1) + "\"";
    notification.data.Set("trigger_id", found.trigger).Set("run_id", found.run);
    notification.link = "/triggers/" + found.trigger;
    return notification;
  }
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

// Tells the trigger's creator, or whoever started the batch, that nothing more will be tried.
absl::Status Tell(Db& db, const Found& found, const WebhookOutcome& outcome) {
  std::string what;
  ASSIGN_OR_RETURN(std::optional<NewNotification> notification, Addressed(db, found, what));
  if (!notification.has_value()) return absl::OkStatus();
  notification->organization_id = found.organization;
  notification->type = NotificationType::kSystem;
  notification->title = "Webhook not delivered";
  std::string reason = outcome.status != 0
                           ? "the receiver answered " + std::to_string(outcome.status)
                           : outcome.error;
  notification->message = what + " could not be delivered: " + reason + ".";
  if (outcome.verdict == WebhookOutcome::Verdict::kGone) {
    notification->message += " The webhook URL was removed from the ";
    notification->message += found.batch != 0 ? "job." : "trigger.";
  }
  notification->data.Set("event_type", found.event).Set("delivery_id", outcome.id);
  notification->now = outcome.now;
  return AddNotification(db, *notification);
}

// The receiver wants no more: nothing that comes is to be sent to where it was.
absl::Status ClearUrl(Db& db, const Found& found, const WebhookOutcome& outcome) {
  if (found.batch == 0) return db.Run(kClearUrl, found.trigger, outcome.url, outcome.now);
  RETURN_IF_ERROR(db.Run(kClearJobUrl, found.batch, outcome.url, outcome.now));
  return db.Run(kClearExecutionUrls, found.batch, outcome.url);
}

absl::StatusOr<std::vector<WebhookAttempt>> Attempts(Db& db, int64_t delivery, int under_way) {
  std::vector<WebhookAttempt> attempts;
  Query query(db, kAttempts, delivery);
  while (query.Next()) {
    WebhookAttempt attempt;
    attempt.number = query.Int32(0);
    attempt.started_at = query.Int(1);
    attempt.ended = query.Int(2) != 0;
    attempt.duration_micros = query.Int(3);
    attempt.status = query.Int32(4);
    attempt.error = query.Text(5);
    if (!attempt.ended && attempt.number != under_way) {
      attempt.ended = true;
      attempt.error = kCutOff;
    }
    attempts.push_back(std::move(attempt));
  }
  RETURN_IF_ERROR(query.status());
  return attempts;
}

absl::StatusOr<std::vector<WebhookDelivery>> DeliveriesOfRun(Db& db, std::string_view run) {
  std::vector<WebhookDelivery> deliveries;
  std::vector<std::pair<int64_t, int>> rows;  // and the attempt under way, or 0
  {
    Query query(db, kOfRun, run);
    while (query.Next()) {
      WebhookDelivery d;
      d.id = query.Text(1);
      d.trigger_id = query.Text(2);
      d.run_id = query.Text(3);
      d.event = query.Text(4);
      d.state = static_cast<WebhookState>(query.Int(5));
      d.next_attempt_at = d.state == WebhookState::kOpen ? query.Int(6) : 0;
      d.created_at = query.Int(9);
      d.completed_at = query.Int(10);
      rows.emplace_back(query.Int(0), query.Int(7) == 0 ? 0 : query.Int32(8));
      deliveries.push_back(std::move(d));
    }
    RETURN_IF_ERROR(query.status());
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSIGN_OR_RETURN(deliveries[i].attempts, Attempts(db, rows[i].first, rows[i].second));
  }
  return deliveries;
}

// The trigger's URL, "" for none. NotFound unless the run is the trigger's and both are theirs.
absl::StatusOr<std::string> UrlOfRun(Db& db, std::string_view organization,
                                     std::string_view trigger, std::string_view run) {
  Query query(db, kRunOfTrigger, organization, trigger, run);
  if (query.Next()) return query.IsNull(0) ? std::string() : query.Text(0);
  RETURN_IF_ERROR(query.status());
  return NotFound("Run not found");
}

}  // namespace

absl::StatusOr<ClaimedWebhooks> SqliteWebhooks::Claim(const WebhookClaim& claim) {
  return writer_.Get<ClaimedWebhooks>([&](Db& db) { return ClaimWebhooks(db, claim); });
}

absl::StatusOr<int64_t> SqliteWebhooks::NextDue() {
  Readers::Lease db(readers_);
  return NextWebhookDue(*db);
}

absl::StatusOr<std::string> SqliteWebhooks::Payload(std::string_view delivery) {
  Readers::Lease db(readers_);
  ReadTransaction snapshot(*db);
  RETURN_IF_ERROR(snapshot.status());
  {
    Query query(*db, kBody, delivery);
    if (query.Next()) return query.Text(0);
    RETURN_IF_ERROR(query.status());
  }
  WebhookPayload payload;
  int64_t n = 0;
  {
    Query query(*db, kPayload, delivery);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return NotFound("Delivery not found");
    }
    payload.event = query.Text(0);
    payload.organization_id = query.Text(1);
    payload.trigger_id = query.Text(2);
    payload.trigger_name = query.Text(3);
    payload.run_id = query.Text(4);
    if (!query.IsNull(5)) payload.credits_remaining = query.Int(5);
    payload.ended_at = query.Int(6);
    payload.status = query.Text(7);
    payload.error_message = query.Text(8);
    payload.override_data = query.Text(9);
    if (!query.IsNull(10)) n = query.Int(10);
  }
  if (n != 0) {
    ASSIGN_OR_RETURN(Execution e, LoadExecution(*db, n, ::solvent::Payload::kResult));
    payload.execution_id = e.id;
    payload.status = ToString(e.state);
    payload.ended_at = e.completed_at;
    payload.result_json = std::move(e.result_json);
    payload.error_message = std::move(e.error_message);
    payload.credits_used = e.credits_used;
    payload.execution_time_micros = e.execution_time_micros;
  }
  return RenderWebhookPayload(payload);
}

absl::Status SqliteWebhooks::Finish(const WebhookOutcome& outcome) {
  return writer_.Run([&](Db& db) { return DoFinish(db, outcome); });
}

absl::Status SqliteWebhooks::DoFinish(Db& db, const WebhookOutcome& outcome) {
  using Verdict = WebhookOutcome::Verdict;
  ASSIGN_OR_RETURN(std::optional<Found> found, FindDelivery(db, outcome.id));
  if (!found.has_value()) return absl::OkStatus();  // its trigger was deleted
  RETURN_IF_ERROR(db.Run(kEndAttempt, found->n, outcome.attempt, outcome.duration_micros,
                         outcome.status, outcome.error));
  const bool ours = found->open && found->attempts == outcome.attempt;
  if (!ours && !(found->open && outcome.verdict == Verdict::kDelivered)) return absl::OkStatus();
  switch (outcome.verdict) {
    case Verdict::kRetry:
    case Verdict::kInterrupted:
      RETURN_IF_ERROR(
          db.Run(kPutOff, found->n, outcome.due, outcome.verdict == Verdict::kRetry ? 1 : 0));
      break;
    case Verdict::kGone: RETURN_IF_ERROR(ClearUrl(db, *found, outcome)); [[fallthrough]];
    case Verdict::kFailed:
      RETURN_IF_ERROR(db.Run(kEnd, found->n, kFailed, outcome.now, 1));
      RETURN_IF_ERROR(Tell(db, *found, outcome));
      break;
    case Verdict::kDelivered:
      RETURN_IF_ERROR(db.Run(kEnd, found->n, kDelivered, outcome.now, 0));
      break;
  }
  if (std::optional<bool> delivered = Delivered(outcome.verdict)) {
    RETURN_IF_ERROR(db.Run(kDeliveredOnRun, found->run, *delivered));
  }
  if (outcome.verdict != Verdict::kInterrupted) {
    const LaneKind kind = outcome.status == 0 ? LaneKind::kSilent : LaneKind::kAnswers;
    RETURN_IF_ERROR(JudgeLane(db, found->organization, found->lane, kind, outcome.now));
  }
  return RefreshLane(db, found->organization, found->lane);
}

absl::StatusOr<std::vector<WebhookDelivery>> SqliteWebhooks::List(std::string_view organization,
                                                                  std::string_view trigger,
                                                                  std::string_view run) {
  Readers::Lease db(readers_);
  ReadTransaction snapshot(*db);
  RETURN_IF_ERROR(snapshot.status());
  RETURN_IF_ERROR(UrlOfRun(*db, organization, trigger, run).status());
  return DeliveriesOfRun(*db, run);
}

absl::StatusOr<WebhookDelivery> SqliteWebhooks::Redeliver(std::string_view organization,
                                                          std::string_view trigger,
                                                          std::string_view run,
                                                          std::string_view delivery, int64_t now) {
  using Result = absl::StatusOr<WebhookDelivery>;
  return writer_.Get<WebhookDelivery>([&](Db& db) -> Result {
    ASSIGN_OR_RETURN(std::string url, UrlOfRun(db, organization, trigger, run));
    int64_t n = 0;
    std::string lane;
    bool under_way = false;
    {
      Query query(db, kFindOfRun, delivery, run);
      if (!query.Next()) {
        RETURN_IF_ERROR(query.status());
        return NotFound("Delivery not found");
      }
      n = query.Int(0);
      lane = query.Text(1);
      under_way = query.Int(2) != 0;
    }
    if (url.empty()) {
      return MakeError(absl::StatusCode::kFailedPrecondition, error_code::kConflict,
                       "The trigger has no webhook URL");
    }
    if (!under_way) {
      std::string new_lane = WebhookLane(url);
      RETURN_IF_ERROR(db.Run(kOpenAgain, n, now, new_lane));
      RETURN_IF_ERROR(db.Run(kOpenOnRun, run));
      RETURN_IF_ERROR(RefreshLane(db, organization, lane));
      RETURN_IF_ERROR(RefreshLane(db, organization, new_lane));
      bell_.Ring();
    }
    ASSIGN_OR_RETURN(std::vector<WebhookDelivery> all, DeliveriesOfRun(db, run));
    auto mine = std::find_if(all.begin(), all.end(),
                             [&](const WebhookDelivery& d) { return d.id == delivery; });
    return mine == all.end() ? Result(NotFound("Delivery not found")) : Result(std::move(*mine));
  });
}

absl::StatusOr<WebhookPort::Stats> SqliteWebhooks::Count() {
  Readers::Lease db(readers_);
  Stats stats;
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  int64_t first = 0;
  {
    Query open(*db, kCountOpen);
    if (open.Next()) {
      stats.open = open.Int(0);
      first = open.Int(1);
    }
    RETURN_IF_ERROR(open.status());
  }
  if (first != 0) {
    Query created(*db, kCreated, first);
    ASSIGN_OR_RETURN(stats.oldest_created, OneInt(created));
  }
  ASSIGN_OR_RETURN(stats.oldest_due, NextWebhookDue(*db));
  return stats;
}

absl::StatusOr<int64_t> SqliteWebhooks::Prune(int64_t ended_before, int most) {
  return writer_.Get<int64_t>([&](Db& db) { return DoPrune(db, ended_before, most); });
}

absl::StatusOr<int64_t> SqliteWebhooks::DoPrune(Db& db, int64_t ended_before, int most) {
  std::vector<int64_t> old;
  {
    Query query(db, kOld, ended_before, most);
    while (query.Next()) old.push_back(query.Int(0));
    RETURN_IF_ERROR(query.status());
  }
  for (int64_t n : old) {
    RETURN_IF_ERROR(db.Run(kDeleteAttempts, n));
    RETURN_IF_ERROR(db.Run(kDelete, n));
  }
  RETURN_IF_ERROR(db.Run(kForgetLanes, ended_before, most));
  return static_cast<int64_t>(old.size());
}

}  // namespace solvent
