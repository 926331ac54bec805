#include "override_schema.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "status_macros.h"
#include "text_length.h"

namespace solvent {
namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxFields = 1000;
constexpr std::string_view kTypes[] = {"string", "number", "integer", "boolean", "array", "object"};

bool HasType(const Json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_integer();
  if (type == "boolean") return value.is_bool();
  if (type == "array") return value.is_array();
  return value.is_object();
}

std::string WrongType(std::string_view type, const Json& value) {
  std::string text = "must be ";
  text += type == "integer" || type == "array" || type == "object" ? "an " : "a ";
  text += type;
  text += ", not ";
  if (value.is_number()) return text + value.Dump();
  return text + (value.is_null() ? "null" : "a value of type " + std::string(value.type_name()));
}

// A name as a segment of a pointer.
std::string Escape(std::string_view name) {
  std::string escaped;
  for (char c : name) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

class SchemaChecker {
 public:
  SchemaChecker(const Json& schema, const Json& model) : schema_(schema), model_(model) {}

  absl::Status Check() {
    for (size_t i = 0; i < schema_.array().size(); ++i) {
      at_ = "/override_schema/" + std::to_string(i);
      CheckField(schema_.array()[i]);
    }
    return faults_.empty() ? absl::OkStatus() : ValidationError(std::move(faults_));
  }

 private:
  void Fault(std::string_view member, std::string message, std::string type = "value_error") {
    faults_.push_back({at_ + std::string(member), std::move(message), std::move(type)});
  }

  void CheckField(const Json& field) {
    if (!field.is_object()) return Fault("", "must be an object", "type_error");
    const Json& name = field["name"];
    if (name.is_null()) {
      Fault("/name", "is required", "missing");
    } else if (!name.is_string()) {
      Fault("/name", "must be a string", "type_error");
    } else if (name.as_string().empty() || Utf8Length(name.as_string()) > kMaxName) {
      Fault("/name", "must have 1 to 255 characters");
    } else if (!names_.insert(name.as_string()).second) {
      Fault("/name", "another field is named \"" + name.as_string() + "\"", "duplicate");
    }
    for (const char* member : {"model_field_path", "description"}) {
      const Json& value = field[member];
      if (!value.is_null() && !value.is_string()) {
        Fault(std::string("/") + member, "must be a string", "type_error");
      }
    }
    if (!field["required"].is_null() && !field["required"].is_bool()) {
      Fault("/required", "must be true or false", "type_error");
    }
    const Json& type = field["type"];
    if (type.is_null()) return Fault("/type", "is required", "missing");
    if (std::find(std::begin(kTypes), std::end(kTypes), type.as_string()) == std::end(kTypes)) {
      return Fault("/type", "must be string, number, integer, boolean, array or object");
    }
    const Json& fallback = field["default"];
    if (!fallback.is_null() && !HasType(fallback, type.as_string())) {
      Fault("/default", WrongType(type.as_string(), fallback), "type_error");
    }
    CheckPath(field);
  }

  void CheckPath(const Json& field) {
    const Json& path = field["model_field_path"];
    if (!path.is_string()) return;
    absl::StatusOr<ModelPath> parsed = ModelPath::Parse(path.as_string());
    absl::Status status = parsed.ok() ? parsed->Check(model_) : parsed.status();
    if (!status.ok()) Fault("/model_field_path", std::string(Message(status)));
  }

  const Json& schema_;
  const Json& model_;
  std::string at_;
  std::unordered_set<std::string> names_;
  std::vector<FieldError> faults_;
};

}  // namespace

ModelPath DefaultPath(const Json& model, const std::string& name) {
  for (const char* container : {"input_data", "parameters"}) {
    if (model[container].is_object()) return ModelPath({container, name});
  }
  return ModelPath({name});
}

absl::Status CheckOverrideSchema(const Json& schema, const Json& model) {
  if (schema.is_null()) return absl::OkStatus();
  if (!schema.is_array()) {
    return ValidationError("/override_schema", "must be an array", "type_error");
  }
  if (schema.array().size() > kMaxFields) {
    return ValidationError("/override_schema", "must have at most 1000 fields");
  }
  return SchemaChecker(schema, model).Check();
}

std::vector<FieldError> ApplyOverrides(const Json& schema, const Json& data, Json& model) {
  std::vector<FieldError> faults;
  auto fault = [&](const std::string& name, std::string message, std::string type) {
    faults.push_back({"/override_data/" + Escape(name), std::move(message), std::move(type)});
  };
  auto put = [&](const std::string& name, const ModelPath& path, const Json& value) {
    absl::Status status = path.Put(model, value);
    if (!status.ok()) fault(name, std::string(Message(status)), "value_error");
  };
  if (schema.is_null()) {
    for (const Json::Member& member : data.object()) {
      put(member.name, DefaultPath(model, member.name), member.value);
    }
    return faults;
  }
  std::unordered_map<std::string_view, const Json*> given;
  for (const Json::Member& member : data.object()) given.emplace(member.name, &member.value);
  for (const Json& field : schema.array()) {
    const std::string& name = field["name"].as_string();
    auto found = given.find(name);
    const Json* value = found == given.end() ? nullptr : found->second;
    if (found != given.end()) given.erase(found);
    if (value != nullptr && value->is_null()) value = nullptr;
    if (value == nullptr && field["required"].as_bool()) {
      fault(name, "is required", "missing");
      continue;
    }
    if (value == nullptr) value = field.Find("default");
    if (value == nullptr || value->is_null()) continue;
    const std::string& type = field["type"].as_string();
    if (!HasType(*value, type)) {
      fault(name, WrongType(type, *value), "type_error");
      continue;
    }
    if (!field["model_field_path"].is_string()) {
      put(name, DefaultPath(model, name), *value);
      continue;
    }
    absl::StatusOr<ModelPath> path = ModelPath::Parse(field["model_field_path"].as_string());
    if (path.ok()) {
      put(name, *path, *value);
    } else {
      fault(name, std::string(Message(path.status())), "value_error");
    }
  }
  for (const Json::Member& member : data.object()) {
    if (given.count(member.name) == 0) continue;
    fault(member.name, "is no field of the trigger's override_schema", "unknown_field");
  }
  return faults;
}

}  // namespace solvent
