// What a run holds in memory, counted as it is allocated, and refused past a limit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

#include "big_memory.h"
#include "diagnostics.h"

namespace solvent::mathprog {

class MemoryMeter {
 public:
  explicit MemoryMeter(int64_t limit) : limit_(limit) {}
  void Add(size_t bytes) {
    used_ += static_cast<int64_t>(bytes);
    if (used_ > peak_) {
      peak_ = used_;
      if (used_ > limit_) Refuse(bytes);
    }
  }
  void Remove(size_t bytes) { used_ -= static_cast<int64_t>(bytes); }
  int64_t peak() const { return peak_; }

 private:
  [[noreturn]] void Refuse(size_t bytes) {
    used_ -= static_cast<int64_t>(bytes);
    peak_ = used_;
    Fault fault;
    fault.diagnostic =
        MakeDiagnostic("L404", "the model needs more than " + std::to_string(limit_ >> 20) +
                                   " MiB of memory, the limit");
    fault.fatal = true;
    throw fault;
  }
  int64_t limit_;
  int64_t used_ = 0;
  int64_t peak_ = 0;
};

template <typename T>
class Metered {
 public:
  using value_type = T;
  explicit Metered(MemoryMeter* meter) : meter_(meter) {}
  template <typename U>
  Metered(const Metered<U>& other) : meter_(other.meter()) {}
  T* allocate(size_t n) {
    const size_t bytes = n * sizeof(T);
    meter_->Add(bytes);
    return static_cast<T*>(bytes < kBigBytes ? ::operator new(bytes) : AllocateBig(bytes));
  }
  void deallocate(T* p, size_t n) {
    const size_t bytes = n * sizeof(T);
    meter_->Remove(bytes);
    if (bytes < kBigBytes) return ::operator delete(p);
    FreeBig(p, bytes);
  }
  MemoryMeter* meter() const { return meter_; }
  friend bool operator==(const Metered&, const Metered&) { return true; }

 private:
  MemoryMeter* meter_;
};

template <typename T>
using MeteredVector = std::vector<T, Metered<T>>;

// Columns beside values, one pair a term, for as many rows as there are.
class TermArena {
 public:
  explicit TermArena(MemoryMeter* meter) : meter_(meter) {}
  TermArena(const TermArena&) = delete;
  TermArena& operator=(const TermArena&) = delete;

  size_t size() const { return size_; }
  bool full() const { return size_ == capacity_; }
  // Room for half as many again, but for no more than `limit` terms.
  void Grow(size_t limit) {
    const size_t room = std::min(limit, std::max<size_t>(1024, capacity_ + capacity_ / 2));
    columns_.Grow(size_ * sizeof(int32_t), room * sizeof(int32_t), meter_);
    values_.Grow(size_ * sizeof(double), room * sizeof(double), meter_);
    capacity_ = room;
  }
  // Not when full.
  void Push(int32_t column, double value) {
    columns()[size_] = column;
    values()[size_] = value;
    ++size_;
  }
  void Truncate(size_t size) { size_ = size; }
  void Free() {
    size_ = capacity_ = 0;
    columns_.Free(meter_);
    values_.Free(meter_);
  }
  int32_t* columns() { return static_cast<int32_t*>(columns_.data); }
  double* values() { return static_cast<double*>(values_.data); }

 private:
  struct Block {
    void* data = nullptr;
    size_t bytes = 0;
    ~Block() { FreeBlock(data, bytes); }
    void Grow(size_t used, size_t larger, MemoryMeter* meter) {
      meter->Add(larger - bytes);
      data = GrowBlock(data, used, bytes, larger);
      bytes = larger;
    }
    void Free(MemoryMeter* meter) {
      meter->Remove(bytes);
      FreeBlock(data, bytes);
      data = nullptr;
      bytes = 0;
    }
  };
  MemoryMeter* meter_;
  Block columns_;
  Block values_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace solvent::mathprog
