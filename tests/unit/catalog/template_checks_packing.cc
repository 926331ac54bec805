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

void CapitalBudgeting(const Answer& a) {
  const Json& funded = a.tables["funded"];
  std::set<std::string> names;
  std::set<std::string> groups;
  double value = 0;
  for (const Json& row : funded.array()) names.insert(row["project"].as_string());
  std::vector<double> spent(a.input["budget"].array().size(), 0);
  for (const std::string& name : names) {
    const Json& project = Named(a.input["projects"], name);
    value += project["value"].as_double();
    for (const Json& other : project["requires"].array()) CHECK(names.count(other.as_string()));
    if (project["rivals"].is_string()) CHECK(groups.insert(project["rivals"].as_string()).second);
    for (size_t y = 0; y < spent.size(); ++y) {
      spent[y] += project["outlay"].array()[y].as_double();
    }
  }
  double left = 0;
  for (size_t y = 0; y < spent.size(); ++y) {
    if (!a.input["carry_over"].as_bool()) left = 0;
    left += a.input["budget"].array()[y].as_double() - spent[y];
    CHECK(left >= -kSlack);
  }
  CHECK(value == doctest::Approx(a.objective));
}

void InspectionSampling(const Answer& a) {
  double samples = 0;
  double cost = 0;
  for (const Json& batch : a.input["batches"].array()) {
    const double n = Find(a.tables["plan"], "batch", batch["name"])["samples"].as_double();
    const double found = 1 - std::pow(1 - batch["defect_rate"].as_double(), n);
    CHECK(found >= NumberOr(batch["min_detection"], 0) - kSlack);
    samples += n;
    cost += n * batch["sample_cost"].as_double() + (1 - found) * batch["escape_cost"].as_double();
  }
  CHECK(samples <= a.input["max_samples"].as_double());
  CHECK(cost == doctest::Approx(a.objective));
}

void OrderPicking(const Answer& a) {
  double items = 0;
  double worth = 0;
  std::set<std::string> aisles;
  std::set<std::string> picked;
  for (const Json& row : a.tables["wave"].array()) {
    const Json& order = Named(a.input["orders"], row["order"]);
    picked.insert(row["order"].as_string());
    items += order["items"].as_double();
    worth += order["worth"].as_double();
    for (const Json& aisle : order["aisles"].array()) aisles.insert(aisle.as_string());
  }
  for (const std::string& aisle : aisles) {
    worth -= Named(a.input["aisles"], aisle)["time"].as_double();
  }
  for (const Json& order : a.input["orders"].array()) {
    if (order["must"].as_bool()) CHECK(picked.count(order["name"].as_string()));
  }
  CHECK(items <= a.input["cart"].as_double() + kSlack);
  CHECK(static_cast<double>(picked.size()) <= NumberOr(a.input["max_orders"], 1e9));
  CHECK(worth == doctest::Approx(a.objective));
}

void CargoBalance(const Answer& a) {
  double weight = 0;
  double moment = a.input["empty_weight"].as_double() * a.input["empty_arm"].as_double();
  double value = 0;
  std::set<std::string> containers;
  std::set<std::string> positions;
  for (const Json& row : a.tables["loading"].array()) {
    const Json& container = Named(a.input["containers"], row["container"]);
    const Json& position = Named(a.input["positions"], row["position"]);
    CHECK(containers.insert(row["container"].as_string()).second);
    CHECK(positions.insert(row["position"].Dump()).second);
    CHECK(container["weight"].as_double() <= position["most"].as_double());
    weight += container["weight"].as_double();
    moment += container["weight"].as_double() * position["arm"].as_double();
    value += container["value"].as_double();
  }
  CHECK(weight <= a.input["payload"].as_double() + kSlack);
  const double centre = moment / (weight + a.input["empty_weight"].as_double());
  CHECK(centre >= a.input["forward_limit"].as_double() - kSlack);
  CHECK(centre <= a.input["aft_limit"].as_double() + kSlack);
  CHECK(value == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> PackingChecks() {
  return {
      {"capital_budgeting", CapitalBudgeting},
      {"inspection_sampling", InspectionSampling},
      {"order_picking", OrderPicking},
      {"cargo_balance", CargoBalance},
      {"knapsack", Knapsack},
      {"set_cover", SetCover},
      {"bin_packing", BinPacking},
      {"cutting_stock", CuttingStock},
  };
}

}  // namespace solvent
