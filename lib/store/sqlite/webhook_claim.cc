#include "webhook_claim.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "run_rows.h"
#include "solvent/webhook.h"
#include "status_macros.h"
#include "webhook_payload.h"
#include "webhook_rows.h"

namespace solvent {
namespace {

constexpr char kDueQueues[] =
    "SELECT organization_id, next_due FROM webhook_queues WHERE kind = ?1 AND next_due <= ?2"
    " ORDER BY next_due";
constexpr char kDueLanes[] =
    "SELECT lane FROM webhook_lanes WHERE organization_id = ?1 AND kind = ?2 AND next_due <= ?3"
    " ORDER BY next_due";
constexpr char kNextOfKind[] =
    "SELECT min(next_due) FROM webhook_queues WHERE kind = ?1 AND next_due > ?2";
constexpr char kDueInLane[] =
    "SELECT d.n, d.id, d.trigger_id, d.run_id, d.event, d.attempts, d.failures,"
    " coalesce(t.webhook_url, x.webhook_url), coalesce(t.webhook_secret, nullif(x.webhook_secret, "
    "x''))"
    " FROM webhook_deliveries d LEFT JOIN triggers t ON t.id = d.trigger_id"
    " LEFT JOIN job_executions x ON x.k = d.batch AND x.organization_id = d.organization_id"
    " WHERE d.state = 0 AND d.organization_id = ?1 AND d.lane = ?2 AND d.due <= ?3"
    " ORDER BY d.due LIMIT 1";
constexpr char kTake[] =
    "UPDATE webhook_deliveries SET due = ?2, claimed_by = ?3, attempts = attempts + 1"
    " WHERE n = ?1";
constexpr char kBeginAttempt[] =
    "INSERT INTO webhook_attempts (delivery, number, started_at) VALUES (?1, ?2, ?3)";
constexpr char kCountOnRun[] =
    "UPDATE trigger_runs SET webhook_attempts = webhook_attempts + 1 WHERE id = ?1";
constexpr char kMoveToLane[] = "UPDATE webhook_deliveries SET lane = ?2 WHERE n = ?1";
constexpr char kDrop[] =
    "UPDATE webhook_deliveries SET state = ?2, completed_at = ?3, claimed_by = 0 WHERE n = ?1";

// The first due time after `now`; 0 when there is none.
absl::StatusOr<int64_t> NextAfter(Db& db, int64_t now) {
  int64_t next = 0;
  for (LaneKind kind : kLaneKinds) {
    Query query(db, kNextOfKind, static_cast<int>(kind), now);
    if (query.Next() && !query.IsNull(0)) {
      next = next == 0 ? query.Int(0) : std::min(next, query.Int(0));
    }
    RETURN_IF_ERROR(query.status());
  }
  return next;
}

// How many deliveries may still be taken, by the rules of WebhookClaim.
class Budget {
 public:
  explicit Budget(const WebhookClaim& claim)
      : free_(claim.most), unproven_(claim.most_unproven), silent_(claim.most_silent) {}

  bool Allows(LaneKind kind, const WebhookLoad& own) const {
    if (own.all >= free_) return false;
    if (kind == LaneKind::kAnswers) return true;
    const int share = (own.all + free_ + 1) / 2;  // where its own meet those that are free
    if (unproven_ <= 0 || own.unproven >= std::max(1, share * 3 / 4)) return false;
    return kind == LaneKind::kNew || (silent_ > 0 && own.silent < std::max(1, share / 2));
  }
  void Take(LaneKind kind, WebhookLoad& own) {
    --free_;
    if (kind != LaneKind::kAnswers) --unproven_;
    if (kind == LaneKind::kSilent) --silent_;
    own.Count(kind, 1);
  }

 private:
  int free_;
  int unproven_;
  int silent_;
};

class Claiming {
 public:
  Claiming(Db& db, const WebhookClaim& claim, int64_t owner)
      : db_(db), claim_(claim), owner_(owner), budget_(claim) {}

  absl::StatusOr<ClaimedWebhooks> Run() {
    RETURN_IF_ERROR(FindTurns());
    bool taken = true;
    while (taken) {
      taken = false;
      for (Turn& turn : turns_) {
        ASSIGN_OR_RETURN(bool one, TakeOne(turn));
        taken = taken || one;
      }
    }
    for (const auto& [organization, lane] : touched_) {
      RETURN_IF_ERROR(RefreshLane(db_, organization, lane));
    }
    ASSIGN_OR_RETURN(claimed_.next_due, NextAfter(db_, claim_.now));
    return std::move(claimed_);
  }

 private:
  struct Lane {
    std::string name;
    int room = 0;  // deliveries that may be looked at
  };
  // What an organization has due at lanes of a kind.
  struct Turn {
    std::string organization;
    LaneKind kind = LaneKind::kNew;
    int64_t due = 0;
    std::deque<Lane> lanes;
  };

  WebhookLoad& LoadOf(const std::string& organization) {
    auto [at, added] = loads_.try_emplace(organization);
    if (added) at->second = claim_.load(organization);
    return at->second;
  }

  // Whoever waits longest first. What is passed over has something under way, so that there are no
  // more of those than attempts.
  absl::Status FindTurns() {
    for (LaneKind kind : kLaneKinds) {
      int found = 0;
      Query query(db_, kDueQueues, static_cast<int>(kind), claim_.now);
      // None at all while the kind has its fill: an organization without any load shows that.
      while (found < claim_.most && budget_.Allows(kind, {}) && query.Next()) {
        Turn turn{query.Text(0), kind, query.Int(1), {}};
        if (!budget_.Allows(kind, LoadOf(turn.organization))) continue;
        RETURN_IF_ERROR(FindLanes(turn));
        if (turn.lanes.empty()) continue;
        turns_.push_back(std::move(turn));
        ++found;
      }
      RETURN_IF_ERROR(query.status());
    }
    std::stable_sort(turns_.begin(), turns_.end(),
                     [](const Turn& a, const Turn& b) { return a.due < b.due; });
    return absl::OkStatus();
  }

  absl::Status FindLanes(Turn& turn) {
    const int most =
        turn.kind == LaneKind::kSilent ? (claim_.most_per_lane + 1) / 2 : claim_.most_per_lane;
    Query query(db_, kDueLanes, turn.organization, static_cast<int>(turn.kind), claim_.now);
    while (static_cast<int>(turn.lanes.size()) < claim_.most && query.Next()) {
      Lane lane{query.Text(0), 0};
      lane.room = most - claim_.load_at(turn.organization, lane.name);
      if (lane.room > 0) turn.lanes.push_back(std::move(lane));
    }
    return query.status();
  }

  // False when nothing more can be taken from what the turn stands for.
  absl::StatusOr<bool> TakeOne(Turn& turn) {
    WebhookLoad& load = LoadOf(turn.organization);
    while (!turn.lanes.empty() && budget_.Allows(turn.kind, load)) {
      Lane lane = std::move(turn.lanes.front());
      turn.lanes.pop_front();
      ASSIGN_OR_RETURN(Found found, TakeFrom(turn, lane.name));
      if (found != Found::kNothing && --lane.room > 0) turn.lanes.push_back(std::move(lane));
      if (found != Found::kTaken) continue;
      budget_.Take(turn.kind, load);
      return true;
    }
    return false;
  }

  enum class Found { kNothing, kTaken, kOther };
  absl::StatusOr<Found> TakeFrom(const Turn& turn, const std::string& lane) {
    WebhookJob job;
    int64_t n = 0;
    bool has_url = false;
    {
      Query query(db_, kDueInLane, turn.organization, lane, claim_.now);
      if (!query.Next()) {
        RETURN_IF_ERROR(query.status());
        return Found::kNothing;
      }
      n = query.Int(0);
      job.id = query.Text(1);
      job.organization_id = turn.organization;
      job.trigger_id = query.Text(2);
      job.run_id = query.Text(3);
      job.event = query.Text(4);
      job.lane = lane;
      job.kind = turn.kind;
      job.attempt = query.Int32(5) + 1;
      job.failures = query.Int32(6);
      has_url = !query.IsNull(7);
      if (has_url) job.url = query.Text(7);
      if (!query.IsNull(8)) job.sealed_secret = query.Text(8);
    }
    touched_.emplace(turn.organization, lane);
    if (!has_url) {
      claimed_.again = true;
      RETURN_IF_ERROR(db_.Run(kDrop, n, static_cast<int>(WebhookState::kDropped), claim_.now));
      return Found::kOther;
    }
    // The URL has changed since: the delivery waits its turn at the new place.
    if (std::string now = WebhookLane(job.url); now != lane) {
      claimed_.again = true;
      RETURN_IF_ERROR(db_.Run(kMoveToLane, n, now));
      touched_.emplace(turn.organization, std::move(now));
      return Found::kOther;
    }
    RETURN_IF_ERROR(db_.Run(kTake, n, claim_.lease_until, owner_));
    RETURN_IF_ERROR(db_.Run(kBeginAttempt, n, job.attempt, claim_.now));
    RETURN_IF_ERROR(db_.Run(kCountOnRun, job.run_id));
    claimed_.jobs.push_back(std::move(job));
    return Found::kTaken;
  }

  Db& db_;
  const WebhookClaim& claim_;
  const int64_t owner_;
  Budget budget_;
  std::map<std::string, WebhookLoad> loads_;
  std::vector<Turn> turns_;
  std::set<std::pair<std::string, std::string>> touched_;
  ClaimedWebhooks claimed_;
};

}  // namespace

absl::StatusOr<ClaimedWebhooks> ClaimWebhooks(Db& db, const WebhookClaim& claim) {
  ASSIGN_OR_RETURN(int64_t owner, FindOwner(db, claim.owner));
  return Claiming(db, claim, owner).Run();
}

absl::StatusOr<int64_t> NextWebhookDue(Db& db) { return NextAfter(db, 0); }

}  // namespace solvent
