// Bridges between std::string_view and Abseil's, which on some systems are different types that
// convert neither way. Never overload a function on both.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace solvent {

inline absl::string_view A(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view V(absl::string_view s) { return {s.data(), s.size()}; }

}  // namespace solvent
