// The feeder's side of the batch runner.
#include <algorithm>
#include <chrono>
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
      look = dirty_ || SystemNow() >= next_look_;
    }
    if (look) Refresh();
    GiveBackOrphans();
    if (FeedOne()) continue;
    Prune();
    Lock lock(mutex_);
    if (stopping_) return;
    if (!dirty_ && orphans_.empty()) changed_.WaitUntil(mutex_, SteadyAt(next_look_));
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
  std::vector<OpenExecution> fresh;
  {
    Lock lock(mutex_);
    for (auto entry = batches_.begin(); entry != batches_.end();) {
      Batch& batch = *entry->second;
      auto found = by_number.find(entry->first);
      bool over = found == by_number.end();
      if (over || found->second.stop_cause != StopCause::kNone) {
        if (!batch.halted) HaltLocked(batch, over || found->second.stop_force);
      }
      entry = over && batch.in_flight == 0 && batch.preparing == 0 ? batches_.erase(entry)
                                                                   : std::next(entry);
    }
    for (auto& [k, e] : by_number) {
      if (e.started_at != 0) {
        int64_t deadline = e.started_at + e.timeout_seconds * kSecond;
        if (now >= deadline) timed_out.push_back(k);
        if (now < deadline) WakeAt(deadline);
      }
      if (e.stop_cause != StopCause::kNone) continue;
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

void BatchRunner::GiveBackOrphans() {
  std::vector<ReservedTask> orphans;
  {
    Lock lock(mutex_);
    orphans.swap(orphans_);
  }
  if (orphans.empty()) return;
  if (absl::Status status = ports_.jobs->Unreserve(queue_.owner(), orphans); !status.ok()) {
    // They stay set aside until this process ends; the next one starts them with care.
    LogError("batch.give_back_failed", status);
    return;
  }
  Lock lock(mutex_);
  for (const ReservedTask& task : orphans) {
    auto found = batches_.find(task.execution);
    if (found != batches_.end()) found->second->more = true;
  }
}

bool BatchRunner::FeedOne() {
  BatchPtr to_prepare;
  BatchPtr to_reserve;
  int most = 0;
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
      bool prepares =
          !batch->waiting.empty() && !batch->waiting.front().careful && batch->ready.size() < ahead;
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
      if (now < batch->reserve_not_before) {
        WakeAt(batch->reserve_not_before);
        continue;
      }
      if (!to_reserve || batch->served < to_reserve->served) {
        to_reserve = batch;
        most = wanted - held;
      }
    }
  }
  // A batch that has nothing ready keeps slots waiting.
  if (to_prepare && (!to_reserve || to_prepare->ready.empty())) {
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
  bool careful = false;
  {
    Lock lock(mutex_);
    if (!tasks.ok()) {
      LogError("batch.reserve_failed", tasks.status());
      batch->reserve_not_before = SystemNow() + kSecond;
      return;
    }
    batch->more = static_cast<int>(tasks->size()) == most;
    for (ReservedTask& task : *tasks) {
      careful = careful || task.careful;
      batch->waiting.push_back(std::move(task));
    }
    if (batch->halted || stopping_) HaltLocked(*batch, false);
  }
  if (careful) queue_.AnnounceOtherWork();
}

void BatchRunner::PrepareFor(const BatchPtr& batch) {
  Ready ready;
  std::stop_token stop;
  {
    Lock lock(mutex_);
    stop = batch->stop_preparing.get_token();
    if (batch->waiting.empty() || batch->waiting.front().careful) return;
    ready.task = std::move(batch->waiting.front());
    batch->waiting.pop_front();
    ++batch->preparing;
  }
  double begin = SteadySeconds();
  ready.prepared = PrepareTask(*batch->frozen, ready.task, std::move(stop));
  double seconds = SteadySeconds() - begin;
  {
    Lock lock(mutex_);
    --batch->preparing;
    batch->prepare_seconds =
        batch->prepare_seconds == 0 ? seconds : 0.8 * batch->prepare_seconds + 0.2 * seconds;
    batch->ready.push_back(std::move(ready));
    if (batch->halted || stopping_) HaltLocked(*batch, false);
  }
  queue_.AnnounceOtherWork();
}

void BatchRunner::Prune() {
  const int64_t now = SystemNow();
  {
    Lock lock(mutex_);
    if (now < next_prune_) return;
    next_prune_ = now + kPruneEvery;
  }
  absl::StatusOr<int64_t> pruned =
      ports_.jobs->Prune(now - options_.retention_seconds * kSecond, kPruneMost);
  if (!pruned.ok()) LogError("batch.prune_failed", pruned.status());
}

}  // namespace solvent
