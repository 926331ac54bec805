#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "mps_names.h"
#include "names.h"
#include "number.h"
#include "problem_shape.h"
#include "solvent/problem_io.h"
#include "text_file.h"

namespace solvent {
namespace {

bool FitsMps(std::string_view name) {
  // A '$' begins a comment for some readers, and a '*' too.
  return !name.empty() && name[0] != '$' && name[0] != '*' && IsGraphicAscii(name) &&
         name != "'MARKER'";
}

// White space, which ends a name, and what is no ASCII become underscores.
std::string ReadableInMps(std::string_view name) {
  std::string text;
  for (char c : name) {
    const bool follows = (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // within a character
    if (!follows) text += c > ' ' && c < '\x7f' ? c : '_';
  }
  return text;
}

class MpsWriter {
 public:
  explicit MpsWriter(const Problem& problem)
      : problem_(problem),
        columns_(MakeNames(problem.column_names, problem.objective.size(), "x", true, FitsMps,
                           ReadableInMps)),
        rows_(MakeNames(problem.row_names, problem.row_lower.size(), "c", true, FitsMps,
                        ReadableInMps)) {
    objective_ = FitsMps(problem.objective_name) ? problem.objective_name : "obj";
    auto taken = [&] {
      for (const std::string& row : rows_.names) {
        if (row == objective_) return true;
      }
      return false;
    };
    while (taken()) objective_ += '_';
  }

  std::string Write() {
    // CBC knows free form by the word FREE, and only behind a name.
    text_ = NameMap(columns_, "*") + NameMap(rows_, "*");
    text_ += "NAME ";
    text_ += FitsMps(problem_.name) ? std::string_view(problem_.name) : kNoName;
    text_ += " FREE\n";
    if (problem_.sense == Sense::kMaximize) text_ += "OBJSENSE\n    MAX\n";
    WriteRows();
    WriteColumns();
    WriteRhs();
    WriteRanges();
    WriteBounds();
    text_ += "ENDATA\n";
    return std::move(text_);
  }

 private:
  size_t num_rows() const { return problem_.row_lower.size(); }
  bool is_range(size_t i) const {
    return problem_.row_lower[i] != -kInfinity && problem_.row_upper[i] != kInfinity &&
           problem_.row_lower[i] != problem_.row_upper[i];
  }
  char RowType(size_t i) const {
    double lower = problem_.row_lower[i];
    double upper = problem_.row_upper[i];
    if (lower == -kInfinity && upper == kInfinity) return 'N';
    if (lower == upper) return 'E';
    if (lower == -kInfinity) return 'L';
    if (upper == kInfinity) return 'G';
    // The end of larger size is computed from the other: that way it can be hit exactly.
    return std::fabs(lower) <= std::fabs(upper) ? 'G' : 'L';
  }
  void Entry(std::string_view first, std::string_view second, double value) {
    BeginEntry(first, second);
    AppendNumber(text_, value);
    text_ += '\n';
  }
  void BeginEntry(std::string_view first, std::string_view second) {
    text_ += "    ";
    text_ += first;
    text_ += "  ";
    text_ += second;
    text_ += "  ";
  }
  // A width from which both ends come out exact again, with more digits than a double has if need
  // be.
  void AppendWidth(double lower, double upper) {
    long double exact = static_cast<long double>(upper) - lower;
    std::string text;
    if (std::isfinite(static_cast<double>(exact))) AppendNumber(text, static_cast<double>(exact));
    long double width = text.empty() ? 0 : WideNumber(text);
    if (static_cast<double>(lower + width) != upper ||
        static_cast<double>(upper - width) != lower) {
      char buffer[64];
      auto end =
          std::to_chars(buffer, buffer + sizeof(buffer), exact, std::chars_format::scientific);
      text.assign(buffer, end.ptr);
    }
    text_ += text;
  }

  void WriteRows() {
    text_ += "ROWS\n N  " + objective_ + "\n";
    for (size_t i = 0; i < num_rows(); ++i) {
      text_ += ' ';
      text_ += RowType(i);
      text_ += "  " + rows_.names[i] + "\n";
    }
  }
  void WriteColumns() {
    text_ += "COLUMNS\n";
    bool in_integers = false;
    size_t markers = 0;
    auto marker = [&](bool begin) {
      text_ += "    MARKER" + std::to_string(markers++) + "  'MARKER'  " +
               (begin ? "'INTORG'\n" : "'INTEND'\n");
      in_integers = begin;
    };
    for (size_t j = 0; j < problem_.objective.size(); ++j) {
      bool integer = problem_.column_type[j] == ColumnType::kInteger;
      if (integer != in_integers) marker(integer);
      int64_t begin = problem_.column_start[j];
      int64_t end = problem_.column_start[j + 1];
      // A column without entries must be named all the same.
      if (problem_.objective[j] != 0 || begin == end) {
        Entry(columns_.names[j], objective_, problem_.objective[j]);
      }
      for (int64_t k = begin; k < end; ++k) {
        size_t entry = static_cast<size_t>(k);
        Entry(columns_.names[j], rows_.names[static_cast<size_t>(problem_.row_index[entry])],
              problem_.value[entry]);
      }
    }
    if (in_integers) marker(false);
  }
  void WriteRhs() {
    text_ += "RHS\n";
    if (problem_.objective_offset != 0) Entry("RHS", objective_, -problem_.objective_offset);
    for (size_t i = 0; i < num_rows(); ++i) {
      char type = RowType(i);
      double rhs = type == 'L' ? problem_.row_upper[i] : problem_.row_lower[i];
      if (type != 'N' && rhs != 0) Entry("RHS", rows_.names[i], rhs);
    }
  }
  void WriteRanges() {
    bool any = false;
    for (size_t i = 0; i < num_rows(); ++i) {
      if (!is_range(i)) continue;
      if (!any) text_ += "RANGES\n";
      any = true;
      BeginEntry("RNG", rows_.names[i]);
      AppendWidth(problem_.row_lower[i], problem_.row_upper[i]);
      text_ += '\n';
    }
  }
  void Bound(std::string_view type, size_t column) {
    text_ += ' ';
    text_ += type;
    text_ += " BND  ";
    text_ += columns_.names[column];
  }
  void BoundTo(std::string_view type, size_t column, double value) {
    Bound(type, column);
    text_ += "  ";
    AppendNumber(text_, value);
    text_ += '\n';
  }
  void WriteBounds() {
    text_ += "BOUNDS\n";
    for (size_t j = 0; j < problem_.objective.size(); ++j) {
      double lower = problem_.column_lower[j];
      double upper = problem_.column_upper[j];
      ColumnType type = problem_.column_type[j];
      if (type == ColumnType::kBinary) {
        Bound("BV", j);
        text_ += '\n';
        if (lower != 0) BoundTo("LO", j, lower);
        if (upper != 1) BoundTo("UP", j, upper);
        continue;
      }
      if (lower == upper) {
        BoundTo("FX", j, lower);
        continue;
      }
      if (lower == -kInfinity) {
        Bound(upper == kInfinity ? "FR" : "MI", j);
        text_ += '\n';
      } else if (lower != 0) {
        BoundTo("LO", j, lower);
      }
      if (upper != kInfinity) {
        BoundTo("UP", j, upper);
      } else if (type == ColumnType::kInteger && lower != -kInfinity) {
        // Without a word, an integer column's upper bound would be 1.
        Bound("PL", j);
        text_ += '\n';
      }
    }
  }

  const Problem& problem_;
  WrittenNames columns_;
  WrittenNames rows_;
  std::string objective_;
  std::string text_;
};

}  // namespace

std::string WriteMps(const Problem& problem) {
  std::optional<Problem> made;
  const Problem* writable = Writable(problem, made);
  return writable != nullptr ? MpsWriter(*writable).Write() : "";
}

}  // namespace solvent
