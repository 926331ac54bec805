// Solves in worker processes: started ahead, reused, one solve at a time each, limited in memory,
// killed and replaced when they crash, overrun their time or grow.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct WorkerOptions {
  // The program to start and its arguments; it must call RunWorker(). Empty: the solvent-worker
  // program where this library was installed.
  std::vector<std::string> command;
  int workers = 1;                                      // 1..4096 solves at once; the rest wait
  int64_t memory_limit_bytes = int64_t{4} << 30;        // address space of one worker; 0: no limit
  int64_t recycle_resident_bytes = int64_t{512} << 20;  // replaced after a solve when larger
  int recycle_after_solves = 1000;
  // Between the soft stop at a limit (unless SolveOptions say) or a cancel, and the kill. Another
  // worker may then take 0.6 times as long to complete what is known of the best point.
  double grace_seconds = 0.6;
};

struct WorkerStats {
  int alive = 0;
  int busy = 0;
  int64_t started = 0;
  // Replaced, by what became of them:
  int64_t crashed = 0;        // died by themselves, for another reason than the next
  int64_t out_of_memory = 0;  // needed more than they may have
  int64_t killed = 0;         // by us: overran their time, or did not heed a cancel
  int64_t recycled = 0;       // in good health
};

// A solve whose worker dies ends with Aborted. Where a fault of the solver's own was the cause (not
// memory, nor a kill), a further solve of the same problem leaves the solver's usual way out and
// lets others do the work, which may take longer; the backend keeps the last 256 such in mind.
class WorkerBackend : public SolveBackend {
 public:
  virtual WorkerStats stats() const = 0;
};

// Starts the workers. Fails with NotFound or FailedPrecondition when the program cannot be started.
// Destroying the backend kills them; no Solve may be under way then. The process must not ignore
// SIGCHLD.
absl::StatusOr<std::unique_ptr<WorkerBackend>> MakeWorkerBackend(WorkerOptions options);

// The worker's whole main program: serves solves on descriptor 3 until it is closed, then returns
// the exit status. Call it first thing in main(), before any thread is started.
int RunWorker();

}  // namespace solvent
