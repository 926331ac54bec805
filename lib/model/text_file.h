// What the readers of line-based problem files share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "solvent/error.h"

namespace solvent {

// Bounds and sides of rows of this size and beyond are infinite, by old custom of files: also in
// flat JSON, and for ProblemBuilder.
inline constexpr double kFileInfinity = 1e30;

// Faults in a file, each with its place.
class FileFaults {
 public:
  // `format` names the file's format in messages.
  FileFaults(std::string_view format, size_t most) : format_(format), most_(most) {}

  bool empty() const { return fields_.empty(); }
  bool full() const { return fields_.size() >= most_; }
  size_t first_line() const { return first_line_; }
  // Line and column count from one.
  void Add(size_t line, size_t column, std::string message);
  // BadRequest, or OK when there was no fault.
  absl::Status ToStatus() const;

 private:
  std::string_view format_;
  size_t most_;
  size_t first_line_ = 0;
  std::vector<FieldError> fields_;
};

// A piece of the file in quotes, cut when long, fit to print.
std::string Quote(std::string_view text);

// A whole text as a number: a sign, then decimal digits, or "inf" or "infinity" in any case.
std::optional<double> ParseFileNumber(std::string_view text);

// A text that ParseFileNumber takes, with all the digits that a long double holds.
long double WideNumber(std::string_view text);

// Plus or minus infinity for what stands for it.
double FileBound(double d);

bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// No spaces, no control characters, nothing beyond ASCII.
bool IsGraphicAscii(std::string_view text);

}  // namespace solvent
