#include "model_file.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "commands.h"

namespace solvent::cli {
namespace {

// Data texts are called "data", "data 2" and so on; without any, "data" is the model's own section.
std::string DataName(const std::string& source, const std::string& file,
                     const std::vector<std::string>& data) {
  if (data.empty()) return file;
  for (size_t i = 0; i < data.size(); ++i) {
    if (source == (i == 0 ? "data" : "data " + std::to_string(i + 1))) return data[i];
  }
  return source;
}

// "file:line:column: message", as editors understand it, and the offending line's excerpt.
void Print(const MathProgDiagnostic& d, const std::string& file,
           const std::vector<std::string>& data) {
  std::string text = Printable(d.source.empty() ? file : DataName(d.source, file, data));
  if (d.line > 0) text += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
  text += std::string(": ") + (d.warning ? "warning: " : "error: ") + Printable(d.message);
  text += " [" + d.code + "]\n";
  if (!d.excerpt.empty()) text += "    " + Printable(d.excerpt, "\t") + "\n";
  if (!d.within.empty()) text += "    in " + Printable(d.within) + "\n";
  if (!d.json_pointer.empty()) text += "    input " + Printable(d.json_pointer) + "\n";
  if (!d.hint.empty()) text += "    hint: " + Printable(d.hint) + "\n";
  std::fputs(text.c_str(), stderr);
}

std::string_view Word(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && (std::isalpha(static_cast<unsigned char>(text[end])) != 0)) ++end;
  return text.substr(0, end);
}

// Whether the first statement is one of MathProg's. An LP file begins with its objective; a model
// that does so too is told from it by the semicolon.
bool BeginsAsModel(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    if (text.starts_with('#')) {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (text.starts_with("/*")) {
      const size_t end = text.find("*/", 2);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    } else {
      break;
    }
  }
  const std::string_view word = Word(text);
  for (std::string_view keyword :
       {"set", "param", "var", "table", "check", "display", "printf", "for", "solve"}) {
    if (word == keyword) return true;
  }
  if (word != "minimize" && word != "maximize" && word != "s" && word != "subject") return false;
  size_t semicolon = text.find(';');
  // One in a comment of an LP file says nothing.
  while (semicolon != std::string_view::npos &&
         text.substr(0, semicolon).find('\\', text.rfind('\n', semicolon) + 1) !=
             std::string_view::npos) {
    semicolon = text.find(';', semicolon + 1);
  }
  if (semicolon == std::string_view::npos) return false;
  const size_t next = text.find_first_not_of(" \t\r", semicolon + 1);
  return next == std::string_view::npos || text[next] == '\n' || text[next] == '#' ||
         Word(text.substr(next)) == "end";
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

void PrintDiagnostics(const std::vector<MathProgDiagnostic>& diagnostics, const std::string& file,
                      const std::vector<std::string>& data) {
  for (const MathProgDiagnostic& diagnostic : diagnostics) Print(diagnostic, file, data);
}

bool IsModelFile(std::string_view file, std::string_view format, std::string_view text) {
  if (!format.empty()) return format == "mathprog" || format == "mod";
  if (file.ends_with(".mod") || file.ends_with(".model")) return true;
  for (std::string_view other : {".json", ".mps", ".lp"}) {
    if (file.ends_with(other)) return false;
  }
  return BeginsAsModel(text);
}

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// ReadAll has taken it away. A pipe cannot be read again.
bool HasByteOrderMark(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return false;
  std::ifstream stream(file, std::ios::binary);
  std::string begin(kByteOrderMark.size(), ' ');
  stream.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == kByteOrderMark;
}

bool RefusesMark(const std::string& file, const ModelDataOptions& options) {
  if (options.dialect != "strict" || !HasByteOrderMark(file)) return false;
  ComplainAbout(file, absl::InvalidArgumentError(
                          "it begins with a byte order mark, which strict MathProg does not take"));
  return true;
}

absl::StatusOr<std::string> ReadTable(const std::string& folder, bool strict,
                                      std::string_view name) {
  const std::string file = (std::filesystem::path(folder) / name).string();
  absl::StatusOr<std::string> text = ReadAll(file);
  // To strict MathProg the mark is a part of the first field's name.
  if (strict && text.ok() && HasByteOrderMark(file)) text->insert(0, kByteOrderMark);
  return text;
}

}  // namespace

std::optional<CompiledModel> CompileModel(const std::string& file, const std::string& text,
                                          const ModelDataOptions& options) {
  MathProgCompileOptions compile;
  if (RefusesMark(file, options)) return std::nullopt;
  if (options.dialect == "strict") compile.dialect = MathProgDialect::kStrict;
  MathProgCompiled compiled = MathProgModel::Compile(text, compile);
  if (compiled.model == nullptr) {
    PrintDiagnostics(compiled.diagnostics, file, {});
    return std::nullopt;
  }
  CompiledModel model;
  model.model = std::move(compiled.model);
  model.warnings = std::move(compiled.diagnostics);
  model.folder = std::filesystem::path(file).parent_path().string();
  model.seed = options.seed;
  model.strict = options.dialect == "strict";
  for (const std::string& name : options.data) {
    if (RefusesMark(name, options)) return std::nullopt;
    absl::StatusOr<std::string> content = ReadAll(name);
    if (!content.ok()) {
      Complain(content.status());
      return std::nullopt;
    }
    model.data.push_back(*std::move(content));
  }
  return model;
}

absl::StatusOr<std::string> CompiledModel::Read(std::string_view name) const {
  return ReadTable(folder, strict, name);
}

MathProgGenerated CompiledModel::Generate(const Json* document, FilesRead* files) const {
  MathProgInput input;
  input.data.assign(data.begin(), data.end());
  input.json = document;
  MathProgRunOptions run;
  run.seed = seed;
  run.names = true;
  run.limits = OwnMachineLimits();
  // The run may outlive this, and reads tables after `solve` too.
  run.read_file = [folder = folder, strict = strict, files](std::string_view name) {
    absl::StatusOr<std::string> text = ReadTable(folder, strict, name);
    if (files != nullptr && text.ok()) files->emplace_back(name, *text);
    return text;
  };
  return model->Generate(input, run);
}

std::unique_ptr<MathProgRun> GenerateModel(const std::string& file, const std::string& text,
                                           const ModelDataOptions& options) {
  std::optional<CompiledModel> model = CompileModel(file, text, options);
  if (!model) return nullptr;
  Json document;
  if (!options.input.empty()) {
    absl::StatusOr<std::string> content = ReadAll(options.input);
    if (!content.ok()) {
      Complain(content.status());
      return nullptr;
    }
    absl::StatusOr<Json> json = ParseJson(*content);
    if (!json.ok()) {
      ComplainAbout(options.input, json.status());
      return nullptr;
    }
    document = *std::move(json);
  }
  MathProgGenerated generated = model->Generate(options.input.empty() ? nullptr : &document);
  // A run carries the warnings of its model.
  if (generated.run == nullptr) PrintDiagnostics(model->warnings, file, options.data);
  PrintDiagnostics(generated.diagnostics, file, options.data);
  return std::move(generated.run);
}

}  // namespace solvent::cli
