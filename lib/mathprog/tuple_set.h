// Sets of tuples of symbols: in insertion order, hashed, sliced by any of their components.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "memory.h"
#include "symbols.h"

namespace solvent::mathprog {

inline uint64_t HashTuple(const Sym* t, int dim) {
  uint64_t h = t[0];
  for (int i = 1; i < dim; ++i) h = Mix(h + 0x632BE59BD9B4E019ull) ^ t[i];
  return Mix(h * 0xD6E8FEB86659FD93ull + 1);
}

// Open addressing over tuples that lie in one flat array owned by the caller. A slot holds a
// tuple's number + 1 and 32 bits of its hash, so that neither a miss nor growing reads the tuples.
class TupleIndex {
 public:
  explicit TupleIndex(MemoryMeter* meter) : slots_(Metered<uint64_t>(meter)) {}

  int64_t Find(const Sym* flat, int dim, const Sym* key) const {
    if (slots_.empty()) return -1;
    const size_t mask = slots_.size() - 1;
    const uint64_t hash = HashTuple(key, dim) & 0xffffffff;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      const uint64_t s = slots_[i];
      if (s == 0) return -1;
      if (s >> 32 != hash) continue;
      const size_t number = (s & 0xffffffff) - 1;
      if (Same(flat + number * static_cast<size_t>(dim), key, dim)) {
        return static_cast<int64_t>(number);
      }
    }
  }
  // Enters `key` as tuple number `count`, unless it is there: then returns its number, else -1.
  int64_t Insert(const Sym* flat, int dim, size_t count, const Sym* key);
  void Rebuild(const Sym* flat, int dim, size_t count);
  // Insert() in two steps, for bulk loads: the first asks memory for the slot ahead of time.
  uint64_t Prepare(int dim, size_t count, const Sym* key) {
    if (slots_.size() < count * 2 + 4) Grow();
    const uint64_t hash = HashTuple(key, dim) & 0xffffffff;
    __builtin_prefetch(&slots_[hash & (slots_.size() - 1)], 1);
    return hash;
  }
  int64_t InsertPrepared(const Sym* flat, int dim, size_t number, const Sym* key, uint64_t hash);
  bool empty() const { return slots_.empty(); }

  static bool Same(const Sym* a, const Sym* b, int dim) {
    for (int i = 0; i < dim; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }

 private:
  void Grow();
  MeteredVector<uint64_t> slots_;
};

class TupleSet {
 public:
  TupleSet(int dim, MemoryMeter* meter)
      : dim_(dim), meter_(meter), flat_(Metered<Sym>(meter)), index_(meter) {}
  // The whole numbers start, start + step, ...
  static std::shared_ptr<TupleSet> Range(int32_t start, int32_t step, size_t count,
                                         MemoryMeter* meter);

  int dim() const { return dim_; }
  size_t size() const {
    return is_range_ ? count_ : dim_ == 0 ? 0 : flat_.size() / static_cast<size_t>(dim_);
  }
  bool is_range() const { return is_range_; }
  // One-dimensional sets only.
  Sym Element(size_t i) const {
    return is_range_ ? MakeSmall(start_ + static_cast<int32_t>(i) * step_) : flat_[i];
  }
  // Not for ranges.
  const Sym* Tuple(size_t i) const { return flat_.data() + i * static_cast<size_t>(dim_); }

  // False when the tuple is a member already.
  bool Add(const Sym* tuple);
  // For tuples known to be new.
  void Append(const Sym* tuple) { flat_.insert(flat_.end(), tuple, tuple + dim_); }
  void Reserve(size_t tuples) { flat_.reserve(tuples * static_cast<size_t>(dim_)); }

  // The position of a tuple, or -1.
  int64_t Find(const Sym* tuple) { return is_range_ ? FindInRange(tuple[0]) : FindStored(tuple); }

  // True when every member is one of `other` and its position there is `first` plus `step` times
  // its position here, as far as that can be told without looking at each.
  bool MapsInto(const TupleSet& other, int64_t& first, int64_t& step) const;

  // Positions of the tuples whose components in `mask` (bit i: component i) equal those of `tuple`.
  std::span<const uint32_t> Slice(uint32_t mask, const Sym* tuple);

 private:
  struct SliceIndex {
    SliceIndex(uint32_t m, MemoryMeter* meter)
        : mask(m),
          groups(Metered<uint32_t>(meter)),
          starts(Metered<uint32_t>(meter)),
          positions(Metered<uint32_t>(meter)) {}
    uint32_t mask;
    MeteredVector<uint32_t> groups;     // open addressing: group + 1
    MeteredVector<uint32_t> starts;     // per group
    MeteredVector<uint32_t> positions;  // by group
  };
  int64_t FindInRange(Sym s) const {
    if (!IsSmall(s)) return -1;
    const int64_t offset = int64_t{SmallValue(s)} - start_;
    if (step_ == 1) return offset >= 0 && offset < static_cast<int64_t>(count_) ? offset : -1;
    if (offset % step_ != 0) return -1;
    const int64_t position = offset / step_;
    return position >= 0 && position < static_cast<int64_t>(count_) ? position : -1;
  }
  int64_t FindStored(const Sym* tuple);
  uint64_t HashMasked(uint32_t mask, const Sym* tuple) const;
  bool SameMasked(uint32_t mask, const Sym* a, const Sym* b) const;
  SliceIndex& BuildSlice(uint32_t mask);

  int dim_;
  MemoryMeter* meter_;
  MeteredVector<Sym> flat_;
  TupleIndex index_;
  std::vector<std::unique_ptr<SliceIndex>> slices_;
  bool is_range_ = false;
  int32_t start_ = 0;
  int32_t step_ = 1;
  size_t count_ = 0;
};

using SetPtr = std::shared_ptr<TupleSet>;

}  // namespace solvent::mathprog
