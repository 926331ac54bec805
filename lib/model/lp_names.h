// Words and characters of the CPLEX LP format.
#pragma once

#include <string_view>

namespace solvent {

enum class LpWord {
  kNone,
  kMaximize,
  kMinimize,
  kSubjectTo,
  kBounds,
  kGeneral,
  kBinary,
  kEnd,
  kUnsupported,  // begins a section that is not read here
};

// What a word means where a section may begin. "subject to" and "such that" are two words, of
// which this sees the first: kNone for it.
LpWord FindLpWord(std::string_view word);

bool IsLpNameStart(char c);
bool IsLpNamePart(char c);

// A name that every reader takes for a name: no keyword, no number, no infinity.
bool FitsLp(std::string_view name);

}  // namespace solvent
