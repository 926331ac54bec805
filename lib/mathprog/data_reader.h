// Data sections: values for sets and params, from texts.
#pragma once

#include <vector>

#include "run.h"

namespace solvent::mathprog {

// Reads the statements of `source` from `begin` on. Faults (up to the limit) are appended to
// `diagnostics`; a faulty statement is skipped up to its ';'.
void ReadData(Run& run, const SourceText& source, size_t begin,
              std::vector<MathProgDiagnostic>& diagnostics);

}  // namespace solvent::mathprog
