// A problem's matrix by rows, for writers.
#pragma once

#include <cstdint>
#include <vector>

#include "solvent/problem.h"

namespace solvent {

struct RowMajor {
  std::vector<int64_t> start;  // one more than rows
  std::vector<int32_t> column;
  std::vector<double> value;
};

RowMajor ByRows(const Problem& problem);

}  // namespace solvent
