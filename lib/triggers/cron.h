// Cron expressions: which minutes of local time a schedule names, and when those come.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace solvent {

// The sets that the five fields name, as bits.
struct CronSpec {
  uint64_t minutes = 0;         // 0..59
  uint32_t hours = 0;           // 0..23
  uint32_t month_days = 0;      // 1..31
  bool last_day = false;        // L: the month's last
  uint32_t months = 0;          // 1..12
  uint32_t week_days = 0;       // 0 (Sunday)..6
  uint32_t last_week_days = 0;  // 5L: the month's last Friday
  // When both are true a day needs one of the two fields, else both.
  bool month_days_restricted = false;
  bool week_days_restricted = false;

  bool MatchesDay(absl::CivilDay day) const;
  bool every_hour() const { return hours == (uint32_t{1} << 24) - 1; }
};

// Five fields: minute, hour, day of month, month, day of week. Each is a list of *, a value, a
// range a-b, any of them with a step /n (a/n goes on to the field's end). Months and days of the
// week have English three-letter names; Sunday is 0 and 7. L is the last day of the month, 5L the
// month's last Friday. @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually stand
// for what they say. ValidationError at /cron otherwise.
absl::StatusOr<CronSpec> ParseCron(std::string_view text);

// An IANA time zone by its name; ValidationError at /time_zone.
absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name);

// The first due time after `after`, in microseconds since 1970; 0 when there is none within the
// next ten years.
//
// Where clocks are put forward, the local times that do not exist come when the gap ends; where
// they are put back, the times that come twice count the first time. A schedule for every hour goes
// on by the hour instead: nothing is made up for, and nothing left out.
int64_t NextDueTime(const CronSpec& spec, const absl::TimeZone& zone, int64_t after);

}  // namespace solvent
