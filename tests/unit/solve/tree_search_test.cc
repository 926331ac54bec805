#include "tree_search.h"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "checked_solve.h"
#include "clp_engine.h"
#include "random_problem.h"

namespace solvent::testing {
namespace {

// Passes everything on to Clp and looks at the bounds.
class BoundsWatch : public LpEngine {
 public:
  BoundsWatch(std::unique_ptr<LpEngine> engine, bool* sane)
      : engine_(std::move(engine)), sane_(sane) {}
  void SetColumnBounds(std::span<const double> lower, std::span<const double> upper) override {
    for (size_t j = 0; j < lower.size(); ++j) {
      if (lower[j] == kInfinity || upper[j] == -kInfinity) *sane_ = false;
    }
    if (*sane_) engine_->SetColumnBounds(lower, upper);
  }
  void SetRowBounds(std::span<const double> lower, std::span<const double> upper) override {
    engine_->SetRowBounds(lower, upper);
  }
  void SetCost(std::span<const double> cost) override { engine_->SetCost(cost); }
  bool SetBasis(std::span<const BasisStatus> columns, std::span<const BasisStatus> rows) override {
    return engine_->SetBasis(columns, rows);
  }
  LpStatus Solve(LpMethod method, const StopControl& control) override {
    return *sane_ ? engine_->Solve(method, control) : LpStatus::kFailed;
  }
  std::vector<double> Point() const override { return engine_->Point(); }
  std::vector<double> RowDuals() const override { return engine_->RowDuals(); }
  std::vector<double> FarkasRay() const override { return engine_->FarkasRay(); }
  std::vector<double> UnboundedRay() const override { return engine_->UnboundedRay(); }
  void Basis(std::vector<BasisStatus>& columns, std::vector<BasisStatus>& rows) const override {
    engine_->Basis(columns, rows);
  }
  int64_t iterations() const override { return engine_->iterations(); }

 private:
  std::unique_ptr<LpEngine> engine_;
  bool* sane_;
};

class FailsAtZero : public BoundsWatch {
 public:
  explicit FailsAtZero(std::unique_ptr<LpEngine> engine) : BoundsWatch(std::move(engine), &sane_) {}
  void SetColumnBounds(std::span<const double> lower, std::span<const double> upper) override {
    at_zero_ = upper[0] == 0;
    BoundsWatch::SetColumnBounds(lower, upper);
  }
  LpStatus Solve(LpMethod method, const StopControl& control) override {
    return at_zero_ ? LpStatus::kFailed : BoundsWatch::Solve(method, control);
  }

 private:
  bool sane_ = true;
  bool at_zero_ = false;
};

}  // namespace

// Integer columns without a bound on one side, whose reduced costs there are noise: taken for a
// distance from that bound, they once moved the other bound to infinity, and Clp aborted on it.
TEST_CASE("a search never moves a bound to the infinity of the other side") {
  for (uint64_t seed : {5043u, 900066u}) {
    const RandomProblem random = MakeRandomProblem(seed);
    const MinForm form(random.problem);
    bool sane = true;
    LpEngineFactory factory = [&sane](const LpModel& model) -> std::unique_ptr<LpEngine> {
      return std::make_unique<BoundsWatch>(MakeClpEngine(model), &sane);
    };
    PointPolisher polisher(form, factory);
    TreeSearch tree(form, factory, polisher, {.node_limit = 2000});
    const TreeResult result = tree.Run(std::nullopt, StopControl({}, 30));
    CAPTURE(seed);
    CHECK(sane);
    CHECK(result.nodes > 0);
  }
}

// A dual simplex code works with bounds of its own making where there are none; an optimum beyond
// them once passed for a proof that there is none.
TEST_CASE("an optimum far away is found and not called unbounded") {
  for (double side : {1e9, 1e11, 1e14}) {
    ProblemBuilder builder;
    builder.AddColumn("", 0, kInfinity, ColumnType::kContinuous, 1);
    builder.AddColumn("", 0, kInfinity, ColumnType::kInteger);
    builder.BeginRow("", -kInfinity, side);
    builder.AddTerm(0, 1);
    builder.AddTerm(1, 1);
    builder.SetSense(Sense::kMaximize);
    const Problem problem = *std::move(builder).Build();
    const MinForm form(problem);
    const LpEngineFactory factory = [](const LpModel& model) { return MakeClpEngine(model); };
    PointPolisher polisher(form, factory);
    TreeSearch tree(form, factory, polisher, {});
    const TreeResult result = tree.Run(std::nullopt, StopControl({}, 30));
    CAPTURE(side);
    CHECK_FALSE(result.root_unbounded);
    REQUIRE(result.complete);
    CHECK(result.best->cost == doctest::Approx(-side));
  }
}

// Where the solver gives up on one side, the other may still be looked at.
TEST_CASE("a search that can prove nothing any more still finds a point") {
  ProblemBuilder builder;
  builder.AddColumn("", 0, 1, ColumnType::kInteger, 1);
  for (int j = 0; j < 2; ++j) builder.AddColumn("", 0, 2, ColumnType::kContinuous, 10);
  builder.BeginRow("", 3, kInfinity);
  builder.AddTerm(0, 10);
  builder.AddTerm(1, 1);
  builder.AddTerm(2, 1);
  const Problem problem = *std::move(builder).Build();
  const MinForm form(problem);
  LpEngineFactory factory = [](const LpModel& model) -> std::unique_ptr<LpEngine> {
    return std::make_unique<FailsAtZero>(MakeClpEngine(model));
  };
  PointPolisher polisher(form, factory);
  TreeSearch tree(form, factory, polisher, {});
  const TreeResult result = tree.Run(std::nullopt, StopControl({}, 30));
  CHECK_FALSE(result.complete);
  REQUIRE(result.best);
  CHECK(result.best->cost == 1);
}

TEST_CASE("no number of solves makes a problem infeasible whose search was given up for numbers") {
  ProblemBuilder builder;
  builder.AddColumn("", 0, 0, ColumnType::kInteger);
  for (int j = 0; j < 2; ++j) builder.AddColumn("", 0, 3, ColumnType::kInteger, 1);
  builder.BeginRow("", 5, 7);
  builder.AddTerm(1, 2.5);
  builder.AddTerm(2, 2.7);
  const Problem problem = *std::move(builder).Build();
  for (bool fails : {true, false}) {
    SolverCodes codes;
    codes.name = "liar";
    codes.lp = [&](const LpModel& model, ProgressTracker* t) -> std::unique_ptr<LpEngine> {
      if (!fails) return MakeClpEngine(model, t);
      return std::make_unique<FailsAtZero>(MakeClpEngine(model, t));
    };
    codes.mip = [](const MinForm&, const MipRun&, const StopControl&, ProgressTracker*) {
      MipClaim claim;
      claim.status = MipStatus::kInfeasible;
      return claim;
    };
    const absl::StatusOr<SolveResult> result = CheckedSolve(problem, {}, {}, codes, {});
    REQUIRE(result.ok());
    CHECK(result->status == (fails ? SolveStatus::kError : SolveStatus::kOptimal));
  }
}

// Beside sides of 1e9 no double meets a row to the solver's tolerance.
TEST_CASE("a point with rows too large for an absolute tolerance is found") {
  ProblemBuilder builder;
  const double lower[] = {-3, 123000, 1e6, -4, 0}, upper[] = {1e6, 123002, kInfinity, -3, 1e6};
  for (int j = 0; j < 5; ++j) {
    builder.AddColumn("", lower[j], upper[j],
                      j == 0 ? ColumnType::kInteger : ColumnType::kContinuous);
  }
  const double rows[][6] = {{0, -0.0556, -77.5, -0.17, 0, -77506838.29},
                            {39.5, 4.02, 0, 949, 0, 491494.5},
                            {0, 0, 943, 0, 0.0618, 943000000.0618},
                            {412, 6.95, -823, 0, 146, -822146240},
                            {-41.2, 0, 62.7, 87.6, 0.0224, 62699860.8224},
                            {-0.646, -537, 0, 0, 0, -66050998.062},
                            {0, 0, 0, -0.488, 479, 480.464},
                            {0, -0.48, 53.8, 0, 0, 53740960}};
  for (const auto& row : rows) {
    builder.BeginRow("", row[5], row[5]);
    for (int j = 0; j < 5; ++j) {
      if (row[j] != 0) builder.AddTerm(j, row[j]);
    }
  }
  const Problem problem = *std::move(builder).Build();
  const MinForm form(problem);
  const LpEngineFactory factory = [](const LpModel& model) { return MakeClpEngine(model); };
  PointPolisher polisher(form, factory);
  TreeSearch tree(form, factory, polisher, {});
  const TreeResult result = tree.Run(std::nullopt, StopControl({}, 30));
  REQUIRE(result.best);
  CHECK(result.best->x[0] == -3);
  const double elsewhere[] = {-3, 123002, 1e6, -4, 1e6};
  CHECK(polisher.Complete(elsewhere, StopControl({}, 30)).has_value());
}

}  // namespace solvent::testing
