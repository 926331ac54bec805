// What reading and writing MPS files share.
#pragma once

#include <string_view>

namespace solvent {

// Stands where a problem without a name must have one.
inline constexpr std::string_view kNoName = "noname";

}  // namespace solvent
