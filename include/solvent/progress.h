// How a running solve is doing, in the original problem's sense and offset.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace solvent {

enum class SolvePhase : uint8_t { kStarting, kPresolve, kRoot, kTree, kVerify, kDone };
std::string_view ToString(SolvePhase phase);  // "starting", "presolve", ...

struct Progress {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  SolvePhase phase = SolvePhase::kStarting;
  double incumbent = kUnknown;  // objective of the best point found, NaN while there is none
  double bound = kUnknown;      // no point can be better than this; NaN while unknown
  double gap = kUnknown;        // |incumbent - bound| / max(|incumbent|, 1e-10)
  int64_t nodes = 0;
  int64_t iterations = 0;
  double elapsed_seconds = 0;
  bool improved = false;  // this report brings a new incumbent
};

// The relative gap between an incumbent and a bound; 0 when they are equal, NaN when one is NaN.
double RelativeGap(double incumbent, double bound);

}  // namespace solvent
