// How a domain is walked: which parts of the condition can be tested before all indices are bound,
// and which indices an equation fixes.
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
  }
}

}  // namespace solvent::mathprog
