// How a domain is walked: which parts of the condition can be tested before all indices are bound,
// and which indices an equation fixes. How a row's sums run: which of their terms lie at even
// distances, and which columns occur but once.
#include <algorithm>

#include "parser.h"

namespace solvent::mathprog {

namespace {

// The last entry of `domain` whose dummies `e` refers to, or -1.
int LastEntry(const Domain& domain, const Expr* e) {
  int last = -1;
  std::vector<const Expr*> exprs{e};
  auto visit_domain = [&](const Domain* d) {
    for (const Entry& entry : d->entries) {
      exprs.push_back(entry.set);
      for (const Component& part : entry.parts) {
        if (part.select != nullptr) exprs.push_back(part.select);
      }
    }
    if (d->condition != nullptr) exprs.push_back(d->condition);
  };
  while (!exprs.empty()) {
    const Expr* top = exprs.back();
    exprs.pop_back();
    if (top->op == Op::kDummy) {
      for (size_t k = 0; k < domain.entries.size(); ++k) {
        for (const Component& part : domain.entries[k].parts) {
          if (part.slot == top->slot) last = std::max(last, static_cast<int>(k));
        }
      }
    }
    if (top->domain != nullptr) visit_domain(top->domain);
    for (const Expr* arg : top->args) {
      if (arg != nullptr) exprs.push_back(arg);
    }
  }
  return last;
}

}  // namespace

void PlanDomain(Domain& domain) {
  if (domain.condition == nullptr) return;
  std::vector<Expr*> parts;
  if (domain.condition->op == Op::kAnd) {
    parts = domain.condition->args;
  } else {
    parts.push_back(domain.condition);
  }
  // `(a and b) and c` is one node already; `a and (b and c)` is not.
  for (size_t i = 0; i < parts.size();) {
    if (parts[i]->op == Op::kAnd) {
      std::vector<Expr*> inner = parts[i]->args;
      parts.erase(parts.begin() + static_cast<ptrdiff_t>(i));
      parts.insert(parts.begin() + static_cast<ptrdiff_t>(i), inner.begin(), inner.end());
    } else {
      ++i;
    }
  }
  const int last = static_cast<int>(domain.entries.size()) - 1;
  bool pure = true;  // no random number is drawn before this part
  for (size_t i = 0; i < parts.size(); ++i) {
    Conjunct c;
    c.test = parts[i];
    pure = pure && !parts[i]->volatile_;
    c.ready = std::max(0, LastEntry(domain, parts[i]));
    // The masks of a walk hold 64 parts.
    c.early = pure && i < 64 && c.ready < last;
    domain.has_early = domain.has_early || c.early;
    if (pure && i < 64 && c.test->op == Op::kEq) {
      for (int side = 0; side < 2; ++side) {
        const Expr* dummy = c.test->args[static_cast<size_t>(side)];
        Expr* other = c.test->args[static_cast<size_t>(1 - side)];
        if (dummy->op != Op::kDummy || c.equal_to != nullptr) continue;
        for (size_t k = 0; k < domain.entries.size(); ++k) {
          for (Component& part : domain.entries[k].parts) {
            if (part.select != nullptr || part.slot != dummy->slot || part.equal >= 0) continue;
            if (LastEntry(domain, other) < static_cast<int>(k)) {
              part.equal = static_cast<int>(i);
              c.equal_to = other;
            }
          }
        }
      }
    }
    domain.conjuncts.push_back(c);
    pure = pure && !parts[i]->draws;
  }
}

namespace {

// True when `arg` is the component `part` of the entry that is walked.
bool IsComponent(const Component& part, const Expr& arg) {
  if (arg.op != Op::kDummy) return false;
  return part.select == nullptr ? part.slot == arg.slot
                                : part.select->op == Op::kDummy && part.select->slot == arg.slot;
}

// Sets var, around, moving and fixed of a part of a sum's operand that has the form for it.
void PlanTerm(const Template& model, const Domain& domain, TermPlan& term) {
  const auto innermost = static_cast<int>(domain.entries.size()) - 1;
  const Expr* e = term.whole;
  bool fixed = true;
  while (e->op == Op::kNeg || e->op == Op::kPlus || e->op == Op::kMul) {
    const Expr* inner = e->args[0];
    if (e->op == Op::kMul) {
      for (const Expr* arg : e->args) {
        if (arg->type == Type::kLinear) {
          inner = arg;
        } else {
          fixed = fixed && !arg->volatile_ && LastEntry(domain, arg) < innermost;
        }
      }
    }
    if (e->op != Op::kPlus) term.around.push_back(e);
    e = inner;
  }
  if (e->op != Op::kVar || e->type != Type::kLinear) return;
  if (model.vars[static_cast<size_t>(e->id)]->define != nullptr) return;
  const std::vector<Component>& parts = domain.entries.back().parts;
  int moving = -1;
  for (size_t i = 0; i < e->args.size(); ++i) {
    if (e->args[i]->volatile_) return;
    if (LastEntry(domain, e->args[i]) < innermost) continue;
    // The first component may be one that an outer index selects.
    for (size_t first = i + 1 < parts.size() ? 0 : i + 1 - parts.size(); first <= i; ++first) {
      if (moving >= 0 || first + parts.size() > e->args.size()) continue;
      bool all = true;
      for (size_t k = 0; k < parts.size(); ++k) {
        all = all && IsComponent(parts[k], *e->args[first + k]);
      }
      if (all) moving = static_cast<int>(first);
    }
    if (moving < 0) return;
    // Nothing else may move with the innermost indices.
    if (static_cast<int>(i) >= moving + static_cast<int>(parts.size())) return;
  }
  if (moving < 0) return;
  term.var = e;
  term.moving = moving;
  term.fixed = fixed;
}

// False where glpsol's order of evaluation matters, since random numbers are drawn in it.
bool InOrder(const Expr& e) {
  if (e.backward) return false;
  for (const Expr* arg : e.args) {
    if (arg != nullptr && arg->draws && !InOrder(*arg)) return false;
  }
  return true;
}

struct RowWalk {
  Template& model;
  struct Use {
    Expr* var;
    bool distinct;  // no two steps of the sums around it are about the same member
  };
  std::vector<Use> uses;
  std::vector<const Domain*> around;
  bool substitutes = false;  // a defined variable hides more uses
  void Walk(Expr* e);
};

void RowWalk::Walk(Expr* e) {
  if (e == nullptr || e->type != Type::kLinear) return;
  if (e->op == Op::kVar) {
    if (model.vars[static_cast<size_t>(e->id)]->define != nullptr) substitutes = true;
    bool distinct = true;
    for (const Domain* domain : around) {
      for (int slot : domain->slots) {
        distinct = distinct && std::any_of(e->args.begin(), e->args.end(), [&](const Expr* arg) {
                     return arg->op == Op::kDummy && arg->slot == slot;
                   });
      }
    }
    uses.push_back({e, distinct});
    return;
  }
  if (e->op != Op::kSum) {
    for (Expr* arg : e->args) Walk(arg);
    return;
  }
  Domain& domain = *e->domain;
  around.push_back(&domain);
  Walk(e->args[0]);
  around.pop_back();
  if (domain.condition != nullptr || (e->args[0]->draws && !InOrder(*e->args[0]))) return;
  SumPlan plan;
  const Expr* operand = e->args[0];
  const std::vector<Expr*> parts =
      operand->op == Op::kAdd ? operand->args : std::vector<Expr*>{e->args[0]};
  bool any = false;
  for (const Expr* part : parts) {
    TermPlan& term = plan.terms.emplace_back();
    term.whole = part;
    if (part->type == Type::kLinear) PlanTerm(model, domain, term);
    any = any || term.var != nullptr;
  }
  if (!any || plan.terms.size() > kMaxTermPlans) return;
  plan.outer.entries.assign(domain.entries.begin(), domain.entries.end() - 1);
  e->plan = &model.plan_store.emplace_back(std::move(plan));
}

}  // namespace

void PlanRow(Template& model, RowDecl& row) {
  RowWalk walk{model, {}, {}, false};
  for (Expr* side : {row.a, row.b, row.c}) walk.Walk(side);
  if (walk.substitutes) return;
  for (const RowWalk::Use& use : walk.uses) {
    const auto same = std::count_if(walk.uses.begin(), walk.uses.end(), [&](const auto& other) {
      return other.var->id == use.var->id;
    });
    use.var->single = use.distinct && same == 1;
  }
}

}  // namespace solvent::mathprog
