#include "tuple_set.h"

#include <algorithm>

namespace solvent::mathprog {

namespace {

void Put(MeteredVector<uint64_t>& slots, uint64_t slot) {
  const size_t mask = slots.size() - 1;
  size_t i = (slot >> 32) & mask;
  while (slots[i] != 0) i = (i + 1) & mask;
  slots[i] = slot;
}

}  // namespace

void TupleIndex::Rebuild(const Sym* flat, int dim, size_t count) {
  size_t capacity = 16;
  while (capacity < count * 2 + 2) capacity *= 2;
  slots_.assign(capacity, 0);
  for (size_t k = 0; k < count; ++k) {
    Put(slots_, HashTuple(flat + k * static_cast<size_t>(dim), dim) << 32 | (k + 1));
  }
}

void TupleIndex::Grow() {
  MeteredVector<uint64_t> larger(std::max<size_t>(16, slots_.size() * 2), 0,
                                 slots_.get_allocator());
  for (uint64_t s : slots_) {
    if (s != 0) Put(larger, s);
  }
  slots_.swap(larger);
}

int64_t TupleIndex::Insert(const Sym* flat, int dim, size_t count, const Sym* key) {
  return InsertPrepared(flat, dim, count, key, Prepare(dim, count, key));
}

int64_t TupleIndex::InsertPrepared(const Sym* flat, int dim, size_t new_number, const Sym* key,
                                   uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const uint64_t s = slots_[i];
    if (s == 0) {
      slots_[i] = hash << 32 | (new_number + 1);
      return -1;
    }
    if (s >> 32 != hash) continue;
    const size_t number = (s & 0xffffffff) - 1;
    if (Same(flat + number * static_cast<size_t>(dim), key, dim)) {
      return static_cast<int64_t>(number);
    }
  }
}

std::shared_ptr<TupleSet> TupleSet::Range(int32_t start, int32_t step, size_t count,
                                          MemoryMeter* meter) {
  auto set = std::make_shared<TupleSet>(1, meter);
  set->is_range_ = true;
  set->start_ = start;
  set->step_ = step;
  set->count_ = count;
  return set;
}

int64_t TupleSet::FindStored(const Sym* tuple) {
  if (index_.empty()) {
    if (flat_.empty()) return -1;
    index_.Rebuild(flat_.data(), dim_, size());
  }
  return index_.Find(flat_.data(), dim_, tuple);
}

bool TupleSet::MapsInto(const TupleSet& other, int64_t& first, int64_t& step) const {
  first = 0;
  step = 1;
  if (this == &other) return true;
  if (!is_range_ || !other.is_range_ || count_ == 0) return false;
  // Both ends and the distance of neighbours decide where whole numbers in even steps are.
  first = other.FindInRange(Element(0));
  if (first < 0 || other.FindInRange(Element(count_ - 1)) < 0) return false;
  if (count_ == 1) return true;
  const int64_t second = other.FindInRange(Element(1));
  step = second - first;
  return second >= 0;
}

bool TupleSet::Add(const Sym* tuple) {
  const size_t n = size();
  if (index_.empty() && n > 0) index_.Rebuild(flat_.data(), dim_, n);
  if (index_.Insert(flat_.data(), dim_, n, tuple) >= 0) return false;
  flat_.insert(flat_.end(), tuple, tuple + dim_);
  return true;
}

uint64_t TupleSet::HashMasked(uint32_t mask, const Sym* tuple) const {
  uint64_t h = 0x9AE16A3B2F90404Full;
  for (int i = 0; i < dim_; ++i) {
    if (mask >> i & 1) h = Mix(h + tuple[i] + 0x632BE59BD9B4E019ull);
  }
  return Mix(h);
}

bool TupleSet::SameMasked(uint32_t mask, const Sym* a, const Sym* b) const {
  for (int i = 0; i < dim_; ++i) {
    if ((mask >> i & 1) && a[i] != b[i]) return false;
  }
  return true;
}

TupleSet::SliceIndex& TupleSet::BuildSlice(uint32_t mask) {
  auto slice = std::make_unique<SliceIndex>(mask, meter_);
  const size_t n = size();
  MeteredVector<uint32_t> group_of(n, Metered<uint32_t>(meter_));
  MeteredVector<uint32_t> first(Metered<uint32_t>{meter_});  // a tuple of each group
  slice->groups.assign(16, 0);
  for (size_t k = 0; k < n; ++k) {
    if (first.size() * 2 + 4 > slice->groups.size()) {
      slice->groups.assign(slice->groups.size() * 2, 0);
      for (size_t g = 0; g < first.size(); ++g) {
        size_t i = HashMasked(mask, Tuple(first[g])) & (slice->groups.size() - 1);
        while (slice->groups[i] != 0) i = (i + 1) & (slice->groups.size() - 1);
        slice->groups[i] = static_cast<uint32_t>(g + 1);
      }
    }
    const size_t m = slice->groups.size() - 1;
    for (size_t i = HashMasked(mask, Tuple(k)) & m;; i = (i + 1) & m) {
      uint32_t& g = slice->groups[i];
      if (g == 0) {
        first.push_back(static_cast<uint32_t>(k));
        g = static_cast<uint32_t>(first.size());
        slice->starts.push_back(0);
      } else if (!SameMasked(mask, Tuple(first[g - 1]), Tuple(k))) {
        continue;
      }
      group_of[k] = g - 1;
      ++slice->starts[g - 1];
      break;
    }
  }
  uint32_t sum = 0;
  for (uint32_t& start : slice->starts) {
    const uint32_t count = start;
    start = sum;
    sum += count;
  }
  slice->starts.push_back(sum);
  slice->positions.resize(n);
  MeteredVector<uint32_t> next(slice->starts);
  for (size_t k = 0; k < n; ++k) {
    slice->positions[next[group_of[k]]++] = static_cast<uint32_t>(k);
  }
  slices_.push_back(std::move(slice));
  return *slices_.back();
}

std::span<const uint32_t> TupleSet::Slice(uint32_t mask, const Sym* tuple) {
  SliceIndex* slice = nullptr;
  for (const auto& s : slices_) {
    if (s->mask == mask) slice = s.get();
  }
  if (slice == nullptr) slice = &BuildSlice(mask);
  const size_t m = slice->groups.size() - 1;
  for (size_t i = HashMasked(mask, tuple) & m;; i = (i + 1) & m) {
    const uint32_t g = slice->groups[i];
    if (g == 0) return {};
    const uint32_t begin = slice->starts[g - 1];
    if (SameMasked(mask, Tuple(slice->positions[begin]), tuple)) {
      return {slice->positions.data() + begin, slice->starts[g] - begin};
    }
  }
}

}  // namespace solvent::mathprog
