#include "text_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "number.h"

namespace solvent {

void FileFaults::Add(size_t line, size_t column, std::string message) {
  if (full()) return;
  if (fields_.empty()) first_line_ = line;
  fields_.push_back({"",
                     "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
                         std::move(message),
                     "syntax_error"});
}

absl::Status FileFaults::ToStatus() const {
  if (fields_.empty()) return absl::OkStatus();
  std::string message = std::string(format_) + " file, " + fields_[0].message;
  if (fields_.size() > 1) {
    message +=
        " (and " + std::to_string(fields_.size() - 1) + (full() ? " more or beyond)" : " more)");
  }
  return BadRequest(message, fields_);
}

std::string Quote(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string quoted = "\"";
  for (char c : text.substr(0, kMost)) {
    quoted += static_cast<unsigned char>(c) < 0x20 || c == '\x7F' ? '?' : c;
  }
  if (text.size() > kMost) quoted += "...";
  return quoted + "\"";
}

std::optional<double> ParseFileNumber(std::string_view text) {
  double sign = 1;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    if (text[0] == '-') sign = -1;
    text.remove_prefix(1);
  }
  if (EqualsIgnoreCase(text, "inf") || EqualsIgnoreCase(text, "infinity")) {
    return sign * std::numeric_limits<double>::infinity();
  }
  ScannedNumber number = ScanNumber(text);
  if (number.length == 0 || number.length != text.size()) return std::nullopt;
  return sign * number.value;
}

long double WideNumber(std::string_view text) {
  bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  long double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return negative ? -number : number;
}

double FileBound(double d) {
  if (d >= kFileInfinity) return std::numeric_limits<double>::infinity();
  if (d <= -kFileInfinity) return -std::numeric_limits<double>::infinity();
  return d;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool IsGraphicAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

}  // namespace solvent
