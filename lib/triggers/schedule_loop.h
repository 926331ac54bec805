// Waits for due times and has them fired.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "clock.h"
#include "mutex.h"
#include "solvent/log.h"
#include "trigger_port.h"

namespace solvent {

// One thread waits. What is due is fired by threads that last as long as there is something to
// fire, one for each organization, its schedules one after the other: a model that takes minutes to
// be generated keeps nobody else's due times waiting.
class ScheduleLoop {
 public:
  struct Work {
    // What is due now, earliest first, but for that of some organizations.
    std::function<absl::StatusOr<std::vector<DueSchedule>>(const std::vector<std::string>& but_of)>
        find_due;
    // False: it is still due, and is to be tried again a little later. Called by several threads.
    std::function<bool(const DueSchedule& due)> fire;
    // When the next one is due; 0 when none is.
    std::function<absl::StatusOr<int64_t>()> next_due;
  };

  ScheduleLoop(Work work, Clock clock, LogSink log);
  ~ScheduleLoop();  // stops

  void Start();
  // From here on nothing more is begun; returns at once.
  void BeginStop();
  // Begins it and returns when what is being fired has been.
  void Stop();
  void Wake();  // schedules have changed

  // Without the waiting thread: fires what is due and returns when the next is, as next_due says.
  absl::StatusOr<int64_t> RunDue();

 private:
  // An organization's thread. Where something could not be fired it rests for a while.
  struct Lane {
    std::thread thread;
    bool done = false;
    bool failed = false;
    double rest_until = 0;  // steady
  };

  void Loop();
  double WaitSeconds();
  // Starts threads for what is due. False when there was nothing to be started for.
  absl::StatusOr<bool> Dispatch();
  // Lets go of threads that are done; returns the organizations that have one or rest.
  std::vector<std::string> Busy();
  void StartLane(const std::string& organization, std::vector<DueSchedule> due);
  void RunLane(Lane& lane, const std::vector<DueSchedule>& due);
  // Returns once all threads are done; false when one of them has failed to fire something.
  bool AwaitLanes();

  const Work work_;
  const Clock clock_;
  const LogSink log_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Lane> lanes_ ABSL_GUARDED_BY(mutex_);  // by organization
  std::thread thread_;
};

}  // namespace solvent
