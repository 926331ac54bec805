#include "cron.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include "solvent/error.h"
#include "status_macros.h"
#include "string_bridge.h"

namespace solvent {
namespace {

constexpr int kHorizonDays = 3660;  // leap days are up to eight years apart

struct Field {
  std::string_view name;
  int least;
  int most;
  std::vector<std::string_view> names;  // of least, least + 1, …
};

const Field kMinute{"minute", 0, 59, {}};
const Field kHour{"hour", 0, 23, {}};
const Field kMonthDay{"day of month", 1, 31, {}};
const Field kMonth{
    "month",
    1,
    12,
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}};
const Field kWeekDay{"day of week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}};

struct Macro {
  std::string_view name;
  std::string_view fields;
};
constexpr Macro kMacros[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

absl::Status Fault(const Field& field, std::string_view part, std::string_view what) {
  return ValidationError("/cron", "\"" + std::string(part.substr(0, 40)) + "\" in the " +
                                      std::string(field.name) + ": " + std::string(what));
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool EqualsLower(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return Lower(a) == b; });
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

absl::StatusOr<int> ReadNumber(const Field& field, std::string_view text, std::string_view part) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !digits || error != std::errc() || end != text.data() + text.size()) {
    return Fault(field, part, "is not a number");
  }
  return value;
}

absl::StatusOr<int> ReadValue(const Field& field, std::string_view text, std::string_view part) {
  for (size_t i = 0; i < field.names.size(); ++i) {
    if (EqualsLower(text, field.names[i])) return field.least + static_cast<int>(i);
  }
  ASSIGN_OR_RETURN(int value, ReadNumber(field, text, part));
  if (value < field.least || value > field.most) {
    return Fault(
        field, part,
        "must be from " + std::to_string(field.least) + " to " + std::to_string(field.most));
  }
  return value;
}

// One element of a list: adds its values to the bits.
absl::Status ReadPart(const Field& field, std::string_view part, uint64_t& bits) {
  std::string_view range = part;
  int step = 1;
  size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    range = part.substr(0, slash);
    ASSIGN_OR_RETURN(step, ReadNumber(field, part.substr(slash + 1), part));
    if (step < 1 || step > field.most) {
      return Fault(field, part, "the step must be from 1 to " + std::to_string(field.most));
    }
  }
  int first = field.least;
  // Sunday has two numbers; * means each day once.
  int last = &field == &kWeekDay ? 6 : field.most;
  if (range != "*") {
    size_t dash = range.find('-');
    ASSIGN_OR_RETURN(first, ReadValue(field, range.substr(0, dash), part));
    if (dash != std::string_view::npos) {
      ASSIGN_OR_RETURN(last, ReadValue(field, range.substr(dash + 1), part));
      if (last < first) return Fault(field, part, "the range ends before it begins");
    } else if (slash == std::string_view::npos) {
      last = first;
    } else {
      last = std::max(last, first);
    }
  }
  for (int value = first; value <= last; value += step) bits |= uint64_t{1} << value;
  return absl::OkStatus();
}

absl::Status ReadField(const Field& field, std::string_view text, uint64_t& bits,
                       const std::function<absl::StatusOr<bool>(std::string_view)>& special = {}) {
  for (std::string_view part : Split(text, ',')) {
    if (part.empty()) return Fault(field, text, "is empty or has an empty element");
    if (special) {
      ASSIGN_OR_RETURN(bool taken, special(part));
      if (taken) continue;
    }
    RETURN_IF_ERROR(ReadPart(field, part, bits));
  }
  return absl::OkStatus();
}

// Instants of one civil day at which the schedule is due and that are later than `after`; the
// earliest, or InfiniteFuture.
absl::Time FirstOfDay(const CronSpec& spec, const absl::TimeZone& zone, absl::CivilDay day,
                      absl::Time after) {
  absl::Time best = absl::InfiniteFuture();
  if (!spec.MatchesDay(day)) return best;
  auto consider = [&](absl::Time t) {
    if (t > after && t < best) best = t;
  };
  absl::TimeZone::TimeInfo start = zone.At(absl::CivilSecond(day));
  absl::TimeZone::TimeInfo end = zone.At(absl::CivilSecond(day + 1));
  bool plain = start.kind == absl::TimeZone::TimeInfo::UNIQUE &&
               end.kind == absl::TimeZone::TimeInfo::UNIQUE &&
               end.pre - start.pre == absl::Hours(24);
  for (int hour = 0; hour < 24; ++hour) {
    if ((spec.hours >> hour & 1) == 0) continue;
    for (int minute = 0; minute < 60; ++minute) {
      if ((spec.minutes >> minute & 1) == 0) continue;
      if (plain) {
        consider(start.pre + absl::Minutes(60 * hour + minute));
        if (best != absl::InfiniteFuture()) return best;
        continue;
      }
      absl::TimeZone::TimeInfo info =
          zone.At(absl::CivilSecond(day.year(), day.month(), day.day(), hour, minute, 0));
      switch (info.kind) {
        case absl::TimeZone::TimeInfo::UNIQUE: consider(info.pre); break;
        case absl::TimeZone::TimeInfo::SKIPPED:
          if (!spec.every_hour()) consider(info.trans);
          break;
        case absl::TimeZone::TimeInfo::REPEATED:
          consider(info.pre);
          if (spec.every_hour()) consider(info.post);
          break;
      }
    }
  }
  return best;
}

}  // namespace

bool CronSpec::MatchesDay(absl::CivilDay day) const {
  if ((months >> day.month() & 1) == 0) return false;
  absl::CivilMonth month(day);
  int days = static_cast<int>(absl::CivilDay(month + 1) - absl::CivilDay(month));
  // absl counts from Monday.
  int week_day = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
  bool by_month_day = (month_days >> day.day() & 1) != 0 || (last_day && day.day() == days);
  bool by_week_day = (week_days >> week_day & 1) != 0 ||
                     ((last_week_days >> week_day & 1) != 0 && day.day() > days - 7);
  if (month_days_restricted && week_days_restricted) return by_month_day || by_week_day;
  return by_month_day && by_week_day;
}

absl::StatusOr<CronSpec> ParseCron(std::string_view text) {
  if (text.size() > 1000) return ValidationError("/cron", "must have at most 1000 characters");
  for (const Macro& macro : kMacros) {
    if (EqualsLower(text, macro.name)) text = macro.fields;
  }
  std::vector<std::string_view> fields;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find_first_of(" \t", at), text.size());
    if (end > at) fields.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (fields.size() != 5) {
    return ValidationError("/cron",
                           "must have five fields: minute, hour, day of month, month, day of "
                           "week (it has " +
                               std::to_string(fields.size()) + ")");
  }
  CronSpec spec;
  uint64_t hours = 0, month_days = 0, months = 0, week_days = 0, last_week_days = 0;
  RETURN_IF_ERROR(ReadField(kMinute, fields[0], spec.minutes));
  RETURN_IF_ERROR(ReadField(kHour, fields[1], hours));
  RETURN_IF_ERROR(ReadField(kMonthDay, fields[2], month_days,
                            [&](std::string_view part) -> absl::StatusOr<bool> {
                              bool is_last = EqualsLower(part, "l");
                              spec.last_day = spec.last_day || is_last;
                              return is_last;
                            }));
  RETURN_IF_ERROR(ReadField(kMonth, fields[3], months));
  RETURN_IF_ERROR(
      ReadField(kWeekDay, fields[4], week_days, [&](std::string_view part) -> absl::StatusOr<bool> {
        if (part.size() < 2 || Lower(part.back()) != 'l') return false;
        ASSIGN_OR_RETURN(int day, ReadValue(kWeekDay, part.substr(0, part.size() - 1), part));
        last_week_days |= uint64_t{1} << (day % 7);
        return true;
      }));
  if (week_days >> 7 & 1) week_days |= 1;
  spec.hours = static_cast<uint32_t>(hours);
  spec.month_days = static_cast<uint32_t>(month_days);
  spec.months = static_cast<uint32_t>(months);
  spec.week_days = static_cast<uint32_t>(week_days & 0x7f);
  spec.last_week_days = static_cast<uint32_t>(last_week_days);
  spec.month_days_restricted = fields[2].front() != '*';
  spec.week_days_restricted = fields[4].front() != '*';
  return spec;
}

absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  };
  // Anything else might be a file of another kind, or the machine's own zone.
  bool plausible = !name.empty() && name.size() <= 64 && name.front() >= 'A' &&
                   name.front() <= 'Z' && std::all_of(name.begin(), name.end(), allowed) &&
                   !name.starts_with("Fixed/");
  absl::TimeZone zone;
  if (!plausible || !absl::LoadTimeZone(A(name), &zone)) {
    return ValidationError("/time_zone", "there is no time zone \"" +
                                             std::string(name.substr(0, 64)) +
                                             "\"; it must be an IANA name, as Europe/Berlin");
  }
  return zone;
}

int64_t NextDueTime(const CronSpec& spec, const absl::TimeZone& zone, int64_t after) {
  absl::Time start = absl::FromUnixMicros(after);
  // Where clocks are put back across midnight, a day's first times may come before the day before
  // has ended: hence the day before, and one look ahead.
  absl::CivilDay day = absl::CivilDay(zone.At(start).cs) - 1;
  for (int i = 0; i <= kHorizonDays; ++i, ++day) {
    absl::Time found = FirstOfDay(spec, zone, day, start);
    if (found == absl::InfiniteFuture()) continue;
    return absl::ToUnixMicros(std::min(found, FirstOfDay(spec, zone, day + 1, start)));
  }
  return 0;
}

}  // namespace solvent
