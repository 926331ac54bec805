// Problems given as files, of any format.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model_file.h"
#include "solvent/mathprog.h"
#include "solvent/problem.h"
#include "solvent/solve_backend.h"

namespace solvent::cli {

struct LoadedProblem {
  Problem problem;
  SolveOptions options;                // the file's, with an hour where it sets no time limit
  std::unique_ptr<MathProgRun> model;  // when the file is a MathProg model
};

// Reads `file` ("-": standard input) in the named format, or the one that it seems to be. What is
// wrong goes to standard error.
std::optional<LoadedProblem> LoadProblem(const std::string& file, const std::string& format,
                                         const ModelDataOptions& model);

}  // namespace solvent::cli
