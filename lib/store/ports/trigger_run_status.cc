#include <iterator>

#include "solvent/trigger_engine.h"

namespace solvent {
namespace {

// In the order of the enumerators.
constexpr std::string_view kNames[] = {
    "queued",    "running",           "completed",       "failed",         "timeout",
    "cancelled", "validation_failed", "skipped_overlap", "skipped_credits"};

}  // namespace

std::string_view ToString(TriggerRunStatus status) {
  const auto i = static_cast<size_t>(status);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

std::optional<TriggerRunStatus> ParseTriggerRunStatus(std::string_view name) {
  for (int i = 0; i < static_cast<int>(std::size(kNames)); ++i) {
    if (kNames[i] == name) return static_cast<TriggerRunStatus>(i);
  }
  return std::nullopt;
}

}  // namespace solvent
