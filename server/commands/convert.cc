// solvent convert: a problem from one text form to another.
#include "commands.h"
#include "problem_file.h"
#include "solvent/problem_io.h"

namespace solvent::cli {

int Convert(const ConvertOptions& options) {
  ProblemFormat to = ProblemFormat::kMps;
  if (!options.to.empty()) {
    auto named = ParseProblemFormat(options.to);
    if (!named.ok()) return Complain(named.status());
    to = *named;
  } else if (options.output != "-") {
    to = GuessFormat(options.output, "");
  }
  std::optional<LoadedProblem> loaded = LoadProblem(options.input, options.from, options.model);
  if (!loaded) return kFailed;
  if (loaded->model != nullptr) loaded->model->FillNames(loaded->problem);
  const absl::Status written = WriteAll(options.output, WriteProblem(loaded->problem, to));
  if (!written.ok()) return Complain(written);
  return kDone;
}

}  // namespace solvent::cli
