// Schedules: what TriggerEngineImpl does by the clock.
#include <algorithm>
#include <utility>

#include "cron.h"
#include "ids.h"
#include "override_schema.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "trigger_engine_impl.h"

namespace solvent {
namespace {

// A due time that is later than this was missed.
constexpr Micros kGrace = Micros{60} * 1'000'000;
constexpr int kDueAtOnce = 64;
constexpr int kMostSchedules = 1'000'000;
constexpr std::string_view kInsufficientCredits = "insufficient_credits";

absl::Status ScheduleNotFound() { return NotFound("The trigger has no schedule"); }

struct Times {
  CronSpec spec;
  absl::TimeZone zone;

  int64_t After(int64_t time) const { return NextDueTime(spec, zone, time); }
};

constexpr int kMostDueTimes = 1000;
constexpr int64_t kLastTime = int64_t{253'402'300'800} * 1'000'000;  // the year 10000

absl::StatusOr<Times> ReadTimes(const TriggerSchedule& schedule) {
  Times times;
  ASSIGN_OR_RETURN(times.spec, ParseCron(schedule.cron));
  ASSIGN_OR_RETURN(times.zone, FindTimeZone(schedule.time_zone));
  return times;
}

std::string_view CodeOf(const absl::Status& status, std::string& kept) {
  kept = GetErrorInfo(status).code;
  return kept;
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> UpcomingDueTimes(const TriggerSchedule& schedule,
                                                      int64_t after, int most) {
  ASSIGN_OR_RETURN(Times times, ReadTimes(schedule));
  std::vector<int64_t> due;
  if (after >= kLastTime) return due;
  after = std::max<int64_t>(after, 0);
  most = std::min(most, kMostDueTimes);
  while (static_cast<int>(due.size()) < most) {
    after = times.After(after);
    if (after == 0) break;
    due.push_back(after);
  }
  return due;
}

absl::StatusOr<TriggerSchedule> TriggerEngineImpl::SetSchedule(std::string_view organization,
                                                               std::string_view trigger_id,
                                                               TriggerSchedule schedule) {
  ASSIGN_OR_RETURN(Trigger trigger, Get(organization, trigger_id));
  ASSIGN_OR_RETURN(Times times, ReadTimes(schedule));
  if (schedule.overlap > TriggerSchedule::Overlap::kQueue) {
    return ValidationError("/overlap", "must be skip or queue");
  }
  if (schedule.missed > TriggerSchedule::Missed::kSkip) {
    return ValidationError("/missed", "must be catch_up or skip");
  }
  if (!schedule.override_data.is_null() && !schedule.override_data.is_object()) {
    return ValidationError("/override_data", "must be an object", "type_error");
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Json> pinned, pinned_.Get(trigger.version_id));
  Json model = *pinned;
  std::vector<FieldError> faults =
      ApplyOverrides(trigger.override_schema, schedule.override_data, model);
  if (!faults.empty()) return ValidationError(std::move(faults));
  const Micros now = options_.clock();
  schedule.next_due = times.After(now);
  if (schedule.next_due == 0) return ValidationError("/cron", "is never due");
  ASSIGN_OR_RETURN(bool saved, port_.SetSchedule(organization, trigger_id, schedule, now));
  if (!saved) return NotFound("Trigger not found");
  loop_.Wake();
  return GetSchedule(organization, trigger_id);
}

absl::StatusOr<TriggerSchedule> TriggerEngineImpl::GetSchedule(std::string_view organization,
                                                               std::string_view trigger_id) {
  if (!IsPlausibleId(trigger_id)) return ScheduleNotFound();
  ASSIGN_OR_RETURN(std::optional<TriggerSchedule> schedule,
                   port_.FindSchedule(organization, trigger_id));
  if (!schedule.has_value()) return ScheduleNotFound();
  return *std::move(schedule);
}

absl::Status TriggerEngineImpl::DeleteSchedule(std::string_view organization,
                                               std::string_view trigger_id) {
  if (!IsPlausibleId(trigger_id)) return ScheduleNotFound();
  ASSIGN_OR_RETURN(bool deleted, port_.DeleteSchedule(organization, trigger_id));
  return deleted ? absl::OkStatus() : ScheduleNotFound();
}

ScheduleLoop::Work TriggerEngineImpl::ScheduleWork() {
  ScheduleLoop::Work work;
  work.find_due = [this](const std::vector<std::string>& but_of) {
    const Micros now = options_.clock();
    if (absl::Status status = FollowClock(now); !status.ok()) {
      return absl::StatusOr<std::vector<DueSchedule>>(status);
    }
    return port_.DueSchedules(now, kDueAtOnce, but_of);
  };
  work.fire = [this](const DueSchedule& due) {
    absl::Status status = FireDue(due);
    if (!status.ok()) Log(LogLevel::kError, "schedule.fire_failed", due.row.trigger, status);
    return status.ok();
  };
  work.next_due = [this] { return port_.NextDue(); };
  return work;
}

// What was computed while the clock was ahead would wait for that time to come: at the first look,
// and when the clock was set back, all are computed anew.
absl::Status TriggerEngineImpl::FollowClock(Micros now) {
  const Micros before = latest_look_.exchange(now);
  if (before != 0 && now >= before) return absl::OkStatus();
  absl::StatusOr<std::vector<DueSchedule>> all = port_.DueSchedules(INT64_MAX, kMostSchedules, {});
  if (!all.ok()) {
    latest_look_ = 0;  // again with the next look
    return all.status();
  }
  for (const DueSchedule& one : *all) {
    absl::StatusOr<Times> times = ReadTimes(one.schedule);
    if (!times.ok()) continue;  // told when it is due
    ScheduleClaim claim;
    claim.expected = claim.due = one.schedule.next_due;
    claim.next_due = times->After(now);
    if (claim.next_due == 0 || claim.next_due >= claim.expected || claim.expected <= now) continue;
    if (absl::Status status = port_.PassDue(one.row.trigger.id, claim).status(); !status.ok()) {
      latest_look_ = 0;
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status TriggerEngineImpl::FireDue(const DueSchedule& due) {
  const Trigger& trigger = due.row.trigger;
  const TriggerSchedule& schedule = due.schedule;
  const Micros now = options_.clock();
  absl::StatusOr<Times> times = ReadTimes(schedule);
  Cause cause;
  cause.source = "cron";
  ScheduleClaim& claim = cause.claim.emplace();
  claim.expected = claim.due = schedule.next_due;
  claim.skip_overlap = schedule.overlap == TriggerSchedule::Overlap::kSkip;
  if (!times.ok()) {
    // The time zone database may have lost a zone since.
    Log(LogLevel::kError, "schedule.unreadable", trigger, times.status());
    return port_.PassDue(trigger.id, claim).status();
  }
  claim.next_due = times->After(now);
  bool fires = trigger.is_enabled;
  if (schedule.next_due < now - kGrace) {
    // Of the due times that have passed, the last one may still be in time.
    int64_t recent = times->After(now - kGrace - 1);
    if (recent != 0 && recent <= now) {
      claim.due = recent;
    } else {
      fires = fires && schedule.missed == TriggerSchedule::Missed::kCatchUp;
    }
  }
  if (!fires) return port_.PassDue(trigger.id, claim).status();

  absl::Status status = Launch(trigger, schedule.override_data, cause).status();
  std::string kept;
  std::string_view code = CodeOf(status, kept);
  if (code == kOverlapCode) {
    status = Skip(trigger, schedule.override_data, cause, TriggerRunStatus::kSkippedOverlap,
                  Message(status));
    code = CodeOf(status, kept);
  } else if (code == kInsufficientCredits) {
    status = Skip(trigger, schedule.override_data, cause, TriggerRunStatus::kSkippedCredits,
                  "Not enough credits");
    code = CodeOf(status, kept);
  }
  // Refused data have been recorded, with the claim; a trigger that is gone needs nothing more.
  bool recorded = absl::IsInvalidArgument(status);
  if (status.ok() || recorded || absl::IsNotFound(status)) return absl::OkStatus();
  // Another process was faster, the due time has fired before, or the trigger was disabled just
  // now: the schedule goes on, unless somebody else has seen to that.
  if (code == kClaimLostCode || code == error_code::kConflict) {
    return port_.PassDue(trigger.id, claim).status();
  }
  return status;
}

absl::Status TriggerEngineImpl::Skip(const Trigger& trigger, const Json& data, const Cause& cause,
                                     TriggerRunStatus status, std::string_view reason) {
  NewTriggerRun run = MakeRun(trigger, data, cause);
  run.claim->skip_overlap = false;
  run.status = ToString(status);
  run.error_message = std::string(reason);
  return port_.InsertEnded(run).status();
}

}  // namespace solvent
