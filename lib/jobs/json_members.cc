#include "json_members.h"

#include <algorithm>
#include <limits>

#include "pointer.h"
#include "solvent/job_runner.h"

namespace solvent {

Members::Members(const Json& object, std::string pointer, RequestFaults& faults,
                 std::initializer_list<std::string_view> known)
    : object_(object), pointer_(std::move(pointer)), faults_(faults) {
  if (!object.is_null() && !object.is_object()) {
    faults_.Add(pointer_, "must be an object", "type_error");
  }
  for (const Json::Member& member : object.object()) {
    if (std::find(known.begin(), known.end(), member.name) == known.end()) {
      Fault(member.name, "is not known here", "unknown");
    }
  }
}

std::string Members::Pointer(std::string_view name) const {
  return pointer_ + "/" + EscapePointer(name);
}

void Members::Fault(std::string_view name, std::string_view message, std::string_view type) {
  faults_.Add(Pointer(name), message, type);
}

void Members::Require(std::string_view name) {
  if (At(name).is_null()) Fault(name, "is required", "missing");
}

std::optional<std::string> Members::Text(std::string_view name, bool may_be_empty) {
  const Json& value = At(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) {
    Fault(name, "must be a string", "type_error");
  } else if (value.as_string().empty() && !may_be_empty) {
    Fault(name, "must not be empty");
  } else if (value.as_string().find('\0') != std::string::npos) {
    Fault(name, "must not hold NUL characters");
  } else {
    return value.as_string();
  }
  return std::nullopt;
}

std::optional<int> Members::Integer(std::string_view name) {
  const Json& value = At(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_integer()) {
    Fault(name, "must be an integer", "type_error");
    return std::nullopt;
  }
  constexpr int64_t kLeast = std::numeric_limits<int>::min();
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(value.as_int(), kLeast, kMost));
}

std::optional<int64_t> Members::Integer(std::string_view name, int64_t least, int64_t most) {
  std::optional<int64_t> value = Integer(name);
  if (value && (*value < least || *value > most)) {
    Fault(name, "must be from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> Members::Flag(std::string_view name) {
  const Json& value = At(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_bool()) {
    Fault(name, "must be true or false", "type_error");
    return std::nullopt;
  }
  return value.as_bool();
}

std::optional<int64_t> Members::Duration(std::string_view name) {
  const Json& value = At(name);
  if (value.is_null()) return std::nullopt;
  std::optional<int64_t> seconds;
  if (value.is_string()) seconds = ParseDuration(value.as_string());
  if (!seconds) {
    Fault(name, "must be a duration such as \"1h30m\" or \"45s\", from 1s to 24h",
          value.is_string() ? "value_error" : "type_error");
  }
  return seconds;
}

std::optional<std::vector<std::pair<std::string, std::string>>> Members::Texts(
    std::string_view name) {
  const Json& value = At(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_object()) {
    Fault(name, "must be an object", "type_error");
    return std::nullopt;
  }
  std::vector<std::pair<std::string, std::string>> texts;
  for (const Json::Member& member : value.object()) {
    if (!member.value.is_string()) {
      faults_.Add(Pointer(name) + "/" + EscapePointer(member.name), "must be a string",
                  "type_error");
      continue;
    }
    texts.emplace_back(member.name, member.value.as_string());
  }
  return texts;
}

}  // namespace solvent
