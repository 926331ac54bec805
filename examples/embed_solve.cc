// A problem solved in ten lines: no database, no server.
//
//   minimize 2x + 3y   subject to   x + y >= 4,   x, y >= 0
#include <cstdio>

#include "solvent/solvent.h"

int main() {
  solvent::ProblemBuilder builder;
  int x = builder.AddColumn("x", 0, solvent::kInfinity, solvent::ColumnType::kContinuous, 2);
  int y = builder.AddColumn("y", 0, solvent::kInfinity, solvent::ColumnType::kContinuous, 3);
  builder.BeginRow("demand", 4, solvent::kInfinity);
  builder.AddTerm(x, 1);
  builder.AddTerm(y, 1);
  auto problem = std::move(builder).Build();
  if (!problem.ok()) return 1;

  auto result = solvent::MakeCbcBackend()->Solve(*problem, {});
  if (!result.ok() || !result->has_point) return 1;
  std::printf("%s: objective %g at x = %g, y = %g (%s)\n",
              std::string(solvent::ToString(result->status)).c_str(), result->objective,
              result->x[0], result->x[1],
              std::string(solvent::ToString(result->verification.trust)).c_str());
}
