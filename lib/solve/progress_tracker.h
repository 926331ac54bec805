// Gathers what a running solve reveals, in terms of the minimized problem, and hands it on in the
// original one: monotone, rate limited, and never from two threads at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "min_form.h"
#include "mutex.h"
#include "solvent/progress.h"

namespace solvent {

class ProgressTracker {
 public:
  // `form` and the callback's captures must outlive this object. With `ticks` a thread repeats the
  // last report once a second while nothing else is reported.
  ProgressTracker(const MinForm& form, std::function<void(const Progress&)> on_progress,
                  bool ticks);
  ~ProgressTracker();

  void SetPhase(SolvePhase phase);
  void SetCounts(int64_t nodes, int64_t iterations);  // of the solver run under way
  void StartRun();  // a further solver run: its counts add to those before
  void Incumbent(double cost);
  void Bound(double cost_bound);
  // A report when none was sent for a while. Cheap enough for every simplex iteration.
  void Tick();

  bool active() const { return active_; }
  // The improvements so far, thinned to at most kHistory. Points better than `final_cost` turned
  // out not to exist and are left out.
  std::vector<Progress> History(std::optional<double> final_cost) const;

  static constexpr size_t kHistory = 500;

 private:
  using Clock = std::chrono::steady_clock;

  void Emit(bool improved) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Refresh() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TickLoop();

  const MinForm& form_;
  const std::function<void(const Progress&)> on_progress_;
  const bool active_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_tick_;  // solver thread only: spares Tick() the lock

  mutable Mutex mutex_;
  CondVar wake_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  Progress now_ ABSL_GUARDED_BY(mutex_);
  double cost_ ABSL_GUARDED_BY(mutex_) = kInfinity;
  double bound_ ABSL_GUARDED_BY(mutex_) = -kInfinity;
  int64_t nodes_before_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t iterations_before_ ABSL_GUARDED_BY(mutex_) = 0;
  bool held_back_ ABSL_GUARDED_BY(mutex_) = false;  // an improvement not yet reported
  Clock::time_point last_emit_ ABSL_GUARDED_BY(mutex_);
  struct Entry {
    Progress progress;
    double cost;
  };
  std::vector<Entry> history_ ABSL_GUARDED_BY(mutex_);
  std::thread ticker_;
};

}  // namespace solvent
