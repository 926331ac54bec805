// solvent convert: a problem from one text form to another.
#include <filesystem>
#include <optional>

#include "commands.h"
#include "problem_file.h"
#include "solvent/problem_io.h"

namespace solvent::cli {
namespace {

// By its ending; MPS for a name without one, unset for an unknown one.
std::optional<ProblemFormat> FormatOfName(const std::string& file) {
  if (std::filesystem::path(file).filename().string().find('.') == std::string::npos)
    return ProblemFormat::kMps;
  const ProblemFormat format = GuessFormat(file, "{");
  // The content decides only where the name does not.
  if (GuessFormat(file, "NAME") != format) return std::nullopt;
  return format;
}

}  // namespace

int Convert(const ConvertOptions& options) {
  ProblemFormat to = ProblemFormat::kMps;
  if (!options.to.empty()) {
    auto named = ParseProblemFormat(options.to);
    if (!named.ok()) return Complain(named.status());
    to = *named;
  } else if (options.output != "-") {
    const std::optional<ProblemFormat> named = FormatOfName(options.output);
    if (!named) {
      ComplainAbout(options.output,
                    absl::InvalidArgumentError("its ending names no format that can be written: "
                                               ".json, .mps or .lp, or give --to"));
      return kUsage;
    }
    to = *named;
  }
  std::optional<LoadedProblem> loaded = LoadProblem(options.input, options.from, options.model);
  if (!loaded) return kFailed;
  if (loaded->model != nullptr) loaded->model->FillNames(loaded->problem);
  if (absl::Status status = CheckWritable(loaded->problem); !status.ok()) {
    return ComplainAbout(options.input, status);
  }
  const absl::Status written = WriteAll(options.output, WriteProblem(loaded->problem, to));
  if (!written.ok()) return Complain(written);
  return kDone;
}

}  // namespace solvent::cli
