// Sets: evaluated whole, or asked for one member.
#include <algorithm>
#include <cmath>

#include "run.h"

namespace solvent::mathprog {

void Run::CountMembers(size_t n, const Expr* at) {
  members_ += static_cast<int64_t>(n);
  if (members_ > limits_.max_total_members) {
    ThrowLimit("L403", "members of all sets and parameters", limits_.max_total_members, at);
  }
}

void Run::AddElement(TupleSet& set, const Sym* tuple, const Expr& e, bool duplicates_are_errors) {
  Step();
  if (!set.Add(tuple)) {
    if (!duplicates_are_errors) return;
    Throw("M202", "duplicate tuple (" + TupleText(tuple, set.dim()) + ")", &e, "", "", tuple,
          set.dim());
  }
  if (static_cast<int64_t>(set.size()) > limits_.max_set_members) {
    ThrowLimit("L403", "members in a set", limits_.max_set_members, &e);
  }
}

// Start, step and number of members; false when the operands are wrong.
bool Run::RangeOf(const Expr& e, double& start, double& step, double& count) {
  double end;
  step = 1;
  if (e.backward) {
    if (e.args.size() > 2) step = EvalNum(*e.args[2]);
    end = EvalNum(*e.args[1]);
    start = EvalNum(*e.args[0]);
  } else {
    start = EvalNum(*e.args[0]);
    end = EvalNum(*e.args[1]);
    if (e.args.size() > 2) step = EvalNum(*e.args[2]);
  }
  if (step == 0) Throw("M212", "the step of a range is 0", &e);
  count = std::floor((end - start) / step) + 1;
  if (!(count > 0)) count = 0;
  return true;
}

SetRef Run::BuildRange(const Expr& e) {
  double start, step, count;
  RangeOf(e, start, step, count);
  if (count > static_cast<double>(limits_.max_set_members)) {
    ThrowLimit("L403", "members in a set", limits_.max_set_members, &e);
  }
  const auto n = static_cast<size_t>(count);
  SetRef ref;
  const double last = start + step * (count - 1);
  if (start == std::floor(start) && step == std::floor(step) && std::fabs(start) < kSmallMax &&
      std::fabs(step) < kSmallMax && (n == 0 || std::fabs(last) < kSmallMax)) {
    ref.owned =
        TupleSet::Range(static_cast<int32_t>(start), static_cast<int32_t>(step), n, &meter_);
  } else {
    ref.owned = std::make_shared<TupleSet>(1, &meter_);
    ref.owned->Reserve(n);
    for (size_t i = 0; i < n; ++i) {
      const Sym s = symbols_.Number(start + static_cast<double>(i) * step);
      AddElement(*ref.owned, &s, e, false);
    }
  }
  ref.set = ref.owned.get();
  return ref;
}

SetRef Run::EvalSet(const Expr& e) {
  if (e.op == Op::kSetRef) {
    if (e.args.empty()) {
      SetState& st = sets_[static_cast<size_t>(e.id)];
      if (!st.states.empty() && st.states[0] == kReady) return {st.values[0].get(), nullptr};
      return {TakeSet(e.id, nullptr, &e), nullptr};
    }
    Sym key[kMaxDim];
    for (size_t i = 0; i < e.args.size(); ++i) key[i] = EvalSym(*e.args[i]);
    return {TakeSet(e.id, key, &e), nullptr};
  }
  if (e.cache >= 0) {
    SetPtr& cached = caches_[static_cast<size_t>(e.cache)];
    if (cached != nullptr) return {cached.get(), nullptr};
    SetRef ref = BuildSet(e);
    if (ref.owned != nullptr) caches_[static_cast<size_t>(e.cache)] = ref.owned;
    return ref;
  }
  return BuildSet(e);
}

SetRef Run::BuildSet(const Expr& e) {
  auto fresh = [&](int dim) {
    SetRef ref;
    ref.owned = std::make_shared<TupleSet>(std::max(1, dim), &meter_);
    ref.set = ref.owned.get();
    return ref;
  };
  auto each = [&](const TupleSet& set, auto&& f) {
    const size_t n = set.size();
    Sym element[kMaxDim] = {};  // room for what is read by another set's dimension
    for (size_t i = 0; i < n; ++i) {
      Step();
      if (set.dim() == 1) {
        element[0] = set.Element(i);
        f(element);
      } else {
        f(set.Tuple(i));
      }
    }
  };
  SetRef out;
  switch (e.op) {
    case Op::kRange: return BuildRange(e);
    case Op::kIf: return EvalSet(EvalLog(*e.args[0]) ? *e.args[1] : *e.args[2]);
    case Op::kSetLiteral: {
      out = fresh(e.dim);
      Sym tuple[kMaxDim];
      for (const Expr* arg : e.args) {
        EvalTuple(*arg, tuple);
        AddElement(*out.set, tuple, *arg, true);
      }
      break;
    }
    case Op::kBuild: {
      // {S} is S itself.
      const Domain& d = *e.domain;
      if (d.product && d.entries.size() == 1) return EvalSet(*d.entries[0].set);
      out = fresh(e.dim);
      Sym tuple[kMaxDim];
      Loop(d, [&] {
        for (size_t i = 0; i < d.slots.size(); ++i) {
          tuple[i] = slots_[static_cast<size_t>(d.slots[i])];
        }
        out.set->Append(tuple);
        if (static_cast<int64_t>(out.set->size()) > limits_.max_set_members) {
          ThrowLimit("L403", "members in a set", limits_.max_set_members, &e);
        }
        return true;
      });
      break;
    }
    case Op::kSetof: {
      out = fresh(e.dim);
      Sym tuple[kMaxDim];
      Loop(*e.domain, [&] {
        EvalTuple(*e.args[0], tuple);
        AddElement(*out.set, tuple, e, false);
        return true;
      });
      break;
    }
    case Op::kUnion:
    case Op::kSymDiff:
    case Op::kDiff:
    case Op::kInter: {
      SetRef b;
      if (e.backward) b = EvalSet(*e.args[1]);
      const SetRef a = EvalSet(*e.args[0]);
      if (!e.backward) b = EvalSet(*e.args[1]);
      out = fresh(e.dim);
      each(*a.set, [&](const Sym* t) {
        const bool common = e.op != Op::kUnion && b.set->Find(t) >= 0;
        if (e.op == Op::kUnion || common == (e.op == Op::kInter)) {
          AddElement(*out.set, t, e, false);
        }
      });
      if (e.op == Op::kUnion || e.op == Op::kSymDiff) {
        each(*b.set, [&](const Sym* t) {
          if (e.op == Op::kUnion || a.set->Find(t) < 0) AddElement(*out.set, t, e, false);
        });
      }
      break;
    }
    case Op::kCross: {
      SetRef b;
      if (e.backward) b = EvalSet(*e.args[1]);
      const SetRef a = EvalSet(*e.args[0]);
      if (!e.backward) b = EvalSet(*e.args[1]);
      const double product =
          static_cast<double>(a.set->size()) * static_cast<double>(b.set->size());
      if (product > static_cast<double>(limits_.max_set_members)) {
        ThrowLimit("L403", "members in a set", limits_.max_set_members, &e);
      }
      out = fresh(e.dim);
      out.set->Reserve(static_cast<size_t>(product));
      Sym tuple[2 * kMaxDim];
      each(*a.set, [&](const Sym* left) {
        std::copy_n(left, a.set->dim(), tuple);
        each(*b.set, [&](const Sym* right) {
          std::copy_n(right, b.set->dim(), tuple + a.set->dim());
          out.set->Append(tuple);
        });
      });
      break;
    }
    default: Throw("M399", "an unknown set operation", &e);
  }
  CountMembers(out.set->size(), &e);
  return out;
}

bool Run::Contains(const Expr& set, const Sym* tuple) {
  Step();
  if (set.op == Op::kSetRef || set.cache >= 0) {
    const SetRef ref = EvalSet(set);
    return ref.set->Find(tuple) >= 0;
  }
  switch (set.op) {
    case Op::kRange: {
      if (!symbols_.is_number(tuple[0])) {
        return false;
      }
      double start, step, count;
      RangeOf(set, start, step, count);
      const double position = std::floor((symbols_.number(tuple[0]) - start) / step + 0.5);
      return position >= 0 && position < count &&
             start + position * step == symbols_.number(tuple[0]);
    }
    case Op::kIf: return Contains(EvalLog(*set.args[0]) ? *set.args[1] : *set.args[2], tuple);
    case Op::kUnion: return Contains(*set.args[0], tuple) || Contains(*set.args[1], tuple);
    case Op::kInter: return Contains(*set.args[0], tuple) && Contains(*set.args[1], tuple);
    case Op::kDiff: return Contains(*set.args[0], tuple) && !Contains(*set.args[1], tuple);
    case Op::kSymDiff: return Contains(*set.args[0], tuple) != Contains(*set.args[1], tuple);
    case Op::kCross:
      return Contains(*set.args[0], tuple) && Contains(*set.args[1], tuple + set.args[0]->dim);
    case Op::kSetLiteral: {
      Sym element[kMaxDim];
      bool found = false;
      for (const Expr* arg : set.args) {
        const int n = EvalTuple(*arg, element);
        found = found || TupleIndex::Same(element, tuple, n);
      }
      return found;
    }
    case Op::kBuild: {
      Sym copy[kMaxDim];
      std::copy_n(tuple, set.dim, copy);
      return InDomain(*set.domain, copy);
    }
    default: {
      const SetRef ref = EvalSet(set);
      return ref.set->Find(tuple) >= 0;
    }
  }
}

}  // namespace solvent::mathprog
