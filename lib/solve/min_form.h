// A problem as the proofs see it: a minimization, infinite bounds written as infinities, integer
// columns with integer bounds, and the matrix by rows beside the problem's own by columns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "solvent/problem.h"

namespace solvent {

// Bounds at least this large mean "none": the convention of MPS files and of COIN.
inline constexpr double kInfiniteBound = 1e30;
// An integer column's bound this close to an integer is that integer.
inline constexpr double kIntegerBoundSlack = 1e-9;

struct MinForm {
  explicit MinForm(const Problem& p);

  // Moves the bounds of each row of whole numbers in integer columns inwards, to multiples of the
  // numbers' greatest common divisor: no other value can be taken.
  void RoundRows();

  const Problem& problem;  // must outlive this object
  double sign;             // +1 to minimize, -1 to maximize
  int32_t columns;
  int32_t rows;
  std::vector<double> cost;  // sign * objective
  // The largest cost, and at most 1: costs that differ by a tiny part of it are equal, however
  // near zero they are.
  double cost_unit = 1;
  // The least cost is so small beside the largest that a solver's tolerances may swallow it.
  bool wide_costs = false;
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<double> row_lower;
  std::vector<double> row_upper;
  std::vector<bool> integer;
  int32_t integers = 0;
  // Some integer column, or rounded row, has no value between its bounds.
  bool empty_integer_range = false;

  std::vector<int64_t> row_start;
  std::vector<int32_t> column_index;
  std::vector<double> row_value;

  // Objective of `x` as minimized: without the offset.
  double Cost(std::span<const double> x) const;
  double ToOriginal(double cost_value) const {
    return problem.objective_offset + sign * cost_value;
  }
  double FromOriginal(double objective) const {
    return sign * (objective - problem.objective_offset);
  }
};

}  // namespace solvent
