// Reads and marks notifications, and hands new ones to subscribers from a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "clock.h"
#include "mutex.h"
#include "notification_port.h"
#include "solvent/log.h"
#include "solvent/notification_center.h"

namespace solvent {

class NotificationCenterImpl : public NotificationCenter {
 public:
  // Borrows the port. `options` must be in range (CheckNotificationOptions).
  NotificationCenterImpl(NotificationPort& port, const NotificationOptions& options, Clock clock,
                         LogSink log);
  ~NotificationCenterImpl() override;

  absl::Status Start();
  // Idempotent. Subscriptions stay, and hear of nothing any more.
  void Stop();

  absl::StatusOr<NotificationList> List(const Caller& caller, bool unread_only, int limit) override;
  absl::StatusOr<int64_t> UnreadCount(const Caller& caller) override;
  absl::Status MarkRead(const Caller& caller, std::string_view id) override;
  absl::StatusOr<int64_t> MarkAllRead(const Caller& caller) override;
  absl::StatusOr<int64_t> Announce(std::string_view organization_id,
                                   const Announcement& announcement) override;
  absl::StatusOr<int64_t> AnnouncePlan(std::string_view organization_id,
                                       std::string_view plan) override;
  absl::StatusOr<bool> Send(NewNotification notification) override;
  absl::StatusOr<std::unique_ptr<Watch>> Subscribe(
      NotificationFilter filter, std::function<void(const Notification&)> callback) override;

 private:
  struct Subscriber;
  struct Subscribers;
  class Subscription;

  void Wake();
  void Loop();
  // Waits until there may be something to hand out or to purge; false: stop.
  bool Sleep(Micros next_purge);
  void Purge(Micros now);
  void HandOut();
  void LogFailure(std::string_view event, const absl::Status& status) const;

  NotificationPort& port_;
  const NotificationOptions options_;
  const Clock clock_;
  const LogSink log_;
  const std::shared_ptr<Subscribers> subscribers_;  // shared with subscriptions that outlive this
  int64_t position_ = 0;                            // used by the thread only; 0: nobody listens

  Mutex mutex_;
  CondVar wake_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

absl::Status CheckNotificationOptions(const NotificationOptions& options);

}  // namespace solvent
