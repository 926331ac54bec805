#include "ids.h"

#include "crypto.h"

namespace solvent {

std::string NewId(std::string_view prefix) {
  static constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id(prefix);
  id += '_';
  size_t wanted = id.size() + 16;
  while (id.size() < wanted) {
    for (unsigned char byte : RandomBytes(24)) {
      // 252 = 7 * 36: dropping the rest keeps every character equally likely.
      if (byte < 252 && id.size() < wanted) id += kAlphabet[byte % 36];
    }
  }
  return id;
}

bool IsPlausibleId(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  for (unsigned char c : id) {
    if (c <= ' ' || c >= 127) return false;
  }
  return true;
}

}  // namespace solvent
