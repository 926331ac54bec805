// Packing, cutting, covering and choosing.
#include <cmath>
#include <map>
#include <set>

#include "doctest/doctest.h"
#include "template_checks.h"

namespace solvent {
namespace {

void Knapsack(const Answer& a) {
  double weight = 0;
  double value = 0;
  for (const Json& row : a.tables["packed"].array()) {
    const Json& item = Named(a.input["items"], row["item"]);
    const double copies = row["copies"].as_double();
    CHECK(copies <= NumberOr(item["copies"], 1));
    weight += copies * item["weight"].as_double();
    value += copies * item["value"].as_double();
  }
  CHECK(weight <= a.input["capacity"].as_double() + kSlack);
  CHECK(value == doctest::Approx(a.objective));
}

void SetCover(const Answer& a) {
  std::map<std::string, double> covered;
  double cost = 0;
  for (const Json& row : a.tables["chosen"].array()) {
    const Json& option = Named(a.input["options"], row["option"]);
    cost += option["cost"].as_double();
    for (const Json& element : option["covers"].array()) ++covered[element.as_string()];
  }
  for (const Json& element : a.input["elements"].array()) {
    CHECK(covered[element["name"].as_string()] >= NumberOr(element["times"], 1));
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void BinPacking(const Answer& a) {
  std::map<int64_t, double> load;
  std::set<std::string> packed;
  for (const Json& row : a.tables["packing"].array()) {
    CHECK(packed.insert(row["item"].as_string()).second);
    load[row["bin"].as_int()] += Named(a.input["items"], row["item"])["size"].as_double();
  }
  CHECK(packed.size() == a.input["items"].array().size());
  for (const auto& [bin, sum] : load) CHECK(sum <= a.input["capacity"].as_double() + kSlack);
  CHECK(static_cast<double>(load.size()) == doctest::Approx(a.objective));
}

void CuttingStock(const Answer& a) {
  std::map<std::string, double> pieces;
  std::map<int64_t, double> length;
  const double kerf = NumberOr(a.input["kerf"], 0);
  for (const Json& row : a.tables["plan"].array()) {
    const double count = row["pieces"].as_double();
    pieces[row["order"].as_string()] += count * row["times"].as_double();
    length[row["pattern"].as_int()] +=
        count * (Named(a.input["orders"], row["order"])["length"].as_double() + kerf);
  }
  for (const auto& [pattern, used] : length) {
    CHECK(used <= a.input["stock_length"].as_double() + kerf + kSlack);
  }
  for (const Json& order : a.input["orders"].array()) {
    CHECK(pieces[order["name"].as_string()] >= order["demand"].as_double());
  }
  CHECK(Sum(a.tables["waste"], "times") == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> PackingChecks() {
  return {
      {"knapsack", Knapsack},
      {"set_cover", SetCover},
      {"bin_packing", BinPacking},
      {"cutting_stock", CuttingStock},
  };
}

}  // namespace solvent
