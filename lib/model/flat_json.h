// What reading and writing flat JSON share.
#pragma once

#include <string_view>

namespace solvent {

// Values of a constraint's member "kind", by which a written problem keeps its rows one to one:
// a chained relation that is one row with two bounds, and a row without bounds, whose expression
// holds no relation.
inline constexpr std::string_view kRangeRow = "range";
inline constexpr std::string_view kFreeRow = "free";

}  // namespace solvent
