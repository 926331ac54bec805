// Building expression nodes: types, which dummies they refer to, and what does not fit together.
#include <algorithm>

#include "parser.h"

namespace solvent::mathprog {

Expr* Parser::New(Op op, Type type, uint32_t begin, uint32_t end) {
  Expr& e = model_.expr_store.emplace_back();
  e.op = op;
  e.type = type;
  e.begin = begin;
  e.end = end;
  e.slot_base = model_.num_slots;
  e.closed = true;
  return &e;
}

void Parser::Adopt(Expr* e, Expr* arg) {
  e->args.push_back(arg);
  if (arg == nullptr) return;
  e->begin = std::min(e->begin, arg->begin);
  e->end = std::max(e->end, arg->end);
  e->slot_base = std::min(e->slot_base, arg->slot_base);
  e->min_slot = std::min(e->min_slot, arg->min_slot);
  e->volatile_ = e->volatile_ || arg->volatile_;
  e->backward = e->backward || (e->draws && arg->draws);
  e->draws = e->draws || arg->draws;
  e->depth = static_cast<uint16_t>(std::max<int>(e->depth, arg->depth + 1));
  if (e->depth > model_.limits.max_expression_depth) {
    FailAt("L405", e->begin, e->end,
           "the expression is nested more than " +
               std::to_string(model_.limits.max_expression_depth) + " deep",
           "name its parts as parameters");
  }
}

namespace {

constexpr size_t kMostRanges = 100;

// Compares ends and steps that are numbers or parameters without subscripts.
bool SameRange(const Expr& a, const Expr& b) {
  if (a.cache < 0 && &a != &b) return false;
  if (a.args.size() != b.args.size()) return false;
  for (size_t i = 0; i < a.args.size(); ++i) {
    const Expr &x = *a.args[i], &y = *b.args[i];
    const bool same = x.op == y.op && ((x.op == Op::kNumber && x.number == y.number) ||
                                       (x.op == Op::kParam && x.args.empty() && x.id == y.id));
    if (!same) return false;
  }
  return true;
}

}  // namespace

void Parser::Seal(Expr* e, int slot_base) {
  e->slot_base = std::min(e->slot_base, slot_base);
  if (e->domain != nullptr) {
    e->min_slot = std::min(e->min_slot, e->domain->min_slot);
    e->volatile_ = e->volatile_ || e->domain->volatile_;
    e->draws = e->draws || e->domain->draws;
  }
  e->closed = e->min_slot >= e->slot_base;
  if (e->type != Type::kSet || !e->closed || e->volatile_) return;
  if (e->op == Op::kSetRef && e->args.empty()) return;
  // Only the outermost closed node keeps its value.
  for (Expr* arg : e->args) {
    if (arg != nullptr && arg->type == Type::kSet && arg->op != Op::kSetRef) arg->cache = -1;
  }
  // Ranges between the same scalars are one set, wherever they are written: then a dummy of one is
  // a position in the other.
  if (e->op == Op::kRange) {
    for (const Expr* range : ranges_) {
      if (SameRange(*range, *e)) {
        e->cache = range->cache;
        return;
      }
    }
  }
  e->cache = model_.num_caches++;
  if (e->op == Op::kRange && ranges_.size() < kMostRanges && SameRange(*e, *e)) {
    ranges_.push_back(e);
  }
}

std::string Parser::TypeName(const Expr* e) const {
  switch (e->type) {
    case Type::kNumber: return "a number";
    case Type::kSymbol: return "a symbol";
    case Type::kLogical: return "a condition";
    case Type::kLinear: return "an expression with variables";
    case Type::kSet: return "a set";
    case Type::kTuple: return "a tuple";
  }
  return "";
}

std::string Parser::VariablesIn(const Expr* e) const {
  std::vector<std::string> names;
  std::vector<const Expr*> stack{e};
  while (!stack.empty() && names.size() < 5) {
    const Expr* top = stack.back();
    stack.pop_back();
    if (top->op == Op::kVar) {
      const std::string& name = model_.vars[static_cast<size_t>(top->id)]->name;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    for (auto it = top->args.rbegin(); it != top->args.rend(); ++it) {
      if (*it != nullptr) stack.push_back(*it);
    }
  }
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

// How the commonest nonlinear wishes are said linearly.
std::string_view LinearWay(std::string_view message) {
  if (message.find("of abs contains") != std::string_view::npos) {
    return "say abs(x) linearly: a variable t with t >= x and t >= -x, and a cost on t";
  }
  if (message.find("of max contains") != std::string_view::npos) {
    return "say max linearly: a variable t that is >= each of the parts, and a cost on t";
  }
  if (message.find("of min contains") != std::string_view::npos) {
    return "say min linearly: a variable t that is <= each of the parts, and a gain from t";
  }
  if (message.starts_with("an operand of '") && message.find("of '*'") == std::string_view::npos) {
    return "a condition cannot depend on a variable, but a constraint can with a binary variable; "
           "one constraint for each member is s.t. c{i in I}: ...";
  }
  return "MathProg models are linear: variables may only be added, and multiplied or divided by "
         "parameters";
}

void Parser::NotLinear(const Expr* e, std::string message) {
  const std::string hint(LinearWay(message));
  FailAt("M230", e->begin, e->end, std::move(message), hint, VariablesIn(e));
}

void Parser::WantNumber(const Expr* e, std::string_view what) {
  if (e->type == Type::kNumber || e->type == Type::kSymbol) return;
  if (e->type == Type::kLinear) {
    NotLinear(e, std::string(what) + " contains the variable " + VariablesIn(e));
  }
  std::string hint;
  if (e->type == Type::kSet) hint = "card(S) is the number of members, sum{i in S} a sum over it";
  if (e->type == Type::kLogical) hint = "if ... then 1 else 0 turns a condition into a number";
  FailAt("M109", e->begin, e->end,
         std::string(what) + " must be a number, and this is " + TypeName(e), hint);
}

void Parser::WantScalar(const Expr* e, std::string_view what) {
  if (e->type == Type::kNumber || e->type == Type::kSymbol) return;
  if (e->type == Type::kLinear) {
    NotLinear(e, std::string(what) + " contains the variable " + VariablesIn(e));
  }
  FailAt("M109", e->begin, e->end,
         std::string(what) + " must be a number or a symbol, and this is " + TypeName(e));
}

void Parser::WantLogical(const Expr* e, std::string_view what) {
  if (e->type == Type::kLogical || e->type == Type::kNumber || e->type == Type::kSymbol) return;
  if (e->type == Type::kLinear) {
    NotLinear(e, std::string(what) + " contains the variable " + VariablesIn(e));
  }
  FailAt("M109", e->begin, e->end,
         std::string(what) + " must be a condition, and this is " + TypeName(e));
}

namespace {

// Whether a member is looked up in a setof expression; the published MathProg has that restriction,
// for the sets of indexing expressions too.
bool TestsSetof(const Expr* set) {
  switch (set->op) {
    case Op::kSetof: return true;
    case Op::kUnion:
    case Op::kDiff:
    case Op::kInter:
    case Op::kSymDiff:
    case Op::kCross: return TestsSetof(set->args[0]) || TestsSetof(set->args[1]);
    case Op::kIf: return TestsSetof(set->args[1]) || TestsSetof(set->args[2]);
    default: return false;
  }
}

}  // namespace

void Parser::WantMemberTest(const Expr* set) {
  if (!strict_ || after_solve_ || !TestsSetof(set)) return;
  FailAt("M304", set->begin, set->end,
         "MathProg can neither walk a setof expression nor test members of it",
         "declare a set with this value, or use the default dialect");
}

void Parser::WantSet(const Expr* e, std::string_view what) {
  if (e->type == Type::kSet) return;
  FailAt("M109", e->begin, e->end, std::string(what) + " must be a set, and this is " + TypeName(e),
         IsChar(',') ? "the members of a set stand in braces: {1, 2, 3}" : "");
}

Expr* Parser::Binary(Op op, Expr* a, Expr* b, const Token& at) {
  const std::string operand = "an operand of " + TokenText(at);
  auto build = [&](Type type) {
    Expr* e = New(op, type, a->begin, b->end);
    Adopt(e, a);
    Adopt(e, b);
    return e;
  };
  auto extend = [&](Type type) {  // a chain of the same operator stays one node
    if (a->op == op) {
      Adopt(a, b);
      a->type = type;
      Seal(a, a->slot_base);
      return a;
    }
    Expr* e = build(type);
    Seal(e, e->slot_base);
    return e;
  };
  auto linear_or_number = [&](const Expr* e) {
    if (e->type != Type::kLinear) WantNumber(e, operand);
  };
  Expr* e = nullptr;
  switch (op) {
    case Op::kAdd: {
      linear_or_number(a);
      linear_or_number(b);
      const bool lin = a->type == Type::kLinear || b->type == Type::kLinear;
      return extend(lin ? Type::kLinear : Type::kNumber);
    }
    case Op::kMul: {
      linear_or_number(a);
      linear_or_number(b);
      if (a->type == Type::kLinear && b->type == Type::kLinear) {
        Expr* product = build(Type::kNumber);
        NotLinear(product, "a product of variables");
      }
      const bool lin = a->type == Type::kLinear || b->type == Type::kLinear;
      return extend(lin ? Type::kLinear : Type::kNumber);
    }
    case Op::kDiv:
      linear_or_number(a);
      if (b->type == Type::kLinear) NotLinear(b, "a variable in a divisor");
      WantNumber(b, operand);
      e = build(a->type == Type::kLinear ? Type::kLinear : Type::kNumber);
      break;
    case Op::kIntDiv:
    case Op::kMod:
    case Op::kPow:
    case Op::kLess:
      WantNumber(a, operand);
      WantNumber(b, operand);
      e = build(Type::kNumber);
      break;
    case Op::kConcat:
      WantScalar(a, operand);
      WantScalar(b, operand);
      return extend(Type::kSymbol);
    case Op::kLt:
    case Op::kLe:
    case Op::kEq:
    case Op::kGe:
    case Op::kGt:
    case Op::kNe:
      WantScalar(a, operand);
      WantScalar(b, operand);
      e = build(Type::kLogical);
      break;
    case Op::kIn:
    case Op::kNotIn: {
      WantSet(b, "the right of 'in'");
      WantMemberTest(b);
      if (a->type != Type::kTuple) WantScalar(a, "the left of 'in'");
      const int dim = a->type == Type::kTuple ? a->dim : 1;
      if (b->dim != 0 && dim != b->dim) {
        FailAt("M105", a->begin, b->end,
               "a member of dimension " + std::to_string(dim) +
                   " cannot be in a set of dimension " + std::to_string(b->dim));
      }
      e = build(Type::kLogical);
      break;
    }
    case Op::kWithin:
    case Op::kNotWithin:
    case Op::kUnion:
    case Op::kDiff:
    case Op::kInter:
    case Op::kSymDiff:
    case Op::kCross: {
      WantSet(a, operand);
      WantSet(b, operand);
      if (op == Op::kCross) {
        if (a->dim + b->dim > kMaxDim) {
          FailAt("M105", a->begin, b->end, "a set can have at most 20 dimensions");
        }
        e = build(Type::kSet);
        e->dim = static_cast<uint8_t>(a->dim + b->dim);
        break;
      }
      if (a->dim != b->dim && a->dim != 0 && b->dim != 0) {
        FailAt("M105", a->begin, b->end,
               "the sets beside " + TokenText(at) + " have dimensions " + std::to_string(a->dim) +
                   " and " + std::to_string(b->dim));
      }
      const bool logical = op == Op::kWithin || op == Op::kNotWithin;
      if (logical) WantMemberTest(b);
      e = build(logical ? Type::kLogical : Type::kSet);
      e->dim = std::max(a->dim, b->dim);
      break;
    }
    case Op::kAnd:
    case Op::kOr:
      WantLogical(a, operand);
      WantLogical(b, operand);
      return extend(Type::kLogical);
    default: break;
  }
  Seal(e, e->slot_base);
  return e;
}

}  // namespace solvent::mathprog
