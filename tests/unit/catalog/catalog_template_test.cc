// Every shipped template: its forms, its example's optimum, and what the answer must be like.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "doctest/doctest.h"
#include "embedded_templates.h"
#include "prepared_model.h"
#include "solvent/cbc_backend.h"
#include "solvent/error.h"
#include "template_checks.h"
#include "template_document.h"

namespace solvent {

const Json& Find(const Json& list, std::string_view field, const Json& value) {
  for (const Json& item : list.array()) {
    if (item[field] == value) return item;
  }
  FAIL("there is no ", field, " ", value.Dump());
  return list;
}

const Json& Named(const Json& list, const Json& name) { return Find(list, "name", name); }

double NumberOr(const Json& value, double fallback) {
  return value.is_number() ? value.as_double() : fallback;
}

double Sum(const Json& rows, std::string_view column) {
  double sum = 0;
  for (const Json& row : rows.array()) sum += row[column].as_double();
  return sum;
}

double Sum(const Json& rows, std::string_view column, std::string_view field, const Json& value) {
  double sum = 0;
  for (const Json& row : rows.array()) {
    if (row[field] == value) sum += row[column].as_double();
  }
  return sum;
}

namespace {

struct Shipped {
  CatalogModel listing;
  std::shared_ptr<const PreparedModel> model;
  Json expected;
};

std::vector<Shipped> AllShipped() {
  std::vector<Shipped> all;
  for (size_t i = 0; i < kEmbeddedTemplateCount; ++i) {
    Shipped shipped;
    auto listing = ReadTemplateDocument(kEmbeddedTemplates[i]);
    REQUIRE_MESSAGE(listing.ok(), listing.status().ToString());
    shipped.listing = *std::move(listing);
    auto model = PreparedModel::Prepare(EffectiveDefinition(shipped.listing.definition, Json()));
    REQUIRE_MESSAGE(model.ok(), shipped.listing.name, ": ", model.status().ToString());
    shipped.model = *std::move(model);
    std::ifstream in(std::string(TEMPLATES) + "/" + shipped.listing.name + ".json");
    auto document = ParseJson(std::string(std::istreambuf_iterator<char>(in), {}));
    REQUIRE(document.ok());
    shipped.expected = (*document)["expected"];
    all.push_back(std::move(shipped));
  }
  return all;
}

const std::vector<Shipped>& Templates() {
  static const auto* const kAll = new std::vector<Shipped>(AllShipped());
  return *kAll;
}

// Bounds, rows and integrality of the problem as it was generated.
void CheckPoint(const Problem& problem, const std::vector<double>& x) {
  REQUIRE(x.size() == problem.objective.size());
  auto within = [](double value, double lower, double upper) {
    const double slack = 1e-6 * std::max(1.0, std::fabs(value));
    return value >= lower - slack && value <= upper + slack;
  };
  for (size_t j = 0; j < x.size(); ++j) {
    CAPTURE(problem.ColumnName(static_cast<int32_t>(j)));
    CHECK(within(x[j], problem.column_lower[j], problem.column_upper[j]));
    if (problem.column_type[j] != ColumnType::kContinuous) {
      CHECK(std::fabs(x[j] - std::round(x[j])) <= 1e-6);
    }
  }
  const std::vector<double> activity = problem.Activity(x);
  for (size_t i = 0; i < activity.size(); ++i) {
    CAPTURE(problem.RowName(static_cast<int32_t>(i)));
    CHECK(within(activity[i], problem.row_lower[i], problem.row_upper[i]));
  }
}

std::vector<TemplateCheck> AllChecks() {
  std::vector<TemplateCheck> all;
  for (auto part :
       {PackingChecks(), NetworkChecks(), PlanningChecks(), RoutingChecks(), SchedulingChecks()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST_CASE("every template gives its optimum, at a point that keeps all rows") {
  const std::vector<TemplateCheck> checks = AllChecks();
  const std::unique_ptr<SolveBackend> backend = MakeCbcBackend();
  for (const Shipped& shipped : Templates()) {
    CAPTURE(shipped.listing.name);
    const Json& example = shipped.listing.definition.example_input;
    auto run = shipped.model->Generate(example, {}, 0);
    REQUIRE_MESSAGE(run.ok(), run.status().ToString());
    CHECK(run->stats["rows"].as_int() == shipped.expected["rows"].as_int());
    CHECK(run->stats["columns"].as_int() == shipped.expected["columns"].as_int());
    CHECK(run->stats["nonzeros"].as_int() == shipped.expected["nonzeros"].as_int());
    SolveOptions options = run->options;
    options.gap_tolerance = 0;
    options.time_limit_seconds = 600;  // the sanitizers' builds are slow
    auto solved = backend->Solve(run->problem, options);
    REQUIRE_MESSAGE(solved.ok(), solved.status().ToString());
    REQUIRE(solved->status == SolveStatus::kOptimal);
    const double optimum = shipped.expected["objective_value"].as_double();
    CHECK(solved->objective == doctest::Approx(optimum).epsilon(1e-6));
    CheckPoint(run->problem, solved->x);

    auto report = run->reporter(*solved);
    REQUIRE_MESSAGE(report.ok(), report.status().ToString());
    CHECK_MESSAGE((*report)["warnings"].array().empty(), (*report)["warnings"].Dump());
    auto check = std::find_if(checks.begin(), checks.end(), [&](const TemplateCheck& c) {
      return c.name == shipped.listing.name;
    });
    if (check != checks.end()) check->check({example, (*report)["tables"], solved->objective});
  }
}

// The optimum and the tables of a shipped template for an input.
struct Solved {
  double objective = 0;
  Json tables;
  std::vector<double> x;
};

Solved SolveTemplate(std::string_view name, const std::string& input) {
  auto json = ParseJson(input);
  REQUIRE(json.ok());
  auto shipped = std::find_if(Templates().begin(), Templates().end(),
                              [&](const Shipped& s) { return s.listing.name == name; });
  REQUIRE(shipped != Templates().end());
  auto run = shipped->model->Generate(*json, {}, 0);
  REQUIRE_MESSAGE(run.ok(), run.status().ToString());
  SolveOptions options = run->options;
  options.gap_tolerance = 0;
  options.time_limit_seconds = 600;
  auto solved = MakeCbcBackend()->Solve(run->problem, options);
  REQUIRE_MESSAGE(solved.ok(), solved.status().ToString());
  REQUIRE(solved->status == SolveStatus::kOptimal);
  auto report = run->reporter(*solved);
  REQUIRE_MESSAGE(report.ok(), report.status().ToString());
  return {solved->objective, (*report)["tables"], solved->x};
}

TEST_CASE("every template answers with tables") {
  for (const Shipped& shipped : Templates()) {
    CAPTURE(shipped.listing.name);
    CHECK(shipped.listing.definition.model.find("OUT \"JSON\"") != std::string::npos);
  }
}

TEST_CASE("a vehicle's tour passes the depot though its customers take nothing") {
  const std::string near_by =
      R"({"name":"B0","x":1,"y":0,"demand":5},{"name":"B1","x":2,"y":1,"demand":5},
         {"name":"B2","x":3,"y":0,"demand":5})";
  for (const char* demand : {"", ",\"demand\":0", ",\"demand\":1e-7"}) {
    std::string far;
    for (const char* at :
         {"\"A0\",\"x\":100,\"y\":0", "\"A1\",\"x\":100,\"y\":1", "\"A2\",\"x\":101,\"y\":0"}) {
      far += std::string("{\"name\":") + at + demand + "},";
    }
    CAPTURE(far);
    const Solved solved =
        SolveTemplate("vehicle_routing",
                      R"({"capacity":40,"vehicles":1,"places":[{"name":"Depot","x":0,"y":0},)" +
                          far + near_by + "]}");
    CHECK(solved.objective == doctest::Approx(202.6502815));
    CHECK(solved.tables["routes"].array().size() == 6);
  }
}

TEST_CASE("paper that costs nothing is not issued beyond all need") {
  const Solved solved = SolveTemplate("cash_flow", R"({"paper_rate":0,"paper_term":2,"months":[
        {"name":"May","inflow":0,"outflow":100},{"name":"June","inflow":0,"outflow":0},
        {"name":"July","inflow":150,"outflow":0}]})");
  CHECK(solved.objective == doctest::Approx(50));
  for (const Json& row : solved.tables["plan"].array()) CHECK(row["paper"].as_double() < 110);
}

TEST_CASE("sums that are off by the rounding of their parts are no reason to refuse an input") {
  CHECK(SolveTemplate("bin_packing", R"({"capacity":0.3,"items":[
          {"name":"a","size":0.1},{"name":"b","size":0.2}]})")
            .objective == doctest::Approx(1));
  CHECK(SolveTemplate("min_cost_flow", R"({"nodes":[{"name":"a","supply":0.3},
          {"name":"b","supply":-0.1},{"name":"c","supply":-0.2}],
          "links":[{"from":"a","to":"b","cost":1},{"from":"a","to":"c","cost":1}]})")
            .objective == doctest::Approx(0.3));
}

TEST_CASE("a link without a capacity carries what least flows make circulate") {
  CHECK(SolveTemplate("min_cost_flow", R"({"nodes":[{"name":"a","supply":1},
          {"name":"b","supply":-1}],"links":[{"from":"a","to":"b","cost":1,"least":10},
          {"from":"b","to":"a","cost":1}]})")
            .objective == doctest::Approx(19));
}

TEST_CASE("a long rest reaches over the day in between") {
  // Two early shifts, two days apart, leave 39.5 hours: one nurse cannot have both.
  auto json = ParseJson(R"({"rest":40,"days":["1","2","3"],"nurses":[{"name":"n","most":3}],
      "shifts":[{"name":"Early","start":6,"end":14.5,"need":[1,0,1]}]})");
  REQUIRE(json.ok());
  auto shipped = std::find_if(Templates().begin(), Templates().end(),
                              [](const Shipped& s) { return s.listing.name == "nurse_rostering"; });
  auto run = shipped->model->Generate(*json, {}, 0);
  REQUIRE_MESSAGE(run.ok(), run.status().ToString());
  auto solved = MakeCbcBackend()->Solve(run->problem, run->options);
  REQUIRE(solved.ok());
  CHECK(solved->status == SolveStatus::kInfeasible);
}

TEST_CASE("every check belongs to a template") {
  for (const TemplateCheck& check : AllChecks()) {
    CAPTURE(check.name);
    CHECK(std::any_of(Templates().begin(), Templates().end(),
                      [&](const Shipped& s) { return s.listing.name == check.name; }));
  }
}

TEST_CASE("every template says what it is, and how it works") {
  std::set<std::string> categories;
  std::set<std::string> names;
  for (const Shipped& shipped : Templates()) {
    const CatalogModel& listing = shipped.listing;
    CAPTURE(listing.name);
    CHECK(names.insert(listing.display_name).second);
    CHECK(listing.short_description.size() >= 20);
    CHECK(listing.short_description.size() <= 100);
    CHECK(listing.description.size() > listing.short_description.size());
    CHECK(listing.scenario_description.size() >= 40);
    CHECK(listing.tags.size() >= 2);
    CHECK(listing.definition.how_it_works.size() >= 100);
    categories.insert(listing.category);
  }
  CHECK(categories.size() >= 12);
  CHECK(names.size() >= 36);
}

TEST_CASE("every template's form speaks of its schema, and its schema of all required input") {
  for (const Shipped& shipped : Templates()) {
    CAPTURE(shipped.listing.name);
    const ModelDefinition& definition = shipped.listing.definition;
    const Json& properties = definition.input_schema["properties"];
    REQUIRE(properties.is_object());
    CHECK(definition.input_fields.array().size() == properties.object().size());
    for (const Json& field : definition.input_fields.array()) {
      CAPTURE(field["name"].as_string());
      const Json& property = properties[field["name"].as_string()];
      CHECK(property["type"] == field["type"]);
      CHECK(!field["label"].as_string().empty());
      CHECK(!property["title"].as_string().empty());
    }
    // Nothing at all: each required member is named.
    auto run = shipped.model->Generate(Json(Json::Object{}), {}, 0);
    REQUIRE(!run.ok());
    CHECK(GetErrorInfo(run.status()).code == "bad_request");
    const Json errors = GetErrorInfo(run.status()).extra["errors"];
    std::set<std::string> named;
    for (const Json& error : errors.array()) {
      CHECK(error["code"].as_string() == "S201");
      CHECK(error["keyword"].as_string() == "required");
      named.insert(error["json_pointer"].as_string());
    }
    for (const Json& name : definition.input_schema["required"].array()) {
      CHECK(named.count("/" + name.as_string()) == 1);
    }
  }
}

// Each array of records empty, then each with its first record twice.
TEST_CASE("every template refuses empty lists and names that are there twice") {
  for (const Shipped& shipped : Templates()) {
    const ModelDefinition& definition = shipped.listing.definition;
    for (const Json::Member& property : definition.input_schema["properties"].object()) {
      CAPTURE(shipped.listing.name);
      CAPTURE(property.name);
      const Json& given = definition.example_input[property.name];
      if (!given.is_array() || given.array().empty()) continue;
      Json input = definition.example_input;
      if (property.value["minItems"].is_integer()) {
        input.Set(property.name, Json(Json::Array{}));
        auto run = shipped.model->Generate(input, {}, 0);
        REQUIRE(!run.ok());
        const Json error = GetErrorInfo(run.status()).extra["errors"].array()[0];
        CHECK(error["json_pointer"].as_string() == "/" + property.name);
      }
      if (given.array()[0]["name"].is_string() || given.array()[0]["from"].is_string()) {
        Json::Array twice = given.array();
        twice.push_back(twice[0]);
        input.Set(property.name, Json(std::move(twice)));
        auto run = shipped.model->Generate(input, {}, 0);
        REQUIRE(!run.ok());
        const Json error = GetErrorInfo(run.status()).extra["errors"].array()[0];
        CHECK(error["json_pointer"].as_string().starts_with("/" + property.name + "/"));
      }
    }
  }
}

}  // namespace
}  // namespace solvent
