#include "schedule_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "solvent/error.h"

namespace solvent {
namespace {

// Other processes may add schedules, and clocks may be set.
constexpr double kMostSeconds = 5;
// After a failure, or when what is due could not be fired yet.
constexpr double kRetrySeconds = 1;

}  // namespace

ScheduleLoop::ScheduleLoop(RunDue run_due, Clock clock, LogSink log)
    : run_due_(std::move(run_due)), clock_(std::move(clock)), log_(std::move(log)) {}

ScheduleLoop::~ScheduleLoop() { Stop(); }

void ScheduleLoop::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void ScheduleLoop::Stop() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.SignalAll();
  if (thread_.joinable()) thread_.join();
}

void ScheduleLoop::Wake() {
  {
    Lock lock(mutex_);
    woken_ = true;
  }
  changed_.SignalAll();
}

double ScheduleLoop::WaitSeconds() {
  absl::StatusOr<int64_t> next = run_due_();
  if (!next.ok()) {
    if (log_) {
      Json fields;
      fields.Set("error", Message(next.status()));
      log_(LogLevel::kError, "schedules.failed", fields);
    }
    return kRetrySeconds;
  }
  if (*next == 0) return kMostSeconds;
  double left = static_cast<double>(*next - clock_()) / 1e6;
  return left > 0 ? std::min(left, kMostSeconds) : kRetrySeconds;
}

void ScheduleLoop::Loop() {
  while (true) {
    {
      Lock lock(mutex_);
      if (stopping_) return;
      woken_ = false;
    }
    auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(WaitSeconds());
    Lock lock(mutex_);
    while (!stopping_ && !woken_) {
      if (!changed_.WaitUntil(mutex_, until)) break;
    }
  }
}

}  // namespace solvent
