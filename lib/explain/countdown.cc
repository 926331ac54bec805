#include "countdown.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace solvent {

Countdown::Countdown(double seconds, std::stop_token outer)
    : deadline_(start_ + std::chrono::duration_cast<Clock::duration>(
                             std::chrono::duration<double>(std::clamp(seconds, 0.0, 3e9)))),
      forward_(std::move(outer), [this] { source_.request_stop(); }) {
  auto wait = [this] {
    Lock lock(mutex_);
    while (!done_) {
      if (Clock::now() >= deadline_) {
        source_.request_stop();
        return;
      }
      wake_.WaitUntil(mutex_, deadline_);
    }
  };
  try {
    timer_ = std::thread(wait);
  } catch (const std::system_error&) {
    // Without a thread to be had, Over() and the limits of the solves still end the search.
  }
}

Countdown::~Countdown() {
  {
    Lock lock(mutex_);
    done_ = true;
    wake_.SignalAll();
  }
  if (timer_.joinable()) timer_.join();
}

double Countdown::Remaining() const {
  return std::max(0.0, std::chrono::duration<double>(deadline_ - Clock::now()).count());
}

double Countdown::Elapsed() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

}  // namespace solvent
