#include "hard_problem.h"

#include <utility>

namespace solvent::testing {
namespace {

uint64_t Step(uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state >> 33;
}

}  // namespace

Problem MarketSplit(int rows, int columns, uint64_t seed) {
  ProblemBuilder builder;
  for (int j = 0; j < columns; ++j) builder.AddColumn("", 0, 1, ColumnType::kBinary);
  for (int i = 0; i < 2 * rows; ++i)
    builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous, 1);
  uint64_t state = seed;
  for (int i = 0; i < rows; ++i) {
    builder.BeginRow("", 0, 0);
    double sum = 0;
    for (int j = 0; j < columns; ++j) {
      const double a = static_cast<double>(Step(state) % 100);
      if (a == 0) continue;
      builder.AddTerm(j, a);
      sum += a;
    }
    builder.AddTerm(columns + 2 * i, 1);
    builder.AddTerm(columns + 2 * i + 1, -1);
    const double half = static_cast<double>(static_cast<int64_t>(sum) / 2);
    builder.SetRowBounds(i, half, half);
  }
  return *std::move(builder).Build();
}

Problem Knapsack(int columns, uint64_t seed) {
  ProblemBuilder builder;
  uint64_t state = seed;
  std::vector<double> weight(columns);
  double sum = 0;
  for (int j = 0; j < columns; ++j) {
    weight[j] = static_cast<double>(20 + Step(state) % 80);
    sum += weight[j];
    builder.AddColumn("", 0, 1, ColumnType::kBinary,
                      weight[j] + static_cast<double>(Step(state) % 20));
  }
  builder.BeginRow("", -kInfinity, static_cast<double>(static_cast<int64_t>(sum / 2)));
  for (int j = 0; j < columns; ++j) builder.AddTerm(j, weight[j]);
  builder.SetSense(Sense::kMaximize);
  builder.SetObjectiveOffset(7);
  return *std::move(builder).Build();
}

}  // namespace solvent::testing
