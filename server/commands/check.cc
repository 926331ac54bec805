// solvent check: reads a model and says how large it is, without solving.
#include <chrono>
#include <cstdio>

#include "commands.h"
#include "model_file.h"
#include "solvent/problem_io.h"

namespace solvent::cli {

int Check(const CheckOptions& options) {
  auto begin = std::chrono::steady_clock::now();
  auto text = ReadAll(options.file);
  if (!text.ok()) return Complain(text.status());
  Json sizes;
  if (IsModelFile(options.file, options.format)) {
    std::unique_ptr<MathProgRun> run = GenerateModel(options.file, *text, options.model);
    if (run == nullptr) return kFailed;
    std::fputs(run->output().c_str(), stdout);
    const MathProgStats& stats = run->stats();
    sizes.Set("rows", stats.rows)
        .Set("columns", stats.columns)
        .Set("integers", stats.integers)
        .Set("binaries", stats.binaries)
        .Set("nonzeros", stats.nonzeros);
  } else {
    auto problem = ReadProblem(*text, GuessFormat(options.file, *text));
    if (!problem.ok()) return Complain(problem.status());
    sizes.Set("rows", int64_t{problem->num_rows()})
        .Set("columns", int64_t{problem->num_columns()})
        .Set("integers", int64_t{problem->num_integers()})
        .Set("nonzeros", problem->num_nonzeros());
  }
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  sizes.Set("seconds", seconds.count());
  if (options.json) {
    std::printf("%s\n", sizes.Dump().c_str());
  } else {
    for (const Json::Member& member : sizes.object()) {
      std::printf("%-10s %s\n", member.name.c_str(), member.value.Dump().c_str());
    }
  }
  return kDone;
}

}  // namespace solvent::cli
