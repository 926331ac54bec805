#include "live_run.h"

#include <algorithm>
#include <utility>

#include "clock.h"

namespace solvent {

class LiveRun::WatchImpl : public Watch {
 public:
  WatchImpl(std::shared_ptr<LiveRun> run, Callbacks::iterator entry)
      : run_(std::move(run)), entry_(entry) {}
  ~WatchImpl() override {
    Lock lock(run_->delivery_);
    run_->callbacks_.erase(entry_);
  }

 private:
  std::shared_ptr<LiveRun> run_;
  Callbacks::iterator entry_;
};

uint64_t EndSequence(const Execution& execution) {
  return static_cast<uint64_t>(execution.completed_at);
}

// Counting from the clock lets numbers grow from one process that knows the run to the next, and
// stay below the time of its end.
LiveRun::LiveRun(std::string id, std::string organization)
    : id_(std::move(id)),
      organization_(std::move(organization)),
      sequence_(static_cast<uint64_t>(SystemNow())) {}

void LiveRun::BeginSolving(double time_limit_seconds) {
  Lock lock(mutex_);
  held_ = true;
  started_ = last_report_ = SteadySeconds();
  fraction_ = ProgressFraction(time_limit_seconds);
}

bool LiveRun::held() const {
  Lock lock(mutex_);
  return held_;
}

void LiveRun::EndSolving() {
  Lock lock(mutex_);
  held_ = false;
}

void LiveRun::RequestStop(StopReason reason) {
  {
    Lock lock(mutex_);
    if (reason_ != StopReason::kCancel) reason_ = reason;
  }
  stop_.request_stop();
}

StopReason LiveRun::stop_reason() const {
  Lock lock(mutex_);
  return reason_;
}

void LiveRun::Deliver(const RunEvent& event) {
  for (const auto& callback : callbacks_) callback(event);
}

void LiveRun::OnState(RunState state) {
  Lock delivery(delivery_);
  RunEvent event;
  {
    Lock lock(mutex_);
    if (ended_ != nullptr) return;
    event.kind = RunEvent::Kind::kState;
    event.sequence = ++sequence_;
    event.state = last_.state = state;
  }
  Deliver(event);
}

void LiveRun::OnProgress(const Progress& progress) {
  Lock delivery(delivery_);
  RunEvent event;
  {
    Lock lock(mutex_);
    if (ended_ != nullptr) return;
    event.kind = RunEvent::Kind::kProgress;
    event.sequence = ++sequence_;
    event.state = RunState::kRunning;
    event.progress = progress;
    event.fraction = fraction_.Update(progress);
    last_ = event;
    last_report_ = SteadySeconds();
  }
  Deliver(event);
}

void LiveRun::OnProgressElsewhere(const Progress& progress, double fraction) {
  Lock delivery(delivery_);
  RunEvent event;
  {
    Lock lock(mutex_);
    bool known = last_.kind == RunEvent::Kind::kProgress &&
                 last_.progress.elapsed_seconds == progress.elapsed_seconds;
    if (held_ || ended_ != nullptr || known) return;
    event.kind = RunEvent::Kind::kProgress;
    event.sequence = ++sequence_;
    event.state = RunState::kRunning;
    event.progress = progress;
    event.fraction = std::max(last_.fraction, fraction);
    last_ = event;
  }
  Deliver(event);
}

void LiveRun::Heartbeat(double quiet_seconds) {
  Progress progress;
  {
    Lock lock(mutex_);
    double now = SteadySeconds();
    if (!held_ || ended_ != nullptr || now - last_report_ < quiet_seconds) return;
    progress = last_.progress;
    progress.improved = false;
    progress.elapsed_seconds = now - started_;
  }
  OnProgress(progress);
}

void LiveRun::OnEnded(Execution execution) {
  Lock delivery(delivery_);
  RunEvent event;
  {
    Lock lock(mutex_);
    if (ended_ != nullptr) return;
    ended_ = std::make_shared<const Execution>(std::move(execution));
    event.kind = RunEvent::Kind::kEnded;
    event.sequence = sequence_ = EndSequence(*ended_);
    event.state = ended_->state;
    event.fraction = 1;
    event.progress = last_.progress;
    event.execution = ended_;
    held_ = false;
  }
  Deliver(event);
}

std::optional<RunEvent> LiveRun::latest_progress() const {
  Lock lock(mutex_);
  if (!held_ || ended_ != nullptr) return std::nullopt;
  return last_;
}

bool LiveRun::ended() const {
  Lock lock(mutex_);
  return ended_ != nullptr;
}

bool LiveRun::watched() const {
  Lock lock(delivery_);
  return !callbacks_.empty();
}

std::unique_ptr<Watch> LiveRun::AddWatch(std::function<void(const RunEvent&)> callback) {
  Lock delivery(delivery_);
  callbacks_.push_back(std::move(callback));
  auto entry = std::prev(callbacks_.end());
  RunEvent event;
  {
    Lock lock(mutex_);
    if (ended_ != nullptr) {
      event.kind = RunEvent::Kind::kEnded;
      event.sequence = sequence_;
      event.state = ended_->state;
      event.fraction = 1;
      event.execution = ended_;
    }
  }
  if (event.execution != nullptr) (*entry)(event);
  return std::make_unique<WatchImpl>(shared_from_this(), entry);
}

std::shared_ptr<LiveRun> LiveRuns::Enter(std::string_view id, std::string_view organization) {
  Lock lock(mutex_);
  auto& entry = runs_[std::string(id)];
  if (entry == nullptr) {
    entry = std::make_shared<LiveRun>(std::string(id), std::string(organization));
  }
  return entry;
}

std::shared_ptr<LiveRun> LiveRuns::Find(std::string_view id) const {
  Lock lock(mutex_);
  auto found = runs_.find(std::string(id));
  return found == runs_.end() ? nullptr : found->second;
}

void LiveRuns::Remove(std::string_view id) {
  Lock lock(mutex_);
  runs_.erase(std::string(id));
}

void LiveRuns::Sweep() {
  Lock lock(mutex_);
  std::erase_if(runs_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

std::vector<std::shared_ptr<LiveRun>> LiveRuns::All() const {
  Lock lock(mutex_);
  std::vector<std::shared_ptr<LiveRun>> all;
  all.reserve(runs_.size());
  for (const auto& [id, run] : runs_) all.push_back(run);
  return all;
}

}  // namespace solvent
