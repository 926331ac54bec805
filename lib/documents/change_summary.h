// One line on what a new version changes, for people.
#pragma once

#include <string>

#include "solvent/json.h"

namespace solvent {

inline constexpr size_t kMaxSummary = 500;  // characters

std::string FirstSummary();
// Names nodes of the canvas by their labels; says how much of the model changed.
std::string SummarizeChange(const Json& old_canvas, const Json& old_model, const Json& new_canvas,
                            const Json& new_model);

}  // namespace solvent
