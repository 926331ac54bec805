// Expressions, by precedence climbing.
#include <algorithm>

#include "parser.h"

namespace solvent::mathprog {

namespace {

struct FuncInfo {
  std::string_view name;
  Func func;
  int min_args;
  int max_args;
  Type result;
  bool ampl;  // default dialect only
};

constexpr FuncInfo kFunctions[] = {
    {"abs", Func::kAbs, 1, 1, Type::kNumber, false},
    {"atan", Func::kAtan, 1, 2, Type::kNumber, false},
    {"card", Func::kCard, 1, 1, Type::kNumber, false},
    {"ceil", Func::kCeil, 1, 1, Type::kNumber, false},
    {"cos", Func::kCos, 1, 1, Type::kNumber, false},
    {"exp", Func::kExp, 1, 1, Type::kNumber, false},
    {"floor", Func::kFloor, 1, 1, Type::kNumber, false},
    {"gmtime", Func::kGmtime, 0, 0, Type::kNumber, false},
    {"Irand224", Func::kIrand224, 0, 0, Type::kNumber, false},
    {"length", Func::kLength, 1, 1, Type::kNumber, false},
    {"log", Func::kLog, 1, 1, Type::kNumber, false},
    {"log10", Func::kLog10, 1, 1, Type::kNumber, false},
    {"max", Func::kMax, 1, 1000000, Type::kNumber, false},
    {"min", Func::kMin, 1, 1000000, Type::kNumber, false},
    {"Normal", Func::kNormal, 2, 2, Type::kNumber, false},
    {"Normal01", Func::kNormal01, 0, 0, Type::kNumber, false},
    {"round", Func::kRound, 1, 2, Type::kNumber, false},
    {"sin", Func::kSin, 1, 1, Type::kNumber, false},
    {"sqrt", Func::kSqrt, 1, 1, Type::kNumber, false},
    {"str2time", Func::kStr2time, 2, 2, Type::kNumber, false},
    {"substr", Func::kSubstr, 2, 3, Type::kSymbol, false},
    {"tan", Func::kTan, 1, 1, Type::kNumber, false},
    {"time2str", Func::kTime2str, 2, 2, Type::kSymbol, false},
    {"trunc", Func::kTrunc, 1, 2, Type::kNumber, false},
    {"Uniform", Func::kUniform, 2, 2, Type::kNumber, false},
    {"Uniform01", Func::kUniform01, 0, 0, Type::kNumber, false},
    {"first", Func::kFirst, 1, 1, Type::kSymbol, true},
    {"last", Func::kLast, 1, 1, Type::kSymbol, true},
    {"next", Func::kNext, 1, 3, Type::kSymbol, true},
    {"prev", Func::kPrev, 1, 3, Type::kSymbol, true},
    {"ord", Func::kOrd, 1, 2, Type::kNumber, true},
    {"member", Func::kMember, 2, 2, Type::kSymbol, true},
};

const FuncInfo* FindFunction(std::string_view name) {
  for (const FuncInfo& f : kFunctions) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

bool IsIterated(std::string_view name) {
  return name == "sum" || name == "prod" || name == "min" || name == "max" || name == "exists" ||
         name == "forall" || name == "setof";
}

}  // namespace

bool Parser::PeekBinary(Op& op, int& level, size_t& tokens) const {
  const Token& t = Peek();
  tokens = 1;
  auto is = [&](Op o, int l) {
    op = o;
    level = l;
    return true;
  };
  switch (t.kind) {
    case Tok::kChar:
      switch (t.ch) {
        case '*': return is(Op::kMul, kTerm);
        case '/': return is(Op::kDiv, kTerm);
        case '+': return is(Op::kAdd, kSum);
        case '-': return is(Op::kNeg, kSum);
        case '&': return is(Op::kConcat, kConcat);
        default: return false;
      }
    case Tok::kDotDot: return is(Op::kRange, kRange);
    case Tok::kAndAnd: return is(Op::kAnd, kAnd);
    case Tok::kOrOr: return is(Op::kOr, kOr);
    case Tok::kRel:
      if (t.text == "<") return is(Op::kLt, kRelation);
      if (t.text == "<=") return is(Op::kLe, kRelation);
      if (t.text == "=") return is(Op::kEq, kRelation);
      if (t.text == ">=") return is(Op::kGe, kRelation);
      if (t.text == ">") return is(Op::kGt, kRelation);
      return is(Op::kNe, kRelation);
    case Tok::kBang:
      tokens = 2;
      if (IsWord("in", 1)) return is(Op::kNotIn, kRelation);
      if (IsWord("within", 1)) return is(Op::kNotWithin, kRelation);
      return false;
    case Tok::kReserved:
      if (t.text == "div") return is(Op::kIntDiv, kTerm);
      if (t.text == "mod") return is(Op::kMod, kTerm);
      if (t.text == "less") return is(Op::kLess, kSum);
      if (t.text == "cross") return is(Op::kCross, kCross);
      if (t.text == "inter") return is(Op::kInter, kInter);
      if (t.text == "union") return is(Op::kUnion, kUnion);
      if (t.text == "diff") return is(Op::kDiff, kUnion);
      if (t.text == "symdiff") return is(Op::kSymDiff, kUnion);
      if (t.text == "in") return is(Op::kIn, kRelation);
      if (t.text == "within") return is(Op::kWithin, kRelation);
      if (t.text == "and") return is(Op::kAnd, kAnd);
      if (t.text == "or") return is(Op::kOr, kOr);
      if (t.text == "not") {
        tokens = 2;
        if (IsWord("in", 1)) return is(Op::kNotIn, kRelation);
        if (IsWord("within", 1)) return is(Op::kNotWithin, kRelation);
      }
      return false;
    default: return false;
  }
}

Expr* Parser::ParseLevel(int level) {
  if (++depth_ > model_.limits.max_expression_depth) {
    Fail("L405", Peek(),
         "the expression is nested more than " +
             std::to_string(model_.limits.max_expression_depth) + " deep",
         "name its parts as parameters");
  }
  Expr* lhs;
  int reached = kTerm;
  const Token& t = Peek();
  if (level >= kNot && (t.kind == Tok::kBang || IsWord("not"))) {
    Take();
    Expr* operand = ParseLevel(kNot);
    WantLogical(operand, "the operand of not");
    lhs = New(Op::kNot, Type::kLogical, t.begin, t.end);
    Adopt(lhs, operand);
    Seal(lhs, lhs->slot_base);
    reached = kNot;
  } else {
    lhs = ParseUnary();
  }
  for (;;) {
    Op op;
    int op_level;
    size_t tokens;
    if (!PeekBinary(op, op_level, tokens) || op_level > level) break;
    const Token at = Peek();
    if (op_level <= kRelation && reached >= kRelation) {
      if (op_level == kRelation && reached == kRelation) {
        Unexpected("a condition", {"and", "or"},
                   "relations cannot be chained: write a <= b and b <= c");
      }
      Unexpected("a condition", {});
    }
    for (size_t i = 0; i < tokens; ++i) Take();
    reached = std::max(reached, op_level);
    if (op == Op::kRange) {
      WantNumber(lhs, "the start of a range");
      Expr* end = ParseLevel(kConcat);
      WantNumber(end, "the end of a range");
      Expr* e = New(Op::kRange, Type::kSet, lhs->begin, end->end);
      Adopt(e, lhs);
      Adopt(e, end);
      if (TakeWord("by")) {
        Expr* by = ParseLevel(kConcat);
        WantNumber(by, "the step of a range");
        Adopt(e, by);
      }
      e->dim = 1;
      Seal(e, e->slot_base);
      lhs = e;
      continue;
    }
    Expr* rhs = ParseLevel(op_level - 1);
    if (op == Op::kNeg) {
      if (rhs->type != Type::kLinear) WantNumber(rhs, "the operand of '-'");
      Expr* minus = New(Op::kNeg, rhs->type == Type::kLinear ? Type::kLinear : Type::kNumber,
                        at.begin, at.end);
      Adopt(minus, rhs);
      Seal(minus, minus->slot_base);
      lhs = Binary(Op::kAdd, lhs, minus, at);
    } else {
      lhs = Binary(op, lhs, rhs, at);
    }
  }
  --depth_;
  return lhs;
}

Expr* Parser::ParseUnary() {
  const Token& t = Peek();
  if (!IsChar('-') && !IsChar('+')) return ParsePower();
  Take();
  Expr* operand = ParsePower();
  if (operand->type != Type::kLinear) WantNumber(operand, "the operand of " + TokenText(t));
  Expr* e = New(t.ch == '-' ? Op::kNeg : Op::kPlus,
                operand->type == Type::kLinear ? Type::kLinear : Type::kNumber, t.begin, t.end);
  Adopt(e, operand);
  Seal(e, e->slot_base);
  return e;
}

Expr* Parser::ParsePower() {
  if (++depth_ > model_.limits.max_expression_depth) {
    Fail("L405", Peek(), "the expression is nested too deeply");
  }
  Expr* base = ParsePrimary();
  if (Peek().kind == Tok::kPower) {
    const Token at = Take();
    Expr* exponent = ParseUnary();  // right to left, and 2^-1 is allowed
    if (base->type == Type::kLinear) {
      NotLinear(base, "a power of the variable " + VariablesIn(base));
    }
    base = Binary(Op::kPow, base, exponent, at);
  }
  --depth_;
  return base;
}

Expr* Parser::ParseLogical(std::string_view what) {
  Expr* e = ParseLevel(kOr);
  WantLogical(e, "the condition of " + std::string(what));
  return e;
}

Expr* Parser::ParsePrimary() {
  const Token& t = Peek();
  switch (t.kind) {
    case Tok::kNumber: {
      Expr* e = New(Op::kNumber, Type::kNumber, t.begin, t.end);
      e->number = t.number;
      Take();
      return e;
    }
    case Tok::kString: {
      Expr* e = New(Op::kString, Type::kSymbol, t.begin, t.end);
      std::string value = StringValue(model_.source, t);
      if (static_cast<int64_t>(value.size()) > model_.limits.max_symbol_bytes) {
        Fail("L406", t,
             "this text is longer than " + std::to_string(model_.limits.max_symbol_bytes) +
                 " bytes");
      }
      e->sym = model_.symbols.Text(value);
      Take();
      return e;
    }
    case Tok::kName: return ParseName();
    case Tok::kReserved:
      if (t.text == "if") return ParseIf();
      break;
    case Tok::kChar:
      if (t.ch == '(') return ParseParens();
      if (t.ch == '{') return ParseBraces();
      break;
    default: break;
  }
  std::string hint;
  if (t.kind == Tok::kReserved) {
    hint = "'" + std::string(t.text) + "' is reserved and cannot be a name";
  } else if (t.kind == Tok::kArrow) {
    hint = "write a space between < and -";
  } else if (t.kind == Tok::kRel && t.text != "=" && pos_ > 0 &&
             lex_.tokens[pos_ - 1].kind == Tok::kRel && lex_.tokens[pos_ - 1].text == "=") {
    hint = "write " + std::string(t.text.substr(0, 1)) + "=";
  }
  Unexpected("an expression", {"a number", "a name", "'('"}, hint);
}

Expr* Parser::ParseName() {
  const Token t = Peek();
  for (auto it = scope_.rbegin(); it != scope_.rend(); ++it) {
    if (it->name != t.text) continue;
    Take();
    Expr* e = New(Op::kDummy, Type::kSymbol, t.begin, t.end);
    e->slot = it->slot;
    e->min_slot = it->slot;
    e->closed = false;
    if (IsChar('[')) {
      Fail("M104", Peek(), std::string(t.text) + " is a dummy index and takes no subscript", "",
           std::string(t.text));
    }
    return e;
  }
  if (IsChar('{', 1) && IsIterated(t.text)) {
    Take();
    return ParseIterated(t.text);
  }
  if (IsChar('(', 1)) {
    const FuncInfo* f = FindFunction(t.text);
    if (f != nullptr) {
      if (f->ampl && strict_) {
        Fail("M304", t, "the function " + std::string(t.text) + " is not part of MathProg",
             "it is an AMPL extension: use the default dialect", std::string(t.text));
      }
      Take();
      return ParseCall(t.text);
    }
  }
  Decl* decl = model_.Find(t.text);
  if (decl != nullptr) {
    if (decl->broken) {
      if (decl == current_) FailOwnUse(t.begin, t.end);
      throw Abandon{};
    }
    Take();
    if (IsChar('(') && decl->kind != Kind::kTable) {
      std::string name(t.text);
      Unexpected("", {"'['"}, "subscripts are written in brackets: " + name + "[...]");
    }
    return ParseReference(decl);
  }
  std::string name(t.text);
  if (IsIterated(name) && (IsChar('(', 1) || IsChar('[', 1))) {
    Take();
    Unexpected(name, {"'{'"}, "the index stands in braces: " + name + "{i in I} ...");
  }
  if (name == "Infinity") {
    Take();
    Expr* e = New(Op::kNumber, Type::kNumber, t.begin, t.end);
    e->number = kInfinity;
    return e;
  }
  if (IsChar('(', 1)) {
    std::vector<std::string> functions;
    for (const FuncInfo& f : kFunctions) functions.emplace_back(f.name);
    std::string close = DidYouMean(name, functions);
    Decl* similar = close.empty() ? model_.Find(DidYouMean(name, KnownNames())) : nullptr;
    Fail("M102", t, "there is no function " + name,
         !close.empty()       ? "did you mean " + close + "?"
         : similar != nullptr ? "did you mean " + similar->name + "[...]?"
                              : "subscripts are written in brackets: " + name + "[...]",
         name);
  }
  Fail("M102", t, name + " is not declared", UnknownHint(t), name);
}

void Parser::FailOwnUse(uint32_t begin, uint32_t end) {
  FailAt("M102", begin, end, current_->name + " cannot be used in its own declaration", "",
         current_->name);
}

Expr* Parser::ParseReference(Decl* decl) {
  const Token name = lex_.tokens[pos_ - 1];
  const int base = model_.num_slots;
  static constexpr Op kOps[] = {Op::kSetRef, Op::kParam, Op::kVar, Op::kRow, Op::kSetRef};
  Expr* e = New(kOps[static_cast<int>(decl->kind)], Type::kNumber, name.begin, name.end);
  e->id = decl->index;
  const bool draws = decl->draws || (decl == current_ && drew_);
  drew_ = drew_ || draws;
  if (decl->kind == Kind::kTable) {
    Fail("M109", name, decl->name + " is a table and has no value", "", decl->name);
  }
  if (IsChar('[')) {
    if (decl->arity() == 0) {
      Fail("M104", Peek(), decl->name + " takes no subscript", "", decl->name);
    }
    Take();
    do {
      Expr* arg = ParseLevel(kConcat);
      WantScalar(arg, "a subscript of " + decl->name);
      Adopt(e, arg);
    } while (TakeChar(','));
    if (!IsChar(']')) Unexpected("the subscripts of " + decl->name, {"','", "']'"});
    e->end = Take().end;
  }
  if (static_cast<int>(e->args.size()) != decl->arity()) {
    const int n = decl->arity();
    FailAt("M104", e->begin, e->end,
           decl->name + " takes " + std::to_string(n) + (n == 1 ? " subscript" : " subscripts") +
               ", not " + std::to_string(e->args.size()),
           n == 0            ? ""
           : e->args.empty() ? "write " + decl->name + "[...]"
                             : decl->name + " is declared over " + DomainText(*decl),
           decl->name);
  }
  Suffix suffix = Suffix::kNone;
  if (IsChar('.') && (decl->kind == Kind::kVar || decl->kind == Kind::kRow)) {
    Take();
    const Token& s = Peek();
    static constexpr std::pair<std::string_view, Suffix> kSuffixes[] = {
        {"val", Suffix::kVal},
        {"dual", Suffix::kDual},
        {"lb", Suffix::kLb},
        {"ub", Suffix::kUb},
        {"status", Suffix::kStatus}};
    for (auto [text, value] : kSuffixes) {
      if (s.kind == Tok::kName && s.text == text) suffix = value;
    }
    if (suffix == Suffix::kNone) {
      Unexpected("", {"val", "dual", "lb", "ub", "status"},
                 s.text == "rc"                          ? "a reduced cost is the variable's .dual"
                 : s.text == "slack" || s.text == "body" ? "a constraint's value is its .val"
                                                         : "");
    }
    e->end = Take().end;
  }
  e->suffix = suffix;
  e->draws = e->draws || draws;
  switch (decl->kind) {
    case Kind::kSet: {
      const auto* set = static_cast<const SetDecl*>(decl);
      e->type = Type::kSet;
      e->dim = static_cast<uint8_t>(set->dimen == 0 ? 1 : set->dimen);
      break;
    }
    case Kind::kParam:
      e->type = static_cast<const ParamDecl*>(decl)->symbolic ? Type::kSymbol : Type::kNumber;
      break;
    case Kind::kVar: {
      const bool bound = suffix == Suffix::kLb || suffix == Suffix::kUb;  // known from the start
      // Bounds of other members are known while those of one are read.
      if (decl == current_ && !bound) FailOwnUse(e->begin, e->end);
      if (!after_solve_ && suffix != Suffix::kNone && !bound && (!in_display_ || strict_)) {
        FailAt("M110", e->begin, e->end,
               "the value of " + decl->name + " is known only after the solve statement",
               "put solve; above this statement", decl->name);
      }
      e->type = after_solve_ || in_display_ || bound ? Type::kNumber : Type::kLinear;
      break;
    }
    default:
      if (!after_solve_ && !in_display_) {
        FailAt("M110", e->begin, e->end,
               "the value of " + decl->name + " is known only after the solve statement",
               "put solve; above this statement", decl->name);
      }
      e->type = Type::kNumber;
      break;
  }
  Seal(e, base);
  return e;
}

Expr* Parser::ParseCall(std::string_view word) {
  const Token name = lex_.tokens[pos_ - 1];
  const int base = model_.num_slots;
  const FuncInfo& f = *FindFunction(word);
  Expr* e = New(Op::kCall, f.result, name.begin, name.end);
  e->func = f.func;
  Take();  // (
  if (!IsChar(')')) {
    do {
      const size_t i = e->args.size();
      const bool set = (f.func == Func::kCard && i == 0) ||
                       ((f.func == Func::kFirst || f.func == Func::kLast) && i == 0) ||
                       ((f.func == Func::kNext || f.func == Func::kPrev || f.func == Func::kOrd ||
                         f.func == Func::kMember) &&
                        i == 1);
      const bool text =
          ((f.func == Func::kLength || f.func == Func::kSubstr) && i == 0) ||
          f.func == Func::kStr2time || (f.func == Func::kTime2str && i == 1) ||
          ((f.func == Func::kNext || f.func == Func::kPrev || f.func == Func::kOrd) && i == 0);
      Expr* arg = ParseLevel(set ? kUnion : kConcat);
      const std::string what = "argument " + std::to_string(i + 1) + " of " + std::string(word);
      if (set) {
        WantSet(arg, what);
      } else if (text) {
        WantScalar(arg, what);
      } else {
        WantNumber(arg, what);
      }
      Adopt(e, arg);
    } while (TakeChar(','));
  }
  if (!IsChar(')')) Unexpected("the arguments of " + std::string(word), {"','", "')'"});
  e->end = Take().end;
  const int n = static_cast<int>(e->args.size());
  if (n < f.min_args || n > f.max_args) {
    FailAt("M104", e->begin, e->end,
           std::string(word) + " takes " + std::to_string(f.min_args) +
               (f.max_args > f.min_args
                    ? f.max_args > 10 ? " or more" : " to " + std::to_string(f.max_args)
                    : "") +
               (f.max_args == 1 ? " argument, not " : " arguments, not ") + std::to_string(n),
           "", std::string(word));
  }
  // next(i) alone means: in the set that i runs over.
  if (n == 1 && (f.func == Func::kNext || f.func == Func::kPrev || f.func == Func::kOrd)) {
    FailAt("M104", e->begin, e->end, std::string(word) + " needs the set as its second argument",
           "write " + std::string(word) + "(i, S)", std::string(word));
  }
  switch (f.func) {
    case Func::kIrand224:
    case Func::kUniform:
    case Func::kUniform01:
    case Func::kNormal:
    case Func::kNormal01: drew_ = e->draws = true; [[fallthrough]];
    case Func::kGmtime: e->volatile_ = true; break;
    default: break;
  }
  Seal(e, base);
  return e;
}

Expr* Parser::ParseIterated(std::string_view word) {
  const Token name = lex_.tokens[pos_ - 1];
  const int base = model_.num_slots;
  const size_t scope = scope_.size();
  Domain* domain = ParseIndexing();
  Op op = Op::kSum;
  Type type = Type::kNumber;
  Expr* operand = nullptr;
  std::string what = "the operand of " + std::string(word);
  uint8_t dim = 0;
  if (word == "setof") {
    op = Op::kSetof;
    type = Type::kSet;
    operand = ParseLevel(kConcat);
    if (operand->type != Type::kTuple) WantScalar(operand, what);
    dim = operand->type == Type::kTuple ? operand->dim : uint8_t{1};
  } else if (word == "exists" || word == "forall") {
    op = word == "exists" ? Op::kExists : Op::kForall;
    type = Type::kLogical;
    operand = ParseLevel(kAnd);
    WantLogical(operand, what);
  } else {
    op = word == "sum"    ? Op::kSum
         : word == "prod" ? Op::kProd
         : word == "min"  ? Op::kMinOver
                          : Op::kMaxOver;
    operand = ParseLevel(kTerm);
    if (op == Op::kSum && operand->type == Type::kLinear) {
      type = Type::kLinear;
    } else {
      WantNumber(operand, what);
    }
  }
  scope_.resize(scope);
  Expr* e = New(op, type, name.begin, name.end);
  e->domain = domain;
  e->dim = dim;
  Adopt(e, operand);
  Seal(e, base);
  return e;
}

Expr* Parser::ParseIf() {
  const Token at = Take();
  const int base = model_.num_slots;
  Expr* condition = ParseLogical("if");
  if (!TakeWord("then")) Unexpected("an if expression", {"then"});
  Expr* a = ParseLevel(kUnion);
  Expr* b = nullptr;
  if (TakeWord("else")) b = ParseLevel(kUnion);
  Expr* e = New(Op::kIf, Type::kNumber, at.begin, at.end);
  Adopt(e, condition);
  Adopt(e, a);
  Adopt(e, b);
  auto bad = [&](const Expr* x) { return x->type == Type::kLogical || x->type == Type::kTuple; };
  for (const Expr* x : {a, b}) {
    if (x != nullptr && bad(x)) {
      FailAt("M109", x->begin, x->end, "a branch of if cannot be " + TypeName(x),
             x->type == Type::kLogical ? "use and, or, not instead of if" : "");
    }
  }
  if (b == nullptr) {
    if (a->type == Type::kSet) {
      FailAt("M101", e->begin, e->end, "an if that chooses " + TypeName(a) + " needs an else");
    }
    e->type = a->type;
  } else if (a->type == Type::kSet || b->type == Type::kSet) {
    WantSet(a, "the branch after then");
    WantSet(b, "the branch after else");
    if (a->dim != b->dim && a->dim != 0 && b->dim != 0) {
      FailAt("M105", e->begin, e->end,
             "the sets after then and else have dimensions " + std::to_string(a->dim) + " and " +
                 std::to_string(b->dim));
    }
    e->type = Type::kSet;
    e->dim = std::max(a->dim, b->dim);
  } else if (a->type == Type::kLinear || b->type == Type::kLinear) {
    e->type = Type::kLinear;
  } else if (a->type == Type::kSymbol || b->type == Type::kSymbol) {
    e->type = Type::kSymbol;
  }
  Seal(e, base);
  return e;
}

Expr* Parser::ParseParens() {
  const Token open = Take();
  const int base = model_.num_slots;
  Expr* first = ParseLevel(kOr);
  if (IsChar(')')) {
    Take();
    return first;
  }
  if (!IsChar(',')) Unexpected("parentheses", {"')'", "','"});
  Expr* e = New(Op::kTuple, Type::kTuple, open.begin, open.end);
  WantScalar(first, "a component of a tuple");
  Adopt(e, first);
  while (TakeChar(',')) {
    Expr* part = ParseLevel(kConcat);
    WantScalar(part, "a component of a tuple");
    Adopt(e, part);
  }
  if (!IsChar(')')) Unexpected("a tuple", {"','", "')'"});
  e->end = Take().end;
  if (e->args.size() > kMaxDim) {
    FailAt("M105", e->begin, e->end, "a tuple can have at most 20 components");
  }
  e->dim = static_cast<uint8_t>(e->args.size());
  Seal(e, base);
  return e;
}

}  // namespace solvent::mathprog
