#include "solvent/worker_backend.h"

#include <algorithm>
#include <chrono>
#include <cmath>
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
// Of the grace time: what another worker may take to complete a killed one's point, so that a limit
// holds within a second with the default.
constexpr double kCompletionShare = 0.6;
constexpr double kLongestCompletion = 60;  // seconds

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
    if (result.ok() && result->status == SolveStatus::kTimeLimit && !result->has_point &&
        !exchange.incumbent().empty()) {
      CompletePoint(problem, options, exchange.incumbent(), monitor.stop, *result);
    }
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
  // A worker that had to be killed knew a point, or most of it: another one finds the rest, in a
  // moment, or the point is lost. `result` gets what is a solution of the whole problem.
  void CompletePoint(const Problem& problem, const SolveOptions& options,
                     const std::vector<double>& known, const std::stop_token& stop,
                     SolveResult& result) {
    using Clock = std::chrono::steady_clock;
    const auto end =
        Clock::now() +
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
            std::min(kCompletionShare * pool_.options().grace_seconds, kLongestCompletion)));
    Problem rest = problem;
    rest.name.clear();
    for (size_t j = 0; j < known.size(); ++j) {
      if (rest.column_type[j] == ColumnType::kContinuous || std::isnan(known[j])) continue;
      const double value = std::round(known[j]);
      if (value < rest.column_lower[j] || value > rest.column_upper[j]) return;
      rest.column_lower[j] = rest.column_upper[j] = value;
    }
    auto worker = pool_.Take(stop, end);
    if (!worker.ok() || *worker == nullptr) return;
    auto left = [end] { return std::chrono::duration<double>(end - Clock::now()).count(); };
    SolveOptions brief;
    brief.time_limit_seconds = std::max(left() / 2, 1e-3);
    brief.seed = options.seed;
    brief.memory_limit_bytes = options.memory_limit_bytes;
    brief.want_duals = false;
    brief.verify = false;
    SolveMonitor monitor;
    monitor.stop = stop;
    std::string frame = Frame(**worker, MessageType::kSolve, EncodeSolve(rest, brief));
    brief.grace_seconds = std::max(left() - brief.time_limit_seconds, 0.0);
    WorkerExchange exchange(**worker, pool_.options(), rest, brief, monitor);
    absl::StatusOr<SolveResult> found = exchange.Run(std::move(frame));
    pool_.Return(*std::move(worker), exchange.end());
    if (!found.ok() || !found->has_point || found->status == SolveStatus::kUnbounded) return;
    result.has_point = true;
    result.x = std::move(found->x);
    result.objective = found->objective;
    result.gap = RelativeGap(result.objective, result.bound);
    Verification& v = result.verification;
    v.point_checked = found->verification.point_checked;
    v.max_row_violation = found->verification.max_row_violation;
    v.max_bound_violation = found->verification.max_bound_violation;
    v.max_integrality_violation = found->verification.max_integrality_violation;
    v.note = "the solver did not stop in time and its process was ended; its best point was kept";
  }

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
