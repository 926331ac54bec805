#include "prepared_model.h"

#include <doctest/doctest.h>
#include <pthread.h>
#include <time.h>

#include <cmath>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "embedded_templates.h"
#include "prepared_models.h"
#include "solvent/error.h"
#include "template_document.h"

namespace solvent {
namespace {

Json Parse(std::string_view text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  return *std::move(json);
}

ModelDefinition Definition(std::string_view text) {
  auto definition = ReadDefinition(Parse(text));
  REQUIRE_MESSAGE(definition.ok(), definition.status().ToString());
  return *std::move(definition);
}

std::shared_ptr<const PreparedModel> MustPrepare(std::string_view text) {
  auto model = PreparedModel::Prepare(EffectiveDefinition(Definition(text), Json()));
  REQUIRE_MESSAGE(model.ok(), model.status().ToString());
  return *std::move(model);
}

absl::Status PrepareStatus(std::string_view text) {
  return PreparedModel::Prepare(EffectiveDefinition(Definition(text), Json())).status();
}

// The errors of a refused input.
Json::Array Errors(const PreparedModel& model, std::string_view input) {
  auto run = model.Generate(Parse(input), {}, 0);
  REQUIRE(!run.ok());
  CHECK(absl::IsInvalidArgument(run.status()));
  CHECK(GetErrorInfo(run.status()).code == "bad_request");
  return GetErrorInfo(run.status()).extra["errors"].array();
}

constexpr char kDiet[] = R"({
  "generator_type": "template", "language": "mathprog",
  "model": ["set FOODS;", "param price{FOODS} >= 0;", "param least default 1;",
            "table f IN \"JSON\" \"foods\": FOODS <- [name], price;",
            "var buy{f in FOODS} >= 0;",
            "minimize cost: sum{f in FOODS} price[f]*buy[f];",
            "s.t. enough: sum{f in FOODS} buy[f] >= least;", "solve;", "end;"],
  "input_schema": {"properties": {"foods": {"type": "array", "items": {"type": "object",
     "properties": {"price": {"default": 7}}}}, "least": {"type": "number"}, "note": {}}},
  "input_fields": [{"name": "foods", "type": "array"},
                   {"name": "least", "type": "number", "required": false, "default": 4,
                    "minimum": 1, "maximum": 100}]})";

TEST_CASE("every shipped template generates its example") {
  REQUIRE(kEmbeddedTemplateCount >= 4);
  for (size_t i = 0; i < kEmbeddedTemplateCount; ++i) {
    auto listing = ReadTemplateDocument(kEmbeddedTemplates[i]);
    REQUIRE_MESSAGE(listing.ok(), listing.status().ToString());
    CAPTURE(listing->name);
    CHECK(!listing->display_name.empty());
    CHECK(!listing->description.empty());
    CHECK(!listing->tags.empty());
    auto model = PreparedModel::Prepare(EffectiveDefinition(listing->definition, Json()));
    REQUIRE_MESSAGE(model.ok(), model.status().ToString());
    auto run = (*model)->Generate(listing->definition.example_input, {}, 0);
    REQUIRE_MESSAGE(run.ok(), run.status().ToString());
    CHECK(run->problem.Check().ok());
    CHECK(run->problem.num_columns() > 0);
    CHECK(run->reporter);
  }
}

TEST_CASE("defaults come from input_defaults, schema and fields, in this order") {
  auto model = MustPrepare(kDiet);
  auto run = model->Generate(Parse(R"({"foods": [{"name": "rice"}]})"), {}, 0);
  REQUIRE_MESSAGE(run.ok(), run.status().ToString());
  CHECK(run->problem.objective == std::vector<double>{7});
  CHECK(run->problem.row_lower == std::vector<double>{4});
  CHECK(run->problem.ColumnName(0) == "buy[rice]");

  ModelDefinition own =
      EffectiveDefinition(Definition(kDiet), Parse(R"({"input_defaults": {"least": 9}})"));
  auto other = PreparedModel::Prepare(own);
  REQUIRE(other.ok());
  run = (*other)->Generate(Parse(R"({"foods": [{"name": "rice", "price": 2}]})"), {}, 0);
  REQUIRE(run.ok());
  CHECK(run->problem.row_lower == std::vector<double>{9});
  CHECK(run->problem.objective == std::vector<double>{2});
}

TEST_CASE("names that would not be unique get quotes") {
  auto model = MustPrepare(R"({"generator_type": "template", "model":
    "set S; var x{S} >= 0; minimize z: sum{i in S} x[i]; s.t. c{i in S}: x[i] >= 1; end;"})");
  auto run = model->Generate(Parse(R"({"S": ["1", 1]})"), {}, 0);
  REQUIRE_MESSAGE(run.ok(), run.status().ToString());
  CHECK(run->problem.num_columns() == 2);
  CHECK(run->problem.ColumnName(0) != run->problem.ColumnName(1));
}

TEST_CASE("bad input is refused with pointers into it") {
  auto model = MustPrepare(kDiet);
  Json::Array errors = Errors(*model, "{}");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0]["code"].as_string() == "S202");
  CHECK(errors[0]["json_pointer"].as_string() == "/foods");
  errors = Errors(*model, R"({"foods": [{"name": "a"}, 3]})");
  CHECK(errors[0]["code"].as_string() == "S201");
  CHECK(errors[0]["json_pointer"].as_string() == "/foods/1");
  CHECK(errors[0]["keyword"].as_string() == "type");
  errors = Errors(*model, R"({"foods": [], "least": 0.5})");
  CHECK(errors[0]["json_pointer"].as_string() == "/least");
  CHECK(errors[0]["keyword"].as_string() == "minimum");
  CHECK(errors[0]["limit"].as_double() == 1);
  errors = Errors(*model, R"({"foods": [{"name": "a", "price": -1}]})");
  CHECK(errors[0]["code"].as_string() == "M222");
  errors = Errors(*model, R"({"foods": [{"name": "a"}], "prise": 3})");
  CHECK(errors[0]["code"].as_string() == "B201");
  CHECK(errors[0]["json_pointer"].as_string() == "/prise");
  CHECK(model->Generate(Parse(R"({"foods": [{"name": "a"}], "note": 3})"), {}, 0).ok());
}

TEST_CASE("a definition that cannot work is refused with a pointer into it") {
  auto pointer = [](std::string_view text) {
    absl::Status status = PrepareStatus(text);
    CHECK(GetErrorInfo(status).code == "validation_error");
    auto fields = GetErrorInfo(status).fields;
    return fields.empty() ? "none" : fields[0].pointer;
  };
  CHECK(pointer(R"({"generator_type": "template", "model": "var x; s.t. c: y <= 1; end;"})") ==
        "/model");
  CHECK(pointer(R"({"generator_type": "template", "language": "cobol", "model": "x"})") ==
        "/language");
  CHECK(pointer(R"({"generator_type": "template", "language": "mps", "model": "nonsense"})") ==
        "/model");
  CHECK(pointer(R"({"generator_type": "g", "input_schema": {"type": 3}})") == "/input_schema");
  CHECK(pointer(R"({"generator_type": "g", "input_fields": [{"name": "a", "type": "date"}]})") ==
        "/input_fields/0/type");
  CHECK(pointer(R"({"generator_type": "g", "input_fields": [{}]})") == "/input_fields/0/name");
  CHECK(pointer(R"({"generator_type": "g", "input_schema": {"properties": {"b": {}}},
                    "input_fields": [{"name": "a"}]})") == "/input_fields/0/name");
  CHECK(pointer(R"({"generator_type": "g", "custom_config": {"options": 3}})") ==
        "/custom_config/options");
  CHECK(pointer(R"({"generator_type": "g", "custom_config": {"options":
                    {"gap_tolerance": 2}}})") == "/custom_config/options/gap_tolerance");
  CHECK(pointer(R"({"generator_type": "g", "custom_config": {"limits": {"rows": 0}}})") ==
        "/custom_config/limits/rows");
  CHECK(pointer(R"({"generator_type": "g", "custom_config": {"dialect": "ampl"}})") ==
        "/custom_config/dialect");
  absl::Status status =
      PrepareStatus(R"({"generator_type": "template", "model": "var x; s.t. c: y <= 1; end;"})");
  const Json errors = GetErrorInfo(status).extra["errors"];
  REQUIRE(!errors.array().empty());
  CHECK(errors.array()[0]["line"].as_int() == 1);
}

TEST_CASE("a template's limit is a validation error") {
  auto model = MustPrepare(R"({"generator_type": "template", "custom_config": {"limits":
    {"rows": 3}}, "model":
    "param n; var x{1..n} >= 0; minimize z: sum{i in 1..n} x[i]; s.t. c{i in 1..n}: x[i] >= i; end;"})");
  CHECK(model->Generate(Parse(R"({"n": 2})"), {}, 0).ok());
  auto run = model->Generate(Parse(R"({"n": 9})"), {}, 0);
  REQUIRE(!run.ok());
  CHECK(GetErrorInfo(run.status()).code == "validation_error");
  CHECK(GetErrorInfo(run.status()).extra["errors"].array()[0]["code"].as_string().substr(0, 2) ==
        "L4");
}

TEST_CASE("a generic model takes a flat problem, and says what is missing") {
  auto model = MustPrepare(R"({"generator_type": "knapsack_of_mine", "custom_config":
    {"options": {"time_limit_seconds": 7, "threads": 2}, "solver_name": "cbc"}})");
  auto run = model->Generate(Parse(R"({"variables": [{"name": "x"}], "options": {"threads": 1},
    "objective": {"sense": "minimize", "expression": "x"}})"),
                             {}, 0);
  REQUIRE_MESSAGE(run.ok(), run.status().ToString());
  CHECK(run->problem.num_columns() == 1);
  CHECK(run->options.time_limit_seconds == 7);
  CHECK(run->options.threads == 1);
  CHECK(run->solver_name == "cbc");
  CHECK(!run->reporter);
  run = model->Generate(Parse(R"({"variables": [{"name": "x"}]})"), {}, 0);
  REQUIRE(!run.ok());
  CHECK(GetErrorInfo(run.status()).code == "bad_request");
  CHECK(Message(run.status()).find("objective") != std::string_view::npos);
}

TEST_CASE("a template without a text takes a flat problem and nothing else") {
  auto model = MustPrepare(R"({"generator_type": "template"})");
  CHECK(!model->has_text());
  CHECK(model
            ->Generate(Parse(R"({"variables": [{"name": "x"}],
    "objective": {"sense": "minimize", "expression": "x"}})"),
                       {}, 0)
            .ok());
  auto run = model->Generate(Parse(R"({"warehouses": []})"), {}, 0);
  REQUIRE(!run.ok());
  CHECK(Message(run.status()).find("no template yet") != std::string_view::npos);
}

TEST_CASE("flat and MPS texts are problems of their own") {
  auto flat = MustPrepare(R"({"generator_type": "template", "language": "flat", "model": {
    "variables": [{"name": "x", "lower_bound": 2}],
    "objective": {"sense": "minimize", "expression": "3*x"}}})");
  auto run = flat->Generate(Parse("{}"), {}, 0);
  REQUIRE_MESSAGE(run.ok(), run.status().ToString());
  CHECK(run->problem.objective == std::vector<double>{3});
  CHECK(Errors(*flat, R"({"x": 3})")[0]["code"].as_string() == "B201");
  auto mps = MustPrepare(R"({"generator_type": "template", "language": "mps", "model": [
    "NAME t", "ROWS", " N cost", " G c1", "COLUMNS", " x cost 1 c1 1", "RHS", " r c1 4", "ENDATA"]})");
  run = mps->Generate(Parse("{}"), {}, 0);
  REQUIRE_MESSAGE(run.ok(), run.status().ToString());
  CHECK(run->problem.row_lower == std::vector<double>{4});
}

TEST_CASE("prepared models are shared until there is no room for them") {
  PreparedModels models(2);
  auto get = [&models](const std::string& data) {
    ModelDefinition definition = Definition(kDiet);
    definition.data = "data; param least := " + data + "; end;";
    auto model = models.Get(definition);
    REQUIRE_MESSAGE(model.ok(), model.status().ToString());
    return model->get();
  };
  const PreparedModel* first = get("1");
  CHECK(get("1") == first);
  CHECK(models.stats().hits == 1);
  CHECK(models.stats().misses == 1);
  get("2");
  CHECK(get("1") == first);
  get("3");  // pushes out 2, which was used longest ago
  CHECK(get("1") == first);
  CHECK(models.stats().entries == 2);
  int64_t misses = models.stats().misses;
  get("2");
  CHECK(models.stats().misses == misses + 1);
}

}  // namespace
namespace {

// Generating from it takes minutes, unless n is small.
constexpr char kLong[] = R"({"generator_type": "template", "template": {"language": "mathprog",
  "model": "param n default 1; var x >= sum{i in 1..n, j in 1..if n > 1 then 200000 else 0} sin(cos(sin(cos(sin(cos(sin(i * j))))))); minimize z: x; solve; end;"}})";

// What becomes of a generation that `interrupt` is called during: once it has used some time of its
// thread's.
absl::Status Interrupted(const PreparedModel& model, const RunSettings& settings,
                         const std::function<void()>& interrupt) {
  absl::Status status;
  std::jthread generating(
      [&] { status = model.Generate(Parse(R"({"n": 2000})"), settings, 0).status(); });
  clockid_t clock{};
  REQUIRE(pthread_getcpuclockid(generating.native_handle(), &clock) == 0);
  timespec used{};
  while (used.tv_sec == 0 && used.tv_nsec < 50'000'000) {
    REQUIRE(clock_gettime(clock, &used) == 0);
    std::this_thread::yield();
  }
  interrupt();
  generating.join();
  return status;
}

}  // namespace

TEST_CASE("a generation ends when its caller wants no more of it") {
  const std::shared_ptr<const PreparedModel> model = MustPrepare(kLong);
  std::stop_source stop;
  RunSettings settings;
  settings.stop = stop.get_token();
  const absl::Status status = Interrupted(*model, settings, [&] { stop.request_stop(); });
  CHECK(absl::IsCancelled(status));
  CHECK(model->Generate(Parse("{}"), {}, 0).ok());
}

TEST_CASE("a generation ends when the service stops, and says so") {
  PreparedModels models;
  const auto model = models.Get(EffectiveDefinition(Definition(kLong), Json()));
  REQUIRE(model.ok());
  const absl::Status status = Interrupted(**model, {}, [&] { models.StopGenerating(); });
  CHECK(absl::IsUnavailable(status));
  CHECK(GetErrorInfo(status).code == error_code::kUnavailable);
}

TEST_CASE("a generation ends at its caller's deadline") {
  const std::shared_ptr<const PreparedModel> model = MustPrepare(kLong);
  RunSettings settings;
  settings.max_seconds = 0.05;
  const absl::Status status = model->Generate(Parse(R"({"n": 2000})"), settings, 0).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(std::string(Message(status)).find("seconds of generation") != std::string::npos);
}

TEST_CASE("a solve gets the usual time limit of its caller unless somebody sets one") {
  auto limit = [](const PreparedModel& model, const char* input, const RunSettings& settings) {
    auto run = model.Generate(Parse(input), settings, 0);
    REQUIRE_MESSAGE(run.ok(), run.status().ToString());
    return run->options.time_limit_seconds;
  };
  const auto model = MustPrepare(R"({"generator_type": "input"})");
  constexpr char kPlain[] = R"({"variables": [{"name": "x"}],
    "objective": {"sense": "minimize", "expression": "x"}})";
  constexpr char kLimited[] = R"({"variables": [{"name": "x"}], "options":
    {"time_limit_seconds": 7}, "objective": {"sense": "minimize", "expression": "x"}})";
  CHECK(limit(*model, kPlain, {}) == 60);
  RunSettings settings;
  settings.usual_time_limit_seconds = 1000;
  CHECK(limit(*model, kPlain, settings) == 1000);
  CHECK(limit(*model, kLimited, settings) == 7);
  settings.options = Parse(R"({"time_limit_seconds": 2000})");
  CHECK(limit(*model, kPlain, settings) == 2000);
  CHECK(limit(*model, kLimited, settings) == 2000);
  const auto own = MustPrepare(R"({"generator_type": "input",
    "custom_config": {"options": {"time_limit_seconds": 5}}})");
  settings.options = Json();
  CHECK(limit(*own, kPlain, settings) == 5);
}

}  // namespace solvent
