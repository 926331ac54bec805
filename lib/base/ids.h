// Identifiers: a prefix that says what it is, and 16 characters of [0-9a-z] from a cryptographic
// source (about 82 bits).
#pragma once

#include <string>
#include <string_view>

namespace solvent {

std::string NewId(std::string_view prefix);  // NewId("exe") -> "exe_4k2j..."

// True for what could be an id of ours or of another system: 1 to 64 bytes of printable ASCII.
bool IsPlausibleId(std::string_view id);

}  // namespace solvent
