// The record of runs and their queue. Everything that changes runs is in run_writes.cc, what
// reads them in run_reads.cc.
#pragma once

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "readers.h"
#include "run_counters.h"
#include "run_effects.h"
#include "run_port.h"
#include "run_rows.h"
#include "writer.h"

namespace solvent {

class SqliteRuns : public RunPort {
 public:
  // `counters` must be the writer's listener.
  SqliteRuns(Writer& writer, Readers& readers, RunCounters& counters, RunEffectList effects)
      : writer_(writer), readers_(readers), counters_(counters), effects_(std::move(effects)) {}

  absl::StatusOr<InsertedRun> Insert(NewRun run, int64_t max_pending) override;
  std::future<absl::Status> InsertRunning(
      NewRun run, std::string owner,
      std::function<void(const absl::Status&)> refused = {}) override;
  absl::StatusOr<std::optional<ClaimedRun>> Claim(std::string_view owner, int64_t now) override;
  absl::StatusOr<std::string> NextOrganization() override;
  absl::StatusOr<bool> Release(std::string_view owner, std::string_view id, int64_t now) override;
  absl::StatusOr<int> RecordCrash(std::string_view owner, std::string_view id) override;
  absl::StatusOr<FinishedRun> Finish(FinishRun finish) override;
  absl::StatusOr<CancelOutcome> RequestCancel(std::string_view organization, std::string_view id,
                                              int64_t now) override;
  absl::StatusOr<bool> GiveUpWaiting(std::string_view id) override;
  void SaveProgress(std::string id, std::string progress_json) override;
  absl::Status RegisterOwner(const Owner& owner) override;
  absl::Status RenewLease(std::string_view owner, int64_t until) override;
  absl::StatusOr<int64_t> TakeBack(std::string_view owner, int64_t now) override;

  absl::StatusOr<std::vector<std::string>> CancelRequests(std::string_view owner) override;
  absl::StatusOr<std::vector<Owner>> Owners() override;
  absl::StatusOr<Execution> Get(std::string_view organization, std::string_view id) override;
  absl::StatusOr<RunGlance> Glance(std::string_view organization, std::string_view id) override;
  absl::StatusOr<std::string> GetProblem(std::string_view organization,
                                         std::string_view id) override;
  absl::StatusOr<Page<Execution>> List(std::string_view organization, const ExecutionFilter& filter,
                                       const PageRequest& page) override;
  absl::StatusOr<QueueStats> Stats() override;

  // Parts of larger transactions, on the writing thread.

  // The one function that moves a run to its end state, from wherever it stands: `finish.state`, or
  // cancelled when that was requested. Returns the record as it then stands.
  absl::StatusOr<Execution> EndRun(Db& db, const RunHead& head, const FinishRun& finish);
  // Runs that are tasks of a batch: no claim finds them, the batch starts and ends them. `batch` is
  // not 0. Returns the new run's row.
  absl::StatusOr<int64_t> AddBatchRun(Db& db, NewRun& run, int64_t batch);
  absl::Status StartBatchRun(Db& db, const RunHead& head, int64_t owner, int64_t now);
  absl::Status QueueBatchRun(Db& db, const RunHead& head);
  // What a task's input has become; nothing happens without a problem.
  absl::Status DescribeProblem(Db& db, int64_t n, int32_t columns, int32_t rows,
                               double time_limit_seconds, std::string_view problem);
  // Runs that are pending and no tasks of batches.
  absl::StatusOr<int64_t> CountQueued(Db& db);
  // RequestCancel.
  absl::StatusOr<CancelOutcome> DoRequestCancel(Db& db, std::string_view organization,
                                                std::string_view id, int64_t now);

 private:
  // These run on the writing thread, inside its transaction.
  absl::StatusOr<InsertedRun> DoInsert(Db& db, NewRun& run, int64_t max_pending);
  // ResourceExhausted when the queue, or the organization's share of it, is full.
  absl::Status FindPlace(Db& db, int64_t org, int64_t max_pending);
  absl::Status DoInsertRunning(Db& db, NewRun& run, std::string_view owner);
  // Fills in what the store decides; `owner` is 0 for a pending run.
  absl::Status AddRun(Db& db, NewRun& run, int64_t org, int64_t owner, int64_t batch = 0);
  absl::StatusOr<std::optional<ClaimedRun>> DoClaim(Db& db, std::string_view owner, int64_t now);
  // Back to the queue, or to its end when its cancel was requested; returns the new state.
  absl::StatusOr<RunState> PutBack(Db& db, const RunHead& head, int64_t now);
  absl::StatusOr<FinishedRun> DoFinish(Db& db, const FinishRun& finish);
  absl::StatusOr<Execution> EndAsCancelled(Db& db, const RunHead& head, int64_t now);
  absl::StatusOr<int64_t> DoTakeBack(Db& db, std::string_view owner, int64_t now);

  Writer& writer_;
  Readers& readers_;
  RunCounters& counters_;
  const RunEffectList effects_;
};

}  // namespace solvent
