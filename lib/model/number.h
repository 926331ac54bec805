// Decimal numbers in text: digits, an optional point, an optional exponent. No sign, no locale, no
// hexadecimal, no "inf".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace solvent {

struct ScannedNumber {
  double value = 0;
  size_t length = 0;    // 0 when `text` does not start with a number
  size_t exponent = 0;  // offset of the 'e', or 0 when there is none
  bool overflow = false;
};

// Reads the longest number at the start of `text`. "2e" is the number 2 followed by "e".
ScannedNumber ScanNumber(std::string_view text);

// Appends `d` with the fewest digits that read back the same, at most 17. `d` must be finite.
void AppendNumber(std::string& out, double d);

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool IsNameStart(char c) { return IsLetter(c) || c == '_'; }
inline bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
inline bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace solvent
