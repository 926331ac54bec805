#include "functions.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace solvent::mathprog {

namespace {

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
int64_t DaysFromDate(int64_t y, int m, int d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

void DateFromDays(int64_t days, int64_t& y, int& m, int& d) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t doe = days - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  y = yoe + era * 400;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  d = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  m = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  y += m <= 2;
}

bool IsLeap(int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

bool SameLetters(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
  }
  return true;
}

}  // namespace

std::string ParseTime(std::string_view text, std::string_view format, bool strict,
                      double& seconds) {
  int year = -1, month = -1, day = -1, hour = -1, minute = -1, second = -1, year_day = -1;
  int pm = -1, zone = 0;
  bool has_zone = false;
  size_t t = 0;
  auto blanks = [&] {
    while (t < text.size() && (text[t] == ' ' || text[t] == '\t')) ++t;
  };
  auto number = [&](int digits, int low, int high, int& out) {
    blanks();
    int value = 0, n = 0;
    while (n < digits && t < text.size() && text[t] >= '0' && text[t] <= '9') {
      value = value * 10 + (text[t++] - '0');
      ++n;
    }
    if (n == 0 || value < low || value > high || (strict && out >= 0)) return false;
    out = value;
    return true;
  };
  auto word = [&](const std::string_view* names, int count, int& out) {
    blanks();
    for (int i = 0; i < count; ++i) {
      for (size_t n : {names[i].size(), size_t{3}}) {
        if (SameLetters(text.substr(t, n), names[i].substr(0, n))) {
          t += n;
          out = i;
          return true;
        }
      }
    }
    return false;
  };
  for (size_t f = 0; f < format.size(); ++f) {
    const char c = format[f];
    if (c == ' ' || c == '\t') {
      blanks();
      continue;
    }
    if (c != '%') {
      if (!strict) blanks();
      if (t >= text.size() || text[t] != c) return "the text does not match the format";
      ++t;
      continue;
    }
    if (++f >= format.size()) return "the format ends with %";
    if (strict && std::string_view("aABeIjp").find(format[f]) != std::string_view::npos) {
      return std::string("%") + format[f] + " is not supported";
    }
    int ignored = 0;
    bool ok = true;
    switch (format[f]) {
      case 'a':
      case 'A': ok = word(kDays, 7, ignored); break;
      case 'b':
      case 'B':
      case 'h':
        ok = !(strict && month >= 0) && word(kMonths, 12, month);
        if (ok) ++month;
        break;
      case 'd':
      case 'e': ok = number(2, 1, 31, day); break;
      case 'H': ok = number(2, 0, 23, hour); break;
      case 'I': ok = number(2, 1, 12, hour); break;
      case 'j': ok = number(3, 1, 366, year_day); break;
      case 'm': ok = number(2, 1, 12, month); break;
      case 'M': ok = number(2, 0, 59, minute); break;
      case 'p':
        blanks();
        if (SameLetters(text.substr(t, 2), "am")) {
          pm = 0;
        } else if (SameLetters(text.substr(t, 2), "pm")) {
          pm = 1;
        } else {
          ok = false;
        }
        t += 2;
        break;
      case 'S': ok = number(2, 0, 60, second); break;
      case 'y':
        ok = number(2, 0, 99, year);
        if (ok) year += year >= 69 ? 1900 : 2000;
        break;
      case 'Y': ok = number(4, 1, 4000, year); break;
      case 'z': {
        blanks();
        ok = !(strict && has_zone);
        has_zone = true;
        if (t < text.size() && text[t] == 'Z') {
          ++t;
          break;
        }
        if (t >= text.size() || (text[t] != '+' && text[t] != '-')) return "no time zone";
        const int sign = text[t++] == '-' ? -1 : 1;
        int h = -1, m = -1;
        const size_t begin = t;
        ok = ok && number(2, 0, strict ? 23 : 13, h) && !(strict && t < begin + 2);
        if (ok && t < text.size() && text[t] == ':') ++t;
        if (ok && t < text.size() && text[t] >= '0' && text[t] <= '9') {
          const size_t minutes = t;
          ok = number(2, 0, 59, m) && !(strict && t < minutes + 2);
        }
        zone = sign * (h * 60 + std::max(m, 0));
        break;
      }
      case '%':
        ok = t < text.size() && text[t] == '%';
        ++t;
        break;
      default: return std::string("%") + format[f] + " is not supported";
    }
    if (!ok) return std::string("no value for %") + format[f];
  }
  blanks();
  if (t < text.size() && !strict) return "the text goes on after the format";
  if (year < 0) year = 1970;
  if (year_day >= 0) {
    if (month >= 0 || day >= 0) return "both %j and a date";
    if (year_day == 366 && !IsLeap(year)) return "the year has no day 366";
  } else {
    if (month < 0) month = 1;
    if (day < 0) day = 1;
    static constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int length = kLengths[month - 1] + (month == 2 && IsLeap(year) ? 1 : 0);
    if (day > length) return "the month has no such day";
  }
  if (pm >= 0 && hour >= 0) hour = hour % 12 + (pm == 1 ? 12 : 0);
  const int64_t days =
      year_day >= 0 ? DaysFromDate(year, 1, 1) + year_day - 1 : DaysFromDate(year, month, day);
  seconds = static_cast<double>(days * 86400 + std::max(hour, 0) * 3600 + std::max(minute, 0) * 60 +
                                std::max(second, 0) - (has_zone ? zone * 60 : 0));
  return "";
}

std::string FormatTime(double seconds, std::string_view format, std::string& text) {
  if (!(seconds >= -62135596800.0 && seconds <= 64092211199.0)) return "the time is out of range";
  const auto total = static_cast<int64_t>(std::floor(seconds + 0.5));
  const int64_t days = total >= 0 ? total / 86400 : -((-total + 86399) / 86400);
  const auto rest = static_cast<int>(total - days * 86400);
  int64_t year;
  int month, day;
  DateFromDays(days, year, month, day);
  const int hour = rest / 3600, minute = rest / 60 % 60, second = rest % 60;
  const auto weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);  // 0: Sunday
  const auto year_day = static_cast<int>(days - DaysFromDate(year, 1, 1) + 1);
  // ISO week: the one that holds the Thursday of this week.
  const int64_t thursday = days - (weekday + 6) % 7 + 3;
  int64_t iso_year;
  int iso_month, iso_day;
  DateFromDays(thursday, iso_year, iso_month, iso_day);
  const auto iso_week = static_cast<int>((thursday - DaysFromDate(iso_year, 1, 1)) / 7 + 1);
  auto put = [&](const char* spec, int64_t value) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, spec, static_cast<long long>(value));
    text += buffer;
  };
  for (size_t f = 0; f < format.size(); ++f) {
    if (format[f] != '%') {
      text += format[f];
      continue;
    }
    if (++f >= format.size()) return "the format ends with %";
    const int hour12 = hour % 12 == 0 ? 12 : hour % 12;
    switch (format[f]) {
      case 'a': text += kDays[weekday].substr(0, 3); break;
      case 'A': text += kDays[weekday]; break;
      case 'b':
      case 'h': text += kMonths[month - 1].substr(0, 3); break;
      case 'B': text += kMonths[month - 1]; break;
      case 'C': put("%02lld", year / 100); break;
      case 'd': put("%02lld", day); break;
      case 'D':
        put("%02lld/", month);
        put("%02lld/", day);
        put("%02lld", year % 100);
        break;
      case 'e': put("%2lld", day); break;
      case 'F':
        put("%04lld-", year);
        put("%02lld-", month);
        put("%02lld", day);
        break;
      case 'g': put("%02lld", iso_year % 100); break;
      case 'G': put("%04lld", iso_year); break;
      case 'H': put("%02lld", hour); break;
      case 'I': put("%02lld", hour12); break;
      case 'j': put("%03lld", year_day); break;
      case 'k': put("%2lld", hour); break;
      case 'l': put("%2lld", hour12); break;
      case 'm': put("%02lld", month); break;
      case 'M': put("%02lld", minute); break;
      case 'p': text += hour < 12 ? "AM" : "PM"; break;
      case 'P': text += hour < 12 ? "am" : "pm"; break;
      case 'r':
        put("%02lld:", hour12);
        put("%02lld:", minute);
        put("%02lld ", second);
        text += hour < 12 ? "AM" : "PM";
        break;
      case 'R':
        put("%02lld:", hour);
        put("%02lld", minute);
        break;
      case 'S': put("%02lld", second); break;
      case 'T':
        put("%02lld:", hour);
        put("%02lld:", minute);
        put("%02lld", second);
        break;
      case 'u': put("%lld", weekday == 0 ? 7 : weekday); break;
      case 'U': put("%02lld", (year_day + 6 - weekday) / 7); break;
      case 'V': put("%02lld", iso_week); break;
      case 'w': put("%lld", weekday); break;
      case 'W': put("%02lld", (year_day + 6 - (weekday + 6) % 7) / 7); break;
      case 'y': put("%02lld", year % 100); break;
      case 'Y': put("%04lld", year); break;
      case '%': text += '%'; break;
      default: return std::string("%") + format[f] + " is not supported";
    }
  }
  return "";
}

}  // namespace solvent::mathprog
