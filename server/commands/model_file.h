// MathProg models given as files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/mathprog.h"

namespace solvent::cli {

struct ModelDataOptions {
  std::vector<std::string> data;  // MathProg data files, read in order as one
  std::string input;              // a JSON document
  std::string dialect = "default";
  uint32_t seed = 1;
};

// By `format` when that is given, else by the file's name (".mod" or ".model"), else, where the
// name says nothing, by its content.
bool IsModelFile(std::string_view file, std::string_view format, std::string_view text);

// To standard error, as editors understand them. `data` are the names of the data files.
void PrintDiagnostics(const std::vector<MathProgDiagnostic>& diagnostics, const std::string& file,
                      const std::vector<std::string>& data);

// Names, as the model has them, and contents of the CSV tables that a model has read.
using FilesRead = std::vector<std::pair<std::string, std::string>>;

// A model and what is the same for all its inputs. Any number of threads may generate at once.
struct CompiledModel {
  std::shared_ptr<const MathProgModel> model;
  std::vector<MathProgDiagnostic> warnings;  // the compiler's
  std::vector<std::string> data;
  std::string folder;  // where its CSV tables are
  uint32_t seed = 1;
  bool strict = false;

  // A CSV table of that name.
  absl::StatusOr<std::string> Read(std::string_view name) const;
  // `document` may be null, and so may `files`.
  MathProgGenerated Generate(const Json* document, FilesRead* files = nullptr) const;
};

// Compiles `text`, the content of `file`, and reads the data files. What is wrong goes to standard
// error; nothing then.
std::optional<CompiledModel> CompileModel(const std::string& file, const std::string& text,
                                          const ModelDataOptions& options);

// Compiles and generates `text`, the content of `file`; CSV tables are looked for beside it. All
// diagnostics go to standard error. Null when there is an error.
std::unique_ptr<MathProgRun> GenerateModel(const std::string& file, const std::string& text,
                                           const ModelDataOptions& options);

}  // namespace solvent::cli
