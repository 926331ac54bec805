#include "solvent/cbc_backend.h"

#include <cmath>

#include "backend_conformance.h"
#include "cbc_run.h"
#include "doctest/doctest.h"

namespace solvent::testing {
namespace {

TEST_CASE("CBC in this process does what a backend must") {
  RunBackendConformance([] { return MakeCbcBackend(); });
}

TEST_CASE("the same seed gives the same run") {
  auto backend = MakeCbcBackend();
  const Problem problem = *[] {
    ProblemBuilder builder;
    for (int j = 0; j < 40; ++j)
      builder.AddColumn("", 0, 1, ColumnType::kBinary, 10 + (j * 37) % 23);
    for (int i = 0; i < 3; ++i) {
      builder.BeginRow("", -kInfinity, 150 + 10 * i);
      for (int j = 0; j < 40; ++j) builder.AddTerm(j, 5 + (j * (31 + i) + i * 17) % 29);
    }
    builder.SetSense(Sense::kMaximize);
    return std::move(builder).Build();
  }();
  SolveOptions options;
  options.seed = 42;
  options.verify = false;
  const auto first = backend->Solve(problem, options);
  const auto second = backend->Solve(problem, options);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(first->x == second->x);
  CHECK(first->nodes == second->nodes);
  CHECK(first->iterations == second->iterations);
  CHECK(first->verification.trust == Trust::kSolverWord);
}

TEST_CASE("a gap is relative to the objective with its constant") {
  ProblemBuilder builder;
  for (int j = 0; j < 50; ++j)
    builder.AddColumn("", 0, 1, ColumnType::kBinary, 1000 + (j * 379) % 997);
  for (int i = 0; i < 8; ++i) {
    builder.BeginRow("", -kInfinity, 300 + 10 * i);
    for (int j = 0; j < 50; ++j) builder.AddTerm(j, 5 + (j * (31 + i) + i * i * 17) % 53);
  }
  builder.SetSense(Sense::kMaximize);
  Problem problem = *std::move(builder).Build();
  const StopControl control({}, 60);
  const double best = RunCbc(MinForm(problem), {}, control, nullptr).bound;
  REQUIRE(best < -1000);
  for (double offset : {0.0, best + 20, best - 20, 1e7}) {
    problem.objective_offset = offset;
    const MinForm form(problem);
    const MipClaim claim = RunCbc(form, {.gap = 0.05}, control, nullptr);
    CAPTURE(offset);
    REQUIRE(claim.status == MipStatus::kOptimal);
    REQUIRE_FALSE(claim.x.empty());
    const double cost = form.Cost(claim.x);
    CHECK(claim.bound <= best + 1e-6);
    CHECK(cost - claim.bound <= 0.05 * std::abs(form.ToOriginal(cost)) + 1e-6);
    CHECK(cost - claim.bound <= 0.05 * std::abs(cost) + 1e-6);
  }
}

}  // namespace
}  // namespace solvent::testing
