// Runs a MIP code and settles how far what it says is true.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lp_engine.h"
#include "mip_solver.h"
#include "point_polish.h"
#include "progress_tracker.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct MipVerdict {
  SolveStatus status = SolveStatus::kError;
  Trust trust = Trust::kNone;
  std::string method;
  std::string note;
  std::string error;
  bool corrected = false;
  bool warm_start_used = false;
  std::optional<CheckedPoint> point;
  double bound = -kInfinity;
  int64_t nodes = 0;
  int64_t iterations = 0;
  double verify_seconds = 0;
};

// Borrows everything it is given.
class MipSettler {
 public:
  MipSettler(const MinForm& form, const SolveOptions& options, const LpEngineFactory& lp,
             const MipSolver& mip, const StopControl& control, ProgressTracker& tracker,
             bool careful = false);

  // `on_preliminary` hears the verdict before second opinions are sought, unless that is that there
  // is no point, and the best point before the solver is asked again when that verdict has turned
  // out false, or when careful.
  MipVerdict Run(const std::function<void(const MipVerdict&)>& on_preliminary);

 private:
  void FirstSolve();
  void Consider(std::optional<CheckedPoint> point);
  bool WithinGap(double cost, double bound) const;
  // A point that costs less than any can: small costs were passed over.
  bool Refutes(double cost, double bound) const;
  MipStatus Limit(MipStatus status);
  void Settle(const std::function<void(const MipVerdict&)>& on_preliminary);
  bool SettleByRelaxation(const StopControl& control);
  bool SettleUnbounded(const StopControl& control);
  bool SettleInfeasible(const StopControl& control);
  void CrossCheckedOptimal();
  void CallInfeasible(Trust trust, const char* method);
  // Whether there is a point, whatever it costs: a point found is the verdict's from then on.
  enum class Existence : uint8_t { kUnknown, kPoint, kNone };
  enum class Way : uint8_t { kFirst, kSecond, kLoose };
  Existence SearchAny(const StopControl& control);  // kNone is proven
  Existence AskAny(Way way, const StopControl& control);
  // What becomes of "none" in two ways: kNone is the verdict then.
  Existence CrossCheckNone(const StopControl& control);
  void MakeAny();
  void TakeAny(CheckedPoint point);
  bool SettleConstant();
  bool SettleByTree(const StopControl& control);
  void SettleBySecondSolve(const StopControl& control);
  void HoldToGap();
  void Fail();

  const MinForm& form_;
  const SolveOptions& options_;
  const LpEngineFactory& lp_;
  const MipSolver& mip_;
  const StopControl& control_;
  ProgressTracker& tracker_;
  const bool careful_;  // as in CheckedSolveHooks
  PointPolisher polisher_;
  std::optional<MinForm> any_;  // the problem without its objective, once it is asked for
  std::optional<PointPolisher> any_polisher_;
  const double gap_;  // asked for, or 0 where that costs nothing
  const double absolute_gap_;

  MipRun run_;
  MipClaim claim_;
  double first_seconds_ = 0;
  bool undecided_ = false;  // a search met a part that could hold a point
  bool refuted_ = false;    // what the solver said is known to be false
  MipVerdict verdict_;
};

}  // namespace solvent
