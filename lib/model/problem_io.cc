#include "solvent/problem_io.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "number.h"
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
