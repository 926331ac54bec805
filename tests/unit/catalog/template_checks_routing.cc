// Tours and sites.
#include <cmath>
#include <set>
#include <string>

#include "doctest/doctest.h"
#include "template_checks.h"

namespace solvent {
namespace {

double Distance(const Json& i, const Json& j) {
  return std::hypot(NumberOr(i["x"], 0) - NumberOr(j["x"], 0),
                    NumberOr(i["y"], 0) - NumberOr(j["y"], 0));
}

void TravellingSalesman(const Answer& a) {
  const Json& places = a.input["places"];
  Json at = places.array()[0]["name"];
  std::set<std::string> visited;
  double length = 0;
  for (const Json& row : a.tables["tour"].array()) {
    CHECK(row["from"] == at);
    CHECK(visited.insert(at.as_string()).second);
    at = row["to"];
    length += Distance(Named(places, row["from"]), Named(places, row["to"]));
  }
  CHECK(at == places.array()[0]["name"]);
  CHECK(visited.size() == places.array().size());
  CHECK(length == doctest::Approx(a.objective));
}

void VehicleRouting(const Answer& a) {
  const Json& places = a.input["places"];
  const Json& depot = places.array()[0];
  std::set<std::string> visited;
  double length = 0;
  for (const Json& tour : a.tables["tours"].array()) {
    double load = 0;
    const Json* at = &depot;
    for (const Json& row : a.tables["routes"].array()) {
      if (row["tour"] != tour["tour"]) continue;
      const Json& place = Named(places, row["customer"]);
      CHECK(visited.insert(place["name"].as_string()).second);
      load += NumberOr(place["demand"], 0);
      length += Distance(*at, place);
      at = &place;
    }
    CHECK(load <= a.input["capacity"].as_double() + kSlack);
    length += Distance(*at, depot);
  }
  CHECK(visited.size() + 1 == places.array().size());
  CHECK(a.tables["tours"].array().size() <= static_cast<size_t>(a.input["vehicles"].as_int()));
  CHECK(length == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> RoutingChecks() {
  return {
      {"travelling_salesman", TravellingSalesman},
      {"vehicle_routing", VehicleRouting},
  };
}

}  // namespace solvent
