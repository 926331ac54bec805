#include "solvent/precondition.h"

#include <algorithm>

#include "solvent/error.h"

namespace solvent {

absl::Status Precondition::Check(std::string_view revision) const {
  auto holds = [revision](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), revision) != list.end();
  };
  bool excluded =
      holds(none_match) || std::find(none_match.begin(), none_match.end(), "*") != none_match.end();
  if (!excluded && (!match.has_value() || holds(*match))) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, error_code::kPreconditionFailed,
                   "It has changed since it was read: read it again, and change what is there now");
}

}  // namespace solvent
