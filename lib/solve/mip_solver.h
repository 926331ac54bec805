// A MIP code as the checks around it see it: runs that make claims.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "min_form.h"
#include "stop_control.h"

namespace solvent {

enum class MipStatus : uint8_t {
  kOptimal,
  kInfeasible,
  kUnbounded,
  kTimeLimit,
  kNodeLimit,
  kStopped,
  kFailed
};

struct MipRun {
  double gap = 0;  // relative to the objective with its offset
  double absolute_gap = 0;
  std::optional<int64_t> node_limit;
  uint32_t seed = 0;              // 0: the solver's own
  std::span<const double> start;  // a point that satisfies the problem, or empty
  bool second_opinion = false;    // in a way that fails differently, and tighter
  bool ignore_objective = false;  // any point will do
  bool loose_rows = false;        // points that miss rows by a little are looked for, too
  // May be empty. Told, at most once a second, what is known of the best point during the run: a
  // value for each column, NaN for those that the solver has eliminated.
  std::function<void(const std::vector<double>&)> on_incumbent;
};

struct MipClaim {
  MipStatus status = MipStatus::kFailed;
  std::vector<double> x;      // empty when there is no point
  double bound = -kInfinity;  // no point costs less, in the solver's word
  int64_t nodes = 0;
  int64_t iterations = 0;
  std::string error;
};

using MipSolver = std::function<MipClaim(const MipRun& run, const StopControl& control)>;

}  // namespace solvent
