// What users were told. Notifications are written by whoever causes them, inside the driver; this
// is for reading and marking them, and for what the host says itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/notification_center.h"

namespace solvent {

class NotificationPort {
 public:
  virtual ~NotificationPort() = default;

  struct Limits {
    int64_t most_per_user = 0;
    int64_t keep_micros = 0;
  };
  virtual absl::Status SetLimits(const Limits& limits) = 0;
  // Removes what is too old at `now`, up to a few thousand at a time; returns how many.
  virtual absl::StatusOr<int64_t> Purge(int64_t now) = 0;

  // Returns how many were added: none when the user was deactivated, or by once_key.
  virtual absl::StatusOr<int64_t> Add(const NewNotification& notification) = 0;
  // One for each active user of the organization.
  virtual absl::StatusOr<int64_t> AddForAll(const NewNotification& notification) = 0;

  // Of one user in one organization. Newest first.
  virtual absl::StatusOr<NotificationList> List(std::string_view organization,
                                                std::string_view user, bool unread_only,
                                                int limit) = 0;
  virtual absl::StatusOr<int64_t> UnreadCount(std::string_view organization,
                                              std::string_view user) = 0;
  // False when the user has no such notification.
  virtual absl::StatusOr<bool> MarkRead(std::string_view organization, std::string_view user,
                                        std::string_view id) = 0;
  virtual absl::StatusOr<int64_t> MarkAllRead(std::string_view organization,
                                              std::string_view user) = 0;

  // All notifications of the store in the order of their writing, to be followed by position.
  struct Positioned {
    int64_t position = 0;  // grows with each
    Notification notification;
  };
  // The position of the next one.
  virtual absl::StatusOr<int64_t> End() = 0;
  virtual absl::StatusOr<std::vector<Positioned>> ReadFrom(int64_t position, int most) = 0;
  // `callback` is called once what this process has added is on disk, before the call that added it
  // returns, from the thread that writes: it must be quick. Replaces the one before, which is not running any more when this returns; null: none.
  virtual void OnAdded(std::function<void()> callback) = 0;
};

}  // namespace solvent
