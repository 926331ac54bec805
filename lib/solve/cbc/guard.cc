#include "guard.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ClpSimplex.hpp"

namespace solvent {
namespace {

thread_local Guard* current_guard = nullptr;

// Values beyond it stand for "none" inside CBC.
constexpr double kCbcNone = 1e49;
constexpr std::chrono::seconds kTellEvery{1};

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

// The search knows a problem that was preprocessed, and of most of its columns what they were.
void GuardSearchHandler::TellPoint(bool improved) {
  if (!guard_->on_incumbent) return;
  guard_->untold = guard_->untold || improved;
  const double* best = model_->bestSolution();
  if (!guard_->untold || best == nullptr) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < guard_->tell_at) return;
  const int* original = model_->originalColumns();
  const int count = model_->getNumCols();
  if (original == nullptr && count != guard_->columns) return;
  std::vector<double> x(static_cast<size_t>(guard_->columns),
                        std::numeric_limits<double>::quiet_NaN());
  for (int j = 0; j < count; ++j) {
    const int column = original != nullptr ? original[j] : j;
    if (column >= 0 && column < guard_->columns) x[static_cast<size_t>(column)] = best[j];
  }
  guard_->untold = false;
  guard_->tell_at = now + kTellEvery;
  guard_->on_incumbent(x);
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
  TellPoint(which == solution || which == heuristicSolution);
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
