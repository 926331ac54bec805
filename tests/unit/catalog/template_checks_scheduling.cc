// Who and what, when.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "doctest/doctest.h"
#include "template_checks.h"

namespace solvent {
namespace {

void JobShop(const Answer& a) {
  const Json::Array& rows = a.tables["schedule"].array();
  double last = 0;
  for (const Json& row : rows) {
    CAPTURE(row.Dump());
    const Json& job = Named(a.input["jobs"], row["job"]);
    const auto step = static_cast<size_t>(row["step"].as_int());
    const Json& operation = job["operations"].array()[step - 1];
    CHECK(row["machine"] == operation["machine"]);
    CHECK(row["end"].as_double() - row["start"].as_double() ==
          doctest::Approx(operation["time"].as_double()));
    CHECK(row["start"].as_double() >= NumberOr(job["release"], 0) - kSlack);
    last = std::max(last, row["end"].as_double());
    for (const Json& other : rows) {
      if (&other == &row) continue;
      const bool before = row["end"].as_double() <= other["start"].as_double() + kSlack;
      const bool after = other["end"].as_double() <= row["start"].as_double() + kSlack;
      if (other["machine"] == row["machine"]) CHECK((before || after));
      if (other["job"] == row["job"] && other["step"].as_int() > row["step"].as_int()) {
        CHECK(before);
      }
    }
  }
  CHECK(last == doctest::Approx(a.objective));
}

void ProjectScheduling(const Answer& a) {
  const Json& schedule = a.tables["schedule"];
  int64_t last = 0;
  for (const Json& activity : a.input["activities"].array()) {
    const Json& row = Find(schedule, "activity", activity["name"]);
    CHECK(row["end"].as_int() - row["start"].as_int() + 1 == activity["duration"].as_int());
    for (const Json& before : activity["after"].array()) {
      CHECK(Find(schedule, "activity", before)["end"].as_int() < row["start"].as_int());
    }
    last = std::max(last, row["end"].as_int());
  }
  CHECK(static_cast<double>(last) == doctest::Approx(a.objective));
  for (const Json& resource : a.input["resources"].array()) {
    for (int64_t t = 1; t <= last; ++t) {
      double used = 0;
      for (const Json& row : schedule.array()) {
        if (row["start"].as_int() > t || row["end"].as_int() < t) continue;
        const Json& activity = Named(a.input["activities"], row["activity"]);
        used += NumberOr(activity["uses"][resource["name"].as_string()], 0);
      }
      CHECK(used <= resource["available"].as_double() + kSlack);
    }
  }
}

void NurseRostering(const Answer& a) {
  const Json::Array& days = a.input["days"].array();
  std::map<std::string, double> shifts;
  double unwelcome = 0;
  for (const Json& nurse : a.input["nurses"].array()) {
    CAPTURE(nurse["name"].as_string());
    double count = 0;
    double free_from = -1e9;
    int in_row = 0;
    for (size_t d = 0; d < days.size(); ++d) {
      const Json* worked = nullptr;
      for (const Json& row : a.tables["roster"].array()) {
        if (row["nurse"] != nurse["name"] || row["day"] != days[d]) continue;
        CHECK(worked == nullptr);
        worked = &row;
      }
      in_row = worked == nullptr ? 0 : in_row + 1;
      CHECK(in_row <= NumberOr(a.input["max_in_row"], 5));
      if (worked == nullptr) continue;
      const Json& shift = Named(a.input["shifts"], (*worked)["shift"]);
      const double midnight = 24.0 * static_cast<double>(d);
      CHECK(midnight + shift["start"].as_double() >= free_from);
      free_from = midnight + shift["end"].as_double() + NumberOr(a.input["rest"], 11);
      for (const Json& off : nurse["off"].array()) CHECK(off != days[d]);
      for (const Json& avoid : nurse["avoid"].array()) {
        if (avoid["day"] == days[d] && avoid["shift"] == shift["name"]) {
          unwelcome += NumberOr(avoid["weight"], 1);
        }
      }
      ++count;
    }
    CHECK(count >= NumberOr(nurse["least"], 0));
    CHECK(count <= nurse["most"].as_double());
    shifts[nurse["name"].as_string()] = count;
  }
  for (const Json& shift : a.input["shifts"].array()) {
    for (size_t d = 0; d < days.size(); ++d) {
      double there = 0;
      for (const Json& row : a.tables["roster"].array()) {
        if (row["day"] == days[d] && row["shift"] == shift["name"]) ++there;
      }
      CHECK(there == shift["need"].array()[d].as_double());
    }
  }
  const auto [least, most] =
      std::minmax_element(shifts.begin(), shifts.end(),
                          [](const auto& x, const auto& y) { return x.second < y.second; });
  CHECK(unwelcome + NumberOr(a.input["spread_weight"], 1) * (most->second - least->second) ==
        doctest::Approx(a.objective));
}

void WeeklyStaffing(const Answer& a) {
  double present[7] = {};
  double pay = 0;
  for (const Json& row : a.tables["hires"].array()) {
    const Json& contract = Named(a.input["contracts"], row["contract"]);
    const double people = row["people"].as_double();
    pay += people * contract["pay"].as_double();
    for (int64_t k = 0; k < contract["days"].as_int(); ++k) {
      present[(row["first_day"].as_int() - 1 + k) % 7] += people;
    }
  }
  for (size_t d = 0; d < 7; ++d) CHECK(present[d] >= a.input["need"].array()[d].as_double());
  for (const Json& contract : a.input["contracts"].array()) {
    CHECK(Sum(a.tables["hires"], "people", "contract", contract["name"]) <=
          NumberOr(contract["most"], 1e9));
  }
  CHECK(pay == doctest::Approx(a.objective));
}

void UnitCommitment(const Answer& a) {
  const Json::Array& load = a.input["load"].array();
  double cost = 0;
  std::vector<double> output(load.size(), 0);
  std::vector<double> possible(load.size(), 0);
  for (const Json& unit : a.input["units"].array()) {
    CAPTURE(unit["name"].as_string());
    double hours = NumberOr(unit["hours_on"], -1000);  // on for so long; negative: off
    double last = hours > 0 ? NumberOr(unit["output"], unit["least"].as_double()) : 0;
    for (size_t t = 0; t < load.size(); ++t) {
      double now = 0;
      for (const Json& row : a.tables["schedule"].array()) {
        if (row["unit"] == unit["name"] && row["hour"].as_int() == static_cast<int64_t>(t + 1)) {
          now = row["output"].as_double();
        }
      }
      if (now > 0) {
        CHECK(now >= unit["least"].as_double() - kSlack);
        CHECK(now <= unit["most"].as_double() + kSlack);
        cost += now * unit["unit_cost"].as_double() + NumberOr(unit["hour_cost"], 0);
        possible[t] += unit["most"].as_double();
        if (hours < 0) {
          CHECK(-hours >= NumberOr(unit["min_down"], 1));
          cost += NumberOr(unit["start_cost"], 0);
          hours = 0;
        } else {
          CHECK(std::abs(now - last) <= NumberOr(unit["ramp"], 1e9) + kSlack);
        }
        ++hours;
      } else {
        if (hours > 0) {
          CHECK(hours >= NumberOr(unit["min_up"], 1));
          hours = 0;
        }
        --hours;
      }
      output[t] += now;
      last = now;
    }
  }
  for (size_t t = 0; t < load.size(); ++t) {
    CHECK(output[t] == doctest::Approx(load[t].as_double()));
    CHECK(possible[t] >= (1 + NumberOr(a.input["reserve"], 0)) * load[t].as_double() - kSlack);
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void CropRotation(const Answer& a) {
  const int64_t seasons = a.input["seasons"].as_int();
  std::map<int64_t, double> water;
  double profit = 0;
  for (const Json& field : a.input["fields"].array()) {
    CAPTURE(field["name"].as_string());
    std::map<std::string, int64_t> grown;  // when each family last grew
    if (field["last_family"].is_string()) grown[field["last_family"].as_string()] = 0;
    int64_t restored = 0;
    for (int64_t s = 1; s <= seasons; ++s) {
      const Json* found = nullptr;
      for (const Json& row : a.tables["plan"].array()) {
        if (row["field"] == field["name"] && row["season"].as_int() == s) found = &row;
      }
      REQUIRE(found != nullptr);
      const Json& crop = Named(a.input["crops"], (*found)["crop"]);
      const std::string& family = crop["family"].as_string();
      if (grown.count(family) == 1) {
        CHECK(static_cast<double>(s - grown[family]) > NumberOr(crop["pause"], 1));
      }
      grown[family] = s;
      if (crop["restores"].as_bool()) restored = s;
      if (s >= a.input["rest_every"].as_int()) CHECK(s - restored < a.input["rest_every"].as_int());
      water[s] += crop["water"].as_double() * field["area"].as_double();
      profit += crop["profit"].as_double() * field["area"].as_double();
    }
  }
  for (const auto& [s, used] : water) CHECK(used <= a.input["water"].as_double() + kSlack);
  CHECK(profit == doctest::Approx(a.objective));
}

void Irrigation(const Answer& a) {
  const Json& schedule = a.tables["schedule"];
  double cost = 0;
  std::map<int64_t, double> pumped;
  std::map<int64_t, double> valves;
  for (const Json& row : schedule.array()) {
    const Json& zone = Named(a.input["zones"], row["zone"]);
    const int64_t slot = row["slot"].as_int();
    const double water = row["water"].as_double();
    CHECK(water >= NumberOr(zone["least"], 0) - kSlack);
    CHECK(water <= zone["most"].as_double() + kSlack);
    CHECK(static_cast<double>(slot) >= NumberOr(zone["first"], 1));
    CHECK(static_cast<double>(slot) <= NumberOr(zone["last"], 1e9));
    pumped[slot] += water;
    ++valves[slot];
    cost += water * a.input["tariff"].array()[static_cast<size_t>(slot - 1)].as_double();
  }
  for (const auto& [slot, water] : pumped) {
    CHECK(water <= a.input["pump_capacity"].as_double() + kSlack);
    CHECK(valves[slot] <= NumberOr(a.input["max_open"], 1e9));
  }
  for (const Json& zone : a.input["zones"].array()) {
    CHECK(Sum(schedule, "water", "zone", zone["name"]) ==
          doctest::Approx(zone["need"].as_double()));
  }
  CHECK(cost == doctest::Approx(a.objective));
}

void CourseTimetabling(const Answer& a) {
  const Json::Array& rows = a.tables["timetable"].array();
  double penalty = 0;
  size_t meetings = 0;
  for (const Json& course : a.input["courses"].array()) {
    meetings += static_cast<size_t>(course["meetings"].as_int());
    int64_t met = 0;
    for (const Json& row : rows) met += row["course"] == course["name"] ? 1 : 0;
    CHECK(met == course["meetings"].as_int());
  }
  CHECK(rows.size() == meetings);
  for (const Json& row : rows) {
    CAPTURE(row.Dump());
    const Json& course = Named(a.input["courses"], row["course"]);
    const Json& slot = Named(a.input["slots"], row["slot"]);
    penalty += NumberOr(slot["penalty"], 0);
    CHECK(course["students"].as_int() <= Named(a.input["rooms"], row["room"])["seats"].as_int());
    for (const Json& blocked : a.input["blocked"].array()) {
      CHECK_FALSE((blocked["teacher"] == course["teacher"] && blocked["slot"] == row["slot"]));
    }
    for (const Json& other : rows) {
      if (&other == &row) continue;
      const Json& second = Named(a.input["courses"], other["course"]);
      if (other["course"] == row["course"]) {
        CHECK(Named(a.input["slots"], other["slot"])["day"] != slot["day"]);
      }
      if (other["slot"] != row["slot"]) continue;
      CHECK(other["room"] != row["room"]);
      CHECK(second["teacher"] != course["teacher"]);
      for (const Json& group : course["groups"].array()) {
        for (const Json& with : second["groups"].array()) CHECK(group != with);
      }
    }
  }
  CHECK(penalty == doctest::Approx(a.objective));
}

void TournamentScheduling(const Answer& a) {
  const Json::Array& teams = a.input["teams"].array();
  const auto rounds = static_cast<int64_t>(teams.size()) - 1;
  int breaks = 0;
  for (const Json& team : teams) {
    std::map<std::string, int> met;
    std::string before;
    for (int64_t t = 1; t <= rounds; ++t) {
      std::string where;
      for (const Json& match : a.tables["matches"].array()) {
        if (match["round"].as_int() != t) continue;
        if (match["home"] != team && match["away"] != team) continue;
        CHECK(where.empty());
        where = match["home"] == team ? "home" : "away";
        ++met[match[where == "home" ? "away" : "home"].as_string()];
      }
      CHECK(!where.empty());
      breaks += where == before ? 1 : 0;
      before = where;
      for (const Json& taken : a.input["not_home"].array()) {
        if (taken["team"] == team && taken["round"].as_int() == t) CHECK(where == "away");
      }
    }
    CHECK(met.size() + 1 == teams.size());
  }
  for (const Json& fixed : a.input["fixed"].array()) {
    bool found = false;
    for (const Json& match : a.tables["matches"].array()) {
      found = found || (match["round"] == fixed["round"] &&
                        ((match["home"] == fixed["team"] && match["away"] == fixed["opponent"]) ||
                         (match["away"] == fixed["team"] && match["home"] == fixed["opponent"])));
    }
    CHECK(found);
  }
  CHECK(breaks == doctest::Approx(a.objective));
}

void AssemblyLine(const Answer& a) {
  const Json& line = a.tables["line"];
  std::map<int64_t, double> load;
  for (const Json& task : a.input["tasks"].array()) {
    const int64_t station = Find(line, "task", task["name"])["station"].as_int();
    load[station] += task["time"].as_double();
    for (const Json& before : task["after"].array()) {
      CHECK(Find(line, "task", before)["station"].as_int() <= station);
    }
  }
  for (const auto& [station, time] : load) {
    CHECK(time <= a.input["cycle_time"].as_double() + kSlack);
  }
  CHECK(line.array().size() == a.input["tasks"].array().size());
  CHECK(static_cast<double>(load.size()) == doctest::Approx(a.objective));
}

}  // namespace

std::vector<TemplateCheck> SchedulingChecks() {
  return {
      {"nurse_rostering", NurseRostering},
      {"weekly_staffing", WeeklyStaffing},
      {"unit_commitment", UnitCommitment},
      {"crop_rotation", CropRotation},
      {"irrigation", Irrigation},
      {"course_timetabling", CourseTimetabling},
      {"tournament_scheduling", TournamentScheduling},
      {"assembly_line_balancing", AssemblyLine},
      {"job_shop", JobShop},
      {"project_scheduling", ProjectScheduling},
  };
}

}  // namespace solvent
