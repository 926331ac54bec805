// Sums in rows. Their innermost entry runs without the interpreter where the variables' domains are
// arrays: then the columns of a term lie at even distances.
#include "run.h"

namespace solvent::mathprog {

// A planned term with everything filled in but the member of the innermost entry.
struct Run::BoundTerm {
  const TermPlan* plan;
  bool even;  // the members below are set; otherwise the interpreter adds the term
  VarState* var;
  const int32_t* columns;  // of member p of the set: columns[p * stride]
  int64_t base;
  int64_t stride;
  double coefficient;  // of fixed terms
};

namespace {

// How far ahead strided columns are asked for.
constexpr int64_t kAhead = 16;

}  // namespace

// What the variable is multiplied with, in the order in which the interpreter multiplies.
double Run::Factor(const TermPlan& plan, double coefficient) {
  for (const Expr* e : plan.around) {
    if (e->op == Op::kNeg) {
      coefficient = -coefficient;
      continue;
    }
    double factor = 1;
    for (const Expr* arg : e->args) {
      if (arg->type == Type::kLinear) continue;
      const double value = EvalNum(*arg);
      factor = Arithmetic(factor * value, "*", factor, value, *e);
    }
    coefficient *= factor;
  }
  return coefficient;
}

// False when the term must be left to the interpreter.
bool Run::Bind(const TermPlan& plan, TupleSet& set, double coefficient, BoundTerm& term) {
  term.plan = &plan;
  term.even = false;
  if (plan.var == nullptr) return false;
  const Expr& e = *plan.var;
  VarState& st = vars_[static_cast<size_t>(e.id)];
  if (!st.prepared || !st.space.dense) return false;
  Sym key[kMaxDim];
  int64_t base = 0, stride = 0;
  size_t i = 0;
  for (const MemberSpace::Radix& r : st.space.radices) {
    const auto size = static_cast<int64_t>(r.size);
    int64_t first = 0, step = 0;
    if (static_cast<int>(i) == plan.moving) {
      if (r.dim != set.dim() || !set.MapsInto(*r.set, first, step)) return false;
    } else {
      const auto moving = static_cast<size_t>(plan.moving);
      if (i < moving ? i + static_cast<size_t>(r.dim) > moving
                     : i < moving + static_cast<size_t>(set.dim())) {
        return false;  // the set's components are spread over several of the domain's
      }
      first = RadixPosition(r, e, i, key);
      if (first < 0) return false;
    }
    base = base * size + first;
    stride = stride * size + step;
    i += static_cast<size_t>(r.dim);
  }
  term.var = &st;
  term.columns = st.dense_columns.data() + base;
  term.base = base;
  term.stride = stride;
  if (plan.fixed) term.coefficient = Factor(plan, coefficient);
  term.even = true;
  return true;
}

void Run::EvalSum(const Expr& e, double coefficient) {
  if (e.plan == nullptr) {
    const Expr& operand = *e.args[0];
    Loop(*e.domain, [&] {
      EvalLin(operand, coefficient);
      return true;
    });
  } else if (e.plan->outer.entries.empty()) {
    InnerSum(e, coefficient);
  } else {
    Loop(e.plan->outer, [&] {
      InnerSum(e, coefficient);
      return true;
    });
  }
}

void Run::InnerSum(const Expr& e, double coefficient) {
  const Entry& entry = e.domain->entries.back();
  const SetRef ref = EvalSet(*entry.set);
  TupleSet& set = *ref.set;
  const size_t dim = entry.parts.size();

  // The members to visit: all of the set, or those at the positions of a slice.
  Sym key[kMaxDim];
  uint32_t bound = 0;
  for (size_t i = 0; i < dim; ++i) {
    if (entry.parts[i].select == nullptr) continue;
    key[i] = EvalSym(*entry.parts[i].select);
    bound |= 1u << i;
  }
  std::span<const uint32_t> slice;
  uint32_t only = 0;
  size_t n = set.size();
  if (bound == (1u << dim) - 1) {
    const int64_t position = set.Find(key);
    if (position < 0) return Visit();
    only = static_cast<uint32_t>(position);
    slice = {&only, 1};
    n = 1;
  } else if (bound != 0) {
    slice = set.Slice(bound, key);
    n = slice.size();
  }
  if (n == 0) return;
  auto enter = [&](size_t position) {
    for (size_t i = 0; i < dim; ++i) {
      if (entry.parts[i].slot < 0) continue;
      const auto s = static_cast<size_t>(entry.parts[i].slot);
      slots_[s] = set.dim() == 1 ? set.Element(position) : set.Tuple(position)[i];
      slot_set_[s] = &set;
      slot_position_[s] = static_cast<uint32_t>(position);
    }
  };

  // The interpreter takes the first member. What does not change after that has then been
  // evaluated without a fault, in the order of the text.
  const Expr& operand = *e.args[0];
  enter(bound == 0 ? 0 : slice[0]);
  Visit();
  EvalLin(operand, coefficient);
  if (n == 1) return;

  BoundTerm terms[kMaxTermPlans];
  const size_t num_terms = e.plan->terms.size();
  bool enter_each = false;
  for (size_t t = 0; t < num_terms; ++t) {
    const bool even = Bind(e.plan->terms[t], set, coefficient, terms[t]);
    enter_each = enter_each || !even || !terms[t].plan->fixed;
  }
  for (size_t k = 1; k < n; ++k) {
    const size_t p = bound == 0 ? k : slice[k];
    if (enter_each) enter(p);
    Visit();
    for (size_t t = 0; t < num_terms; ++t) {
      const BoundTerm& term = terms[t];
      if (!term.even) {
        EvalLin(*term.plan->whole, coefficient);
        continue;
      }
      const double value = term.plan->fixed ? term.coefficient : Factor(*term.plan, coefficient);
      const int64_t offset = static_cast<int64_t>(p) * term.stride;
      __builtin_prefetch(term.columns + offset + kAhead * term.stride);
      int32_t column = term.columns[offset] - 1;
      if (column < 0) {
        if (term.var->fixed_bounds) {
          Step();
          column = NewColumn(term.plan->var->id, *term.var, term.base + offset, term.var->lower,
                             term.var->upper, term.plan->var);
        } else {
          if (!enter_each) enter(p);
          column = TakeColumn(*term.plan->var);
        }
      }
      if (term.plan->var->single) {
        PutTerm(column, value);
      } else {
        AddTerm(column, value);
      }
    }
  }
}

}  // namespace solvent::mathprog
