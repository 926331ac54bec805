// Sends what the store has to be delivered. Implements Webhooks.
//
// Threads: one that claims what is due, and as many as there are attempts at once, started when
// they are needed first.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "mutex.h"
#include "solvent/log.h"
#include "solvent/webhook.h"
#include "webhook_port.h"

namespace solvent {

// InvalidArgument naming the option that makes no sense.
absl::Status CheckWebhookOptions(const WebhookOptions& options);

class WebhookDispatcher : public Webhooks {
 public:
  using OpenSecret = std::function<absl::StatusOr<std::string>(std::string_view sealed)>;

  // Borrows the port. `owner` is a registered owner of runs; what it holds when it is gone is
  // delivered by others.
  WebhookDispatcher(WebhookPort& port, WebhookOptions options, std::string owner,
                    OpenSecret open_secret, LogSink log);
  ~WebhookDispatcher() override;

  void Start();
  // Gives back what is under way. Idempotent.
  void Stop();

  absl::Status CheckUrl(std::string_view url) const override;
  absl::StatusOr<std::vector<WebhookDelivery>> List(std::string_view organization,
                                                    std::string_view trigger,
                                                    std::string_view run) const override;
  absl::StatusOr<WebhookDelivery> Redeliver(std::string_view organization, std::string_view trigger,
                                            std::string_view run,
                                            std::string_view delivery) override;
  absl::StatusOr<WebhookStatus> Status() const override;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void ScheduleLoop();
  void Look();
  void ClaimDue();
  WebhookClaim NewClaim() const;
  // Counts one more attempt (or, with -1, one less) as under way.
  void Count(const WebhookJob& job, int change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Accept(ClaimedWebhooks claimed);
  void PruneLog();

  void WorkLoop();
  // The outcome to be recorded; nothing when the delivery is gone.
  std::optional<WebhookOutcome> Attempt(const WebhookJob& job);
  absl::StatusOr<WebhookResponse> Send(const WebhookJob& job, std::string body);
  void Judge(const WebhookJob& job, const absl::StatusOr<WebhookResponse>& response,
             WebhookOutcome& outcome);
  void Record(const WebhookJob& job, const WebhookOutcome& outcome);
  void Settle(const WebhookJob& job, const std::optional<WebhookOutcome>& outcome);

  WebhookPort& port_;
  const WebhookOptions options_;
  const std::string owner_;
  const OpenSecret open_secret_;
  const LogSink log_;
  std::stop_source stop_;

  mutable Mutex mutex_;
  CondVar schedule_;
  CondVar work_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool rung_ ABSL_GUARDED_BY(mutex_) = true;  // something may be due, perhaps not yet on disk
  bool look_ ABSL_GUARDED_BY(mutex_) = true;  // something on disk may be due
  int64_t next_due_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<WebhookJob> ready_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;
  WebhookLoad load_ ABSL_GUARDED_BY(mutex_);  // ready or being sent
  // The same of each organization, and of its lanes ("organization lane"), unless it is 0.
  std::unordered_map<std::string, WebhookLoad> organizations_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, int> lanes_ ABSL_GUARDED_BY(mutex_);
  int64_t delivered_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t given_up_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> workers_ ABSL_GUARDED_BY(mutex_);
  std::thread scheduler_;
  SteadyTime next_prune_;  // used by the scheduler only
};

}  // namespace solvent
