// What the house thread does: it keeps the lease and looks after what other processes did.
#include <utility>

#include "process_identity.h"
#include "result_json.h"
#include "run_queue.h"
#include "solvent/error.h"

namespace solvent {
namespace {

constexpr int kLeaseEveryTicks = 5;
constexpr double kQuietSeconds = 2;
constexpr double kLogUnwrittenSeconds = 60;

}  // namespace

void RunQueue::HouseLoop() {
  for (int tick = 1; SleepUnlessStopping(options_.house_seconds); ++tick) {
    for (const auto& run : live_.All()) run->Heartbeat(kQuietSeconds);
    KeepRegistered();
    PollOtherProcesses();
    if (tick % kLeaseEveryTicks == 0) {
      KeepLease();
      TakeBackFromTheDead();
      RetryUnwritten();
      for (const auto& run : live_.All()) {
        if (auto last = run->latest_progress(); last && last->kind == RunEvent::Kind::kProgress) {
          ports_.runs->SaveProgress(run->id(), RenderProgress(last->progress, last->fraction));
        }
      }
      live_.Sweep();
    }
  }
}

void RunQueue::KeepLease() {
  Micros until = SystemNow() + kLease;
  absl::Status status = ports_.runs->RenewLease(owner_.id, until);
  if (absl::IsFailedPrecondition(status)) {
    // Another process took us for dead (a laptop asleep, say). Runs that it took back will refuse
    // our ending of them.
    owner_.lease_until = until;
    status = ports_.runs->RegisterOwner(owner_);
  }
  if (!status.ok()) {
    Json fields;
    fields.Set("error", Message(status));
    Log(LogLevel::kError, "queue.lease_failed", std::move(fields));
  }
}

// A copy that was restored under this process does not know it.
void RunQueue::KeepRegistered() {
  absl::StatusOr<std::vector<RunPort::Owner>> owners = ports_.runs->Owners();
  if (!owners.ok()) return;  // the next renewal of the lease logs what is wrong
  for (const RunPort::Owner& owner : *owners) {
    if (owner.id == owner_.id) return;
  }
  KeepLease();
  TakeBackFromTheDead();
}

void RunQueue::TakeBackFromTheDead() {
  absl::StatusOr<std::vector<RunPort::Owner>> owners = ports_.runs->Owners();
  if (!owners.ok()) return;  // the lease call of this round logs what is wrong with the database
  Micros now = SystemNow();
  for (const RunPort::Owner& owner : *owners) {
    if (owner.id == owner_.id) continue;
    bool dead = owner.lease_until < now;
    if (owner.host == owner_.host) {
      dead = !IsAlive({owner.host, owner.pid, owner.pid_start});
    }
    if (!dead) continue;
    absl::StatusOr<int64_t> taken = ports_.runs->TakeBack(owner.id, now);
    if (!taken.ok()) continue;  // tried again in the next round
    if (*taken > 0) {
      Json fields;
      fields.Set("runs", *taken);
      Log(LogLevel::kWarning, "queue.runs_taken_back", std::move(fields));
    }
    AnnounceWork();
  }
}

void RunQueue::PollOtherProcesses() {
  absl::StatusOr<std::vector<std::string>> cancels = ports_.runs->CancelRequests(owner_.id);
  if (cancels.ok()) {
    for (const std::string& id : *cancels) {
      if (auto live = live_.Find(id); live != nullptr) live->RequestStop(StopReason::kCancel);
    }
  }
  absl::StatusOr<QueueStats> stats = ports_.runs->Stats();
  if (stats.ok() && stats->queued > 0) AnnounceWork();
  for (const auto& run : live_.All()) {
    if (run->held() || !run->watched()) continue;
    absl::StatusOr<RunGlance> glance = ports_.runs->Glance(run->organization(), run->id());
    if (!glance.ok()) continue;
    if (IsEndState(glance->state)) {
      absl::StatusOr<Execution> ended = ports_.runs->Get(run->organization(), run->id());
      if (!ended.ok()) continue;
      run->OnEnded(*std::move(ended));
      live_.Remove(run->id());
    } else if (auto stored = ReadProgress(glance->progress_json)) {
      run->OnProgressElsewhere(stored->progress, stored->fraction);
    }
  }
}

void RunQueue::RetryUnwritten() {
  std::vector<FinishRun> ends;
  {
    Lock lock(mutex_);
    ends.swap(unwritten_);
  }
  absl::Status failure;
  for (FinishRun& end : ends) {
    end.now = SystemNow();
    absl::StatusOr<FinishedRun> finished = ports_.runs->Finish(end);
    if (finished.ok() || absl::IsNotFound(finished.status())) {
      if (finished.ok() && finished->applied) LogEnd(finished->execution);
      continue;
    }
    failure = finished.status();
    Lock lock(mutex_);
    unwritten_.push_back(std::move(end));
  }
  if (failure.ok() || SteadySeconds() < log_unwritten_at_) return;
  log_unwritten_at_ = SteadySeconds() + kLogUnwrittenSeconds;
  Json fields;
  fields.Set("runs", static_cast<int64_t>(ends.size())).Set("error", Message(failure));
  Log(LogLevel::kError, "run.finish_failed", std::move(fields));
}

}  // namespace solvent
