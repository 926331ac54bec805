// Override schemas: what a fire may replace in the pinned model, and with what.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_path.h"
#include "solvent/error.h"
#include "solvent/json.h"

namespace solvent {

// Where a value without a path of its own goes.
ModelPath DefaultPath(const Json& model, const std::string& name);

// ValidationError with each fault in "/override_schema" (an array or null): unknown types, missing
// or repeated names, defaults of the wrong type, paths that lead nowhere in `model`.
absl::Status CheckOverrideSchema(const Json& schema, const Json& model);

// Puts `data` (an object or null) into the model, defaults included. Returns the faults in
// "/override_data"; with any, the model is spoilt.
std::vector<FieldError> ApplyOverrides(const Json& schema, const Json& data, Json& model);

}  // namespace solvent
