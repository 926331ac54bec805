// Template documents: a listing with its definition as one JSON text.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "solvent/json.h"
#include "solvent/model_catalog.h"

namespace solvent {

// 1 to 64 characters of a-z, 0-9 and _, as the names of listings are.
bool IsMachineName(std::string_view name);

// Reads a document. ValidationError with a pointer for each member of a wrong type; whether the
// definition works is not looked at. Sets neither id nor times.
absl::StatusOr<CatalogModel> ReadTemplateDocument(std::string_view text);

// The definition's members of a document or of a request: generator_type, generator_params,
// language, model (a text, an array of lines or an object), data, section_how_it_works,
// input_schema, input_fields, example_input, custom_config. They may stand below "template" too.
absl::StatusOr<ModelDefinition> ReadDefinition(const Json& body);

}  // namespace solvent
