// When a solve has to end: on request, or when its time is over.
#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>

namespace solvent {

class StopControl {
 public:
  using Clock = std::chrono::steady_clock;

  StopControl(std::stop_token token, double seconds)
      : token_(std::move(token)), start_(Clock::now()), deadline_(start_ + Span(seconds)) {}

  bool Cancelled() const { return token_.stop_requested(); }
  bool Stopped() const { return Cancelled() || Clock::now() >= deadline_; }
  double Elapsed() const { return Seconds(Clock::now() - start_); }
  double Remaining() const { return std::max(0.0, Seconds(deadline_ - Clock::now())); }

  // The same stop request, with at most `seconds` from now.
  StopControl Within(double seconds) const {
    StopControl inner = *this;
    inner.start_ = Clock::now();
    inner.deadline_ = std::min(deadline_, inner.start_ + Span(seconds));
    return inner;
  }

 private:
  static double Seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }
  static Clock::duration Span(double seconds) {
    // A century stands for "for ever" without overflowing the clock.
    return std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(std::min(std::max(seconds, 0.0), 3e9)));
  }

  std::stop_token token_;
  Clock::time_point start_;
  Clock::time_point deadline_;
};

}  // namespace solvent
