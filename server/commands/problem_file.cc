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
  auto refuse = [&file](const absl::Status& status) {
    ComplainAbout(file, status);
    return std::nullopt;
  };
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    return refuse(absl::InvalidArgumentError("there is nothing in it"));
  }
  LoadedProblem loaded;
  loaded.options.time_limit_seconds = kUsualTimeLimit;
  if (IsModelFile(file, format, *text)) {
    loaded.model = GenerateModel(file, *text, model);
    if (loaded.model == nullptr) return std::nullopt;
    loaded.problem = loaded.model->problem();
    return loaded;
  }
  ProblemFormat kind = GuessFormat(file, *text);
  if (!format.empty()) {
    auto named = ParseProblemFormat(format);
    if (!named.ok()) {
      return Refuse(absl::InvalidArgumentError("unknown format \"" + format +
                                               "\": mathprog, json, mps or lp"));
    }
    kind = *named;
  }
  if (!model.data.empty() || !model.input.empty()) {
    return refuse(absl::InvalidArgumentError(
        "this is no MathProg model, so --data and --input cannot be given with it (--format "
        "mathprog if it is one after all)"));
  }
  if (kind == ProblemFormat::kFlatJson) {
    auto flat = ReadFlatJson(*text);
    if (!flat.ok()) return refuse(flat.status());
    loaded.problem = std::move(flat->problem);
    loaded.options = std::move(flat->options);
    if (!flat->has_time_limit) loaded.options.time_limit_seconds = kUsualTimeLimit;
    return loaded;
  }
  auto read = ReadProblem(*text, kind);
  if (!read.ok()) return refuse(read.status());
  loaded.problem = *std::move(read);
  return loaded;
}

}  // namespace solvent::cli
