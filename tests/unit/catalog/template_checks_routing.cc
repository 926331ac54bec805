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

void AmbulanceLocation(const Answer& a) {
  const Json& placement = a.tables["placement"];
  CHECK(Sum(placement, "ambulances") == a.input["ambulances"].as_double());
  double calls = 0;
  double once = 0;
  double twice = 0;
  for (size_t z = 0; z < a.input["zones"].array().size(); ++z) {
    const double weight = a.input["zones"].array()[z]["calls"].as_double();
    double near = 0;
    double far = 0;
    for (size_t s = 0; s < a.input["stations"].array().size(); ++s) {
      const double time = a.input["travel_time"].array()[s].array()[z].as_double();
      const double there =
          Sum(placement, "ambulances", "station", a.input["stations"].array()[s]["name"]);
      if (time <= a.input["short_time"].as_double()) near += there;
      if (time <= a.input["long_time"].as_double()) far += there;
    }
    CHECK(far >= 1);
    calls += weight;
    if (near >= 1) once += weight;
    if (near >= 2) twice += weight;
  }
  CHECK(once >= NumberOr(a.input["share"], 0.9) * calls - kSlack);
  CHECK(twice >= a.objective - kSlack);
}

void HubLocation(const Answer& a) {
  const Json::Array& places = a.input["places"].array();
  auto index = [&](const Json& name) {
    size_t i = 0;
    while (places[i]["name"] != name) ++i;
    return i;
  };
  std::vector<size_t> hub(places.size());
  std::set<size_t> hubs;
  for (const Json& row : a.tables["allocation"].array()) {
    hub[index(row["place"])] = index(row["hub"]);
    hubs.insert(index(row["hub"]));
  }
  for (size_t h : hubs) CHECK(hub[h] == h);
  CHECK(hubs.size() == static_cast<size_t>(a.input["hubs"].as_int()));
  auto distance = [&](size_t i, size_t j) {
    return a.input["distances"].array()[i].array()[j].as_double();
  };
  double cost = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    for (size_t j = 0; j < places.size(); ++j) {
      cost += a.input["flows"].array()[i].array()[j].as_double() *
              (distance(i, hub[i]) + a.input["discount"].as_double() * distance(hub[i], hub[j]) +
               distance(hub[j], j));
    }
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void BerthAllocation(const Answer& a) {
  const Json& plan = a.tables["plan"];
  double time = 0;
  for (const Json& ship : a.input["ships"].array()) {
    const Json& row = Find(plan, "ship", ship["name"]);
    const Json& berth = Named(a.input["berths"], row["berth"]);
    CHECK(ship["length"].as_double() <= berth["length"].as_double());
    CHECK(row["start"].as_int() >= ship["arrival"].as_int());
    CHECK((row["end"].as_double() - row["start"].as_double()) * NumberOr(berth["speed"], 1) >=
          ship["work"].as_double() - kSlack);
    CHECK(row["end"].as_int() <= a.input["hours"].as_int());
    time += NumberOr(ship["weight"], 1) * (row["end"].as_double() - ship["arrival"].as_double());
    for (const Json& other : plan.array()) {
      if (&other == &row || other["berth"] != row["berth"]) continue;
      CHECK((other["end"].as_int() <= row["start"].as_int() ||
             row["end"].as_int() <= other["start"].as_int()));
    }
  }
  CHECK(time == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> RoutingChecks() {
  return {
      {"ambulance_location", AmbulanceLocation}, {"hub_location", HubLocation},
      {"berth_allocation", BerthAllocation},     {"travelling_salesman", TravellingSalesman},
      {"vehicle_routing", VehicleRouting},
  };
}

}  // namespace solvent
