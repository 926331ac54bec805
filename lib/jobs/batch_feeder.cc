// The feeder's side of the batch runner.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

#include "batch_runner.h"
#include "batch_state.h"
#include "clock.h"

namespace solvent {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kLookEvery = kSecond;  // for what comes by way of other processes
constexpr int64_t kPruneEvery = 60 * kSecond;
constexpr int kPruneMost = 20;
constexpr double kGiveBackAgainSeconds = 1;
constexpr double kFreeStraysSeconds = 2;
constexpr double kMostRetrySeconds = 60;
constexpr double kMostFeederSeconds = 0.2;  // for one problem: all batches wait meanwhile
// Tasks are set aside for about this long ahead.
constexpr double kAheadSeconds = 0.25;
constexpr int kMostAhead = 128;
constexpr size_t kReadyAhead = 8;
constexpr int64_t kLargeProblem = 20'000;  // nonzeros; of these, only one a slot is kept ready

std::chrono::steady_clock::time_point SteadyAt(int64_t micros) {
  return std::chrono::steady_clock::now() +
         std::chrono::microseconds(std::max<int64_t>(micros - SystemNow(), 0));
}

}  // namespace

void BatchRunner::WakeAt(int64_t micros) {
  if (next_look_ <= micros) return;
  next_look_ = micros;
  changed_.SignalAll();
}

void BatchRunner::FeederLoop() {
  while (true) {
    bool look = false;
    {
      Lock lock(mutex_);
      if (stopping_) return;
      const int64_t now = SystemNow();
      // A time further off than any wait was written before the clock was set back.
      look = dirty_ || now >= next_look_ || next_look_ > now + kLookEvery;
    }
    if (look) Refresh();
    if (SteadySeconds() >= free_strays_at_) FreeStrays();
    GiveBackOrphans();
    RetryUnwritten();
    const bool fed = FeedOne();
    Prune();
    if (fed) continue;
    Lock lock(mutex_);
    if (stopping_) return;
    bool give_back = !orphans_.empty() && SteadySeconds() >= give_back_at_;
    if (!dirty_ && !give_back && next_prune_ != 0) changed_.WaitUntil(mutex_, SteadyAt(next_look_));
  }
}

void BatchRunner::Refresh() {
  const int64_t now = SystemNow();
  {
    Lock lock(mutex_);
    dirty_ = false;
    next_look_ = now + kLookEvery;
  }
  absl::StatusOr<std::vector<OpenExecution>> open = ports_.jobs->OpenExecutions(now);
  if (!open.ok()) {
    LogError("batch.look_failed", open.status());
    return;
  }
  std::map<int64_t, OpenExecution> by_number;
  for (OpenExecution& e : *open) by_number.emplace(e.k, std::move(e));
  std::vector<int64_t> timed_out;
  std::vector<int64_t> deleted;
  std::vector<OpenExecution> fresh;
  {
    Lock lock(mutex_);
    for (auto entry = batches_.begin(); entry != batches_.end();) {
      Batch& batch = *entry->second;
      auto found = by_number.find(entry->first);
      // A copy was restored, and its number is another execution's: that one begins anew.
      bool other = found != by_number.end() && !batch.Is(found->second);
      bool over = found == by_number.end() || other;
      if (over || found->second.stop_cause != StopCause::kNone) {
        if (!batch.halted) HaltLocked(batch, over || found->second.stop_force);
      }
      bool gone = other || (over && batch.in_flight == 0 && batch.preparing == 0);
      entry = gone ? batches_.erase(entry) : std::next(entry);
    }
    for (auto& [k, e] : by_number) {
      if (e.started_at != 0) {
        int64_t deadline = e.started_at + e.timeout_seconds * kSecond;
        if (now >= deadline) timed_out.push_back(k);
        if (now < deadline) WakeAt(deadline);
      }
      // Left behind by a process that died, or a disk that was full.
      if (e.job_deleted && deletions_ == 0 && deleted.empty()) deleted.push_back(k);
      if (e.job_deleted || e.stop_cause != StopCause::kNone) continue;
      if (e.next_due != 0) WakeAt(e.next_due);
      auto known = batches_.find(k);
      if (known == batches_.end()) {
        fresh.push_back(std::move(e));
      } else {
        known->second->more = known->second->more || e.startable > 0;
        known->second->info.started_at = e.started_at;
      }
    }
  }
  for (int64_t k : timed_out) TimeOut(k);
  if (!deleted.empty()) EndDeleted(deleted);
  for (OpenExecution& e : fresh) {
    auto batch = std::make_shared<Batch>();
    absl::StatusOr<std::shared_ptr<const FrozenBatch>> frozen =
        Thaw(*ports_.models, prepared_, e.frozen, e.memory_mb);
    if (!frozen.ok()) {
      LogError("batch.look_failed", frozen.status());
      continue;  // looked at again with the next look
    }
    if (!(*frozen)->unreadable.ok()) LogError("batch.unreadable", (*frozen)->unreadable);
    batch->frozen = *std::move(frozen);
    batch->more = e.startable > 0;
    batch->info = std::move(e);
    Lock lock(mutex_);
    batches_.emplace(batch->info.k, std::move(batch));
  }
}

void BatchRunner::TimeOut(int64_t execution) {
  absl::StatusOr<bool> done = ports_.jobs->TimeOut(execution, SystemNow());
  if (!done.ok()) {
    LogError("batch.time_out_failed", done.status());
    return;
  }
  if (*done) Halt(execution, true);
}

bool BatchRunner::EndDeleted(const std::vector<int64_t>& executions) {
  {
    Lock lock(mutex_);
    ++deletions_;
  }
  // No more of their tasks begin while one after the other ends.
  for (int64_t k : executions) Halt(k, false);
  bool still_running = false;
  // The newest first: one that waits for a place shall not get it before its end.
  for (auto k = executions.rbegin(); k != executions.rend(); ++k) {
    absl::Status status = ports_.jobs->EndDeleted(*k, SystemNow());
    if (!status.ok()) {
      LogError("batch.end_deleted_failed", status);
      still_running = true;
      break;
    }
    still_running = Halt(*k, true) || still_running;
  }
  Lock lock(mutex_);
  --deletions_;
  return still_running;
}

void BatchRunner::GiveBackOrphans() {
  std::vector<ReservedTask> orphans;
  {
    Lock lock(mutex_);
    if (orphans_.empty() || (SteadySeconds() < give_back_at_ && !stopping_)) return;
    orphans.swap(orphans_);
  }
  absl::Status status = ports_.jobs->Unreserve(queue_.owner(), orphans);
  if (!status.ok()) LogError("batch.give_back_failed", status);
  Lock lock(mutex_);
  if (!status.ok()) {
    orphans_.insert(orphans_.end(), std::make_move_iterator(orphans.begin()),
                    std::make_move_iterator(orphans.end()));
    give_back_at_ = SteadySeconds() + kGiveBackAgainSeconds;
    return;
  }
  for (const ReservedTask& task : orphans) {
    auto found = batches_.find(task.execution);
    if (found != batches_.end()) found->second->more = true;
  }
}

// What is set aside in this process's name, and nobody here knows of: a failure left it behind.
// Should a start of it be on its way after all, that is written first or refused.
void BatchRunner::FreeStrays() {
  free_strays_at_ = SteadySeconds() + kFreeStraysSeconds;
  absl::StatusOr<std::vector<ReservedTask>> held = ports_.jobs->SetAside(queue_.owner());
  if (!held.ok()) {
    LogError("batch.look_failed", held.status());
    return;
  }
  Lock lock(mutex_);
  std::set<std::pair<int64_t, int64_t>> known;
  auto knows = [&known](const ReservedTask& task) { known.emplace(task.execution, task.index); };
  for (const auto& [k, batch] : batches_) {
    for (const ReservedTask& task : batch->waiting) knows(task);
    for (const Ready& ready : batch->ready) knows(ready.task);
    for (const Flight* flight : batch->flights) knows(flight->task);
  }
  for (const ReservedTask& task : orphans_) knows(task);
  for (ReservedTask& task : *held) {
    if (known.count({task.execution, task.index}) == 0) orphans_.push_back(std::move(task));
  }
}

void BatchRunner::RetryUnwritten() {
  Chain chain;
  std::vector<Unwritten> ends;
  {
    Lock lock(mutex_);
    if (unwritten_.empty() || SteadySeconds() < retry_at_) return;
    ends.swap(unwritten_);
  }
  Resend(chain, ends);
  Lock results(chain.mutex);
  if (chain.failed.empty()) return;
  LogError("batch.step_failed", chain.failed.front().why);
  Lock lock(mutex_);
  retry_after_ = std::min(2 * retry_after_, kMostRetrySeconds);
  retry_at_ = SteadySeconds() + retry_after_;
  for (Unwritten& end : chain.failed) unwritten_.push_back(std::move(end));
}

bool BatchRunner::FeedOne() {
  BatchPtr to_prepare;
  BatchPtr to_reserve;
  int most = 0;
  bool slots_wait = false;
  {
    Lock lock(mutex_);
    if (stopping_) return false;
    const int64_t now = SystemNow();
    const auto slots = static_cast<size_t>(queue_.slots());
    for (auto& [k, batch] : batches_) {
      if (batch->halted) continue;
      size_t ahead = kReadyAhead;
      if (!batch->ready.empty() &&
          batch->ready.back().prepared->run.problem.num_nonzeros() > kLargeProblem) {
        ahead = slots;
      }
      bool prepares = batch->FeederPrepares() && batch->ready.size() < ahead;
      if (prepares && (!to_prepare || batch->ready.size() < to_prepare->ready.size())) {
        to_prepare = batch;
      }
      int lanes = std::min(queue_.slots(), batch->info.parallelism);
      int wanted = 2 * lanes + 2;
      if (batch->solve_seconds > 0) {
        double speed = lanes / std::max(batch->solve_seconds, 1e-4);
        wanted = std::clamp(static_cast<int>(kAheadSeconds * speed), wanted, kMostAhead);
      }
      int held = static_cast<int>(batch->waiting.size() + batch->ready.size());
      if (!batch->more || 2 * held > wanted) continue;
      if (now < batch->reserve_not_before && batch->reserve_not_before <= now + kSecond) {
        WakeAt(batch->reserve_not_before);
        continue;
      }
      if (!to_reserve || batch->served < to_reserve->served) {
        to_reserve = batch;
        most = wanted - held;
      }
    }
    // For a batch that has nothing ready.
    slots_wait = to_prepare && to_prepare->ready.empty();
  }
  if (to_prepare && (!to_reserve || slots_wait)) {
    PrepareFor(to_prepare);
    return true;
  }
  if (to_reserve) {
    ReserveFor(to_reserve, most);
    return true;
  }
  return false;
}

void BatchRunner::ReserveFor(const BatchPtr& batch, int most) {
  absl::StatusOr<std::vector<ReservedTask>> tasks =
      ports_.jobs->Reserve(queue_.owner(), batch->info.k, most, SystemNow());
  bool slots_prepare = false;
  {
    Lock lock(mutex_);
    if (!tasks.ok()) {
      LogError("batch.reserve_failed", tasks.status());
      batch->reserve_not_before = SystemNow() + kSecond;
      return;
    }
    batch->more = static_cast<int>(tasks->size()) == most;
    for (ReservedTask& task : *tasks) batch->waiting.push_back(std::move(task));
    if (batch->halted || stopping_) HaltLocked(*batch, false);
    slots_prepare = batch->SlotsPrepare();
  }
  if (slots_prepare) queue_.AnnounceOtherWork();
}

void BatchRunner::PrepareFor(const BatchPtr& batch) {
  Ready ready;
  std::stop_token stop;
  {
    Lock lock(mutex_);
    if (!batch->FeederPrepares()) return;
    stop = batch->stop_preparing.get_token();
    ready.task = std::move(batch->waiting.front());
    batch->waiting.pop_front();
    ++batch->preparing;
  }
  double begin = SteadySeconds();
  ready.prepared = PrepareTask(*batch->frozen, ready.task, std::move(stop), kMostFeederSeconds);
  double seconds = SteadySeconds() - begin;
  {
    Lock lock(mutex_);
    --batch->preparing;
    batch->prepare_seconds =
        batch->prepare_seconds == 0 ? seconds : 0.8 * batch->prepare_seconds + 0.2 * seconds;
    if (!ready.prepared->status.ok() && seconds >= kMostFeederSeconds) {
      // It takes longer than it was known to: a slot's.
      batch->prepare_seconds = seconds;
      batch->waiting.push_front(std::move(ready.task));
    } else {
      batch->ready.push_back(std::move(ready));
    }
    if (batch->halted || stopping_) HaltLocked(*batch, false);
  }
  queue_.AnnounceOtherWork();
}

void BatchRunner::Prune() {
  const int64_t now = SystemNow();
  {
    Lock lock(mutex_);
    if (now < next_prune_ && next_prune_ <= now + kPruneEvery) return;
    next_prune_ = now + kPruneEvery;
  }
  absl::StatusOr<int64_t> pruned =
      ports_.jobs->Prune(now - options_.retention_seconds * kSecond, kPruneMost);
  if (!pruned.ok()) LogError("batch.prune_failed", pruned.status());
  Lock lock(mutex_);
  // There may be more; in between, tasks are fed.
  if (pruned.ok() && *pruned == kPruneMost) next_prune_ = 0;
}

}  // namespace solvent
