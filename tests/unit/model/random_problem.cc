#include "random_problem.h"

#include <cmath>
#include <random>
#include <string>

namespace solvent {

Problem RandomProblem(uint64_t seed) {
  std::mt19937_64 random(seed);
  auto pick = [&](uint64_t below) { return random() % below; };
  auto number = [&]() -> double {
    switch (pick(5)) {
      case 0: return static_cast<double>(static_cast<int64_t>(pick(41)) - 20);
      case 1: return static_cast<double>(pick(1000)) / 10 - 50;
      case 2:
        return std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(pick(80)) - 93);
      case 3:
        return -std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(pick(20)) - 53);
      default: return 1.0 / (1.0 + static_cast<double>(pick(100)));
    }
  };
  ProblemBuilder builder;
  bool named = pick(4) != 0;
  if (named) builder.SetName("p" + std::to_string(seed));
  if (pick(2) != 0) builder.SetSense(Sense::kMaximize);
  if (pick(2) != 0) builder.SetObjectiveOffset(number());
  if (pick(2) != 0) builder.SetObjectiveName("cost");
  int columns = static_cast<int>(pick(12)) + 1;
  int rows = static_cast<int>(pick(10));
  for (int j = 0; j < columns; ++j) {
    double lower = 0;
    double upper = kInfinity;
    ColumnType type = static_cast<ColumnType>(pick(3));
    switch (pick(7)) {
      case 0: lower = -kInfinity; break;
      case 1: lower = -kInfinity, upper = number(); break;
      case 2: lower = number(), upper = lower + std::fabs(number()); break;
      case 3: lower = upper = number(); break;
      case 4: upper = std::fabs(number()); break;
      case 5: lower = number(); break;
      default: break;
    }
    if (type == ColumnType::kBinary) lower = 0, upper = 1;
    if (type == ColumnType::kBinary && pick(8) == 0) lower = 1;
    builder.AddColumn(named ? "v_" + std::to_string(j) : "", lower, upper, type,
                      pick(3) != 0 ? number() : 0);
  }
  for (int i = 0; i < rows; ++i) {
    double lower = -kInfinity;
    double upper = kInfinity;
    switch (pick(5)) {
      case 0: lower = number(); break;
      case 1: upper = number(); break;
      case 2: lower = upper = number(); break;
      case 3: lower = number(), upper = lower + std::fabs(number()) + 1; break;
      default: break;
    }
    builder.BeginRow(named ? "row" + std::to_string(i) : "", lower, upper);
    int terms = static_cast<int>(pick(static_cast<uint64_t>(columns) + 1));
    for (int k = 0; k < terms; ++k) {
      builder.AddTerm(static_cast<int32_t>(pick(static_cast<uint64_t>(columns))), number());
    }
  }
  return std::move(builder).Build().value();
}

}  // namespace solvent
