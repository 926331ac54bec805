#include "mathprog_helpers.h"

#include "doctest/doctest.h"
#include "solvent/cbc_backend.h"

namespace solvent {

Generated Generate(std::string_view model, const GenerateOptions& options) {
  Generated g;
  MathProgCompileOptions compile;
  compile.dialect = options.dialect;
  compile.limits = options.run.limits;
  MathProgCompiled compiled = MathProgModel::Compile(model, compile);
  auto sort = [&](const std::vector<MathProgDiagnostic>& all) {
    for (const MathProgDiagnostic& d : all) (d.warning ? g.warnings : g.diagnostics).push_back(d);
  };
  g.model = compiled.model;
  if (!compiled.model) {
    sort(compiled.diagnostics);
    return g;
  }
  MathProgInput input;
  if (!options.data.empty()) input.data.emplace_back(options.data);
  Json document;
  if (!options.input.empty()) {
    absl::StatusOr<Json> parsed = ParseJson(options.input);
    REQUIRE(parsed.ok());
    document = *std::move(parsed);
    input.json = &document;
  }
  MathProgGenerated generated = compiled.model->Generate(input, options.run);
  sort(generated.diagnostics);
  g.run = std::move(generated.run);
  if (g.run) CHECK(g.run->problem().Check().ok());
  return g;
}

std::string OutputOf(std::string_view model, const GenerateOptions& options) {
  Generated g = Generate(model, options);
  if (!g.run) return "error: " + g.error().ToString();
  return g.run->output();
}

Json Solve(Generated& generated, const MathProgReportOptions& options) {
  if (!generated.run) return {};
  SolveOptions solve;
  solve.gap_tolerance = 0;
  absl::StatusOr<SolveResult> solved = MakeCbcBackend()->Solve(generated.run->problem(), solve);
  REQUIRE(solved.ok());
  absl::StatusOr<Json> result = generated.run->Report(*solved, options);
  REQUIRE(result.ok());
  return *std::move(result);
}

}  // namespace solvent
