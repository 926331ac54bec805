// Which names the text forms can hold, and replacements for those that they cannot.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "solvent/problem.h"

namespace solvent {

inline constexpr size_t kMaxNameLength = 256;  // characters

// Characters (code points) of a text in UTF-8.
size_t CountCharacters(std::string_view text);
bool IsValidUtf8(std::string_view text);

// A variable's name in flat JSON: letters, digits and _, not starting with a digit; then, as
// generated models have it, possibly one "[...]" that closes at the end.
bool IsFlatName(std::string_view name);

// Drops name lists that say nothing beyond the made-up names, and fills the gaps of others, made
// unique with underscores.
void NormalizeNames(Problem& problem);

// Where a name is no UTF-8, takes the bytes of all of its list for Latin-1: no two become the same.
void MakeNamesUtf8(Problem& problem);

// The names a file gets, with the changes that were needed.
struct WrittenNames {
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::string>> replaced;  // written, original
};

// Keeps each name that `fits`, and the first of equal ones if `unique`. The others become what
// `readable` makes of them, where that fits and is no other's name, else <prefix><number>, made
// unique with underscores.
WrittenNames MakeNames(const NameList& names, size_t count, std::string_view prefix, bool unique,
                       const std::function<bool(std::string_view)>& fits,
                       const std::function<std::string(std::string_view)>& readable = nullptr);

// A line of a comment for each change: "<comment> <written> = <original>". Control characters in
// the originals become spaces.
std::string NameMap(const WrittenNames& names, std::string_view comment);

}  // namespace solvent
