// Parameters of a flat problem: {{name}} and {{name.0}} in its texts.
#pragma once

#include "absl/status/status.h"
#include "solvent/json.h"

namespace solvent {

// Replaces the placeholders below "variables", "objective", "constraints" and "options" by values
// of the object "parameters"; a model without that object is left alone. A text that is nothing but
// a placeholder becomes the value itself, except in an "expression". BadRequest naming the
// placeholder when there is no such parameter, or it is no single value.
absl::Status FillParameters(Json& model);

}  // namespace solvent
