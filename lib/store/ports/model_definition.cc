#include "model_definition.h"

namespace solvent {

Json DefinitionToJson(const ModelDefinition& d) {
  Json json;
  json.Set("generator_type", d.generator_type);
  auto text = [&json](std::string_view name, const std::string& value) {
    if (!value.empty()) json.Set(name, value);
  };
  auto value = [&json](std::string_view name, const Json& member) {
    if (!member.is_null()) json.Set(name, member);
  };
  value("generator_params", d.generator_params);
  text("language", d.language);
  text("model", d.model);
  text("data", d.data);
  text("section_how_it_works", d.how_it_works);
  value("input_schema", d.input_schema);
  value("input_fields", d.input_fields);
  value("example_input", d.example_input);
  value("custom_config", d.custom_config);
  return json;
}

ModelDefinition DefinitionFromJson(const Json& json) {
  ModelDefinition d;
  d.generator_type = json["generator_type"].as_string();
  d.generator_params = json["generator_params"];
  d.language = json["language"].as_string();
  d.model = json["model"].as_string();
  d.data = json["data"].as_string();
  d.how_it_works = json["section_how_it_works"].as_string();
  d.input_schema = json["input_schema"];
  d.input_fields = json["input_fields"];
  d.example_input = json["example_input"];
  d.custom_config = json["custom_config"];
  return d;
}

std::string TagsToJson(const std::vector<std::string>& tags) {
  return Json(Json::Array(tags.begin(), tags.end())).Dump();
}

std::vector<std::string> TagsFromJson(std::string_view text) {
  std::vector<std::string> tags;
  if (absl::StatusOr<Json> json = ParseJson(text); json.ok()) {
    for (const Json& tag : json->array()) tags.push_back(tag.as_string());
  }
  return tags;
}

}  // namespace solvent
