// What is to be done about a write that failed.
#pragma once

#include "absl/status/status.h"

namespace solvent {

// Whether it may succeed when it is simply tried again: disks are freed, locks let go. Nothing that
// others wait for may be held for the sake of a failure that lasts.
inline bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status) || absl::IsDeadlineExceeded(status);
}

// What is recorded of a run in place of a result that cannot be.
inline constexpr char kNotStorable[] = "the result could not be stored";

}  // namespace solvent
