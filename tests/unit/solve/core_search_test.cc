#include "core_search.h"

#include <algorithm>
#include <memory>
#include <set>
#include <stop_token>
#include <vector>

#include "certificate.h"
#include "clp_engine.h"
#include "doctest/doctest.h"
#include "min_form.h"
#include "random_problem.h"
#include "solvent/cbc_backend.h"
#include "solvent/worker_backend.h"

namespace solvent::testing {
namespace {

using Kind = CorePart::Kind;
using Outcome = InfeasibleCore::Outcome;

LpEngineFactory Clp() {
  return [](const LpModel& model) { return MakeClpEngine(model); };
}

StopControl NoLimit() { return StopControl(std::stop_token(), 3600); }

// All rows and finite bounds.
std::vector<CorePart> AllParts(const Problem& problem) {
  std::vector<CorePart> parts;
  for (int32_t i = 0; i < problem.num_rows(); ++i) parts.push_back({Kind::kRow, i});
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    if (problem.column_lower[j] > -kInfinity) parts.push_back({Kind::kLowerBound, j});
    if (problem.column_upper[j] < kInfinity) parts.push_back({Kind::kUpperBound, j});
  }
  return parts;
}

Problem Only(const Problem& problem, const std::vector<CorePart>& parts) {
  Problem p = problem;
  std::fill(p.objective.begin(), p.objective.end(), 0.0);
  std::fill(p.column_type.begin(), p.column_type.end(), ColumnType::kContinuous);
  std::fill(p.row_lower.begin(), p.row_lower.end(), -kInfinity);
  std::fill(p.row_upper.begin(), p.row_upper.end(), kInfinity);
  std::fill(p.column_lower.begin(), p.column_lower.end(), -kInfinity);
  std::fill(p.column_upper.begin(), p.column_upper.end(), kInfinity);
  for (const CorePart& part : parts) {
    switch (part.kind) {
      case Kind::kRow:
        p.row_lower[part.index] = problem.row_lower[part.index];
        p.row_upper[part.index] = problem.row_upper[part.index];
        break;
      case Kind::kLowerBound: p.column_lower[part.index] = problem.column_lower[part.index]; break;
      case Kind::kUpperBound: p.column_upper[part.index] = problem.column_upper[part.index]; break;
    }
  }
  return p;
}

// By a checked solve of its own.
bool Contradict(const Problem& problem, const std::vector<CorePart>& parts) {
  static SolveBackend* const backend = MakeCbcBackend().release();
  const absl::StatusOr<SolveResult> solved = backend->Solve(Only(problem, parts), {});
  REQUIRE(solved.ok());
  REQUIRE(solved->verification.trust == Trust::kProven);
  return solved->status == SolveStatus::kInfeasible;
}

std::vector<CorePart> Without(std::vector<CorePart> parts, size_t k) {
  parts.erase(parts.begin() + static_cast<long>(k));
  return parts;
}

void ExpectIrreducible(const Problem& problem, const InfeasibleCore& core) {
  REQUIRE(core.outcome == Outcome::kIrreducible);
  REQUIRE(!core.parts.empty());
  CHECK(Contradict(problem, core.parts));
  for (size_t k = 0; k < core.parts.size(); ++k) {
    CAPTURE(k);
    CHECK_FALSE(Contradict(problem, Without(core.parts, k)));
  }
  const Problem alone = Only(problem, core.parts);
  const MinForm form(alone);
  CHECK(IsFarkasProof(form, form.lower, form.upper, core.proof));
}

Problem SmallRandom(uint64_t seed) {
  uint64_t state = seed;
  auto number = [&state](int64_t low, int64_t high) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return low + static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(high - low + 1));
  };
  ProblemBuilder b;
  for (int j = 0; j < 3; ++j) {
    const auto low = static_cast<double>(number(-4, 2));
    const bool open = number(0, 1) == 0;
    b.AddColumn("", open ? -kInfinity : low,
                number(0, 2) == 0 ? low + static_cast<double>(number(0, 5)) : kInfinity,
                ColumnType::kContinuous, 1);
  }
  for (int i = 0; i < 6; ++i) {
    const auto side = static_cast<double>(number(-9, 9));
    const int64_t kind = number(0, 4);
    b.BeginRow("", kind == 1 ? -kInfinity : side,
               kind == 0 || kind == 1 ? side
               : kind == 2            ? side + 3
                                      : kInfinity);
    for (int j = 0; j < 3; ++j) {
      const int64_t a = number(-3, 3);
      if (a != 0) b.AddTerm(j, static_cast<double>(a));
    }
  }
  return *std::move(b).Build();
}

// `size` rows over bounded columns that have a point, `planted` of which are contradicted by one
// more: their sum.
Problem Planted(int size, int planted) {
  uint64_t state = 17;
  auto number = [&state](int64_t high) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(high));
  };
  ProblemBuilder b;
  std::vector<double> hidden, sum(static_cast<size_t>(size));
  for (int j = 0; j < size; ++j) {
    hidden.push_back(static_cast<double>(number(21)));
    b.AddColumn("", -1000, 1000, ColumnType::kContinuous, 1);
  }
  double side = 5;
  for (int i = 0; i < size; ++i) {
    const int32_t row = b.BeginRow("", -kInfinity, kInfinity);
    double activity = 0;
    for (int t = 0; t < 5; ++t) {
      const auto j = static_cast<int32_t>(number(size));
      const auto a = static_cast<double>(number(9) + 1) * (number(2) == 0 ? 1 : -1);
      b.AddTerm(j, a);
      activity += a * hidden[j];
      if (i < planted) sum[j] += a;
    }
    const double upper = activity + static_cast<double>(number(9));
    b.SetRowBounds(row, -kInfinity, upper);
    if (i < planted) side += upper;
  }
  b.BeginRow("", side, kInfinity);
  for (int j = 0; j < size; ++j) b.AddTerm(j, sum[j]);
  return *std::move(b).Build();
}

}  // namespace

TEST_CASE("a core is one of the minimal contradictions that trying all subsets finds") {
  int infeasible = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const Problem problem = SmallRandom(seed);
    const std::vector<CorePart> parts = AllParts(problem);
    const InfeasibleCore core = SearchCore(problem, parts, Clp(), NoLimit());
    if (!Contradict(problem, parts)) {
      CHECK(core.outcome == Outcome::kFeasible);
      CHECK(core.parts.empty());
      continue;
    }
    ++infeasible;
    ExpectIrreducible(problem, core);
    CHECK(core.parts.size() <= 4);  // Helly's theorem in three dimensions
    // No proper subset of the core contradicts itself.
    for (unsigned mask = 0; mask + 1 < 1u << core.parts.size(); ++mask) {
      std::vector<CorePart> some;
      for (size_t k = 0; k < core.parts.size(); ++k) {
        if (mask >> k & 1) some.push_back(core.parts[k]);
      }
      CHECK_FALSE(Contradict(problem, some));
    }
  }
  CHECK(infeasible > 20);
}

TEST_CASE("what is no part always holds") {
  ProblemBuilder b;
  const int x = b.AddColumn("x", 0, 3, ColumnType::kContinuous);
  b.BeginRow("floor", 5, kInfinity);
  b.AddTerm(x, 1);
  b.BeginRow("other", 1, kInfinity);
  b.AddTerm(x, 1);
  const Problem problem = *std::move(b).Build();
  const std::vector<CorePart> rows = {{Kind::kRow, 0}, {Kind::kRow, 1}};
  const InfeasibleCore core = SearchCore(problem, rows, Clp(), NoLimit());
  CHECK(core.outcome == Outcome::kIrreducible);
  CHECK(core.parts == std::vector<CorePart>{{Kind::kRow, 0}});
}

TEST_CASE("a certificate saves most of the questions") {
  const Problem problem = Planted(400, 40);
  const std::vector<CorePart> parts = AllParts(problem);
  REQUIRE(parts.size() > 1100);
  const InfeasibleCore core = SearchCore(problem, parts, Clp(), NoLimit());
  ExpectIrreducible(problem, core);
  CHECK(core.parts.size() >= 3);
  CHECK(core.solves <= static_cast<int64_t>(core.parts.size()) + 20);
}

TEST_CASE("a search that is stopped claims nothing it does not know") {
  const Problem problem = Planted(100, 20);
  const std::vector<CorePart> parts = AllParts(problem);
  std::stop_source stopped;
  stopped.request_stop();
  const InfeasibleCore core =
      SearchCore(problem, parts, Clp(), StopControl(stopped.get_token(), 3600));
  CHECK(core.outcome == Outcome::kUnknown);
  CHECK(core.parts.empty());

  // Stopped after so many solves: what it has by then is a contradiction.
  class Counting : public LpEngine {
   public:
    Counting(std::unique_ptr<LpEngine> engine, int& left, std::stop_source& stop)
        : engine_(std::move(engine)), left_(left), stop_(stop) {}
    void SetColumnBounds(std::span<const double> l, std::span<const double> u) override {
      engine_->SetColumnBounds(l, u);
    }
    void SetRowBounds(std::span<const double> l, std::span<const double> u) override {
      engine_->SetRowBounds(l, u);
    }
    void SetCost(std::span<const double> cost) override { engine_->SetCost(cost); }
    bool SetBasis(std::span<const BasisStatus> c, std::span<const BasisStatus> r) override {
      return engine_->SetBasis(c, r);
    }
    LpStatus Solve(LpMethod method, const StopControl& control) override {
      if (left_-- == 0) stop_.request_stop();
      return control.Stopped() ? LpStatus::kStopped : engine_->Solve(method, control);
    }
    std::vector<double> Point() const override { return engine_->Point(); }
    std::vector<double> RowDuals() const override { return engine_->RowDuals(); }
    std::vector<double> FarkasRay() const override { return engine_->FarkasRay(); }
    std::vector<double> UnboundedRay() const override { return engine_->UnboundedRay(); }
    void Basis(std::vector<BasisStatus>& c, std::vector<BasisStatus>& r) const override {
      engine_->Basis(c, r);
    }
    int64_t iterations() const override { return engine_->iterations(); }

   private:
    std::unique_ptr<LpEngine> engine_;
    int& left_;
    std::stop_source& stop_;
  };
  std::stop_source stop;
  int left = 3;
  const LpEngineFactory counting = [&](const LpModel& model) -> std::unique_ptr<LpEngine> {
    return std::make_unique<Counting>(MakeClpEngine(model), left, stop);
  };
  const InfeasibleCore early =
      SearchCore(problem, parts, counting, StopControl(stop.get_token(), 3600));
  CHECK(early.outcome == Outcome::kInfeasible);
  CHECK(Contradict(problem, early.parts));
}

TEST_CASE("a worker process finds the core that this process finds") {
  WorkerOptions options;
  options.command = {SOLVENT_WORKER};
  auto backend = *MakeWorkerBackend(options);
  auto* finder = dynamic_cast<InfeasibleCoreFinder*>(backend.get());
  REQUIRE(finder != nullptr);
  const Problem problem = Planted(100, 20);
  const std::vector<CorePart> parts = AllParts(problem);
  const InfeasibleCore here = SearchCore(problem, parts, Clp(), NoLimit());
  const absl::StatusOr<InfeasibleCore> there = finder->FindInfeasibleCore(problem, parts, {}, {});
  REQUIRE(there.ok());
  CHECK(there->outcome == Outcome::kIrreducible);
  CHECK(there->parts == here.parts);
  CHECK(there->proof == here.proof);

  const std::vector<CorePart> wrong = {{Kind::kRow, problem.num_rows()}};
  CHECK(finder->FindInfeasibleCore(problem, wrong, {}, {}).status().code() ==
        absl::StatusCode::kInvalidArgument);
  std::stop_source stopped;
  stopped.request_stop();
  SolveMonitor monitor;
  monitor.stop = stopped.get_token();
  CHECK(finder->FindInfeasibleCore(problem, parts, {}, monitor)->outcome == Outcome::kUnknown);
  // The worker is fit for solves, and for further cores.
  CHECK(backend->Solve(problem, {})->status == SolveStatus::kInfeasible);
  CHECK(finder->FindInfeasibleCore(problem, parts, {}, {})->parts == here.parts);
}

}  // namespace solvent::testing
