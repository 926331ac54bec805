#include "worker_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace solvent {
namespace {

constexpr int kSpare = 1;
// Starting a worker may fail for a while (no memory, no processes left); then it is tried again
// after a pause that grows up to a limit.
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{2000};

}  // namespace

WorkerPool::WorkerPool(WorkerOptions options)
    : options_(std::move(options)), manager_([this] { Manage(); }) {}

WorkerPool::~WorkerPool() {
  {
    Lock lock(mutex_);
    closing_ = true;
    manage_.SignalAll();
    changed_.SignalAll();
  }
  manager_.join();
}

void WorkerPool::Manage() {
  std::chrono::steady_clock::time_point not_before{};
  std::chrono::milliseconds pause = kFirstPause;
  mutex_.Lock();
  while (!closing_) {
    if (!spent_.empty()) {
      std::vector<std::unique_ptr<WorkerProcess>> spent = std::move(spent_);
      spent_.clear();
      mutex_.Unlock();
      spent.clear();  // kills, reaps and closes
      mutex_.Lock();
      continue;
    }
    const int missing = options_.workers + kSpare - busy_ - static_cast<int>(idle_.size());
    if (missing <= 0) {
      manage_.Wait(mutex_);
      continue;
    }
    if (std::chrono::steady_clock::now() < not_before) {
      manage_.WaitUntil(mutex_, not_before);
      continue;
    }
    mutex_.Unlock();
    auto started = WorkerProcess::Start(options_.command, options_.memory_limit_bytes);
    mutex_.Lock();
    if (started.ok()) {
      ++stats_.started;
      idle_.push_back(*std::move(started));
      trouble_ = absl::OkStatus();
      failed_starts_ = 0;
      pause = kFirstPause;
    } else {
      trouble_ = started.status();
      ++failed_starts_;
      not_before = std::chrono::steady_clock::now() + pause;
      pause = std::min(2 * pause, kLongestPause);
    }
    changed_.SignalAll();
  }
  auto idle = std::move(idle_);
  auto spent = std::move(spent_);
  idle_.clear();
  spent_.clear();
  mutex_.Unlock();
  for (auto& worker : idle) worker->Kill();
}

absl::Status WorkerPool::AwaitFirst() {
  Lock lock(mutex_);
  while (stats_.started == 0 && trouble_.ok()) changed_.Wait(mutex_);
  return stats_.started > 0 ? absl::OkStatus() : trouble_;
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerPool::Take(const std::stop_token& stop,
                                                                TimePoint until) {
  std::stop_callback wake(stop, [this] {
    Lock lock(mutex_);
    changed_.SignalAll();
  });
  Lock lock(mutex_);
  const uint64_t ticket = next_ticket_++;
  line_.push_back(ticket);
  auto leave = [this, ticket]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    line_.erase(std::find(line_.begin(), line_.end(), ticket));
    changed_.SignalAll();
  };
  while (true) {
    if (stop.stop_requested() || std::chrono::steady_clock::now() >= until) {
      leave();
      return std::unique_ptr<WorkerProcess>();
    }
    if (line_.front() == ticket && busy_ < options_.workers && !idle_.empty()) {
      std::unique_ptr<WorkerProcess> worker = std::move(idle_.front());
      idle_.pop_front();
      if (!worker->IsAlive()) {
        ++stats_.crashed;
        spent_.push_back(std::move(worker));
        manage_.Signal();
        continue;
      }
      leave();
      ++busy_;
      return worker;
    }
    if (busy_ == 0 && idle_.empty() && failed_starts_ >= 3) {
      leave();
      return trouble_;
    }
    if (until == TimePoint::max()) {
      changed_.Wait(mutex_);
    } else {
      changed_.WaitUntil(mutex_, until);
    }
  }
}

void WorkerPool::Return(std::unique_ptr<WorkerProcess> worker, End end) {
  ++worker->solves;
  const bool retire = worker->solves >= options_.recycle_after_solves ||
                      (options_.recycle_resident_bytes > 0 && end == End::kHealthy &&
                       worker->ResidentBytes() > options_.recycle_resident_bytes);
  Lock lock(mutex_);
  --busy_;
  switch (end) {
    case End::kHealthy:
      if (!retire) {
        // The last one used comes first: its memory is warm.
        idle_.push_front(std::move(worker));
        break;
      }
      ++stats_.recycled;
      spent_.push_back(std::move(worker));
      break;
    case End::kCrashed:
      ++stats_.crashed;
      spent_.push_back(std::move(worker));
      break;
    case End::kOutOfMemory:
      ++stats_.out_of_memory;
      spent_.push_back(std::move(worker));
      break;
    case End::kKilled:
      ++stats_.killed;
      spent_.push_back(std::move(worker));
      break;
  }
  manage_.Signal();
  changed_.SignalAll();
}

WorkerStats WorkerPool::stats() const {
  Lock lock(mutex_);
  WorkerStats stats = stats_;
  stats.alive = static_cast<int>(idle_.size()) + busy_;
  stats.busy = busy_;
  return stats;
}

}  // namespace solvent
