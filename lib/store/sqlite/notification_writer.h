// Adds notifications inside the transaction of whatever they tell of. On the writing thread only.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "db.h"
#include "solvent/notification_center.h"

namespace solvent {

// For one user. Adds nothing, and is OK, when nobody is to be told: user_id is "", the user was
// deactivated, or once_key says so. A user who is not in the users table is a host's own.
absl::Status AddNotification(Db& db, const NewNotification& notification);

// The same for each active user of notification.organization_id; user_id is not used.
absl::Status AddNotificationForAll(Db& db, const NewNotification& notification);

// The same, returning how many were added.
absl::StatusOr<int64_t> TellUser(Db& db, const NewNotification& notification);
absl::StatusOr<int64_t> TellAllUsers(Db& db, NewNotification notification);

// Takes removed notifications off the counters of their box.
absl::Status UncountNotifications(Db& db, int64_t box, int64_t total, int64_t unread);

}  // namespace solvent
