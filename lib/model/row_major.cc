#include "row_major.h"

namespace solvent {

RowMajor ByRows(const Problem& problem) {
  RowMajor rows;
  rows.start.assign(problem.row_lower.size() + 1, 0);
  for (int32_t row : problem.row_index) ++rows.start[static_cast<size_t>(row) + 1];
  for (size_t i = 1; i < rows.start.size(); ++i) rows.start[i] += rows.start[i - 1];
  rows.column.resize(problem.value.size());
  rows.value.resize(problem.value.size());
  std::vector<int64_t> next = rows.start;
  for (size_t j = 0; j < problem.objective.size(); ++j) {
    for (int64_t k = problem.column_start[j]; k < problem.column_start[j + 1]; ++k) {
      size_t entry = static_cast<size_t>(k);
      size_t to = static_cast<size_t>(next[static_cast<size_t>(problem.row_index[entry])]++);
      rows.column[to] = static_cast<int32_t>(j);
      rows.value[to] = problem.value[entry];
    }
  }
  return rows;
}

}  // namespace solvent
