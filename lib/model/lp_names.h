// Words and characters of the CPLEX LP format.
#pragma once

#include <string>
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

// The same for what is written in a name's place: like FitsLp, with round brackets and commas,
// which all readers take too.
bool FitsWrittenLp(std::string_view name);
// "ship['East Hub',1]" as "ship(East_Hub,1)". It need not fit.
std::string ReadableInLp(std::string_view name);

}  // namespace solvent
