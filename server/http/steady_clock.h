// The clock of all deadlines here.
#pragma once

#include <chrono>

namespace solvent::http {

using SteadyClock = std::chrono::steady_clock;

}  // namespace solvent::http
