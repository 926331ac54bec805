#include "notification_center_impl.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "host_call.h"
#include "ids.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr Micros kDay = Micros{24 * 3600} * 1'000'000;
constexpr Micros kPurgeEvery = Micros{3600} * 1'000'000;
// How soon what other processes have written is found.
constexpr std::chrono::seconds kPoll{1};
constexpr int kHandOutAtOnce = 256;

constexpr size_t kLongestTitle = 200;
constexpr size_t kLongestMessage = 4000;
constexpr size_t kLongestLink = 2048;

absl::Status NoSuchNotification() { return NotFound("Notification not found"); }

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

absl::Status CheckLink(std::string_view link) {
  if (link.size() <= kLongestLink) return absl::OkStatus();
  return ValidationError("/link", "must have at most 2048 bytes");
}

absl::Status CheckText(std::string_view pointer, std::string_view text, size_t most) {
  size_t count = CountCharacters(text);
  if (count >= 1 && count <= most) return absl::OkStatus();
  return ValidationError(pointer, "must have 1 to " + std::to_string(most) + " characters");
}

bool Matches(const NotificationFilter& filter, const Notification& n) {
  return (filter.organization_id.empty() || filter.organization_id == n.organization_id) &&
         (filter.user_id.empty() || filter.user_id == n.user_id);
}

}  // namespace

struct NotificationCenterImpl::Subscriber {
  NotificationFilter filter;
  int64_t from = 0;
  Mutex mutex;  // held while the callback runs, so that the end of a subscription can wait for it
  std::function<void(const Notification&)> callback ABSL_GUARDED_BY(mutex);  // null: over
};

struct NotificationCenterImpl::Subscribers {
  Mutex mutex;
  std::vector<std::shared_ptr<Subscriber>> list ABSL_GUARDED_BY(mutex);

  std::vector<std::shared_ptr<Subscriber>> All() {
    Lock lock(mutex);
    return list;
  }
};

class NotificationCenterImpl::Subscription : public Watch {
 public:
  Subscription(std::shared_ptr<Subscribers> all, std::shared_ptr<Subscriber> self)
      : all_(std::move(all)), self_(std::move(self)) {}
  ~Subscription() override {
    {
      Lock lock(all_->mutex);
      std::erase(all_->list, self_);
    }
    Lock lock(self_->mutex);
    self_->callback = nullptr;
  }

 private:
  const std::shared_ptr<Subscribers> all_;
  const std::shared_ptr<Subscriber> self_;
};

absl::Status CheckNotificationOptions(const NotificationOptions& options) {
  if (options.most_per_user >= 1 && options.keep_days >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError("notifications: at least one must be kept, for one day");
}

NotificationCenterImpl::NotificationCenterImpl(NotificationPort& port,
                                               const NotificationOptions& options, Clock clock,
                                               LogSink log)
    : port_(port),
      options_(options),
      clock_(std::move(clock)),
      log_(std::move(log)),
      subscribers_(std::make_shared<Subscribers>()) {}

NotificationCenterImpl::~NotificationCenterImpl() { Stop(); }

absl::Status NotificationCenterImpl::Start() {
  RETURN_IF_ERROR(port_.SetLimits({options_.most_per_user, options_.keep_days * kDay}));
  {
    Lock lock(mutex_);
    if (started_ || stopping_) return absl::FailedPreconditionError("already started");
    started_ = true;
    thread_ = std::thread([this] { Loop(); });
  }
  // Unlocked: this waits for the store's calls to end, and such a call waits for our lock.
  port_.OnAdded([this] { Wake(); });
  Wake();  // what was added in between
  return absl::OkStatus();
}

void NotificationCenterImpl::Stop() {
  {
    Lock lock(mutex_);
    if (!started_ || stopping_) return;
    stopping_ = true;
  }
  wake_.SignalAll();
  port_.OnAdded(nullptr);
  thread_.join();
}

absl::StatusOr<NotificationList> NotificationCenterImpl::List(const Caller& caller,
                                                              bool unread_only, int limit) {
  if (limit < 1 || limit > kMostListed) {
    return ValidationError("query/limit", "must be from 1 to " + std::to_string(kMostListed));
  }
  return port_.List(caller.organization_id, caller.user_id, unread_only, limit);
}

absl::StatusOr<int64_t> NotificationCenterImpl::UnreadCount(const Caller& caller) {
  return port_.UnreadCount(caller.organization_id, caller.user_id);
}

absl::Status NotificationCenterImpl::MarkRead(const Caller& caller, std::string_view id) {
  if (!IsPlausibleId(id)) return NoSuchNotification();
  ASSIGN_OR_RETURN(bool found, port_.MarkRead(caller.organization_id, caller.user_id, id));
  return found ? absl::OkStatus() : NoSuchNotification();
}

absl::StatusOr<int64_t> NotificationCenterImpl::MarkAllRead(const Caller& caller) {
  return port_.MarkAllRead(caller.organization_id, caller.user_id);
}

absl::StatusOr<int64_t> NotificationCenterImpl::Announce(std::string_view organization_id,
                                                         const Announcement& announcement) {
  RETURN_IF_ERROR(CheckText("/title", announcement.title, kLongestTitle));
  RETURN_IF_ERROR(CheckText("/message", announcement.message, kLongestMessage));
  if (!announcement.data.is_null() && !announcement.data.is_object()) {
    return ValidationError("/data", "must be an object", "type_error");
  }
  RETURN_IF_ERROR(CheckLink(announcement.link));
  NewNotification n;
  n.organization_id = organization_id;
  n.type = NotificationType::kSystem;
  n.title = announcement.title;
  n.message = announcement.message;
  n.data = announcement.data;
  n.link = announcement.link;
  n.now = clock_();
  return port_.AddForAll(n);
}

absl::StatusOr<int64_t> NotificationCenterImpl::AnnouncePlan(std::string_view organization_id,
                                                             std::string_view plan) {
  RETURN_IF_ERROR(CheckText("/plan", plan, kLongestTitle));
  NewNotification n;
  n.organization_id = organization_id;
  n.type = NotificationType::kSubscriptionUpdated;
  n.title = "Plan changed";
  n.message = "Your organization's plan is now " + std::string(plan) + ".";
  n.data.Set("plan", plan);
  n.link = "/workspace/credits";
  n.now = clock_();
  return port_.AddForAll(n);
}

absl::StatusOr<bool> NotificationCenterImpl::Send(NewNotification n) {
  RETURN_IF_ERROR(CheckText("/title", n.title, kLongestTitle));
  RETURN_IF_ERROR(CheckText("/message", n.message, kLongestMessage));
  if (n.user_id.empty()) return ValidationError("/user_id", "must name a user", "missing");
  if (n.type > NotificationType::kSystem) return ValidationError("/type", "is not known");
  if (!n.data.is_null() && !n.data.is_object()) {
    return ValidationError("/data", "must be an object", "type_error");
  }
  RETURN_IF_ERROR(CheckLink(n.link));
  if (n.once_micros < 0) return ValidationError("/once_micros", "must be 0 or more");
  const Micros present = clock_();
  n.once_micros = std::min(n.once_micros, present);
  if (n.now == 0) n.now = present;
  // Times grow within a user's notifications: one from the far future would be the last.
  if (n.now < std::min<Micros>(0, present - 365 * kDay) || n.now > present + kDay) {
    return ValidationError("/now", "must be a time from 1970 to a day from now");
  }
  ASSIGN_OR_RETURN(int64_t added, port_.Add(n));
  return added == 1;
}

absl::StatusOr<std::unique_ptr<Watch>> NotificationCenterImpl::Subscribe(
    NotificationFilter filter, std::function<void(const Notification&)> callback) {
  if (!callback) return absl::InvalidArgumentError("a subscription needs a callback");
  auto subscriber = std::make_shared<Subscriber>();
  ASSIGN_OR_RETURN(subscriber->from, port_.End());
  subscriber->filter = std::move(filter);
  {
    Lock lock(subscriber->mutex);
    subscriber->callback = std::move(callback);
  }
  {
    Lock lock(subscribers_->mutex);
    subscribers_->list.push_back(subscriber);
  }
  Wake();  // for the change to the shorter sleep
  return std::make_unique<Subscription>(subscribers_, std::move(subscriber));
}

void NotificationCenterImpl::Wake() {
  {
    Lock lock(mutex_);
    woken_ = true;
  }
  wake_.Signal();
}

void NotificationCenterImpl::Loop() {
  Micros next_purge = clock_();
  do {
    if (Micros now = clock_(); now >= next_purge) {
      Purge(now);
      next_purge = now + kPurgeEvery;
    }
    HandOut();
  } while (Sleep(next_purge));
}

bool NotificationCenterImpl::Sleep(Micros next_purge) {
  bool listened_to = !subscribers_->All().empty();
  std::chrono::microseconds until_purge(std::clamp<Micros>(next_purge - clock_(), 0, kPurgeEvery));
  auto until =
      std::chrono::steady_clock::now() +
      (listened_to ? std::min<std::chrono::microseconds>(kPoll, until_purge) : until_purge);
  Lock lock(mutex_);
  while (!stopping_ && !woken_) {
    if (!wake_.WaitUntil(mutex_, until)) break;
  }
  woken_ = false;
  return !stopping_;
}

void NotificationCenterImpl::Purge(Micros now) {
  while (true) {
    absl::StatusOr<int64_t> removed = port_.Purge(now);
    if (!removed.ok()) return LogFailure("notifications.purge_failed", removed.status());
    if (*removed == 0) return;
    Lock lock(mutex_);
    if (stopping_) return;
  }
}

void NotificationCenterImpl::HandOut() {
  std::vector<std::shared_ptr<Subscriber>> subscribers = subscribers_->All();
  if (subscribers.empty()) {
    position_ = 0;
    return;
  }
  if (position_ == 0) {
    position_ = subscribers[0]->from;
    for (const auto& subscriber : subscribers) position_ = std::min(position_, subscriber->from);
  }
  while (true) {
    absl::StatusOr<std::vector<NotificationPort::Positioned>> added =
        port_.ReadFrom(position_, kHandOutAtOnce);
    if (!added.ok()) return LogFailure("notifications.read_failed", added.status());
    // After reading: whoever subscribed before one of these was added is among them.
    subscribers = subscribers_->All();
    for (const auto& [position, notification] : *added) {
      for (const auto& subscriber : subscribers) {
        if (position < subscriber->from || !Matches(subscriber->filter, notification)) continue;
        Lock lock(subscriber->mutex);
        if (!subscriber->callback) continue;
        const absl::Status called =
            HostCall("a subscriber", [&, &call = subscriber->callback] { call(notification); });
        if (!called.ok()) LogFailure("notifications.callback_failed", called);
      }
      position_ = position + 1;
    }
    if (added->size() < kHandOutAtOnce) return;
    Lock lock(mutex_);
    if (stopping_) return;
  }
}

void NotificationCenterImpl::LogFailure(std::string_view event, const absl::Status& status) const {
  if (!log_) return;
  Json fields;
  fields.Set("error", Message(status));
  log_(LogLevel::kError, event, fields);
}

}  // namespace solvent
