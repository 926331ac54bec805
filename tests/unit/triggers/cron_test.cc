#include "cron.h"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "clock.h"
#include "solvent/error.h"

using namespace solvent;

namespace {

absl::TimeZone Zone(const std::string& name) {
  auto zone = FindTimeZone(name);
  REQUIRE_MESSAGE(zone.ok(), zone.status().ToString());
  return *zone;
}

CronSpec Spec(const std::string& text) {
  auto spec = ParseCron(text);
  REQUIRE_MESSAGE(spec.ok(), text << ": " << spec.status().ToString());
  return *spec;
}

int64_t Instant(const std::string& text) {
  absl::Time time;
  std::string error;
  REQUIRE_MESSAGE(absl::ParseTime(absl::RFC3339_full, text, &time, &error), error);
  return absl::ToUnixMicros(time);
}

// The first `count` due times after `after`, in local time with its offset.
std::vector<std::string> Due(const std::string& cron, const std::string& zone_name,
                             const std::string& after, int count) {
  CronSpec spec = Spec(cron);
  absl::TimeZone zone = Zone(zone_name);
  std::vector<std::string> due;
  int64_t at = Instant(after);
  for (int i = 0; i < count; ++i) {
    at = NextDueTime(spec, zone, at);
    if (at == 0) {
      due.push_back("never");
      break;
    }
    due.push_back(absl::FormatTime("%Y-%m-%d %H:%M %Ez", absl::FromUnixMicros(at), zone));
  }
  return due;
}

using Times = std::vector<std::string>;

}  // namespace

TEST_CASE("expressions name the times that people expect") {
  struct Row {
    const char* cron;
    const char* after;
    const char* due;  // in UTC
  };
  const Row rows[] = {
      {"* * * * *", "2026-02-19T10:05:00Z", "2026-02-19 10:06"},
      {"* * * * *", "2026-02-19T10:05:59.999Z", "2026-02-19 10:06"},
      {"*/15 * * * *", "2026-02-19T10:05:00Z", "2026-02-19 10:15"},
      {"5/20 * * * *", "2026-02-19T10:26:00Z", "2026-02-19 10:45"},
      {"10-20/5 * * * *", "2026-02-19T10:15:00Z", "2026-02-19 10:20"},
      {"10-20/5 * * * *", "2026-02-19T10:20:00Z", "2026-02-19 11:10"},
      {"0,30 * * * *", "2026-02-19T10:05:00Z", "2026-02-19 10:30"},
      {"59 23 31 12 *", "2026-02-19T10:05:00Z", "2026-12-31 23:59"},
      {"0 6 * * *", "2026-02-19T10:05:00Z", "2026-02-20 06:00"},
      {"0 6 * * *", "2026-02-19T06:00:00Z", "2026-02-20 06:00"},
      {"0 6 * * *", "2026-02-19T05:59:59Z", "2026-02-19 06:00"},
      {"30 8-17/3 * * *", "2026-02-19T10:05:00Z", "2026-02-19 11:30"},
      {"0 0 1 * *", "2026-02-19T10:05:00Z", "2026-03-01 00:00"},
      {"0 0 31 * *", "2026-02-19T10:05:00Z", "2026-03-31 00:00"},
      {"0 0 L * *", "2026-02-19T10:05:00Z", "2026-02-28 00:00"},
      {"0 0 l 4 *", "2026-02-19T10:05:00Z", "2026-04-30 00:00"},
      {"0 0 15,L * *", "2026-02-16T10:05:00Z", "2026-02-28 00:00"},
      {"0 0 29 2 *", "2026-02-19T10:05:00Z", "2028-02-29 00:00"},
      {"0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29 00:00"},
      {"0 0 L 2 *", "2028-02-01T00:00:00Z", "2028-02-29 00:00"},
      {"0 0 * jan *", "2026-02-19T10:05:00Z", "2027-01-01 00:00"},
      {"0 0 1 JAN,Jul *", "2026-02-19T10:05:00Z", "2026-07-01 00:00"},
      {"0 0 1 mar-may *", "2026-02-19T10:05:00Z", "2026-03-01 00:00"},
      {"0 12 * * mon", "2026-02-19T10:05:00Z", "2026-02-23 12:00"},
      {"0 12 * * MON-FRI", "2026-02-20T13:00:00Z", "2026-02-23 12:00"},
      {"0 12 * * 0", "2026-02-19T10:05:00Z", "2026-02-22 12:00"},
      {"0 12 * * 7", "2026-02-19T10:05:00Z", "2026-02-22 12:00"},
      {"0 12 * * sun", "2026-02-19T10:05:00Z", "2026-02-22 12:00"},
      {"0 12 * * 5-7", "2026-02-20T13:00:00Z", "2026-02-21 12:00"},
      {"0 12 * * 5L", "2026-02-19T10:05:00Z", "2026-02-27 12:00"},
      {"0 12 * * friL", "2026-02-27T12:00:00Z", "2026-03-27 12:00"},
      // A day of the month or a day of the week, when both are named.
      {"0 0 13 * fri", "2026-02-19T10:05:00Z", "2026-02-20 00:00"},
      {"0 0 13 * fri", "2026-03-06T00:00:00Z", "2026-03-13 00:00"},
      {"0 0 22 * fri", "2026-02-20T10:00:00Z", "2026-02-22 00:00"},
      // Both, when one begins with a star.
      {"0 0 */2 * mon", "2026-02-19T10:05:00Z", "2026-02-23 00:00"},
      {"0 0 */2 * mon", "2026-02-23T10:05:00Z", "2026-03-09 00:00"},
      {"0 0 1-7 * *", "2026-02-19T10:05:00Z", "2026-03-01 00:00"},
      {"0 */6 * * *", "2026-02-19T10:05:00Z", "2026-02-19 12:00"},
      {"0 0 */10 * *", "2026-02-19T10:05:00Z", "2026-02-21 00:00"},
      {"0 0 * */5 *", "2026-02-19T10:05:00Z", "2026-06-01 00:00"},
      {"  15\t3  *  * * ", "2026-02-19T10:05:00Z", "2026-02-20 03:15"},
      {"@hourly", "2026-02-19T10:05:00Z", "2026-02-19 11:00"},
      {"@daily", "2026-02-19T10:05:00Z", "2026-02-20 00:00"},
      {"@Midnight", "2026-02-19T10:05:00Z", "2026-02-20 00:00"},
      {"@weekly", "2026-02-19T10:05:00Z", "2026-02-22 00:00"},
      {"@monthly", "2026-02-19T10:05:00Z", "2026-03-01 00:00"},
      {"@yearly", "2026-02-19T10:05:00Z", "2027-01-01 00:00"},
      {"@annually", "2026-02-19T10:05:00Z", "2027-01-01 00:00"},
      {"0 0 31 12 *", "2025-12-31T00:00:00Z", "2026-12-31 00:00"},
      {"007 010 * * *", "2026-02-19T10:05:00Z", "2026-02-19 10:07"},
      {"0-59/59 * * * *", "2026-02-19T10:05:00Z", "2026-02-19 10:59"},
      {"50/59 * * * *", "2026-02-19T10:05:00Z", "2026-02-19 10:50"},
      {"* * 30 2 *", "2026-02-19T10:05:00Z", nullptr},
      {"* * 31 feb,apr,jun,sep,nov *", "2026-02-19T10:05:00Z", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.cron);
    CAPTURE(row.after);
    std::string expected = row.due == nullptr ? "never" : std::string(row.due) + " +00:00";
    CHECK(Due(row.cron, "UTC", row.after, 1) == Times{expected});
  }
}

TEST_CASE("what is no cron expression is refused with the field and the reason") {
  struct Row {
    const char* cron;
    const char* reason;
  };
  const Row rows[] = {
      {"", "five fields"},
      {"* * * *", "five fields"},
      {"* * * * * *", "five fields"},
      {"@reboot", "five fields"},
      {"60 * * * *", "minute: must be from 0 to 59"},
      {"* 24 * * *", "hour: must be from 0 to 23"},
      {"* * 0 * *", "day of month: must be from 1 to 31"},
      {"* * 32 * *", "day of month"},
      {"* * * 0 *", "month: must be from 1 to 12"},
      {"* * * 13 *", "month"},
      {"* * * * 8", "day of week: must be from 0 to 7"},
      {"-1 * * * *", "minute"},
      {"1- * * * *", "minute"},
      {"5-3 * * * *", "ends before it begins"},
      {"* * * * fri-mon", "ends before it begins"},
      {"*/0 * * * *", "step"},
      {"*/60 * * * *", "step"},
      {"*/ * * * *", "not a number"},
      {"*/x * * * *", "not a number"},
      {"1,,2 * * * *", "empty"},
      {", * * * *", "empty"},
      {"1.5 * * * *", "not a number"},
      {"+5 * * * *", "not a number"},
      {"x * * * *", "not a number"},
      {"mon * * * *", "not a number"},
      {"* * * jann *", "not a number"},
      {"* * * * funday", "not a number"},
      {"* * L-3 * *", "day of month"},
      {"* * * * L", "day of week"},
      {"* * * * 9L", "day of week"},
      {"** * * * *", "minute"},
      {"*-5 * * * *", "minute"},
      {"99999999999999999999 * * * *", "minute"},
      {"1/2/3 * * * *", "not a number"},
      {"? * * * *", "minute"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.cron);
    auto spec = ParseCron(row.cron);
    REQUIRE_FALSE(spec.ok());
    ErrorInfo info = GetErrorInfo(spec.status());
    CHECK(info.code == error_code::kValidation);
    REQUIRE(info.fields.size() == 1);
    CHECK(info.fields[0].pointer == "/cron");
    CAPTURE(info.fields[0].message);
    CHECK(info.fields[0].message.find(row.reason) != std::string::npos);
  }
  CHECK_FALSE(ParseCron(std::string(5000, '1')).ok());
}

TEST_CASE("time zones are IANA names and nothing else") {
  for (const char* name : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    CAPTURE(name);
    CHECK(FindTimeZone(name).ok());
  }
  for (const char* name : {"", "Mars/Olympus", "localtime", "/etc/localtime", "../UTC",
                           "Europe/../UTC", "Fixed/UTC+01:00:00", "europe/berlin\n", "file:x"}) {
    CAPTURE(name);
    auto zone = FindTimeZone(name);
    REQUIRE_FALSE(zone.ok());
    CHECK(GetErrorInfo(zone.status()).fields[0].pointer == "/time_zone");
  }
}

TEST_CASE("a daily time that a gap swallows comes when the gap ends") {
  CHECK(Due("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3) ==
        Times{"2026-03-28 02:30 +01:00", "2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"});
  // Several times in the gap come once.
  CHECK(Due("*/20 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2) ==
        Times{"2026-03-29 03:00 +02:00", "2026-03-30 02:00 +02:00"});
  CHECK(Due("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2) ==
        Times{"2026-03-29 03:00 +02:00", "2026-03-30 02:00 +02:00"});
  // A gap of half an hour, and one at midnight.
  CHECK(Due("10 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", 1) ==
        Times{"2026-10-04 02:30 +11:00"});
  CHECK(Due("0 0 * * *", "America/Havana", "2026-03-08T04:59:59Z", 1) ==
        Times{"2026-03-08 01:00 -04:00"});
}

TEST_CASE("a daily time that comes twice counts the first time") {
  CHECK(Due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2) ==
        Times{"2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"});
  CHECK(Due("0 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", 1) ==
        Times{"2026-10-26 02:00 +01:00"});
}

TEST_CASE("a schedule for every hour goes on by the hour through both changes") {
  CHECK(Due("5 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3) ==
        Times{"2026-03-29 01:05 +01:00", "2026-03-29 03:05 +02:00", "2026-03-29 04:05 +02:00"});
  CHECK(Due("30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 4) ==
        Times{"2026-10-25 02:30 +02:00", "2026-10-25 02:30 +01:00", "2026-10-25 03:30 +01:00",
              "2026-10-25 04:30 +01:00"});
  CHECK(Due("30 0-23 * * *", "America/New_York", "2026-11-01T05:00:00Z", 2) ==
        Times{"2026-11-01 01:30 -04:00", "2026-11-01 01:30 -05:00"});
}

TEST_CASE("the times of a day that a zone left out come at its end") {
  // Samoa went from the 29th to the 31st.
  CHECK(Due("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", 2) ==
        Times{"2011-12-29 12:00 -10:00", "2011-12-31 00:00 +14:00"});
}

namespace {

// Walks minute by minute, with its own idea of the rules.
std::vector<int64_t> ByScan(const CronSpec& spec, const absl::TimeZone& zone, int64_t from,
                            int64_t to) {
  constexpr int64_t kMinute = 60'000'000;
  auto matches = [&](absl::CivilMinute m) {
    return (spec.minutes >> m.minute() & 1) && (spec.hours >> m.hour() & 1) &&
           spec.MatchesDay(absl::CivilDay(m));
  };
  std::vector<int64_t> due;
  std::set<absl::CivilMinute> seen;
  // Early enough to have seen what is repeated.
  int64_t t = from - from % kMinute - 180 * kMinute;
  absl::CivilMinute last(zone.At(absl::FromUnixMicros(t - kMinute)).cs);
  for (; t <= to; t += kMinute) {
    absl::CivilMinute local(zone.At(absl::FromUnixMicros(t)).cs);
    bool first = seen.insert(local).second;
    bool is_due = matches(local) && (first || spec.every_hour());
    if (!spec.every_hour()) {
      for (absl::CivilMinute skipped = last + 1; skipped < local; ++skipped) {
        is_due = is_due || matches(skipped);
      }
    }
    last = local;
    if (is_due && t > from) due.push_back(t);
  }
  return due;
}

}  // namespace

namespace {

std::string FirstDifference(const std::vector<int64_t>& due, const std::vector<int64_t>& expected,
                            const absl::TimeZone& zone) {
  auto text = [&](const std::vector<int64_t>& times, size_t i) {
    return i < times.size() ? absl::FormatTime("%m-%d %H:%M %Ez", absl::FromUnixMicros(times[i]),
                                               zone)
                            : std::string("none");
  };
  size_t i = 0;
  while (i < due.size() && i < expected.size() && due[i] == expected[i]) ++i;
  return "due " + text(due, i) + ", expected " + text(expected, i);
}

}  // namespace

TEST_CASE("due times are those of a scan minute by minute") {
  struct Row {
    const char* zone;
    const char* from;
    int days;
  };
  const Row windows[] = {
      {"UTC", "2026-02-26T23:58:30Z", 4},
      {"Europe/Berlin", "2026-03-27T22:00:00Z", 4},
      {"Europe/Berlin", "2026-10-23T22:00:00Z", 4},
      {"America/New_York", "2026-03-07T05:00:00Z", 3},
      {"America/New_York", "2026-10-31T05:00:00Z", 3},
      {"Australia/Lord_Howe", "2026-04-03T12:00:00Z", 3},
      {"Australia/Lord_Howe", "2026-10-02T12:00:00Z", 3},
      {"America/Havana", "2026-03-07T04:00:00Z", 3},
      {"America/Havana", "2026-10-31T03:00:00Z", 3},
      {"America/St_Johns", "2010-11-06T00:00:00Z", 3},  // put back across midnight
      {"Africa/Casablanca", "2026-02-14T00:00:00Z", 3},
      {"Asia/Kathmandu", "2026-05-01T00:00:00Z", 2},
      {"Pacific/Chatham", "2026-04-03T12:00:00Z", 3},
  };
  const char* expressions[] = {
      "* * * * *",       "*/7 * * * *",   "0 * * * *",         "30 2 * * *",  "*/15 1-3 * * *",
      "0 0 * * *",       "59 23 * * *",   "1 0 * * *",         "0 */2 * * *", "45 2,3 * * *",
      "10 1 L * *",      "0 3 1 * sun",   "5 0-22 * * *",      "20 2 * * 0",  "0,30 0-23 * * 6,0",
      "17 23 28-31 * *", "30 1 * * sunL", "0 0-23/3 * 3,10 *",
  };
  int compared = 0;
  for (const Row& window : windows) {
    absl::TimeZone zone = Zone(window.zone);
    int64_t from = Instant(window.from);
    int64_t to = from + int64_t{window.days} * 86'400'000'000;
    for (const char* expression : expressions) {
      CAPTURE(std::string(window.zone));
      CAPTURE(std::string(window.from));
      CAPTURE(std::string(expression));
      CronSpec spec = Spec(expression);
      std::vector<int64_t> expected = ByScan(spec, zone, from, to);
      std::vector<int64_t> due;
      for (int64_t t = NextDueTime(spec, zone, from); t != 0 && t <= to;
           t = NextDueTime(spec, zone, t)) {
        due.push_back(t);
      }
      CHECK_MESSAGE(due == expected, FirstDifference(due, expected, zone));
      compared += static_cast<int>(due.size());
    }
  }
  CHECK(compared > 10'000);
}
