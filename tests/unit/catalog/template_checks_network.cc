// Flows, paths, trees and assignments.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "doctest/doctest.h"
#include "template_checks.h"

namespace solvent {
namespace {

const Json& Link(const Json& links, const Json& from, const Json& to) {
  for (const Json& link : links.array()) {
    if (link["from"] == from && link["to"] == to) return link;
  }
  FAIL("there is no link from ", from.Dump(), " to ", to.Dump());
  return links;
}

void WarehouseAllocation(const Answer& a) {
  const Json& plan = a.tables["plan"];
  for (const Json& product : a.input["products"].array()) {
    CHECK(Sum(plan, "units", "product", product["name"]) ==
          doctest::Approx(product["demand"].as_double()));
  }
}

void Assignment(const Answer& a) {
  const Json& plan = a.tables["plan"];
  std::map<std::string, int> tasks;
  double cost = 0;
  for (const Json& row : plan.array()) {
    const Json& worker = Named(a.input["workers"], row["worker"]);
    REQUIRE(worker["cost"].Find(row["task"].as_string()) != nullptr);
    cost += worker["cost"][row["task"].as_string()].as_double();
    ++tasks[row["worker"].as_string()];
  }
  for (const Json& task : a.input["tasks"].array()) Find(plan, "task", task);
  CHECK(plan.array().size() == a.input["tasks"].array().size());
  for (const auto& [name, count] : tasks) {
    CHECK(count <= NumberOr(Named(a.input["workers"], name)["capacity"], 1));
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void Transportation(const Answer& a) {
  const Json& shipments = a.tables["shipments"];
  double freight = 0;
  for (const Json& row : shipments.array()) {
    const Json& lane = Link(a.input["lanes"], row["from"], row["to"]);
    CHECK(row["units"].as_double() <= NumberOr(lane["capacity"], 1e9) + kSlack);
    freight += row["units"].as_double() * lane["cost"].as_double();
  }
  for (const Json& plant : a.input["plants"].array()) {
    CHECK(Sum(shipments, "units", "from", plant["name"]) <= plant["supply"].as_double() + kSlack);
  }
  for (const Json& customer : a.input["customers"].array()) {
    CHECK(Sum(shipments, "units", "to", customer["name"]) ==
          doctest::Approx(customer["demand"].as_double()));
  }
  CHECK(freight == doctest::Approx(a.objective));
}

void MinCostFlow(const Answer& a) {
  const Json& flows = a.tables["flows"];
  double cost = 0;
  for (const Json& row : flows.array()) {
    const Json& link = Link(a.input["links"], row["from"], row["to"]);
    CHECK(row["units"].as_double() <= NumberOr(link["capacity"], 1e9) + kSlack);
    cost += row["units"].as_double() * link["cost"].as_double();
  }
  for (const Json& link : a.input["links"].array()) {
    if (NumberOr(link["least"], 0) > 0) {
      CHECK(Link(flows, link["from"], link["to"])["units"].as_double() >=
            link["least"].as_double() - kSlack);
    }
  }
  for (const Json& place : a.input["nodes"].array()) {
    CAPTURE(place["name"].as_string());
    const double out = Sum(flows, "units", "from", place["name"]);
    const double in = Sum(flows, "units", "to", place["name"]);
    const double supply = NumberOr(place["supply"], 0);
    if (supply > 0) {
      CHECK(out - in <= supply + kSlack);
      CHECK(out - in >= -kSlack);
    } else {
      CHECK(out - in == doctest::Approx(supply));
    }
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void MaxFlow(const Answer& a) {
  const Json& flows = a.tables["flows"];
  std::set<std::string> places;
  for (const Json& row : flows.array()) {
    CHECK(row["flow"].as_double() <=
          Link(a.input["links"], row["from"], row["to"])["capacity"].as_double() + kSlack);
    places.insert(row["from"].as_string());
  }
  for (const std::string& place : places) {
    if (Json(place) == a.input["source"] || Json(place) == a.input["sink"]) continue;
    CHECK(Sum(flows, "flow", "from", Json(place)) ==
          doctest::Approx(Sum(flows, "flow", "to", Json(place))));
  }
  CHECK(Sum(flows, "flow", "to", a.input["sink"]) == doctest::Approx(a.objective));
  // A flow as large as a cut is a largest one.
  CHECK(Sum(a.tables["bottleneck"], "capacity") == doctest::Approx(a.objective));
}

void ShortestPath(const Answer& a) {
  Json at = a.input["start"];
  double length = 0;
  for (const Json& row : a.tables["way"].array()) {
    CHECK(row["from"] == at);
    at = row["to"];
    length += row["length"].as_double();
  }
  CHECK(at == a.input["destination"]);
  CHECK(length == doctest::Approx(a.objective));
}

void SpanningTree(const Answer& a) {
  // Each link of a tree joins two parts that were apart.
  std::map<std::string, int> part;
  int next = 0;
  for (const Json& link : a.input["links"].array()) {
    for (const char* end : {"from", "to"}) {
      if (part.emplace(link[end].as_string(), next).second) ++next;
    }
  }
  double cost = 0;
  for (const Json& row : a.tables["tree"].array()) {
    cost += Link(a.input["links"], row["from"], row["to"])["cost"].as_double();
    const int from = part[row["from"].as_string()];
    const int to = part[row["to"].as_string()];
    CHECK(from != to);
    for (auto& [place, p] : part) {
      if (p == from) p = to;
    }
  }
  CHECK(a.tables["tree"].array().size() + 1 == part.size());
  CHECK(cost == doctest::Approx(a.objective));
}

void NetworkDesign(const Answer& a) {
  const Json& routes = a.tables["routes"];
  double cost = 0;
  for (const Json& built : a.tables["built"].array()) {
    const Json& link = Link(a.input["links"], built["from"], built["to"]);
    double load = 0;
    for (const Json& row : routes.array()) {
      if ((row["from"] == link["from"] && row["to"] == link["to"]) ||
          (row["from"] == link["to"] && row["to"] == link["from"])) {
        load += row["amount"].as_double();
      }
    }
    CHECK(load <= link["capacity"].as_double() + kSlack);
    cost += link["build_cost"].as_double() + load * NumberOr(link["unit_cost"], 0);
  }
  CHECK(cost == doctest::Approx(a.objective));  // so nothing runs on a link that is not built
  for (const Json& demand : a.input["demands"].array()) {
    std::map<std::string, double> balance;
    for (const Json& row : routes.array()) {
      if (row["origin"] != demand["from"] || row["target"] != demand["to"]) continue;
      balance[row["from"].as_string()] += row["amount"].as_double();
      balance[row["to"].as_string()] -= row["amount"].as_double();
    }
    balance[demand["from"].as_string()] -= demand["amount"].as_double();
    balance[demand["to"].as_string()] += demand["amount"].as_double();
    for (const auto& [place, rest] : balance) CHECK(rest == doctest::Approx(0).epsilon(kSlack));
  }
}

void FrequencyAssignment(const Answer& a) {
  const Json& assignment = a.tables["assignment"];
  int64_t highest = 0;
  for (const Json& transmitter : a.input["transmitters"].array()) {
    const int64_t channel =
        Find(assignment, "transmitter", transmitter["name"])["channel"].as_int();
    for (const Json& forbidden : transmitter["forbidden"].array()) {
      CHECK(forbidden.as_int() != channel);
    }
    highest = std::max(highest, channel);
  }
  for (const Json& conflict : a.input["conflicts"].array()) {
    const int64_t apart = Find(assignment, "transmitter", conflict["a"])["channel"].as_int() -
                          Find(assignment, "transmitter", conflict["b"])["channel"].as_int();
    CHECK(static_cast<double>(std::abs(apart)) >= NumberOr(conflict["separation"], 1));
  }
  CHECK(static_cast<double>(highest) == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> NetworkChecks() {
  return {
      {"network_design", NetworkDesign},
      {"frequency_assignment", FrequencyAssignment},
      {"warehouse_allocation", WarehouseAllocation},
      {"assignment", Assignment},
      {"transportation", Transportation},
      {"min_cost_flow", MinCostFlow},
      {"max_flow", MaxFlow},
      {"shortest_path", ShortestPath},
      {"minimum_spanning_tree", SpanningTree},
  };
}

}  // namespace solvent
