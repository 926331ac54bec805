#include "schema_guard.h"

#include <algorithm>
#include <cmath>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pointer.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr size_t kMaxSchemaBytes = 256 << 10;
constexpr size_t kMaxPattern = 200;
constexpr int64_t kMaxExpansion = 20'000;
constexpr size_t kMaxDepth = 200;
constexpr size_t kMaxString = 2'000;
constexpr double kMaxSteps = 3e7;  // of a backtracking match

// What a pattern may cost: an exponent for the length of the string, or 0 when it is refused.
int Exponent(std::string_view pattern) {
  struct Group {
    bool repeats = false;  // holds a quantifier or alternatives
  };
  std::vector<Group> groups(1);
  int unbounded = 0;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (i + 1 < pattern.size() && pattern[i + 1] >= '1' && pattern[i + 1] <= '9') return 0;
      ++i;
      continue;
    }
    if (in_class) {
      in_class = c != ']';
      continue;
    }
    switch (c) {
      case '[': in_class = true; break;
      case '(': groups.push_back({}); break;
      case ')': {
        if (groups.size() == 1) return 0;
        bool repeats = groups.back().repeats;
        groups.pop_back();
        char next = i + 1 < pattern.size() ? pattern[i + 1] : ' ';
        bool repeated = next == '*' || next == '+' || next == '{';
        if (repeats && repeated) return 0;
        groups.back().repeats |= repeats;
        break;
      }
      case '*':
      case '+':
      case '{':
        groups.back().repeats = true;
        ++unbounded;
        break;
      case '|': groups.back().repeats = true; break;
      default: break;
    }
  }
  bool anchored = !pattern.empty() && pattern[0] == '^';
  return std::max(1, unbounded + (anchored ? 0 : 1));
}

class Guard {
 public:
  explicit Guard(const Json& root) : root_(root) {}

  absl::StatusOr<SchemaTraits> Run() {
    if (root_.Dump().size() > kMaxSchemaBytes) return Refuse("", "the schema is too large");
    RETURN_IF_ERROR(Scan(root_, ""));
    RETURN_IF_ERROR(Expand(root_, "", "", true));
    return traits_;
  }

 private:
  static absl::Status Refuse(const std::string& pointer, const std::string& message) {
    return BadRequest((pointer.empty() ? "" : pointer + ": ") + message,
                      {{pointer, message, "value_error"}});
  }

  absl::Status Pattern(const std::string& pointer, const std::string& pattern) {
    if (pattern.size() > kMaxPattern) {
      return Refuse(pointer, "a pattern may have at most 200 characters");
    }
    int exponent = Exponent(pattern);
    if (exponent == 0 || exponent > 5) {
      return Refuse(pointer,
                    "the pattern could take for ever on some texts (repetitions inside a "
                    "repetition, back references, or too many repetitions)");
    }
    try {
      std::regex compiled(pattern);
    } catch (const std::regex_error& e) {
      return Refuse(pointer, "not a regular expression: " + std::string(e.what()));
    }
    auto longest = static_cast<size_t>(std::pow(kMaxSteps, 1.0 / exponent));
    traits_.max_string = std::min({traits_.max_string, kMaxString, longest});
    return absl::OkStatus();
  }

  // Every member of the document, wherever it stands: a reference can lead anywhere.
  absl::Status Scan(const Json& node, const std::string& pointer) {
    if (node.is_array()) {
      for (size_t i = 0; i < node.array().size(); ++i) {
        RETURN_IF_ERROR(Scan(node.array()[i], pointer + "/" + std::to_string(i)));
      }
    }
    for (const Json::Member& member : node.object()) {
      std::string at = pointer + "/" + EscapePointer(member.name);
      if (member.name == "pattern" && member.value.is_string()) {
        RETURN_IF_ERROR(Pattern(at, member.value.as_string()));
      }
      if (member.name == "patternProperties") {
        for (const Json::Member& one : member.value.object()) {
          RETURN_IF_ERROR(Pattern(at + "/" + EscapePointer(one.name), one.name));
        }
      }
      if (member.name == "$ref" && member.value.is_string() &&
          !member.value.as_string().starts_with('#')) {
        return Refuse(at, "only references inside the schema (\"#/…\") are allowed");
      }
      RETURN_IF_ERROR(Scan(member.value, at));
    }
    return absl::OkStatus();
  }

  // Follows the schema as a validator would. `step` is how the instance is descended into since
  // the node that a reference may come back to; `same` means not at all.
  absl::Status Expand(const Json& node, const std::string& pointer, const std::string& step,
                      bool same) {
    if (!node.is_object()) return absl::OkStatus();
    if (++expanded_ > kMaxExpansion || open_.size() > kMaxDepth) {
      return Refuse(pointer, "the schema's references lead too far");
    }
    auto [it, is_new] = open_.try_emplace(&node);
    if (!is_new) {
      if (same) return Refuse(pointer, "the schema refers to itself without an end");
      // One way back for a place in the instance: two would double the work at every level.
      std::vector<std::string>& ways = it->second.ways;
      for (const std::string& way : ways) {
        if (way == step || way == "*" || step == "*") {
          return Refuse(pointer, "the schema refers to itself twice for the same place");
        }
      }
      ways.push_back(step);
      return absl::OkStatus();
    }
    absl::Status status = ExpandMembers(node, pointer, step, same);
    open_.erase(&node);
    return status;
  }

  absl::Status ExpandMembers(const Json& node, const std::string& pointer, const std::string& step,
                             bool same) {
    if (const Json* ref = node.Find("$ref"); ref != nullptr && ref->is_string()) {
      const Json* target = ResolvePointer(root_, std::string_view(ref->as_string()).substr(1));
      if (target == nullptr) {
        return Refuse(pointer + "/$ref", "there is no " + ref->as_string() + " in the schema");
      }
      return Expand(*target, pointer + "/$ref", step, same);
    }
    for (const Json::Member& member : node.object()) {
      const std::string& name = member.name;
      std::string at = pointer + "/" + EscapePointer(name);
      if (name == "allOf" || name == "anyOf" || name == "oneOf") {
        for (const Json& one : member.value.array()) RETURN_IF_ERROR(Expand(one, at, step, same));
      } else if (name == "not" || name == "if" || name == "then" || name == "else") {
        RETURN_IF_ERROR(Expand(member.value, at, step, same));
      } else if (name == "dependencies") {
        for (const Json::Member& one : member.value.object()) {
          RETURN_IF_ERROR(Expand(one.value, at, step, same));
        }
      } else if (name == "properties") {
        for (const Json::Member& one : member.value.object()) {
          RETURN_IF_ERROR(
              Expand(one.value, at + "/" + EscapePointer(one.name), same ? one.name : step, false));
        }
      } else if (name == "patternProperties") {
        for (const Json::Member& one : member.value.object()) {
          RETURN_IF_ERROR(Expand(one.value, at, "*", false));
        }
      } else if (name == "additionalProperties" || name == "propertyNames" || name == "contains" ||
                 name == "additionalItems" || name == "items") {
        RETURN_IF_ERROR(Expand(member.value, at, same ? "*" : step, false));
        for (const Json& one : member.value.array()) {
          RETURN_IF_ERROR(Expand(one, at, same ? "*" : step, false));
        }
      }
    }
    return absl::OkStatus();
  }

  struct Open {
    std::vector<std::string> ways;  // by which a reference came back to this node
  };

  const Json& root_;
  SchemaTraits traits_{SIZE_MAX};
  int64_t expanded_ = 0;
  std::unordered_map<const Json*, Open> open_;
};

}  // namespace

absl::StatusOr<SchemaTraits> GuardSchema(const Json& schema) { return Guard(schema).Run(); }

}  // namespace solvent
