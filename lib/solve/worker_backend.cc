#include "solvent/worker_backend.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "checked_solve.h"
#include "core_search.h"
#include "mutex.h"
#include "problem_codec.h"
#include "solvent/cbc_backend.h"
#include "solvent/error.h"
#include "solvent/infeasible_core.h"
#include "status_macros.h"
#include "wire.h"
#include "worker_exchange.h"
#include "worker_pool.h"

namespace solvent {
namespace {

constexpr int kMostWorkers = 4096;

// Problems that made the solver end its process, lately: they are solved carefully from then on.
class FaultyProblems {
 public:
  bool Contains(const Problem& problem) const {
    {
      Lock lock(mutex_);
      if (hashes_.empty()) return false;
    }
    const size_t hash = Hash(problem);
    Lock lock(mutex_);
    return std::find(hashes_.begin(), hashes_.end(), hash) != hashes_.end();
  }
  void Add(const Problem& problem) {
    const size_t hash = Hash(problem);
    Lock lock(mutex_);
    hashes_.push_back(hash);
    if (hashes_.size() > kMost) hashes_.pop_front();
  }

 private:
  static constexpr size_t kMost = 256;
  static size_t Hash(const Problem& problem) {
    return std::hash<std::string>()(EncodeProblem(problem));
  }

  mutable Mutex mutex_;
  std::deque<size_t> hashes_ ABSL_GUARDED_BY(mutex_);
};

class WorkerBackendImpl : public WorkerBackend, public InfeasibleCoreFinder {
 public:
  explicit WorkerBackendImpl(WorkerOptions options)
      : solver_(MakeCbcBackend()), pool_(std::move(options)) {}

  absl::Status AwaitFirst() { return pool_.AwaitFirst(); }

  std::string_view name() const override { return solver_->name(); }
  std::string version() const override { return solver_->version(); }
  std::string description() const override { return solver_->description(); }
  Capabilities capabilities() const override {
    Capabilities capabilities = solver_->capabilities();
    capabilities.concurrent = pool_.options().workers > 1;
    return capabilities;
  }
  WorkerStats stats() const override { return pool_.stats(); }

  absl::StatusOr<SolveResult> Solve(const Problem& problem, const SolveOptions& options,
                                    const SolveMonitor& monitor) override {
    RETURN_IF_ERROR(problem.Check());
    RETURN_IF_ERROR(CheckSolveOptions(options));
    const std::string body = EncodeSolve(problem, options, faulty_.Contains(problem));
    ASSIGN_OR_RETURN(std::unique_ptr<WorkerProcess> worker, pool_.Take(monitor.stop));
    if (worker == nullptr) {
      SolveResult cancelled;
      cancelled.status = SolveStatus::kCancelled;
      cancelled.solver = std::string(name());
      return cancelled;
    }
    std::string frame = Frame(*worker, MessageType::kSolve, body);
    WorkerExchange exchange(*worker, pool_.options(), problem, options, monitor);
    absl::StatusOr<SolveResult> result = exchange.Run(std::move(frame));
    pool_.Return(std::move(worker), exchange.end());
    if (!result.ok() && exchange.solver_fault()) faulty_.Add(problem);
    return result;
  }

  absl::StatusOr<InfeasibleCore> FindInfeasibleCore(const Problem& problem,
                                                    std::span<const CorePart> parts,
                                                    const SolveOptions& options,
                                                    const SolveMonitor& monitor) override {
    RETURN_IF_ERROR(problem.Check());
    RETURN_IF_ERROR(CheckSolveOptions(options));
    RETURN_IF_ERROR(CheckCoreParts(problem, parts));
    const std::string body = EncodeFindCore(problem, parts, options);
    ASSIGN_OR_RETURN(std::unique_ptr<WorkerProcess> worker, pool_.Take(monitor.stop));
    if (worker == nullptr) return InfeasibleCore();
    std::string frame = Frame(*worker, MessageType::kFindCore, body);
    WorkerExchange exchange(*worker, pool_.options(), problem, options, monitor);
    absl::StatusOr<InfeasibleCore> core = exchange.RunForCore(std::move(frame));
    pool_.Return(std::move(worker), exchange.end());
    return core;
  }

 private:
  static std::string Frame(const WorkerProcess& worker, MessageType type, std::string_view body) {
    std::string frame =
        EncodeHeader({.size = body.size(), .request = worker.next_request, .type = type});
    frame += body;
    return frame;
  }

  const std::unique_ptr<SolveBackend> solver_;
  WorkerPool pool_;
  FaultyProblems faulty_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerBackend>> MakeWorkerBackend(WorkerOptions options) {
  if (options.command.empty()) options.command = {SOLVENT_WORKER_PROGRAM};
  if (options.workers < 1) return BadRequest("at least one worker process is needed");
  if (options.workers > kMostWorkers) return BadRequest("more than 4096 worker processes");
  if (!(options.grace_seconds >= 0)) return BadRequest("the grace time must not be negative");
  auto backend = std::make_unique<WorkerBackendImpl>(std::move(options));
  RETURN_IF_ERROR(backend->AwaitFirst());
  return backend;
}

}  // namespace solvent
