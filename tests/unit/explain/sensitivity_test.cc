#include <cmath>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "explain_tools.h"
#include "solvent/explain.h"

namespace solvent::testing {
namespace {

double Optimum(const Problem& problem) {
  absl::StatusOr<SolveResult> result = Cbc().Solve(problem, {});
  REQUIRE(result.ok());
  REQUIRE(result->status == SolveStatus::kOptimal);
  return result->objective;
}

Sensitivity Analyze(const Problem& problem, std::vector<double> x = {}) {
  absl::StatusOr<Sensitivity> sensitivity = AnalyzeSensitivity(problem, x, Cbc());
  REQUIRE(sensitivity.ok());
  return *std::move(sensitivity);
}

void Row(ProblemBuilder& b, const char* name, double lower, double upper,
         std::vector<std::pair<int, double>> terms) {
  b.BeginRow(name, lower, upper);
  for (const auto& [column, coefficient] : terms) b.AddTerm(column, coefficient);
}

// max 5x + 4y, 6x + 4y <= 24, x + 2y <= 6, y - x <= 1, y <= 2: optimum 21 at (3, 1.5).
Problem Paint() {
  ProblemBuilder b;
  const int x = b.AddColumn("exterior", 0, kInfinity, ColumnType::kContinuous, 5);
  const int y = b.AddColumn("interior", 0, kInfinity, ColumnType::kContinuous, 4);
  Row(b, "m1", -kInfinity, 24, {{x, 6}, {y, 4}});
  Row(b, "m2", -kInfinity, 6, {{x, 1}, {y, 2}});
  Row(b, "market", -kInfinity, 1, {{x, -1}, {y, 1}});
  Row(b, "demand", -kInfinity, 2, {{y, 1}});
  b.SetSense(Sense::kMaximize);
  return *std::move(b).Build();
}

void ExpectRange(const Range& range, double lower, double upper) {
  CHECK(range.lower == doctest::Approx(lower));
  CHECK(range.upper == doctest::Approx(upper));
}

// At both ends of each range, and half way, the objective must be what the range promises.
void ExpectRangesHold(const Problem& problem, const Sensitivity& s, const std::vector<double>& x) {
  auto close = [](double a, double b) {
    return std::abs(a - b) <= 1e-6 * std::max({1.0, std::abs(a), std::abs(b)});
  };
  for (const ColumnSensitivity& column : s.columns) {
    CAPTURE(column.column);
    const double now = problem.objective[column.column];
    CHECK(column.cost_range.lower <= now + 1e-7);
    CHECK(column.cost_range.upper >= now - 1e-7);
    for (double end : {column.cost_range.lower, column.cost_range.upper}) {
      const double at = std::isinf(end) ? now + (end > 0 ? 100 : -100) : end;
      Problem changed = problem;
      changed.objective[column.column] = at;
      CHECK(close(Optimum(changed), s.objective + (at - now) * x[column.column]));
    }
  }
  for (const RowSensitivity& row : s.rows) {
    CAPTURE(row.row);
    if (!row.bound) continue;
    CHECK(row.bound_range.lower <= *row.bound + 1e-7);
    CHECK(row.bound_range.upper >= *row.bound - 1e-7);
    for (double end : {row.bound_range.lower, row.bound_range.upper}) {
      const double at = std::isinf(end) ? *row.bound + (end > 0 ? 100 : -100) : end;
      Problem changed = problem;
      double& lower = changed.row_lower[row.row];
      double& upper = changed.row_upper[row.row];
      const bool equality = lower == upper;
      if (equality || *row.bound == lower) lower = at;
      if (equality || (*row.bound == upper && *row.bound != problem.row_lower[row.row])) upper = at;
      if (lower > upper) continue;  // an end that is rounded past the other side
      absl::StatusOr<SolveResult> result = Cbc().Solve(changed, {});
      REQUIRE(result.ok());
      // The very end can be infeasible by rounding.
      if (result->status != SolveStatus::kOptimal) continue;
      CHECK(close(result->objective, s.objective + (at - *row.bound) * row.dual));
    }
  }
}

}  // namespace

TEST_CASE("binding rows, slacks and contributions are exact") {
  ProblemBuilder b;  // an optimum x=2, y=8 with one tight row
  const int x = b.AddColumn("x", 0, 20, ColumnType::kContinuous, 3);
  const int y = b.AddColumn("y", 0, 20, ColumnType::kContinuous, -2);
  Row(b, "tight", -kInfinity, 10, {{x, 1}, {y, 1}});
  Row(b, "loose", 1, kInfinity, {{x, 1}});
  Row(b, "span", 0, 100, {{x, 5}, {y, 5}});
  b.SetObjectiveOffset(7);
  const Problem problem = *std::move(b).Build();
  const std::vector<double> point{2, 8};
  absl::StatusOr<PointAnalysis> analysis = AnalyzePoint(problem, point);
  REQUIRE(analysis.ok());
  CHECK(analysis->binding_rows == 1);
  CHECK(analysis->rows[0].binding);
  CHECK(analysis->rows[1].slack == 1);
  CHECK(analysis->rows[2].slack == 50);
  CHECK(analysis->objective == -3);
  REQUIRE(analysis->contributions.size() == 3);
  CHECK(analysis->contributions[0].column == y);
  CHECK(analysis->contributions[0].value == -16);
  CHECK(analysis->contributions[1].column == -1);
  const Json json = PointAnalysisToJson(problem, *analysis);
  CHECK(json["binding_count"].as_int() == 1);
  const Json& loose = json["constraints"].array()[1];
  CHECK(loose["operator"].as_string() == ">=");
  CHECK(loose["utilization"].as_double() == 2);
  CHECK(json["contributions"].array()[0]["label"].as_string() == "y");
  CHECK(json["truncated_constraints"].as_int() == 0);
  const Json cut = PointAnalysisToJson(problem, *analysis, {.rows = 1, .columns = 1});
  CHECK(cut["truncated_constraints"].as_int() == 2);
  CHECK(cut["total_constraints"].as_int() == 3);
  CHECK_FALSE(AnalyzePoint(problem, std::vector<double>{1}).ok());
  CHECK_FALSE(AnalyzePoint(problem, std::vector<double>{1, std::nan("")}).ok());
}

TEST_CASE("the textbook's ranges of the paint company") {
  const Problem problem = Paint();
  const Sensitivity s = Analyze(problem);
  REQUIRE(s.computed);
  REQUIRE(s.ranges);
  CHECK_FALSE(s.fixed_integers);
  CHECK(s.objective == doctest::Approx(21));
  CHECK(s.rows[0].dual == doctest::Approx(0.75));
  CHECK(s.rows[1].dual == doctest::Approx(0.5));
  CHECK(s.rows[2].dual == 0);
  CHECK(s.rows[3].dual == 0);
  ExpectRange(s.rows[0].bound_range, 20, 36);
  ExpectRange(s.rows[1].bound_range, 4, 20.0 / 3);
  CHECK(s.rows[2].bound_range.lower == doctest::Approx(-1.5));
  CHECK(s.rows[2].bound_range.upper == kInfinity);
  CHECK(s.rows[3].bound_range.lower == doctest::Approx(1.5));
  ExpectRange(s.columns[0].cost_range, 2, 6);
  ExpectRange(s.columns[1].cost_range, 10.0 / 3, 10);
  ExpectRangesHold(problem, s, {3, 1.5});
  const Json json = SensitivityToJson(problem, s);
  CHECK(json["constraints"].array()[0]["shadow_price"].as_double() == doctest::Approx(0.75));
  CHECK(json["constraints"].array()[2]["rhs_range"].array()[1].is_null());
  CHECK(json["variables"].array()[0]["coefficient_range"].array()[1].as_double() ==
        doctest::Approx(6));
}

TEST_CASE("an unused column's coefficient can worsen for ever") {
  ProblemBuilder b;  // min 2x + 5y, x + y >= 4
  const int x = b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous, 2);
  const int y = b.AddColumn("y", 0, kInfinity, ColumnType::kContinuous, 5);
  Row(b, "need", 4, kInfinity, {{x, 1}, {y, 1}});
  const Problem problem = *std::move(b).Build();
  const Sensitivity s = Analyze(problem);
  REQUIRE(s.ranges);
  CHECK(s.columns[y].reduced_cost == doctest::Approx(3));
  CHECK(s.columns[y].cost_range.lower == doctest::Approx(2));
  CHECK(s.columns[y].cost_range.upper == kInfinity);
  ExpectRange(s.columns[x].cost_range, 0, 5);
  CHECK(s.rows[0].dual == doctest::Approx(2));
  CHECK(s.rows[0].bound_range.lower == doctest::Approx(0));
  CHECK(s.rows[0].bound_range.upper == kInfinity);
  ExpectRangesHold(problem, s, {4, 0});
}

TEST_CASE("the ranges of random linear problems hold where they end") {
  int analyzed = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    ProblemBuilder b;
    const int columns = static_cast<int>(random.Int(2, 6));
    const int rows = static_cast<int>(random.Int(2, 5));
    for (int j = 0; j < columns; ++j) {
      const bool bounded = random.Int(0, 1) == 0;
      b.AddColumn("", 0, bounded ? static_cast<double>(random.Int(1, 20)) : kInfinity,
                  ColumnType::kContinuous, static_cast<double>(random.Int(-9, 9)));
    }
    for (int i = 0; i < rows; ++i) {
      const auto side = static_cast<double>(random.Int(5, 60));
      const int64_t kind = random.Int(0, 5);
      b.BeginRow("", kind == 0 ? side : kind == 1 ? side / 4 : -kInfinity, side);
      for (int j = 0; j < columns; ++j) b.AddTerm(j, static_cast<double>(random.Int(1, 7)));
    }
    if (random.Int(0, 1) == 0) b.SetSense(Sense::kMaximize);
    const Problem problem = *std::move(b).Build();
    CAPTURE(seed);
    absl::StatusOr<SolveResult> solved = Cbc().Solve(problem, {});
    REQUIRE(solved.ok());
    if (solved->status != SolveStatus::kOptimal) continue;
    const Sensitivity s = Analyze(problem);
    REQUIRE(s.computed);
    CHECK(s.ranges);
    if (!s.ranges) continue;
    ++analyzed;
    ExpectRangesHold(problem, s, solved->x);
  }
  CHECK(analyzed > 30);
}

TEST_CASE("a mixed-integer answer is analyzed with its integers fixed, and says so") {
  ProblemBuilder b;  // max 3n + 2y, n + y <= 4.5, n <= 3 integer
  const int n = b.AddColumn("n", 0, 3, ColumnType::kInteger, 3);
  const int y = b.AddColumn("y", 0, kInfinity, ColumnType::kContinuous, 2);
  Row(b, "cap", -kInfinity, 4.5, {{n, 1}, {y, 1}});
  b.SetSense(Sense::kMaximize);
  const Problem problem = *std::move(b).Build();
  const Sensitivity s = Analyze(problem, {3, 1.5});
  REQUIRE(s.computed);
  CHECK(s.fixed_integers);
  CHECK(s.note.find("fixed") != std::string::npos);
  CHECK(s.objective == doctest::Approx(12));
  CHECK(s.rows[0].dual == doctest::Approx(2));
  CHECK(s.rows[0].bound_range.lower == doctest::Approx(3));
  CHECK_FALSE(AnalyzeSensitivity(problem, std::vector<double>{3}, Cbc()).ok());
}

TEST_CASE("a problem of integers alone has no shadow prices") {
  ProblemBuilder b;
  b.AddColumn("n", 0, 3, ColumnType::kInteger, -1);
  Row(b, "r", -kInfinity, 2.5, {{0, 1}});
  const Sensitivity s = Analyze(*std::move(b).Build(), {2});
  CHECK_FALSE(s.computed);
  CHECK(s.note.find("integer") != std::string::npos);
}

TEST_CASE("an infeasible or unbounded problem has no sensitivities") {
  ProblemBuilder b;
  b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous, -1);
  Row(b, "r", 1, kInfinity, {{0, 1}});
  const Sensitivity s = Analyze(*std::move(b).Build());
  CHECK_FALSE(s.computed);
  CHECK(s.note.find("unbounded") != std::string::npos);
}

}  // namespace solvent::testing
