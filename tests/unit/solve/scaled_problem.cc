#include "scaled_problem.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "exact_sum.h"
#include "random.h"

namespace solvent::testing {
namespace {

__extension__ typedef __int128 Wide;

constexpr int kMostRows = 4;
// Objectives closer to zero than this share of their terms have no sign.
constexpr long double kNoSign = 1e-15L;

using Bound = std::optional<int64_t>;

// The data as integers; costs alone are not.
struct Model {
  int columns = 0;
  std::vector<std::array<int64_t, kMostRows>> matrix;  // per column
  std::vector<Bound> lower, upper;                     // of columns, then of rows
  std::vector<double> cost;                            // minimized
  std::vector<bool> integer;
  int rows = 0;
};

struct Vertex {
  std::vector<long double> x;
  long double cost = 0;
  long double terms = 0;  // sum of the absolute terms of the cost
};

Wide Determinant(const std::array<std::array<Wide, kMostRows>, kMostRows>& m, int size) {
  if (size == 0) return 1;
  if (size == 1) return m[0][0];
  Wide sum = 0;
  for (int c = 0; c < size; ++c) {
    if (m[0][c] == 0) continue;
    std::array<std::array<Wide, kMostRows>, kMostRows> minor{};
    for (int i = 1; i < size; ++i) {
      for (int k = 0, to = 0; k < size; ++k) {
        if (k != c) minor[i - 1][to++] = m[i][k];
      }
    }
    sum += (c % 2 == 0 ? 1 : -1) * m[0][c] * Determinant(minor, size - 1);
  }
  return sum;
}

// Looks at every basic solution of A x - r = 0 within the bounds of x and r; columns of `fixed`
// have their values. The best one that satisfies all bounds, exactly.
class Vertices {
 public:
  Vertices(const Model& model, const std::vector<Bound>& lower, const std::vector<Bound>& upper)
      : model_(model), lower_(lower), upper_(upper), all_(model.columns + model.rows) {}

  std::optional<Vertex> Best() {
    basic_.assign(all_, false);
    Choose(0, 0);
    return std::move(best_);
  }

 private:
  Wide Entry(int row, int k) const {
    if (k < model_.columns) return model_.matrix[k][row];
    return k - model_.columns == row ? -1 : 0;
  }

  void Choose(int k, int chosen) {
    if (chosen == model_.rows) {
      std::array<std::array<Wide, kMostRows>, kMostRows> base{};
      order_.clear();
      for (int j = 0; j < all_; ++j) {
        if (basic_[j]) order_.push_back(j);
      }
      for (int i = 0; i < model_.rows; ++i) {
        for (int c = 0; c < model_.rows; ++c) base[i][c] = Entry(i, order_[c]);
      }
      const Wide det = Determinant(base, model_.rows);
      if (det == 0) return;
      value_.assign(all_, 0);
      Place(0, base, det);
      return;
    }
    if (all_ - k < model_.rows - chosen) return;
    basic_[k] = true;
    Choose(k + 1, chosen + 1);
    basic_[k] = false;
    Choose(k + 1, chosen);
  }

  // Puts each column outside the basis to each of its bounds.
  void Place(int k, const std::array<std::array<Wide, kMostRows>, kMostRows>& base, Wide det) {
    while (k < all_ && basic_[k]) ++k;
    if (k == all_) {
      Judge(base, det);
      return;
    }
    if (!lower_[k] && !upper_[k]) {
      value_[k] = 0;
      Place(k + 1, base, det);
      return;
    }
    if (lower_[k]) {
      value_[k] = *lower_[k];
      Place(k + 1, base, det);
    }
    if (upper_[k] && upper_[k] != lower_[k]) {
      value_[k] = *upper_[k];
      Place(k + 1, base, det);
    }
  }

  void Judge(const std::array<std::array<Wide, kMostRows>, kMostRows>& base, Wide det) {
    std::array<Wide, kMostRows> right{};
    for (int i = 0; i < model_.rows; ++i) {
      for (int k = 0; k < all_; ++k) {
        if (!basic_[k]) right[i] -= Entry(i, k) * value_[k];
      }
    }
    Vertex vertex;
    vertex.x.resize(all_);
    for (int k = 0; k < all_; ++k) vertex.x[k] = static_cast<long double>(value_[k]);
    for (int c = 0; c < model_.rows; ++c) {
      auto replaced = base;
      for (int i = 0; i < model_.rows; ++i) replaced[i][c] = right[i];
      Wide up = Determinant(replaced, model_.rows), down = det;
      if (down < 0) {
        up = -up;
        down = -down;
      }
      const int k = order_[c];
      if (lower_[k] && up < *lower_[k] * down) return;
      if (upper_[k] && up > *upper_[k] * down) return;
      vertex.x[k] = static_cast<long double>(up) / static_cast<long double>(down);
    }
    vertex.x.resize(model_.columns);
    for (int j = 0; j < model_.columns; ++j) {
      const long double term = static_cast<long double>(model_.cost[j]) * vertex.x[j];
      vertex.cost += term;
      vertex.terms += std::abs(term);
    }
    if (!best_ || vertex.cost < best_->cost) best_ = std::move(vertex);
  }

  const Model& model_;
  const std::vector<Bound>& lower_;
  const std::vector<Bound>& upper_;
  const int all_;
  std::vector<bool> basic_;
  std::vector<int> order_;
  std::vector<int64_t> value_;
  std::optional<Vertex> best_;
};

// Tries every value of the integer columns, all of which have both bounds.
void TryIntegers(const Model& model, size_t k, std::vector<Bound>& lower, std::vector<Bound>& upper,
                 std::optional<Vertex>& best) {
  while (k < model.integer.size() && !model.integer[k]) ++k;
  if (k == model.integer.size()) {
    std::optional<Vertex> found = Vertices(model, lower, upper).Best();
    if (found && (!best || found->cost < best->cost)) best = std::move(found);
    return;
  }
  const Bound from = lower[k], to = upper[k];
  for (int64_t v = *from; v <= *to; ++v) {
    lower[k] = upper[k] = v;
    TryIntegers(model, k + 1, lower, upper, best);
  }
  lower[k] = from;
  upper[k] = to;
}

Reference Answer(const Model& model, const std::vector<Bound>& lower,
                 const std::vector<Bound>& upper) {
  Reference reference;
  reference.how = "bases";
  reference.exact = true;
  std::vector<Bound> low = lower, high = upper;
  std::optional<Vertex> best;
  TryIntegers(model, 0, low, high, best);
  if (!best) {
    reference.answer = Reference::Answer::kInfeasible;
    return reference;
  }
  // Directions within a unit box, of columns only: rows may drift freely towards no bound.
  for (size_t k = 0; k < lower.size(); ++k) {
    const bool column = k < static_cast<size_t>(model.columns);
    low[k] = lower[k] ? Bound(0) : column ? Bound(-1) : Bound();
    high[k] = upper[k] ? Bound(0) : column ? Bound(1) : Bound();
  }
  const std::optional<Vertex> ray = Vertices(model, low, high).Best();
  if (ray && ray->cost < -kNoSign * ray->terms) {
    reference.answer = Reference::Answer::kUnbounded;
    return reference;
  }
  if (ray && ray->cost < 0) {
    reference.exact = false;
    return reference;  // too close to tell
  }
  reference.answer = Reference::Answer::kOptimal;
  reference.cost = static_cast<double>(best->cost);
  for (long double v : best->x) reference.point.push_back(static_cast<double>(v));
  return reference;
}

int64_t Power(int64_t exponent) {
  int64_t v = 1;
  while (exponent-- > 0) v *= 10;
  return v;
}

double Decimal(int64_t digits, int64_t exponent) {
  return exponent >= 0 ? static_cast<double>(digits * Power(exponent))
                       : static_cast<double>(digits) / static_cast<double>(Power(-exponent));
}

double ToDouble(const Bound& bound, double none) {
  return bound ? static_cast<double>(*bound) : none;
}

}  // namespace

ScaledProblem MakeScaledProblem(uint64_t seed) {
  Random random(seed ^ 0x5ca1ed);
  Model model;
  model.columns = static_cast<int>(random.Int(1, 6));
  model.rows = static_cast<int>(random.Int(1, kMostRows));
  const bool any_integer = random.Chance(50);
  // All costs of one size, of two, or of any.
  const int64_t first = random.Int(-10, 8), second = random.Int(-10, 8);
  const int64_t style = random.Int(0, 2);
  const int64_t largest_side = random.Int(0, 12);
  auto side = [&] { return random.Int(0, 9) * Power(random.Int(0, largest_side)); };
  std::vector<Bound> row_lower, row_upper;
  for (int j = 0; j < model.columns; ++j) {
    const int64_t exponent = style == 0   ? first
                             : style == 1 ? (random.Chance(50) ? first : second)
                                          : random.Int(-10, 8);
    const int64_t digits = random.Chance(20) ? 0 : random.Int(-9, 9);
    model.cost.push_back(Decimal(digits, exponent));
    model.integer.push_back(any_integer && random.Chance(35));
    Bound low = 0, high;
    if (model.integer.back()) {
      high = random.Int(0, 4);
    } else {
      switch (random.Int(0, 9)) {
        case 0: low.reset(); break;
        case 1: high = side(); break;
        case 2:
          low.reset();
          high = side();
          break;
        default: break;
      }
    }
    model.lower.push_back(low);
    model.upper.push_back(high);
    std::array<int64_t, kMostRows> entries{};
    for (int i = 0; i < model.rows; ++i) {
      if (random.Chance(60)) entries[i] = random.Int(-3, 5);
      if (random.Chance(10)) entries[i] *= Power(random.Int(1, 4));
    }
    model.matrix.push_back(entries);
  }
  for (int i = 0; i < model.rows; ++i) {
    const int64_t right = side() * (random.Chance(15) ? -1 : 1);
    Bound low, high;
    switch (random.Int(0, 9)) {
      case 0: low = high = right; break;
      case 1:
      case 2: low = right; break;
      case 3:
        low = right;
        high = right + side();
        break;
      default: high = right; break;
    }
    model.lower.push_back(low);
    model.upper.push_back(high);
  }

  ProblemBuilder builder;
  const bool maximize = random.Chance(50);
  for (int j = 0; j < model.columns; ++j) {
    // The bound of some integer columns is told by a row of its own only.
    const bool by_row = model.integer[j] && random.Chance(30);
    builder.AddColumn("", ToDouble(model.lower[j], -kInfinity),
                      by_row ? kInfinity : ToDouble(model.upper[j], kInfinity),
                      model.integer[j] ? ColumnType::kInteger : ColumnType::kContinuous,
                      maximize ? -model.cost[j] : model.cost[j]);
    if (!by_row) continue;
    builder.BeginRow("", -kInfinity, ToDouble(model.upper[j], kInfinity));
    builder.AddTerm(j, 1);
  }
  for (int i = 0; i < model.rows; ++i) {
    builder.BeginRow("", ToDouble(model.lower[model.columns + i], -kInfinity),
                     ToDouble(model.upper[model.columns + i], kInfinity));
    for (int j = 0; j < model.columns; ++j) {
      if (model.matrix[j][i] != 0) builder.AddTerm(j, static_cast<double>(model.matrix[j][i]));
    }
  }
  if (maximize) builder.SetSense(Sense::kMaximize);
  if (random.Chance(30)) builder.SetObjectiveOffset(Decimal(random.Int(-9, 9), random.Int(0, 12)));
  ScaledProblem scaled;
  if (random.Chance(30)) scaled.gap = Decimal(random.Int(1, 5), -random.Int(1, 4));
  scaled.problem = *std::move(builder).Build();
  scaled.reference = Answer(model, model.lower, model.upper);
  return scaled;
}

ScaledProblem MakeGapProblem(uint64_t seed) {
  Random random(seed ^ 0x9a9);
  const int columns = static_cast<int>(random.Int(65, 75));
  std::vector<int64_t> weight(columns), value(columns);
  int64_t total = 0;
  for (int j = 0; j < columns; ++j) {
    weight[j] = random.Int(20, 99);
    value[j] = weight[j] * 10 + random.Int(0, 60);
    total += weight[j];
  }
  const int64_t room = total / 3;
  std::vector<int64_t> best(static_cast<size_t>(room) + 1, 0);
  for (int j = 0; j < columns; ++j) {
    for (int64_t w = room; w >= weight[j]; --w)
      best[w] = std::max(best[w], best[w - weight[j]] + value[j]);
  }
  const double optimum = static_cast<double>(best[room]);
  const double unit = Decimal(1, random.Int(-8, 6));
  ProblemBuilder builder;
  const bool maximize = random.Chance(50);
  const double sign = maximize ? 1 : -1;
  for (int j = 0; j < columns; ++j)
    builder.AddColumn("", 0, 1, ColumnType::kBinary, sign * unit * static_cast<double>(value[j]));
  builder.BeginRow("", -kInfinity, static_cast<double>(room));
  for (int j = 0; j < columns; ++j) builder.AddTerm(j, static_cast<double>(weight[j]));
  if (maximize) builder.SetSense(Sense::kMaximize);
  // Near the objective with the other sign, none, or much larger.
  const double offsets[] = {-optimum + static_cast<double>(random.Int(-40, 40)), 0, optimum * 1e4,
                            -optimum * 1e4};
  builder.SetObjectiveOffset(sign * unit * offsets[random.Int(0, 3)]);
  ScaledProblem scaled;
  scaled.gap = Decimal(random.Int(1, 5), -random.Int(1, 3));
  scaled.problem = *std::move(builder).Build();
  scaled.reference.answer = Reference::Answer::kOptimal;
  scaled.reference.exact = true;
  scaled.reference.how = "dynamic programming";
  scaled.reference.cost = -unit * optimum;
  return scaled;
}

ScaledProblem MakeNearProblem(uint64_t seed) {
  Random random(seed ^ 0x6ea5);
  const auto columns = static_cast<int32_t>(random.Int(2, 12));
  const auto rows = static_cast<int32_t>(random.Int(3, 10));
  const int64_t spread = random.Int(1, 4);
  auto coefficient = [&](int64_t smaller) {
    if (random.Chance(35)) return 0.0;
    const double v = Decimal(random.Int(100, 999), random.Int(-spread, spread) - 2 - smaller);
    return random.Chance(50) ? v : -v;
  };
  const int integers = random.Chance(50) ? 50 : 20;  // percent
  ScaledProblem near;
  std::vector<double>& x = near.reference.point;
  ProblemBuilder builder;
  for (int32_t j = 0; j < columns; ++j) {
    const bool integer = j == 0 || random.Chance(integers);
    const double values[] = {0, 1, 2, 5, -3, 1000, Decimal(1, random.Int(0, 6))};
    double v = values[random.Int(0, 6)];
    if (!integer && random.Chance(50)) v *= 0.123;
    x.push_back(v);
    const double lower[] = {-kInfinity, v, v - 1, std::min(0.0, v)};
    const double upper[] = {kInfinity, v, v + 2, std::max(v, 1e6)};
    const double costs[] = {0, 1, -1, coefficient(0)};
    builder.AddColumn("", lower[random.Int(0, 3)], upper[random.Int(0, 3)],
                      integer ? ColumnType::kInteger : ColumnType::kContinuous,
                      costs[random.Int(0, 3)]);
  }
  std::vector<double> first, row(columns);
  const auto times = static_cast<double>(random.Int(1, 2));
  for (int32_t i = 0; i < rows; ++i) {
    ExactSum activity;
    for (int32_t j = 0; j < columns; ++j) {
      row[j] = coefficient(0);
      if (i == 1) row[j] = first[j] * times + (random.Chance(30) ? coefficient(6) : 0.0);
      activity.AddProduct(row[j], x[j]);
    }
    if (i == 0) first = row;
    const double slack[] = {0, 0, 1, 100};
    const double side = activity.value();
    const double lower[] = {side, side - slack[random.Int(0, 3)], -kInfinity, side};
    const double upper[] = {side, kInfinity, side + slack[random.Int(0, 3)], side};
    const int64_t kind = random.Int(0, 3);
    builder.BeginRow("", lower[kind], upper[kind]);
    for (int32_t j = 0; j < columns; ++j) {
      if (row[j] != 0) builder.AddTerm(j, row[j]);
    }
  }
  near.problem = *std::move(builder).Build();
  near.reference.answer = Reference::Answer::kOptimal;
  near.reference.how = "a hidden point";
  return near;
}

}  // namespace solvent::testing
