// The worked templates, with their overrides, solved.
#include <fstream>
#include <iterator>
#include <string>

#include "doctest/doctest.h"
#include "mathprog_helpers.h"

namespace solvent {
namespace {

Json ReadDocument(const std::string& name) {
  std::ifstream in(std::string(TEST_DATA) + "/modeling/" + name + ".json", std::ios::binary);
  REQUIRE(in);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  absl::StatusOr<Json> document = ParseJson(text);
  REQUIRE(document.ok());
  return *std::move(document);
}

std::string ModelText(const Json& document) {
  std::string text;
  for (const Json& line : document["model"].array()) text += line.as_string() + "\n";
  return text;
}

void CheckTemplate(const std::string& name) {
  CAPTURE(name);
  const Json document = ReadDocument(name);
  const std::string text = ModelText(document);
  GenerateOptions options;
  options.input = document["example_input"].Dump();
  Generated g = Generate(text, options);
  REQUIRE_MESSAGE(g.run, g.error().ToString());
  const Json& expected = document["expected"];
  CHECK(g.run->stats().rows == expected["rows"].as_int());
  CHECK(g.run->stats().columns == expected["columns"].as_int());
  CHECK(g.run->stats().nonzeros == expected["nonzeros"].as_int());
  CHECK(Solve(g)["objective_value"].as_double() ==
        doctest::Approx(expected["objective_value"].as_double()).epsilon(1e-7));
  for (const Json& change : expected["overrides"].array()) {
    Json input = document["example_input"];
    for (const Json::Member& m : change["override_data"].object()) input.Set(m.name, m.value);
    options.input = input.Dump();
    Generated changed = Generate(text, options);
    if (change.Find("error") != nullptr) {
      CHECK(changed.error().code == "M223");
      CHECK(changed.error().message.find(change["error"].as_string()) != std::string::npos);
      continue;
    }
    REQUIRE_MESSAGE(changed.run, changed.error().ToString());
    CHECK(Solve(changed)["objective_value"].as_double() ==
          doctest::Approx(change["objective_value"].as_double()).epsilon(1e-7));
  }
}

TEST_CASE("the worked templates give their optima, with overrides too") {
  CheckTemplate("warehouse_allocation");
  CheckTemplate("feed_blend");
  CheckTemplate("shift_schedule");
  CheckTemplate("facility_location");
}

TEST_CASE("the warehouse template reports in the model's own words") {
  const Json document = ReadDocument("warehouse_allocation");
  GenerateOptions options;
  options.input = document["example_input"].Dump();
  Generated g = Generate(ModelText(document), options);
  MathProgReportOptions report;
  report.duals = true;
  Json r = Solve(g, report);
  CHECK(r["objective_name"].as_string() == "cost");
  CHECK(r["families"]["ship"]["index"].Dump() == R"(["w","p"])");
  CHECK(r["families"]["ship"]["rows"].array().size() == 3);
  CHECK(r["tables"]["plan"].array().size() == 3);
  double units = 0;
  for (const Json& row : r["tables"]["plan"].array()) units += row["units"].as_double();
  CHECK(units == doctest::Approx(350));
  CHECK(r["constraints"]["room"]["rows"].array()[0].array()[0].as_string() == "East Hub");
  CHECK(r["constraints"]["room"]["rows"].array()[0].array()[4].as_double() ==
        doctest::Approx(-0.25));
  CHECK(g.run->ColumnName(0) == "ship[East Hub,Widget A]");
  Problem named = g.run->problem();
  g.run->FillNames(named);
  CHECK(named.ColumnName(0) == "ship['East Hub','Widget A']");
}

}  // namespace
}  // namespace solvent
