#include "number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace solvent {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int64_t kMaxExactPower = 22;

// Tells a number too large for a double from one too small: whether it is at least one.
bool AtLeastOne(std::string_view digits, int64_t exponent) {
  int64_t before_point = 0;
  bool significant = false;
  bool point = false;
  int64_t zeros_after_point = 0;
  for (char c : digits) {
    if (c == 'e' || c == 'E') break;
    if (c == '.') {
      point = true;
    } else if (!significant && c == '0') {
      if (point) ++zeros_after_point;
    } else {
      significant = true;
      if (point) break;
      ++before_point;
    }
  }
  return significant && before_point - (before_point > 0 ? 0 : zeros_after_point) + exponent > 0;
}

}  // namespace

ScannedNumber ScanNumber(std::string_view text) {
  ScannedNumber number;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* p = begin;
  uint64_t mantissa = 0;
  for (; p != end && IsDigit(*p); ++p) mantissa = mantissa * 10 + static_cast<uint64_t>(*p - '0');
  int64_t digits = p - begin;
  int64_t fraction = 0;
  if (p != end && *p == '.') {
    const char* point = p++;
    for (; p != end && IsDigit(*p); ++p) {
      mantissa = mantissa * 10 + static_cast<uint64_t>(*p - '0');
    }
    fraction = p - point - 1;
    digits += fraction;
  }
  if (digits == 0) return number;
  int64_t exponent = 0;
  if (p != end && (*p == 'e' || *p == 'E')) {
    const char* q = p + 1;
    bool negative = false;
    if (q != end && (*q == '+' || *q == '-')) negative = *q++ == '-';
    if (q != end && IsDigit(*q)) {
      number.exponent = static_cast<size_t>(p - begin);
      // Far beyond any double, yet far from overflowing an int64_t.
      constexpr int64_t kEnough = int64_t{1} << 40;
      for (; q != end && IsDigit(*q); ++q) {
        if (exponent < kEnough) exponent = exponent * 10 + (*q - '0');
      }
      if (negative) exponent = -exponent;
      p = q;
    }
  }
  number.length = static_cast<size_t>(p - begin);
  // Both factors are exact, so the one rounding is right.
  if (digits <= 15) {
    int64_t scale = exponent - fraction;
    if (scale == 0 || mantissa == 0) {
      number.value = static_cast<double>(mantissa);
      return number;
    }
    if (scale >= -kMaxExactPower && scale <= kMaxExactPower) {
      double power = kPowersOfTen[scale < 0 ? -scale : scale];
      number.value =
          scale < 0 ? static_cast<double>(mantissa) / power : static_cast<double>(mantissa) * power;
      return number;
    }
  }
  auto result = std::from_chars(begin, p, number.value);
  if (result.ec == std::errc::result_out_of_range) {
    number.overflow = AtLeastOne({begin, number.length}, exponent);
    number.value = number.overflow ? std::numeric_limits<double>::infinity() : 0.0;
  }
  return number;
}

void AppendNumber(std::string& out, double d) {
  char buffer[40];
  if (d == 0) {  // and not "-0"
    out += '0';
    return;
  }
  double size = std::fabs(d);
  auto end = size >= 1e15 || size < 1e-5
                 ? std::to_chars(buffer, buffer + sizeof(buffer), d, std::chars_format::scientific)
                 : std::to_chars(buffer, buffer + sizeof(buffer), d);
  out.append(buffer, end.ptr);
}

}  // namespace solvent
