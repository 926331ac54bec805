// A backend whose solves all keep within the memory of one task.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "solvent/solve_backend.h"

namespace solvent {

class MemoryBound : public SolveBackend {
 public:
  // Borrows `backend`. `bytes` as SolveOptions::memory_limit_bytes.
  MemoryBound(SolveBackend& backend, int64_t bytes) : backend_(backend), bytes_(bytes) {}

  std::string_view name() const override { return backend_.name(); }
  std::string version() const override { return backend_.version(); }
  std::string description() const override { return backend_.description(); }
  Capabilities capabilities() const override { return backend_.capabilities(); }
  absl::StatusOr<SolveResult> Solve(const Problem& problem, const SolveOptions& options,
                                    const SolveMonitor& monitor) override {
    SolveOptions bound = options;
    const int64_t asked = options.memory_limit_bytes;
    // 0 stands for no limit.
    bound.memory_limit_bytes = asked > 0 && bytes_ > 0 ? std::min(asked, bytes_) : asked + bytes_;
    return backend_.Solve(problem, bound, monitor);
  }

 private:
  SolveBackend& backend_;
  const int64_t bytes_;
};

}  // namespace solvent
