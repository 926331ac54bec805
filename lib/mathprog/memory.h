// What a run holds in memory, counted as it is allocated, and refused past a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

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
    meter_->Add(n * sizeof(T));
    return static_cast<T*>(::operator new(n * sizeof(T)));
  }
  void deallocate(T* p, size_t n) {
    meter_->Remove(n * sizeof(T));
    ::operator delete(p);
  }
  MemoryMeter* meter() const { return meter_; }
  friend bool operator==(const Metered&, const Metered&) { return true; }

 private:
  MemoryMeter* meter_;
};

template <typename T>
using MeteredVector = std::vector<T, Metered<T>>;

}  // namespace solvent::mathprog
