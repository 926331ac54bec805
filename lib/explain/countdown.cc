#include "countdown.h"

#include <algorithm>
#include <utility>

namespace solvent {

Countdown::Countdown(double seconds, std::stop_token outer)
    : deadline_(start_ + std::chrono::duration_cast<Clock::duration>(
                             std::chrono::duration<double>(std::clamp(seconds, 0.0, 3e9)))),
      forward_(std::move(outer), [this] { source_.request_stop(); }) {
  timer_ = std::thread([this] {
    Lock lock(mutex_);
    while (!done_) {
      if (Clock::now() >= deadline_) {
        source_.request_stop();
        return;
      }
      wake_.WaitUntil(mutex_, deadline_);
    }
  });
}

Countdown::~Countdown() {
  {
    Lock lock(mutex_);
    done_ = true;
    wake_.SignalAll();
  }
  timer_.join();
}

double Countdown::Remaining() const {
  return std::max(0.0, std::chrono::duration<double>(deadline_ - Clock::now()).count());
}

double Countdown::Elapsed() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

}  // namespace solvent
