#include "name_index.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "crypto.h"
#include "string_bridge.h"

namespace solvent {
namespace {

constexpr size_t kShort = 16;
constexpr size_t kFirstSlots = 64;

template <typename T>
uint64_t Load(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

}  // namespace

NameIndex::NameIndex() : slots_(kFirstSlots), mask_(kFirstSlots - 1) {
  static const std::string seed = RandomBytes(sizeof(seed_));
  std::memcpy(seed_, seed.data(), sizeof(seed_));
}

uint64_t NameIndex::Mix(uint64_t head, uint64_t tail, size_t length) const {
  __extension__ using Wide = unsigned __int128;
  // The tail of a long name is an address, and not part of the name.
  uint64_t second = length > kShort ? length : tail + length;
  Wide product = Wide{head ^ seed_[0]} * (second ^ seed_[1]);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// With the length, head and tail tell short names apart; they overlap where the length is between.
NameIndex::Key NameIndex::MakeKey(std::string_view name) const {
  const char* p = name.data();
  size_t n = name.size();
  Key key{0, 0, 0};
  if (n > kShort) {
    key.head = absl::Hash<absl::string_view>()(A(name));
    key.tail = reinterpret_cast<uintptr_t>(p);
  } else if (n >= 8) {
    key.head = Load<uint64_t>(p);
    key.tail = Load<uint64_t>(p + n - 8);
  } else if (n >= 4) {
    key.head = Load<uint32_t>(p) | Load<uint32_t>(p + n - 4) << 32;
  } else if (n > 0) {
    key.head = Load<uint8_t>(p) | Load<uint8_t>(p + n / 2) << 8 | Load<uint8_t>(p + n - 1) << 16;
  }
  key.hash = Mix(key.head, key.tail, n);
  return key;
}

bool NameIndex::Matches(const Slot& slot, const Key& key, std::string_view name) {
  if (slot.head != key.head || slot.length != name.size()) return false;
  if (name.size() <= kShort) return slot.tail == key.tail;
  return std::memcmp(reinterpret_cast<const char*>(slot.tail), name.data(), name.size()) == 0;
}

bool NameIndex::Add(std::string_view name, int32_t column) {
  if ((size_ + 1) * 2 > slots_.size()) Grow();
  Key key = MakeKey(name);
  size_t i = key.hash & mask_;
  for (; slots_[i].column >= 0; i = (i + 1) & mask_) {
    if (Matches(slots_[i], key, name)) return false;
  }
  slots_[i] = {key.head, key.tail, static_cast<uint32_t>(name.size()), column};
  longest_ = std::max(longest_, name.size());
  ++size_;
  return true;
}

void NameIndex::Grow() {
  std::vector<Slot> old(slots_.size() * 4);
  std::swap(old, slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.column < 0) continue;
    size_t i = Mix(slot.head, slot.tail, slot.length) & mask_;
    while (slots_[i].column >= 0) i = (i + 1) & mask_;
    slots_[i] = slot;
  }
}

}  // namespace solvent
