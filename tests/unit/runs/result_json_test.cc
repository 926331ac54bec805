#include "result_json.h"

#include <doctest/doctest.h>

#include "progress_fraction.h"
#include "run_options.h"
#include "solvent/json.h"

using namespace solvent;

namespace {

Problem TwoColumns() {
  ProblemBuilder builder;
  int32_t x = builder.AddColumn("x", 0, 10, ColumnType::kContinuous, 1);
  int32_t y = builder.AddColumn("y", 0, 10, ColumnType::kInteger, 1);
  builder.BeginRow("r", 4, kInfinity);
  builder.AddTerm(x, 1);
  builder.AddTerm(y, 1);
  return *std::move(builder).Build();
}

}  // namespace

TEST_CASE("a result is written with the API's names and reads back as a point") {
  Problem problem = TwoColumns();
  SolveResult result;
  result.status = SolveStatus::kOptimal;
  result.has_point = true;
  result.x = {1.5, 3};
  result.objective = 4.5;
  result.gap = 0;
  result.solver = "cbc";
  ResultJson json = RenderResult(problem, result);
  CHECK(json.preview.empty());
  auto parsed = ParseJson(json.full);
  REQUIRE(parsed.ok());
  CHECK((*parsed)["status"].as_string() == "optimal");
  CHECK((*parsed)["variables"].array()[1]["type"].as_string() == "integer");
  CHECK((*parsed)["variables"].array()[1]["value"].Dump() == "3");
  CHECK((*parsed)["dual_bound"].is_null());
  CHECK((*parsed)["sensitivity"]["constraints"].array().empty());
  CHECK_FALSE((*parsed)["sensitivity"]["note"].as_string().empty());
  CHECK(PointFromResult(problem, json.full) == std::vector<double>{1.5, 3});
}

TEST_CASE("a result without a point has nothing but its status") {
  SolveResult result;
  result.status = SolveStatus::kInfeasible;
  auto parsed = ParseJson(RenderResult(TwoColumns(), result).full);
  REQUIRE(parsed.ok());
  CHECK((*parsed)["objective_value"].is_null());
  CHECK((*parsed)["variables"].array().empty());
  CHECK((*parsed)["solution"].is_object());
  CHECK(PointFromResult(TwoColumns(), parsed->Dump()).empty());
}

TEST_CASE("lists get a preview of long results") {
  ProblemBuilder builder;
  for (int i = 0; i < 1200; ++i) {
    builder.AddColumn("v" + std::to_string(i), 0, 1, ColumnType::kContinuous, 1);
  }
  Problem problem = *std::move(builder).Build();
  SolveResult result;
  result.status = SolveStatus::kOptimal;
  result.has_point = true;
  result.x.assign(1200, 0.5);
  ResultJson json = RenderResult(problem, result);
  auto preview = ParseJson(json.preview);
  REQUIRE(preview.ok());
  CHECK((*preview)["variables"].array().size() == 1000);
  CHECK((*preview)["variables_truncated"].as_bool());
  CHECK((*ParseJson(json.full))["variables"].array().size() == 1200);
}

TEST_CASE("the estimate of progress stays between its last value and one") {
  ProgressFraction fraction(10);
  Progress progress;
  progress.elapsed_seconds = 2;
  CHECK(fraction.Update(progress) == doctest::Approx(0.2));
  progress.gap = 0.4;
  CHECK(fraction.Update(progress) == doctest::Approx(0.6));
  progress.gap = 0.9;
  CHECK(fraction.Update(progress) == doctest::Approx(0.6));
  progress.gap = 0;
  CHECK(fraction.Update(progress) < 1);
}

TEST_CASE("options survive being stored") {
  RunOptions options;
  options.solve.time_limit_seconds = 12.5;
  options.solve.gap_tolerance = 0.01;
  options.solve.node_limit = 7;
  options.solve.seed = 4'000'000'000u;
  options.solve.verify = false;
  options.warm_start_execution_id = "exe_1";
  auto again = DecodeOptions(EncodeOptions(options));
  REQUIRE(again.ok());
  CHECK(again->solve.time_limit_seconds == 12.5);
  CHECK(again->solve.gap_tolerance == 0.01);
  CHECK(again->solve.node_limit == 7);
  CHECK(again->solve.seed == 4'000'000'000u);
  CHECK_FALSE(again->solve.verify);
  CHECK(again->warm_start_execution_id == "exe_1");
  CHECK_FALSE(DecodeOptions("{}").ok());
}
