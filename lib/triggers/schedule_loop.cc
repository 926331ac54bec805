#include "schedule_loop.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

// Other processes may add schedules, and clocks may be set.
constexpr double kMostSeconds = 5;
// After a failure, or when what is due could not be fired yet.
constexpr double kRetrySeconds = 1;
constexpr size_t kMostLanes = 16;

}  // namespace

ScheduleLoop::ScheduleLoop(Work work, Clock clock, LogSink log)
    : work_(std::move(work)), clock_(std::move(clock)), log_(std::move(log)) {}

ScheduleLoop::~ScheduleLoop() { Stop(); }

void ScheduleLoop::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void ScheduleLoop::BeginStop() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.SignalAll();
}

void ScheduleLoop::Stop() {
  BeginStop();
  if (thread_.joinable()) thread_.join();
  AwaitLanes();
}

void ScheduleLoop::Wake() {
  {
    Lock lock(mutex_);
    woken_ = true;
  }
  changed_.SignalAll();
}

absl::StatusOr<int64_t> ScheduleLoop::RunDue() {
  while (true) {
    ASSIGN_OR_RETURN(bool started, Dispatch());
    const bool fired = AwaitLanes();
    if (!started || !fired) return work_.next_due();
  }
}

double ScheduleLoop::WaitSeconds() {
  absl::Status dispatched = Dispatch().status();
  absl::StatusOr<int64_t> next = dispatched.ok() ? work_.next_due() : dispatched;
  if (!next.ok()) {
    if (log_) {
      Json fields;
      fields.Set("error", Message(next.status()));
      log_(LogLevel::kError, "schedules.failed", fields);
    }
    return kRetrySeconds;
  }
  if (*next == 0) return kMostSeconds;
  double left = static_cast<double>(*next - clock_()) / 1e6;
  return left > 0 ? std::min(left, kMostSeconds) : kRetrySeconds;
}

void ScheduleLoop::Loop() {
  while (true) {
    {
      Lock lock(mutex_);
      if (stopping_) return;
      woken_ = false;
    }
    auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(WaitSeconds());
    Lock lock(mutex_);
    while (!stopping_ && !woken_) {
      if (!changed_.WaitUntil(mutex_, until)) break;
    }
  }
}

absl::StatusOr<bool> ScheduleLoop::Dispatch() {
  bool started = false;
  while (true) {
    {
      // Lanes that stop leave their schedules due.
      Lock lock(mutex_);
      if (stopping_) return started;
    }
    std::vector<std::string> busy = Busy();
    if (busy.size() >= kMostLanes) return started;
    ASSIGN_OR_RETURN(std::vector<DueSchedule> found, work_.find_due(busy));
    if (found.empty()) return started;
    // Those that have waited longest first.
    std::vector<std::string> organizations;
    std::map<std::string, std::vector<DueSchedule>> due;
    for (DueSchedule& one : found) {
      const std::string& organization = one.row.trigger.organization_id;
      std::vector<DueSchedule>& its = due[organization];
      if (its.empty()) organizations.push_back(organization);
      its.push_back(std::move(one));
    }
    organizations.resize(std::min(organizations.size(), kMostLanes - busy.size()));
    for (const std::string& one : organizations) StartLane(one, std::move(due[one]));
    started = true;
  }
}

std::vector<std::string> ScheduleLoop::Busy() {
  std::vector<std::thread> ended;
  std::vector<std::string> busy;
  {
    Lock lock(mutex_);
    for (auto it = lanes_.begin(); it != lanes_.end();) {
      Lane& lane = it->second;
      if (lane.done && lane.thread.joinable()) ended.push_back(std::move(lane.thread));
      if (lane.done && SteadySeconds() >= lane.rest_until) {
        it = lanes_.erase(it);
      } else {
        busy.push_back(it->first);
        ++it;
      }
    }
  }
  for (std::thread& thread : ended) thread.join();
  return busy;
}

void ScheduleLoop::StartLane(const std::string& organization, std::vector<DueSchedule> due) {
  Lock lock(mutex_);
  Lane& lane = lanes_[organization];
  try {
    lane.thread = std::thread([this, &lane, due = std::move(due)] { RunLane(lane, due); });
  } catch (const std::system_error&) {
    lane.done = lane.failed = true;
    lane.rest_until = SteadySeconds() + kRetrySeconds;
  }
}

void ScheduleLoop::RunLane(Lane& lane, const std::vector<DueSchedule>& due) {
  bool failed = false;
  for (const DueSchedule& one : due) {
    {
      Lock lock(mutex_);
      if (stopping_) break;
    }
    if (!work_.fire(one)) failed = true;
  }
  Lock lock(mutex_);
  lane.done = true;
  lane.failed = failed;
  if (failed) lane.rest_until = SteadySeconds() + kRetrySeconds;
  woken_ = true;
  changed_.SignalAll();
}

bool ScheduleLoop::AwaitLanes() {
  std::map<std::string, Lane> lanes;
  {
    Lock lock(mutex_);
    auto is_done = [](const auto& entry) { return entry.second.done; };
    while (!std::all_of(lanes_.begin(), lanes_.end(), is_done)) changed_.Wait(mutex_);
    lanes.swap(lanes_);
  }
  bool fired = true;
  for (auto& [organization, lane] : lanes) {
    if (lane.thread.joinable()) lane.thread.join();
    fired = fired && !lane.failed;
  }
  return fired;
}

}  // namespace solvent
