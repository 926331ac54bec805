// Who and what, when.
#include <algorithm>
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

}  // namespace

std::vector<TemplateCheck> SchedulingChecks() {
  return {
      {"job_shop", JobShop},
      {"project_scheduling", ProjectScheduling},
  };
}

}  // namespace solvent
