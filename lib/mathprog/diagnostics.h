// How faults travel inside the compiler.
//
// Evaluation is a deep walk that computes millions of numbers; wrapping each in a StatusOr would
// cost more than the arithmetic. So inside this room, and only here, a fault is thrown; the public
// entry points catch it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "solvent/mathprog.h"

namespace solvent::mathprog {

struct Fault {
  MathProgDiagnostic diagnostic;
  bool fatal = false;  // limits, cancellation, failed checks: nothing else is worth trying
};

// A text with its line starts.
class SourceText {
 public:
  SourceText(std::string text, std::string name);
  std::string_view text() const { return text_; }
  const std::string& name() const { return name_; }
  // Fills line, column, source and excerpt (the text of [begin, end), shortened).
  void Place(size_t begin, size_t end, MathProgDiagnostic& d) const;
  int Line(size_t offset) const;

 private:
  std::string text_;
  std::string name_;  // "" or "data"
  std::vector<size_t> line_starts_;
};

// "parse", "generate", ... after the code's first letters.
std::string StageOf(std::string_view code);

MathProgDiagnostic MakeDiagnostic(std::string_view code, std::string message,
                                  std::string hint = {});

// The closest of `names` to `name`, or "" when none is close.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& names);

// Text cut to `limit` bytes at a character's border, white space runs as one blank.
std::string Shorten(std::string_view text, size_t limit);

}  // namespace solvent::mathprog
