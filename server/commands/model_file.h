// MathProg models given as files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "solvent/mathprog.h"

namespace solvent::cli {

struct ModelDataOptions {
  std::vector<std::string> data;  // MathProg data files, read in order as one
  std::string input;              // a JSON document
  std::string dialect = "default";
  uint32_t seed = 1;
};

// By the file's name: ".mod" or ".model", unless `format` says "mathprog" or something else.
bool IsModelFile(std::string_view file, std::string_view format);

// Compiles and generates `text`, the content of `file`; CSV tables are looked for beside it. All
// diagnostics go to standard error. Null when there is an error.
std::unique_ptr<MathProgRun> GenerateModel(const std::string& file, const std::string& text,
                                           const ModelDataOptions& options);

}  // namespace solvent::cli
