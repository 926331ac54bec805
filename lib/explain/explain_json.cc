#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "solvent/explain.h"

namespace solvent {
namespace {

Json NumberOrNull(double v) { return std::isfinite(v) ? Json(v) : Json(); }

Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json Members(const PartName& name) {
  Json::Array members;
  for (const std::string& member : name.index) members.emplace_back(member);
  return members;
}

std::string_view ToString(ConflictPart::Kind kind) {
  switch (kind) {
    case ConflictPart::Kind::kRow: return "constraint";
    case ConflictPart::Kind::kLowerBound: return "lower_bound";
    case ConflictPart::Kind::kUpperBound: return "upper_bound";
  }
  return "";
}

std::string_view ToString(Conflict::Outcome outcome) {
  switch (outcome) {
    case Conflict::Outcome::kIrreducible: return "irreducible";
    case Conflict::Outcome::kInfeasibleSubset: return "infeasible_subset";
    case Conflict::Outcome::kFeasible: return "feasible";
    case Conflict::Outcome::kUnknown: return "unknown";
  }
  return "";
}

Json RangeToJson(const Range& range) {
  return Json::Array{NumberOrNull(range.lower), NumberOrNull(range.upper)};
}

// The side that a row is compared with: its nearer one, in the usual words.
void SetSide(const Problem& problem, const RowAnalysis& row, Json& out) {
  const auto i = static_cast<size_t>(row.row);
  const bool known = i < problem.row_lower.size() && i < problem.row_upper.size();
  const double lower = known ? problem.row_lower[i] : -kInfinity;
  const double upper = known ? problem.row_upper[i] : kInfinity;
  const bool has_lower = std::isfinite(lower), has_upper = std::isfinite(upper);
  const bool use_lower = has_lower && (!has_upper || row.activity - lower < upper - row.activity);
  const double side = use_lower ? lower : upper;
  out.Set("rhs", NumberOrNull(side));
  out.Set("operator", lower == upper             ? Json("==")
                      : !has_lower && !has_upper ? Json()
                      : use_lower                ? Json(">=")
                                                 : Json("<="));
  if (has_lower && has_upper && lower != upper) out.Set("lower", lower).Set("upper", upper);
  out.Set("slack", NumberOrNull(row.slack));
  out.Set("is_binding", row.binding);
  out.Set("utilization",
          std::isfinite(side) && side != 0 ? NumberOrNull(row.activity / side) : Json());
}

}  // namespace

Json ConflictToJson(const Conflict& conflict) {
  Json::Array rows, bounds, parts;
  for (const ConflictPart& part : conflict.parts) {
    Json entry;
    entry.Set("kind", ToString(part.kind))
        .Set("name", part.name.name)
        .Set("family", part.name.family)
        .Set("index", Members(part.name))
        .Set("lower", NumberOrNull(part.lower))
        .Set("upper", NumberOrNull(part.upper))
        .Set("text", part.text);
    parts.push_back(std::move(entry));
    if (part.kind == ConflictPart::Kind::kRow) {
      rows.emplace_back(part.name.name);
    } else {
      const bool lower = part.kind == ConflictPart::Kind::kLowerBound;
      Json bound;
      bound.Set("variable", part.name.name)
          .Set("bound", lower ? "lower" : "upper")
          .Set("value", lower ? part.lower : part.upper);
      bounds.push_back(std::move(bound));
    }
  }
  const char* type = rows.empty() && bounds.empty() ? "unknown"
                     : bounds.empty()               ? "constraint"
                     : rows.empty()                 ? "bound"
                                                    : "mixed";
  Json out;
  out.Set("iis_constraints", std::move(rows))
      .Set("iis_variable_bounds", std::move(bounds))
      .Set("conflict_type", type)
      .Set("method", TextOrNull(conflict.method))
      .Set("note", TextOrNull(conflict.note))
      .Set("outcome", ToString(conflict.outcome))
      .Set("irreducible", conflict.outcome == Conflict::Outcome::kIrreducible)
      .Set("needs_integers", conflict.needs_integers)
      .Set("trust", ToString(conflict.trust))
      .Set("members", std::move(parts))
      .Set("tests", conflict.tests)
      .Set("seconds", conflict.seconds);
  return out;
}

Json RayToJson(const Ray& ray) {
  Json::Array steps;
  for (const Ray::Step& step : ray.steps) {
    Json entry;
    entry.Set("variable", step.name.name)
        .Set("family", step.name.family)
        .Set("index", Members(step.name))
        .Set("change", step.change);
    steps.push_back(std::move(entry));
  }
  Json out;
  out.Set("found", ray.found)
      .Set("steps", std::move(steps))
      .Set("objective_change", ray.objective_change)
      .Set("note", TextOrNull(ray.note));
  return out;
}

Json PointAnalysisToJson(const Problem& problem, const PointAnalysis& analysis,
                         const AnalysisLimits& limits) {
  Json::Array rows, contributions;
  for (size_t i = 0; i < std::min(limits.rows, analysis.rows.size()); ++i) {
    const RowAnalysis& row = analysis.rows[i];
    Json entry;
    entry.Set("name", ParsePartName(problem.RowName(row.row)).name).Set("activity", row.activity);
    SetSide(problem, row, entry);
    rows.push_back(std::move(entry));
  }
  for (size_t i = 0; i < std::min(limits.columns, analysis.contributions.size()); ++i) {
    const Contribution& part = analysis.contributions[i];
    Json entry;
    entry
        .Set("label", part.column < 0 ? std::string("constant")
                                      : ParsePartName(problem.ColumnName(part.column)).name)
        .Set("contribution", part.value);
    contributions.push_back(std::move(entry));
  }
  Json out;
  out.Set("computed", true)
      .Set("note", Json())
      .Set("objective_value", analysis.objective)
      .Set("total_constraints", static_cast<int64_t>(analysis.rows.size()))
      .Set("binding_count", analysis.binding_rows)
      .Set("truncated_constraints", static_cast<int64_t>(analysis.rows.size() - rows.size()))
      .Set("truncated_contributions",
           static_cast<int64_t>(analysis.contributions.size() - contributions.size()))
      .Set("constraints", std::move(rows))
      .Set("contributions", std::move(contributions));
  return out;
}

Json SensitivityToJson(const Problem& problem, const Sensitivity& sensitivity,
                       const AnalysisLimits& limits) {
  Json::Array rows, columns;
  for (size_t i = 0; i < std::min(limits.rows, sensitivity.rows.size()); ++i) {
    const RowSensitivity& row = sensitivity.rows[i];
    Json entry;
    entry.Set("name", ParsePartName(problem.RowName(row.row)).name)
        .Set("shadow_price", row.dual)
        .Set("rhs", row.bound ? Json(*row.bound) : Json());
    if (sensitivity.ranges) entry.Set("rhs_range", RangeToJson(row.bound_range));
    rows.push_back(std::move(entry));
  }
  for (size_t j = 0; j < std::min(limits.columns, sensitivity.columns.size()); ++j) {
    const ColumnSensitivity& column = sensitivity.columns[j];
    Json entry;
    entry.Set("name", ParsePartName(problem.ColumnName(column.column)).name)
        .Set("coefficient", problem.objective[column.column])
        .Set("reduced_cost", column.reduced_cost);
    if (sensitivity.ranges) entry.Set("coefficient_range", RangeToJson(column.cost_range));
    columns.push_back(std::move(entry));
  }
  Json out;
  out.Set("computed", sensitivity.computed)
      .Set("note", TextOrNull(sensitivity.note))
      .Set("fixed_integers", sensitivity.fixed_integers)
      .Set("ranges", sensitivity.ranges)
      .Set("truncated_constraints", static_cast<int64_t>(sensitivity.rows.size() - rows.size()))
      .Set("truncated_variables", static_cast<int64_t>(sensitivity.columns.size() - columns.size()))
      .Set("constraints", std::move(rows))
      .Set("variables", std::move(columns));
  return out;
}

}  // namespace solvent
