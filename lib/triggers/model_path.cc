#include "model_path.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr size_t kMaxPath = 1000;

absl::Status NotThere(const std::string& path, std::string_view what) {
  return BadRequest("\"" + path + "\" leads nowhere in the pinned model: " + std::string(what));
}

bool IsPosition(std::string_view segment) {
  return !segment.empty() && segment.size() <= 9 &&
         std::all_of(segment.begin(), segment.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The element that a segment names; SIZE_MAX when there is none.
size_t FindElement(const Json::Array& list, const std::string& segment) {
  if (IsPosition(segment)) {
    size_t at = 0;
    std::from_chars(segment.data(), segment.data() + segment.size(), at);
    return at < list.size() ? at : SIZE_MAX;
  }
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i]["name"].is_string() && list[i]["name"].as_string() == segment) return i;
  }
  return SIZE_MAX;
}

const Json* Step(const Json& node, const std::string& segment) {
  if (!node.is_array()) return node.Find(segment);
  size_t at = FindElement(node.array(), segment);
  return at == SIZE_MAX ? nullptr : &node.array()[at];
}

Json* Step(Json& node, const std::string& segment) {
  return const_cast<Json*>(Step(std::as_const(node), segment));
}

bool IsRelation(const Json& node, const std::string& last) {
  return last == "rhs" && node["expression"].is_string() && node.Find("rhs") == nullptr;
}

// A relation's text around its operator.
struct Relation {
  std::string_view left;
  std::string_view sign;
  std::string_view right;
};

std::optional<Relation> SplitRelation(std::string_view text) {
  constexpr std::string_view kSigns[] = {"<=", ">=", "==", "≤", "≥", "<", ">", "="};
  size_t at = text.find_first_of("<>=");
  for (std::string_view sign : {std::string_view("≤"), std::string_view("≥")}) {
    at = std::min(at, text.find(sign));
  }
  if (at == std::string_view::npos) return std::nullopt;
  for (std::string_view sign : kSigns) {
    if (!text.substr(at).starts_with(sign)) continue;
    Relation relation{text.substr(0, at), sign, text.substr(at + sign.size())};
    bool chained = relation.right.find_first_of("<>=") != std::string_view::npos ||
                   relation.right.find("≤") != std::string_view::npos ||
                   relation.right.find("≥") != std::string_view::npos;
    if (chained) return std::nullopt;
    return relation;
  }
  return std::nullopt;
}

// Numbers and arithmetic only. An exponent's e counts as a letter of a name unless digits surround
// it.
bool IsConstant(std::string_view side) {
  bool digit = false;
  for (size_t i = 0; i < side.size(); ++i) {
    char c = side[i];
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (c == 'e' || c == 'E') {
      bool after_digit =
          i > 0 && ((side[i - 1] >= '0' && side[i - 1] <= '9') || side[i - 1] == '.');
      if (!after_digit || i + 1 == side.size()) return false;
    } else if (std::string_view("+-*/^(). \t\n\r").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return digit;
}

absl::StatusOr<std::string> ReplaceConstantSide(std::string_view text, std::string_view constant) {
  std::optional<Relation> relation = SplitRelation(text);
  if (!relation.has_value()) return BadRequest("the expression is no relation of two sides");
  std::string replaced;
  if (IsConstant(relation->right)) {
    return replaced.append(relation->left).append(relation->sign).append(" ").append(constant);
  }
  if (IsConstant(relation->left)) {
    return replaced.append(constant).append(" ").append(relation->sign).append(relation->right);
  }
  return BadRequest("neither side of the expression is a constant");
}

}  // namespace

absl::StatusOr<ModelPath> ModelPath::Parse(std::string_view text) {
  auto fault = [&](std::string_view what) {
    return BadRequest("\"" + std::string(text.substr(0, 80)) +
                      "\" is no path: " + std::string(what));
  };
  if (text.empty()) return fault("it is empty");
  if (text.size() > kMaxPath) return fault("it is too long");
  std::vector<std::string> segments;
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '[') {
      size_t end = at + 1;
      if (end < text.size() && text[end] == '"') {
        for (++end; end < text.size() && text[end] != '"'; ++end) {
          if (text[end] == '\\') ++end;
        }
        ++end;
      } else {
        end = std::min(text.find(']', at), text.size());
      }
      if (end >= text.size() || text[end] != ']') return fault("a bracket is not closed");
      std::string_view inside = text.substr(at + 1, end - at - 1);
      if (IsPosition(inside)) {
        segments.emplace_back(inside);
      } else {
        absl::StatusOr<Json> name = ParseJson(inside);
        if (!name.ok() || !name->is_string()) {
          return fault("a bracket holds neither a quoted name nor a position");
        }
        segments.push_back(name->as_string());
      }
      at = end + 1;
      if (at < text.size() && text[at] == '.') {
        ++at;
        if (at == text.size()) return fault("it ends with a dot");
      } else if (at < text.size() && text[at] != '[') {
        return fault("after a bracket there must be a dot or the end");
      }
      continue;
    }
    size_t end = std::min(text.find_first_of(".[", at), text.size());
    if (end == at) return fault("a segment is empty");
    segments.emplace_back(text.substr(at, end - at));
    at = end;
    if (at < text.size() && text[at] == '.') {
      ++at;
      if (at == text.size()) return fault("it ends with a dot");
    }
  }
  return ModelPath(std::move(segments));
}

std::string ModelPath::ToString() const {
  std::string text;
  for (const std::string& segment : segments_) {
    bool plain = !segment.empty() && segment.find_first_of(".[") == std::string::npos;
    if (plain && !text.empty()) text += '.';
    text += plain ? segment : "[" + Json(segment).Dump() + "]";
  }
  return text;
}

absl::Status ModelPath::Check(const Json& model) const {
  const Json* node = &model;
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    node = Step(*node, segments_[i]);
    if (node == nullptr) return NotThere(ToString(), "there is no \"" + segments_[i] + "\"");
  }
  const std::string& last = segments_.back();
  if (node->is_array() && FindElement(node->array(), last) == SIZE_MAX) {
    return NotThere(ToString(), "the list has no element \"" + last + "\"");
  }
  if (!node->is_array() && !node->is_object()) {
    return NotThere(ToString(),
                    "\"" + last + "\" would be inside a " + std::string(node->type_name()));
  }
  if (IsRelation(*node, last)) {
    absl::Status status = ReplaceConstantSide((*node)["expression"].as_string(), "0").status();
    if (!status.ok()) return NotThere(ToString(), Message(status));
  }
  return absl::OkStatus();
}

absl::Status ModelPath::Put(Json& model, Json value) const {
  RETURN_IF_ERROR(Check(model));
  Json* node = &model;
  for (size_t i = 0; i + 1 < segments_.size(); ++i) node = Step(*node, segments_[i]);
  const std::string& last = segments_.back();
  if (node->is_array()) {
    *Step(*node, last) = std::move(value);
    return absl::OkStatus();
  }
  if (IsRelation(*node, last)) {
    if (!value.is_number()) return BadRequest("\"" + ToString() + "\" takes a number");
    ASSIGN_OR_RETURN(std::string replaced,
                     ReplaceConstantSide((*node)["expression"].as_string(), value.Dump()));
    node->Set("expression", std::move(replaced));
    return absl::OkStatus();
  }
  node->Set(last, std::move(value));
  return absl::OkStatus();
}

}  // namespace solvent
