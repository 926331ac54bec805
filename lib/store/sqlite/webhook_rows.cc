#include "webhook_rows.h"

#include <utility>
#include <vector>

#include "ids.h"
#include "status_macros.h"
#include "webhook_payload.h"

namespace solvent {
namespace {

constexpr char kTrigger[] =
    "SELECT t.organization_id, t.name, t.webhook_url,"
    " (SELECT balance FROM credit_accounts a"
    " WHERE a.organization_id = t.organization_id AND has_grant = 1)"
    " FROM triggers t WHERE t.id = ?1 AND t.webhook_url IS NOT NULL";
constexpr char kInsert[] =
    "INSERT INTO webhook_deliveries"
    " (id, organization_id, trigger_id, run_id, event, trigger_name, lane, due, created_at,"
    " credits_remaining) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, nullif(?9, -1))";
constexpr char kInsertForBatch[] =
    "INSERT INTO webhook_deliveries"
    " (id, organization_id, trigger_id, run_id, event, trigger_name, lane, due, created_at, batch,"
    " body) VALUES (?1, ?2, '', ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)";
constexpr char kNextInLane[] =
    "SELECT min(due) FROM webhook_deliveries WHERE state = 0 AND lane = ?1";
constexpr char kSetLane[] =
    "INSERT INTO webhook_lanes (lane, next_due) VALUES (?1, ?2)"
    " ON CONFLICT DO UPDATE SET next_due = excluded.next_due WHERE next_due <> excluded.next_due";
constexpr char kDropLane[] = "DELETE FROM webhook_lanes WHERE lane = ?1";
constexpr char kLanesOfTrigger[] =
    "SELECT DISTINCT lane FROM webhook_deliveries WHERE trigger_id = ?1 AND state = 0";
constexpr char kDeleteAttempts[] =
    "DELETE FROM webhook_attempts WHERE delivery IN"
    " (SELECT n FROM webhook_deliveries WHERE trigger_id = ?1)";
constexpr char kDeleteDeliveries[] = "DELETE FROM webhook_deliveries WHERE trigger_id = ?1";
constexpr char kLanesOfOwner[] =
    "SELECT DISTINCT lane FROM webhook_deliveries WHERE claimed_by = ?1 AND claimed_by <> 0";
constexpr char kTakeBack[] =
    "UPDATE webhook_deliveries SET due = min(due, ?2), claimed_by = 0"
    " WHERE claimed_by = ?1 AND claimed_by <> 0";

constexpr int64_t kNotCounted = -1;

absl::StatusOr<std::vector<std::string>> Texts(Query& query) {
  std::vector<std::string> texts;
  while (query.Next()) texts.push_back(query.Text(0));
  RETURN_IF_ERROR(query.status());
  return texts;
}

template <typename Key>
absl::StatusOr<std::vector<std::string>> Lanes(Db& db, std::string_view sql, const Key& key) {
  Query query(db, sql, key);
  return Texts(query);
}

}  // namespace

void WebhookBell::Listen(std::function<void()> listener) {
  Lock lock(mutex_);
  listener_ = std::move(listener);
}

void WebhookBell::Ring() {
  Lock lock(mutex_);
  if (listener_) listener_();
}

absl::StatusOr<bool> EnqueueDelivery(Db& db, const NewDelivery& delivery) {
  std::string organization, name, url;
  int64_t credits = kNotCounted;
  {
    Query trigger(db, kTrigger, delivery.trigger_id);
    if (!trigger.Next()) {
      RETURN_IF_ERROR(trigger.status());
      return false;
    }
    organization = trigger.Text(0);
    name = trigger.Text(1);
    url = trigger.Text(2);
    if (!trigger.IsNull(3)) credits = trigger.Int(3);
  }
  std::string lane = WebhookLane(url);
  RETURN_IF_ERROR(db.Run(kInsert, NewId("whd"), organization, delivery.trigger_id, delivery.run_id,
                         delivery.event, name, lane, delivery.now, credits));
  RETURN_IF_ERROR(RefreshLane(db, lane));
  return true;
}

absl::Status EnqueueBatchDelivery(Db& db, const NewBatchDelivery& delivery) {
  std::string lane = WebhookLane(delivery.url);
  RETURN_IF_ERROR(db.Run(kInsertForBatch, NewId("whd"), delivery.organization_id, delivery.run_id,
                         delivery.event, delivery.job, lane, delivery.now, delivery.batch,
                         delivery.body));
  return RefreshLane(db, lane);
}

absl::Status RefreshLane(Db& db, std::string_view lane) {
  std::optional<int64_t> next;
  {
    Query query(db, kNextInLane, lane);
    if (query.Next() && !query.IsNull(0)) next = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  return next.has_value() ? db.Run(kSetLane, lane, *next) : db.Run(kDropLane, lane);
}

absl::Status WebhookEffects::Enqueue(Db& db, const NewDelivery& delivery) {
  ASSIGN_OR_RETURN(bool added, EnqueueDelivery(db, delivery));
  if (added) bell_.Ring();
  return absl::OkStatus();
}

absl::Status WebhookEffects::AfterEnd(Db& db, const Execution& e) {
  if (e.trigger_id.empty() || e.run_id.empty()) return absl::OkStatus();
  return Enqueue(db, {e.trigger_id, e.run_id, std::string(EventOf(e.state)), e.completed_at});
}

absl::Status WebhookEffects::AfterRefusedFire(Db& db, const TriggerRun& run) {
  if (run.status != TriggerRunStatus::kValidationFailed) return absl::OkStatus();
  return Enqueue(
      db, {run.trigger_id, run.id, std::string(webhook_event::kValidationFailed), run.created_at});
}

absl::Status WebhookEffects::AfterTriggerDeleted(Db& db, const Trigger& trigger) {
  ASSIGN_OR_RETURN(std::vector<std::string> lanes, Lanes(db, kLanesOfTrigger, trigger.id));
  RETURN_IF_ERROR(db.Run(kDeleteAttempts, trigger.id));
  RETURN_IF_ERROR(db.Run(kDeleteDeliveries, trigger.id));
  for (const std::string& lane : lanes) RETURN_IF_ERROR(RefreshLane(db, lane));
  return absl::OkStatus();
}

absl::Status WebhookEffects::AfterOwnerGone(Db& db, int64_t owner, int64_t now) {
  ASSIGN_OR_RETURN(std::vector<std::string> lanes, Lanes(db, kLanesOfOwner, owner));
  RETURN_IF_ERROR(db.Run(kTakeBack, owner, now));
  for (const std::string& lane : lanes) RETURN_IF_ERROR(RefreshLane(db, lane));
  if (!lanes.empty()) bell_.Ring();
  return absl::OkStatus();
}

}  // namespace solvent
