#include "solvent/checked_backend.h"

#include <cmath>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "doctest/doctest.h"
#include "solvent/error.h"

namespace solvent {
namespace {

class Told : public SolveBackend {
 public:
  using Script = std::function<absl::StatusOr<SolveResult>(const Problem&, const SolveOptions&,
                                                           const SolveMonitor&)>;
  explicit Told(Script script, std::string name = "told")
      : script_(std::move(script)), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  std::string version() const override { return "1"; }
  std::string description() const override { return "says what it is told"; }
  Capabilities capabilities() const override { return {.duals = true}; }
  absl::StatusOr<SolveResult> Solve(const Problem& problem, const SolveOptions& options,
                                    const SolveMonitor& monitor) override {
    return script_(problem, options, monitor);
  }

 private:
  Script script_;
  std::string name_;
};

// max 3x + 2y, x + y <= 12.5, 0 <= x, y <= 10: 34 in integers, 35 without.
Problem Shared(ColumnType type) {
  ProblemBuilder b;
  b.SetSense(Sense::kMaximize);
  const int32_t x = b.AddColumn("x", 0, 10, type, 3);
  const int32_t y = b.AddColumn("y", 0, 10, type, 2);
  b.BeginRow("shared", -kInfinity, 12.5);
  b.AddTerm(x, 1);
  b.AddTerm(y, 1);
  return *std::move(b).Build();
}

SolveResult Optimal(const Problem& problem, std::vector<double> x) {
  SolveResult r;
  r.status = SolveStatus::kOptimal;
  r.has_point = true;
  r.objective = r.bound = problem.Objective(x);
  r.gap = 0;
  r.x = std::move(x);
  r.verification.trust = Trust::kProven;
  r.verification.method = "dual_bound";
  r.verification.point_checked = true;
  return r;
}

absl::StatusOr<SolveResult> Ask(Told::Script script, const Problem& problem,
                                const SolveOptions& options = {},
                                const SolveMonitor& monitor = {}) {
  auto checked = MakeCheckedBackend(std::make_unique<Told>(std::move(script)));
  REQUIRE(checked.ok());
  return (*checked)->Solve(problem, options, monitor);
}

SolveResult AskWith(SolveResult said, const Problem& problem, const SolveOptions& options = {}) {
  auto result = Ask([&](auto&...) { return said; }, problem, options);
  REQUIRE(result.ok());
  return *std::move(result);
}

const Problem kMip = Shared(ColumnType::kInteger);
const Problem kLp = Shared(ColumnType::kContinuous);

TEST_CASE("an optimum that nothing proves is the solver's word, whatever it says of itself") {
  const SolveResult r = AskWith(Optimal(kMip, {10, 2}), kMip);
  CHECK(r.status == SolveStatus::kOptimal);
  CHECK(r.verification.trust == Trust::kSolverWord);
  CHECK(r.verification.method.empty());
  CHECK(r.verification.point_checked);
  CHECK(r.objective == 34);
  CHECK(r.solver == "told");
}

TEST_CASE("duals that come along prove a linear optimum, and wrong ones are dropped") {
  SolveResult said = Optimal(kLp, {10, 2.5});
  said.row_dual = {2};
  said.reduced_cost = {99, 99};
  SolveResult r = AskWith(said, kLp);
  CHECK(r.verification.trust == Trust::kProven);
  CHECK(r.verification.method == "dual_bound");
  CHECK(r.row_dual == std::vector<double>{2});
  CHECK(r.reduced_cost == std::vector<double>{1, 0});
  CHECK(r.bound == 35);

  said.row_dual = {1.5};
  r = AskWith(said, kLp);
  CHECK(r.status == SolveStatus::kOptimal);
  CHECK(r.verification.trust == Trust::kSolverWord);
  CHECK(r.row_dual.empty());
  CHECK(r.reduced_cost.empty());

  said.row_dual = {2, 3};
  CHECK(AskWith(said, kLp).row_dual.empty());
  said.row_dual = {std::nan("")};
  CHECK(AskWith(said, kLp).row_dual.empty());
}

TEST_CASE("the objective is that of the point, not the solver's") {
  SolveResult said = Optimal(kMip, {10, 2});
  said.objective = said.bound = 999;
  SolveResult r = AskWith(said, kMip);
  CHECK(r.objective == 34);
  CHECK(r.status == SolveStatus::kFeasible);  // its bound says that there may be better
  said.objective = said.bound = said.gap = std::nan("");
  r = AskWith(said, kMip);
  CHECK(r.objective == 34);
  CHECK(r.status == SolveStatus::kOptimal);
}

TEST_CASE("a point that does not satisfy the problem is not shown") {
  const double nan = std::nan("");
  for (const std::vector<double>& x : {std::vector<double>{10, 10},
                                       {10, 2.5},
                                       {14, -2},
                                       {10},
                                       {10, 2, 1},
                                       {},
                                       {nan, 2},
                                       {kInfinity, 2}}) {
    SolveResult said = Optimal(kMip, {10, 2});
    said.x = x;
    CAPTURE(x.size());
    SolveResult r = AskWith(said, kMip);
    CHECK(r.status == SolveStatus::kError);
    CHECK_FALSE(r.error.empty());
    CHECK_FALSE(r.has_point);
    CHECK(r.x.empty());
    CHECK(r.verification.trust == Trust::kNone);
    said.status = SolveStatus::kTimeLimit;
    r = AskWith(said, kMip);
    CHECK(r.status == SolveStatus::kTimeLimit);
    CHECK_FALSE(r.has_point);
  }
  SolveResult said = Optimal(kMip, {10, 10});
  CHECK(AskWith(said, kMip).error.find("shared") != std::string::npos);
  said.x = {10, 2.5};
  CHECK(AskWith(said, kMip).error.find("y is not an integer") != std::string::npos);
}

TEST_CASE("values within the tolerances become exact") {
  const SolveResult r = AskWith(Optimal(kMip, {10 + 1e-8, 2 - 1e-7}), kMip);
  CHECK(r.x == std::vector<double>{10, 2});
}

TEST_CASE("an optimum that a simple step improves is called false, and the better point returned") {
  for (const Problem& problem : {kMip, kLp}) {
    const SolveResult r = AskWith(Optimal(problem, {1, 1}), problem);
    CHECK(r.status == SolveStatus::kFeasible);
    CHECK(r.verification.trust == Trust::kNone);
    CHECK(r.verification.corrected);
    CHECK(r.objective >= 34);
    CHECK(CheckPoint(problem, r.x).max_row_violation == 0);
  }
}

TEST_CASE("false claims of infeasibility and unboundedness are not passed on") {
  SolveResult said;
  said.verification.trust = Trust::kProven;
  said.status = SolveStatus::kInfeasible;
  CHECK(AskWith(said, kMip).status == SolveStatus::kError);
  said.status = SolveStatus::kUnbounded;
  CHECK(AskWith(said, kMip).status == SolveStatus::kError);
  said = Optimal(kMip, {10, 2});
  said.status = SolveStatus::kInfeasible;
  CHECK(AskWith(said, kMip).status == SolveStatus::kError);

  ProblemBuilder b;  // x + y >= 3 and <= 2
  b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous, 1);
  b.AddColumn("y", 0, kInfinity, ColumnType::kContinuous, -1);
  b.BeginRow("least", 3, kInfinity);
  b.AddTerm(0, 1);
  b.AddTerm(1, 1);
  b.BeginRow("most", -kInfinity, 2);
  b.AddTerm(0, 1);
  b.AddTerm(1, 1);
  const Problem contradiction = *std::move(b).Build();
  said = SolveResult();
  said.verification.trust = Trust::kProven;
  said.status = SolveStatus::kInfeasible;
  const SolveResult r = AskWith(said, contradiction);
  CHECK(r.status == SolveStatus::kInfeasible);
  CHECK(r.verification.trust == Trust::kSolverWord);
}

TEST_CASE("results that say nothing sensible end as errors") {
  SolveResult said;
  said.status = SolveStatus::kOptimal;
  CHECK(AskWith(said, kMip).status == SolveStatus::kError);
  said.status = SolveStatus::kFeasible;
  CHECK(AskWith(said, kMip).status == SolveStatus::kError);
  said = Optimal(kMip, {10, 2});
  said.status = static_cast<SolveStatus>(99);
  CHECK(AskWith(said, kMip).status == SolveStatus::kError);
  said.status = SolveStatus::kError;
  const SolveResult r = AskWith(said, kMip);
  CHECK(r.status == SolveStatus::kError);
  CHECK_FALSE(r.has_point);
  CHECK_FALSE(r.error.empty());
  said.status = SolveStatus::kCancelled;  // nobody asked for it
  CHECK(AskWith(said, kMip).status == SolveStatus::kFeasible);
  said.history.resize(1000);
  CHECK(AskWith(said, kMip).history.size() == 500);
}

TEST_CASE("exceptions become statuses that name the solver") {
  auto r =
      Ask([](auto&...) -> absl::StatusOr<SolveResult> { throw std::runtime_error("gone"); }, kMip);
  CHECK(absl::IsInternal(r.status()));
  CHECK(std::string(Message(r.status())) == "the solver told threw an exception: gone");
  r = Ask([](auto&...) -> absl::StatusOr<SolveResult> { throw 5; }, kMip);
  CHECK(absl::IsInternal(r.status()));
  r = Ask([](auto&...) -> absl::StatusOr<SolveResult> { throw std::bad_alloc(); }, kMip);
  CHECK(absl::IsResourceExhausted(r.status()));
}

TEST_CASE("a solver that only heeds its stop token is stopped after the time limit") {
  SolveOptions options;
  options.time_limit_seconds = 0.05;
  auto r = Ask(
      [](const Problem& problem, const SolveOptions&, const SolveMonitor& monitor) {
        while (!monitor.stop.stop_requested()) std::this_thread::yield();
        SolveResult said = Optimal(problem, {1, 1});
        said.status = SolveStatus::kCancelled;
        return said;
      },
      kMip, options);
  REQUIRE(r.ok());
  CHECK(r->status == SolveStatus::kTimeLimit);
  CHECK(r->objective == 5);
  CHECK(r->verification.trust == Trust::kNone);
}

TEST_CASE("a stop of the caller's reaches the solver and is called so") {
  std::stop_source source;
  SolveMonitor monitor;
  monitor.stop = source.get_token();
  auto r = Ask(
      [&](const Problem&, const SolveOptions&, const SolveMonitor& own) {
        CHECK_FALSE(own.stop.stop_requested());
        source.request_stop();
        CHECK(own.stop.stop_requested());
        SolveResult said;
        said.status = SolveStatus::kCancelled;
        return said;
      },
      kMip, {}, monitor);
  REQUIRE(r.ok());
  CHECK(r->status == SolveStatus::kCancelled);
  r = Ask(
      [&](const Problem& problem, const SolveOptions&, const SolveMonitor&) {
        SolveResult said = Optimal(problem, {1, 1});
        said.status = SolveStatus::kTimeLimit;
        return said;
      },
      kMip, {}, monitor);
  REQUIRE(r.ok());
  CHECK(r->status == SolveStatus::kCancelled);
}

TEST_CASE("progress is put in order and ends with the solve") {
  std::function<void(const Progress&)> kept;
  std::vector<Progress> seen;
  SolveMonitor monitor;
  monitor.on_progress = [&](const Progress& p) { seen.push_back(p); };
  auto r = Ask(
      [&](const Problem& problem, const SolveOptions&, const SolveMonitor& own) {
        Progress odd;
        odd.phase = static_cast<SolvePhase>(99);
        odd.incumbent = 10;
        odd.bound = kInfinity;
        odd.gap = -5;
        odd.nodes = -1;
        odd.elapsed_seconds = std::nan("");
        own.on_progress(odd);
        kept = own.on_progress;
        return Optimal(problem, {10, 2});
      },
      kMip, {}, monitor);
  REQUIRE(r.ok());
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].phase <= SolvePhase::kDone);
  CHECK(std::isnan(seen[0].bound));
  CHECK(std::isnan(seen[0].gap));
  CHECK(seen[0].nodes == 0);
  CHECK(seen[0].elapsed_seconds >= 0);
  kept(Progress());
  CHECK(seen.size() == 1);
}

TEST_CASE("only solvers with a usable name are wrapped") {
  CHECK(absl::IsInvalidArgument(MakeCheckedBackend(nullptr).status()));
  for (const char* name : {"", "Two Words", "\xff", "a-name-that-is-longer-than-32-characters"}) {
    CAPTURE(name);
    CHECK(absl::IsInvalidArgument(
        MakeCheckedBackend(std::make_unique<Told>(Told::Script(), name)).status()));
  }
  CHECK(absl::IsInvalidArgument(
      Ask([](auto&...) { return SolveResult(); }, kMip, {.time_limit_seconds = 0}).status()));
}

}  // namespace
}  // namespace solvent
