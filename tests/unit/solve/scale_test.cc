// Answers that absolute tolerances once made false: costs and sides far from 1.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "certificate.h"
#include "doctest/doctest.h"
#include "scaled_problem.h"
#include "solvent/cbc_backend.h"

namespace solvent::testing {
namespace {

struct Row {
  std::vector<double> entries;
  double lower = -kInfinity;
  double upper = kInfinity;
};

// Minimizes; columns are within [0, inf).
Problem Make(std::vector<double> cost, std::vector<Row> rows, std::vector<int> integers = {}) {
  ProblemBuilder builder;
  for (size_t j = 0; j < cost.size(); ++j) {
    const bool integer =
        std::find(integers.begin(), integers.end(), static_cast<int>(j)) != integers.end();
    builder.AddColumn("", 0, kInfinity, integer ? ColumnType::kInteger : ColumnType::kContinuous,
                      cost[j]);
  }
  for (const Row& row : rows) {
    builder.BeginRow("", row.lower, row.upper);
    for (size_t j = 0; j < row.entries.size(); ++j) {
      if (row.entries[j] != 0) builder.AddTerm(static_cast<int32_t>(j), row.entries[j]);
    }
  }
  return *std::move(builder).Build();
}

Row AtMost(double upper, std::vector<double> entries) {
  return {.entries = std::move(entries), .upper = upper};
}
Row AtLeast(double lower, std::vector<double> entries) {
  return {.entries = std::move(entries), .lower = lower};
}

SolveResult Solve(const Problem& problem) {
  SolveOptions options;
  options.gap_tolerance = 0;
  absl::StatusOr<SolveResult> result = MakeCbcBackend()->Solve(problem, options);
  REQUIRE(result.ok());
  return *std::move(result);
}

void ExpectOptimum(const Problem& problem, double objective) {
  const SolveResult result = Solve(problem);
  CAPTURE(objective);
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(std::abs(result.objective - objective) <= 1e-6 * std::abs(objective));
  CHECK(result.verification.trust == Trust::kProven);
  CHECK(result.gap <= 1e-6);
}

TEST_CASE("small costs count as much as large ones, relative to each other") {
  const std::vector<Row> rows = {AtMost(5, {1, 1}), AtMost(9, {1, 3})};
  for (double unit : {1.0, 1e-6, 1e-9, 1e-12, 1e9}) {
    ExpectOptimum(Make({-1 * unit, -2 * unit}, rows), -7 * unit);
    ExpectOptimum(Make({-1 * unit, -2 * unit}, rows, {0, 1}), -7 * unit);
  }
}

TEST_CASE("small costs count where columns get far, beside large costs") {
  ExpectOptimum(Make({-5e-8, -3e-8}, {AtMost(1e9, {1, 1}), AtMost(5e8, {1, -1})}), -45);
  const std::vector<Row> rows = {AtMost(1e9, {0, 1, 1, 0}), AtMost(1, {1, 0, 0, 1})};
  ExpectOptimum(Make({-1, -5e-8, 0, 0}, rows), -51);
  ExpectOptimum(Make({-1, -5e-8, 0, 0}, rows, {3}), -51);
  ExpectOptimum(Make({-1e-8, 0, 0}, {AtMost(0, {1, -1, 0}), AtMost(1e9, {0, 1, 1})}), -10);
  ExpectOptimum(Make({-1000, -1e-5, 0}, {AtMost(1e13, {0, 1, 1}), AtMost(1, {1, 0, 0})}),
                -100001000);
}

TEST_CASE("large costs that cancel hide no small ones") {
  for (double large : {1e6, 1e13, 1e14}) {
    Problem problem = Make({-large, large, -1, -1},
                           {AtMost(0, {1, -1, 0, 0}), AtMost(4, {0, 0, 1, 2}),
                            AtMost(6, {0, 0, 3, 1}), AtMost(1, {1}), AtLeast(1, {0, 1})});
    const SolveResult result = Solve(problem);
    CAPTURE(large);
    CHECK(result.status == SolveStatus::kOptimal);
    CHECK(result.objective == doctest::Approx(-2.8));
  }
}

TEST_CASE("an endless gain is found however small its slope") {
  const std::vector<Row> rows = {AtMost(1, {1, -1, 0}), AtLeast(1, {0, 1, 1}),
                                 AtMost(1, {0, 0, 1})};
  for (double unit : {1.0, 1e-7, 1e-10}) {
    CAPTURE(unit);
    CHECK(Solve(Make({-unit, 0, -1}, rows)).status == SolveStatus::kUnbounded);
    CHECK(Solve(Make({-unit, 0, -1}, rows, {2})).status == SolveStatus::kUnbounded);
    CHECK(Solve(Make({-unit, 0, 0}, rows)).status == SolveStatus::kUnbounded);
  }
}

TEST_CASE("an optimum far away is no endless gain") {
  for (double side : {1e12, 1e16, 1e20}) {
    CAPTURE(side);
    const std::vector<Row> rows = {AtMost(side, {1, 1, 0}), AtMost(1, {0, 0, 1})};
    const SolveResult linear = Solve(Make({-1, 0, 0}, rows));
    CHECK(linear.status == SolveStatus::kOptimal);
    CHECK(linear.objective == doctest::Approx(-side));
    const SolveResult mixed = Solve(Make({-1, 0, 0}, rows, {2}));
    CHECK(mixed.status == SolveStatus::kOptimal);
    CHECK(mixed.objective == doctest::Approx(-side));
  }
  // As slowly as this column grows, it reaches its end.
  const SolveResult slow = Solve(Make({-1, 0}, {AtMost(0, {1e-10, -1}), AtMost(1, {0, 1})}));
  CHECK(slow.status == SolveStatus::kOptimal);
  CHECK(slow.objective == doctest::Approx(-1e10));
}

TEST_CASE("a ray must not creep towards a bound") {
  const Problem problem = Make({-1, 0}, {AtMost(0, {1e-10, -1}), AtMost(1, {0, 1})});
  const MinForm form(problem);
  CHECK_FALSE(IsUnboundedRay(form, std::vector<double>{1, 1e-10}));
  const Problem narrow = Make({-1, 0}, {AtMost(5, {1, -(1 - 1e-10)})});
  const MinForm closing(narrow);
  CHECK_FALSE(IsUnboundedRay(closing, std::vector<double>{1, 1}));
  CHECK(IsUnboundedRay(closing, std::vector<double>{1, 1.1}));
}

TEST_CASE("optimal is not believed where a ray leaves with the least cost") {
  // The free column gains 1e-10 a step, for ever, beside a cost of 2e5.
  const std::vector<Row> rows = {AtLeast(0, {1, -3, 2, 0, -1000}), AtLeast(8e5, {-1, -3, 0, 1, 0}),
                                 AtLeast(4, {0, 5, 0, -1, 0})};
  for (bool mixed : {false, true}) {
    Problem problem = Make({-6e-8, 5e-7, 9e-5, 2e5, 1e-10}, rows);
    problem.column_lower[4] = -kInfinity;
    if (mixed) problem.column_type[2] = ColumnType::kInteger;
    const SolveResult result = Solve(problem);
    CHECK(result.status == SolveStatus::kUnbounded);
    CHECK(result.verification.trust == Trust::kProven);
  }
}

TEST_CASE("a ray of the cheapest column is found beside costs that hide it") {
  Problem problem = Make({5e-10, 0, 0.3, 7e-4, 0.2, -8e7},
                         {AtMost(1, {0, -3, 5, -3, 0, 0}),
                          {.entries = {0, 1, 2, 3, 5, 5}, .lower = 3, .upper = 11},
                          AtMost(0, {2, 2, 1, 0, 0, 0})});
  problem.column_lower[0] = problem.column_lower[1] = -kInfinity;
  problem.column_upper[1] = 300;
  const SolveResult result = Solve(problem);
  CHECK(result.status == SolveStatus::kUnbounded);
  CHECK(result.verification.trust == Trust::kProven);
}

TEST_CASE("a ray is found where the root is falsely called empty") {
  Problem problem = Make({-8e-8, -8e5, -8e-8, -5e-8},
                         {AtMost(3, {0, 0, 1, 0}), AtLeast(90000, {2, 0, 5, 4})}, {1, 2});
  problem.column_lower[0] = -kInfinity;
  problem.column_upper[1] = 4;
  const SolveResult result = Solve(problem);
  CHECK(result.status == SolveStatus::kUnbounded);
  CHECK(result.verification.trust == Trust::kProven);
}

TEST_CASE("rounding of large multipliers hides no cost of a column without a bound") {
  const std::vector<Row> rows = {AtMost(0, {1, 0, 0, 0, 0, 0}),
                                 {.entries = {5, 20, 0, -3, 2, 0}, .lower = 0, .upper = 0},
                                 {.entries = {0, -20, 1, 3, 0, 2}, .lower = 7e8, .upper = 7.6e8}};
  Problem problem = Make({-5e-6, -2e-8, 0, 0, -2e5, -9e-5}, rows, {0, 5});
  problem.column_upper[2] = 30000;
  problem.column_upper[5] = 2;
  const MinForm form(problem);
  ImpliedBounds implied(form);
  CHECK(DualBound(form, form.lower, form.upper, std::vector<double>{0, -1e5, -1e5}, implied) ==
        -kInfinity);
  const SolveResult result = Solve(problem);
  CHECK(result.status == SolveStatus::kUnbounded);
  CHECK(result.verification.trust == Trust::kProven);
}

TEST_CASE("a gain that is left where large costs cancel is told from rounding in whole numbers") {
  // 3 of the second and 4 of the third cost nothing, and let the first gain.
  const std::vector<Row> rows = {AtMost(30, {4, -1, 0}), AtMost(0, {0, 4, -3})};
  const Problem problem = Make({-4e-10, -400, 300}, rows);
  const SolveResult result = Solve(problem);
  CHECK(result.status == SolveStatus::kUnbounded);
  CHECK(result.verification.trust == Trust::kProven);
  const MinForm form(problem);
  CHECK(IsUnboundedRay(form, std::vector<double>{0.25, 1, 4.0 / 3}));
  CHECK_FALSE(IsUnboundedRay(form, std::vector<double>{0.26, 1, 4.0 / 3}));
  // Decimals as doubles leave a gain of 3e-17 that nobody meant.
  const Problem decimals = Make({0.3, -0.1}, {AtMost(0, {-3, 1})});
  const MinForm rounded(decimals);
  CHECK_FALSE(IsUnboundedRay(rounded, std::vector<double>{1, 3}));
}

TEST_CASE("what a tolerance leaves of a bound is no gain") {
  // 4 y <= 0, where y = 1e-12 would be worth 3e-4.
  const std::vector<Row> rows = {AtMost(0, {0, 4, 0}), AtMost(8, {2, -1, 0}), AtMost(2, {1, 0, 1})};
  const SolveResult bound = Solve(Make({0.07, -3e8, 0}, rows, {0, 2}));
  CHECK(bound.status == SolveStatus::kOptimal);
  CHECK(bound.objective == 0);
  // The last column has no bound to be moved onto.
  Problem problem =
      Make({-9e-10, 0, 0, 0, 5e7},
           {AtMost(0, {1, 0, 0, 0, 0}), AtMost(1, {0, 0, 1, 0, 0}), AtLeast(0, {0, 0, -2, -1, 4})},
           {0, 2});
  problem.column_lower[4] = -kInfinity;
  const SolveResult whole = Solve(problem);
  CHECK(whole.status == SolveStatus::kOptimal);
  CHECK(whole.objective == 0);
  // Nor where there are no integers.
  problem = Make({-9e6, 0, 2e-5, 1, 0, 0.005},
                 {AtLeast(5e8, {0, 3, -3, 50, 0, 0}), AtMost(0, {5, 0, 5, 4, 0, 0})});
  problem.column_upper[0] = 9e9;
  problem.column_upper[5] = 200;
  const SolveResult linear = Solve(problem);
  CHECK(linear.status == SolveStatus::kOptimal);
  CHECK(linear.objective == 0);
}

TEST_CASE("of points that are not proven one that makes use of no tolerance is taken") {
  // 4 x >= 2, short of it by 3e-14, would let a column worth 7e7 gain 5e-4.
  Problem problem = Make({0, 6e5, 4e-10, -7e7, 0.002, 7e7},
                         {AtMost(1000, {2000, 5, 0, 2, 200, 3}), AtLeast(2, {4, 0, -3, 0, 0, -3}),
                          AtMost(8000, {0, 4, 0, 4, 2, 0}), AtMost(1, {0, 0, 3, 0, 2, 2})});
  problem.column_lower[0] = -kInfinity;
  const SolveResult result = Solve(problem);
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.objective == 0);
}

TEST_CASE("a dual bound leaves nothing out that a far column could add up to") {
  const Problem problem = Make({-5e-8, -1}, {AtMost(1e9, {1, 0}), AtMost(1, {0, 1})});
  const MinForm form(problem);
  ImpliedBounds implied(form);
  CHECK(DualBound(form, form.lower, form.upper, std::vector<double>{0, -1}, implied) <= -51);
  const Problem endless = Make({-5e-8, -1}, {AtMost(1e9, {-1, 0}), AtMost(1, {0, 1})});
  const MinForm open(endless);
  ImpliedBounds none(open);
  CHECK(DualBound(open, open.lower, open.upper, std::vector<double>{0, -1}, none) == -kInfinity);
}

TEST_CASE("a Farkas proof counts what a far column could add up to") {
  // x - y >= 1 and y >= (1 - 1e-12) x: satisfied from x = 1e12 on.
  const Problem problem = Make({0, 0}, {AtLeast(1, {1, -1}), AtLeast(0, {-(1 - 1e-12), 1})});
  const MinForm form(problem);
  CHECK_FALSE(IsFarkasProof(form, form.lower, form.upper, std::vector<double>{1, 1}));
}

TEST_CASE("multipliers that leave rounding on free columns prove all the same") {
  ProblemBuilder builder;
  for (int j = 0; j < 5; ++j)
    builder.AddColumn("", -kInfinity, kInfinity, ColumnType::kContinuous, 0);
  const std::vector<Row> rows = {
      AtMost(140.4, {68.88, 51.59, -15.89, -48.22, 2.25}),
      AtMost(-295.5, {-19.01, 56.76, -39.34, -4.68, 16.68}),
      AtMost(52.5, {81.62, 0.94, -43.63, 51.16, 23.67}),
      AtMost(-57.3, {-49.9, 81.95, 96.56, 62.04, 80.43}),
      AtMost(21.4, {-37.97, 45.97, 79.77, 36.8, -5.57}),
      // 0.1 above what the others allow.
      AtLeast(-886.3, {-106.5325, 479.6825, 153.8975, 158.64, 304.0225})};
  for (const Row& row : rows) {
    builder.BeginRow("", row.lower, row.upper);
    for (size_t j = 0; j < row.entries.size(); ++j)
      builder.AddTerm(static_cast<int32_t>(j), row.entries[j]);
  }
  const SolveResult result = Solve(*std::move(builder).Build());
  CHECK(result.status == SolveStatus::kInfeasible);
  CHECK(result.verification.trust == Trust::kProven);
}

TEST_CASE("a row of large terms that is made exact costs no other row") {
  // Rounding leaves 0.01 in the chain's rows, more than u - w = 0.0018 can ever be off; the values
  // of u and w are next to whole numbers that do not hold it.
  for (ColumnType type : {ColumnType::kContinuous, ColumnType::kInteger}) {
    constexpr int n = 30;
    ProblemBuilder builder;
    for (int j = 0; j < n; ++j) builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous, 1);
    const int32_t u = builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous, 1);
    const int32_t w = builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous, 0);
    const int32_t whole = builder.AddColumn("", 0, 3, type, 0);
    auto equal = [&](double value, std::initializer_list<std::pair<int32_t, double>> terms) {
      builder.BeginRow("", value, value);
      for (auto [column, factor] : terms) builder.AddTerm(column, factor);
    };
    for (int i = 1; i < n; ++i) {
      const double p = 300000.0 + 7919 * i, q = 100000.0 + 104729 * (i % 7);
      equal((p + q) * 1e9, {{i - 1, p}, {i, q}});
    }
    equal(1000001e9, {{n - 1, 700000}, {0, 300001}});
    equal(2000000, {{u, 1}, {w, 1}});
    equal(0.0018, {{u, 1}, {w, -1}});
    equal(2, {{whole, 1}});
    const SolveResult result = Solve(*std::move(builder).Build());
    REQUIRE(result.status == SolveStatus::kOptimal);
    CHECK(result.objective == doctest::Approx(n * 1e9 + 1000000.0009).epsilon(1e-12));
    CHECK(result.x[static_cast<size_t>(u)] - result.x[static_cast<size_t>(w)] ==
          doctest::Approx(0.0018).epsilon(1e-3));
    CHECK(result.verification.trust == Trust::kProven);
  }
}

TEST_CASE("rows imply bounds through each other") {
  const Problem problem =
      Make({0, 0, 0}, {AtMost(0, {1, -2, 0}), AtMost(1e9, {0, 1, 1}), AtLeast(-3, {0, 0, -1})});
  const MinForm form(problem);
  ImpliedBounds implied(form);
  CHECK(implied.upper(0) == doctest::Approx(2e9));
  CHECK(implied.upper(0) >= 2e9);
  CHECK(implied.upper(1) == doctest::Approx(1e9));
  CHECK(implied.upper(2) >= 3);
  const Problem open = Make({0, 0}, {AtMost(3, {1, -1})});
  const MinForm none(open);
  ImpliedBounds nothing(none);
  CHECK(std::isinf(nothing.upper(0)));
  CHECK(std::isinf(nothing.upper(1)));
}

// The rows are near-copies of each other: Clp, with and without CBC's preprocessing, calls them a
// contradiction.
TEST_CASE("a point that the solver passes over twice is found") {
  for (double cost : {-1.0, 0.0}) {
    ProblemBuilder builder;
    builder.AddColumn("", -kInfinity, kInfinity, ColumnType::kInteger);
    builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous);
    builder.AddColumn("", -kInfinity, kInfinity, ColumnType::kContinuous, cost);
    const double rows[3][4] = {{-0.09136, 0.87, 0, -9135.13},
                               {-0.091359915, 0.87, 0, -9135.1215},
                               {0, -6.2, -0.02, -26.2}};
    for (int i = 0; i < 3; ++i) {
      builder.BeginRow("", rows[i][3], i < 2 ? rows[i][3] : kInfinity);
      for (int j = 0; j < 3; ++j) {
        if (rows[i][j] != 0) builder.AddTerm(j, rows[i][j]);
      }
    }
    for (bool verify : {true, false}) {
      SolveOptions options;
      options.verify = verify;
      const Problem problem = *ProblemBuilder(builder).Build();
      const absl::StatusOr<SolveResult> result = MakeCbcBackend()->Solve(problem, options);
      REQUIRE(result.ok());
      CAPTURE(cost);
      CAPTURE(verify);
      REQUIRE(result->has_point);
      CHECK(result->x[0] == 100000);
      CHECK(result->objective == doctest::Approx(1000 * cost));
      CHECK(result->verification.corrected);
      if (cost == 0) CHECK(result->status == SolveStatus::kOptimal);
    }
  }
}

// Both solves call these a contradiction, and the search cannot walk through all their integers.
TEST_CASE("beside near-copies of rows two solves do not make an infeasible") {
  for (uint64_t seed : {6922, 11272}) {
    CAPTURE(seed);
    const ScaledProblem near = MakeNearProblem(seed);
    const absl::StatusOr<SolveResult> result =
        MakeCbcBackend()->Solve(near.problem, SolveOptions());
    REQUIRE(result.ok());
    CHECK(result->status != SolveStatus::kInfeasible);
  }
}

// Two pairs of equations that differ by a hundred-thousandth, and an equation that is nearly the
// sum of three times one and twice another. CBC calls them contradictions, with and without
// preprocessing; as narrow ranges it does not.
TEST_CASE("where rows nearly depend on each other loose ones are looked at before an infeasible") {
  struct Dependent {
    std::vector<double> cost, upper;
    std::vector<std::vector<double>> rows;  // with their sides
  };
  const Dependent problems[] = {
      {{3, 8, -9, 7, 5, 6, 3, 2, 6},
       {1, 1725, 2875, 49, 47, 1476, 1001, 48, 2},
       {{-20, 4, 180000, 0, 3000000, -160000, 7000000, 40000, -3, 222462877},
        {-20, 4, 180000, 0, 3000000, -160000, 7000066.6626452, 40000, -3, 222462943.6626452},
        {-2000, -2, -8, 80000, -2, -120000, 3000, -5000, -4000000, -176205524},
        {-2000, -2, -8, 80000, -1.9999956, -120000, 3000, -5000, -4000004.1906108,
         -176205528.190448}}},
      {{5, -4, -7, -5, -1, -2, 6, -4},
       {0, 18, 3, 2783, 51, 50, 584, 1196},
       {{-30, 50, 8, -9, -1000, 100000, 4000, -2000, 3894467},
        {-2, -80, 5, 6, 4, 9000000, -100000, 6000, 308832177},
        {-94, -10.0023454, 34, -14.9737328, -2992, 18300000, -188000, 6000, 629347827.8201824}}}};
  for (const Dependent& dependent : problems) {
    const size_t columns = dependent.cost.size();
    CAPTURE(columns);
    ProblemBuilder builder;
    for (size_t j = 0; j < columns; ++j)
      builder.AddColumn("", 0, dependent.upper[j], ColumnType::kInteger, dependent.cost[j]);
    for (const std::vector<double>& row : dependent.rows) {
      builder.BeginRow("", row.back(), row.back());
      for (size_t j = 0; j < columns; ++j) {
        if (row[j] != 0) builder.AddTerm(static_cast<int32_t>(j), row[j]);
      }
    }
    CHECK(Solve(*std::move(builder).Build()).status != SolveStatus::kInfeasible);
  }
}

// x1 + x2 = x2 + x3 = x1 + x3 = 1 for integers, beside rows that share a large coefficient and more
// binaries than the search takes on.
TEST_CASE("large coefficients that rows share do not keep an infeasible problem from its answer") {
  ProblemBuilder builder;
  auto add = [&builder](double upper, ColumnType type, double cost) {
    return builder.AddColumn("", 0, upper, type, cost);
  };
  const int32_t f = add(100, ColumnType::kContinuous, 0), g = add(100, ColumnType::kContinuous, 0);
  const int32_t y = add(1, ColumnType::kInteger, 1);
  int32_t odd[3];
  for (int32_t& column : odd) column = add(1, ColumnType::kInteger, 1);
  std::vector<int32_t> others;
  for (int j = 0; j < 205; ++j) others.push_back(add(1, ColumnType::kInteger, 1));
  for (int32_t flow : {f, g}) {
    builder.BeginRow("", -kInfinity, 0);
    builder.AddTerm(flow, 1);
    builder.AddTerm(y, -20000);
  }
  builder.BeginRow("", 5, kInfinity);
  builder.AddTerm(f, 1);
  builder.AddTerm(g, 1);
  for (int i = 0; i < 3; ++i) {
    builder.BeginRow("", 1, 1);
    builder.AddTerm(odd[i], 1);
    builder.AddTerm(odd[(i + 1) % 3], 1);
  }
  builder.BeginRow("", 100, kInfinity);
  for (size_t j = 0; j < others.size(); ++j) builder.AddTerm(others[j], 3 + double(j % 5));
  CHECK(Solve(*ProblemBuilder(builder).Build()).status == SolveStatus::kInfeasible);
  // Nor when the small ones are large elsewhere.
  builder.BeginRow("", -kInfinity, 1e8);
  builder.AddTerm(f, 15000);
  builder.AddTerm(g, 12500);
  CHECK(Solve(*std::move(builder).Build()).status == SolveStatus::kInfeasible);
}

TEST_CASE("a linear problem is never called infeasible without a proof") {
  for (double sign : {1.0, -1.0}) {
    ProblemBuilder builder;
    builder.AddColumn("", -kInfinity, kInfinity, ColumnType::kContinuous, 1);
    builder.AddColumn("", -kInfinity, kInfinity, ColumnType::kContinuous);
    for (int i = 0; i < 2; ++i) {
      const double side = sign > 0 ? 1 + i : 1 - i;
      builder.BeginRow("", side, side);
      builder.AddTerm(0, 1);
      builder.AddTerm(1, sign * (i == 0 ? 1 : 1.00000000001));
    }
    // Its point is some 1e11 away.
    CHECK(Solve(*std::move(builder).Build()).status != SolveStatus::kInfeasible);
  }
}

// The least x with lower <= a x + b y <= upper, whole numbers from 0 to `most`.
SolveResult SolvePair(double a, double b, double lower, double upper, double most) {
  ProblemBuilder builder;
  for (int j = 0; j < 2; ++j) builder.AddColumn("", 0, most, ColumnType::kInteger, j == 0 ? 1 : 0);
  builder.BeginRow("", lower, upper);
  builder.AddTerm(0, a);
  builder.AddTerm(1, b);
  const Problem problem = *std::move(builder).Build();
  SolveOptions options;
  options.time_limit_seconds = 60;
  absl::StatusOr<SolveResult> result = MakeCbcBackend()->Solve(problem, options);
  REQUIRE(result.ok());
  return *std::move(result);
}

// Points that miss the row by 2 are 1e-15 of its terms away; a simplex code sees none that fit.
TEST_CASE("whole numbers in integer columns are added up without a tolerance") {
  struct Case {
    double a, b, most, optimum;
  };
  for (const Case& c : {Case{10000019, -10000079, 20000158, 9833411},
                        Case{100000007, -100000037, 200000074, 76666695}}) {
    const SolveResult result = SolvePair(c.a, c.b, 1, 1, c.most);
    CHECK(result.status == SolveStatus::kOptimal);
    CHECK(result.objective == c.optimum);
    CHECK(result.verification.max_row_violation == 0);
  }
}

// 1.07 * 1e12 and 1.11 * 1e10 are no whole numbers in doubles.
TEST_CASE("the rounding of a side of whole numbers makes nothing infeasible") {
  struct Case {
    double lower;
    double upper;
    double optimum;
  };
  for (const Case& c :
       {Case{1.07 * 1e12, 1.07 * 1e12, 1.07e12}, Case{1.11 * 1e10, 1.11 * 1e10, 1.11e10},
        Case{1.11 * 1e10, kInfinity, 1.11e10}, Case{1.11e10 + 1e-3, kInfinity, 1.11e10 + 1}}) {
    CAPTURE(c.lower);
    const SolveResult result = SolvePair(1, -1, c.lower, c.upper, 1e13);
    CHECK(result.status == SolveStatus::kOptimal);
    CHECK(result.objective == c.optimum);
  }
}

// Branch and bound would go on for ever.
TEST_CASE("a divisor of a row's whole numbers settles what bounds do not") {
  struct Case {
    std::vector<Row> rows;
    bool infeasible;
  };
  const std::vector<Case> cases = {
      {{{.entries = {3, -3}, .lower = 1, .upper = 2}}, true},
      {{AtMost(1, {2, -2}), AtLeast(1, {4, -4})}, true},
      {{AtMost(1, {6, -4}), AtLeast(-1, {6, -4}), AtMost(4, {1, 1})}, false},
      {{AtMost(2.9999999, {3, -3}), AtLeast(3.0000001, {3, -3}), AtMost(5, {1, 0})}, false}};
  for (size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    const SolveResult result = Solve(Make({-1, 0}, cases[i].rows, {0, 1}));
    CHECK(result.status ==
          (cases[i].infeasible ? SolveStatus::kInfeasible : SolveStatus::kOptimal));
    CHECK(result.verification.trust == Trust::kProven);
  }
}

}  // namespace
}  // namespace solvent::testing
