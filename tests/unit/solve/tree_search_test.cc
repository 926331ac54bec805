#include "tree_search.h"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <vector>

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

}  // namespace solvent::testing
