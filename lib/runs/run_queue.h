// The run queue: records runs, solves them in slots, ends them. Implements ExecutionStore.
//
// Threads: one per slot, and one that keeps the lease, takes back runs of dead processes and looks
// for work and cancels that came by way of another process.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "clock.h"
#include "conflict_filler.h"
#include "live_run.h"
#include "mutex.h"
#include "run_options.h"
#include "slot_work.h"
#include "solvent/execution_store.h"
#include "solvent/log.h"
#include "solvent/solve_backend.h"
#include "store_ports.h"

namespace solvent {

struct RunQueueOptions {
  int slots = 1;
  int64_t max_pending = 100'000;
  double max_time_limit_seconds = 3600;
  std::string default_solver;
  double house_seconds = 1;  // between two looks at what other processes did
  // Makes the reporter of a stored run from its record (input included) and its reporter_key.
  std::function<absl::StatusOr<ResultReporter>(const Execution&, const std::string&)>
      restore_reporter;
  ConflictFinder find_conflict;  // unset: results do not say why they are infeasible
  LogSink log;
};

class RunQueue : public ExecutionStore {
 public:
  // Borrows the ports and the backends.
  RunQueue(StorePorts& ports, std::vector<SolveBackend*> backends, RunQueueOptions options);
  ~RunQueue() override;

  // Shares the slots with `work`, which must have no work left when Stop is called and outlive this
  // object. Before Start.
  void ShareSlots(SlotWork* work) { other_ = work; }
  // Tells that there may be other work to do.
  void AnnounceOtherWork();

  absl::Status Start();
  void Stop();

  // Known from the beginning, registered by Start.
  const std::string& owner() const { return owner_.id; }
  int slots() const { return options_.slots; }
  Turns& turns() { return turns_; }

  absl::StatusOr<Submitted> Submit(const Caller& caller, Submission submission) override;
  // For rooms that record more than a run: `complete` may set further members of the row before it
  // is written, and what is to be written with it.
  absl::StatusOr<Submitted> SubmitWith(const Caller& caller, Submission submission,
                                       const std::function<void(NewRun&)>& complete);
  absl::StatusOr<Submitted> SubmitAndWait(const Caller& caller, Submission submission,
                                          std::chrono::milliseconds wait) override;
  absl::StatusOr<Execution> Get(std::string_view organization, std::string_view id) const override;
  absl::StatusOr<Page<Execution>> List(std::string_view organization, const ExecutionFilter& filter,
                                       const PageRequest& page) const override;
  absl::StatusOr<Problem> GetProblem(std::string_view organization,
                                     std::string_view id) const override;
  absl::StatusOr<Execution> Wait(std::string_view organization, std::string_view id,
                                 std::chrono::milliseconds wait) const override;
  absl::StatusOr<CancelResult> Cancel(std::string_view organization, std::string_view id) override;
  std::optional<RunEvent> LatestProgress(std::string_view id) const override;
  absl::StatusOr<std::unique_ptr<Watch>> WatchRun(
      std::string_view organization, std::string_view id,
      std::function<void(const RunEvent&)> callback) override;
  absl::StatusOr<QueueStatus> Status() const override;

 private:
  // A run that this process holds, ready to be solved.
  struct Job {
    Execution execution;
    Problem problem;
    RunOptions options;
    ResultReporter reporter;  // unset: to be restored, when the options hold a key
    std::shared_ptr<LiveRun> live;
    // For a run that began before it was written: tells the waiting caller of a failure to store.
    std::function<void(absl::Status)> on_storage_failure;
  };

  absl::StatusOr<Submitted> Enqueue(
      const Caller& caller, Submission submission,
      const std::function<void(NewRun&)>& complete = [](NewRun&) {});
  // What a call that waited for the end returns: the record as it stands, unless it ends meanwhile.
  absl::StatusOr<Execution> AnswerWith(Execution execution);
  absl::Status Prepare(const Caller& caller, Submission& submission, NewRun* run) const;
  SolveBackend* FindBackend(std::string_view name) const;
  bool ReserveSlot();
  void PushDirect(Job job);
  void AnnounceWork();

  void SlotLoop();
  absl::StatusOr<std::optional<Job>> ClaimJob();
  // Whether other work comes before what is queued here.
  bool OtherWorkIsNext();
  // These two return whether the slot has been counted idle already.
  bool RunJob(Job job);
  bool EndJob(Job& job, FinishRun finish, bool frees_slot);
  static FinishRun WithoutResult(FinishRun finish);
  FinishRun SolveJob(Job& job, bool* put_back);
  Json Report(Job& job, const SolveResult& result) const;
  void PutBack(Job& job);

  void HouseLoop();
  void TakeBackFromTheDead();
  void PollOtherProcesses();
  void RetryUnwritten();
  void KeepLease();
  void KeepRegistered();
  void Log(LogLevel level, std::string_view event, Json fields) const;
  void LogEnd(const Execution& execution) const;
  bool SleepUnlessStopping(double seconds);

  static constexpr Micros kLease = Micros{30} * 1'000'000;

  StorePorts& ports_;
  const std::vector<SolveBackend*> backends_;
  const RunQueueOptions options_;
  RunPort::Owner owner_;
  mutable LiveRuns live_;
  SlotWork* other_ = nullptr;
  Turns turns_;

  mutable Mutex mutex_;
  mutable CondVar wake_;
  std::deque<Job> direct_ ABSL_GUARDED_BY(mutex_);
  std::vector<FinishRun> unwritten_ ABSL_GUARDED_BY(mutex_);  // ends that no slot waits for
  int idle_slots_ ABSL_GUARDED_BY(mutex_) = 0;
  int reserved_slots_ ABSL_GUARDED_BY(mutex_) = 0;
  // There may be pending runs while these differ.
  uint64_t announced_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t found_empty_ ABSL_GUARDED_BY(mutex_) = 0;
  // The same of other work.
  uint64_t other_announced_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t other_found_empty_ ABSL_GUARDED_BY(mutex_) = 0;
  bool other_was_last_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  double log_unwritten_at_ = 0;  // the house thread's
  std::vector<std::thread> threads_;
};

}  // namespace solvent
