#include <algorithm>

#include "crypto.h"
#include "solvent/execution_store.h"
#include "solvent/json.h"

namespace solvent {
namespace {

void SortMembers(Json& json) {
  if (json.is_array()) {
    for (Json& item : json.mutable_array()) SortMembers(item);
  } else if (json.is_object()) {
    Json::Object& members = json.mutable_object();
    std::sort(members.begin(), members.end(),
              [](const Json::Member& a, const Json::Member& b) { return a.name < b.name; });
    for (Json::Member& member : members) SortMembers(member.value);
  }
}

}  // namespace

std::string HashJson(Json json) {
  SortMembers(json);
  return HexEncode(Sha256(json.Dump()));
}

std::string HashRequest(std::string_view body) {
  absl::StatusOr<Json> json = ParseJson(body);
  return json.ok() ? HashJson(*std::move(json)) : HexEncode(Sha256(body));
}

}  // namespace solvent
