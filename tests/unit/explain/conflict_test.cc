#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "explain_tools.h"
#include "parts.h"
#include "solvent/explain.h"

namespace solvent::testing {
namespace {

Conflict Find(const Problem& problem, ExplainOptions options = {}) {
  absl::StatusOr<Conflict> conflict = FindConflict(problem, Cbc(), options);
  REQUIRE(conflict.ok());
  return *std::move(conflict);
}

std::set<std::string> Texts(const Conflict& conflict) {
  std::set<std::string> texts;
  for (const ConflictPart& part : conflict.parts) texts.insert(part.text);
  return texts;
}

std::vector<Part> PartsIn(const Conflict& conflict) {
  std::vector<Part> parts;
  for (const ConflictPart& part : conflict.parts) parts.push_back({part.kind, part.index});
  return parts;
}

// Solved with the parts alone, by an ordinary checked solve.
SolveStatus StatusOf(const Problem& problem, const std::vector<Part>& parts) {
  const Subproblem sub = MakeSubproblem(problem, parts, false);
  if (sub.problem.num_columns() == 0) {
    for (int32_t i = 0; i < sub.problem.num_rows(); ++i) {
      if (sub.problem.row_lower[i] > 0 || sub.problem.row_upper[i] < 0)
        return SolveStatus::kInfeasible;
    }
    return SolveStatus::kOptimal;
  }
  // Without bounds on integers a branching solver may never end: those that are missing are set so
  // far away that no point of these small problems is lost.
  Problem boxed = sub.problem;
  for (double& v : boxed.column_lower) v = std::max(v, -1000.0);
  for (double& v : boxed.column_upper) v = std::min(v, 1000.0);
  SolveOptions options;
  options.time_limit_seconds = 10;
  absl::StatusOr<SolveResult> result = Cbc().Solve(boxed, options);
  REQUIRE(result.ok());
  return result->status;
}

// The claim itself: together infeasible, and without any one of them not.
void ExpectIrreducible(const Problem& problem, const Conflict& conflict) {
  REQUIRE(conflict.outcome == Conflict::Outcome::kIrreducible);
  CHECK(conflict.trust >= Trust::kCrossChecked);
  const std::vector<Part> parts = PartsIn(conflict);
  CHECK(!parts.empty());
  CHECK(StatusOf(problem, parts) == SolveStatus::kInfeasible);
  for (size_t k = 0; k < parts.size(); ++k) {
    std::vector<Part> rest = parts;
    rest.erase(rest.begin() + static_cast<long>(k));
    CAPTURE(conflict.parts[k].text);
    CHECK(StatusOf(problem, rest) == SolveStatus::kOptimal);
  }
}

void Row(ProblemBuilder& b, const char* name, double lower, double upper,
         std::vector<std::pair<int, double>> terms) {
  b.BeginRow(name, lower, upper);
  for (const auto& [column, coefficient] : terms) b.AddTerm(column, coefficient);
}

}  // namespace

TEST_CASE("a floor, a ceiling and a redundant row: the two conflicting rows only") {
  ProblemBuilder b;
  const int x = b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous, 1);
  Row(b, "redundant", -kInfinity, 1000, {{x, 1}});
  Row(b, "floor", 10, kInfinity, {{x, 1}});
  Row(b, "ceiling", -kInfinity, 5, {{x, 1}});
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  CHECK(Texts(conflict) == std::set<std::string>{"floor: x >= 10", "ceiling: x <= 5"});
  CHECK_FALSE(conflict.needs_integers);
  CHECK(conflict.method == "propagation");
  CHECK(conflict.trust == Trust::kProven);
  ExpectIrreducible(problem, conflict);
  const Json json = ConflictToJson(conflict);
  CHECK(json["iis_constraints"].array().size() == 2);
  CHECK(json["iis_variable_bounds"].array().empty());
  CHECK(json["conflict_type"].as_string() == "constraint");
  CHECK(json["irreducible"].as_bool());
}

TEST_CASE("supply against demand is named in the modeler's terms, with the bounds it rests on") {
  ProblemBuilder b;
  const int a = b.AddColumn("ship[East Hub,A]", 0, 40, ColumnType::kContinuous, 1);
  const int c = b.AddColumn("ship[East Hub,B]", 0, kInfinity, ColumnType::kContinuous, 1);
  const int other = b.AddColumn("ship[West Hub,A]", 0, 7, ColumnType::kContinuous, 1);
  Row(b, "room[East Hub]", -kInfinity, 100, {{a, 1}, {c, 1}});
  Row(b, "room[West Hub]", -kInfinity, 100, {{other, 1}});
  Row(b, "meet[A]", 50, kInfinity, {{a, 1}, {other, 1}});
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  ExpectIrreducible(problem, conflict);
  CHECK(Texts(conflict) ==
        std::set<std::string>{"meet[A]: ship[East Hub,A] + ship[West Hub,A] >= 50",
                              "ship[East Hub,A] <= 40", "ship[West Hub,A] <= 7"});
  const ConflictPart& bound = conflict.parts[1];
  CHECK(bound.name.family == "ship");
  CHECK(bound.name.index == std::vector<std::string>{"East Hub", "A"});
  CHECK(ConflictToJson(conflict)["conflict_type"].as_string() == "mixed");
}

TEST_CASE("names are read as family and members") {
  const PartName plain = ParsePartName("total");
  CHECK(plain.family == "total");
  CHECK(plain.index.empty());
  const PartName quoted = ParsePartName("ship['East Hub','it''s, there',3]");
  CHECK(quoted.family == "ship");
  CHECK(quoted.index == std::vector<std::string>{"East Hub", "it's, there", "3"});
  CHECK(quoted.name == "ship[East Hub,it's, there,3]");
  CHECK(ParsePartName("[x]").family == "[x]");
  CHECK(ParsePartName("a[]").index == std::vector<std::string>{""});
  CHECK(ParsePartName("a['").family == "a['");
}

TEST_CASE("a conflict that no row shows by itself is found from a certificate") {
  ProblemBuilder b;  // x + y >= 4, x - y >= 1, 2x + y <= 5 in free columns, and rows around
  const int x = b.AddColumn("x", -kInfinity, kInfinity, ColumnType::kContinuous);
  const int y = b.AddColumn("y", -kInfinity, kInfinity, ColumnType::kContinuous);
  const int z = b.AddColumn("z", 0, 10, ColumnType::kContinuous);
  Row(b, "loose1", -100, kInfinity, {{x, 1}, {z, 1}});
  Row(b, "sum", 4, kInfinity, {{x, 1}, {y, 1}});
  Row(b, "loose2", -kInfinity, 100, {{y, 1}, {z, -1}});
  Row(b, "difference", 1, kInfinity, {{x, 1}, {y, -1}});
  Row(b, "cap", -kInfinity, 6, {{x, 3}, {y, 1}});
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  ExpectIrreducible(problem, conflict);
  CHECK(conflict.method == "farkas");
  CHECK(Texts(conflict) ==
        std::set<std::string>{"sum: x + y >= 4", "difference: x - y >= 1", "cap: 3 x + y <= 6"});
}

TEST_CASE("a conflict of whole numbers says so") {
  ProblemBuilder b;  // 2x + 2y = 3 over the integers, and a row that does not matter
  const int x = b.AddColumn("x", 0, 5, ColumnType::kInteger);
  const int y = b.AddColumn("y", 0, 5, ColumnType::kInteger);
  Row(b, "odd", 3, 3, {{x, 2}, {y, 2}});
  Row(b, "other", -kInfinity, 9, {{x, 1}, {y, 1}});
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  ExpectIrreducible(problem, conflict);
  CHECK(conflict.needs_integers);
  CHECK(Texts(conflict) == std::set<std::string>{"odd: 2 x + 2 y = 3"});
}

TEST_CASE("an integer without a whole number between its bounds") {
  ProblemBuilder b;
  b.AddColumn("x", 0.2, 0.8, ColumnType::kInteger);
  const Conflict conflict = Find(*std::move(b).Build());
  CHECK(conflict.outcome == Conflict::Outcome::kIrreducible);
  CHECK(Texts(conflict) == std::set<std::string>{"x >= 0.2", "x <= 0.8"});
  CHECK(conflict.needs_integers);
  CHECK(ConflictToJson(conflict)["conflict_type"].as_string() == "bound");
}

TEST_CASE("a row without terms contradicts by itself") {
  ProblemBuilder b;
  b.AddColumn("x", 0, 1, ColumnType::kContinuous);
  Row(b, "five", -kInfinity, 1, {{0, 1}});
  Row(b, "nothing", 1, kInfinity, {});
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  CHECK(conflict.outcome == Conflict::Outcome::kIrreducible);
  CHECK(Texts(conflict) == std::set<std::string>{"nothing: 0 >= 1"});
}

TEST_CASE("a binary column's own 0 and 1 are no parts, a fixed one is") {
  ProblemBuilder b;
  const int x = b.AddColumn("x", 0, 1, ColumnType::kBinary);
  const int y = b.AddColumn("y", 0, 0, ColumnType::kBinary);
  Row(b, "both", 2, kInfinity, {{x, 1}, {y, 1}});
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  ExpectIrreducible(problem, conflict);
  CHECK(Texts(conflict) == std::set<std::string>{"both: x + y >= 2", "y <= 0"});
}

TEST_CASE("a problem with a point has no conflict, and an impossible time settles nothing") {
  ProblemBuilder b;
  const int x = b.AddColumn("x", 0, 5, ColumnType::kInteger);
  Row(b, "some", 1, kInfinity, {{x, 1}});
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  CHECK(conflict.outcome == Conflict::Outcome::kFeasible);
  CHECK(conflict.parts.empty());
  std::stop_source stopped;
  stopped.request_stop();
  const Conflict early = Find(problem, {.time_limit_seconds = 20, .stop = stopped.get_token()});
  CHECK(early.outcome == Conflict::Outcome::kUnknown);
  CHECK(FindConflict(problem, Cbc(), {.time_limit_seconds = 0, .stop = {}}).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a backend that fails is reported, and what is known is kept") {
  class Broken : public SolveBackend {
   public:
    std::string_view name() const override { return "broken"; }
    std::string version() const override { return "1"; }
    std::string description() const override { return "fails"; }
    Capabilities capabilities() const override { return {}; }
    absl::StatusOr<SolveResult> Solve(const Problem&, const SolveOptions&,
                                      const SolveMonitor&) override {
      return absl::AbortedError("the worker died");
    }
  };
  Broken broken;
  ProblemBuilder b;
  const int x = b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous);
  Row(b, "floor", 10, kInfinity, {{x, 1}});
  Row(b, "ceiling", -kInfinity, 5, {{x, 1}});
  absl::StatusOr<Conflict> conflict = FindConflict(*std::move(b).Build(), broken);
  REQUIRE(conflict.ok());
  CHECK(conflict->outcome == Conflict::Outcome::kInfeasibleSubset);
  CHECK(conflict->trust == Trust::kProven);
  CHECK(conflict->parts.size() == 2);
  CHECK(conflict->note.find("the worker died") != std::string::npos);
}

TEST_CASE("every irreducible conflict of random problems is one") {
  int infeasible = 0, integral = 0, unproven = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    ProblemBuilder b;
    const int columns = static_cast<int>(random.Int(2, 8));
    const int rows = static_cast<int>(random.Int(3, 12));
    for (int j = 0; j < columns; ++j) {
      const int64_t low = random.Int(-5, 3);
      const auto type = random.Int(0, 2) == 0 ? ColumnType::kInteger : ColumnType::kContinuous;
      const bool open = random.Int(0, 3) == 0;
      b.AddColumn("", open ? -kInfinity : static_cast<double>(low),
                  static_cast<double>(low + random.Int(0, 8)), type);
    }
    for (int i = 0; i < rows; ++i) {
      const auto side = static_cast<double>(random.Int(-25, 25));
      const bool equal = random.Int(0, 4) == 0, less = random.Int(0, 1) == 0;
      b.BeginRow("", less && !equal ? -kInfinity : side, less || equal ? side : kInfinity);
      for (int j = 0; j < columns; ++j) {
        if (random.Int(0, 1) == 0) continue;
        const auto a = static_cast<double>(random.Int(1, 6));
        b.AddTerm(j, random.Int(0, 1) == 0 ? a : -a);
      }
    }
    const Problem problem = *std::move(b).Build();
    CAPTURE(seed);
    const Conflict conflict = Find(problem, {.time_limit_seconds = 2, .stop = {}});
    if (conflict.outcome == Conflict::Outcome::kFeasible) continue;
    ++infeasible;
    integral += conflict.needs_integers;
    if (conflict.outcome == Conflict::Outcome::kIrreducible) {
      ExpectIrreducible(problem, conflict);
    } else {
      // Integers without bounds: some subsets cannot be decided. It must say so.
      ++unproven;
      CHECK(!conflict.note.empty());
    }
  }
  CHECK(infeasible > 100);
  CHECK(integral > 3);
  CHECK(unproven < infeasible / 10);
}

TEST_CASE("one contradiction among hundreds of rows") {
  Random random(7);
  ProblemBuilder b;
  constexpr int kColumns = 200, kRows = 400;
  std::vector<double> hidden;
  for (int j = 0; j < kColumns; ++j) {
    hidden.push_back(static_cast<double>(random.Int(0, 20)));
    b.AddColumn("", -50, 50, j % 10 == 0 ? ColumnType::kInteger : ColumnType::kContinuous);
  }
  for (int i = 0; i < kRows; ++i) {
    b.BeginRow("", -kInfinity, kInfinity);
    double activity = 0;
    for (int t = 0; t < 6; ++t) {
      const int j = static_cast<int>(random.Int(0, kColumns - 1));
      const auto a = static_cast<double>(random.Int(1, 9));
      b.AddTerm(j, a);
      activity += a * hidden[j];
    }
    b.SetRowBounds(i, -kInfinity, activity + static_cast<double>(random.Int(0, 9)));
  }
  // Two rows over the same columns that miss each other.
  for (const auto& [lower, upper] :
       {std::pair<double, double>{101, kInfinity}, {-kInfinity, 100}}) {
    b.BeginRow("", lower, upper);
    for (int j = 0; j < 30; ++j) b.AddTerm(j, 1);
  }
  const Problem problem = *std::move(b).Build();
  const Conflict conflict = Find(problem);
  ExpectIrreducible(problem, conflict);
  CHECK(conflict.parts.size() <= 40);
}

TEST_CASE("an unbounded problem's direction is named") {
  ProblemBuilder b;  // max x + y, x - y <= 2, z of no use
  const int x = b.AddColumn("grow[a]", 0, kInfinity, ColumnType::kContinuous, 1);
  const int y = b.AddColumn("grow[b]", 0, kInfinity, ColumnType::kInteger, 1);
  const int z = b.AddColumn("z", 0, 3, ColumnType::kContinuous, 1);
  Row(b, "tied", -kInfinity, 2, {{x, 1}, {y, -1}, {z, 1}});
  b.SetSense(Sense::kMaximize);
  const Problem problem = *std::move(b).Build();
  absl::StatusOr<Ray> ray = FindUnboundedDirection(problem, Cbc());
  REQUIRE(ray.ok());
  CHECK(ray->found);
  CHECK(ray->objective_change > 0);
  double change[3] = {};
  for (const Ray::Step& step : ray->steps) change[step.column] = step.change;
  CHECK(change[x] >= 0);
  CHECK(change[x] <= change[y]);
  CHECK(change[z] == 0);
  CHECK(ray->steps[0].name.family == "grow");
  CHECK(ray->note.find("whole") != std::string::npos);
  CHECK(RayToJson(*ray)["found"].as_bool());
}

TEST_CASE("a bounded problem has no such direction") {
  ProblemBuilder b;
  b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous, 1);
  Row(b, "r", 1, kInfinity, {{0, 1}});
  absl::StatusOr<Ray> ray = FindUnboundedDirection(*std::move(b).Build(), Cbc());
  REQUIRE(ray.ok());
  CHECK_FALSE(ray->found);
  CHECK(ray->steps.empty());
  CHECK(!ray->note.empty());
}

TEST_CASE("a backend whose point is none, or that throws, is reported") {
  class Odd : public SolveBackend {
   public:
    explicit Odd(bool throws) : throws_(throws) {}
    std::string_view name() const override { return "odd"; }
    std::string version() const override { return "1"; }
    std::string description() const override { return "misbehaves"; }
    Capabilities capabilities() const override { return {}; }
    absl::StatusOr<SolveResult> Solve(const Problem&, const SolveOptions&,
                                      const SolveMonitor&) override {
      if (throws_) throw 5;
      SolveResult pointless;
      pointless.status = SolveStatus::kOptimal;
      pointless.has_point = true;
      return pointless;
    }

   private:
    const bool throws_;
  };
  ProblemBuilder b;
  const int x = b.AddColumn("x", 0, 10, ColumnType::kInteger, 1);
  const int y = b.AddColumn("y", 0, 10, ColumnType::kInteger, 1);
  Row(b, "most", -kInfinity, 12, {{x, 1}, {y, 1}});
  const Problem problem = *std::move(b).Build();
  for (bool throws : {false, true}) {
    Odd odd(throws);
    absl::StatusOr<Conflict> conflict = FindConflict(problem, odd);
    REQUIRE(conflict.ok());
    CHECK(conflict->outcome == Conflict::Outcome::kUnknown);
    CHECK_FALSE(FindUnboundedDirection(problem, odd).ok());
  }
  PointAnalysis wild;
  wild.rows.push_back({.row = 1 << 30});
  CHECK(PointAnalysisToJson(problem, wild)["constraints"].array().size() == 1);
}

}  // namespace solvent::testing
