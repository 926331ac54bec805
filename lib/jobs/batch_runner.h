// Runs the tasks of open executions in the slots of the run queue.
//
// A feeder thread knows the open executions, sets tasks aside in the database ahead of their turn
// and makes problems of their inputs; slots take prepared tasks, and end one attempt and start the
// next in one step that they do not wait for: while it is on its way to the disk, the next solve is
// under way already. A task that a dead process had set aside is started on disk before anything is
// done with it, so that an input that kills the process cannot do so unseen.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "attempt.h"
#include "mutex.h"
#include "prepared_models.h"
#include "run_queue.h"
#include "slot_work.h"
#include "solvent/log.h"
#include "store_ports.h"

namespace solvent {

struct BatchRunnerOptions {
  std::string default_solver;
  bool warm_start = true;
  int64_t retention_seconds = 0;
  ConflictFinder find_conflict;  // as for RunQueueOptions
  LogSink log;
};

class BatchRunner : public SlotWork {
 public:
  // Borrows all.
  BatchRunner(StorePorts& ports, RunQueue& queue, PreparedModels& prepared,
              std::vector<SolveBackend*> backends, BatchRunnerOptions options);
  ~BatchRunner() override;

  // After the queue's start.
  absl::Status Start();
  // Puts back what is under way. Before the queue's stop.
  void Stop();
  // Since the call of Stop: what is recorded now would wait for the next start.
  bool stopping() const;

  // There are new executions, or places for them.
  void Wake();
  // Nothing more of it is to be started; with `force` its solves are stopped too. Returns whether
  // attempts of it are still under way in this process.
  bool Halt(int64_t execution, bool force);
  // Ends executions of a deleted job, and stops their solves. Returns whether any is still to be
  // stopped; what could not be written is tried again.
  bool EndDeleted(const std::vector<int64_t>& executions);
  SolveBackend* FindBackend(std::string_view name) const;

  std::optional<std::string> NextOrganization() override;
  void Work(const std::function<bool()>& go_on) override;

 private:
  struct Batch;
  struct Flight;
  struct Chain;
  struct Unwritten;
  struct Ready {
    ReservedTask task;
    std::shared_ptr<PreparedTask> prepared;
  };
  using BatchPtr = std::shared_ptr<Batch>;
  using FlightPtr = std::shared_ptr<Flight>;

  // Slots.
  bool MayStart(const Batch& batch, const Batch* freed) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Batch* NextBatch(const Batch* freed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The next task, with a place in its execution; `freed` has one more than it seems.
  FlightPtr Take(const Batch* freed);
  void Send(const std::shared_ptr<Chain>& chain, std::optional<AttemptEnd> end, FlightPtr next);
  std::optional<AttemptEnd> Attempt(Flight& flight);
  void Land(const FlightPtr& flight, bool last);
  void Recover(Chain& chain);
  static Unwritten WithoutResult(const Unwritten& end);
  // Tries ends again, and waits for the outcome: chain.failed.
  void Resend(Chain& chain, const std::vector<Unwritten>& ends);

  // Feeder.
  void FeederLoop();
  void Refresh();
  void GiveBackOrphans();
  void FreeStrays();
  void RetryUnwritten();
  bool FeedOne();
  void ReserveFor(const BatchPtr& batch, int most);
  void PrepareFor(const BatchPtr& batch);
  void TimeOut(int64_t execution);
  void Prune();
  void WakeAt(int64_t micros) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HaltLocked(Batch& batch, bool force) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LogError(std::string_view event, const absl::Status& status) const;

  StorePorts& ports_;
  RunQueue& queue_;
  PreparedModels& prepared_;
  const std::vector<SolveBackend*> backends_;
  const BatchRunnerOptions options_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::map<int64_t, BatchPtr> batches_ ABSL_GUARDED_BY(mutex_);
  int deletions_ ABSL_GUARDED_BY(mutex_) = 0;                  // calls of EndDeleted under way
  std::vector<ReservedTask> orphans_ ABSL_GUARDED_BY(mutex_);  // to be given back
  double give_back_at_ ABSL_GUARDED_BY(mutex_) = 0;            // steady, as below: not before
  std::vector<Unwritten> unwritten_ ABSL_GUARDED_BY(mutex_);   // ends that no slot waits for
  double retry_at_ ABSL_GUARDED_BY(mutex_) = 0;
  double retry_after_ ABSL_GUARDED_BY(mutex_) = 0;
  double free_strays_at_ = 0;  // the feeder's
  bool dirty_ ABSL_GUARDED_BY(mutex_) = true;
  int64_t next_look_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t next_prune_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t served_ ABSL_GUARDED_BY(mutex_) = 0;
  int working_ ABSL_GUARDED_BY(mutex_) = 0;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread feeder_;
};

}  // namespace solvent
