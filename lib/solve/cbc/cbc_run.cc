#include "cbc_run.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "CbcModel.hpp"
#include "CbcSolver.hpp"
#include "CoinError.hpp"
#include "OsiClpSolverInterface.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "guard.h"
#include "point_polish.h"
#include "power_scale.h"

namespace solvent {
namespace {

constexpr double kCbcNone = 1e49;  // values beyond it stand for "none" inside CBC
// By how much loose rows give way: well within what a point may miss them by.
constexpr double kLoose = 0.1 * kFeasibilityTolerance;
constexpr double kLooseShare = 0.1 * kScaledTolerance;

std::vector<double> OsiBounds(std::span<const double> v) {
  constexpr double kNone = std::numeric_limits<double>::max();
  std::vector<double> out(v.begin(), v.end());
  for (double& b : out) {
    if (std::isinf(b)) b = b > 0 ? kNone : -kNone;
  }
  return out;
}

// An equation whose sides doubles cannot meet together with another becomes a narrow range.
std::vector<double> Loosened(std::vector<double> bounds, double sign) {
  for (double& b : bounds) {
    if (!std::isinf(b)) b += sign * (kLoose + kLooseShare * std::abs(b));
  }
  return bounds;
}

void Load(const MinForm& form, const MipRun& run, double cost_factor,
          OsiClpSolverInterface& solver) {
  solver.messageHandler()->setLogLevel(0);
  solver.getModelPtr()->setLogLevel(0);
  solver.setHintParam(OsiDoReducePrint, true, OsiHintTry);
  const Problem& p = form.problem;
  std::vector<CoinBigIndex> start(p.column_start.begin(), p.column_start.end());
  std::vector<double> cost = run.ignore_objective ? std::vector<double>(form.columns) : form.cost;
  for (double& v : cost) v *= cost_factor;
  std::vector<double> row_lower = form.row_lower, row_upper = form.row_upper;
  if (run.loose_rows) {
    row_lower = Loosened(std::move(row_lower), -1);
    row_upper = Loosened(std::move(row_upper), 1);
  }
  solver.loadProblem(form.columns, form.rows, start.data(), p.row_index.data(), p.value.data(),
                     OsiBounds(form.lower).data(), OsiBounds(form.upper).data(), cost.data(),
                     OsiBounds(row_lower).data(), OsiBounds(row_upper).data());
  solver.setObjSense(1);
  for (int32_t j = 0; j < form.columns; ++j) {
    if (form.integer[j]) solver.setInteger(j);
  }
}

void GiveStart(const MipRun& run, OsiClpSolverInterface& solver, CbcModel& model) {
  if (run.start.empty()) return;
  solver.setIntParam(OsiNameDiscipline, 1);
  std::vector<std::string> names(run.start.size());
  std::vector<const char*> pointers(run.start.size());
  for (size_t j = 0; j < names.size(); ++j) {
    names[j] = absl::StrCat("x", j);
    pointers[j] = names[j].c_str();
    model.solver()->setColName(static_cast<int>(j), names[j]);
  }
  model.setMIPStart(static_cast<int>(names.size()), pointers.data(), run.start.data());
}

// CBC measures its gap against an objective without its offset. With one, the guard measures it.
bool GuardMeasuresGap(const MinForm& form, const MipRun& run) {
  return form.problem.objective_offset != 0 && run.gap > 0 && !run.ignore_objective;
}

// Never wider than the gap is with or without the offset: a large constant is no licence to stop.
bool WithinBothGaps(const MinForm& form, const MipRun& run, double cost, double bound) {
  const double size = std::min(std::abs(form.ToOriginal(cost)), std::abs(cost));
  return cost - bound <= run.gap * size;
}

std::vector<std::string> Arguments(const MinForm& form, const MipRun& run,
                                   const StopControl& control) {
  auto number = [](double v) { return absl::StrFormat("%.17g", v); };
  std::vector<std::string> args = {"solvent", "-log", "0", "-timeMode", "elapsed"};
  auto add = [&args](const char* name, std::string value) {
    args.push_back(name);
    args.push_back(std::move(value));
  };
  // The guard ends the run in time; CBC's own limit makes its heuristics plan with it.
  add("-sec", number(std::max(control.Remaining(), 1e-3)));
  // CBC's is relative to the larger of incumbent and bound, ours to the incumbent.
  if (run.gap > 0 && !GuardMeasuresGap(form, run))
    add("-ratioGap", number(run.gap / (1 + run.gap)));
  if (run.absolute_gap > 0) add("-allowableGap", number(run.absolute_gap * CostFactor(form.cost)));
  if (run.node_limit) {
    add("-maxNodes", absl::StrCat(std::clamp<int64_t>(*run.node_limit, 0, 2147483647)));
  }
  if (run.seed != 0) {
    const std::string seed = absl::StrCat(run.seed & 0x7fffffff);
    add("-randomSeed", seed);
    add("-randomCbcSeed", seed);
  }
  if (run.second_opinion) {
    add("-preprocess", "off");
    add("-presolve", "off");
    add("-gomory", "off");
    add("-twoMir", "off");
    add("-integerTolerance", "1e-9");
    add("-primalTolerance", "1e-9");
    add("-increment", "0");
  } else {
    // Leaves preprocessing on, without those of its steps that lose solutions.
    add("-tunePreProcess", "4096");
  }
  args.push_back("-solve");
  args.push_back("-quit");
  return args;
}

MipStatus StatusOf(const CbcModel& model, bool has_point) {
  switch (model.secondaryStatus()) {
    case 1: return has_point ? MipStatus::kOptimal : MipStatus::kInfeasible;
    case 3: return MipStatus::kNodeLimit;
    case 4: return MipStatus::kTimeLimit;
    case 5: return MipStatus::kStopped;
    case 7: return MipStatus::kUnbounded;
    default: break;
  }
  if (model.status() == 0) return has_point ? MipStatus::kOptimal : MipStatus::kInfeasible;
  if (model.status() == 5) return MipStatus::kStopped;
  if (model.secondaryStatus() == 2 && has_point) return MipStatus::kOptimal;  // within the gap
  return MipStatus::kFailed;
}

MipClaim Run(const MinForm& form, const MipRun& run, const StopControl& control,
             ProgressTracker* tracker) {
  OsiClpSolverInterface solver;
  const double cost_factor = CostFactor(form.cost);
  Load(form, run, cost_factor, solver);
  Guard guard{.control = &control,
              .tracker = run.ignore_objective ? nullptr : tracker,
              .cost_factor = cost_factor};
  if (!run.ignore_objective) guard.on_incumbent = run.on_incumbent;
  guard.columns = form.columns;
  if (GuardMeasuresGap(form, run)) {
    guard.close_enough = [&](double cost, double bound) {
      return WithinBothGaps(form, run, cost, bound);
    };
  }
  GuardSimplexHandler simplex_handler(&guard);
  solver.getModelPtr()->passInEventHandler(&simplex_handler);

  CbcModel model(solver);
  model.setLogLevel(0);
  model.messageHandler()->setLogLevel(0);
  model.solver()->messageHandler()->setLogLevel(0);
  CbcSolverUsefulData data;
  CbcMain0(model, data);
  data.noPrinting_ = true;
  data.useSignalHandler_ = false;
  model.setLogLevel(0);
  GiveStart(run, solver, model);
  GuardSearchHandler search_handler(&guard);
  model.passInEventHandler(&search_handler);
  PhaseGuard phase_guard(&guard);

  std::vector<std::string> args = Arguments(form, run, control);
  std::vector<const char*> argv;
  for (const std::string& arg : args) argv.push_back(arg.c_str());
  CbcMain1(static_cast<int>(argv.size()), argv.data(), model, &PhaseGuard::Callback, data);

  MipClaim claim;
  const double* best = model.bestSolution();
  if (best != nullptr && model.solver()->getNumCols() == form.columns)
    claim.x.assign(best, best + form.columns);
  claim.status = StatusOf(model, !claim.x.empty());
  if (claim.status == MipStatus::kOptimal && claim.x.empty()) claim.status = MipStatus::kFailed;
  const double bound = model.getBestPossibleObjValue();
  if (std::abs(bound) < kCbcNone) claim.bound = bound / cost_factor;
  if (guard.fired) {
    claim.status = control.Cancelled() ? MipStatus::kStopped : MipStatus::kTimeLimit;
    claim.bound = guard.bound;
  } else if (guard.closed_gap && !claim.x.empty()) {
    claim.status = MipStatus::kOptimal;
    claim.bound = guard.bound;
  }
  claim.nodes = model.getNodeCount();
  claim.iterations = model.getIterationCount();
  if (claim.status == MipStatus::kFailed) {
    claim.error =
        absl::StrCat("CBC ended with status ", model.status(), "/", model.secondaryStatus());
  }
  return claim;
}

}  // namespace

MipClaim RunCbc(const MinForm& form, const MipRun& run, const StopControl& control,
                ProgressTracker* tracker) {
  MipClaim claim;
  try {
    return Run(form, run, control, tracker);
  } catch (const CoinError& error) {
    claim.error = absl::StrCat("CBC failed: ", error.message());
  } catch (const std::bad_alloc&) {
    throw;  // reported as such by the caller, with the limit
  } catch (const std::exception& error) {
    claim.error = absl::StrCat("CBC failed: ", error.what());
  }
  return claim;
}

}  // namespace solvent
