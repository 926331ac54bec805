// Deliveries as part of other transactions. On the writing thread only.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "db.h"
#include "mutex.h"
#include "run_effects.h"
#include "webhook_port.h"

namespace solvent {

// Tells whoever sends deliveries that one has become due.
class WebhookBell {
 public:
  void Listen(std::function<void()> listener);
  void Ring();

 private:
  Mutex mutex_;
  std::function<void()> listener_ ABSL_GUARDED_BY(mutex_);
};

struct NewDelivery {
  std::string trigger_id;
  std::string run_id;
  std::string event;
  int64_t now = 0;
};

// Adds a delivery that is due at once, if the trigger is there and has a webhook URL; true then.
absl::StatusOr<bool> EnqueueDelivery(Db& db, const NewDelivery& delivery);

// The end of a batch, for the URL that its execution has.
struct NewBatchDelivery {
  int64_t batch = 0;  // the execution's row
  std::string organization_id;
  std::string run_id;  // unique among all runs and batches
  std::string job;
  std::string url;
  std::string event;
  std::string body;
  int64_t now = 0;
};
absl::Status EnqueueBatchDelivery(Db& db, const NewBatchDelivery& delivery);

// Brings the lane's next due time, and its organization's, in line with its deliveries.
absl::Status RefreshLane(Db& db, std::string_view organization, std::string_view lane);
// Notes what an attempt has told of a lane with open deliveries.
absl::Status JudgeLane(Db& db, std::string_view organization, std::string_view lane, LaneKind kind,
                       int64_t now);

// Deliveries at the ends of runs.
class WebhookEffects : public RunEffects {
 public:
  explicit WebhookEffects(WebhookBell& bell) : bell_(bell) {}
  absl::Status AfterEnd(Db& db, const Execution& execution) override;
  absl::Status AfterRefusedFire(Db& db, const TriggerRun& run) override;
  absl::Status AfterTriggerDeleted(Db& db, const Trigger& trigger) override;
  absl::Status AfterOwnerGone(Db& db, int64_t owner, int64_t now) override;

 private:
  absl::Status Enqueue(Db& db, const NewDelivery& delivery);

  WebhookBell& bell_;
};

}  // namespace solvent
