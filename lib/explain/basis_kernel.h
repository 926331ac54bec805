// An optimal basis of a linear problem, reduced to what ranging needs: the basic columns against
// the rows that bind, and the inverse of that square matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "countdown.h"
#include "min_form.h"
#include "row_major.h"
#include "solvent/explain.h"
#include "solvent/solution.h"

namespace solvent {

// The inverse is dense: its size is cubed in time.
inline constexpr size_t kLargestKernel = 1000;

class BasisKernel {
 public:
  // All of the problem being minimized. Nothing when the statuses are no basis, the basis does not
  // belong to an optimum at `x`, the kernel is too large, or time is over; `why` says which.
  static std::optional<BasisKernel> Make(const MinForm& form, std::span<const double> x,
                                         std::span<const BasisStatus> columns,
                                         std::span<const BasisStatus> rows,
                                         const Countdown& countdown, std::string& why);

  double RowDual(int32_t row) const { return y_[row]; }
  double ReducedCost(int32_t column) const { return d_[column]; }
  bool RowIsBasic(int32_t row) const { return row_place_[row] < 0; }
  Range CostRange(int32_t column) const;
  // Of the bound of a row that is not basic, at which its activity stands.
  Range BindingBoundRange(int32_t row) const;
  double Activity(int32_t row) const { return activity_[row]; }

 private:
  explicit BasisKernel(const MinForm& form) : form_(&form) {}
  bool Collect(std::span<const BasisStatus> columns, std::span<const BasisStatus> rows);
  bool Invert(const Countdown& countdown);
  bool SolveDuals();

  double Inverse(size_t column, size_t row) const { return inverse_[column * size() + row]; }
  size_t size() const { return basic_columns_.size(); }

  const MinForm* form_;
  std::vector<double> x_;
  std::vector<double> activity_;
  std::vector<BasisStatus> column_status_;
  std::vector<BasisStatus> row_status_;
  std::vector<int32_t> basic_columns_;
  std::vector<int32_t> binding_rows_;
  std::vector<int32_t> column_place_;  // in basic_columns_, or -1
  std::vector<int32_t> row_place_;     // in binding_rows_, or -1
  std::vector<double> inverse_;        // by basic column, then binding row
  std::vector<double> y_;
  std::vector<double> d_;
};

}  // namespace solvent
