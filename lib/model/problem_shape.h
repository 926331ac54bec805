// Whether a problem's arrays fit together, so that loops over them stay inside, and whether text
// can hold it.
#pragma once

#include <optional>

#include "solvent/problem.h"

namespace solvent {

// True when sizes agree, column_start ascends from 0 to the number of entries, and row indices are
// in range. Says nothing of values.
bool HasShape(const Problem& problem);

// Turns the bounds that count as infinite (FileBound) into infinite ones.
void MakeInfinite(Problem& problem);

// `problem` as the writers take it: with MakeInfinite, in a copy that `made` keeps where that
// changes anything. Null when CheckWritable refuses it.
const Problem* Writable(const Problem& problem, std::optional<Problem>& made);

}  // namespace solvent
