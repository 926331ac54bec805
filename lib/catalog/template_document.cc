#include "template_document.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "solvent/error.h"
#include "solvent/organization_model.h"
#include "status_macros.h"

namespace solvent {
namespace {

// Collects what is wrong, so that one answer names all of it.
class Reader {
 public:
  Reader(const Json& body, std::string at) : body_(body), at_(std::move(at)) {}

  std::string Text(std::string_view name, std::string fallback = "") {
    const Json& value = body_[name];
    if (value.is_null()) return fallback;
    if (!value.is_string()) Fault(name, "must be a string");
    std::string text = value.as_string();
    std::erase(text, '\0');
    return text;
  }

  std::string Required(std::string_view name) {
    if (body_[name].is_null()) {
      faults_.push_back({at_ + "/" + std::string(name), "is required", "missing"});
    }
    return Text(name);
  }

  // A text, an array of lines, or (for a flat problem) an object.
  std::string Lines(std::string_view name) {
    const Json& value = body_[name];
    if (value.is_null() || value.is_string()) return value.as_string();
    if (value.is_object()) return value.Dump();
    std::string text;
    bool all_lines = value.is_array();
    for (const Json& line : value.array()) {
      all_lines = all_lines && line.is_string();
      text += line.as_string() + "\n";
    }
    if (!all_lines) Fault(name, "must be a string or an array of lines");
    return text;
  }

  Json Object(std::string_view name) {
    const Json& value = body_[name];
    if (!value.is_null() && !value.is_object()) Fault(name, "must be an object");
    return value;
  }

  Json Array(std::string_view name) {
    const Json& value = body_[name];
    if (!value.is_null() && !value.is_array()) Fault(name, "must be an array");
    return value;
  }

  std::vector<std::string> Texts(std::string_view name) {
    std::vector<std::string> texts;
    const Json list = Array(name);
    for (const Json& item : list.array()) {
      if (!item.is_string()) {
        Fault(name, "must be an array of strings");
        break;
      }
      texts.push_back(item.as_string());
    }
    return texts;
  }

  int64_t Count(std::string_view name, int64_t fallback) {
    const Json& value = body_[name];
    if (value.is_null()) return fallback;
    if (!value.is_integer() || value.as_int() < 0) Fault(name, "must be an integer, 0 or more");
    return value.as_int();
  }

  bool Flag(std::string_view name) {
    const Json& value = body_[name];
    if (!value.is_null() && !value.is_bool()) Fault(name, "must be true or false");
    return value.as_bool();
  }

  void Fault(std::string_view name, std::string message) {
    faults_.push_back({at_ + "/" + std::string(name), std::move(message), "type_error"});
  }

  absl::Status status() {
    return faults_.empty() ? absl::OkStatus() : ValidationError(std::move(faults_));
  }

 private:
  const Json& body_;
  const std::string at_;
  std::vector<FieldError> faults_;
};

}  // namespace

bool IsMachineName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

absl::StatusOr<ModelDefinition> ReadDefinition(const Json& body) {
  Reader top(body, "");
  ModelDefinition d;
  d.generator_type = top.Text("generator_type");
  d.generator_params = top.Object("generator_params");
  d.input_schema = top.Object("input_schema");
  d.input_fields = top.Array("input_fields");
  d.example_input = top.Object("example_input");
  d.custom_config = top.Object("custom_config");
  d.language = top.Text("language");
  d.model = top.Lines("model");
  d.data = top.Lines("data");
  d.how_it_works = top.Text("section_how_it_works");
  RETURN_IF_ERROR(top.status());
  const Json& inner = body["template"];
  if (d.model.empty() && inner.is_string()) d.model = inner.as_string();
  if (d.model.empty() && inner.is_object()) {
    Reader below(inner, "/template");
    d.language = below.Text("language", d.language);
    d.model = below.Lines("model");
    d.data = below.Lines("data");
    RETURN_IF_ERROR(below.status());
  }
  return d;
}

absl::StatusOr<NewOrgModel> ReadNewModel(const Json& body) {
  NewOrgModel model;
  Reader reader(body, "");
  model.name = reader.Required("name");
  reader.Required("generator_type");
  model.display_name = reader.Text("display_name");
  model.description = reader.Text("description");
  model.category = reader.Text("category", "general");
  model.tags = reader.Texts("tags");
  model.credits_per_execution = reader.Count("credits_per_execution", 1);
  RETURN_IF_ERROR(reader.status());
  ASSIGN_OR_RETURN(model.definition, ReadDefinition(body));
  return model;
}

absl::StatusOr<CatalogModel> ReadTemplateDocument(std::string_view text) {
  ASSIGN_OR_RETURN(Json body, ParseJson(text));
  if (!body.is_object()) return ValidationError("", "must be a JSON object", "type_error");
  if (body["template"].is_integer() && body["template"].as_int() != 1) {
    return ValidationError("/template", "only version 1 is known");
  }
  CatalogModel listing;
  Reader reader(body, "");
  listing.name = reader.Text("name");
  listing.display_name = reader.Text("display_name", listing.name);
  listing.short_description = reader.Text("short_description");
  listing.description = reader.Text("description", listing.short_description);
  listing.scenario_description = reader.Text("scenario_description");
  listing.category = reader.Text("category", "general");
  listing.tags = reader.Texts("tags");
  listing.status = reader.Text("status", "published");
  listing.is_featured = reader.Flag("is_featured");
  listing.credits_per_execution = reader.Count("credits_per_execution", 1);
  if (!IsMachineName(listing.name)) {
    reader.Fault("name", "must be 1 to 64 characters of a-z, 0-9 and _");
  }
  RETURN_IF_ERROR(reader.status());
  ASSIGN_OR_RETURN(listing.definition, ReadDefinition(body));
  if (listing.definition.generator_type.empty()) listing.definition.generator_type = "template";
  return listing;
}

}  // namespace solvent
