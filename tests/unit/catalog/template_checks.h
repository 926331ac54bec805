// What an answer of a shipped template must be like, written without looking at the model: from the
// input and the result's tables alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "solvent/json.h"

namespace solvent {

struct Answer {
  const Json& input;   // the example
  const Json& tables;  // of the result
  double objective = 0;
};

struct TemplateCheck {
  std::string_view name;
  void (*check)(const Answer& answer);  // with doctest's CHECK
};

std::vector<TemplateCheck> PackingChecks();
std::vector<TemplateCheck> NetworkChecks();
std::vector<TemplateCheck> PlanningChecks();
std::vector<TemplateCheck> RoutingChecks();
std::vector<TemplateCheck> SchedulingChecks();

// The element of an array of objects whose `field` is `value`; fails the test when there is none.
const Json& Find(const Json& list, std::string_view field, const Json& value);
const Json& Named(const Json& list, const Json& name);  // Find by "name"

// A number, or `fallback` when the member is absent.
double NumberOr(const Json& value, double fallback);

// The sum of a column over the rows where `field` is `value`, or over all.
double Sum(const Json& rows, std::string_view column);
double Sum(const Json& rows, std::string_view column, std::string_view field, const Json& value);

constexpr double kSlack = 1e-6;  // what sums of rounded values may be off

}  // namespace solvent
