#include "version_diff.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace solvent {
namespace {

using Kind = VersionChange::Kind;

// Beyond this many pairs of lines, a changed part of a text is one that was replaced.
constexpr size_t kMaxLinePairs = 4'000'000;

// The name of an element of a list of named objects, or "".
const std::string& NameOf(const Json& element) { return element["name"].as_string(); }

// All elements are objects with names of their own: they are told apart by these.
bool IsNamedList(const Json& list) {
  if (!list.is_array()) return false;
  std::unordered_map<std::string_view, int> seen;
  for (const Json& element : list.array()) {
    const std::string& name = NameOf(element);
    if (name.empty() || !seen.emplace(name, 0).second) return false;
  }
  return true;
}

std::vector<std::string> Lines(const Json& text) {
  std::vector<std::string> lines;
  if (text.is_array()) {
    for (const Json& line : text.array()) lines.push_back(line.as_string());
    return lines;
  }
  const std::string& all = text.as_string();
  for (size_t at = 0; at < all.size();) {
    size_t end = all.find('\n', at);
    if (end == std::string::npos) end = all.size();
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

bool IsText(const Json& value) {
  return value.is_null() || value.is_string() ||
         (value.is_array() && std::all_of(value.array().begin(), value.array().end(),
                                          [](const Json& line) { return line.is_string(); }));
}

class Differ {
 public:
  explicit Differ(size_t most) : most_(most) {}

  void Models(const Json& older, const Json& newer) {
    List("variables", older["variables"], newer["variables"]);
    Values("objective", "", older.Find("objective"), newer.Find("objective"));
    List("constraints", older["constraints"], newer["constraints"]);
    Text("template", older["model"], newer["model"]);
    Text("data", older["data"], newer["data"]);
    Values("input_data", "", older.Find("input_data"), newer.Find("input_data"));
    Values("parameters", "", older.Find("parameters"), newer.Find("parameters"));
    constexpr std::string_view kSeen[] = {"variables", "objective",  "constraints", "model",
                                          "data",      "input_data", "parameters"};
    auto is_seen = [&](const std::string& name) {
      return std::find(std::begin(kSeen), std::end(kSeen), name) != std::end(kSeen);
    };
    for (const Json::Member& member : older.object()) {
      if (is_seen(member.name)) continue;
      Values("settings", member.name, &member.value, newer.Find(member.name));
    }
    for (const Json::Member& member : newer.object()) {
      if (is_seen(member.name) || older.Find(member.name) != nullptr) continue;
      Add("settings", Kind::kAdded, member.name, Json(), member.value);
    }
  }

  ModelDiff Take() { return std::move(diff_); }

 private:
  bool full() const { return diff_.truncated; }

  void Add(std::string_view section, Kind kind, std::string key, Json before, Json after) {
    if (diff_.changes.size() == most_) diff_.truncated = true;
    if (full()) return;
    diff_.changes.push_back(
        {kind, std::string(section), std::move(key), std::move(before), std::move(after)});
  }

  // Whole elements by name; without names, by position.
  void List(std::string_view section, const Json& older, const Json& newer) {
    auto is_list = [](const Json& list) { return list.is_array() || list.is_null(); };
    if (!is_list(older) || !is_list(newer)) {
      return Values(section, "", older.is_null() ? nullptr : &older,
                    newer.is_null() ? nullptr : &newer);
    }
    bool named = IsNamedList(older) && IsNamedList(newer);
    auto key = [&](const Json& element, size_t at) {
      const std::string& name = NameOf(element);
      return name.empty() ? "#" + std::to_string(at + 1) : name;
    };
    std::unordered_map<std::string_view, const Json*> by_name;
    if (named) {
      for (const Json& element : newer.array()) by_name.emplace(NameOf(element), &element);
    }
    for (size_t i = 0; i < older.array().size() && !full(); ++i) {
      const Json& before = older.array()[i];
      const Json* after = nullptr;
      if (named) {
        auto found = by_name.find(NameOf(before));
        if (found != by_name.end()) {
          after = found->second;
          by_name.erase(found);
        }
      } else if (i < newer.array().size()) {
        after = &newer.array()[i];
      }
      if (after == nullptr) {
        Add(section, Kind::kRemoved, key(before, i), before, Json());
      } else if (!SameContent(before, *after)) {
        Add(section, Kind::kModified, key(*after, i), before, *after);
      }
    }
    for (size_t i = named ? 0 : older.array().size(); i < newer.array().size() && !full(); ++i) {
      const Json& after = newer.array()[i];
      if (named && by_name.count(NameOf(after)) == 0) continue;
      Add(section, Kind::kAdded, key(after, i), Json(), after);
    }
  }

  // One change per member at `path`.
  void Members(std::string_view section, const std::string& path, const Json& older,
               const Json& newer) {
    for (const Json::Member& member : older.object()) {
      if (full()) return;
      Values(section, Step(path, member.name), &member.value, newer.Find(member.name));
    }
    for (const Json::Member& member : newer.object()) {
      if (full()) return;
      if (older.Find(member.name) == nullptr) {
        Add(section, Kind::kAdded, Step(path, member.name), Json(), member.value);
      }
    }
  }

  static std::string Step(const std::string& path, const std::string& name) {
    std::string step = name.find('.') == std::string::npos ? name : "[" + Json(name).Dump() + "]";
    return path.empty() ? step : path + "." + step;
  }

  // One change per place; lists are compared by position, named ones by name.
  void Values(std::string_view section, const std::string& path, const Json* older,
              const Json* newer) {
    if (full() || (older == nullptr && newer == nullptr)) return;
    if (older == nullptr) return Add(section, Kind::kAdded, path, Json(), *newer);
    if (newer == nullptr) return Add(section, Kind::kRemoved, path, *older, Json());
    if (older->is_object() && newer->is_object()) return Members(section, path, *older, *newer);
    if (!older->is_array() || !newer->is_array()) {
      if (!SameContent(*older, *newer)) Add(section, Kind::kModified, path, *older, *newer);
      return;
    }
    const Json::Array& a = older->array();
    const Json::Array& b = newer->array();
    if (IsNamedList(*older) && IsNamedList(*newer)) {
      NamedValues(section, path, a, b);
      return;
    }
    for (size_t i = 0; i < std::max(a.size(), b.size()) && !full(); ++i) {
      Values(section, path + "[" + std::to_string(i) + "]", i < a.size() ? &a[i] : nullptr,
             i < b.size() ? &b[i] : nullptr);
    }
  }

  void NamedValues(std::string_view section, const std::string& path, const Json::Array& older,
                   const Json::Array& newer) {
    std::unordered_map<std::string_view, const Json*> by_name;
    for (const Json& element : newer) by_name.emplace(NameOf(element), &element);
    for (const Json& element : older) {
      if (full()) return;
      auto found = by_name.find(NameOf(element));
      Values(section, Step(path, NameOf(element)), &element,
             found == by_name.end() ? nullptr : found->second);
      if (found != by_name.end()) by_name.erase(found);
    }
    for (const Json& element : newer) {
      if (full()) return;
      if (by_name.count(NameOf(element)) == 0) continue;
      Add(section, Kind::kAdded, Step(path, NameOf(element)), Json(), element);
    }
  }

  // Changed lines: a longest common subsequence stays.
  void Text(std::string_view section, const Json& older, const Json& newer) {
    if (!IsText(older) || !IsText(newer)) {
      Values(section, "", older.is_null() ? nullptr : &older, newer.is_null() ? nullptr : &newer);
      return;
    }
    std::vector<std::string> a = Lines(older);
    std::vector<std::string> b = Lines(newer);
    size_t first = 0;
    while (first < a.size() && first < b.size() && a[first] == b[first]) ++first;
    size_t a_end = a.size();
    size_t b_end = b.size();
    while (a_end > first && b_end > first && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
    auto removed = [&](size_t i) {
      Add(section, Kind::kRemoved, std::to_string(i + 1), a[i], Json());
    };
    auto added = [&](size_t j) { Add(section, Kind::kAdded, std::to_string(j + 1), Json(), b[j]); };
    size_t rows = a_end - first;
    size_t columns = b_end - first;
    if (rows == 0 || columns == 0 || rows > kMaxLinePairs / columns) {
      for (size_t i = first; i < a_end && !full(); ++i) removed(i);
      for (size_t j = first; j < b_end && !full(); ++j) added(j);
      return;
    }
    // common[i][j]: how many lines the rests from i and j can keep.
    std::vector<uint32_t> common((rows + 1) * (columns + 1));
    auto at = [&](size_t i, size_t j) -> uint32_t& { return common[i * (columns + 1) + j]; };
    for (size_t i = rows; i-- > 0;) {
      for (size_t j = columns; j-- > 0;) {
        at(i, j) = a[first + i] == b[first + j] ? at(i + 1, j + 1) + 1
                                                : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
    size_t i = 0;
    size_t j = 0;
    while ((i < rows || j < columns) && !full()) {
      if (i < rows && j < columns && a[first + i] == b[first + j]) {
        ++i, ++j;
      } else if (i < rows && (j == columns || at(i + 1, j) >= at(i, j + 1))) {
        removed(first + i++);
      } else {
        added(first + j++);
      }
    }
  }

  const size_t most_;
  ModelDiff diff_;
};

}  // namespace

bool SameContent(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    if (a.object().size() != b.object().size()) return false;
    // Most often the order is the same too.
    for (size_t i = 0; i < a.object().size(); ++i) {
      const Json::Member& member = a.object()[i];
      const Json* other =
          b.object()[i].name == member.name ? &b.object()[i].value : b.Find(member.name);
      if (other == nullptr || !SameContent(member.value, *other)) return false;
    }
    return true;
  }
  if (a.is_array() && b.is_array()) {
    return std::equal(a.array().begin(), a.array().end(), b.array().begin(), b.array().end(),
                      SameContent);
  }
  return a == b;
}

ModelDiff DiffModels(const Json& older, const Json& newer, size_t most) {
  Differ differ(most);
  differ.Models(older, newer);
  return differ.Take();
}

}  // namespace solvent
