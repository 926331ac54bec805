#include "solvent/cbc_backend.h"

#include "backend_conformance.h"
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

}  // namespace
}  // namespace solvent::testing
