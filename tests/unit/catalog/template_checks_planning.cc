// Production, money and stocks over time.
#include <map>
#include <string>

#include "doctest/doctest.h"
#include "template_checks.h"

namespace solvent {
namespace {

void Diet(const Answer& a) {
  double cost = 0;
  std::map<std::string, double> intake;
  for (const Json& row : a.tables["menu"].array()) {
    const Json& food = Named(a.input["foods"], row["food"]);
    const double servings = row["servings"].as_double();
    CHECK(servings <= NumberOr(food["most"], 10));
    CHECK(servings >= NumberOr(food["least"], 0));
    cost += servings * food["cost"].as_double();
    for (const Json::Member& nutrient : food["contains"].object()) {
      intake[nutrient.name] += servings * nutrient.value.as_double();
    }
  }
  for (const Json& nutrient : a.input["nutrients"].array()) {
    const double amount = intake[nutrient["name"].as_string()];
    CHECK(amount >= NumberOr(nutrient["min"], 0) - kSlack);
    CHECK(amount <= NumberOr(nutrient["max"], 1e9) + kSlack);
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void ProductMix(const Answer& a) {
  double profit = 0;
  std::map<std::string, double> used;
  for (const Json& row : a.tables["plan"].array()) {
    const Json& product = Named(a.input["products"], row["product"]);
    const double amount = row["amount"].as_double();
    CHECK(amount >= NumberOr(product["min"], 0) - kSlack);
    CHECK(amount <= NumberOr(product["max"], 1e9) + kSlack);
    profit += amount * product["profit"].as_double();
    for (const Json::Member& use : product["uses"].object()) {
      used[use.name] += amount * use.value.as_double();
    }
  }
  for (const Json& resource : a.input["resources"].array()) {
    CHECK(used[resource["name"].as_string()] <= resource["available"].as_double() + 1e-4);
  }
  CHECK(profit == doctest::Approx(a.objective));
}

void AggregatePlanning(const Answer& a) {
  double stock = NumberOr(a.input["initial_stock"], 0);
  double workers = a.input["initial_workers"].as_double();
  size_t t = 0;
  for (const Json& row : a.tables["plan"].array()) {
    workers += row["hired"].as_double() - row["fired"].as_double();
    CHECK(workers == doctest::Approx(row["workers"].as_double()));
    const double normal = workers * a.input["units_per_worker"].as_double();
    CHECK(row["normal"].as_double() <= normal + kSlack);
    CHECK(row["overtime"].as_double() <= NumberOr(a.input["overtime_share"], 0) * normal + kSlack);
    stock += row["normal"].as_double() + row["overtime"].as_double() -
             a.input["demand"].array()[t++].as_double();
    CHECK(stock == doctest::Approx(row["stock"].as_double() - row["late"].as_double()));
  }
  CHECK(t == a.input["demand"].array().size());
  CHECK(stock >= NumberOr(a.input["final_stock"], 0) - kSlack);
}

void LotSizing(const Answer& a) {
  const size_t periods = a.input["capacity"].array().size();
  std::vector<double> time(periods, 0);
  double cost = 0;
  for (const Json& product : a.input["products"].array()) {
    CAPTURE(product["name"].as_string());
    std::vector<double> made(periods, 0);
    for (const Json& lot : a.tables["lots"].array()) {
      if (lot["product"] != product["name"]) continue;
      const auto t = static_cast<size_t>(lot["period"].as_int() - 1);
      made[t] = lot["units"].as_double();
      time[t] += NumberOr(product["setup_time"], 0) + made[t] * product["unit_time"].as_double();
      cost += product["setup_cost"].as_double();
    }
    double stock = NumberOr(product["initial_stock"], 0);
    for (size_t t = 0; t < periods; ++t) {
      stock += made[t] - product["demand"].array()[t].as_double();
      CHECK(stock >= -kSlack);
      cost +=
          stock * product["holding_cost"].as_double() + made[t] * NumberOr(product["unit_cost"], 0);
    }
  }
  for (size_t t = 0; t < periods; ++t) {
    CHECK(time[t] <= a.input["capacity"].array()[t].as_double() + kSlack);
  }
  CHECK(cost == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> PlanningChecks() {
  return {
      {"diet", Diet},
      {"product_mix", ProductMix},
      {"aggregate_planning", AggregatePlanning},
      {"lot_sizing", LotSizing},
  };
}

}  // namespace solvent
