#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flat_json.h"
#include "names.h"
#include "number.h"
#include "problem_shape.h"
#include "row_major.h"
#include "solvent/json.h"
#include "solvent/problem_io.h"

namespace solvent {
namespace {

bool FitsText(std::string_view name) {
  return IsValidUtf8(name) && CountCharacters(name) <= kMaxNameLength &&
         name.find('\0') == std::string_view::npos;
}

class SumWriter {
 public:
  explicit SumWriter(const std::vector<std::string>& names) : names_(names) {}

  void Term(int32_t column, double coefficient) {
    Sign(coefficient);
    double size = std::fabs(coefficient);
    if (size != 1) {
      AppendNumber(text_, size);
      text_ += '*';
    }
    text_ += names_[static_cast<size_t>(column)];
  }
  void Constant(double d) {
    Sign(d);
    AppendNumber(text_, std::fabs(d));
  }
  bool empty() const { return text_.empty(); }
  // The sum, which is left empty.
  std::string Take() {
    if (text_.empty()) text_ = "0";
    return std::exchange(text_, {});
  }

 private:
  void Sign(double d) {
    if (text_.empty()) {
      if (std::signbit(d)) text_ += '-';
    } else {
      text_ += std::signbit(d) ? " - " : " + ";
    }
  }
  const std::vector<std::string>& names_;
  std::string text_;
};

void WriteNameMap(JsonWriter& json, std::string_view list, const WrittenNames& names) {
  if (names.replaced.empty()) return;
  json.Key(list).BeginObject();
  for (const auto& [written, original] : names.replaced) json.Key(written).String(original);
  json.EndObject();
}

void WriteVariable(JsonWriter& json, const Problem& problem, size_t j, std::string_view name) {
  json.BeginObject().Key("name").String(name);
  double lower = problem.column_lower[j];
  double upper = problem.column_upper[j];
  double default_upper = kInfinity;
  switch (problem.column_type[j]) {
    case ColumnType::kContinuous: json.Key("type").String("continuous"); break;
    case ColumnType::kInteger: json.Key("type").String("integer"); break;
    case ColumnType::kBinary:
      json.Key("type").String("binary");
      default_upper = 1;
      break;
  }
  // Infinite bounds come out as null.
  if (lower != 0) json.Key("lower_bound").Double(lower);
  if (upper != default_upper) json.Key("upper_bound").Double(upper);
  json.EndObject();
}

}  // namespace

std::string WriteFlatJson(const Problem& given) {
  std::optional<Problem> made;
  const Problem* writable = Writable(given, made);
  if (writable == nullptr) return "";
  const Problem& problem = *writable;
  const size_t n = problem.objective.size();
  const size_t m = problem.row_lower.size();
  WrittenNames columns = MakeNames(problem.column_names, n, "x", true, [](std::string_view name) {
    return IsFlatName(name) && FitsText(name);
  });
  WrittenNames rows = MakeNames(problem.row_names, m, "c", false, FitsText);
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  if (!problem.name.empty()) {
    // A longer name could not be read back.
    if (FitsText(problem.name)) json.Key("name").String(problem.name);
  }
  json.Key("variables").BeginArray();
  for (size_t j = 0; j < n; ++j) WriteVariable(json, problem, j, columns.names[j]);
  json.EndArray();

  SumWriter sum(columns.names);
  for (size_t j = 0; j < n; ++j) {
    if (problem.objective[j] != 0) sum.Term(static_cast<int32_t>(j), problem.objective[j]);
  }
  if (problem.objective_offset != 0) sum.Constant(problem.objective_offset);
  json.Key("objective").BeginObject();
  json.Key("sense").String(problem.sense == Sense::kMinimize ? "minimize" : "maximize");
  if (!problem.objective_name.empty() && FitsText(problem.objective_name)) {
    json.Key("name").String(problem.objective_name);
  }
  json.Key("expression").String(sum.Take());
  json.EndObject();

  json.Key("constraints").BeginArray();
  RowMajor matrix = ByRows(problem);
  for (size_t i = 0; i < m; ++i) {
    for (int64_t k = matrix.start[i]; k < matrix.start[i + 1]; ++k) {
      sum.Term(matrix.column[static_cast<size_t>(k)], matrix.value[static_cast<size_t>(k)]);
    }
    std::string expression = sum.Take();
    double lower = problem.row_lower[i];
    double upper = problem.row_upper[i];
    json.BeginObject().Key("name").String(rows.names[i]);
    if (lower == -kInfinity && upper == kInfinity) {
      json.Key("kind").String(kFreeRow);
    } else if (lower == upper) {
      expression += " = ";
      AppendNumber(expression, lower);
    } else if (lower == -kInfinity) {
      expression += " <= ";
      AppendNumber(expression, upper);
    } else if (upper == kInfinity) {
      expression += " >= ";
      AppendNumber(expression, lower);
    } else {
      json.Key("kind").String(kRangeRow);
      std::string range;
      AppendNumber(range, lower);
      range += " <= ";
      range += expression;
      range += " <= ";
      AppendNumber(range, upper);
      expression = std::move(range);
    }
    json.Key("expression").String(expression).EndObject();
  }
  json.EndArray();
  if (!columns.replaced.empty() || !rows.replaced.empty()) {
    json.Key("name_map").BeginObject();
    WriteNameMap(json, "variables", columns);
    WriteNameMap(json, "constraints", rows);
    json.EndObject();
  }
  json.EndObject();
  return text;
}

}  // namespace solvent
