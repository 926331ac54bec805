// Time as the store and the API know it: microseconds since 1970, UTC.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace solvent {

using Micros = int64_t;
using Clock = std::function<Micros()>;  // injected, so that tests need no sleeps

Micros SystemNow();
// "2026-02-19T10:05:00.123456Z"; the fraction is left out when it is zero.
std::string FormatTime(Micros t);
// Seconds on a clock that never jumps.
double SteadySeconds();

}  // namespace solvent
