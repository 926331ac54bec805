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
    "SELECT min(due) FROM webhook_deliveries"
    " WHERE state = 0 AND organization_id = ?1 AND lane = ?2";
constexpr char kFindLane[] =
    "SELECT kind, next_due FROM webhook_lanes WHERE organization_id = ?1 AND lane = ?2";
constexpr char kSetLane[] =
    "INSERT INTO webhook_lanes (organization_id, lane, next_due) VALUES (?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET next_due = excluded.next_due";
constexpr char kRestLane[] =
    "UPDATE webhook_lanes SET next_due = NULL WHERE organization_id = ?1 AND lane = ?2";
constexpr char kDropLane[] = "DELETE FROM webhook_lanes WHERE organization_id = ?1 AND lane = ?2";
constexpr char kJudgeLane[] =
    "UPDATE webhook_lanes SET kind = ?3, judged_at = ?4 WHERE organization_id = ?1 AND lane = ?2";
constexpr char kNextOfKind[] =
    "SELECT min(next_due) FROM webhook_lanes"
    " WHERE organization_id = ?1 AND kind = ?2 AND next_due IS NOT NULL";
constexpr char kSetQueue[] =
    "INSERT INTO webhook_queues (organization_id, kind, next_due) VALUES (?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET next_due = excluded.next_due WHERE next_due <> excluded.next_due";
constexpr char kDropQueue[] = "DELETE FROM webhook_queues WHERE organization_id = ?1 AND kind = ?2";
constexpr char kLanesOfTrigger[] =
    "SELECT DISTINCT organization_id, lane FROM webhook_deliveries"
    " WHERE trigger_id = ?1 AND state = 0";
constexpr char kDeleteAttempts[] =
    "DELETE FROM webhook_attempts WHERE delivery IN"
    " (SELECT n FROM webhook_deliveries WHERE trigger_id = ?1)";
constexpr char kDeleteDeliveries[] = "DELETE FROM webhook_deliveries WHERE trigger_id = ?1";
constexpr char kLanesOfOwner[] =
    "SELECT DISTINCT organization_id, lane FROM webhook_deliveries"
    " WHERE claimed_by = ?1 AND claimed_by <> 0";
constexpr char kTakeBack[] =
    "UPDATE webhook_deliveries SET due = min(due, ?2), claimed_by = 0"
    " WHERE claimed_by = ?1 AND claimed_by <> 0";

constexpr int64_t kNotCounted = -1;

struct LaneName {
  std::string organization;
  std::string lane;
};

template <typename Key>
absl::StatusOr<std::vector<LaneName>> Lanes(Db& db, std::string_view sql, const Key& key) {
  std::vector<LaneName> lanes;
  Query query(db, sql, key);
  while (query.Next()) lanes.push_back({query.Text(0), query.Text(1)});
  RETURN_IF_ERROR(query.status());
  return lanes;
}

absl::Status RefreshLanes(Db& db, const std::vector<LaneName>& lanes) {
  for (const LaneName& one : lanes) RETURN_IF_ERROR(RefreshLane(db, one.organization, one.lane));
  return absl::OkStatus();
}

template <typename... Key>
absl::StatusOr<std::optional<int64_t>> Least(Db& db, std::string_view sql, const Key&... key) {
  std::optional<int64_t> least;
  Query query(db, sql, key...);
  if (query.Next() && !query.IsNull(0)) least = query.Int(0);
  RETURN_IF_ERROR(query.status());
  return least;
}

absl::Status RefreshQueue(Db& db, std::string_view organization, int kind) {
  ASSIGN_OR_RETURN(std::optional<int64_t> next, Least(db, kNextOfKind, organization, kind));
  return next.has_value() ? db.Run(kSetQueue, organization, kind, *next)
                          : db.Run(kDropQueue, organization, kind);
}

struct LaneRow {
  int kind = static_cast<int>(LaneKind::kNew);
  std::optional<int64_t> next_due;
};
absl::StatusOr<std::optional<LaneRow>> FindLane(Db& db, std::string_view organization,
                                                std::string_view lane) {
  std::optional<LaneRow> row;
  Query query(db, kFindLane, organization, lane);
  if (query.Next()) {
    row.emplace();
    row->kind = query.Int32(0);
    if (!query.IsNull(1)) row->next_due = query.Int(1);
  }
  RETURN_IF_ERROR(query.status());
  return row;
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
  RETURN_IF_ERROR(RefreshLane(db, organization, lane));
  return true;
}

absl::Status EnqueueBatchDelivery(Db& db, const NewBatchDelivery& delivery) {
  std::string lane = WebhookLane(delivery.url);
  RETURN_IF_ERROR(db.Run(kInsertForBatch, NewId("whd"), delivery.organization_id, delivery.run_id,
                         delivery.event, delivery.job, lane, delivery.now, delivery.batch,
                         delivery.body));
  return RefreshLane(db, delivery.organization_id, lane);
}

absl::Status RefreshLane(Db& db, std::string_view organization, std::string_view lane) {
  ASSIGN_OR_RETURN(std::optional<int64_t> next, Least(db, kNextInLane, organization, lane));
  ASSIGN_OR_RETURN(std::optional<LaneRow> found, FindLane(db, organization, lane));
  const LaneRow row = found.value_or(LaneRow{});
  if (next == row.next_due) return absl::OkStatus();
  if (next.has_value()) {
    RETURN_IF_ERROR(db.Run(kSetLane, organization, lane, *next));
  } else if (row.kind == static_cast<int>(LaneKind::kNew)) {
    RETURN_IF_ERROR(db.Run(kDropLane, organization, lane));
  } else {
    RETURN_IF_ERROR(db.Run(kRestLane, organization, lane));
  }
  return RefreshQueue(db, organization, row.kind);
}

absl::Status JudgeLane(Db& db, std::string_view organization, std::string_view lane, LaneKind kind,
                       int64_t now) {
  ASSIGN_OR_RETURN(std::optional<LaneRow> row, FindLane(db, organization, lane));
  if (!row.has_value()) return absl::OkStatus();  // its trigger was deleted
  const int now_kind = static_cast<int>(kind);
  RETURN_IF_ERROR(db.Run(kJudgeLane, organization, lane, now_kind, now));
  if (row->kind == now_kind || !row->next_due.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(RefreshQueue(db, organization, row->kind));
  return RefreshQueue(db, organization, now_kind);
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
  ASSIGN_OR_RETURN(std::vector<LaneName> lanes, Lanes(db, kLanesOfTrigger, trigger.id));
  RETURN_IF_ERROR(db.Run(kDeleteAttempts, trigger.id));
  RETURN_IF_ERROR(db.Run(kDeleteDeliveries, trigger.id));
  return RefreshLanes(db, lanes);
}

absl::Status WebhookEffects::AfterOwnerGone(Db& db, int64_t owner, int64_t now) {
  ASSIGN_OR_RETURN(std::vector<LaneName> lanes, Lanes(db, kLanesOfOwner, owner));
  RETURN_IF_ERROR(db.Run(kTakeBack, owner, now));
  RETURN_IF_ERROR(RefreshLanes(db, lanes));
  if (!lanes.empty()) bell_.Ring();
  return absl::OkStatus();
}

}  // namespace solvent
