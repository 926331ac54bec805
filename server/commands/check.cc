// solvent check: reads a model and says how large it is, without solving.
#include <chrono>
#include <cstdio>

#include "commands.h"
#include "problem_file.h"

namespace solvent::cli {

int Check(const CheckOptions& options) {
  auto begin = std::chrono::steady_clock::now();
  std::optional<LoadedProblem> loaded = LoadProblem(options.file, options.format, options.model);
  if (!loaded) return kFailed;
  Json sizes;
  if (loaded->model != nullptr) {
    std::fputs(ModelText(loaded->model->output()).c_str(), stdout);
    const MathProgStats& stats = loaded->model->stats();
    sizes.Set("rows", stats.rows)
        .Set("columns", stats.columns)
        .Set("integers", stats.integers)
        .Set("binaries", stats.binaries)
        .Set("nonzeros", stats.nonzeros);
  } else {
    const Problem& problem = loaded->problem;
    sizes.Set("rows", int64_t{problem.num_rows()})
        .Set("columns", int64_t{problem.num_columns()})
        .Set("integers", int64_t{problem.num_integers()})
        .Set("nonzeros", problem.num_nonzeros());
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
