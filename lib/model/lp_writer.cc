#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lp_names.h"
#include "names.h"
#include "number.h"
#include "problem_shape.h"
#include "row_major.h"
#include "solvent/problem_io.h"
#include "text_file.h"

namespace solvent {
namespace {

class LpWriter {
 public:
  explicit LpWriter(const Problem& problem)
      : problem_(problem),
        matrix_(ByRows(problem)),
        columns_(MakeNames(problem.column_names, problem.objective.size(), "x", true, FitsWrittenLp,
                           ReadableInLp)),
        rows_(MakeNames(problem.row_names, problem.row_lower.size(), "c", true, FitsWrittenLp,
                        ReadableInLp)) {}

  std::string Write() {
    if (!problem_.name.empty() && IsGraphicAscii(problem_.name)) {
      text_ += "\\Problem name: " + problem_.name + "\n";
    }
    text_ += NameMap(columns_, "\\") + NameMap(rows_, "\\");
    text_ += problem_.sense == Sense::kMinimize ? "Minimize\n" : "Maximize\n";
    WriteObjective();
    text_ += "\nSubject To\n";
    for (size_t i = 0; i < rows_.names.size(); ++i) WriteRow(i);
    WriteBounds();
    WriteTypes();
    text_ += "End\n";
    return std::move(text_);
  }

 private:
  // Long sums go on in the next line, as some readers want.
  void Term(double coefficient, size_t column) {
    if (terms_in_line_ == 8) {
      text_ += "\n    ";
      terms_in_line_ = 0;
    }
    ++terms_in_line_;
    Sign(coefficient);
    if (std::fabs(coefficient) != 1) {
      AppendNumber(text_, std::fabs(coefficient));
      text_ += ' ';
    }
    text_ += columns_.names[column];
  }
  void Sign(double d) { text_ += std::signbit(d) ? " - " : " + "; }

  // A variable is declared by its first appearance: where that would change the columns' order,
  // the objective names them all.
  bool MustNameAll() const {
    int64_t last = -1;
    std::vector<bool> seen(problem_.objective.size(), false);
    bool in_order = true;
    auto meet = [&](size_t j) {
      if (seen[j]) return;
      seen[j] = true;
      in_order &= static_cast<int64_t>(j) == last + 1;
      last = static_cast<int64_t>(j);
    };
    for (size_t j = 0; j < problem_.objective.size(); ++j) {
      if (problem_.objective[j] != 0) meet(j);
    }
    for (int32_t column : matrix_.column) meet(static_cast<size_t>(column));
    return !in_order || last + 1 != static_cast<int64_t>(problem_.objective.size());
  }

  void WriteObjective() {
    text_ += ' ';
    if (FitsLp(problem_.objective_name)) text_ += problem_.objective_name + ":";
    bool all = MustNameAll();
    for (size_t j = 0; j < problem_.objective.size(); ++j) {
      if (all || problem_.objective[j] != 0) Term(problem_.objective[j], j);
    }
    if (problem_.objective_offset != 0) {
      Sign(problem_.objective_offset);
      AppendNumber(text_, std::fabs(problem_.objective_offset));
    }
  }

  void WriteRow(size_t i) {
    double lower = problem_.row_lower[i];
    double upper = problem_.row_upper[i];
    bool range = lower != -kInfinity && upper != kInfinity && lower != upper;
    text_ += ' ' + rows_.names[i] + ": ";
    if (range) {
      AppendNumber(text_, lower);
      text_ += " <=";
    }
    terms_in_line_ = 0;
    for (int64_t k = matrix_.start[i]; k < matrix_.start[i + 1]; ++k) {
      size_t entry = static_cast<size_t>(k);
      Term(matrix_.value[entry], static_cast<size_t>(matrix_.column[entry]));
    }
    if (matrix_.start[i] == matrix_.start[i + 1]) {
      text_ += columns_.names.empty() ? " 0" : " 0 " + columns_.names[0];
    }
    if (lower == upper) {
      text_ += " = ";
      AppendNumber(text_, lower);
    } else if (upper != kInfinity) {
      text_ += " <= ";
      AppendNumber(text_, upper);
    } else if (lower != -kInfinity) {
      text_ += " >= ";
      AppendNumber(text_, lower);
    } else {
      text_ += " >= -inf";
    }
    text_ += '\n';
  }

  void BoundLine(size_t j) {
    double lower = problem_.column_lower[j];
    double upper = problem_.column_upper[j];
    const std::string& name = columns_.names[j];
    text_ += ' ';
    if (lower == -kInfinity && upper == kInfinity) {
      text_ += name + " free\n";
      return;
    }
    if (lower == upper) {
      text_ += name + " = ";
      AppendNumber(text_, lower);
    } else if (upper == kInfinity) {
      text_ += name + " >= ";
      AppendNumber(text_, lower);
    } else {
      if (lower == -kInfinity) {
        text_ += "-inf <= ";
      } else if (lower != 0) {
        AppendNumber(text_, lower);
        text_ += " <= ";
      }
      text_ += name + " <= ";
      AppendNumber(text_, upper);
    }
    text_ += '\n';
  }

  bool is_binary(size_t j) const { return problem_.column_type[j] == ColumnType::kBinary; }
  bool has_default_bounds(size_t j) const {
    return problem_.column_lower[j] == 0 &&
           problem_.column_upper[j] == (is_binary(j) ? 1 : kInfinity);
  }

  template <typename Pick, typename Line>
  void Section(std::string_view title, Pick pick, Line line) {
    bool any = false;
    for (size_t j = 0; j < problem_.objective.size(); ++j) {
      if (!pick(j)) continue;
      if (!any) text_ += title;
      any = true;
      line(j);
    }
  }
  void WriteBounds() {
    Section(
        "Bounds\n", [&](size_t j) { return !is_binary(j) && !has_default_bounds(j); },
        [&](size_t j) { BoundLine(j); });
  }
  void WriteTypes() {
    auto name = [&](size_t j) { text_ += ' ' + columns_.names[j] + '\n'; };
    Section(
        "General\n", [&](size_t j) { return problem_.column_type[j] == ColumnType::kInteger; },
        name);
    Section(
        "Binary\n", [&](size_t j) { return is_binary(j); }, name);
    // Listing a variable as binary sets its bounds, so tighter ones come after.
    Section(
        "Bounds\n", [&](size_t j) { return is_binary(j) && !has_default_bounds(j); },
        [&](size_t j) { BoundLine(j); });
  }

  const Problem& problem_;
  RowMajor matrix_;
  WrittenNames columns_;
  WrittenNames rows_;
  std::string text_;
  int terms_in_line_ = 0;
};

}  // namespace

std::string WriteLp(const Problem& problem) {
  std::optional<Problem> made;
  const Problem* writable = Writable(problem, made);
  return writable != nullptr ? LpWriter(*writable).Write() : "";
}

}  // namespace solvent
