// Finds the column that a name stands for: one look-up per term of a problem, so that its cost
// decides how fast expressions are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace solvent {

// Names are borrowed. Names of up to 16 bytes lie in the table itself, so that finding one touches
// a single place in memory.
class NameIndex {
 public:
  NameIndex();
  // `column` must not be negative. False when the name is there already.
  bool Add(std::string_view name, int32_t column);
  // -1 when there is no such name.
  int32_t Find(std::string_view name) const {
    Key key = MakeKey(name);
    for (size_t i = key.hash & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.column < 0 || Matches(slot, key, name)) return slot.column;
    }
  }
  size_t longest() const { return longest_; }

 private:
  struct Slot {
    uint64_t head = 0;  // of a long name: its hash
    uint64_t tail = 0;  // of a long name: its address
    uint32_t length = 0;
    int32_t column = -1;  // -1: free
  };
  struct Key {
    uint64_t head;
    uint64_t tail;
    uint64_t hash;
  };

  uint64_t Mix(uint64_t head, uint64_t tail, size_t length) const;
  Key MakeKey(std::string_view name) const;
  static bool Matches(const Slot& slot, const Key& key, std::string_view name);
  void Grow();

  std::vector<Slot> slots_;
  size_t mask_;
  size_t size_ = 0;
  size_t longest_ = 0;
  uint64_t seed_[2];  // random, so that nobody can choose names that collide
};

}  // namespace solvent
