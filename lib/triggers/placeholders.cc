#include "placeholders.h"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

const Json* Find(const Json& parameters, std::string_view name) {
  // A member with dots in its name is found as a whole.
  if (const Json* whole = parameters.Find(name)) return whole;
  const Json* node = &parameters;
  while (node != nullptr && !name.empty()) {
    size_t dot = name.find('.');
    std::string_view segment = name.substr(0, dot);
    name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
    if (!node->is_array()) {
      node = node->Find(segment);
      continue;
    }
    size_t at = 0;
    auto [end, error] = std::from_chars(segment.data(), segment.data() + segment.size(), at);
    bool found =
        error == std::errc() && end == segment.data() + segment.size() && at < node->array().size();
    node = found ? &node->array()[at] : nullptr;
  }
  return node;
}

absl::StatusOr<const Json*> Value(const Json& parameters, std::string_view name) {
  const Json* value = Find(parameters, name);
  std::string quoted = "{{" + std::string(name.substr(0, 80)) + "}}";
  if (value == nullptr) return BadRequest(quoted + ": there is no such parameter");
  if (value->is_array() || value->is_object()) {
    return BadRequest(quoted + " is an " + std::string(value->type_name()) +
                      ", where a single value is needed");
  }
  return value;
}

// As part of an expression.
std::string AsText(const Json& value) {
  if (value.is_string()) return value.as_string();
  std::string text = value.is_bool() ? (value.as_bool() ? "1" : "0") : value.Dump();
  return text.starts_with('-') ? "(" + text + ")" : text;
}

absl::Status FillText(const Json& parameters, bool keep_text, Json& json) {
  const std::string text = json.as_string();
  size_t open = text.find(kOpen);
  if (open == std::string::npos) return absl::OkStatus();
  std::string filled;
  size_t at = 0;
  while (open != std::string::npos) {
    size_t close = text.find(kClose, open);
    if (close == std::string::npos) break;
    std::string_view name =
        Trim(std::string_view(text).substr(open + kOpen.size(), close - open - kOpen.size()));
    ASSIGN_OR_RETURN(const Json* value, Value(parameters, name));
    bool whole = open == 0 && close + kClose.size() == text.size();
    if (whole && !keep_text) {
      Json copy = *value;
      json = std::move(copy);
      return absl::OkStatus();
    }
    filled.append(text, at, open - at).append(AsText(*value));
    at = close + kClose.size();
    open = text.find(kOpen, at);
  }
  json = filled.append(text, at, std::string::npos);
  return absl::OkStatus();
}

absl::Status Fill(const Json& parameters, bool keep_text, Json& json) {
  if (json.is_string()) return FillText(parameters, keep_text, json);
  if (json.is_array()) {
    for (Json& element : json.mutable_array()) {
      RETURN_IF_ERROR(Fill(parameters, keep_text, element));
    }
  } else if (json.is_object()) {
    for (Json::Member& member : json.mutable_object()) {
      RETURN_IF_ERROR(Fill(parameters, member.name == "expression", member.value));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FillParameters(Json& model) {
  if (!model["parameters"].is_object()) return absl::OkStatus();
  const Json parameters = model["parameters"];
  for (Json::Member& member : model.mutable_object()) {
    bool filled = member.name == "variables" || member.name == "objective" ||
                  member.name == "constraints" || member.name == "options";
    if (filled) RETURN_IF_ERROR(Fill(parameters, false, member.value));
  }
  return absl::OkStatus();
}

}  // namespace solvent
