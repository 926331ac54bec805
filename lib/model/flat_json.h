// What reading and writing flat JSON share, and the limits of its options.
#pragma once

#include <string_view>

namespace solvent {

// Values of a constraint's member "kind", by which a written problem keeps its rows one to one:
// a chained relation that is one row with two bounds, and a row without bounds, whose expression
// holds no relation.
inline constexpr std::string_view kRangeRow = "range";
inline constexpr std::string_view kFreeRow = "free";

inline constexpr double kMaxTimeLimit = 1e7;  // seconds; the queue cuts to the host's own
inline constexpr int kMaxThreads = 8;
// Beyond this, doubles and therefore JSON numbers skip integers.
inline constexpr double kMaxNodeLimit = 9007199254740991.0;

}  // namespace solvent
