#include "solvent/problem_io.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "number.h"
#include "problem_shape.h"
#include "text_file.h"

namespace solvent {
namespace {

std::optional<ProblemFormat> FormatOfExtension(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::string_view extension = name.substr(dot);
  if (EqualsIgnoreCase(extension, ".json")) return ProblemFormat::kFlatJson;
  if (EqualsIgnoreCase(extension, ".mps")) return ProblemFormat::kMps;
  if (EqualsIgnoreCase(extension, ".lp")) return ProblemFormat::kLp;
  return std::nullopt;
}

}  // namespace

ProblemFormat GuessFormat(std::string_view file_name, std::string_view text) {
  if (auto format = FormatOfExtension(file_name)) return *format;
  // The first word that is no comment.
  size_t i = 0;
  while (i < text.size()) {
    bool line_start = i == 0 || text[i - 1] == '\n';
    bool comment = text[i] == '\\' || (text[i] == '*' && line_start);
    if (comment) {
      i = std::min(text.find('\n', i), text.size());
    } else if (IsSpace(text[i])) {
      ++i;
    } else {
      break;
    }
  }
  if (i < text.size() && (text[i] == '{' || text[i] == '[')) return ProblemFormat::kFlatJson;
  size_t end = i;
  while (end < text.size() && IsLetter(text[end])) ++end;
  std::string_view word = text.substr(i, end - i);
  for (std::string_view heading : {"NAME", "ROWS", "OBJSENSE"}) {
    if (word == heading) return ProblemFormat::kMps;
  }
  return word.empty() ? ProblemFormat::kFlatJson : ProblemFormat::kLp;
}

absl::Status CheckWritable(const Problem& p) {
  if (!HasShape(p)) return BadRequest("invalid problem: its arrays do not fit together");
  auto fault = [](const std::string& what) {
    return BadRequest(what +
                      ": no file can hold a bound that nothing satisfies, and numbers of "
                      "1e30 and more in size are infinite in files");
  };
  auto impossible = [](double lower, double upper) {
    return FileBound(lower) == kInfinity || FileBound(upper) == -kInfinity;
  };
  for (size_t i = 0; i < p.row_lower.size(); ++i) {
    if (impossible(p.row_lower[i], p.row_upper[i])) {
      return fault("row " + p.RowName(static_cast<int32_t>(i)));
    }
  }
  for (size_t j = 0; j < p.objective.size(); ++j) {
    if (impossible(p.column_lower[j], p.column_upper[j])) {
      return fault("column " + p.ColumnName(static_cast<int32_t>(j)));
    }
  }
  return absl::OkStatus();
}

const Problem* Writable(const Problem& problem, std::optional<Problem>& made) {
  if (!CheckWritable(problem).ok()) return nullptr;
  auto changes = [](const std::vector<double>& bounds) {
    return std::any_of(bounds.begin(), bounds.end(), [](double d) { return d != FileBound(d); });
  };
  if (!changes(problem.column_lower) && !changes(problem.column_upper) &&
      !changes(problem.row_lower) && !changes(problem.row_upper)) {
    return &problem;
  }
  made = problem;
  MakeInfinite(*made);
  return &*made;
}

absl::StatusOr<ProblemFormat> ParseProblemFormat(std::string_view name) {
  if (name == "json") return ProblemFormat::kFlatJson;
  if (name == "mps") return ProblemFormat::kMps;
  if (name == "lp") return ProblemFormat::kLp;
  return BadRequest("unknown format " + Quote(name) + ": json, mps or lp");
}

absl::StatusOr<Problem> ReadProblem(std::string_view text, ProblemFormat format,
                                    const ReadLimits& limits) {
  switch (format) {
    case ProblemFormat::kMps: return ReadMps(text, limits);
    case ProblemFormat::kLp: return ReadLp(text, limits);
    case ProblemFormat::kFlatJson: break;
  }
  auto flat = ReadFlatJson(text, limits);
  if (!flat.ok()) return flat.status();
  return std::move(flat->problem);
}

std::string WriteProblem(const Problem& problem, ProblemFormat format) {
  switch (format) {
    case ProblemFormat::kMps: return WriteMps(problem);
    case ProblemFormat::kLp: return WriteLp(problem);
    case ProblemFormat::kFlatJson: break;
  }
  return WriteFlatJson(problem);
}

}  // namespace solvent
