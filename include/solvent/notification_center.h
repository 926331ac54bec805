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
#include "solvent/json.h"

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
  Json data;
  std::string link;
  int64_t now = 0;  // microseconds since 1970 UTC

  // With a key: nothing is added while the user has a notification of the same key that is younger
  // than `once_micros`.
  std::string once_key;
  int64_t once_micros = 0;
};

}  // namespace solvent
