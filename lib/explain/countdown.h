// A stop token that fires when time is over, so that even waiting for a worker ends in time.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "mutex.h"

namespace solvent {

class Countdown {
 public:
  Countdown(double seconds, std::stop_token outer);
  ~Countdown();
  Countdown(const Countdown&) = delete;
  Countdown& operator=(const Countdown&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  bool Over() const { return source_.stop_requested() || Remaining() <= 0; }
  double Remaining() const;
  double Elapsed() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::stop_source source_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point deadline_;
  std::stop_callback<std::function<void()>> forward_;
  Mutex mutex_;
  CondVar wake_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread timer_;
};

}  // namespace solvent
