// Whether a problem's arrays fit together, so that loops over them stay inside.
#pragma once

#include "solvent/problem.h"

namespace solvent {

// True when sizes agree, column_start ascends from 0 to the number of entries, and row indices are
// in range. Says nothing of values.
bool HasShape(const Problem& problem);

}  // namespace solvent
