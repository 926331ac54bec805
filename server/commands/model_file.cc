#include "model_file.h"

#include <cstdio>
#include <filesystem>

#include "commands.h"

namespace solvent::cli {
namespace {

// "file:line:column: message", as editors understand it, and the offending line's excerpt.
void Print(const MathProgDiagnostic& d, const std::string& file) {
  std::string text = d.source.empty() ? file : d.source;
  if (d.line > 0) text += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
  text += std::string(": ") + (d.warning ? "warning: " : "error: ") + d.message;
  text += " [" + d.code + "]\n";
  if (!d.excerpt.empty()) text += "    " + d.excerpt + "\n";
  if (!d.within.empty()) text += "    in " + d.within + "\n";
  if (!d.json_pointer.empty()) text += "    input " + d.json_pointer + "\n";
  if (!d.hint.empty()) text += "    hint: " + d.hint + "\n";
  std::fputs(text.c_str(), stderr);
}

void PrintAll(const std::vector<MathProgDiagnostic>& diagnostics, const std::string& file) {
  for (const MathProgDiagnostic& diagnostic : diagnostics) Print(diagnostic, file);
}

// A user at the command line is his own host: memory bounds the model, and Ctrl-C the time.
MathProgLimits OwnMachineLimits() {
  MathProgLimits limits;
  limits.max_rows = limits.max_columns = 50'000'000;
  limits.max_nonzeros = 500'000'000;
  limits.max_set_members = 50'000'000;
  limits.max_total_members = 500'000'000;
  limits.max_tuples_visited = 50'000'000'000;
  limits.max_steps = 500'000'000'000;
  limits.max_seconds = 3600;
  return limits;
}

}  // namespace

void PrintDiagnostics(const std::vector<MathProgDiagnostic>& diagnostics, const std::string& file) {
  PrintAll(diagnostics, file);
}

bool IsModelFile(std::string_view file, std::string_view format) {
  if (!format.empty()) return format == "mathprog" || format == "mod";
  return file.ends_with(".mod") || file.ends_with(".model");
}

std::optional<CompiledModel> CompileModel(const std::string& file, const std::string& text,
                                          const ModelDataOptions& options) {
  MathProgCompileOptions compile;
  if (options.dialect == "strict") compile.dialect = MathProgDialect::kStrict;
  MathProgCompiled compiled = MathProgModel::Compile(text, compile);
  if (compiled.model == nullptr) {
    PrintAll(compiled.diagnostics, file);
    return std::nullopt;
  }
  CompiledModel model;
  model.model = std::move(compiled.model);
  model.warnings = std::move(compiled.diagnostics);
  model.folder = std::filesystem::path(file).parent_path().string();
  model.seed = options.seed;
  for (const std::string& name : options.data) {
    absl::StatusOr<std::string> content = ReadAll(name);
    if (!content.ok()) {
      Complain(content.status());
      return std::nullopt;
    }
    model.data.push_back(*std::move(content));
  }
  return model;
}

MathProgGenerated CompiledModel::Generate(const Json* document) const {
  MathProgInput input;
  input.data.assign(data.begin(), data.end());
  input.json = document;
  MathProgRunOptions run;
  run.seed = seed;
  run.names = true;
  run.limits = OwnMachineLimits();
  std::filesystem::path beside = folder;
  run.read_file = [beside](std::string_view name) { return ReadAll((beside / name).string()); };
  return model->Generate(input, run);
}

std::unique_ptr<MathProgRun> GenerateModel(const std::string& file, const std::string& text,
                                           const ModelDataOptions& options) {
  std::optional<CompiledModel> model = CompileModel(file, text, options);
  if (!model) return nullptr;
  Json document;
  if (!options.input.empty()) {
    absl::StatusOr<std::string> content = ReadAll(options.input);
    absl::StatusOr<Json> json = content.ok() ? ParseJson(*content) : content.status();
    if (!json.ok()) {
      Complain(json.status());
      return nullptr;
    }
    document = *std::move(json);
  }
  MathProgGenerated generated = model->Generate(options.input.empty() ? nullptr : &document);
  // A run carries the warnings of its model.
  if (generated.run == nullptr) PrintAll(model->warnings, file);
  PrintAll(generated.diagnostics, file);
  return std::move(generated.run);
}

}  // namespace solvent::cli
