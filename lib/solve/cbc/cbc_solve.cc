#include "cbc_solve.h"

#include <exception>
#include <new>
#include <string>

#include "CbcConfig.h"
#include "ClpConfig.h"
#include "absl/strings/str_cat.h"
#include "cbc_run.h"
#include "clp_engine.h"
#include "core_search.h"
#include "mutex.h"
#include "solvent/cbc_backend.h"
#include "status_macros.h"

namespace solvent {
namespace {

// CBC keeps state between its functions in globals: one solve at a time in a process.
Mutex& SolveMutex() {
  static Mutex* mutex = new Mutex;
  return *mutex;
}

const SolverCodes& Codes() {
  static const SolverCodes* codes = new SolverCodes{
      .name = "cbc",
      .lp = [](const LpModel& model,
               ProgressTracker* tracker) { return MakeClpEngine(model, tracker); },
      .mip = RunCbc,
  };
  return *codes;
}

class CbcBackend : public SolveBackend, public InfeasibleCoreFinder {
 public:
  std::string_view name() const override { return "cbc"; }
  std::string version() const override {
    return absl::StrCat(CBC_VERSION, " (Clp ", CLP_VERSION, ")");
  }
  std::string description() const override {
    return "COIN-OR CBC for mixed-integer problems and Clp for linear ones, with checked answers";
  }
  Capabilities capabilities() const override {
    return {.integers = true,
            .duals = true,
            .warm_start = true,
            .progress = true,
            .cancel = true,
            .quadratic = false,
            .concurrent = false};
  }
  absl::StatusOr<SolveResult> Solve(const Problem& problem, const SolveOptions& options,
                                    const SolveMonitor& monitor) override {
    return CbcSolve(problem, options, monitor);
  }
  absl::StatusOr<InfeasibleCore> FindInfeasibleCore(const Problem& problem,
                                                    std::span<const CorePart> parts,
                                                    const SolveOptions& options,
                                                    const SolveMonitor& monitor) override {
    return ClpFindCore(problem, parts, options, monitor);
  }
};

template <typename Work>
auto Caught(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the solver ran out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("the solver failed: ", error.what()));
  }
}

}  // namespace

absl::StatusOr<SolveResult> CbcSolve(const Problem& problem, const SolveOptions& options,
                                     const SolveMonitor& monitor, const CheckedSolveHooks& hooks) {
  Lock lock(SolveMutex());
  if (monitor.stop.stop_requested()) {
    SolveResult cancelled;
    cancelled.status = SolveStatus::kCancelled;
    cancelled.solver = "cbc";
    return cancelled;
  }
  return Caught([&] { return CheckedSolve(problem, options, monitor, Codes(), hooks); });
}

absl::StatusOr<InfeasibleCore> ClpFindCore(const Problem& problem, std::span<const CorePart> parts,
                                           const SolveOptions& options,
                                           const SolveMonitor& monitor) {
  RETURN_IF_ERROR(problem.Check());
  RETURN_IF_ERROR(CheckSolveOptions(options));
  RETURN_IF_ERROR(CheckCoreParts(problem, parts));
  Lock lock(SolveMutex());
  if (monitor.stop.stop_requested()) return InfeasibleCore();
  const StopControl control(monitor.stop, options.time_limit_seconds);
  const LpEngineFactory factory = [](const LpModel& model) { return MakeClpEngine(model); };
  return Caught([&]() -> absl::StatusOr<InfeasibleCore> {
    return SearchCore(problem, parts, factory, control);
  });
}

std::unique_ptr<SolveBackend> MakeCbcBackend() { return std::make_unique<CbcBackend>(); }

}  // namespace solvent
