// Model texts of either dialect, with their data sections.
#include <cstdint>
#include <string_view>

#include "fuzz_mathprog.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace solvent;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // One dialect an input, or each would take twice as long; a byte more or less changes it.
  MathProgCompileOptions options;
  options.dialect = size % 2 == 0 ? MathProgDialect::kDefault : MathProgDialect::kStrict;
  options.limits = FuzzLimits();
  MathProgCompiled compiled = MathProgModel::Compile(text, options);
  if (compiled.model) {
    FuzzRun(*compiled.model, {});
  } else if (ToStatus(compiled.diagnostics).ok()) {
    __builtin_trap();
  }
  return 0;
}
