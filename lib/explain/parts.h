// The parts of a problem that can contradict each other, and problems made of some of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "row_major.h"
#include "solvent/explain.h"
#include "solvent/problem.h"

namespace solvent {

struct Part {
  ConflictPart::Kind kind;
  int32_t index;  // of the row, or of the bound's column
  friend bool operator==(const Part&, const Part&) = default;
};

// Rows that exclude something, then bounds that do.
std::vector<Part> PartsOf(const Problem& problem);

struct Subproblem {
  Problem problem;
  std::vector<int32_t> columns;  // of the whole problem, that occur in it
};

// Any point of the kept parts: no objective, the columns of the kept rows, and of their bounds the
// kept ones. With `relaxed` all columns are continuous.
Subproblem MakeSubproblem(const Problem& whole, std::span<const Part> kept, bool relaxed);

// By more than a solver's tolerance. `activity` is of all rows at `x`.
bool Violates(const Problem& problem, const Part& part, std::span<const double> x,
              std::span<const double> activity);

ConflictPart Describe(const Problem& problem, const RowMajor& rows, const Part& part);

}  // namespace solvent
