#include "solvent/problem.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "faults.h"
#include "names.h"
#include "problem_shape.h"
#include "row_slack.h"
#include "solvent/error.h"
#include "text_file.h"

namespace solvent {
namespace {

constexpr size_t kMaxFaults = 100;  // that are listed

// A double as a person would write it.
std::string Show(double d) {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), d);
  return std::string(buffer, end.ptr);
}

class Faults {
 public:
  bool empty() const { return fields_.empty(); }
  void Add(std::string message) {
    if (++count_ <= kMaxFaults) fields_.push_back({"", std::move(message), "value_error"});
  }
  absl::Status ToStatus() && {
    if (fields_.empty()) return absl::OkStatus();
    std::string message = "invalid problem: " + fields_[0].message;
    if (count_ > 1) message += " (and " + std::to_string(count_ - 1) + " more)";
    if (count_ > fields_.size()) {
      fields_.push_back({"", NotListed(count_ - fields_.size(), "fault"), "not_listed"});
    }
    return BadRequest(message, std::move(fields_));
  }

 private:
  size_t count_ = 0;
  std::vector<FieldError> fields_;
};

// What is wrong with one pair of bounds, if anything.
std::optional<std::string> BoundsFault(double lower, double upper) {
  if (std::isnan(lower) || std::isnan(upper)) return "a bound is not a number";
  if (FileBound(lower) == kInfinity) return "the lower bound is +infinity, as is all from 1e30 on";
  if (FileBound(upper) == -kInfinity)
    return "the upper bound is -infinity, as is all from -1e30 down";
  if (lower > upper) {
    return "the lower bound " + Show(lower) + " is above the upper bound " + Show(upper);
  }
  return std::nullopt;
}

// Solvers answer falsely, or end their process, on coefficients from about 1e25.
constexpr double kLargestCoefficient = 1e20;

std::optional<std::string_view> CoefficientFault(double d) {
  if (!std::isfinite(d)) return "is not finite";
  if (std::abs(d) > kLargestCoefficient) return "is beyond 1e20 in size";
  return std::nullopt;
}

bool AllUsable(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double d) { return !CoefficientFault(d); });
}

// A sum that carries its rounding errors along: exact to about twice double's precision.
struct CompensatedSum {
  double sum = 0;
  double error = 0;

  void Add(double d) {
    double next = sum + d;
    double back = next - sum;
    error += (sum - (next - back)) + (d - back);
    sum = next;
  }
  // Returns the rounded product.
  double AddProduct(double a, double b) {
    double product = a * b;
    Add(product);
    error += std::fma(a, b, -product);
    return product;
  }
  // An overflowed sum has a meaningless error term.
  double Value() const { return std::isfinite(sum) ? sum + error : sum; }
};

}  // namespace

bool HasShape(const Problem& p) {
  const size_t n = p.objective.size(), m = p.row_lower.size(), entries = p.value.size();
  if (p.column_lower.size() != n || p.column_upper.size() != n || p.column_type.size() != n ||
      p.row_upper.size() != m || p.row_index.size() != entries || p.column_start.size() != n + 1 ||
      p.column_start[0] != 0 || p.column_start[n] != static_cast<int64_t>(entries) ||
      !std::is_sorted(p.column_start.begin(), p.column_start.end())) {
    return false;
  }
  return std::all_of(p.row_index.begin(), p.row_index.end(),
                     [m](int32_t i) { return i >= 0 && static_cast<size_t>(i) < m; });
}

void MakeInfinite(Problem& p) {
  for (auto* bounds : {&p.column_lower, &p.column_upper, &p.row_lower, &p.row_upper}) {
    for (double& bound : *bounds) bound = FileBound(bound);
  }
}

void NameList::Reserve(size_t names, size_t bytes) {
  ends_.reserve(names);
  text_.reserve(bytes);
}

void NameList::Add(std::string_view name) {
  text_.append(name);
  ends_.push_back(text_.size());
}

std::string_view NameList::operator[](size_t i) const {
  if (i >= ends_.size()) return {};
  size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(begin, ends_[i] - begin);
}

int32_t Problem::num_integers() const {
  return static_cast<int32_t>(
      std::count_if(column_type.begin(), column_type.end(),
                    [](ColumnType type) { return type != ColumnType::kContinuous; }));
}

std::string Problem::ColumnName(int32_t column) const {
  std::string_view own = column_names[static_cast<size_t>(column)];
  return own.empty() ? "x" + std::to_string(int64_t{column} + 1) : std::string(own);
}

std::string Problem::RowName(int32_t row) const {
  std::string_view own = row_names[static_cast<size_t>(row)];
  return own.empty() ? "c" + std::to_string(int64_t{row} + 1) : std::string(own);
}

double Problem::Objective(std::span<const double> x) const {
  CompensatedSum sum;
  sum.Add(objective_offset);
  size_t n = std::min(x.size(), objective.size());
  for (size_t j = 0; j < n; ++j) {
    if (objective[j] != 0) sum.AddProduct(objective[j], x[j]);
  }
  return sum.Value();
}

std::vector<double> Problem::Activity(std::span<const double> x) const {
  std::vector<CompensatedSum> sums(row_lower.size());
  if (!HasShape(*this)) return std::vector<double>(sums.size(), std::nan(""));
  size_t n = std::min(x.size(), objective.size());
  for (size_t j = 0; j < n; ++j) {
    if (x[j] == 0) continue;
    for (int64_t k = column_start[j]; k < column_start[j + 1]; ++k) {
      size_t entry = static_cast<size_t>(k);
      sums[static_cast<size_t>(row_index[entry])].AddProduct(value[entry], x[j]);
    }
  }
  std::vector<double> activity(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) activity[i] = sums[i].Value();
  return activity;
}

absl::Status Problem::Check() const {
  Faults faults;
  const size_t n = objective.size();
  const size_t m = row_lower.size();
  const size_t entries = value.size();
  constexpr size_t kMaxCount = std::numeric_limits<int32_t>::max();
  if (n > kMaxCount || m > kMaxCount) faults.Add("too many rows or columns");
  if (column_lower.size() != n || column_upper.size() != n || column_type.size() != n) {
    faults.Add("column arrays differ in size");
  }
  if (row_upper.size() != m) faults.Add("row arrays differ in size");
  if (column_start.size() != n + 1)
    faults.Add("column_start must have one entry more than columns");
  if (row_index.size() != entries) faults.Add("row_index and value differ in size");
  if (!column_names.empty() && column_names.size() != n) {
    faults.Add("the number of column names is not the number of columns");
  }
  if (!row_names.empty() && row_names.size() != m) {
    faults.Add("the number of row names is not the number of rows");
  }
  if (sense != Sense::kMinimize && sense != Sense::kMaximize) faults.Add("unknown sense");
  if (!std::isfinite(objective_offset)) faults.Add("the objective's constant is not finite");
  // The loops below rely on the sizes.
  if (!faults.empty()) return std::move(faults).ToStatus();

  if (column_start[0] != 0 || column_start[n] != static_cast<int64_t>(entries)) {
    faults.Add("column_start must run from 0 to the number of entries");
  }
  for (size_t j = 0; j < n; ++j) {
    if (column_start[j] > column_start[j + 1]) {
      faults.Add("column " + ColumnName(static_cast<int32_t>(j)) + ": column_start descends");
    }
  }
  if (!faults.empty()) return std::move(faults).ToStatus();

  for (size_t j = 0; j < n; ++j) {
    auto fault = [&](std::string_view what) {
      faults.Add("column " + ColumnName(static_cast<int32_t>(j)) + ": " + std::string(what));
    };
    if (auto what = CoefficientFault(objective[j]))
      fault("the objective coefficient " + std::string(*what));
    if (auto what = BoundsFault(column_lower[j], column_upper[j])) fault(*what);
    switch (column_type[j]) {
      case ColumnType::kContinuous:
      case ColumnType::kInteger: break;
      case ColumnType::kBinary:
        if (column_lower[j] < 0 || column_upper[j] > 1) fault("a binary's bounds leave [0, 1]");
        break;
      default: fault("unknown type");
    }
    int64_t previous = -1;
    for (int64_t k = column_start[j]; k < column_start[j + 1]; ++k) {
      int32_t row = row_index[static_cast<size_t>(k)];
      if (row < 0 || static_cast<size_t>(row) >= m) {
        fault("row index " + std::to_string(row) + " is out of range");
        break;
      }
      if (row <= previous) {
        fault("row indices do not ascend at row " + RowName(row));
        break;
      }
      previous = row;
    }
  }
  if (faults.empty() && !AllUsable(value)) {
    for (size_t j = 0; j < n; ++j) {
      for (int64_t k = column_start[j]; k < column_start[j + 1]; ++k) {
        size_t entry = static_cast<size_t>(k);
        if (auto what = CoefficientFault(value[entry])) {
          faults.Add("the coefficient of column " + ColumnName(static_cast<int32_t>(j)) +
                     " in row " + RowName(row_index[entry]) + " " + std::string(*what));
        }
      }
    }
  }
  if (faults.empty() && std::find(value.begin(), value.end(), 0.0) != value.end()) {
    faults.Add("the matrix holds explicit zeros");
  }
  for (size_t i = 0; i < m; ++i) {
    if (auto what = BoundsFault(row_lower[i], row_upper[i])) {
      faults.Add("row " + RowName(static_cast<int32_t>(i)) + ": " + *what);
    }
  }
  return std::move(faults).ToStatus();
}

namespace {

// The rows whose left-hand side at `x` has no rounding in it: whole numbers in integer columns, and
// no sum of theirs beyond what doubles hold exactly.
std::vector<bool> ExactRows(const Problem& problem, std::span<const double> x) {
  constexpr double kLargestExact = 9007199254740992;
  auto whole = [](double v) { return v == std::trunc(v); };
  std::vector<bool> exact(problem.row_lower.size(), true);
  std::vector<double> size(exact.size(), 0);
  for (size_t j = 0; j < x.size(); ++j) {
    const bool integer = problem.column_type[j] != ColumnType::kContinuous && whole(x[j]);
    for (int64_t k = problem.column_start[j]; k < problem.column_start[j + 1]; ++k) {
      const auto i = static_cast<size_t>(problem.row_index[k]);
      size[i] += std::fabs(problem.value[k] * x[j]);
      if (!integer || !whole(problem.value[k]) || !(size[i] < kLargestExact)) exact[i] = false;
    }
  }
  return exact;
}

}  // namespace

PointCheck CheckPoint(const Problem& problem, std::span<const double> x) {
  PointCheck check;
  const size_t n = problem.objective.size();
  if (x.size() != n || !HasShape(problem)) {
    check.finite = false;
    check.objective = std::numeric_limits<double>::quiet_NaN();
    check.max_bound_violation = check.max_row_violation = kInfinity;
    check.max_scaled_row_violation = check.max_integrality_violation = kInfinity;
    return check;
  }
  // "Worse" is true for NaN as well, so that nothing slips through.
  auto worsen = [](double& worst, double violation) {
    if (violation <= worst) return false;
    worst = violation;
    return true;
  };
  struct Row {
    CompensatedSum sum;
    double largest = 0;
  };
  std::vector<Row> rows(problem.row_lower.size());
  double worst_column = 0;
  for (size_t j = 0; j < n; ++j) {
    double value = x[j];
    if (!std::isfinite(value)) check.finite = false;
    double outside = std::max(problem.column_lower[j] - value, value - problem.column_upper[j]);
    double fraction = 0;
    if (problem.column_type[j] != ColumnType::kContinuous) {
      fraction = std::fabs(value - std::round(value));
    }
    worsen(check.max_bound_violation, outside);
    worsen(check.max_integrality_violation, fraction);
    if (worsen(worst_column, std::max(outside, fraction))) {
      check.worst_column = static_cast<int32_t>(j);
    }
    if (value == 0) continue;
    for (int64_t k = problem.column_start[j]; k < problem.column_start[j + 1]; ++k) {
      size_t entry = static_cast<size_t>(k);
      Row& row = rows[static_cast<size_t>(problem.row_index[entry])];
      double product = row.sum.AddProduct(problem.value[entry], value);
      row.largest = std::max(row.largest, std::fabs(product));
    }
  }
  struct Violated {
    int32_t row;
    double violation;
    double scale;
    bool clear;  // no rounding of the side
  };
  std::vector<Violated> violated;
  bool clearly = false;
  for (size_t i = 0; i < rows.size(); ++i) {
    double activity = rows[i].sum.Value();
    double below = problem.row_lower[i] - activity;
    double above = activity - problem.row_upper[i];
    double violation = std::max(below, above);
    if (std::isnan(activity)) violation = kInfinity;
    if (violation <= 0) continue;
    double bound = below > above ? problem.row_lower[i] : problem.row_upper[i];
    double scale = std::max({1.0, std::fabs(bound), rows[i].largest});
    const bool clear = violation > WholeRowSlack(bound) && scale > 1;
    violated.push_back({static_cast<int32_t>(i), violation, scale, clear});
    clearly |= clear;
  }
  const std::vector<bool> exact = clearly ? ExactRows(problem, x) : std::vector<bool>();
  for (const Violated& v : violated) {
    worsen(check.max_row_violation, v.violation);
    // Rounding is no excuse where there is none.
    const bool whole = v.clear && exact[v.row];
    const double scaled = std::isinf(v.violation) || whole ? v.violation : v.violation / v.scale;
    if (worsen(check.max_scaled_row_violation, scaled)) check.worst_row = v.row;
  }
  check.objective = problem.Objective(x);
  return check;
}

int32_t ProblemBuilder::AddColumn(std::string_view name, double lower, double upper,
                                  ColumnType type, double cost) {
  problem_.objective.push_back(cost);
  problem_.column_lower.push_back(lower);
  problem_.column_upper.push_back(upper);
  problem_.column_type.push_back(type);
  problem_.column_names.Add(name);
  stamp_.push_back(-1);
  return problem_.num_columns() - 1;
}

int32_t ProblemBuilder::BeginRow(std::string_view name, double lower, double upper) {
  CloseRow();
  row_start_.push_back(num_terms());
  problem_.row_lower.push_back(lower);
  problem_.row_upper.push_back(upper);
  problem_.row_names.Add(name);
  return problem_.num_rows() - 1;
}

void ProblemBuilder::SetRowBounds(int32_t row, double lower, double upper) {
  if (row < 0 || static_cast<size_t>(row) >= problem_.row_lower.size()) {
    problem_.objective_offset = std::numeric_limits<double>::quiet_NaN();  // makes Build fail
    return;
  }
  problem_.row_lower[static_cast<size_t>(row)] = lower;
  problem_.row_upper[static_cast<size_t>(row)] = upper;
}

void ProblemBuilder::AddTerm(int32_t column, double coefficient) {
  int64_t size = num_terms();
  // A column or row that does not exist is found by Build.
  if (column >= 0 && static_cast<size_t>(column) < stamp_.size() && !row_start_.empty()) {
    int64_t& at = stamp_[static_cast<size_t>(column)];
    // A stamp may be left from an earlier row, whose vanished terms gave their places to this one:
    // hence the look at the column.
    if (at >= row_start_.back() && at < size && terms_column_[static_cast<size_t>(at)] == column) {
      terms_value_[static_cast<size_t>(at)] += coefficient;
      return;
    }
    at = size;
  }
  terms_column_.push_back(column);
  terms_value_.push_back(coefficient);
}

void ProblemBuilder::AddObjectiveTerm(int32_t column, double coefficient) {
  if (column < 0 || static_cast<size_t>(column) >= problem_.objective.size()) {
    // Makes Build fail.
    problem_.objective_offset = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  problem_.objective[static_cast<size_t>(column)] += coefficient;
}

void ProblemBuilder::SetName(std::string_view name) { problem_.name = name; }
void ProblemBuilder::SetSense(Sense sense) { problem_.sense = sense; }
void ProblemBuilder::SetObjectiveOffset(double offset) { problem_.objective_offset = offset; }
void ProblemBuilder::SetObjectiveName(std::string_view name) { problem_.objective_name = name; }

void ProblemBuilder::CloseRow() {
  if (row_start_.empty()) return;
  size_t keep = static_cast<size_t>(row_start_.back());
  for (size_t k = keep; k < terms_value_.size(); ++k) {
    if (terms_value_[k] == 0) continue;
    terms_column_[keep] = terms_column_[k];
    terms_value_[keep] = terms_value_[k];
    ++keep;
  }
  terms_column_.resize(keep);
  terms_value_.resize(keep);
}

absl::StatusOr<Problem> ProblemBuilder::Build() && {
  CloseRow();
  const size_t n = problem_.objective.size();
  const size_t entries = terms_value_.size();
  if (entries > 0 && (row_start_.empty() || row_start_[0] != 0)) {
    return BadRequest("invalid problem: a term was added before the first row");
  }
  row_start_.push_back(static_cast<int64_t>(entries));
  // Counts, then the places where each column's entries go.
  std::vector<int64_t> next(n + 1, 0);
  for (int32_t column : terms_column_) {
    if (column < 0 || static_cast<size_t>(column) >= n) {
      return BadRequest("invalid problem: a term names column " + std::to_string(column) +
                        ", which does not exist");
    }
    ++next[static_cast<size_t>(column) + 1];
  }
  for (size_t j = 0; j < n; ++j) next[j + 1] += next[j];
  problem_.column_start = next;
  problem_.row_index.resize(entries);
  problem_.value.resize(entries);
  for (size_t i = 0; i + 1 < row_start_.size(); ++i) {
    for (int64_t k = row_start_[i]; k < row_start_[i + 1]; ++k) {
      size_t column = static_cast<size_t>(terms_column_[static_cast<size_t>(k)]);
      size_t to = static_cast<size_t>(next[column]++);
      problem_.row_index[to] = static_cast<int32_t>(i);
      problem_.value[to] = terms_value_[static_cast<size_t>(k)];
    }
  }
  NormalizeNames(problem_);
  MakeInfinite(problem_);
  if (absl::Status status = problem_.Check(); !status.ok()) return status;
  return std::move(problem_);
}

}  // namespace solvent
