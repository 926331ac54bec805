// Short ways to compile, generate and solve in tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "solvent/json.h"
#include "solvent/mathprog.h"

namespace solvent {

struct Generated {
  std::shared_ptr<const MathProgModel> model;
  std::unique_ptr<MathProgRun> run;
  std::vector<MathProgDiagnostic> diagnostics;  // errors only
  std::vector<MathProgDiagnostic> warnings;
  // The first error, or an empty one.
  MathProgDiagnostic error() const {
    return diagnostics.empty() ? MathProgDiagnostic{} : diagnostics[0];
  }
};

struct GenerateOptions {
  std::string data;   // "" for none
  std::string input;  // JSON text, "" for none
  MathProgDialect dialect = MathProgDialect::kDefault;
  MathProgRunOptions run;
};

Generated Generate(std::string_view model, const GenerateOptions& options = {});

// What printf and display above `solve` write.
std::string OutputOf(std::string_view model, const GenerateOptions& options = {});

// Solves with CBC and reports; null when generation failed.
Json Solve(Generated& generated, const MathProgReportOptions& options = {});

}  // namespace solvent
