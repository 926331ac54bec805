// Compiles and generates a model from files and prints one JSON line: whether it was accepted, its
// sizes, its optimum. For the differential test, and for looking at models by hand.
//   mathprog_probe MODEL [--data FILE]... [--input FILE] [--strict] [--solve] [--report] [--mps
//   FILE]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "solvent/cbc_backend.h"
#include "solvent/json.h"
#include "solvent/mathprog.h"
#include "solvent/problem_io.h"

namespace {

using namespace solvent;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

int Fail(const std::vector<MathProgDiagnostic>& diagnostics, bool quiet) {
  Json out;
  out.Set("accepted", false);
  Json::Array errors;
  for (const MathProgDiagnostic& d : diagnostics) {
    if (!d.warning) errors.push_back(d.ToJson());
    if (!quiet) std::cerr << d.ToString() << "\n";
  }
  out.Set("errors", Json(std::move(errors)));
  std::cout << out.Dump() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string model_path, input_path, mps_path;
  std::vector<std::string> data_paths;
  MathProgCompileOptions compile;
  bool solve = false, report = false, quiet = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const bool more = i + 1 < argc;
    if (arg == "--data" && more) {
      data_paths.emplace_back(argv[++i]);
    } else if (arg == "--input" && more) {
      input_path = argv[++i];
    } else if (arg == "--mps" && more) {
      mps_path = argv[++i];
    } else if (arg == "--strict") {
      compile.dialect = MathProgDialect::kStrict;
    } else if (arg == "--solve") {
      solve = true;
    } else if (arg == "--report") {
      solve = report = true;
    } else if (arg == "--quiet") {
      quiet = true;
    } else {
      model_path = arg;
    }
  }
  absl::StatusOr<std::string> text = ReadFile(model_path);
  if (!text.ok()) return std::cerr << "cannot read " << model_path << "\n", 2;
  MathProgCompiled compiled = MathProgModel::Compile(*text, compile);
  if (!compiled.model) return Fail(compiled.diagnostics, quiet);

  MathProgInput input;
  std::vector<std::string> data;
  for (const std::string& path : data_paths) {
    absl::StatusOr<std::string> d = ReadFile(path);
    if (!d.ok()) return std::cerr << "cannot read " << path << "\n", 2;
    data.push_back(*std::move(d));
  }
  for (const std::string& d : data) input.data.emplace_back(d);
  Json document;
  if (!input_path.empty()) {
    absl::StatusOr<std::string> raw = ReadFile(input_path);
    if (!raw.ok()) return 2;
    absl::StatusOr<Json> parsed = ParseJson(*raw);
    if (!parsed.ok()) return std::cerr << parsed.status().ToString() << "\n", 2;
    document = *std::move(parsed);
    input.json = &document;
  }
  MathProgRunOptions options;
  const size_t slash = model_path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : model_path.substr(0, slash + 1);
  options.read_file = [&](std::string_view path) { return ReadFile(folder + std::string(path)); };
  MathProgGenerated generated = compiled.model->Generate(input, options);
  if (!generated.run) return Fail(generated.diagnostics, quiet);
  if (!quiet) {
    for (const MathProgDiagnostic& d : generated.diagnostics) std::cerr << d.ToString() << "\n";
  }
  const MathProgStats& stats = generated.run->stats();
  Json out;
  out.Set("accepted", true);
  out.Set("rows", Json(stats.rows));
  out.Set("columns", Json(stats.columns));
  out.Set("integers", Json(stats.integers));
  out.Set("nonzeros", Json(stats.nonzeros));
  out.Set("generate_ms", Json(stats.generate_ms));
  const absl::Status check = generated.run->problem().Check();
  out.Set("check", check.ToString());
  if (!mps_path.empty()) {
    Problem named = generated.run->problem();
    generated.run->FillNames(named);
    std::ofstream(mps_path) << WriteMps(named);
  }
  if (solve) {
    SolveOptions solve_options;
    solve_options.gap_tolerance = 0;
    if (const char* limit = std::getenv("PROBE_TIME_LIMIT")) {
      solve_options.time_limit_seconds = std::atof(limit);
    }
    absl::StatusOr<SolveResult> solved =
        MakeCbcBackend()->Solve(generated.run->problem(), solve_options);
    if (!solved.ok()) return std::cerr << solved.status().ToString() << "\n", 2;
    MathProgReportOptions report_options;
    report_options.duals = true;
    absl::StatusOr<Json> result = generated.run->Report(*solved, report_options);
    if (!result.ok()) return std::cerr << result.status().ToString() << "\n", 2;
    out.Set("status", (*result)["status"]);
    out.Set("objective", (*result)["objective_value"]);
    out.Set("warnings", (*result)["warnings"]);
    if (report) out.Set("result", *result);
  }
  std::cout << out.Dump() << "\n";
  return 0;
}
