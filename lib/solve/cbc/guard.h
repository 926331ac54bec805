// Makes COIN's solvers stop when asked or when time is over, and lets them report on the way.
//
// Three parts, since none reaches everywhere: events of CBC's search, the phase callback of its
// main routine, and events of every simplex run below it. During postprocessing the last one is
// lifted, or the incumbent would be lost on its way back to the original problem.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "CbcEventHandler.hpp"
#include "CbcModel.hpp"
#include "ClpEventHandler.hpp"
#include "progress_tracker.h"
#include "solvent/problem.h"
#include "stop_control.h"

namespace solvent {

// Shared by all clones of the handlers of one solve. Must outlive them.
struct Guard {
  const StopControl* control;
  ProgressTracker* tracker;  // may be null
  double cost_factor = 1;    // that the solver's costs are multiplied by
  bool lifted = false;
  bool report_iterations = false;  // plain LPs: counts come from the simplex itself
  // Something was told to stop. What the solver says of the problem from then on is not to be
  // believed: it may take a relaxation that was cut short for an infeasible one.
  bool fired = false;
  double bound = -kInfinity;  // the last one reported before that
  // When set: ends the search as soon as it holds for the incumbent's cost and the bound.
  std::function<bool(double cost, double bound)> close_enough;
  bool closed_gap = false;  // it did
  // As MipRun has it, with how many columns the problem has.
  std::function<void(const std::vector<double>&)> on_incumbent;
  int32_t columns = 0;
  bool untold = false;  // there is a better point than the one that was told last
  std::chrono::steady_clock::time_point tell_at;  // not before

  bool MustStop() {
    if (lifted || !control->Stopped()) return false;
    fired = true;
    return true;
  }
};

class GuardSimplexHandler : public ClpEventHandler {
 public:
  explicit GuardSimplexHandler(Guard* guard) : guard_(guard) {}
  int event(Event which) override;
  ClpEventHandler* clone() const override { return new GuardSimplexHandler(*this); }

 private:
  Guard* guard_;
};

class GuardSearchHandler : public CbcEventHandler {
 public:
  explicit GuardSearchHandler(Guard* guard) : guard_(guard) {}
  CbcAction event(CbcEvent which) override;
  CbcAction event(CbcEvent which, void* data) override;
  CbcEventHandler* clone() const override { return new GuardSearchHandler(*this); }

 private:
  void Report(CbcEvent which);
  void TellPoint(bool improved);
  bool ClosesGap(CbcEvent which);
  Guard* guard_;
};

// CBC's phase callback is a bare function; it finds its guard through this, per thread.
class PhaseGuard {
 public:
  explicit PhaseGuard(Guard* guard);
  ~PhaseGuard();
  PhaseGuard(const PhaseGuard&) = delete;
  PhaseGuard& operator=(const PhaseGuard&) = delete;
  static int Callback(CbcModel* model, int phase);
};

}  // namespace solvent
