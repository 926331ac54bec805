// A run that somebody in this process is solving, waiting for or watching.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mutex.h"
#include "progress_fraction.h"
#include "solvent/execution_store.h"

namespace solvent {

// Why a solve was told to stop.
enum class StopReason { kNone, kCancel, kShutdown };

class LiveRun : public std::enable_shared_from_this<LiveRun> {
 public:
  LiveRun(std::string id, std::string organization);

  const std::string& id() const { return id_; }
  const std::string& organization() const { return organization_; }

  // Held: this process is solving it.
  void BeginSolving(double time_limit_seconds);
  bool held() const;
  void EndSolving();
  // The first reason given counts, except that a cancel outranks a shutdown.
  void RequestStop(StopReason reason);
  StopReason stop_reason() const;
  std::stop_token stop_token() const { return stop_.get_token(); }

  void OnState(RunState state);
  void OnProgress(const Progress& progress);
  // Repeats the last progress with the time gone on, when none was reported for `quiet_seconds`.
  void Heartbeat(double quiet_seconds);
  // The same for a run that another process solves: what that has stored, told when it is new.
  void OnProgressElsewhere(const Progress& progress, double fraction);
  void OnEnded(Execution execution);

  std::optional<RunEvent> latest_progress() const;
  bool ended() const;
  bool watched() const;

  std::unique_ptr<Watch> AddWatch(std::function<void(const RunEvent&)> callback);

 private:
  class WatchImpl;
  using Callbacks = std::list<std::function<void(const RunEvent&)>>;

  void Deliver(const RunEvent& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(delivery_);

  const std::string id_;
  const std::string organization_;
  std::stop_source stop_;

  // Held while callbacks run, so that they come one at a time and a Watch can wait for its last.
  mutable Mutex delivery_;
  Callbacks callbacks_ ABSL_GUARDED_BY(delivery_);

  mutable Mutex mutex_;  // taken after delivery_
  StopReason reason_ ABSL_GUARDED_BY(mutex_) = StopReason::kNone;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  double started_ ABSL_GUARDED_BY(mutex_) = 0;
  double last_report_ ABSL_GUARDED_BY(mutex_) = 0;
  ProgressFraction fraction_ ABSL_GUARDED_BY(mutex_){0};
  RunEvent last_ ABSL_GUARDED_BY(mutex_);
  uint64_t sequence_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Execution> ended_ ABSL_GUARDED_BY(mutex_);
};

// The live runs of one process, by id. Entries go when a run has ended and nobody holds them.
class LiveRuns {
 public:
  // The entry for `id`, made if need be.
  std::shared_ptr<LiveRun> Enter(std::string_view id, std::string_view organization);
  std::shared_ptr<LiveRun> Find(std::string_view id) const;
  void Remove(std::string_view id);
  // Drops entries that nobody else refers to.
  void Sweep();
  std::vector<std::shared_ptr<LiveRun>> All() const;

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<LiveRun>> runs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace solvent
