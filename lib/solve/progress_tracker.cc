#include "progress_tracker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace solvent {
namespace {

constexpr std::chrono::milliseconds kShortest{50};  // between two reports
constexpr std::chrono::milliseconds kUsual{250};    // between reports without news
constexpr std::chrono::milliseconds kLongest{900};  // the ticker steps in

}  // namespace

ProgressTracker::ProgressTracker(const MinForm& form,
                                 std::function<void(const Progress&)> on_progress, bool ticks)
    : form_(form),
      on_progress_(std::move(on_progress)),
      active_(static_cast<bool>(on_progress_)),
      next_tick_(start_ + kUsual),
      last_emit_(start_ - kUsual) {
  if (active_ && ticks) ticker_ = std::thread([this] { TickLoop(); });
}

ProgressTracker::~ProgressTracker() {
  if (!ticker_.joinable()) return;
  {
    Lock lock(mutex_);
    closing_ = true;
    wake_.SignalAll();
  }
  ticker_.join();
}

void ProgressTracker::TickLoop() {
  Lock lock(mutex_);
  while (!closing_) {
    const Clock::time_point due = std::max(last_emit_, start_) + kLongest;
    if (Clock::now() >= due) {
      Emit(false);
    } else {
      wake_.WaitUntil(mutex_, due);
    }
  }
}

void ProgressTracker::Refresh() {
  now_.incumbent = std::isinf(cost_) ? Progress::kUnknown : form_.ToOriginal(cost_);
  now_.bound = std::isinf(bound_) ? Progress::kUnknown : form_.ToOriginal(std::min(bound_, cost_));
  now_.gap = RelativeGap(now_.incumbent, now_.bound);
  now_.elapsed_seconds = std::chrono::duration<double>(Clock::now() - start_).count();
}

void ProgressTracker::Emit(bool improved) {
  Refresh();
  now_.improved = improved || held_back_;
  held_back_ = false;
  last_emit_ = Clock::now();
  if (active_) on_progress_(now_);
  now_.improved = false;
}

void ProgressTracker::SetPhase(SolvePhase phase) {
  Lock lock(mutex_);
  if (now_.phase == phase) return;
  now_.phase = phase;
  if (active_ && Clock::now() - last_emit_ >= kShortest) Emit(false);
}

void ProgressTracker::SetCounts(int64_t nodes, int64_t iterations) {
  Lock lock(mutex_);
  now_.nodes = std::max(now_.nodes, nodes_before_ + nodes);
  now_.iterations = std::max(now_.iterations, iterations_before_ + iterations);
}

void ProgressTracker::StartRun() {
  Lock lock(mutex_);
  nodes_before_ = now_.nodes;
  iterations_before_ = now_.iterations;
}

void ProgressTracker::Incumbent(double cost) {
  Lock lock(mutex_);
  if (!std::isfinite(cost) || !(cost < cost_)) return;
  cost_ = cost;
  Refresh();
  now_.improved = true;
  history_.push_back({now_, cost});
  now_.improved = false;
  if (history_.size() > kHistory) {
    // Keep the first, the last and every other one in between.
    size_t kept = 1;
    for (size_t i = 2; i < history_.size(); i += 2) history_[kept++] = history_[i];
    if (history_.size() % 2 == 0) history_[kept++] = history_.back();
    history_.resize(kept);
  }
  if (active_ && Clock::now() - last_emit_ >= kShortest) {
    Emit(true);
  } else {
    held_back_ = true;
  }
}

void ProgressTracker::Bound(double cost_bound) {
  Lock lock(mutex_);
  if (std::isfinite(cost_bound) && cost_bound > bound_) bound_ = cost_bound;
}

void ProgressTracker::Tick() {
  if (!active_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_tick_) return;
  next_tick_ = now + kShortest;
  Lock lock(mutex_);
  if (now - last_emit_ >= (held_back_ ? kShortest : kUsual)) Emit(false);
}

std::vector<Progress> ProgressTracker::History(std::optional<double> final_cost) const {
  Lock lock(mutex_);
  std::vector<Progress> out;
  for (const Entry& entry : history_) {
    if (final_cost && entry.cost < *final_cost - 1e-6 * std::max(1.0, std::abs(*final_cost)))
      continue;
    out.push_back(entry.progress);
  }
  return out;
}

}  // namespace solvent
