#include "parts.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "number.h"

namespace solvent {
namespace {

constexpr double kViolated = 1e-6;      // absolute, and relative to the side
constexpr int kShownTerms = 12;         // of a row's text
constexpr double kInfiniteSide = 1e30;  // sides this far away exclude nothing

bool Excludes(double side) { return std::abs(side) < kInfiniteSide; }

void AppendTerm(std::string& text, double coefficient, std::string_view name, bool first) {
  if (first) {
    if (coefficient < 0) text += "-";
  } else {
    text += coefficient < 0 ? " - " : " + ";
  }
  if (std::abs(coefficient) != 1) {
    AppendNumber(text, std::abs(coefficient));
    text += ' ';
  }
  text += name;
}

std::string DisplayName(std::string_view name) { return ParsePartName(name).name; }

std::string RowText(const Problem& problem, const RowMajor& rows, int32_t row) {
  const double lower = problem.row_lower[row], upper = problem.row_upper[row];
  std::string text = DisplayName(problem.RowName(row)) + ": ";
  if (Excludes(lower) && Excludes(upper) && lower != upper) {
    AppendNumber(text, lower);
    text += " <= ";
  }
  const int64_t begin = rows.start[row], end = rows.start[row + 1];
  for (int64_t k = begin; k < end; ++k) {
    if (k - begin == kShownTerms) {
      text += " + ... (" + std::to_string(end - k) + " more)";
      break;
    }
    AppendTerm(text, rows.value[k], DisplayName(problem.ColumnName(rows.column[k])), k == begin);
  }
  if (begin == end) text += '0';
  text += lower == upper ? " = " : Excludes(upper) ? " <= " : " >= ";
  AppendNumber(text, Excludes(upper) ? upper : lower);
  return text;
}

}  // namespace

PartName ParsePartName(std::string_view name) {
  PartName part;
  const size_t open = name.find('[');
  if (open == std::string_view::npos || open == 0 || !name.ends_with(']')) {
    part.name = part.family = std::string(name);
    return part;
  }
  part.family = std::string(name.substr(0, open));
  const std::string_view members = name.substr(open + 1, name.size() - open - 2);
  part.index.emplace_back();
  bool quoted = false;
  for (size_t i = 0; i < members.size(); ++i) {
    const char c = members[i];
    if (c == '\'' && quoted && members.substr(i + 1).starts_with('\'')) {
      part.index.back() += members[i++];
    } else if (c == '\'' && (quoted || part.index.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      part.index.emplace_back();
    } else {
      part.index.back() += c;
    }
  }
  part.name = part.family + "[" + absl::StrJoin(part.index, ",") + "]";
  return part;
}

std::vector<Part> PartsOf(const Problem& problem) {
  std::vector<Part> parts;
  for (int32_t i = 0; i < problem.num_rows(); ++i) {
    if (Excludes(problem.row_lower[i]) || Excludes(problem.row_upper[i]))
      parts.push_back({ConflictPart::Kind::kRow, i});
  }
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    const bool binary = problem.column_type[j] == ColumnType::kBinary;
    const double lower = problem.column_lower[j], upper = problem.column_upper[j];
    if (Excludes(lower) && !(binary && lower <= 0))
      parts.push_back({ConflictPart::Kind::kLowerBound, j});
    if (Excludes(upper) && !(binary && upper >= 1))
      parts.push_back({ConflictPart::Kind::kUpperBound, j});
  }
  return parts;
}

Subproblem MakeSubproblem(const Problem& whole, std::span<const Part> kept, bool relaxed) {
  Subproblem sub;
  Problem& p = sub.problem;
  std::vector<int32_t> new_row(whole.num_rows(), -1);
  std::vector<bool> keep_lower(whole.num_columns()), keep_upper(whole.num_columns());
  for (const Part& part : kept) {
    switch (part.kind) {
      case ConflictPart::Kind::kRow:
        new_row[part.index] = p.num_rows();
        p.row_lower.push_back(whole.row_lower[part.index]);
        p.row_upper.push_back(whole.row_upper[part.index]);
        break;
      case ConflictPart::Kind::kLowerBound: keep_lower[part.index] = true; break;
      case ConflictPart::Kind::kUpperBound: keep_upper[part.index] = true; break;
    }
  }
  for (int32_t j = 0; j < whole.num_columns(); ++j) {
    const size_t before = p.value.size();
    for (int64_t k = whole.column_start[j]; k < whole.column_start[j + 1]; ++k) {
      const int32_t row = new_row[whole.row_index[k]];
      if (row < 0) continue;
      p.row_index.push_back(row);
      p.value.push_back(whole.value[k]);
    }
    if (p.value.size() == before) continue;
    p.column_start.push_back(static_cast<int64_t>(p.value.size()));
    const bool binary = whole.column_type[j] == ColumnType::kBinary;
    p.objective.push_back(0);
    p.column_lower.push_back(keep_lower[j] ? whole.column_lower[j] : binary ? 0 : -kInfinity);
    p.column_upper.push_back(keep_upper[j] ? whole.column_upper[j] : binary ? 1 : kInfinity);
    p.column_type.push_back(relaxed ? ColumnType::kContinuous : whole.column_type[j]);
    sub.columns.push_back(j);
  }
  return sub;
}

bool Violates(const Problem& problem, const Part& part, std::span<const double> x,
              std::span<const double> activity) {
  auto beyond = [](double value, double lower, double upper) {
    return value < lower - kViolated * std::max(1.0, std::abs(lower)) ||
           value > upper + kViolated * std::max(1.0, std::abs(upper));
  };
  switch (part.kind) {
    case ConflictPart::Kind::kRow:
      return beyond(activity[part.index], problem.row_lower[part.index],
                    problem.row_upper[part.index]);
    case ConflictPart::Kind::kLowerBound:
      return beyond(x[part.index], problem.column_lower[part.index], kInfinity);
    case ConflictPart::Kind::kUpperBound:
      return beyond(x[part.index], -kInfinity, problem.column_upper[part.index]);
  }
  return false;
}

ConflictPart Describe(const Problem& problem, const RowMajor& rows, const Part& part) {
  ConflictPart out;
  out.kind = part.kind;
  out.index = part.index;
  if (part.kind == ConflictPart::Kind::kRow) {
    out.name = ParsePartName(problem.RowName(part.index));
    out.lower = problem.row_lower[part.index];
    out.upper = problem.row_upper[part.index];
    out.text = RowText(problem, rows, part.index);
    return out;
  }
  out.name = ParsePartName(problem.ColumnName(part.index));
  out.text = out.name.name;
  if (part.kind == ConflictPart::Kind::kLowerBound) {
    out.lower = problem.column_lower[part.index];
    out.text += " >= ";
    AppendNumber(out.text, out.lower);
  } else {
    out.upper = problem.column_upper[part.index];
    out.text += " <= ";
    AppendNumber(out.text, out.upper);
  }
  return out;
}

}  // namespace solvent
