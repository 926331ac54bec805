#include "secret_mask.h"

#include <algorithm>
#include <utility>

namespace solvent::http {
namespace {

constexpr std::string_view kLiveKey = "ok_live_";
constexpr std::string_view kTestKey = "ok_test_";
constexpr std::string_view kToken = "eyJ";  // {" in base64: so begins the header of a token
constexpr size_t kShownOfKey = 12;          // as in ApiKey::prefix
constexpr size_t kShortestToken = 16;
constexpr std::string_view kEllipsis = "…";

bool IsVisible(char c) { return c > ' ' && c < 0x7f; }

bool IsOfToken(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '=';
}

// Cheap, and false for nearly everything that is logged.
bool MayHoldSecret(std::string_view text) {
  return text.find("ok_") != std::string_view::npos || text.find(kToken) != std::string_view::npos;
}

bool MayHoldSecret(const Json& value) {
  if (value.is_string()) return MayHoldSecret(std::string_view(value.as_string()));
  return std::any_of(value.array().begin(), value.array().end(),
                     [](const Json& item) { return MayHoldSecret(item); }) ||
         std::any_of(value.object().begin(), value.object().end(),
                     [](const Json::Member& member) { return MayHoldSecret(member.value); });
}

Json Masked(const Json& value) {
  if (value.is_string()) return Json(MaskSecrets(value.as_string()));
  if (value.is_array()) {
    Json::Array items;
    for (const Json& item : value.array()) items.push_back(Masked(item));
    return Json(std::move(items));
  }
  if (!value.is_object()) return value;
  Json::Object members;
  for (const Json::Member& member : value.object()) {
    members.push_back({member.name, Masked(member.value)});
  }
  return Json(std::move(members));
}

}  // namespace

std::string MaskSecrets(std::string_view text) {
  std::string masked;
  while (true) {
    const size_t begin =
        std::min({text.find(kLiveKey), text.find(kTestKey), text.find(kToken), text.size()});
    masked += text.substr(0, begin);
    text.remove_prefix(begin);
    if (text.empty()) return masked;
    // The operator may have chosen a key of any visible characters.
    const bool is_key = !text.starts_with(kToken);
    const size_t end = static_cast<size_t>(
        std::find_if_not(text.begin(), text.end(), is_key ? IsVisible : IsOfToken) - text.begin());
    const size_t harmless = is_key ? kShownOfKey : kShortestToken - 1;
    if (end <= harmless) {
      masked += text.substr(0, end);
    } else {
      masked += text.substr(0, is_key ? kShownOfKey : kToken.size());
      masked += kEllipsis;
    }
    text.remove_prefix(end);
  }
}

LogSink WithoutSecrets(LogSink log) {
  return [log = std::move(log)](LogLevel level, std::string_view event, const Json& fields) {
    if (!MayHoldSecret(fields)) return log(level, event, fields);
    log(level, event, Masked(fields));
  };
}

}  // namespace solvent::http
