#include "backend_conformance.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "hard_problem.h"
#include "random_problem.h"
#include "solvent/error.h"

namespace solvent::testing {
namespace {

// The problems that are stopped here would run for hours; how soon they stop is the benchmarks'
// business, since a busy machine may take its time.
constexpr double kSoon = 30;

struct Term {
  int column;
  double coefficient;
};
struct Column {
  double lower, upper, cost;
  ColumnType type = ColumnType::kContinuous;
};
struct Row {
  double lower, upper;
  std::vector<Term> terms;
};

Problem Make(Sense sense, const std::vector<Column>& columns, const std::vector<Row>& rows,
             double offset = 0) {
  ProblemBuilder builder;
  for (const Column& c : columns) builder.AddColumn("", c.lower, c.upper, c.type, c.cost);
  for (const Row& row : rows) {
    builder.BeginRow("", row.lower, row.upper);
    for (const Term& term : row.terms) builder.AddTerm(term.column, term.coefficient);
  }
  builder.SetSense(sense);
  builder.SetObjectiveOffset(offset);
  absl::StatusOr<Problem> problem = std::move(builder).Build();
  REQUIRE(problem.ok());
  return *std::move(problem);
}

SolveResult Solved(SolveBackend& backend, const Problem& problem,
                   const SolveOptions& options = {}) {
  absl::StatusOr<SolveResult> result = backend.Solve(problem, options);
  REQUIRE_MESSAGE(result.ok(), result.status().ToString());
  CHECK(result->seconds >= 0);
  CHECK_FALSE(result->solver.empty());
  if (result->has_point) {
    REQUIRE(result->x.size() == static_cast<size_t>(problem.num_columns()));
    const PointCheck check = CheckPoint(problem, result->x);
    CHECK(check.finite);
    CHECK(check.max_integrality_violation == 0);
    CHECK(check.max_bound_violation <= 1e-9);
    CHECK(check.max_row_violation <= 1e-6);
    CHECK(result->objective == doctest::Approx(problem.Objective(result->x)));
  } else {
    CHECK(result->x.empty());
    CHECK(std::isnan(result->objective));
  }
  return *std::move(result);
}

constexpr double kMostForAPoint = 40;

// Of a hard problem, with the options' limit, and with longer ones where a busy machine has not
// come to a point in it.
SolveResult SolvedToAPoint(SolveBackend& backend, const Problem& problem, SolveOptions options) {
  SolveResult result = Solved(backend, problem, options);
  for (double limit : {5, 20}) {
    if (result.has_point) break;
    options.time_limit_seconds = limit;
    result = Solved(backend, problem, options);
  }
  return result;
}

void ExpectOptimal(SolveBackend& backend, const Problem& problem, double objective) {
  const SolveResult result = Solved(backend, problem);
  CHECK(result.status == SolveStatus::kOptimal);
  REQUIRE(result.has_point);
  CHECK(result.objective == doctest::Approx(objective).epsilon(1e-9));
  CHECK(result.bound == doctest::Approx(objective).epsilon(1e-9));
  CHECK(result.gap <= 1e-9);
  CHECK(result.verification.trust == Trust::kProven);
  CHECK(result.verification.point_checked);
  CHECK_FALSE(result.verification.corrected);
}

void ExpectNoPoint(SolveBackend& backend, const Problem& problem, SolveStatus status) {
  const SolveResult result = Solved(backend, problem);
  CHECK(result.status == status);
  CHECK_FALSE(result.has_point);
  CHECK(result.verification.trust == Trust::kProven);
}

constexpr double kInf = kInfinity;
constexpr ColumnType kInt = ColumnType::kInteger;
constexpr ColumnType kBin = ColumnType::kBinary;

void CheckKnownAnswers(SolveBackend& backend) {
  INFO("problems with known answers");
  ExpectOptimal(backend,
                Make(Sense::kMinimize, {{0, kInf, 2}, {0, kInf, 3}}, {{4, kInf, {{0, 1}, {1, 1}}}}),
                8);
  ExpectOptimal(
      backend,
      Make(Sense::kMaximize, {{0, 4, 3, kInt}, {0, 1, 5, kBin}}, {{-kInf, 4, {{0, 1}, {1, 1}}}}),
      14);
  ExpectOptimal(backend, Make(Sense::kMaximize, {{0, 5, 3}}, {}), 15);
  ExpectOptimal(
      backend, Make(Sense::kMinimize, {{0, kInf, 1}, {0, kInf, 1}}, {{10, kInf, {{0, 1}, {1, 1}}}}),
      10);
  ExpectNoPoint(
      backend,
      Make(Sense::kMinimize, {{-kInf, kInf, 1}}, {{10, kInf, {{0, 1}}}, {-kInf, 5, {{0, 1}}}}),
      SolveStatus::kInfeasible);
  ExpectNoPoint(backend, Make(Sense::kMaximize, {{0, kInf, 1}}, {}), SolveStatus::kUnbounded);
  ExpectNoPoint(backend, Make(Sense::kMinimize, {{-kInf, kInf, 1}}, {}), SolveStatus::kUnbounded);
  ExpectOptimal(backend,
                Make(Sense::kMaximize, {{0, 100, 50, kInt}, {0, 80, 40, kInt}},
                     {{-kInf, 240, {{0, 2}, {1, 3}}}, {-kInf, 200, {{0, 4}, {1, 2}}}}),
                3550);
  // A constant objective, with columns and without; constant rows that hold and that do not.
  ExpectOptimal(backend, Make(Sense::kMinimize, {{0, 5, 0}}, {{1, 4, {{0, 1}}}}, 12.5), 12.5);
  ExpectOptimal(backend, Make(Sense::kMaximize, {}, {}, -3), -3);
  ExpectOptimal(backend, Make(Sense::kMinimize, {{2, 5, 1}}, {{-kInf, 4, {}}}, 1), 3);
  ExpectNoPoint(backend, Make(Sense::kMinimize, {{2, 5, 1}}, {{5, kInf, {}}}),
                SolveStatus::kInfeasible);
  ExpectNoPoint(backend, Make(Sense::kMinimize, {}, {{5, kInf, {}}}), SolveStatus::kInfeasible);
}

void CheckIntegerEdges(SolveBackend& backend) {
  INFO("integer edge cases");
  // No integer between the bounds; no integer on the line; bounds that are not integers.
  ExpectNoPoint(backend, Make(Sense::kMinimize, {{0.4, 0.6, 1, kInt}}, {{0, 1, {{0, 1}}}}),
                SolveStatus::kInfeasible);
  ExpectNoPoint(
      backend,
      Make(Sense::kMinimize, {{0, 50, 1, kInt}, {0, 50, 1, kInt}}, {{7, 7, {{0, 2}, {1, 4}}}}),
      SolveStatus::kInfeasible);
  ExpectOptimal(backend, Make(Sense::kMaximize, {{-1.5, 2.7, 1, kInt}}, {{-10, 10, {{0, 1}}}}), 2);
  ExpectOptimal(backend, Make(Sense::kMinimize, {{-1.5, 2.7, 2, kInt}}, {}), -2);
  // An equation that only a far point solves, and one that only the relaxation solves.
  ExpectOptimal(backend,
                Make(Sense::kMinimize, {{0, 1000, 1, kInt}, {0, 1000, 0, kInt}},
                     {{1, 1, {{0, 355}, {1, -113}}}}),
                106);
  ExpectNoPoint(backend,
                Make(Sense::kMinimize, {{0, 3, 1, kInt}, {0, 3, 1, kInt}, {0, kInf, -1}},
                     {{0.5, 0.5, {{0, 1}, {1, 1}}}, {-kInf, 5, {{2, 1}}}}),
                SolveStatus::kInfeasible);
  // The relaxation is unbounded: the answer depends on whether there is any integer point.
  ExpectNoPoint(
      backend,
      Make(Sense::kMaximize, {{0, kInf, 1, kInt}, {0, kInf, 1, kInt}}, {{0, 0, {{0, 1}, {1, -1}}}}),
      SolveStatus::kUnbounded);
  ExpectNoPoint(backend,
                Make(Sense::kMaximize, {{0, kInf, 1}, {0, 1, 0, kBin}, {0, 1, 0, kBin}},
                     {{0.5, 0.5, {{1, 1}, {2, 1}}}, {0, kInf, {{0, 1}}}}),
                SolveStatus::kInfeasible);
}

// Duals are the slope of the optimum, measured by moving one bound at a time.
void CheckDualSigns(SolveBackend& backend) {
  if (!backend.capabilities().duals) return;
  INFO("signs of duals");
  for (Sense sense : {Sense::kMinimize, Sense::kMaximize}) {
    const double s = sense == Sense::kMinimize ? 1 : -1;
    Problem problem =
        Make(sense, {{0, kInf, s * 4}, {0, kInf, s * 3}, {1, 10, s * 2}, {-5, 2.5, s * -1}},
             {{6, kInf, {{0, 2}, {1, 1}}},           // >=, tight
              {-kInf, 9, {{0, 1}, {1, 3}, {3, 2}}},  // <=
              {4, 4, {{1, 1}, {2, 1}}},              // =
              {-2, 5, {{0, 1}, {3, 2}}},             // a range, tight above
              {-100, 100, {{0, 1}, {2, 1}}}});       // never tight
    const SolveResult base = Solved(backend, problem);
    REQUIRE(base.status == SolveStatus::kOptimal);
    REQUIRE(base.row_dual.size() == 5);
    REQUIRE(base.reduced_cost.size() == 4);
    REQUIRE(base.column_basis.size() == 4);
    REQUIRE(base.row_basis.size() == 5);
    constexpr double kStep = 1e-4;
    const std::vector<double> activity = problem.Activity(base.x);
    int tight = 0;
    for (int i = 0; i < 5; ++i) {
      CAPTURE(i);
      Problem moved = problem;
      bool at_bound = false;
      for (std::vector<double>* side : {&moved.row_lower, &moved.row_upper}) {
        if (std::abs((*side)[i] - activity[i]) > 1e-7) continue;
        (*side)[i] += kStep;
        at_bound = true;
      }
      if (!at_bound) {
        CHECK(base.row_dual[i] == doctest::Approx(0));
        continue;
      }
      ++tight;
      const SolveResult after = Solved(backend, moved);
      REQUIRE(after.status == SolveStatus::kOptimal);
      CHECK(base.row_dual[i] ==
            doctest::Approx((after.objective - base.objective) / kStep).epsilon(1e-5));
    }
    CHECK(tight >= 2);
    for (int j = 0; j < 4; ++j) {
      CAPTURE(j);
      Problem moved = problem;
      bool at_bound = false;
      for (std::vector<double>* side : {&moved.column_lower, &moved.column_upper}) {
        if (std::abs((*side)[j] - base.x[j]) > 1e-7) continue;
        (*side)[j] += kStep;
        at_bound = true;
      }
      if (!at_bound) {
        CHECK(base.reduced_cost[j] == doctest::Approx(0));
        continue;
      }
      const SolveResult after = Solved(backend, moved);
      CHECK(base.reduced_cost[j] ==
            doctest::Approx((after.objective - base.objective) / kStep).epsilon(1e-5));
    }
    int basic = 0;
    for (BasisStatus status : base.column_basis) basic += status == BasisStatus::kBasic;
    for (BasisStatus status : base.row_basis) basic += status == BasisStatus::kBasic;
    CHECK(basic == 5);
  }
  const Problem mip = Make(Sense::kMaximize, {{0, 4, 3, kInt}}, {{-kInf, 3.5, {{0, 1}}}});
  CHECK(Solved(backend, mip).row_dual.empty());
}

}  // namespace

void CheckAnswers(SolveBackend& backend) {
  CheckKnownAnswers(backend);
  if (backend.capabilities().integers) CheckIntegerEdges(backend);
  CheckDualSigns(backend);
}

void CheckRefusals(SolveBackend& backend) {
  INFO("refusals");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Problem good =
      Make(Sense::kMinimize, {{0, 10, 1}, {0, 10, 1}}, {{1, kInf, {{0, 1}, {1, 1}}}});
  auto refused = [&](auto change) {
    Problem bad = good;
    change(bad);
    const absl::StatusOr<SolveResult> result = backend.Solve(bad, {});
    CHECK(result.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK_FALSE(Message(result.status()).empty());
  };
  refused([&](Problem& p) { p.objective[0] = nan; });
  refused([&](Problem& p) { p.objective[0] = kInf; });
  refused([&](Problem& p) { p.value[1] = nan; });
  refused([&](Problem& p) { p.value[1] = kInf; });
  refused([&](Problem& p) { p.column_lower[0] = nan; });
  refused([&](Problem& p) { p.row_lower[0] = kInf; });
  refused([&](Problem& p) { p.row_index[0] = 7; });
  refused([&](Problem& p) { p.column_lower[0] = 10, p.column_upper[0] = 5; });
  refused([&](Problem& p) { p.column_start.pop_back(); });
  for (auto change : std::vector<std::function<void(SolveOptions&)>>{
           [](SolveOptions& o) { o.time_limit_seconds = 0; },
           [&](SolveOptions& o) { o.time_limit_seconds = nan; },
           [](SolveOptions& o) { o.gap_tolerance = -1; },
           [&](SolveOptions& o) { o.gap_tolerance = nan; },
           [](SolveOptions& o) { o.absolute_gap = -1; }}) {
    SolveOptions options;
    change(options);
    CHECK(backend.Solve(good, options).status().code() == absl::StatusCode::kInvalidArgument);
  }
  ExpectOptimal(backend, good, 1);
}

void CheckLimits(SolveBackend& backend) {
  INFO("limits and stops");
  const Problem hard = MarketSplit(6, 50, 3);
  SolveOptions options;
  options.time_limit_seconds = 1.5;
  const auto seconds_since = [](std::chrono::steady_clock::time_point t) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
  };
  auto began = std::chrono::steady_clock::now();
  SolveResult result = SolvedToAPoint(backend, hard, options);
  CHECK(seconds_since(began) < kMostForAPoint + kSoon);
  CHECK(result.status == SolveStatus::kTimeLimit);
  CHECK(result.has_point);
  CHECK(result.verification.trust == Trust::kNone);
  CHECK_FALSE(result.bound > result.objective);  // there may be none so early

  options.time_limit_seconds = 120;
  std::stop_source already;
  already.request_stop();
  began = std::chrono::steady_clock::now();
  absl::StatusOr<SolveResult> stopped =
      backend.Solve(hard, options, {.on_progress = nullptr, .stop = already.get_token()});
  REQUIRE(stopped.ok());
  CHECK(stopped->status == SolveStatus::kCancelled);
  CHECK(seconds_since(began) < kSoon);

  // Stopped from within its own progress reports, once a point is known.
  std::stop_source source;
  std::chrono::steady_clock::time_point asked;
  SolveMonitor monitor;
  monitor.stop = source.get_token();
  monitor.on_progress = [&](const Progress& progress) {
    if (std::isnan(progress.incumbent) || source.stop_requested()) return;
    asked = std::chrono::steady_clock::now();
    source.request_stop();
  };
  stopped = backend.Solve(hard, options, monitor);
  REQUIRE(stopped.ok());
  REQUIRE(source.stop_requested());
  CHECK(seconds_since(asked) < kSoon);
  CHECK(stopped->status == SolveStatus::kCancelled);

  options = {};
  options.node_limit = 5;
  options.time_limit_seconds = 600;
  result = Solved(backend, hard, options);
  CHECK(result.status == SolveStatus::kFeasible);
  CHECK(result.has_point);

  options = {};
  options.gap_tolerance = 0.5;
  const Problem knapsack = Knapsack(80, 5);
  result = Solved(backend, knapsack, options);
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.gap <= 0.5);
  CHECK(result.bound >= result.objective - 1e-9);
}

void CheckProgress(SolveBackend& backend) {
  INFO("progress");
  const Problem hard = MarketSplit(6, 50, 4);
  std::mutex mutex;
  std::vector<Progress> seen;
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false}, over{false}, late{false};
  SolveMonitor monitor;
  monitor.on_progress = [&](const Progress& progress) {
    if (++inside != 1) overlapped = true;
    if (over) late = true;
    std::lock_guard lock(mutex);
    seen.push_back(progress);
    --inside;
  };
  SolveOptions options;
  absl::StatusOr<SolveResult> result;
  // Again with more time where a busy machine has not come to a point.
  for (double limit : {2, 20}) {
    options.time_limit_seconds = limit;
    over = false;
    seen.clear();
    result = backend.Solve(hard, options, monitor);
    over = true;
    REQUIRE(result.ok());
    if (result->has_point) break;
  }
  REQUIRE(seen.size() >= 2);
  CHECK(seen.size() <= 60);
  CHECK_FALSE(overlapped);
  CHECK_FALSE(late);
  bool improved = false;
  for (size_t i = 0; i < seen.size(); ++i) {
    improved |= seen[i].improved;
    CHECK_FALSE(seen[i].incumbent < result->objective - 1e-6);
    if (!std::isnan(seen[i].bound) && !std::isnan(seen[i].incumbent))
      CHECK(seen[i].bound <= seen[i].incumbent);
    if (i == 0) continue;
    CHECK(seen[i].elapsed_seconds >= seen[i - 1].elapsed_seconds);
    CHECK_FALSE(seen[i].incumbent > seen[i - 1].incumbent);
    CHECK_FALSE(seen[i].bound < seen[i - 1].bound);
    CHECK(seen[i].nodes >= seen[i - 1].nodes);
  }
  CHECK(improved);
  CHECK_FALSE(result->history.empty());
  CHECK(result->history.size() <= 500);
  CHECK(result->history.back().incumbent == doctest::Approx(result->objective));

  // A maximization's incumbents rise, and come with its offset.
  const Problem knapsack = Knapsack(60, 9);
  const SolveResult best = Solved(backend, knapsack);
  REQUIRE_FALSE(best.history.empty());
  for (const Progress& p : best.history) {
    CHECK(p.incumbent <= best.objective + 1e-6);
    CHECK(p.incumbent > 0);
  }
}

void CheckWarmStart(SolveBackend& backend) {
  INFO("warm starts");
  const Problem hard = MarketSplit(5, 40, 8);
  SolveOptions options;
  options.time_limit_seconds = 1;
  const SolveResult first = SolvedToAPoint(backend, hard, options);
  REQUIRE(first.has_point);
  SolveOptions again;
  again.node_limit = 0;
  again.time_limit_seconds = 120;
  again.warm_start = first.x;
  const SolveResult second = Solved(backend, hard, again);
  CHECK(second.warm_start_used);
  CHECK(second.warning.empty());
  REQUIRE(second.has_point);
  CHECK(second.objective <= first.objective + 1e-9);

  // The integer part alone is enough.
  for (int j = 40; j < hard.num_columns(); ++j) again.warm_start[j] = 0;
  const SolveResult completed = Solved(backend, hard, again);
  CHECK(completed.warm_start_used);
  CHECK(completed.objective <= first.objective + 1e-9);

  // A point that satisfies nothing changes nothing but the warning.
  const Problem knapsack = Knapsack(30, 2);
  SolveOptions bad;
  bad.warm_start.assign(30, 1);
  const SolveResult refused = Solved(backend, knapsack, bad);
  CHECK(refused.status == SolveStatus::kOptimal);
  CHECK_FALSE(refused.warm_start_used);
  CHECK_FALSE(refused.warning.empty());
  CHECK(refused.objective == doctest::Approx(Solved(backend, knapsack).objective));
  bad.warm_start.assign(7, 0);
  CHECK(Solved(backend, knapsack, bad).status == SolveStatus::kOptimal);
  bad.warm_start.assign(30, std::numeric_limits<double>::quiet_NaN());
  CHECK(Solved(backend, knapsack, bad).status == SolveStatus::kOptimal);
}

void CheckConcurrency(SolveBackend& backend, int threads, int solves_each) {
  INFO("many callers at once");
  std::vector<Problem> problems;
  std::vector<SolveResult> expected;
  for (uint64_t seed = 7000; problems.size() < 8; ++seed) {
    Problem problem = MakeRandomProblem(seed).problem;
    SolveResult result = Solved(backend, problem);
    if (result.seconds > 0.05) continue;
    problems.push_back(std::move(problem));
    expected.push_back(std::move(result));
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < threads; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; i < solves_each; ++i) {
        const size_t k = static_cast<size_t>(t + i) % problems.size();
        const absl::StatusOr<SolveResult> result = backend.Solve(problems[k], {});
        if (!result.ok() || result->status != expected[k].status ||
            (expected[k].has_point && std::abs(result->objective - expected[k].objective) >
                                          1e-6 * std::max(1.0, std::abs(expected[k].objective))))
          ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

}  // namespace solvent::testing
