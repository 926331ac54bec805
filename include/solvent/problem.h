// One linear or mixed-integer linear problem:
//
//   minimize or maximize   objective_offset + sum_j objective[j] * x[j]
//   subject to             row_lower[i] <= sum_j a[i][j] * x[j] <= row_upper[i]
//                          column_lower[j] <= x[j] <= column_upper[j]
//                          x[j] integer where the column's type says so
//
// Every front end (flat JSON, MPS, LP, the modeling language, C++) fills this one form, and every
// backend reads it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace solvent {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Sense : uint8_t { kMinimize, kMaximize };
enum class ColumnType : uint8_t { kContinuous, kInteger, kBinary };

// Many short names in one block of memory. A list that was never filled yields made-up names.
class NameList {
 public:
  void Reserve(size_t names, size_t bytes);
  void Add(std::string_view name);
  bool empty() const { return ends_.empty(); }
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t i) const;
  friend bool operator==(const NameList&, const NameList&) = default;

 private:
  std::string text_;
  std::vector<uint64_t> ends_;
};

// A plain value: members may be read and written freely; Check() tells whether they fit together.
// Not synchronized.
struct Problem {
  std::string name;
  Sense sense = Sense::kMinimize;
  double objective_offset = 0;
  std::string objective_name;  // may be empty

  // Per column.
  std::vector<double> objective;
  std::vector<double> column_lower;  // -kInfinity when unbounded below
  std::vector<double> column_upper;  // +kInfinity when unbounded above
  std::vector<ColumnType> column_type;

  // Per row.
  std::vector<double> row_lower;
  std::vector<double> row_upper;

  // The matrix by columns: column j owns entries [column_start[j], column_start[j + 1]).
  // Within a column row indices ascend and are unique; no value is zero.
  std::vector<int64_t> column_start{0};
  std::vector<int32_t> row_index;
  std::vector<double> value;

  // Empty lists stand for the names x1, x2, ... and c1, c2, ...
  NameList column_names;
  NameList row_names;

  int32_t num_columns() const { return static_cast<int32_t>(objective.size()); }
  int32_t num_rows() const { return static_cast<int32_t>(row_lower.size()); }
  int64_t num_nonzeros() const { return static_cast<int64_t>(value.size()); }
  int32_t num_integers() const;  // integer and binary columns
  bool is_mip() const { return num_integers() > 0; }

  std::string ColumnName(int32_t column) const;
  std::string RowName(int32_t row) const;

  // Objective value of `x` (num_columns() values), offset included, in the problem's own sense.
  double Objective(std::span<const double> x) const;
  // Left-hand sides of all rows at `x`; not numbers when the arrays do not fit together.
  std::vector<double> Activity(std::span<const double> x) const;

  // OK when sizes agree, indices are in range and ascending, numbers are finite where they must be
  // and coefficients within 1e20 in size, no entry is zero, no bound is NaN, no lower one +inf and
  // no upper one -inf, lower <= upper for every row and column, and a binary column stays within
  // [0, 1]. Otherwise BadRequest, naming each offending row or column (the first twenty). Backends
  // call this: they may be handed anything.
  absl::Status Check() const;

  friend bool operator==(const Problem&, const Problem&) = default;
};

// How far a point is from satisfying a problem. Violations are absolute and >= 0.
struct PointCheck {
  double objective = 0;
  double max_bound_violation = 0;
  double max_row_violation = 0;         // absolute
  double max_scaled_row_violation = 0;  // divided by max(1, |bound|, largest |a_ij x_j| of the row)
  double max_integrality_violation = 0;
  int32_t worst_row = -1;
  int32_t worst_column = -1;
  bool finite = true;  // false when a value is NaN or infinite
};

// Evaluates `x` in the original rows, bounds and integrality; not `finite` when sizes do not fit.
PointCheck CheckPoint(const Problem& problem, std::span<const double> x);

// Collects columns, then rows term by term, and transposes once. Terms for one column in one row
// are added up; those that become exactly zero vanish.
//
//   ProblemBuilder b;
//   int x = b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous, 2.0);
//   b.BeginRow("c1", 4, kInfinity);
//   b.AddTerm(x, 1.0);
//   absl::StatusOr<Problem> p = std::move(b).Build();
class ProblemBuilder {
 public:
  // Returns the column's index. `cost` is its objective coefficient.
  int32_t AddColumn(std::string_view name, double lower, double upper, ColumnType type,
                    double cost = 0);
  // Starts a row; terms added from now on belong to it. Returns the row's index.
  int32_t BeginRow(std::string_view name, double lower, double upper);
  void SetRowBounds(int32_t row, double lower, double upper);
  // Adds to the current row. `column` must exist.
  void AddTerm(int32_t column, double coefficient);
  void AddObjectiveTerm(int32_t column, double coefficient);

  void SetName(std::string_view name);
  void SetSense(Sense sense);
  void SetObjectiveOffset(double offset);
  void SetObjectiveName(std::string_view name);

  int32_t num_columns() const { return problem_.num_columns(); }
  int32_t num_rows() const { return problem_.num_rows(); }
  int64_t num_terms() const { return static_cast<int64_t>(terms_column_.size()); }

  // Transposes and checks (Problem::Check). The builder is spent afterwards.
  absl::StatusOr<Problem> Build() &&;

 private:
  void CloseRow();
  Problem problem_;
  std::vector<int64_t> row_start_;
  std::vector<int32_t> terms_column_;
  std::vector<double> terms_value_;
  std::vector<int64_t> stamp_;  // per column: position of its term in the current row, or -1
};

}  // namespace solvent
