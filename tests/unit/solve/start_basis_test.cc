// Starting a linear problem from a basis changes its time, not its answer.
#include <algorithm>
#include <cmath>
#include <random>

#include "doctest/doctest.h"
#include "random_problem.h"
#include "solvent/cbc_backend.h"

namespace solvent::testing {
namespace {

// The same problem with other costs, bounds and sides, which may make it infeasible.
Problem WithOtherData(Problem problem, std::mt19937& random) {
  auto nudge = [&random](double value) {
    if (!std::isfinite(value) || random() % 3 == 0) return value;
    return value + static_cast<double>(static_cast<int>(random() % 21)) - 10;
  };
  for (double& cost : problem.objective) cost = nudge(cost);
  for (size_t i = 0; i < problem.row_lower.size(); ++i) {
    bool equation = problem.row_lower[i] == problem.row_upper[i];
    problem.row_lower[i] = nudge(problem.row_lower[i]);
    problem.row_upper[i] = equation ? problem.row_lower[i] : nudge(problem.row_upper[i]);
    if (problem.row_lower[i] > problem.row_upper[i]) {
      std::swap(problem.row_lower[i], problem.row_upper[i]);
    }
  }
  return problem;
}

bool IsLinear(const Problem& problem) { return !problem.is_mip() && problem.num_rows() > 0; }

TEST_CASE("status and optimum are the same from any basis") {
  auto backend = MakeCbcBackend();
  std::mt19937 random(11);
  int from_basis = 0;
  int compared = 0;
  for (uint64_t seed = 1; compared < 300; ++seed) {
    const Problem problem = MakeRandomProblem(seed).problem;
    if (!IsLinear(problem)) continue;
    const auto first = backend->Solve(problem, {});
    REQUIRE(first.ok());
    if (first->column_basis.empty()) continue;
    SolveOptions options;
    options.start_columns = first->column_basis;
    options.start_rows = first->row_basis;
    if (random() % 4 == 0) {  // any basis at all
      std::shuffle(options.start_columns.begin(), options.start_columns.end(), random);
      std::shuffle(options.start_rows.begin(), options.start_rows.end(), random);
    }
    const Problem other = WithOtherData(problem, random);
    const auto cold = backend->Solve(other, {});
    const auto warm = backend->Solve(other, options);
    REQUIRE(cold.ok());
    REQUIRE(warm.ok());
    CAPTURE(seed);
    CHECK(warm->status == cold->status);
    if (cold->status == SolveStatus::kOptimal) {
      CHECK(warm->objective == doctest::Approx(cold->objective).epsilon(1e-6));
    }
    from_basis += warm->warm_start_used ? 1 : 0;
    ++compared;
  }
  CHECK(from_basis > 200);
}

TEST_CASE("the same problem again takes no iterations") {
  auto backend = MakeCbcBackend();
  ProblemBuilder builder;
  for (int j = 0; j < 60; ++j) {
    builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous, 3 + j % 7);
  }
  for (int i = 0; i < 40; ++i) {
    builder.BeginRow("", 10 + i % 9, kInfinity);
    for (int j = i % 3; j < 60; j += 3) builder.AddTerm(j, 1 + (i * 7 + j * 3) % 5);
  }
  const Problem problem = *std::move(builder).Build();
  const auto first = backend->Solve(problem, {});
  REQUIRE(first.ok());
  REQUIRE(first->status == SolveStatus::kOptimal);
  CHECK(first->iterations > 0);
  CHECK_FALSE(first->warm_start_used);
  SolveOptions options;
  options.start_columns = first->column_basis;
  options.start_rows = first->row_basis;
  const auto again = backend->Solve(problem, options);
  REQUIRE(again.ok());
  CHECK(again->warm_start_used);
  CHECK(again->iterations == 0);
  CHECK(again->objective == doctest::Approx(first->objective));
  options.start_rows.pop_back();  // does not fit
  const auto unfit = backend->Solve(problem, options);
  REQUIRE(unfit.ok());
  CHECK_FALSE(unfit->warm_start_used);
  CHECK(unfit->status == SolveStatus::kOptimal);
}

}  // namespace
}  // namespace solvent::testing
