// What batch_runner.cc and batch_feeder.cc share.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "batch_runner.h"

namespace solvent {

inline constexpr double kFirstRetrySeconds = 1;  // of an end whose writing fails lastingly

// An execution with tasks to run. Guarded by the runner's mutex.
struct BatchRunner::Batch {
  OpenExecution info;
  std::shared_ptr<const FrozenBatch> frozen;
  bool halted = false;
  bool more = false;    // the database may hold free tasks that are due
  int in_flight = 0;    // attempts of this process
  uint64_t served = 0;  // when it was last served
  std::deque<ReservedTask> waiting;
  std::deque<Ready> ready;
  int preparing = 0;
  std::stop_source stop_preparing;  // what the feeder prepares, once halted
  double prepare_seconds = 0;       // moving averages; 0: not known yet
  double solve_seconds = 0;
  int64_t reserve_not_before = 0;
  std::shared_ptr<const StartBasis> basis;
  std::set<Flight*> flights;

  bool Is(const OpenExecution& e) const {
    return info.id == e.id && info.organization_id == e.organization_id && info.frozen == e.frozen;
  }
  // The feeder, on whom all batches wait, prepares what is known to take no time. Slots prepare the
  // rest themselves; a careful task may not be prepared before its start is on disk.
  bool FeederPrepares() const {
    constexpr double kLong = 0.02;
    return !waiting.empty() && !waiting.front().careful && prepare_seconds > 0 &&
           prepare_seconds <= kLong;
  }
  bool SlotsPrepare() const { return !waiting.empty() && !FeederPrepares(); }
  bool HasNext() const { return !ready.empty() || SlotsPrepare(); }
};

// A task on its way through a slot.
struct BatchRunner::Flight {
  enum class Start { kSent, kOnDisk, kRefused };

  BatchPtr batch;
  ReservedTask task;
  std::shared_ptr<PreparedTask> prepared;
  double begin = 0;  // of the attempt, on the steady clock
  std::stop_source stop;

  // True when it was refused after it had landed.
  bool Settle(Start how) {
    bool late = false;
    {
      Lock lock(mutex);
      if (start != Start::kSent) return false;
      start = how;
      late = landed && how == Start::kRefused;
      settled.SignalAll();
    }
    if (how == Start::kRefused) stop.request_stop();
    return late;
  }
  Start Await() {
    Lock lock(mutex);
    while (start == Start::kSent) settled.Wait(mutex);
    return start;
  }
  bool Refused() {
    Lock lock(mutex);
    return start == Start::kRefused;
  }
  // Returns whether it was refused.
  bool Land() {
    Lock lock(mutex);
    landed = true;
    return start == Start::kRefused;
  }

  Mutex mutex;
  CondVar settled;
  Start start ABSL_GUARDED_BY(mutex) = Start::kSent;
  bool landed ABSL_GUARDED_BY(mutex) = false;
};

// An end that could not be written.
struct BatchRunner::Unwritten {
  std::shared_ptr<const AttemptStep> step;
  absl::Status why;
  bool lean = false;  // says no more than that there is a result that cannot be stored
};

// The steps of one slot that are on their way to the disk, in order.
struct BatchRunner::Chain {
  Mutex mutex;
  CondVar changed;
  int on_their_way ABSL_GUARDED_BY(mutex) = 0;
  std::vector<Unwritten> failed ABSL_GUARDED_BY(mutex);

  void AwaitAtMost(int most) {
    Lock lock(mutex);
    while (on_their_way > most) changed.Wait(mutex);
  }
};

}  // namespace solvent
