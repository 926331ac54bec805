// Break tests: a solver that lies in every way it can, and proofs that prove nothing.
#include "checked_solve.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "cbc_solve.h"
#include "certificate.h"
#include "clp_engine.h"
#include "doctest/doctest.h"
#include "farkas.h"
#include "hard_problem.h"
#include "point_polish.h"
#include "propagation.h"
#include "random.h"
#include "random_problem.h"
#include "reference.h"
#include "solvent/error.h"
#include "tree_search.h"

namespace solvent::testing {
namespace {

LpEngineFactory Clp() {
  return [](const LpModel& model) { return MakeClpEngine(model); };
}

using Liar = std::function<MipClaim(const MipRun&)>;

SolveResult SolveWith(const Problem& problem, Liar liar, SolveOptions options = {},
                      const CheckedSolveHooks& hooks = {}) {
  SolverCodes codes;
  codes.name = "liar";
  codes.lp = [](const LpModel& model, ProgressTracker* t) { return MakeClpEngine(model, t); };
  codes.mip = [&](const MinForm&, const MipRun& run, const StopControl&, ProgressTracker*) {
    return liar(run);
  };
  absl::StatusOr<SolveResult> result = CheckedSolve(problem, options, {}, codes, hooks);
  REQUIRE(result.ok());
  return *std::move(result);
}

MipClaim Claim(MipStatus status, std::vector<double> x = {}, double bound = -kInfinity) {
  MipClaim claim;
  claim.status = status;
  claim.x = std::move(x);
  claim.bound = bound;
  return claim;
}

// max 3x + 2y, 2x + 2y <= 9, x <= 3: best 11 at (3, 1) over the integers.
Problem Small() {
  ProblemBuilder builder;
  builder.AddColumn("", 0, 3, ColumnType::kInteger, 3);
  builder.AddColumn("", 0, 9, ColumnType::kInteger, 2);
  builder.BeginRow("", -kInfinity, 9);
  builder.AddTerm(0, 2);
  builder.AddTerm(1, 2);
  builder.SetSense(Sense::kMaximize);
  return *std::move(builder).Build();
}

void ExpectCorrected(const SolveResult& result) {
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.objective == doctest::Approx(11));
  CHECK(result.bound == doctest::Approx(11));
  CHECK(result.gap == 0);
  CHECK(result.verification.trust == Trust::kProven);
  CHECK(result.verification.method == "tree");
  CHECK(result.verification.corrected);
}

TEST_CASE("points are told on the way, in terms of the problem that was asked about") {
  Problem problem = MarketSplit(3, 30, 5);
  // Preprocessing removes these columns.
  problem.column_lower[0] = 1;
  problem.column_upper[7] = 0;
  std::vector<double> told;
  CheckedSolveHooks hooks;
  hooks.on_incumbent = [&](const std::vector<double>& x) { told = x; };
  SolveOptions options;
  options.node_limit = 50;
  options.verify = false;
  const absl::StatusOr<SolveResult> result = CbcSolve(problem, options, {}, hooks);
  REQUIRE(result.ok());
  REQUIRE(told.size() == problem.objective.size());
  int known = 0;
  for (size_t j = 0; j < 30; ++j) {
    if (std::isnan(told[j])) continue;
    ++known;
    problem.column_lower[j] = problem.column_upper[j] = std::round(told[j]);
  }
  CHECK(known >= 20);
  // The slacks follow from the rest.
  const absl::StatusOr<SolveResult> completed = CbcSolve(problem, {}, {});
  REQUIRE(completed.ok());
  REQUIRE(completed->has_point);
  CHECK(std::any_of(result->history.begin(), result->history.end(), [&](const Progress& p) {
    return std::abs(p.incumbent - completed->objective) < 1e-6;
  }));
}

TEST_CASE("a worse point called optimal is replaced by the optimum") {
  ExpectCorrected(SolveWith(Small(), [](const MipRun&) {
    return Claim(MipStatus::kOptimal, {1, 1}, -5);
  }));
}

TEST_CASE("a point that satisfies nothing is dropped and the optimum found") {
  ExpectCorrected(SolveWith(Small(), [](const MipRun&) {
    return Claim(MipStatus::kOptimal, {3, 9}, -27);
  }));
}

TEST_CASE("a point that is no numbers is dropped and the optimum found") {
  ExpectCorrected(SolveWith(Small(), [](const MipRun&) {
    return Claim(MipStatus::kOptimal, {std::nan(""), 1}, -27);
  }));
}

TEST_CASE("a feasible problem called infeasible is solved") {
  ExpectCorrected(SolveWith(Small(), [](const MipRun&) { return Claim(MipStatus::kInfeasible); }));
}

TEST_CASE("a bounded problem called unbounded is solved") {
  const SolveResult result =
      SolveWith(Small(), [](const MipRun&) { return Claim(MipStatus::kUnbounded); });
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.objective == doctest::Approx(11));
  CHECK(result.verification.trust == Trust::kProven);
}

TEST_CASE("a solver that fails altogether is stood in for") {
  const SolveResult result =
      SolveWith(Small(), [](const MipRun&) { return Claim(MipStatus::kFailed); });
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.objective == doctest::Approx(11));
}

TEST_CASE("an unbounded problem called optimal is found out, too large for the search or not") {
  for (int binaries : {5, 210}) {
    CAPTURE(binaries);
    ProblemBuilder builder;
    for (int j = 0; j < binaries; ++j) builder.AddColumn("", 0, 1, ColumnType::kBinary, 1);
    builder.AddColumn("", -kInfinity, kInfinity, ColumnType::kContinuous, 1e-6);
    builder.BeginRow("", -kInfinity, 4);
    for (int j = 0; j <= binaries; ++j) builder.AddTerm(j, 1);
    const SolveResult result = SolveWith(*std::move(builder).Build(), [=](const MipRun&) {
      return Claim(MipStatus::kOptimal, std::vector<double>(binaries + 1), 0);
    });
    CHECK(result.status == SolveStatus::kUnbounded);
    CHECK(result.verification.trust == Trust::kProven);
    CHECK(result.verification.corrected);
  }
}

TEST_CASE("a claim found false is taken back before the solver is asked again") {
  // The search finds the optimum here, and cannot prove it.
  ProblemBuilder builder;
  const double cost[] = {0, -6e-8, -5e-8, 1e-8, -4e-8, -3e-8};
  for (int j = 0; j < 6; ++j) {
    const bool integer = j == 2 || j == 3;
    builder.AddColumn("", 0, integer ? 2 : kInfinity,
                      integer ? ColumnType::kInteger : ColumnType::kContinuous, cost[j]);
  }
  const double rows[4][6] = {
      {0, 1, 200, 0, -3, 0}, {1, 10000, 0, 5, 4, 0}, {0, 1, 0, 0, -3, 0}, {2, 2, 5, -3, -3000, 3}};
  const double most[] = {6, 7, 80, 30};
  for (int i = 0; i < 4; ++i) {
    builder.BeginRow("", -kInfinity, most[i]);
    for (int j = 0; j < 6; ++j) {
      if (rows[i][j] != 0) builder.AddTerm(j, rows[i][j]);
    }
  }
  std::vector<SolveResult> passed_on;
  Liar liar = [&](const MipRun& run) {
    if (run.second_opinion) {
      // That there is none was not passed on: it was the solver's word alone.
      REQUIRE(passed_on.size() == 1);
      CHECK(passed_on.back().status == SolveStatus::kFeasible);
      CHECK(passed_on.back().objective == doctest::Approx(-5.287e-5));
    }
    return Claim(MipStatus::kInfeasible);
  };
  CheckedSolveHooks hooks;
  hooks.on_preliminary = [&](const SolveResult& so_far) { passed_on.push_back(so_far); };
  const SolveResult result = SolveWith(*std::move(builder).Build(), liar, {}, hooks);
  CHECK(passed_on.size() == 1);
  CHECK(result.has_point);
}

// Beyond the exhaustive search; there is a point, of course.
TEST_CASE("that there is no point is not believed of the solver alone") {
  const Problem hard = MarketSplit(6, 260, 5);
  for (bool verify : {true, false}) {
    CAPTURE(verify);
    SolveOptions options;
    options.verify = verify;
    int asked = 0;
    auto solve = [&](MipStatus first, MipStatus any, MipStatus any_second) {
      return SolveWith(
          hard,
          [&](const MipRun& run) {
            ++asked;
            if (!run.ignore_objective)
              return Claim(run.second_opinion ? MipStatus::kInfeasible : first);
            const MipStatus status = run.second_opinion ? any_second : any;
            if (status != MipStatus::kOptimal) return Claim(status);
            return Claim(status, std::vector<double>(hard.num_columns(), 0.0), 0);
          },
          options);
    };
    const MipStatus none = MipStatus::kInfeasible;
    SolveResult result = solve(none, none, MipStatus::kOptimal);
    CHECK(result.status == SolveStatus::kFeasible);
    CHECK(result.has_point);
    CHECK(result.verification.corrected);
    for (MipStatus silent : {MipStatus::kFailed, MipStatus::kTimeLimit}) {
      result = solve(none, none, silent);
      CHECK(result.status == SolveStatus::kError);
      CHECK(result.error.find("nothing confirms") != std::string::npos);
      CHECK(result.verification.trust == Trust::kNone);
    }
    result = solve(none, none, none);
    CHECK(result.status == SolveStatus::kInfeasible);
    CHECK(result.verification.trust == Trust::kCrossChecked);
    // Nor where the first run had no answer and the second is the only one that has.
    result = solve(MipStatus::kFailed, MipStatus::kFailed, none);
    CHECK(result.status == SolveStatus::kError);
    result = solve(MipStatus::kFailed, none, none);
    CHECK(result.status == SolveStatus::kInfeasible);
    CHECK(result.verification.trust == Trust::kCrossChecked);
    CHECK(asked > 10);
  }
}

TEST_CASE("any point is the best where all cost the same, however falsely it was called") {
  Problem hard = MarketSplit(6, 260, 5);
  hard.objective.assign(hard.objective.size(), 0.0);
  const SolveResult result = SolveWith(hard, [&](const MipRun& run) {
    if (!run.second_opinion) return Claim(MipStatus::kInfeasible);
    return Claim(MipStatus::kOptimal, std::vector<double>(hard.num_columns(), 0.0), 0);
  });
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.verification.trust == Trust::kProven);
  CHECK(result.gap == 0);
}

TEST_CASE("a careful solve leaves the solver's usual way out") {
  int second_opinions = 0;
  Liar fragile = [&](const MipRun& run) {
    CHECK(run.second_opinion);
    ++second_opinions;
    return Claim(MipStatus::kInfeasible);
  };
  const SolveResult proven = SolveWith(Small(), fragile, {}, {.careful = true});
  CHECK(proven.status == SolveStatus::kOptimal);
  CHECK(proven.objective == doctest::Approx(11));
  CHECK(proven.verification.trust == Trust::kProven);
  CHECK_FALSE(proven.verification.corrected);
  CHECK(proven.verification.note.find("ended its process") != std::string::npos);
  CHECK(second_opinions == 0);
  // Too hard for the search in the time it gets: the other way's word is what there is.
  SolveOptions options;
  options.time_limit_seconds = 3;
  // A point goes ahead of it, should the process end once more.
  int points = 0;
  const CheckedSolveHooks hooks = {.on_preliminary =
                                       [&](const SolveResult& so_far) {
                                         CHECK(second_opinions == 0);
                                         CHECK(so_far.status == SolveStatus::kFeasible);
                                         CHECK(so_far.has_point);
                                         ++points;
                                       },
                                   .careful = true};
  const Problem hard = MarketSplit(6, 50, 1);
  options.warm_start.assign(static_cast<size_t>(hard.num_columns()), 0.0);
  const SolveResult word = SolveWith(hard, fragile, options, hooks);
  CHECK(second_opinions == 1);
  CHECK(points == 1);
  CHECK(word.verification.trust != Trust::kProven);
}

TEST_CASE("lies are found out even when no second opinions are wanted, if the point shows them") {
  SolveOptions options;
  options.verify = false;
  const SolveResult result = SolveWith(
      Small(),
      [](const MipRun&) {
        return Claim(MipStatus::kOptimal, {3, 9}, -27);
      },
      options);
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.objective == doctest::Approx(11));
}

TEST_CASE("an optimum claimed for an unbounded problem is replaced by the ray") {
  ProblemBuilder builder;
  builder.AddColumn("", 0, kInfinity, ColumnType::kInteger, 1);
  builder.AddColumn("", 0, kInfinity, ColumnType::kInteger, 0);
  builder.BeginRow("", 0, 0);
  builder.AddTerm(0, 1);
  builder.AddTerm(1, -1);
  builder.SetSense(Sense::kMaximize);
  const Problem problem = *std::move(builder).Build();
  const SolveResult result = SolveWith(problem, [](const MipRun&) {
    return Claim(MipStatus::kOptimal, {4, 4}, -4);
  });
  CHECK(result.status == SolveStatus::kUnbounded);
  CHECK_FALSE(result.has_point);
  CHECK(result.verification.trust == Trust::kProven);
  CHECK(result.verification.method == "ray");
  CHECK(result.verification.corrected);
}

TEST_CASE("a true claim is confirmed and not called corrected") {
  const SolveResult result = SolveWith(Small(), [](const MipRun&) {
    return Claim(MipStatus::kOptimal, {3, 1}, -11);
  });
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.verification.trust == Trust::kProven);
  CHECK_FALSE(result.verification.corrected);
}

void CopyRow(const Problem& problem, int32_t row, double factor_of_first, ProblemBuilder& builder) {
  bool first = true;
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    for (int64_t k = problem.column_start[j]; k < problem.column_start[j + 1]; ++k) {
      if (problem.row_index[k] != row) continue;
      builder.AddTerm(j, problem.value[k] * (std::exchange(first, false) ? factor_of_first : 1));
    }
  }
}

ProblemBuilder CopyOf(const Problem& problem) {
  ProblemBuilder builder;
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    builder.AddColumn("", problem.column_lower[j], problem.column_upper[j], problem.column_type[j],
                      problem.objective[j]);
  }
  for (int32_t i = 0; i < problem.num_rows(); ++i) {
    builder.BeginRow("", problem.row_lower[i], problem.row_upper[i]);
    CopyRow(problem, i, 1, builder);
  }
  return builder;
}

// Beyond the exhaustive search: only a second solve can tell.
TEST_CASE("a second solve confirms, corrects, or is reported as missing") {
  const Problem hard = MarketSplit(6, 260, 5);
  const int n = hard.num_columns();
  auto point = [&](int ones) {
    // All slack is taken up by the continuous columns, which Polish finds.
    std::vector<double> x(n, 0.0);
    for (int j = 0; j < ones; ++j) x[j] = 1;
    return x;
  };
  auto objective = [&](int ones) {
    const MinForm form(hard);
    PointPolisher polisher(form, Clp());
    return polisher.Complete(point(ones), StopControl({}, 10))->cost;
  };
  int better = 130, worse = 100;
  if (objective(better) > objective(worse)) std::swap(better, worse);
  REQUIRE(objective(better) < objective(worse) - 1);
  auto claims = [&](int first, int second) {
    return [=](const MipRun& run) {
      const int ones = run.second_opinion ? second : first;
      return Claim(MipStatus::kOptimal, point(ones), objective(ones));
    };
  };
  SolveResult result = SolveWith(hard, claims(better, better));
  CHECK(result.verification.trust == Trust::kCrossChecked);
  CHECK(result.verification.method == "second_solve");

  result = SolveWith(hard, claims(worse, better));
  CHECK(result.objective == doctest::Approx(objective(better)));
  CHECK(result.verification.corrected);
  CHECK(result.verification.trust == Trust::kSolverWord);
  CHECK(result.verification.note.find("better point") != std::string::npos);

  result = SolveWith(hard, claims(better, worse));
  CHECK(result.objective == doctest::Approx(objective(better)));
  CHECK(result.verification.trust == Trust::kSolverWord);
  CHECK(result.verification.note.find("worse point") != std::string::npos);

  result = SolveWith(hard, [&](const MipRun& run) {
    return run.second_opinion ? Claim(MipStatus::kTimeLimit)
                              : Claim(MipStatus::kOptimal, point(better), objective(better));
  });
  CHECK(result.verification.trust == Trust::kSolverWord);
}

TEST_CASE("beside near-copies of rows two solves that agree on an optimum are worth one") {
  const Problem split = MarketSplit(6, 260, 5);
  const std::vector<double> zero(split.num_columns(), 0.0);
  auto trust = [&](double factor) {
    ProblemBuilder builder = CopyOf(split);
    builder.BeginRow("", -kInfinity, 1e7);
    CopyRow(split, 0, factor, builder);
    const Problem problem = *std::move(builder).Build();
    const MinForm form(problem);
    PointPolisher polisher(form, Clp());
    const CheckedPoint point = *polisher.Complete(zero, StopControl({}, 10));
    const SolveResult result = SolveWith(
        problem, [&](const MipRun&) { return Claim(MipStatus::kOptimal, point.x, point.cost); });
    CHECK(result.status == SolveStatus::kOptimal);
    return result.verification.trust;
  };
  CHECK(trust(1 + 1e-7) == Trust::kSolverWord);
  CHECK(trust(1) == Trust::kCrossChecked);
  CHECK(trust(1.5) == Trust::kCrossChecked);
}

TEST_CASE("optimal is within the gap that was asked for, whoever says it") {
  Problem hard = MarketSplit(6, 260, 5);
  const auto point = [&] {
    const MinForm form(hard);
    PointPolisher polisher(form, Clp());
    return *polisher.Complete(std::vector<double>(hard.num_columns(), 0.0), StopControl({}, 10));
  }();
  REQUIRE(point.cost > 100);
  SolveOptions options;
  options.gap_tolerance = 0.1;
  auto claim = [&](double bound) {
    return [&, bound](const MipRun&) { return Claim(MipStatus::kOptimal, point.x, bound); };
  };
  SolveResult result = SolveWith(hard, claim(0.95 * point.cost), options);
  CHECK(result.status == SolveStatus::kOptimal);
  result = SolveWith(hard, claim(0.5 * point.cost), options);
  CHECK(result.status == SolveStatus::kFeasible);
  CHECK(result.verification.trust == Trust::kNone);
  // A constant makes the objective small, and the same difference a large gap.
  hard.objective_offset = 1 - point.cost;
  result = SolveWith(hard, claim(0.95 * point.cost), options);
  CHECK(result.status == SolveStatus::kFeasible);
}

TEST_CASE("two solves that pass over the same small costs do not confirm each other") {
  ProblemBuilder builder = CopyOf(MarketSplit(6, 260, 5));
  const int32_t far = builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous, -5e-8);
  builder.BeginRow("", -kInfinity, 1e9);
  builder.AddTerm(far, 1);
  const Problem problem = *std::move(builder).Build();
  const MinForm form(problem);
  PointPolisher polisher(form, Clp());
  auto point =
      *polisher.Complete(std::vector<double>(problem.num_columns(), 0.0), StopControl({}, 10));
  const double best = point.cost;
  CHECK(point.x[far] == doctest::Approx(1e9));
  point.x[far] = 0;
  const SolveResult result = SolveWith(
      problem, [&](const MipRun&) { return Claim(MipStatus::kOptimal, point.x, best + 50); });
  CHECK(result.status == SolveStatus::kFeasible);
  CHECK(result.objective == doctest::Approx(best));
}

TEST_CASE("a wrong warm start cannot turn an infeasible problem feasible") {
  Problem problem = Small();
  problem.row_lower[0] = 100;
  problem.row_upper[0] = 200;
  SolveOptions options;
  options.warm_start = {3, 9};
  const SolveResult result = SolveWith(
      problem, [](const MipRun&) { return Claim(MipStatus::kInfeasible); }, options);
  CHECK(result.status == SolveStatus::kInfeasible);
  CHECK_FALSE(result.warm_start_used);
  CHECK(result.verification.method == "farkas");
}

TEST_CASE("a dual bound holds for any multipliers and is tight for the right ones") {
  const Problem problem = Small();
  const MinForm form(problem);
  ImpliedBounds implied(form);
  // Relaxation: x = 3, y = 1.5, objective 12; its multiplier is -1 in the minimized form.
  CHECK(DualBound(form, form.lower, form.upper, std::vector<double>{-1}, implied) ==
        doctest::Approx(-12));
  for (double y : {-5.0, -1.7, -0.4, 0.0, 2.0})
    CHECK(DualBound(form, form.lower, form.upper, std::vector<double>{y}, implied) <= -12 + 1e-9);
  CHECK(DualBound(form, form.lower, form.upper, std::vector<double>{std::nan("")}, implied) ==
        -kInfinity);
  CHECK(DualBound(form, form.lower, form.upper, std::vector<double>{}, implied) == -kInfinity);
  // Without a bound of its own a column is counted at the one that its row implies, 4.5.
  Problem wide = problem;
  wide.column_upper[1] = kInfinity;
  const MinForm open(wide);
  ImpliedBounds by_rows(open);
  CHECK(DualBound(open, open.lower, open.upper, std::vector<double>{-0.9}, by_rows) ==
        doctest::Approx(-0.9 * 9 - 1.2 * 3 - 0.2 * 4.5));
  wide.value[1] = -2;
  const MinForm endless(wide);
  ImpliedBounds none(endless);
  CHECK(DualBound(endless, endless.lower, endless.upper, std::vector<double>{-0.9}, none) ==
        -kInfinity);
}

TEST_CASE("a Farkas proof must separate the rows from the box") {
  Problem problem = Small();
  problem.row_lower[0] = 30;
  problem.row_upper[0] = 40;
  const MinForm empty(problem);
  CHECK(IsFarkasProof(empty, empty.lower, empty.upper, std::vector<double>{1}));
  CHECK(IsFarkasProof(empty, empty.lower, empty.upper, std::vector<double>{-1}));
  CHECK_FALSE(IsFarkasProof(empty, empty.lower, empty.upper, std::vector<double>{0}));
  CHECK_FALSE(IsFarkasProof(empty, empty.lower, empty.upper, std::vector<double>{kInfinity}));
  CHECK_FALSE(IsFarkasProof(empty, empty.lower, empty.upper, std::vector<double>{}));
  CHECK(FindFarkasProof(empty, empty.lower, empty.upper, Clp(), StopControl({}, 10)));
  const Problem satisfiable = Small();
  const MinForm full(satisfiable);
  for (double y : {1.0, -1.0, 1e9})
    CHECK_FALSE(IsFarkasProof(full, full.lower, full.upper, std::vector<double>{y}));
  CHECK_FALSE(FindFarkasProof(full, full.lower, full.upper, Clp(), StopControl({}, 10)));
}

TEST_CASE("a ray must improve and leave no row or bound") {
  Problem problem = Small();
  problem.column_upper = {kInfinity, kInfinity};
  const MinForm closed(problem);
  CHECK_FALSE(IsUnboundedRay(closed, std::vector<double>{1, 0}));  // leaves the row
  problem.row_upper[0] = kInfinity;
  problem.row_lower[0] = 0;
  const MinForm open(problem);
  CHECK(IsUnboundedRay(open, std::vector<double>{1, 0}));
  CHECK_FALSE(IsUnboundedRay(open, std::vector<double>{0, 0}));
  CHECK_FALSE(IsUnboundedRay(open, std::vector<double>{-1, 0}));  // leaves a bound
  problem.objective = {3, -2};
  const MinForm slanted(problem);
  CHECK_FALSE(IsUnboundedRay(slanted, std::vector<double>{0, 1}));  // worsens
  CHECK(FindUnboundedRay(slanted, Clp(), StopControl({}, 10)));
}

TEST_CASE("rounding away an integer's last digits is repaired, or found to be impossible") {
  // y <= 100000 b; a solver's b = 1e-5 with y = 1 is integral to its tolerance of 1e-4.
  ProblemBuilder builder;
  builder.AddColumn("", 0, 10, ColumnType::kContinuous, -1);
  builder.AddColumn("", 0, 1, ColumnType::kBinary, 5);
  builder.BeginRow("", -kInfinity, 0);
  builder.AddTerm(0, 1);
  builder.AddTerm(1, -100000);
  Problem problem = *std::move(builder).Build();
  {
    const MinForm form(problem);
    PointPolisher polisher(form, Clp());
    const auto point = polisher.Polish(std::vector<double>{1, 1e-5}, StopControl({}, 10));
    REQUIRE(point);
    CHECK(point->x == std::vector<double>{0, 0});
    CHECK(point->check.max_row_violation == 0);
  }
  problem.column_lower[0] = 1;
  const MinForm form(problem);
  PointPolisher polisher(form, Clp());
  CHECK_FALSE(polisher.Polish(std::vector<double>{1, 1e-5}, StopControl({}, 10)));
  // And so the false optimum is not passed on: b must be 1.
  const SolveResult result = SolveWith(problem, [](const MipRun&) {
    return Claim(MipStatus::kOptimal, {1, 1e-5}, -1);
  });
  CHECK(result.status == SolveStatus::kOptimal);
  CHECK(result.objective == doctest::Approx(-5));
  CHECK(result.x[1] == 1);
}

TEST_CASE("propagation cuts off no integer point") {
  int tightened = 0, empty = 0;
  for (uint64_t seed = 1; seed < 400; ++seed) {
    const RandomProblem random = MakeRandomProblem(seed);
    const std::optional<Reference> exact = Enumerate(random.problem, 20000);
    if (!exact) continue;
    const MinForm form(random.problem);
    Propagator propagator(form);
    std::vector<double> lower = form.lower, upper = form.upper;
    CAPTURE(seed);
    if (!propagator.Tighten(lower, upper)) {
      CHECK(exact->answer == Reference::Answer::kInfeasible);
      ++empty;
      continue;
    }
    tightened += lower != form.lower || upper != form.upper;
    if (exact->answer != Reference::Answer::kOptimal) continue;
    for (int32_t j = 0; j < form.columns; ++j) {
      CHECK(lower[j] <= exact->point[j]);
      CHECK(upper[j] >= exact->point[j]);
    }
  }
  CHECK(tightened > 10);
  CHECK(empty > 2);
}

TEST_CASE("an equation of two integer columns leaves them values of one residue") {
  Random random(7);
  int tightened = 0, empty = 0;
  for (int round = 0; round < 300; ++round) {
    auto coefficient = [&] { return random.Int(1, 4000) * (random.Chance(50) ? 1 : -1); };
    const int64_t a = coefficient(), b = coefficient(), fixed = coefficient();
    const int64_t low[] = {random.Int(-3000, 0), random.Int(-3000, 0)};
    const int64_t high[] = {random.Int(1, 9000), random.Int(1, 9000)};
    const int64_t rest = random.Chance(80)
                             ? a * random.Int(low[0], high[0]) + b * random.Int(low[1], high[1])
                             : coefficient();
    ProblemBuilder builder;
    for (int j = 0; j < 2; ++j) {
      builder.AddColumn("", static_cast<double>(low[j]), static_cast<double>(high[j]),
                        ColumnType::kInteger);
    }
    builder.AddColumn("", 3, 3, ColumnType::kInteger);
    const auto side = static_cast<double>(rest + 3 * fixed);
    builder.BeginRow("", side, side);
    builder.AddTerm(0, static_cast<double>(a));
    builder.AddTerm(1, static_cast<double>(b));
    builder.AddTerm(2, static_cast<double>(fixed));
    const Problem problem = *std::move(builder).Build();
    std::vector<int64_t> xs, ys;
    for (int64_t x = low[0]; x <= high[0]; ++x) {
      const int64_t left = rest - a * x;
      if (left % b != 0 || left / b < low[1] || left / b > high[1]) continue;
      xs.push_back(x);
      ys.push_back(left / b);
    }
    const MinForm form(problem);
    std::vector<double> lower = form.lower, upper = form.upper;
    CAPTURE(round);
    if (!Propagator(form).Tighten(lower, upper)) {
      CHECK(xs.empty());
      ++empty;
      continue;
    }
    if (xs.empty()) continue;
    // Together with what the row implies for bounds nothing is left to be cut off.
    for (const auto& [j, values] : {std::pair(0, xs), std::pair(1, ys)}) {
      CHECK(lower[j] == *std::min_element(values.begin(), values.end()));
      CHECK(upper[j] == *std::max_element(values.begin(), values.end()));
    }
    ++tightened;
  }
  CHECK(tightened > 50);
  CHECK(empty > 10);
}

TEST_CASE("the exhaustive search finds what enumeration finds") {
  int compared = 0;
  for (uint64_t seed = 1; seed < 300; ++seed) {
    const RandomProblem random = MakeRandomProblem(seed);
    const std::optional<Reference> exact = Enumerate(random.problem, 20000);
    if (!exact) continue;
    CAPTURE(seed);
    const MinForm form(random.problem);
    const LpEngineFactory lp = Clp();
    PointPolisher polisher(form, lp);
    TreeSearch search(form, lp, polisher, {});
    const TreeResult result = search.Run(std::nullopt, StopControl({}, 20));
    REQUIRE(result.complete);
    REQUIRE(result.best.has_value() == (exact->answer == Reference::Answer::kOptimal));
    if (result.best) {
      CHECK(result.best->check.objective ==
            doctest::Approx(random.problem.Objective(exact->point)).epsilon(1e-9));
      CHECK(result.bound <= result.best->cost);
    }
    ++compared;
  }
  CHECK(compared > 60);
}

}  // namespace
}  // namespace solvent::testing
