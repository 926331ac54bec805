#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "notification_port.h"
#include "readers.h"
#include "writer.h"

namespace solvent {

class SqliteNotifications : public NotificationPort {
 public:
  SqliteNotifications(Writer& writer, Readers& readers) : writer_(writer), readers_(readers) {}

  absl::Status SetLimits(const Limits& limits) override;
  absl::StatusOr<int64_t> Purge(int64_t now) override;
  absl::StatusOr<int64_t> Add(const NewNotification& notification) override;
  absl::StatusOr<int64_t> AddForAll(const NewNotification& notification) override;
  absl::StatusOr<NotificationList> List(std::string_view organization, std::string_view user,
                                        bool unread_only, int limit) override;
  absl::StatusOr<int64_t> UnreadCount(std::string_view organization,
                                      std::string_view user) override;
  absl::StatusOr<bool> MarkRead(std::string_view organization, std::string_view user,
                                std::string_view id) override;
  absl::StatusOr<int64_t> MarkAllRead(std::string_view organization,
                                      std::string_view user) override;
  absl::StatusOr<int64_t> End() override;
  absl::StatusOr<std::vector<Positioned>> ReadFrom(int64_t position, int most) override;
  void OnAdded(std::function<void()> callback) override;

 private:
  Writer& writer_;
  Readers& readers_;
};

}  // namespace solvent
