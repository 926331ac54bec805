#include "input_fields.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pointer.h"
#include "solvent/error.h"

namespace solvent {
namespace {

constexpr std::string_view kTypes[] = {"number", "integer", "string", "boolean", "array", "object"};

bool IsKnownType(std::string_view type) {
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

bool HasType(const Json& value, std::string_view type) {
  if (type == "integer") return value.is_integer();
  return type.empty() || value.type_name() == type;
}

void FillFromSchema(const Json& schema, Json& value) {
  if (value.is_object()) {
    for (const Json::Member& property : schema["properties"].object()) {
      if (const Json* fallback = property.value.Find("default");
          fallback != nullptr && value.Find(property.name) == nullptr) {
        value.Set(property.name, *fallback);
      }
    }
    for (Json::Member& member : value.mutable_object()) {
      if (member.value.is_object() || member.value.is_array()) {
        FillFromSchema(schema["properties"][member.name], member.value);
      }
    }
  } else if (value.is_array() && schema["items"].is_object()) {
    for (Json& item : value.mutable_array()) FillFromSchema(schema["items"], item);
  }
}

void CheckValue(const Json& field, const Json& value, const std::string& pointer,
                std::vector<SchemaFault>& faults) {
  const std::string& type = field["type"].as_string();
  if (!HasType(value, type)) {
    faults.push_back({pointer, "type",
                      "must be of type " + type + ", not " + std::string(value.type_name()),
                      Json()});
    return;
  }
  if (value.is_number()) {
    const Json& least = field["minimum"];
    const Json& most = field["maximum"];
    if (least.is_number() && value.as_double() < least.as_double()) {
      faults.push_back({pointer, "minimum", "must be at least " + least.Dump(), least});
    }
    if (most.is_number() && value.as_double() > most.as_double()) {
      faults.push_back({pointer, "maximum", "must be at most " + most.Dump(), most});
    }
  }
  if (const Json& choices = field["enum"]; choices.is_array()) {
    const Json::Array& list = choices.array();
    if (std::find(list.begin(), list.end(), value) == list.end()) {
      faults.push_back({pointer, "enum", "must be one of " + choices.Dump(), Json()});
    }
  }
  if (value.is_array() && field["items"].is_object()) {
    for (size_t i = 0; i < value.array().size() && faults.size() < 20; ++i) {
      CheckValue(field["items"], value.array()[i], pointer + "/" + std::to_string(i), faults);
    }
  }
}

}  // namespace

absl::Status CheckFieldDefinitions(const Json& fields, const Json& schema) {
  if (fields.is_null()) return absl::OkStatus();
  if (!fields.is_array()) {
    return ValidationError("/input_fields", "must be an array", "type_error");
  }
  std::vector<FieldError> errors;
  const Json& properties = schema["properties"];
  std::vector<std::string_view> names;
  for (size_t i = 0; i < fields.array().size(); ++i) {
    const Json& field = fields.array()[i];
    std::string at = "/input_fields/" + std::to_string(i);
    if (!field.is_object()) {
      errors.push_back({at, "must be an object", "type_error"});
      continue;
    }
    if (!field["name"].is_string() || field["name"].as_string().empty()) {
      errors.push_back({at + "/name", "must be a text with at least one character", "missing"});
      continue;
    }
    const std::string& name = field["name"].as_string();
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      errors.push_back({at + "/name", "\"" + name + "\" is there twice", "value_error"});
    }
    names.push_back(name);
    const Json* type = field.Find("type");
    if (type != nullptr && !IsKnownType(type->as_string())) {
      errors.push_back({at + "/type", "must be number, integer, string, boolean, array or object",
                        "value_error"});
    }
    if (const Json& required = field["required"]; !required.is_null() && !required.is_bool()) {
      errors.push_back({at + "/required", "must be true or false", "type_error"});
    }
    if (properties.is_object() && properties.Find(name) == nullptr) {
      errors.push_back(
          {at + "/name", "input_schema lists no property \"" + name + "\"", "value_error"});
    }
  }
  return errors.empty() ? absl::OkStatus() : ValidationError(std::move(errors));
}

void FillDefaults(const Json& schema, const Json& fields, Json& input) {
  if (schema.is_object()) FillFromSchema(schema, input);
  for (const Json& field : fields.array()) {
    const Json* fallback = field.Find("default");
    const std::string& name = field["name"].as_string();
    if (fallback != nullptr && !fallback->is_null() && input.Find(name) == nullptr) {
      input.Set(name, *fallback);
    }
  }
}

std::vector<SchemaFault> CheckFields(const Json& fields, const Json& input) {
  std::vector<SchemaFault> faults;
  for (const Json& field : fields.array()) {
    const std::string& name = field["name"].as_string();
    std::string pointer = "/" + EscapePointer(name);
    const Json& value = input[name];
    if (value.is_null()) {
      const Json& required = field["required"];
      if (required.is_null() || required.as_bool()) {
        faults.push_back({pointer, "required", "\"" + name + "\" is required", Json()});
      }
      continue;
    }
    CheckValue(field, value, pointer, faults);
  }
  return faults;
}

std::vector<std::string> NamedMembers(const Json& schema, const Json& fields) {
  std::vector<std::string> names;
  for (const Json::Member& property : schema["properties"].object()) {
    names.push_back(property.name);
  }
  for (const Json& field : fields.array()) names.push_back(field["name"].as_string());
  return names;
}

}  // namespace solvent
