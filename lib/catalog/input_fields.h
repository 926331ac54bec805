// The form fields of a model: defaults to fill in, and what a value must be like.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "json_schema.h"
#include "solvent/json.h"

namespace solvent {

// ValidationError naming each fault in "/input_fields": it must be an array of objects with a name,
// a known type and a property in `schema` where that lists properties.
absl::Status CheckFieldDefinitions(const Json& fields, const Json& schema);

// Sets members of `input` that are missing to the schema's "default" (on every level), then to the
// fields'.
void FillDefaults(const Json& schema, const Json& fields, Json& input);

std::vector<SchemaFault> CheckFields(const Json& fields, const Json& input);

// The top-level members that schema and fields name.
std::vector<std::string> NamedMembers(const Json& schema, const Json& fields);

}  // namespace solvent
