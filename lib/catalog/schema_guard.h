// Keeps schemas away that would hang or crash a validator: regular expressions that blow up,
// references that leave the document or never end.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "solvent/json.h"

namespace solvent {

struct SchemaTraits {
  // Longest string that may be matched against the schema's patterns; SIZE_MAX without patterns.
  size_t max_string = 0;
};

// BadRequest, with a pointer into the schema, for one that is refused.
absl::StatusOr<SchemaTraits> GuardSchema(const Json& schema);

}  // namespace solvent
