// Other work that a queue's slots do, by turns with queued runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "mutex.h"

namespace solvent {

// Who was served last in this process: whoever waits longest comes next. Thread-safe.
class Turns {
 public:
  void Serve(std::string_view organization) {
    Lock lock(mutex_);
    if (served_.size() > kMostKnown) served_.clear();
    served_[std::string(organization)] = ++clock_;
  }
  // Grows with the time of the last service; 0 for who was never served.
  uint64_t LastServed(std::string_view organization) const {
    Lock lock(mutex_);
    auto found = served_.find(std::string(organization));
    return found == served_.end() ? 0 : found->second;
  }

 private:
  static constexpr size_t kMostKnown = 100'000;
  mutable Mutex mutex_;
  uint64_t clock_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, uint64_t> served_ ABSL_GUARDED_BY(mutex_);
};

class SlotWork {
 public:
  virtual ~SlotWork() = default;
  // The organization whose work comes next, or nothing when there is none to do now. Quick.
  virtual std::optional<std::string> NextOrganization() = 0;
  // Works in the calling thread, piece by piece, for as long as there is something to do and
  // `go_on`, which is asked after each piece, says yes.
  virtual void Work(const std::function<bool()>& go_on) = 0;
};

}  // namespace solvent
