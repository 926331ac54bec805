// solvent convert: a problem from one text form to another.
#include <cstdio>

#include "commands.h"
#include "solvent/problem_io.h"

namespace solvent::cli {

int Convert(const ConvertOptions& options) {
  auto text = ReadAll(options.input);
  if (!text.ok()) return Complain(text.status());
  ProblemFormat to = ProblemFormat::kMps;
  if (!options.to.empty()) {
    auto named = ParseProblemFormat(options.to);
    if (!named.ok()) return Complain(named.status());
    to = *named;
  } else if (options.output != "-") {
    to = GuessFormat(options.output, "");
  }
  Problem problem;
  if (IsModelFile(options.input, options.from)) {
    std::unique_ptr<MathProgRun> run = GenerateModel(options.input, *text, options.model);
    if (run == nullptr) return kFailed;
    problem = run->problem();
    run->FillNames(problem);
  } else {
    ProblemFormat from = GuessFormat(options.input, *text);
    if (!options.from.empty()) {
      auto named = ParseProblemFormat(options.from);
      if (!named.ok()) return Complain(named.status());
      from = *named;
    }
    auto read = ReadProblem(*text, from);
    if (!read.ok()) return Complain(read.status());
    problem = *std::move(read);
  }
  std::string written = WriteProblem(problem, to);
  std::FILE* out = options.output == "-" ? stdout : std::fopen(options.output.c_str(), "wb");
  bool ok = out != nullptr && std::fwrite(written.data(), 1, written.size(), out) == written.size();
  if (out != nullptr) ok = (out == stdout ? std::fflush(out) : std::fclose(out)) == 0 && ok;
  if (!ok) return Complain(absl::UnknownError("cannot write " + options.output));
  return kDone;
}

}  // namespace solvent::cli
