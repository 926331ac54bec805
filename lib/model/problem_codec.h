// A Problem as bytes, for the database and for the pipe to a worker process: a version byte, then
// counts, then the arrays as they lie in memory (little endian).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "solvent/problem.h"

namespace solvent {

std::string EncodeProblem(const Problem& problem);

// Trusts nothing: sizes are checked against the bytes at hand before memory is taken, and the
// result passes Problem::Check. Fails with BadRequest.
absl::StatusOr<Problem> DecodeProblem(std::string_view bytes);

}  // namespace solvent
