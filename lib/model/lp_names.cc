#include "lp_names.h"

#include <algorithm>
#include <utility>

#include "number.h"
#include "text_file.h"

namespace solvent {
namespace {

constexpr std::pair<std::string_view, LpWord> kWords[] = {
    {"maximize", LpWord::kMaximize},
    {"maximise", LpWord::kMaximize},
    {"maximum", LpWord::kMaximize},
    {"max", LpWord::kMaximize},
    {"minimize", LpWord::kMinimize},
    {"minimise", LpWord::kMinimize},
    {"minimum", LpWord::kMinimize},
    {"min", LpWord::kMinimize},
    {"st", LpWord::kSubjectTo},
    {"s.t.", LpWord::kSubjectTo},
    {"st.", LpWord::kSubjectTo},
    {"s.t", LpWord::kSubjectTo},
    {"bounds", LpWord::kBounds},
    {"bound", LpWord::kBounds},
    {"general", LpWord::kGeneral},
    {"generals", LpWord::kGeneral},
    {"gen", LpWord::kGeneral},
    {"gens", LpWord::kGeneral},
    {"integer", LpWord::kGeneral},
    {"integers", LpWord::kGeneral},
    {"int", LpWord::kGeneral},
    {"ints", LpWord::kGeneral},
    {"binary", LpWord::kBinary},
    {"binaries", LpWord::kBinary},
    {"bin", LpWord::kBinary},
    {"bins", LpWord::kBinary},
    {"end", LpWord::kEnd},
    {"semi-continuous", LpWord::kUnsupported},
    {"semi", LpWord::kUnsupported},
    {"semis", LpWord::kUnsupported},
    {"sos", LpWord::kUnsupported},
    {"sos1", LpWord::kUnsupported},
    {"sos2", LpWord::kUnsupported},
    {"pwlobj", LpWord::kUnsupported},
    {"genconstr", LpWord::kUnsupported},
};

}  // namespace

LpWord FindLpWord(std::string_view word) {
  for (const auto& [text, meaning] : kWords) {
    if (word.size() == text.size() && EqualsIgnoreCase(word, text)) return meaning;
  }
  return LpWord::kNone;
}

bool IsLpNameStart(char c) {
  return IsLetter(c) || (static_cast<unsigned char>(c) >= 0x80) ||
         std::string_view("!\"#$%&(),;?@_'`{}~|/[]").find(c) != std::string_view::npos;
}

// '[' and ']' stand inside names only: by themselves they begin a quadratic part.
bool IsLpNamePart(char c) { return IsLpNameStart(c) || IsDigit(c) || c == '.'; }

bool FitsWrittenLp(std::string_view name) {
  // CBC makes names of its own of longer ones.
  constexpr size_t kLongest = 100;
  const size_t head = name.find_first_of("(,)");
  if (head == std::string_view::npos) return FitsLp(name);
  auto fits = [](char c) { return IsNamePart(c) || c == '.' || c == '(' || c == ',' || c == ')'; };
  return name.size() <= kLongest && IsNameStart(name[0]) &&
         std::all_of(name.begin(), name.end(), fits);
}

std::string ReadableInLp(std::string_view name) {
  std::string text;
  for (char c : name) {
    if (c == '[') {
      text += '(';
    } else if (c == ']') {
      text += ')';
    } else if (IsNamePart(c) || c == '.' || c == ',') {
      text += c;
    } else if (c != '\'') {
      text += '_';
    }
  }
  return text;
}

bool FitsLp(std::string_view name) {
  constexpr size_t kLongest = 255;
  constexpr std::string_view kMore[] = {"subject", "such", "free", "inf",  "infinity",    "lazy",
                                        "user",    "st",   "to",   "that", "constraints", "cuts"};
  if (name.empty() || name.size() > kLongest || !IsNameStart(name[0])) return false;
  auto fits = [](char c) { return IsNamePart(c) || c == '.'; };
  if (!std::all_of(name.begin(), name.end(), fits)) return false;
  for (std::string_view word : kMore) {
    if (EqualsIgnoreCase(name, word)) return false;
  }
  return FindLpWord(name) == LpWord::kNone;
}

}  // namespace solvent
