#include "problem_file.h"

#include <utility>

#include "commands.h"
#include "solvent/problem_io.h"

namespace solvent::cli {
namespace {

constexpr double kUsualTimeLimit = 3600;

std::nullopt_t Refuse(const absl::Status& status) {
  Complain(status);
  return std::nullopt;
}

}  // namespace

std::optional<LoadedProblem> LoadProblem(const std::string& file, const std::string& format,
                                         const ModelDataOptions& model) {
  auto text = ReadAll(file);
  if (!text.ok()) return Refuse(text.status());
  LoadedProblem loaded;
  loaded.options.time_limit_seconds = kUsualTimeLimit;
  if (IsModelFile(file, format)) {
    loaded.model = GenerateModel(file, *text, model);
    if (loaded.model == nullptr) return std::nullopt;
    loaded.problem = loaded.model->problem();
    return loaded;
  }
  ProblemFormat kind = GuessFormat(file, *text);
  if (!format.empty()) {
    auto named = ParseProblemFormat(format);
    if (!named.ok()) return Refuse(named.status());
    kind = *named;
  }
  if (kind == ProblemFormat::kFlatJson) {
    auto flat = ReadFlatJson(*text);
    if (!flat.ok()) return Refuse(flat.status());
    loaded.problem = std::move(flat->problem);
    loaded.options = std::move(flat->options);
    if (!flat->has_time_limit) loaded.options.time_limit_seconds = kUsualTimeLimit;
    return loaded;
  }
  auto read = ReadProblem(*text, kind);
  if (!read.ok()) return Refuse(read.status());
  loaded.problem = *std::move(read);
  return loaded;
}

}  // namespace solvent::cli
