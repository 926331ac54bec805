#include "random_problem.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "random.h"

namespace solvent::testing {
namespace {

struct Shape {
  int64_t coefficient;  // largest absolute value
  int64_t box;          // likewise, of bounds
  int density;          // percent
  bool fractions;       // coefficients with decimals
};

double Coefficient(Random& random, const Shape& shape) {
  int64_t v = 0;
  while (v == 0) v = random.Int(-shape.coefficient, shape.coefficient);
  if (!shape.fractions) return static_cast<double>(v);
  return static_cast<double>(v) / (random.Chance(50) ? 10.0 : 8.0);
}

// `hidden` receives a value within each column's bounds.
void AddColumns(Random& random, RandomClass kind, const Shape& shape, int columns,
                ProblemBuilder& builder, std::vector<double>& hidden) {
  for (int j = 0; j < columns; ++j) {
    const double cost = random.Chance(15) ? 0.0 : Coefficient(random, shape);
    bool integer =
        kind == RandomClass::kInteger || (kind == RandomClass::kMixed && random.Chance(55));
    if (kind == RandomClass::kBinary || (integer && random.Chance(20))) {
      builder.AddColumn("", 0, 1, ColumnType::kBinary, cost);
      hidden.push_back(static_cast<double>(random.Int(0, 1)));
      continue;
    }
    double low = 0, high = kInfinity;
    switch (random.Int(0, 9)) {
      case 0: low = -kInfinity; break;
      case 1: break;
      case 2:
        low = -kInfinity;
        high = static_cast<double>(random.Int(-shape.box, shape.box));
        break;
      case 3: low = static_cast<double>(random.Int(-shape.box, shape.box)); break;
      case 4: low = high = static_cast<double>(random.Int(-shape.box, shape.box)); break;
      case 5:
        low = -static_cast<double>(shape.box);
        high = static_cast<double>(shape.box);
        break;
      default: {
        const int64_t a = random.Int(-shape.box, shape.box);
        low = static_cast<double>(a);
        high = static_cast<double>(a + random.Int(0, shape.box));
        break;
      }
    }
    // Free integer columns and fixed ones are rare in life, and cheap to answer: keep some.
    if (integer && std::isinf(high - low) && random.Chance(70)) {
      low = static_cast<double>(-random.Int(0, shape.box));
      high = static_cast<double>(random.Int(0, shape.box));
    }
    builder.AddColumn("", low, high, integer ? ColumnType::kInteger : ColumnType::kContinuous,
                      cost);
    const double near_low = std::isinf(low) ? (std::isinf(high) ? -5 : high - 10) : low;
    const double width = std::min(high - near_low, 10.0);
    hidden.push_back(near_low + static_cast<double>(random.Int(0, static_cast<int64_t>(width))));
  }
}

}  // namespace

const char* ToString(RandomClass random_class) {
  switch (random_class) {
    case RandomClass::kLinear: return "linear";
    case RandomClass::kBinary: return "binary";
    case RandomClass::kInteger: return "integer";
    case RandomClass::kMixed: return "mixed";
  }
  return "?";
}

RandomProblem MakeRandomProblem(uint64_t seed) {
  Random random(seed);
  const auto kind = static_cast<RandomClass>(seed % kRandomClasses);
  constexpr int64_t kSizes[] = {3, 9, 50, 1000, 100000};
  constexpr int64_t kBoxes[] = {1, 3, 10, 200, 1000};
  const Shape shape{.coefficient = kSizes[random.Int(0, 4)],
                    .box = kBoxes[random.Int(0, 4)],
                    .density = random.Chance(50) ? 100 : static_cast<int>(random.Int(20, 80)),
                    .fractions = random.Chance(15)};
  const bool small = random.Chance(50);
  const bool inequalities = random.Chance(30);
  const int columns = static_cast<int>(random.Int(1, small ? 6 : 20));
  const int rows = static_cast<int>(random.Int(small ? 1 : 2, small ? 5 : 12));

  ProblemBuilder builder;
  std::vector<double> hidden;
  AddColumns(random, kind, shape, columns, builder, hidden);
  // Most problems get rows drawn around a hidden point, so that they are satisfiable.
  const bool around_point = random.Chance(80);
  for (int i = 0; i < rows; ++i) {
    builder.BeginRow("", -kInfinity, kInfinity);
    double activity = 0, reach = 0;
    for (int j = 0; j < columns; ++j) {
      if (!random.Chance(shape.density)) continue;
      const double a = Coefficient(random, shape);
      builder.AddTerm(j, a);
      activity += a * hidden[j];
      reach += std::abs(a);
    }
    const double slack = std::round(reach * static_cast<double>(random.Int(0, 100)) / 100.0);
    const double middle =
        around_point ? activity
                     : std::round(reach * static_cast<double>(random.Int(-300, 300)) / 100.0);
    switch (random.Int(inequalities ? 3 : 0, 9)) {
      case 0:
      case 1: builder.SetRowBounds(i, middle, middle); break;
      case 2: builder.SetRowBounds(i, middle - slack, middle + 1); break;
      case 3:
      case 4:
      case 5: builder.SetRowBounds(i, middle - slack, kInfinity); break;
      default: builder.SetRowBounds(i, -kInfinity, middle + slack); break;
    }
  }
  if (random.Chance(40)) builder.SetSense(Sense::kMaximize);
  if (random.Chance(30)) builder.SetObjectiveOffset(static_cast<double>(random.Int(-50, 50)));
  absl::StatusOr<Problem> problem = std::move(builder).Build();
  return {kind, *std::move(problem)};
}

}  // namespace solvent::testing
