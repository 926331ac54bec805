#include "pointer.h"

#include <charconv>

namespace solvent {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Unescape(std::string_view segment) {
  std::string decoded;
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] == '%' && i + 2 < segment.size() && HexDigit(segment[i + 1]) >= 0 &&
        HexDigit(segment[i + 2]) >= 0) {
      decoded += static_cast<char>(HexDigit(segment[i + 1]) * 16 + HexDigit(segment[i + 2]));
      i += 2;
    } else {
      decoded += segment[i];
    }
  }
  std::string name;
  for (size_t i = 0; i < decoded.size(); ++i) {
    if (decoded[i] == '~' && i + 1 < decoded.size() &&
        (decoded[i + 1] == '0' || decoded[i + 1] == '1')) {
      name += decoded[++i] == '0' ? '~' : '/';
    } else {
      name += decoded[i];
    }
  }
  return name;
}

}  // namespace

std::string EscapePointer(std::string_view name) {
  std::string segment;
  for (char c : name) {
    if (c == '~') {
      segment += "~0";
    } else if (c == '/') {
      segment += "~1";
    } else {
      segment += c;
    }
  }
  return segment;
}

const Json* ResolvePointer(const Json& root, std::string_view pointer) {
  const Json* node = &root;
  while (!pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    pointer.remove_prefix(1);
    std::string_view raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    std::string name = Unescape(raw);
    if (node->is_array()) {
      size_t index = 0;
      auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
      if (error != std::errc() || end != name.data() + name.size()) return nullptr;
      if (index >= node->array().size()) return nullptr;
      node = &node->array()[index];
    } else {
      node = node->Find(name);
    }
    if (node == nullptr) return nullptr;
  }
  return node;
}

}  // namespace solvent
