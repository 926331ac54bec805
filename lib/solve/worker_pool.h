// Keeps worker processes at hand: one more than may be busy, so that a solve never waits for a
// process to start, not even after one was killed or retired.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "mutex.h"
#include "solvent/worker_backend.h"
#include "worker_process.h"

namespace solvent {

class WorkerPool {
 public:
  explicit WorkerPool(WorkerOptions options);
  ~WorkerPool();  // no worker may be out

  // Waits until the first worker is up, or says why none comes up.
  absl::Status AwaitFirst();

  // An idle worker, first come first served. Null when `stop` was requested or `until` passed while
  // waiting; an error when none is left and none can be started.
  using TimePoint = std::chrono::steady_clock::time_point;
  absl::StatusOr<std::unique_ptr<WorkerProcess>> Take(const std::stop_token& stop,
                                                      TimePoint until = TimePoint::max());

  enum class End { kHealthy, kCrashed, kOutOfMemory, kKilled };
  // Takes a worker back. After kKilled it is reaped in the background.
  void Return(std::unique_ptr<WorkerProcess> worker, End end);

  WorkerStats stats() const;
  const WorkerOptions& options() const { return options_; }

 private:
  void Manage();

  const WorkerOptions options_;
  mutable Mutex mutex_;
  CondVar changed_;  // workers came or went
  CondVar manage_;   // there is something for the manager to do
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::unique_ptr<WorkerProcess>> idle_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<WorkerProcess>> spent_ ABSL_GUARDED_BY(mutex_);
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<uint64_t> line_ ABSL_GUARDED_BY(mutex_);  // tickets of those who wait
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);       // of the last attempt to start a worker
  int failed_starts_ ABSL_GUARDED_BY(mutex_) = 0;      // in a row
  WorkerStats stats_ ABSL_GUARDED_BY(mutex_);
  std::thread manager_;
};

}  // namespace solvent
