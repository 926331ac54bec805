// Settles what a linear problem's answer is, with a certificate wherever one can be had.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lp_engine.h"
#include "min_form.h"
#include "point_polish.h"

namespace solvent {

// Where to start; empty for nowhere in particular.
struct LpBasis {
  std::span<const BasisStatus> columns;
  std::span<const BasisStatus> rows;
};

struct LpVerdict {
  LpStatus status = LpStatus::kFailed;
  bool proven = false;
  bool corrected = false;  // the first claim was another one
  std::string method;      // as in Verification
  std::optional<CheckedPoint> point;
  double bound = -kInfinity;  // that row_dual supports
  std::vector<double> row_dual;
  std::vector<double> reduced_cost;
  std::vector<BasisStatus> column_basis;
  std::vector<BasisStatus> row_basis;
  int64_t iterations = 0;
  bool from_basis = false;  // found from the basis that was given
};

// Integer columns count as continuous ones. Tries other methods as long as `insist` is set and no
// certificate was found. When `careful`, leaves out the ways that are usually gone first. The
// unbounded verdict has a point.
LpVerdict SettleLp(const MinForm& form, const LpEngineFactory& factory, const StopControl& control,
                   bool insist = true, const LpBasis& start = {}, bool careful = false);

// The bound and the point's cost are equal as far as a simplex code working in doubles can tell.
bool BoundMeetsCost(const MinForm& form, double bound, const CheckedPoint& point);

}  // namespace solvent
