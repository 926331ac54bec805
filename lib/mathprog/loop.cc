// Walking indexing expressions, and asking whether a tuple belongs to one.
#include "run.h"

namespace solvent::mathprog {

namespace {
// A condition that keeps failing when tried early is only evaluated where the author put it.
constexpr int kMaxSpeculativeFaults = 200;
}  // namespace

bool Run::Loop(const Domain& d, Body body) { return LoopEntry(d, 0, 0, body); }

// With the dummies of entry k set: tests what can be tested, then goes on inwards.
inline bool Run::AtTuple(const Domain& d, size_t k, uint64_t known, Body body) {
  Visit();
  if (k + 1 == d.entries.size()) {
    if (!d.conjuncts.empty()) {
      for (size_t i = 0; i < d.conjuncts.size(); ++i) {
        if (i < 64 && (known >> i & 1)) continue;
        if (!EvalLog(*d.conjuncts[i].test)) return true;
      }
    }
    return body();
  }
  if (d.has_early && speculative_faults_ < kMaxSpeculativeFaults) {
    for (size_t i = 0; i < d.conjuncts.size() && i < 64; ++i) {
      const Conjunct& c = d.conjuncts[i];
      if (!c.early || c.ready != static_cast<int>(k) || (known >> i & 1)) continue;
      try {
        if (!EvalLog(*c.test)) return true;
        known |= uint64_t{1} << i;
      } catch (const Fault& fault) {
        // Perhaps no tuple gets as far as this test: then it must not fail the model.
        if (fault.fatal) throw;
        ++speculative_faults_;
      }
    }
  }
  return LoopEntry(d, k + 1, known, body);
}

bool Run::LoopEntry(const Domain& d, size_t k, uint64_t known, Body body) {
  const Entry& entry = d.entries[k];
  const SetRef ref = EvalSet(*entry.set);
  TupleSet& set = *ref.set;
  const size_t dim = entry.parts.size();

  Sym key[kMaxDim];
  uint32_t bound = 0;
  for (size_t i = 0; i < dim; ++i) {
    const Component& part = entry.parts[i];
    if (part.select != nullptr) {
      key[i] = EvalSym(*part.select);
      bound |= 1u << i;
    } else if (part.equal >= 0 && speculative_faults_ < kMaxSpeculativeFaults) {
      const Conjunct& c = d.conjuncts[static_cast<size_t>(part.equal)];
      try {
        key[i] = EvalSym(*c.equal_to);
        bound |= 1u << i;
        known |= uint64_t{1} << part.equal;
      } catch (const Fault& fault) {
        if (fault.fatal) throw;
        ++speculative_faults_;
      }
    }
  }

  if (dim == 1) {
    const int slot = entry.parts[0].slot;
    if (bound == 0) {
      const size_t n = set.size();
      for (size_t i = 0; i < n; ++i) {
        const auto s = static_cast<size_t>(slot);
        slots_[s] = set.Element(i);
        slot_set_[s] = &set;
        slot_position_[s] = static_cast<uint32_t>(i);
        if (!AtTuple(d, k, known, body)) return false;
      }
      return true;
    }
    const int64_t position = set.Find(key);
    if (position < 0) return Visit(), true;
    if (slot >= 0) {
      const auto s = static_cast<size_t>(slot);
      slots_[s] = key[0];
      slot_set_[s] = &set;
      slot_position_[s] = static_cast<uint32_t>(position);
    }
    return AtTuple(d, k, known, body);
  }

  auto visit = [&](size_t position) {
    const Sym* tuple = set.Tuple(position);
    for (size_t i = 0; i < dim; ++i) {
      const int slot = entry.parts[i].slot;
      if (slot < 0) continue;
      const auto s = static_cast<size_t>(slot);
      slots_[s] = tuple[i];
      slot_set_[s] = &set;
      slot_position_[s] = static_cast<uint32_t>(position);
    }
    return AtTuple(d, k, known, body);
  };
  if (bound == 0) {
    const size_t n = set.size();
    for (size_t p = 0; p < n; ++p) {
      if (!visit(p)) return false;
    }
    return true;
  }
  if (bound == (1u << dim) - 1) {
    const int64_t position = set.Find(key);
    if (position < 0) return Visit(), true;
    return visit(static_cast<size_t>(position));
  }
  for (uint32_t p : set.Slice(bound, key)) {
    if (!visit(p)) return false;
  }
  return true;
}

void Run::AssignSlots(const Domain& d, const Sym* key) {
  for (size_t i = 0; i < d.slots.size(); ++i) {
    const auto s = static_cast<size_t>(d.slots[i]);
    slots_[s] = key[i];
    slot_set_[s] = nullptr;
  }
}

bool Run::InDomain(const Domain& d, const Sym* key) {
  AssignSlots(d, key);
  const Sym* next = key;
  for (size_t k = 0; k < d.entries.size(); ++k) {
    const Entry& entry = d.entries[k];
    Sym tuple[kMaxDim];
    for (size_t i = 0; i < entry.parts.size(); ++i) {
      const Component& part = entry.parts[i];
      tuple[i] = part.select != nullptr ? EvalSym(*part.select) : *next++;
    }
    if (!Contains(*entry.set, tuple)) return false;
  }
  return d.condition == nullptr || EvalLog(*d.condition);
}

}  // namespace solvent::mathprog
