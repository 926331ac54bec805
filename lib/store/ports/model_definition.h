// Definitions of models as the JSON in which they are kept and published.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "solvent/json.h"
#include "solvent/model_catalog.h"

namespace solvent {

// Members that are empty are left out; the same definition gives the same text.
Json DefinitionToJson(const ModelDefinition& definition);
// Reads what DefinitionToJson wrote; what is missing or of another type stays empty.
ModelDefinition DefinitionFromJson(const Json& json);

std::string TagsToJson(const std::vector<std::string>& tags);
std::vector<std::string> TagsFromJson(std::string_view text);

}  // namespace solvent
