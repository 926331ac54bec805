#include "pinned_model.h"

#include <utility>

#include "placeholders.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "template_document.h"

namespace solvent {
namespace {

constexpr size_t kCacheEntries = 512;
constexpr size_t kCacheBytes = size_t{16} << 20;  // of text; parsed it is several times that

bool IsFlat(const Json& model) {
  return model.Find("variables") != nullptr || model.Find("objective") != nullptr;
}

bool IsTemplate(const Json& model) {
  if (IsFlat(model)) return false;
  for (const char* member : {"generator_type", "template", "language", "model", "input_data"}) {
    if (model.Find(member) != nullptr) return true;
  }
  return model["custom_config"].Find("model") != nullptr;
}

}  // namespace

absl::StatusOr<Json> ReadPinnedModel(std::string_view text) {
  ASSIGN_OR_RETURN(Json model, ParseJson(text));
  if (IsTemplate(model) && !model["input_data"].is_object()) {
    model.Set("input_data", Json::Object{});
  }
  return model;
}

absl::StatusOr<BuiltRun> BuildRun(PreparedModels& prepared, Json model, int64_t now_seconds) {
  BuiltRun built;
  ModelDefinition definition;
  RunSettings settings;
  Json input;
  const bool is_template = IsTemplate(model);
  if (is_template) {
    ASSIGN_OR_RETURN(definition, ReadDefinition(model));
    definition = EffectiveDefinition(std::move(definition), Json());
    if (definition.generator_type.empty()) definition.generator_type = "template";
    settings.options = model["options"];
    if (!settings.options.is_null() && !settings.options.is_object()) {
      return ValidationError("/options", "must be an object", "type_error");
    }
    settings.solver_name = model["solver_name"].as_string();
    input = model["input_data"];
  } else {
    RETURN_IF_ERROR(FillParameters(model));
    input = std::move(model);
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const PreparedModel> ready, prepared.Get(std::move(definition)));
  built.input_json = input.Dump();
  ASSIGN_OR_RETURN(built.run, ready->Generate(std::move(input), settings, now_seconds));
  if (is_template) built.prepared = std::move(ready);
  return built;
}

bool IsGenerationFailure(const absl::Status& status) {
  const ErrorInfo info = GetErrorInfo(status);
  const Json::Array& errors = info.extra["errors"].array();
  if (errors.empty()) return false;
  const std::string& stage = errors.front()["stage"].as_string();
  return stage == "generate" || stage == "environment" || stage == "limits";
}

absl::StatusOr<std::shared_ptr<const Json>> PinnedModels::Get(const std::string& version_id) {
  {
    Lock lock(mutex_);
    if (auto found = by_id_.find(version_id); found != by_id_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->model;
    }
  }
  ASSIGN_OR_RETURN(std::string text, port_.PinnedModel(version_id));
  if (text.empty()) return absl::DataLossError("the pinned version is gone");
  ASSIGN_OR_RETURN(Json parsed, ReadPinnedModel(text));
  auto model = std::make_shared<const Json>(std::move(parsed));
  if (text.size() > kCacheBytes / 4) return model;
  Lock lock(mutex_);
  if (auto found = by_id_.find(version_id); found != by_id_.end()) return found->second->model;
  entries_.push_front({version_id, model, text.size()});
  by_id_.emplace(version_id, entries_.begin());
  bytes_ += text.size();
  while (entries_.size() > kCacheEntries || bytes_ > kCacheBytes) {
    bytes_ -= entries_.back().bytes;
    by_id_.erase(entries_.back().version_id);
    entries_.pop_back();
  }
  return model;
}

}  // namespace solvent
