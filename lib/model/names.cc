#include "names.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "number.h"
#include "simdjson.h"

namespace solvent {
namespace {

void NormalizeList(NameList& names, size_t count, std::string_view prefix) {
  bool any_empty = false;
  bool any_own = false;
  std::string made_up(prefix);
  auto make_up = [&](size_t i) {
    char digits[24];
    auto end = std::to_chars(digits, digits + sizeof(digits), i + 1);
    made_up.resize(prefix.size());
    made_up.append(digits, end.ptr);
    return std::string_view(made_up);
  };
  for (size_t i = 0; i < count && !(any_empty && any_own); ++i) {
    if (names[i].empty()) {
      any_empty = true;
    } else if (!any_own && names[i] != make_up(i)) {
      any_own = true;
    }
  }
  if (!any_own) {
    names = NameList();
  } else if (any_empty) {
    absl::flat_hash_set<std::string> taken;
    for (size_t i = 0; i < count; ++i) {
      if (names[i].starts_with(prefix)) taken.emplace(names[i]);
    }
    NameList filled;
    for (size_t i = 0; i < count; ++i) {
      if (!names[i].empty()) {
        filled.Add(names[i]);
        continue;
      }
      make_up(i);
      while (taken.contains(made_up)) made_up += '_';
      filled.Add(made_up);
    }
    names = std::move(filled);
  }
}

}  // namespace

void NormalizeNames(Problem& problem) {
  NormalizeList(problem.column_names, problem.objective.size(), "x");
  NormalizeList(problem.row_names, problem.row_lower.size(), "c");
}

void MakeNamesUtf8(Problem& problem) {
  auto utf8 = [](std::string_view latin1) {
    std::string text;
    for (char c : latin1) {
      const unsigned code = static_cast<unsigned char>(c);
      if (code >= 0x80) text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F));
    }
    return text;
  };
  for (std::string* name : {&problem.name, &problem.objective_name}) {
    if (!IsValidUtf8(*name)) *name = utf8(*name);
  }
  for (NameList* list : {&problem.column_names, &problem.row_names}) {
    bool valid = true;
    for (size_t i = 0; valid && i < list->size(); ++i) valid = IsValidUtf8((*list)[i]);
    if (valid) continue;
    // All of a list: else two of its names might become one.
    NameList made;
    for (size_t i = 0; i < list->size(); ++i) made.Add(utf8((*list)[i]));
    *list = std::move(made);
  }
}

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

bool IsValidUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool IsFlatName(std::string_view name) {
  if (name.empty() || !IsNameStart(name[0])) return false;
  size_t i = 1;
  while (i < name.size() && IsNamePart(name[i])) ++i;
  if (i == name.size()) return true;
  if (name[i] != '[' || name.back() != ']') return false;
  size_t depth = 0;
  for (; i < name.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(name[i]);
    if (c < 0x20 || c == 0x7F) return false;
    if (c == '[') ++depth;
    if (c == ']' && --depth == 0) return i + 1 == name.size();
  }
  return false;
}

WrittenNames MakeNames(const NameList& names, size_t count, std::string_view prefix, bool unique,
                       const std::function<bool(std::string_view)>& fits,
                       const std::function<std::string(std::string_view)>& readable) {
  WrittenNames written;
  written.names.reserve(count);
  absl::flat_hash_set<std::string> taken;
  std::vector<size_t> to_replace;
  for (size_t i = 0; i < count; ++i) {
    std::string name(names[i]);
    if (name.empty()) name = std::string(prefix) + std::to_string(i + 1);
    if (!fits(name) || (unique && !taken.insert(name).second)) to_replace.push_back(i);
    written.names.push_back(std::move(name));
  }
  for (size_t i : to_replace) {
    std::string name = readable ? readable(written.names[i]) : "";
    if (name.empty() || !fits(name) || (unique && !taken.insert(name).second)) {
      name = std::string(prefix) + std::to_string(i + 1);
      while (unique && !taken.insert(name).second) name += '_';
    }
    written.replaced.emplace_back(name, std::move(written.names[i]));
    written.names[i] = std::move(name);
  }
  return written;
}

std::string NameMap(const WrittenNames& names, std::string_view comment) {
  std::string text;
  for (const auto& [written, original] : names.replaced) {
    text += comment;
    text += ' ' + written + " = ";
    for (char c : original) text += c == '\x7f' || static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    text += '\n';
  }
  return text;
}

}  // namespace solvent
