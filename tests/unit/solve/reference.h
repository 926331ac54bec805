// What other means than ours say about a small problem.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "solvent/problem.h"

namespace solvent::testing {

struct Reference {
  enum class Answer { kNone, kOptimal, kInfeasible, kUnbounded };
  Answer answer = Answer::kNone;
  bool exact = false;         // beyond doubt
  std::vector<double> point;  // when kOptimal and known
  // Of the optimum, where it is known beyond doubt: as minimized and without the offset.
  std::optional<double> cost;
  std::string how;
};

// Tries every integer point, in exact arithmetic. Only for problems whose columns are all integer,
// with integral data and at most `max_points` points in the box.
std::optional<Reference> Enumerate(const Problem& problem, double max_points);

// Runs the glpsol program. `scratch` is a path prefix for its files.
Reference AskGlpsol(const Problem& problem, const std::string& scratch);

// Free MPS text, for other programs.
std::string ToMps(const Problem& problem);

}  // namespace solvent::testing
