// Expressions: never a crash, and what compiles is finite and names columns that exist.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "expression.h"

namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

void CheckTerms(std::span<const solvent::ExpressionCompiler::Term> terms, size_t columns) {
  for (const auto& term : terms) {
    Check(term.column >= 0 && static_cast<size_t>(term.column) < columns);
    Check(std::isfinite(term.coefficient));
  }
}

void CheckFault(const solvent::ExpressionFault& fault, std::string_view text) {
  Check(fault.kind != solvent::ExpressionError::kNone);
  Check(fault.position <= text.size());
  Check(fault.message.size() < 1000);
  Check(fault.kind != solvent::ExpressionError::kUndeclared || !fault.names.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  solvent::NameIndex index;
  std::vector<solvent::ColumnType> types;
  for (const char* name : {"x", "y", "z", "e3", "sum", "s[a]", "s[a,[b]]"}) {
    index.Add(name, static_cast<int32_t>(types.size()));
    types.push_back(types.size() % 2 == 0 ? solvent::ColumnType::kContinuous
                                          : solvent::ColumnType::kInteger);
  }
  solvent::ExpressionCompiler compiler(index, types, 200);
  if (compiler.CompileSum(text)) {
    CheckTerms(compiler.terms(), types.size());
    Check(std::isfinite(compiler.constant()));
  } else {
    CheckFault(compiler.fault(), text);
  }
  for (bool range : {false, true}) {
    if (range ? compiler.CompileRange(text) : compiler.CompileConstraint(text)) {
      Check(!compiler.rows().empty() && compiler.rows().size() <= 2);
      for (const auto& row : compiler.rows()) {
        CheckTerms(row.plus, types.size());
        CheckTerms(row.minus, types.size());
        Check(!std::isnan(row.lower) && !std::isnan(row.upper));
      }
    } else {
      CheckFault(compiler.fault(), text);
    }
  }
  return 0;
}
