// What is counted and measured of a database while it is in use (solvent/figures.h).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "solvent/figures.h"

namespace solvent {

class FiguresPort {
 public:
  virtual ~FiguresPort() = default;

  struct Waiting {
    int64_t count = 0;
    int64_t oldest_created_at = 0;  // 0 when none waits
  };
  virtual absl::StatusOr<Waiting> WaitingRuns() = 0;
  virtual absl::StatusOr<OpenBatches> Batches() = 0;
  virtual absl::StatusOr<StoreSize> Size() = 0;
  // Holds what is on disk, and no more: a run whose end could not be written is not counted.
  virtual EndedRuns Ended() = 0;
};

}  // namespace solvent
