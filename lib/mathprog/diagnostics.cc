#include "diagnostics.h"

#include <algorithm>

#include "solvent/error.h"

namespace solvent {

Json MathProgDiagnostic::ToJson() const {
  Json j;
  j.Set("code", code);
  j.Set("stage", stage);
  j.Set("message", message);
  if (line > 0) {
    j.Set("line", line);
    j.Set("column", column);
  }
  if (!source.empty()) j.Set("source", source);
  if (!symbol.empty()) j.Set("symbol", symbol);
  if (!index.empty()) j.Set("index", Json(Json::Array(index)));
  if (!json_pointer.empty()) j.Set("json_pointer", json_pointer);
  if (!excerpt.empty()) j.Set("excerpt", excerpt);
  if (!within.empty()) j.Set("within", within);
  if (!expected.empty()) {
    Json::Array tokens(expected.begin(), expected.end());
    j.Set("expected", Json(std::move(tokens)));
  }
  if (!hint.empty()) j.Set("hint", hint);
  return j;
}

std::string MathProgDiagnostic::ToString() const {
  std::string s;
  if (line > 0) {
    if (!source.empty()) s += source + " ";
    s += "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
  } else if (!json_pointer.empty()) {
    s += json_pointer + ": ";
  }
  if (warning) s += "warning: ";
  s += message;
  if (!within.empty()) s += ", in " + within;
  s += " (" + code + ")";
  if (!hint.empty()) s += "; " + hint;
  return s;
}

absl::Status ToStatus(const std::vector<MathProgDiagnostic>& diagnostics) {
  Json::Array errors;
  std::vector<FieldError> fields;
  const MathProgDiagnostic* first = nullptr;
  for (const MathProgDiagnostic& d : diagnostics) {
    if (d.warning) continue;
    if (first == nullptr) first = &d;
    errors.push_back(d.ToJson());
    fields.push_back({d.json_pointer, d.ToString(), d.code});
  }
  if (first == nullptr) return absl::OkStatus();
  absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  if (first->code == "L420") {
    code = absl::StatusCode::kCancelled;
  } else if (first->stage == "limits") {
    code = absl::StatusCode::kResourceExhausted;
  } else if (first->code == "M399") {
    code = absl::StatusCode::kInternal;
  }
  Json extra;
  extra.Set("errors", Json(std::move(errors)));
  return MakeError(code, first->code, first->ToString(), std::move(fields), std::move(extra));
}

namespace mathprog {

SourceText::SourceText(std::string text, std::string name)
    : text_(std::move(text)), name_(std::move(name)) {
  line_starts_.push_back(0);
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

int SourceText::Line(size_t offset) const {
  auto it = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<int>(it - line_starts_.begin());
}

void SourceText::Place(size_t begin, size_t end, MathProgDiagnostic& d) const {
  begin = std::min(begin, text_.size());
  end = std::min(std::max(end, begin), text_.size());
  d.line = Line(begin);
  // Columns count characters, not bytes, so that an editor's caret lands on the spot.
  int column = 1;
  for (size_t i = line_starts_[static_cast<size_t>(d.line - 1)]; i < begin; ++i) {
    if ((text_[i] & 0xC0) != 0x80) ++column;
  }
  d.column = column;
  d.source = name_;
  d.excerpt = Shorten(std::string_view(text_).substr(begin, end - begin), 80);
}

std::string StageOf(std::string_view code) {
  if (code.empty()) return "";
  switch (code[0]) {
    case 'B': return "bind";
    case 'S': return "schema";
    case 'L': return "limits";
    default: break;
  }
  if (code.size() > 1 && code[1] == '2') return "generate";
  if (code.size() > 1 && code[1] == '3') return "environment";
  return "parse";
}

MathProgDiagnostic MakeDiagnostic(std::string_view code, std::string message, std::string hint) {
  MathProgDiagnostic d;
  d.code = std::string(code);
  d.stage = StageOf(code);
  d.message = std::move(message);
  d.hint = std::move(hint);
  return d;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& names) {
  auto lower = [](std::string_view s) {
    std::string r(s);
    for (char& c : r) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return r;
  };
  const std::string a = lower(name);
  if (a.size() > 100) return "";
  std::string best;
  // Of names this short any two are alike.
  size_t best_distance = a.size() <= 2 ? 1 : a.size() <= 4 ? 2 : a.size() / 3 + 1;
  std::vector<size_t> row;
  for (const std::string& candidate : names) {
    if (candidate.size() > 100 || candidate == name) continue;
    const std::string b = lower(candidate);
    row.resize(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= b.size(); ++j) {
        size_t above = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    size_t distance = row[b.size()];
    // "demands" for "demand" and the like, whatever the distance.
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string Shorten(std::string_view text, size_t limit) {
  std::string s;
  bool blank = false;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      blank = !s.empty();
      continue;
    }
    if (blank) s += ' ';
    blank = false;
    s += c;
    if (s.size() > limit + 4) break;
  }
  if (s.size() > limit) {
    size_t cut = limit;
    while (cut > 0 && (s[cut] & 0xC0) == 0x80) --cut;
    s.resize(cut);
    s += "...";
  }
  return s;
}

}  // namespace mathprog
}  // namespace solvent
