// What users are told: that a run of theirs has ended, that credits run low or were added, that
// their plan has changed, and what an operator announces.
//
// A notification belongs to one user in one organization and is written in the same transaction as
// its cause: it is there exactly when that is. The newest `most_per_user` of a user are kept, for
// `keep_days` at most.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/identity.h"
#include "solvent/json.h"
#include "solvent/watch.h"

namespace solvent {

enum class NotificationType : uint8_t {
  kExecutionComplete,
  kExecutionFailed,  // also when its time was up without a solution
  kCreditsLow,
  kCreditsPurchased,
  kSubscriptionUpdated,
  kSystem,
};
std::string_view ToString(NotificationType type);  // "execution_complete", ...
std::optional<NotificationType> ParseNotificationType(std::string_view name);

struct Notification {
  std::string id;  // "ntf_" and 16 characters
  std::string organization_id;
  std::string user_id;
  NotificationType type = NotificationType::kSystem;
  std::string title;    // a few words
  std::string message;  // a sentence or two
  Json data;            // an object for programs (execution_id, credits_remaining, ...), or null
  std::string link;     // path of the page in question, or ""
  bool is_read = false;
  int64_t created_at = 0;  // microseconds since 1970 UTC; grows within a user's notifications
};

struct NewNotification {
  std::string organization_id;
  std::string user_id;
  NotificationType type = NotificationType::kSystem;
  std::string title;
  std::string message;
  Json data;         // an object, or null
  std::string link;  // at most 2048 bytes, here and below
  int64_t now = 0;  // microseconds since 1970 UTC, at most a day from now; 0: the present

  // With a key: nothing is added while the user has a notification of the same key that is younger
  // than `once_micros`.
  std::string once_key;
  int64_t once_micros = 0;
};

// How much is kept, in the database and so for all processes that share it.
struct NotificationOptions {
  int64_t most_per_user = 1000;  // at least 1; older ones go as new ones come
  int keep_days = 90;            // at least 1; looked at hourly
};

struct NotificationList {
  std::vector<Notification> items;  // newest first
  int64_t unread_count = 0;         // of all the user's, whatever was asked for
};

// Whose notifications to hear of; "" for all.
struct NotificationFilter {
  std::string organization_id;
  std::string user_id;
};

// Something for every active user of an organization.
struct Announcement {
  std::string title = "Announcement";  // 1..200 characters
  std::string message;                 // 1..4000 characters
  Json data;                           // an object, or null
  std::string link;
};

// Thread-safe. Made and owned by an Engine. A caller sees what was addressed to its user in its
// organization, and nothing else.
class NotificationCenter {
 public:
  virtual ~NotificationCenter() = default;

  static constexpr int kMostListed = 100;
  // The newest ones, at most `limit` (1..kMostListed; anything else is a ValidationError).
  virtual absl::StatusOr<NotificationList> List(const Caller& caller, bool unread_only = false,
                                                int limit = 50) = 0;
  // Takes the same short time however many there are.
  virtual absl::StatusOr<int64_t> UnreadCount(const Caller& caller) = 0;
  // OK also for one that was read before. NotFound covers foreign ones.
  virtual absl::Status MarkRead(const Caller& caller, std::string_view id) = 0;
  // Returns how many were unread.
  virtual absl::StatusOr<int64_t> MarkAllRead(const Caller& caller) = 0;

  // Tells every active user of the organization, as `system`; returns how many they are.
  virtual absl::StatusOr<int64_t> Announce(std::string_view organization_id,
                                           const Announcement& announcement) = 0;
  // The same, as `subscription_updated`: the organization's plan is now `plan`.
  virtual absl::StatusOr<int64_t> AnnouncePlan(std::string_view organization_id,
                                               std::string_view plan) = 0;
  // Tells one user whatever a host wants to say. True when it was added: not to a user who was
  // deactivated, nor against once_key. `now` may be 0 for the present.
  virtual absl::StatusOr<bool> Send(NewNotification notification) = 0;

  // Calls `callback` for every notification that is added from now on, by this process at once and
  // by others on the same database within a second, in the order in which they were written, never
  // before they are on disk. Calls come from one thread of the engine while it runs, never two at
  // a time; a slow callback delays those of other subscribers only.
  virtual absl::StatusOr<std::unique_ptr<Watch>> Subscribe(
      NotificationFilter filter, std::function<void(const Notification&)> callback) = 0;
};

}  // namespace solvent
