// Members of sets, params and variables: found, or computed on first use and kept.
#include <algorithm>
#include <cmath>

#include "big_stack.h"
#include "bind_json.h"
#include "run.h"

namespace solvent::mathprog {

namespace {
constexpr size_t kMaxDense = size_t{1} << 25;
}  // namespace

size_t MemberSpace::Insert(const Sym* key, bool& fresh) {
  const size_t n = count();
  const int64_t found = index.Insert(keys.data(), arity, n, key);
  fresh = found < 0;
  if (!fresh) return static_cast<size_t>(found);
  keys.insert(keys.end(), key, key + arity);
  return n;
}

int64_t MemberSpace::DensePosition(const Sym* key) const {
  size_t position = 0;
  for (const Radix& r : radices) {
    const int64_t p = r.set->Find(key);
    if (p < 0) return -1;
    position = position * r.size + static_cast<size_t>(p);
    key += r.dim;
  }
  return static_cast<int64_t>(position);
}

void MemberSpace::DenseKey(size_t position, Sym* key) const {
  key += arity;
  for (auto r = radices.rbegin(); r != radices.rend(); ++r) {
    const size_t p = position % r->size;
    position /= r->size;
    key -= r->dim;
    if (r->dim == 1) {
      key[0] = r->set->Element(p);
    } else {
      std::copy_n(r->set->Tuple(p), r->dim, key);
    }
  }
}

Run::SlotSave::SlotSave(Run& r, const Decl& decl, bool needed) : run(r), begin(decl.slot_begin) {
  if (!needed || decl.slot_end == decl.slot_begin) return;
  const auto b = static_cast<ptrdiff_t>(decl.slot_begin), e = static_cast<ptrdiff_t>(decl.slot_end);
  slots.assign(run.slots_.begin() + b, run.slots_.begin() + e);
  sets.assign(run.slot_set_.begin() + b, run.slot_set_.begin() + e);
  positions.assign(run.slot_position_.begin() + b, run.slot_position_.begin() + e);
}

Run::SlotSave::~SlotSave() {
  const auto b = static_cast<ptrdiff_t>(begin);
  std::copy(slots.begin(), slots.end(), run.slots_.begin() + b);
  std::copy(sets.begin(), sets.end(), run.slot_set_.begin() + b);
  std::copy(positions.begin(), positions.end(), run.slot_position_.begin() + b);
}

template <typename F>
auto Run::Recurse(const Expr* at, F&& f) -> decltype(f()) {
  struct Depth {
    int& depth;
    const char*& base;
    const char* old_base;
    ~Depth() {
      --depth;
      base = old_base;
    }
  } guard{++recursion_, stack_base_, stack_base_};
  if (recursion_ > limits_.max_recursion) {
    ThrowLimit("L407", "levels of recursion", limits_.max_recursion, at);
  }
  char here = 0;
  const char* address = &here;
  if (stack_base_ == nullptr) stack_base_ = address;
  const long used = stack_base_ > address ? stack_base_ - address : address - stack_base_;
  if (used < (big_stacks_ == 0 ? kStackShare : kBigStackShare)) return f();
  if (big_stacks_ == kMaxBigStacks) ThrowLimit("L407", "levels of recursion", recursion_, at);
  std::optional<decltype(f())> result;
  auto call = [&] {
    char top = 0;
    stack_base_ = &top;
    result.emplace(f());
  };
  struct Leave {
    int& stacks;
    ~Leave() { --stacks; }
  } leave{++big_stacks_};
  if (!CallOnBigStack(call)) {
    ThrowLimit("L407", "levels of recursion", recursion_, at);
  }
  return std::move(*result);
}

void Run::PrepareSpace(const Decl& decl, MemberSpace& space) {
  space.arity = decl.arity();
  space.total = 1;
  space.radices.clear();  // of an attempt that failed
  if (decl.domain == nullptr) {
    space.product = space.dense = true;
    return;
  }
  if (!decl.domain->product) return;
  space.product = true;
  for (const Entry& entry : decl.domain->entries) {
    MemberSpace::Radix r;
    SetRef ref = EvalSet(*entry.set);
    r.set = ref.set;
    r.owned = ref.owned;
    r.dim = static_cast<int>(entry.parts.size());
    r.size = ref.set->size();
    if (r.size != 0 && space.total > (size_t{1} << 62) / r.size) {
      space.total = size_t{1} << 62;
    } else {
      space.total *= r.size;
    }
    space.radices.push_back(std::move(r));
  }
}

// Evaluates the subscripts of `e` that belong to `r`, the first of which is `first`, into `key` and
// finds them in its set, or returns -1.
int64_t Run::RadixPosition(const MemberSpace::Radix& r, const Expr& e, size_t first, Sym* key) {
  if (r.dim == 1) {
    const Expr& arg = *e.args[first];
    if (arg.op == Op::kDummy) {
      const auto s = static_cast<size_t>(arg.slot);
      key[first] = slots_[s];
      return slot_set_[s] == r.set ? slot_position_[s] : r.set->Find(&key[first]);
    }
    key[first] = EvalSym(arg);
    return r.set->Find(&key[first]);
  }
  int64_t guess = -1;
  for (size_t c = first; c < first + static_cast<size_t>(r.dim); ++c) {
    const Expr& arg = *e.args[c];
    if (arg.op == Op::kDummy) {
      const auto s = static_cast<size_t>(arg.slot);
      key[c] = slots_[s];
      if (slot_set_[s] == r.set) guess = slot_position_[s];
    } else {
      key[c] = EvalSym(arg);
    }
  }
  if (guess >= 0 &&
      TupleIndex::Same(r.set->Tuple(static_cast<size_t>(guess)), key + first, r.dim)) {
    return guess;
  }
  return r.set->Find(key + first);
}

// Evaluates the subscripts of `e` into `key` and finds their position in a dense space, or -1.
int64_t Run::Position(const MemberSpace& space, const Expr& e, Sym* key) {
  size_t position = 0;
  bool inside = true;
  size_t i = 0;
  for (const MemberSpace::Radix& r : space.radices) {
    const int64_t p = RadixPosition(r, e, i, key);
    if (p < 0) inside = false;
    position = position * r.size + static_cast<size_t>(p);
    i += static_cast<size_t>(r.dim);
  }
  return inside ? static_cast<int64_t>(position) : -1;
}

// The number that a text reads as, or the text of a number; kNoSym when the model never met it.
Sym Run::OtherKind(Sym s) {
  if (symbols_.is_number(s)) return symbols_.FindText(symbols_.ToText(s));
  double value;
  return ParseNumber(symbols_.text(s), value) ? symbols_.Number(value) : kNoSym;
}

std::string Run::OtherKindHint(Sym s, std::string_view where) const {
  const std::string text = symbols_.ToText(s);
  if (symbols_.is_number(s)) {
    return "the text \"" + text + "\" is in " + std::string(where) + ", the number is not";
  }
  double value = 0;
  ParseNumber(text, value);
  return "the number " + NumberText(value) + " is in " + std::string(where) + ", the text \"" +
         text + "\" is not";
}

void Run::OutOfDomain(const Decl& decl, const Sym* key, const Expr* at) {
  std::string hint;
  const int n = decl.arity();
  if (decl.domain != nullptr) {
    std::string_view text =
        model_->source.text().substr(decl.domain->begin, decl.domain->end - decl.domain->begin);
    hint = decl.name + " is declared over " + Shorten(text, 60);
    // The component that no such member exists for, where components are independent.
    const Sym* part = key;
    for (const Entry& entry : decl.domain->entries) {
      if (!decl.domain->product) break;
      const int dim = static_cast<int>(entry.parts.size());
      try {
        if (EvalSet(*entry.set).set->Find(part) < 0) {
          hint += ", and " + TupleText(part, dim) + " is not in " +
                  Shorten(model_->source.text().substr(entry.set->begin,
                                                       entry.set->end - entry.set->begin),
                          60);
          break;
        }
      } catch (const Fault& fault) {
        if (fault.fatal) throw;
        break;
      }
      part += dim;
    }
    // The commonest cause with JSON: 1 and "1" are different members.
    for (int i = 0; i < n; ++i) {
      Sym other[kMaxDim];
      std::copy_n(key, n, other);
      other[i] = OtherKind(key[i]);
      if (other[i] == kNoSym) continue;
      bool inside = false;
      try {
        SlotSave save(*this, decl, true);
        inside = InDomain(*decl.domain, other);
      } catch (const Fault& fault) {
        if (fault.fatal) throw;
      }
      if (inside) hint = OtherKindHint(key[i], "the domain");
    }
  }
  Throw("M201", MemberText(decl.name, key, n) + " is out of domain", at, hint, decl.name, key, n);
}

void Run::PrepareParam(int id, const Expr* at) {
  const ParamDecl& decl = *model_->params[static_cast<size_t>(id)];
  ParamState& st = param(id);
  if (st.preparing) {
    Throw("M214", "the domain of " + decl.name + " depends on " + decl.name + " itself", at, "",
          decl.name);
  }
  if (st.failed != nullptr) throw Fault(*st.failed);
  st.preparing = true;
  struct Unmark {
    bool& flag;
    ~Unmark() { flag = false; }
  } unmark{st.preparing};
  try {
    FillParam(decl, st, at);
  } catch (const Fault& fault) {
    st.failed = std::make_shared<const Fault>(fault);
    throw;
  }
  st.prepared = true;
  const bool restricted = !decl.limits.empty() || !decl.in.empty() || decl.integer || decl.binary;
  if (restricted && decl.arity() > 0) CheckParamData(id, at);
}

// Bad data is an error wherever the first reference to the parameter is.
void Run::CheckParamData(int id, const Expr* at) {
  ParamState& st = param(id);
  Sym key[kMaxDim];
  const size_t count = st.space.dense ? st.dense_states.size() : st.states.size();
  for (size_t p = 0; p < count; ++p) {
    if ((st.space.dense ? st.dense_states[p] : st.states[p]) != kUnchecked) continue;
    if (st.space.dense) {
      st.space.DenseKey(p, key);
    } else {
      const auto n = static_cast<size_t>(st.space.arity);
      std::copy_n(st.space.keys.data() + p * n, n, key);
    }
    TakeParamSlow(id, key, static_cast<int64_t>(p), at);
  }
}

void Run::FillParam(const ParamDecl& decl, ParamState& st, const Expr* at) {
  PrepareSpace(decl, st.space);
  if (st.bind_by_name) {
    st.bind_by_name = false;
    BindParam(*this, decl);
  }
  const int n = st.space.arity;
  const size_t stored = n == 0 ? 0 : st.values.size();
  MemberSpace& space = st.space;
  if (n > 0) {
    space.dense = space.product && space.total <= kMaxDense &&
                  (decl.assign != nullptr || space.total <= 8 * stored + 4096);
    // Data outside the domain is an error wherever the first reference to the parameter is.
    for (size_t k = 0; k < stored; ++k) {
      const Sym* key = space.keys.data() + k * static_cast<size_t>(n);
      Step();
      bool inside;
      if (space.product) {
        inside = space.DensePosition(key) >= 0;
      } else {
        SlotSave save(*this, decl, st.active > 0);
        inside = InDomain(*decl.domain, key);
      }
      if (!inside) OutOfDomain(decl, key, at);
    }
  }
  const Expr* fallback = decl.fallback;
  st.simple_default =
      (st.has_data_default || (fallback != nullptr && fallback->op == Op::kNumber)) &&
      space.product;
  const bool restricted = !decl.limits.empty() || !decl.in.empty() || decl.integer || decl.binary;
  int nodes = 0;
  if (n > 0 && stored == 0 && space.product && !restricted && !decl.symbolic &&
      space.total < (size_t{1} << 62)) {
    if (decl.assign != nullptr && IsFormula(*decl.assign, nodes)) {
      st.computed = true;
      st.formula = decl.assign;
    } else if (decl.assign == nullptr && st.simple_default && !space.dense) {
      st.computed = true;
      st.constant = st.has_data_default ? st.data_default : decl.fallback->number;
    }
  }
  // Without restrictions there is nothing to check.
  const uint8_t given = restricted ? kUnchecked : kReady;
  if (!space.dense && !restricted) std::fill(st.states.begin(), st.states.end(), given);
  if (space.dense && !st.computed) {
    st.dense_values = LazyArray<double>(space.total, &meter_);
    st.dense_states = LazyArray<uint8_t>(space.total, &meter_);
    if (n == 0) {
      if (!st.values.empty()) {
        st.dense_values[0] = st.values[0];
        st.dense_states[0] = given;
      }
    } else {
      for (size_t k = 0; k < stored; ++k) {
        const auto p = static_cast<size_t>(
            space.DensePosition(space.keys.data() + k * static_cast<size_t>(n)));
        st.dense_values[p] = st.values[k];
        st.dense_states[p] = given;
      }
      space.keys.clear();
      space.keys.shrink_to_fit();
      space.index = TupleIndex(&meter_);
      st.values.clear();
      st.values.shrink_to_fit();
      st.states.clear();
      st.states.shrink_to_fit();
    }
  }
}

// Whether evaluating `e` is cheaper than remembering its value, and can neither come back to the
// parameter that it defines nor draw a random number.
bool Run::IsFormula(const Expr& e, int& nodes) {
  constexpr int kMostNodes = 24;
  if (++nodes > kMostNodes) return false;
  switch (e.op) {
    case Op::kNumber:
    case Op::kDummy: return true;
    case Op::kParam: {
      const ParamState& st = param(e.id);
      return e.args.empty() && e.type == Type::kNumber && st.prepared &&
             st.dense_states[0] == kReady;
    }
    case Op::kNeg:
    case Op::kPlus:
    case Op::kAdd:
    case Op::kLess:
    case Op::kMul:
    case Op::kDiv:
    case Op::kIntDiv:
    case Op::kMod:
    case Op::kIf:
    case Op::kLt:
    case Op::kLe:
    case Op::kEq:
    case Op::kGe:
    case Op::kGt:
    case Op::kNe:
    case Op::kNot:
    case Op::kAnd:
    case Op::kOr:
      for (const Expr* arg : e.args) {
        if (arg != nullptr && !IsFormula(*arg, nodes)) return false;
      }
      return true;
    default: return false;
  }
}

double Run::TakeComputed(const Expr& e, ParamState& st) {
  Sym key[kMaxDim];
  const ParamDecl& decl = *model_->params[static_cast<size_t>(e.id)];
  if (Position(st.space, e, key) < 0) OutOfDomain(decl, key, &e);
  Step();
  if (st.formula == nullptr) return st.constant;
  const std::vector<int>& slots = decl.domain->slots;
  for (size_t i = 0; i < slots.size(); ++i) slots_[static_cast<size_t>(slots[i])] = key[i];
  return EvalNum(*st.formula);
}

double Run::TakeParam(const Expr& e) {
  ParamState& st = params_[static_cast<size_t>(e.id)];
  if (!st.prepared) PrepareParam(e.id, &e);
  if (st.computed) return TakeComputed(e, st);
  Sym key[kMaxDim];
  if (st.space.dense) {
    const int64_t p = Position(st.space, e, key);
    if (p >= 0 && st.dense_states[static_cast<size_t>(p)] == kReady) {
      return st.dense_values[static_cast<size_t>(p)];
    }
    return TakeParamSlow(e.id, key, p, &e);
  }
  for (size_t i = 0; i < e.args.size(); ++i) key[i] = EvalSym(*e.args[i]);
  const int64_t p = st.space.Find(key);
  if (p >= 0 && st.states[static_cast<size_t>(p)] == kReady) {
    return st.values[static_cast<size_t>(p)];
  }
  return TakeParamSlow(e.id, key, p, &e);
}

double Run::TakeParamAt(int id, const Sym* key, const Expr* at) {
  ParamState& st = param(id);
  if (!st.prepared) PrepareParam(id, at);
  const int64_t p = st.space.dense ? st.space.DensePosition(key) : st.space.Find(key);
  return TakeParamSlow(id, key, p, at);
}

double Run::TakeParamSlow(int id, const Sym* key, int64_t position, const Expr* at) {
  const ParamDecl& decl = *model_->params[static_cast<size_t>(id)];
  ParamState& st = param(id);
  MemberSpace& space = st.space;
  const int n = space.arity;
  Step();
  if (space.dense && position < 0) OutOfDomain(decl, key, at);
  if (st.computed) {
    if (!space.dense && space.DensePosition(key) < 0) OutOfDomain(decl, key, at);
    if (st.formula == nullptr) return st.constant;
    AssignSlots(*decl.domain, key);
    return EvalNum(*st.formula);
  }
  auto value_at = [&]() -> double& {
    return space.dense ? st.dense_values[static_cast<size_t>(position)]
                       : st.values[static_cast<size_t>(position)];
  };
  auto state_at = [&]() -> uint8_t& {
    return space.dense ? st.dense_states[static_cast<size_t>(position)]
                       : st.states[static_cast<size_t>(position)];
  };
  uint8_t state = position >= 0 ? state_at() : uint8_t{kUnset};
  if (state == kReady) return value_at();
  if (state == kComputing) {
    Throw("M214", MemberText(decl.name, key, n) + " is defined by itself", at, "", decl.name, key,
          n);
  }
  if (state == kUnset && !space.dense) {
    bool inside;
    if (space.product) {
      inside = space.DensePosition(key) >= 0;
    } else {
      SlotSave save(*this, decl, st.active > 0);
      inside = InDomain(*decl.domain, key);
    }
    if (!inside) OutOfDomain(decl, key, at);
    if (st.simple_default && decl.limits.empty() && decl.in.empty() && !decl.integer &&
        !decl.binary && decl.assign == nullptr) {
      return st.has_data_default ? st.data_default : decl.fallback->number;
    }
    bool fresh;
    position = static_cast<int64_t>(space.Insert(key, fresh));
    CountMembers(1, at);
    st.values.push_back(0);
    st.states.push_back(kUnset);
  }
  SlotSave save(*this, decl, st.active > 0);
  struct Active {
    ParamState& state;
    ~Active() { --state.active; }
  } active{st};
  ++st.active;
  double value;
  if (state == kUnchecked) {
    value = value_at();
    CheckParamValue(decl, value, key, at);
  } else {
    state_at() = kComputing;
    try {
      value = Recurse(at, [&] {
        const double v = ComputeParam(decl, st, key, at);
        CheckParamValue(decl, v, key, at);
        return v;
      });
    } catch (...) {
      state_at() = kUnset;
      throw;
    }
  }
  value_at() = value;
  state_at() = kReady;
  return value;
}

double Run::ComputeParam(const ParamDecl& decl, ParamState& st, const Sym* key, const Expr* at) {
  const Expr* source = decl.assign;
  if (source == nullptr) {
    if (st.has_data_default) return st.data_default;
    source = decl.fallback;
  }
  if (source == nullptr) {
    const int n = st.space.arity;
    std::string hint;
    std::string pointer = PointerOfMember(decl.domain, key);
    if (!pointer.empty()) {
      hint = "add \"" + decl.name + "\" to the record at " + pointer + " or declare a default";
    } else if (st.has_data) {
      hint = "add it to the data of " + decl.name + " or declare a default";
    } else {
      hint = "give " + decl.name +
             " data, := or default; what the solver is to find is declared as a var";
      for (const Restriction& r : decl.limits) {
        if (r.rel == Op::kEq) hint = "= only restricts a parameter; := gives it a value";
      }
    }
    Fault fault;
    fault.diagnostic =
        MakeDiagnostic("M221", "no value for " + MemberText(decl.name, key, n), hint);
    if (at != nullptr) model_->source.Place(at->begin, at->end, fault.diagnostic);
    fault.diagnostic.symbol = decl.name;
    FillIndex(fault.diagnostic, key, n);
    fault.diagnostic.json_pointer = pointer;
    throw fault;
  }
  if (decl.domain != nullptr) AssignSlots(*decl.domain, key);
  return decl.symbolic ? static_cast<double>(EvalSym(*source)) : EvalNum(*source);
}

void Run::CheckParamValue(const ParamDecl& decl, double value, const Sym* key, const Expr* at) {
  const int n = decl.arity();
  auto shown = [&] {
    return decl.symbolic ? symbols_.ToText(static_cast<Sym>(value)) : NumberText(value);
  };
  auto violated = [&](std::string limit) {
    Fault fault;
    fault.diagnostic =
        MakeDiagnostic("M222", MemberText(decl.name, key, n) + " = " + shown() + " is not " + limit,
                       "the declaration of " + decl.name + " requires it");
    if (at != nullptr) model_->source.Place(at->begin, at->end, fault.diagnostic);
    fault.diagnostic.symbol = decl.name;
    FillIndex(fault.diagnostic, key, n);
    fault.diagnostic.json_pointer = PointerOfMember(decl.domain, key);
    throw fault;
  };
  if (decl.integer && value != std::floor(value)) violated("an integer");
  if (decl.binary && value != 0 && value != 1) violated("0 or 1");
  if (decl.limits.empty() && decl.in.empty()) return;
  if (decl.domain != nullptr) AssignSlots(*decl.domain, key);
  for (const Restriction& r : decl.limits) {
    bool ok = true;
    std::string limit;
    if (decl.symbolic) {
      const Sym b = EvalSym(*r.limit);
      const int c = symbols_.Compare(static_cast<Sym>(value), b);
      ok = r.rel == Op::kLt   ? c < 0
           : r.rel == Op::kLe ? c <= 0
           : r.rel == Op::kEq ? c == 0
           : r.rel == Op::kGe ? c >= 0
           : r.rel == Op::kGt ? c > 0
                              : c != 0;
      if (!ok) limit = symbols_.ToText(b);
    } else {
      const double b = EvalNum(*r.limit);
      ok = r.rel == Op::kLt   ? value < b
           : r.rel == Op::kLe ? value <= b
           : r.rel == Op::kEq ? value == b
           : r.rel == Op::kGe ? value >= b
           : r.rel == Op::kGt ? value > b
                              : value != b;
      if (!ok) limit = NumberText(b);
    }
    if (!ok) violated(std::string(RelText(r.rel)) + " " + limit);
  }
  for (const Expr* in : decl.in) {
    const Sym s = decl.symbolic ? static_cast<Sym>(value) : symbols_.Number(value);
    if (!Contains(*in, &s)) {
      violated("in " + Shorten(model_->source.text().substr(in->begin, in->end - in->begin), 60));
    }
  }
}

void Run::BoundsOf(const VarDecl& decl, const Sym* key, const Expr* at, double& lower,
                   double& upper) {
  // A bound may ask for the bounds of other members.
  SlotSave save(*this, decl, true);
  if (decl.domain != nullptr) AssignSlots(*decl.domain, key);
  Recurse(at, [&] {
    VarBounds(decl, lower, upper);
    return true;
  });
}

TupleSet* Run::TakeSet(int id, const Sym* key, const Expr* at) {
  const SetDecl& decl = *model_->sets[static_cast<size_t>(id)];
  SetState& st = set(id);
  const int n = decl.arity();
  st.space.arity = n;
  size_t p = 0;
  if (n > 0) {
    if (!st.checked_keys) {
      st.checked_keys = true;
      for (size_t k = 0; k < st.space.count(); ++k) {
        const Sym* data_key = st.space.keys.data() + k * static_cast<size_t>(n);
        SlotSave save(*this, decl, true);
        if (!InDomain(*decl.domain, data_key)) OutOfDomain(decl, data_key, at);
      }
      // As for parameters, all data is checked at the first reference.
      const size_t given = decl.within.empty() ? 0 : st.space.count();
      for (size_t k = 0; k < given; ++k) {
        Sym data_key[kMaxDim];
        std::copy_n(st.space.keys.data() + k * static_cast<size_t>(n), n, data_key);
        TakeSet(id, data_key, at);
      }
    }
    const int64_t found = st.space.Find(key);
    if (found >= 0) {
      p = static_cast<size_t>(found);
    } else {
      SlotSave save(*this, decl, st.active > 0);
      if (!InDomain(*decl.domain, key)) OutOfDomain(decl, key, at);
      bool fresh;
      p = st.space.Insert(key, fresh);
      if (fresh) {
        st.values.push_back(nullptr);
        st.states.push_back(kUnset);
      }
    }
  } else if (st.values.empty()) {
    st.values.push_back(nullptr);
    st.states.push_back(kUnset);
  }
  if (st.states[p] == kReady) return st.values[p].get();
  if (st.states[p] == kComputing) {
    Throw("M214", "the set " + MemberText(decl.name, key, n) + " is defined by itself", at, "",
          decl.name, key, n);
  }
  SlotSave save(*this, decl, st.active > 0);
  struct Active {
    SetState& state;
    ~Active() { --state.active; }
  } active{st};
  ++st.active;
  const uint8_t before = st.states[p];
  st.states[p] = kComputing;
  try {
    SetPtr value = before == kUnchecked
                       ? st.values[p]
                       : Recurse(at, [&] { return ComputeSet(decl, st, key, at); });
    CheckSetValue(decl, *value, key, at);
    st.values[p] = std::move(value);
  } catch (...) {
    st.states[p] = before;
    throw;
  }
  st.states[p] = kReady;
  return st.values[p].get();
}

SetPtr Run::ComputeSet(const SetDecl& decl, SetState& st, const Sym* key, const Expr* at) {
  const Expr* source = decl.assign != nullptr ? decl.assign : decl.fallback;
  const int n = decl.arity();
  if (source == nullptr) {
    Throw("M221", "no value for the set " + MemberText(decl.name, key, n), at,
          st.has_data ? "add it to the data of " + decl.name + " or declare a default"
                      : "give " + decl.name + " data, := or default",
          decl.name, key, n);
  }
  if (decl.domain != nullptr) AssignSlots(*decl.domain, key);
  SetRef ref = EvalSet(*source);
  if (ref.owned != nullptr && ref.owned->dim() == decl.dimen) return ref.owned;
  // Another object's set, or {} whose dimension is the declaration's.
  auto copy = std::make_shared<TupleSet>(decl.dimen, &meter_);
  if (ref.set->is_range()) {
    for (size_t i = 0; i < ref.set->size(); ++i) {
      const Sym s = ref.set->Element(i);
      copy->Append(&s);
    }
  } else {
    for (size_t i = 0; i < ref.set->size(); ++i) copy->Append(ref.set->Tuple(i));
  }
  return copy;
}

void Run::CheckSetValue(const SetDecl& decl, TupleSet& value, const Sym* key, const Expr* at) {
  if (decl.within.empty()) return;
  if (decl.domain != nullptr) AssignSlots(*decl.domain, key);
  for (const Expr* within : decl.within) {
    for (size_t i = 0; i < value.size(); ++i) {
      Step();
      Sym range_member = 0;
      if (value.is_range()) range_member = value.Element(i);
      const Sym* tuple = value.is_range() ? &range_member : value.Tuple(i);
      if (Contains(*within, tuple)) continue;
      const int n = decl.arity();
      std::string member =
          decl.dimen == 1 ? TupleText(tuple, 1) : "(" + TupleText(tuple, decl.dimen) + ")";
      auto text = [&](const Expr& e) {
        return Shorten(model_->source.text().substr(e.begin, e.end - e.begin), 60);
      };
      std::string message = "the member " + member + " of " + MemberText(decl.name, key, n) +
                            " is not within " + text(*within);
      std::string hint = "the declaration of " + decl.name + " requires it";
      // Of a cross product, the factor that lacks its part of the member.
      const Expr* factor = within;
      const Sym* part = tuple;
      while (factor->op == Op::kCross) {
        const bool first = !Contains(*factor->args[0], part);
        if (!first) part += factor->args[0]->dim;
        factor = factor->args[first ? 0 : 1];
      }
      if (factor != within) {
        message += ": " + TupleText(part, factor->dim) + " is not in " + text(*factor);
      }
      if (factor->dim == 1) {
        const Sym other = OtherKind(*part);
        if (other != kNoSym && Contains(*factor, &other)) {
          hint = OtherKindHint(*part, text(*factor));
        }
      }
      Fault fault;
      fault.diagnostic = MakeDiagnostic("M222", std::move(message), std::move(hint));
      if (at != nullptr) model_->source.Place(at->begin, at->end, fault.diagnostic);
      fault.diagnostic.symbol = decl.name;
      FillIndex(fault.diagnostic, tuple, decl.dimen);
      const SetState& st = set(decl.index);
      if (i < st.pointers.size()) fault.diagnostic.json_pointer = st.pointers[i];
      throw fault;
    }
  }
}

std::string Run::PointerOfMember(const Domain* domain, const Sym* key) {
  if (domain == nullptr) return "";
  // The record that named the last component whose set came from JSON.
  std::string pointer;
  const Sym* next = key;
  for (const Entry& entry : domain->entries) {
    size_t free = 0;
    for (const Component& part : entry.parts) free += part.select == nullptr;
    if (entry.set->op == Op::kSetRef && entry.set->args.empty() && free == entry.parts.size()) {
      SetState& st = set(entry.set->id);
      if (!st.pointers.empty() && !st.values.empty() && st.values[0] != nullptr) {
        const int64_t p = st.values[0]->Find(next);
        if (p >= 0 && static_cast<size_t>(p) < st.pointers.size()) {
          pointer = st.pointers[static_cast<size_t>(p)];
        }
      }
    }
    next += free;
  }
  return pointer;
}

void Run::VarBounds(const VarDecl& decl, double& lower, double& upper) {
  lower = -kInfinity;
  upper = kInfinity;
  if (decl.binary) {
    lower = 0;
    upper = 1;
  }
  if (decl.lower != nullptr) lower = EvalNum(*decl.lower);
  if (decl.upper != nullptr) upper = decl.upper == decl.lower ? lower : EvalNum(*decl.upper);
}

void Run::PrepareVar(int id) {
  VarState& st = var(id);
  PrepareSpace(*model_->vars[static_cast<size_t>(id)], st.space);
  st.space.dense = st.space.product && st.space.total <= kMaxDense;
  if (st.space.dense) st.dense_columns = LazyArray<int32_t>(st.space.total, &meter_);
  const VarDecl& decl = *model_->vars[static_cast<size_t>(id)];
  st.fixed_bounds = true;
  for (const Expr* bound : {decl.lower, decl.upper}) {
    if (bound != nullptr && bound->op != Op::kNumber) st.fixed_bounds = false;
  }
  if (st.fixed_bounds) VarBounds(decl, st.lower, st.upper);
  st.prepared = true;
}

int32_t Run::TakeColumn(const Expr& e) {
  VarState& st = vars_[static_cast<size_t>(e.id)];
  if (!st.prepared) PrepareVar(e.id);
  Sym key[kMaxDim];
  int64_t p;
  if (st.space.dense) {
    p = Position(st.space, e, key);
    if (p >= 0) {
      const int32_t column = st.dense_columns[static_cast<size_t>(p)];
      if (column > 0) return column - 1;
    }
  } else {
    for (size_t i = 0; i < e.args.size(); ++i) key[i] = EvalSym(*e.args[i]);
    p = st.space.Find(key);
    if (p >= 0) return st.columns[static_cast<size_t>(p)] - 1;
  }
  return TakeColumnAt(e.id, key, &e, p);
}

// Creates the column of a member that has none yet.
int32_t Run::TakeColumnAt(int id, const Sym* key, const Expr* at, int64_t position) {
  const VarDecl& decl = *model_->vars[static_cast<size_t>(id)];
  VarState& st = var(id);
  Step();
  if (st.space.dense) {
    if (position < 0) OutOfDomain(decl, key, at);
  } else {
    SlotSave save(*this, decl, st.active > 0);
    const bool inside =
        st.space.product ? st.space.DensePosition(key) >= 0 : InDomain(*decl.domain, key);
    if (!inside) OutOfDomain(decl, key, at);
  }
  double lower = st.lower, upper = st.upper;
  if (!st.fixed_bounds) {
    SlotSave save(*this, decl, st.active > 0);
    if (decl.domain != nullptr) AssignSlots(*decl.domain, key);
    VarBounds(decl, lower, upper);
  }
  if (!st.space.dense) {
    bool fresh;
    position = static_cast<int64_t>(st.space.Insert(key, fresh));
    st.columns.push_back(0);
  }
  return NewColumn(id, st, position, lower, upper, at);
}

int32_t Run::NewColumn(int id, VarState& st, int64_t position, double lower, double upper,
                       const Expr* at) {
  const size_t column = columns_.size();
  if (static_cast<int64_t>(column) >= limits_.max_columns) {
    ThrowLimit("L402", "columns", limits_.max_columns, at);
  }
  const auto p = static_cast<size_t>(position);
  (st.space.dense ? st.dense_columns[p] : st.columns[p]) = static_cast<int32_t>(column + 1);
  columns_.lower.push_back(lower);
  columns_.upper.push_back(upper);
  columns_.var.push_back(id);
  columns_.member.push_back(static_cast<uint32_t>(position));
  columns_.stamp.push_back(0);
  return static_cast<int32_t>(column);
}

}  // namespace solvent::mathprog
