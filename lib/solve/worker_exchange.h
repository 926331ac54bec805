// One request over the wire: sends the request, follows its progress, heeds stops and the clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/solve_backend.h"
#include "wire.h"
#include "worker_pool.h"

namespace solvent {

class WorkerExchange {
 public:
  // Borrows everything.
  WorkerExchange(WorkerProcess& worker, const WorkerOptions& options, const Problem& problem,
                 const SolveOptions& solve, const SolveMonitor& monitor);

  // The frame to send is handed in: it is made before a worker is taken.
  absl::StatusOr<SolveResult> Run(std::string frame);
  // Likewise, for a core. What overran or was cancelled too late to answer has kUnknown.
  absl::StatusOr<InfeasibleCore> RunForCore(std::string frame);

  // What was known of the best point last, as MipRun::on_incumbent has it; empty when nothing was.
  const std::vector<double>& incumbent() const { return incumbent_; }
  WorkerPool::End end() const { return end_; }
  // The worker died of a fault in its own code, not for want of memory nor by somebody's hand.
  bool solver_fault() const { return solver_fault_; }

 private:
  using Clock = std::chrono::steady_clock;

  bool Send();                // false when the worker is gone
  bool Receive();             // likewise
  absl::Status TakeFrames();  // handles what arrived in full
  absl::Status Handle(const FrameHeader& header, std::string_view body);
  void Report(const Progress& progress);
  void ReportAgain();
  void Cancel();
  absl::StatusOr<SolveResult> Crashed();
  SolveResult Overrun();

  WorkerProcess& worker_;
  const WorkerOptions& options_;
  const SolveOptions& solve_;
  const SolveMonitor& monitor_;
  const int32_t columns_;
  const int32_t rows_;
  const uint32_t request_;
  const Clock::time_point start_;
  Clock::time_point kill_at_;
  bool cancelled_ = false;

  std::string out_;
  size_t sent_ = 0;
  std::string in_;
  Progress last_;
  Clock::time_point last_report_;
  std::vector<double> incumbent_;
  std::optional<SolveResult> preliminary_;
  std::optional<absl::StatusOr<SolveResult>> answer_;
  std::optional<InfeasibleCore> core_;
  WorkerPool::End end_ = WorkerPool::End::kHealthy;
  bool solver_fault_ = false;
};

}  // namespace solvent
