// Solve options as they are kept with a run.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct RunOptions {
  SolveOptions solve;  // warm_start is not kept: it is looked up when the run starts
  std::string warm_start_execution_id;
  std::string reporter_key;
  // Why there is no problem to solve: the run ends as failed with this text. "" for all others.
  std::string failure;
};

std::string EncodeOptions(const RunOptions& options);
absl::StatusOr<RunOptions> DecodeOptions(std::string_view text);

}  // namespace solvent
