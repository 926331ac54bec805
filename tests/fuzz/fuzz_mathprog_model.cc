// Model texts, in both dialects, with their data sections.
#include <cstdint>
#include <string_view>

#include "fuzz_mathprog.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace solvent;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (MathProgDialect dialect : {MathProgDialect::kDefault, MathProgDialect::kStrict}) {
    MathProgCompileOptions options;
    options.dialect = dialect;
    options.limits = FuzzLimits();
    MathProgCompiled compiled = MathProgModel::Compile(text, options);
    if (compiled.model) {
      FuzzRun(*compiled.model, {});
    } else if (ToStatus(compiled.diagnostics).ok()) {
      __builtin_trap();
    }
  }
  return 0;
}
