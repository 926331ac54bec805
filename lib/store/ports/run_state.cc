#include <iterator>

#include "solvent/execution.h"

namespace solvent {
namespace {

constexpr std::string_view kNames[kRunStates] = {"pending", "running", "completed",
                                                 "failed",  "timeout", "cancelled"};

}  // namespace

std::string_view ToString(RunState state) {
  const auto i = static_cast<size_t>(state);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

std::optional<RunState> ParseRunState(std::string_view name) {
  for (int i = 0; i < kRunStates; ++i) {
    if (kNames[i] == name) return static_cast<RunState>(i);
  }
  return std::nullopt;
}

}  // namespace solvent
