#include <iterator>

#include "solvent/notification_center.h"

namespace solvent {
namespace {

constexpr std::string_view kNames[] = {"execution_complete", "execution_failed",     "credits_low",
                                       "credits_purchased",  "subscription_updated", "system"};

}  // namespace

std::string_view ToString(NotificationType type) {
  const auto i = static_cast<size_t>(type);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

std::optional<NotificationType> ParseNotificationType(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<NotificationType>(i);
  }
  return std::nullopt;
}

}  // namespace solvent
