// Production, money and stocks over time.
#include <algorithm>
#include <cmath>
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

void BudgetAllocation(const Answer& a) {
  double gain = 0;
  double total = 0;
  std::map<std::string, double> groups;
  for (const Json& programme : a.input["programmes"].array()) {
    double amount =
        Find(a.tables["allocation"], "programme", programme["name"])["amount"].as_double();
    CHECK(amount >= NumberOr(programme["min"], 0) - kSlack);
    total += amount;
    groups[programme["group"].as_string()] += amount;
    for (const Json& step : programme["steps"].array()) {
      const double part = std::min(amount, step["amount"].as_double());
      gain += part * step["return"].as_double();
      amount -= part;
    }
    CHECK(amount <= kSlack);
  }
  for (const Json& group : a.input["groups"].array()) {
    CHECK(groups[group["name"].as_string()] >= NumberOr(group["min"], 0) - kSlack);
    CHECK(groups[group["name"].as_string()] <= NumberOr(group["max"], 1e9) + kSlack);
  }
  CHECK(total <= a.input["budget"].as_double() + kSlack);
  CHECK(gain == doctest::Approx(a.objective));
}

void CashFlow(const Answer& a) {
  const Json::Array& rows = a.tables["plan"].array();
  const Json::Array& months = a.input["months"].array();
  REQUIRE(rows.size() == months.size());
  const auto term = static_cast<size_t>(NumberOr(a.input["paper_term"], 3));
  double credit = 0;
  double balance = a.input["initial_balance"].as_double();
  double interest = 0;
  for (size_t t = 0; t < rows.size(); ++t) {
    double money = balance * (1 + interest) - credit * (1 + a.input["credit_rate"].as_double());
    interest = NumberOr(a.input["deposit_rate"], 0);
    credit = rows[t]["credit"].as_double();
    CHECK(credit <= a.input["credit_limit"].as_double() + kSlack);
    money += credit + rows[t]["paper"].as_double() + months[t]["inflow"].as_double() -
             months[t]["outflow"].as_double();
    if (t >= term) {
      money -= rows[t - term]["paper"].as_double() * (1 + a.input["paper_rate"].as_double());
    }
    balance = rows[t]["balance"].as_double();
    CHECK(money == doctest::Approx(balance).epsilon(1e-5));
    CHECK(balance >= a.input["min_balance"].as_double() - kSlack);
  }
  CHECK(balance * (1 + interest) - credit * (1 + a.input["credit_rate"].as_double()) ==
        doctest::Approx(a.objective));
}

void Portfolio(const Answer& a) {
  const Json& holdings = a.tables["holdings"];
  const size_t periods = a.input["assets"].array()[0]["returns"].array().size();
  std::vector<double> returns(periods, 0);
  double shares = 0;
  for (const Json& row : holdings.array()) {
    const Json& asset = Named(a.input["assets"], row["asset"]);
    const double share = row["share"].as_double();
    CHECK(share >= NumberOr(asset["min"], 0) - kSlack);
    CHECK(share <= NumberOr(asset["max"], 1) + kSlack);
    shares += share;
    for (size_t t = 0; t < periods; ++t) {
      returns[t] += share * asset["returns"].array()[t].as_double();
    }
  }
  double mean = 0;
  for (double value : returns) mean += value / static_cast<double>(periods);
  double deviation = 0;
  for (double value : returns) deviation += std::fabs(value - mean) / static_cast<double>(periods);
  CHECK(shares == doctest::Approx(1).epsilon(1e-5));
  CHECK(holdings.array().size() <= static_cast<size_t>(a.input["max_assets"].as_int()));
  CHECK(mean >= a.input["target_return"].as_double() - 1e-4);
  CHECK(deviation == doctest::Approx(a.objective).epsilon(1e-3));
}

void Procurement(const Answer& a) {
  double cost = 0;
  std::map<std::string, double> bought;
  std::map<std::string, int> suppliers;
  for (const Json& row : a.tables["orders"].array()) {
    const Json* offer = nullptr;
    for (const Json& other : a.input["offers"].array()) {
      if (other["supplier"] == row["supplier"] && other["material"] == row["material"]) {
        offer = &other;
      }
    }
    REQUIRE(offer != nullptr);
    const double units = row["units"].as_double();
    CHECK(units <= NumberOr((*offer)["capacity"], 1e9) + kSlack);
    double price = -1;  // of the highest threshold reached
    for (const Json& range : (*offer)["prices"].array()) {
      if (units >= range["from"].as_double() - kSlack) price = range["price"].as_double();
    }
    CHECK(price >= 0);
    cost += units * price;
    bought[row["material"].as_string()] += units;
    ++suppliers[row["supplier"].as_string()];
  }
  for (const auto& [name, orders] : suppliers) {
    cost += NumberOr(Named(a.input["suppliers"], name)["fixed_cost"], 0);
  }
  for (const Json& material : a.input["materials"].array()) {
    CHECK(bought[material["name"].as_string()] >= material["demand"].as_double() - kSlack);
  }
  CHECK(suppliers.size() <= static_cast<size_t>(a.input["max_suppliers"].as_int()));
  CHECK(cost == doctest::Approx(a.objective));
}

void FleetSizing(const Answer& a) {
  const Json& trips = a.tables["trips"];
  const size_t periods = a.input["segments"].array()[0]["demand"].array().size();
  double cost = 0;
  for (const Json& type : a.input["types"].array()) {
    const double owned = Find(a.tables["fleet"], "type", type["name"])["owned"].as_double();
    cost += owned * type["own_cost"].as_double();
    for (size_t t = 1; t <= periods; ++t) {
      double used = 0;
      for (const Json& trip : trips.array()) {
        if (trip["period"].as_int() == static_cast<int64_t>(t) && trip["type"] == type["name"]) {
          used += trip["vehicles"].as_double();
        }
      }
      cost += used * NumberOr(type["use_cost"], 0) +
              std::max(0.0, used - owned) * type["rent_cost"].as_double();
    }
  }
  for (const Json& segment : a.input["segments"].array()) {
    for (size_t t = 1; t <= periods; ++t) {
      double capacity = 0;
      for (const Json& trip : trips.array()) {
        if (trip["period"].as_int() != static_cast<int64_t>(t) ||
            trip["segment"] != segment["name"]) {
          continue;
        }
        capacity += trip["vehicles"].as_double() *
                    Named(a.input["types"], trip["type"])["capacity"].as_double();
        const Json::Array& allowed = segment["types"].array();
        CHECK(std::find(allowed.begin(), allowed.end(), trip["type"]) != allowed.end());
      }
      CHECK(capacity >= segment["demand"].array()[t - 1].as_double() - kSlack);
    }
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void EnergyStorage(const Answer& a) {
  const double capacity = a.input["capacity"].as_double();
  const double way = std::sqrt(NumberOr(a.input["efficiency"], 0.9));
  const double first = NumberOr(a.input["initial_level"], 0.5) * capacity;
  double level = first;
  double profit = 0;
  for (const Json& row : a.tables["schedule"].array()) {
    const double charge = row["charge"].as_double();
    const double discharge = row["discharge"].as_double();
    CHECK((charge <= kSlack || discharge <= kSlack));
    CHECK(charge <= a.input["charge_rate"].as_double() + kSlack);
    CHECK(discharge <= a.input["discharge_rate"].as_double() + kSlack);
    level += way * charge - discharge / way;
    CHECK(level >= -1e-4);
    CHECK(level <= capacity + 1e-4);
    const double price =
        a.input["prices"].array()[static_cast<size_t>(row["period"].as_int() - 1)].as_double();
    profit += (price - NumberOr(a.input["wear_cost"], 0)) * discharge - price * charge;
  }
  CHECK(level >= first - 1e-4);
  CHECK(profit == doctest::Approx(a.objective).epsilon(1e-5));
}

void MarkdownPricing(const Answer& a) {
  double revenue = 0;
  for (const Json& product : a.input["products"].array()) {
    double stock = product["stock"].as_double();
    double last = -1;
    int changes = -1;
    for (const Json& row : a.tables["prices"].array()) {
      if (row["product"] != product["name"]) continue;
      const double discount = row["discount"].as_double();
      const double demand =
          product["demand"].array()[static_cast<size_t>(row["week"].as_int() - 1)].as_double() *
          std::pow(1 - discount, -NumberOr(product["elasticity"], 1.5));
      CHECK(row["units"].as_double() <= demand + kSlack);
      CHECK(discount >= last);
      if (discount > last) ++changes;
      last = discount;
      stock -= row["units"].as_double();
      revenue += row["units"].as_double() * product["price"].as_double() * (1 - discount);
    }
    CHECK(stock >= -1e-4);
    CHECK(changes <= NumberOr(a.input["max_changes"], 1e9));
    revenue += stock * NumberOr(product["salvage"], 0);
  }
  CHECK(revenue == doctest::Approx(a.objective).epsilon(1e-5));
}

void MediaMix(const Answer& a) {
  double total = 0;
  double worth = 0;
  std::map<std::string, double> reached;
  for (const Json& row : a.tables["plan"].array()) {
    const Json& channel = Named(a.input["channels"], row["channel"]);
    double spend = row["spend"].as_double();
    CHECK(spend >= NumberOr(channel["least"], 0) - kSlack);
    total += spend;
    for (const Json& step : channel["steps"].array()) {
      const double part = std::min(spend, step["spend"].as_double());
      for (const Json::Member& audience : channel["audience"].object()) {
        reached[audience.name] += part * step["contacts"].as_double() * audience.value.as_double();
      }
      spend -= part;
    }
    CHECK(spend <= kSlack);
  }
  for (const Json& audience : a.input["audiences"].array()) {
    const double contacts = reached[audience["name"].as_string()];
    CHECK(contacts >= NumberOr(audience["least"], 0) - 1e-3);
    worth += contacts * NumberOr(audience["value"], 1);
  }
  CHECK(total <= a.input["budget"].as_double() + kSlack);
  CHECK(worth == doctest::Approx(a.objective));
}

void MinePlanning(const Answer& a) {
  const Json& plan = a.tables["plan"];
  std::map<std::string, int64_t> year;
  std::map<int64_t, double> rock;
  std::map<int64_t, double> ore;
  double value = 0;
  for (const Json& row : plan.array()) {
    const Json& block = Named(a.input["blocks"], row["block"]);
    const int64_t t = row["year"].as_int();
    CHECK(year.emplace(row["block"].as_string(), t).second);
    rock[t] += block["rock"].as_double();
    ore[t] += NumberOr(block["ore"], 0);
    value += block["value"].as_double() /
             std::pow(1 + a.input["discount_rate"].as_double(), static_cast<double>(t - 1));
  }
  for (const auto& [name, t] : year) {
    for (const Json& above : Named(a.input["blocks"], name)["above"].array()) {
      REQUIRE(year.count(above.as_string()) == 1);
      CHECK(year[above.as_string()] <= t);
    }
  }
  for (const auto& [t, sum] : rock) CHECK(sum <= a.input["dig_capacity"].as_double() + kSlack);
  for (const auto& [t, sum] : ore) CHECK(sum <= a.input["mill_capacity"].as_double() + kSlack);
  CHECK(value == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> PlanningChecks() {
  return {
      {"budget_allocation", BudgetAllocation},
      {"cash_flow", CashFlow},
      {"portfolio", Portfolio},
      {"procurement", Procurement},
      {"fleet_sizing", FleetSizing},
      {"energy_storage", EnergyStorage},
      {"markdown_pricing", MarkdownPricing},
      {"media_mix", MediaMix},
      {"mine_planning", MinePlanning},
      {"diet", Diet},
      {"product_mix", ProductMix},
      {"aggregate_planning", AggregatePlanning},
      {"lot_sizing", LotSizing},
  };
}

}  // namespace solvent
