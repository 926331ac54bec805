// The thread that waits for due times.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/status/statusor.h"
#include "clock.h"
#include "mutex.h"
#include "solvent/log.h"

namespace solvent {

class ScheduleLoop {
 public:
  // Fires what is due; returns when the next is due, 0 when none is.
  using RunDue = std::function<absl::StatusOr<int64_t>()>;

  ScheduleLoop(RunDue run_due, Clock clock, LogSink log);
  ~ScheduleLoop();  // stops

  void Start();
  void Stop();
  void Wake();  // schedules have changed

 private:
  void Loop();
  double WaitSeconds();

  const RunDue run_due_;
  const Clock clock_;
  const LogSink log_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace solvent
