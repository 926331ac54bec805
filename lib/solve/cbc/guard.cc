#include "guard.h"

#include <algorithm>
#include <cmath>

#include "ClpSimplex.hpp"

namespace solvent {
namespace {

thread_local Guard* current_guard = nullptr;

// Values beyond it stand for "none" inside CBC.
constexpr double kCbcNone = 1e49;

}  // namespace

int GuardSimplexHandler::event(Event which) {
  if (which != endOfIteration && which != endOfFactorization) return -1;
  if (guard_->MustStop()) return 0;
  if (guard_->tracker != nullptr) {
    if (guard_->report_iterations && model_ != nullptr && guard_->tracker->active())
      guard_->tracker->SetCounts(0, model_->numberIterations());
    guard_->tracker->Tick();
  }
  return -1;
}

void GuardSearchHandler::Report(CbcEvent which) {
  ProgressTracker* tracker = guard_->tracker;
  // Searches within the search (heuristics) speak of other problems.
  if (model_ == nullptr || model_->parentModel() != nullptr) return;
  const bool searching = which == node || which == treeStatus;
  if (searching && !guard_->fired) {
    const double bound = model_->getBestPossibleObjValue();
    if (std::abs(bound) < kCbcNone)
      guard_->bound = std::max(guard_->bound, bound / guard_->cost_factor);
  }
  if (tracker == nullptr) return;
  if (searching) {
    tracker->SetPhase(SolvePhase::kTree);
    tracker->SetCounts(model_->getNodeCount(), model_->getIterationCount());
    if (guard_->bound > -kInfinity) tracker->Bound(guard_->bound);
  }
  if (which == solution || which == heuristicSolution) {
    const double cost = model_->getObjValue();
    if (std::abs(cost) < kCbcNone) tracker->Incumbent(cost / guard_->cost_factor);
  }
  tracker->Tick();
}

bool GuardSearchHandler::ClosesGap(CbcEvent which) {
  if (guard_->fired || !guard_->close_enough || (which != node && which != treeStatus))
    return false;
  if (model_ == nullptr || model_->parentModel() != nullptr) return false;
  const double cost = model_->getObjValue();
  if (std::abs(cost) >= kCbcNone ||
      !guard_->close_enough(cost / guard_->cost_factor, guard_->bound)) {
    return false;
  }
  guard_->closed_gap = true;
  model_->setMaximumNodes(0);
  model_->sayEventHappened();
  return true;
}

CbcEventHandler::CbcAction GuardSearchHandler::event(CbcEvent which) {
  Report(which);
  if (ClosesGap(which)) return stop;
  if (guard_->MustStop()) {
    for (CbcModel* model = model_; model != nullptr; model = model->parentModel()) {
      model->setMaximumSeconds(0);
      model->setMaximumNodes(0);
      model->sayEventHappened();
    }
    if (which == endSearch && model_ != nullptr && model_->parentModel() == nullptr)
      guard_->lifted = true;
    return stop;
  }
  return noAction;
}

CbcEventHandler::CbcAction GuardSearchHandler::event(CbcEvent which, void*) { return event(which); }

PhaseGuard::PhaseGuard(Guard* guard) { current_guard = guard; }
PhaseGuard::~PhaseGuard() { current_guard = nullptr; }

int PhaseGuard::Callback(CbcModel*, int phase) {
  Guard* guard = current_guard;
  if (guard == nullptr) return 0;
  // 1: first relaxation solved, 2: preprocessed, 3: before the search, 4: after it, 5: mapped back.
  if (phase == 4 || phase == 5) {
    guard->lifted = true;
    return 0;
  }
  if (guard->tracker != nullptr && phase >= 1 && phase <= 3)
    guard->tracker->SetPhase(phase == 1 ? SolvePhase::kPresolve : SolvePhase::kRoot);
  return guard->MustStop() ? 1 : 0;
}

}  // namespace solvent
