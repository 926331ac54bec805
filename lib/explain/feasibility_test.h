// Whether some of a problem's parts can be satisfied together: by propagation, else by a checked
// solve.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "countdown.h"
#include "parts.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct FeasibilityVerdict {
  enum class Answer { kSatisfiable, kContradictory, kUnknown } answer = Answer::kUnknown;
  std::vector<double> x;  // of the whole problem, when satisfiable
  Trust trust = Trust::kNone;
  bool linear = false;  // with a certificate of the relaxation
  std::string trouble;  // what the backend said when it could not work
};

// Borrows all it is given.
class FeasibilityTest {
 public:
  FeasibilityTest(const Problem& problem, SolveBackend& backend, const Countdown& countdown)
      : problem_(problem), backend_(backend), countdown_(countdown) {}

  FeasibilityVerdict Run(std::span<const Part> parts, bool relaxed = false);
  // Propagation alone: true means contradictory, false means nothing.
  bool Propagates(std::span<const Part> parts);

  void Count(int64_t more) { count_ += more; }  // tests that were made elsewhere
  int64_t count() const { return count_; }

 private:
  const Problem& problem_;
  SolveBackend& backend_;
  const Countdown& countdown_;
  int64_t count_ = 0;
};

}  // namespace solvent
