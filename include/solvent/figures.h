// What an operator watches, as Engine::figures() hands it out: states of the moment read from the
// database by its indexes, and what this process has counted since its store was opened. Reading
// them costs no search through the record of runs. Of several processes on one database each counts
// what it ended itself; the sum over them is exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "solvent/execution_store.h"
#include "solvent/webhook.h"
#include "solvent/worker_backend.h"

namespace solvent {

// Durations, counted by size.
struct DurationHistogram {
  // Upper bounds of the buckets in seconds, each included; the last bucket has none.
  static constexpr std::array<double, 16> kBounds = {
      0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600};

  std::array<int64_t, kBounds.size() + 1> counts{};  // not cumulative
  double sum_seconds = 0;

  // Negative durations count as 0.
  void Add(double seconds);
  void Add(const DurationHistogram& other);
  int64_t count() const;
};

// Runs that this process has brought to their end, tasks of batches included.
//
// An outcome is the solver's status for a completed run ("optimal", "feasible", "infeasible",
// "unbounded", "time_limit"), and the state for any other ("failed", "timeout", "cancelled"). Those
// are there from the start, with zeros.
struct EndedRuns {
  struct Outcome {
    int64_t ended = 0;
    DurationHistogram solve_seconds;  // of those that a solver was given
  };
  std::map<std::string, Outcome> by_outcome;
  // From the recording of a run to the beginning of its solve, of those that began. A run that was
  // queued again counts to its last beginning.
  DurationHistogram wait_seconds;        // without tasks of batches
  DurationHistogram batch_wait_seconds;  // tasks of batches, which wait by design
};

// Runs that wait for a slot, without tasks of batches.
struct WaitingRuns {
  int64_t count = 0;
  double oldest_seconds = 0;  // age of the oldest; 0 when none waits
};

// Batches that have not ended.
struct OpenBatches {
  int64_t executions = 0;
  int64_t tasks_pending = 0;  // waiting, for their first attempt or another
  int64_t tasks_running = 0;
};

struct StoreSize {
  int64_t bytes = 0;          // of the database file
  int64_t free_bytes = 0;     // of these, not in use: new content goes there first
  int64_t journal_bytes = 0;  // of the journal beside it
};

struct Figures {
  QueueStatus queue;  // runs by state, batches included; slots
  WaitingRuns waiting;
  OpenBatches batches;
  EndedRuns ended;
  WebhookStatus webhooks;
  WorkerStats workers;
  StoreSize store;
};

}  // namespace solvent
