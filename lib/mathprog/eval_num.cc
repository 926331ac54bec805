// Numbers, symbols and conditions.
#include <cmath>
#include <ctime>

#include "functions.h"
#include "lexer.h"
#include "run.h"

namespace solvent::mathprog {

namespace {

constexpr double kWholeLimit = 9007199254740992.0;  // 2^53

double Modulo(double x, double y) {
  // The result has the divisor's sign.
  if (x == 0) return 0;
  // Whole numbers are the rule, and fmod is several times as dear as a division.
  if (std::fabs(x) < kWholeLimit && std::fabs(y) < kWholeLimit) {
    const auto a = static_cast<int64_t>(x), b = static_cast<int64_t>(y);
    if (static_cast<double>(a) == x && static_cast<double>(b) == y && b != 0) {
      const int64_t r = a % b;
      return static_cast<double>(r != 0 && (r < 0) != (b < 0) ? r + b : r);
    }
  }
  if (y == 0) return x;
  double r = std::fmod(std::fabs(x), std::fabs(y));
  if (r != 0) {
    if (x < 0) r = -r;
    if ((x > 0 && y < 0) || (x < 0 && y > 0)) r += y;
  }
  return r;
}

double RoundTo(double x, double digits, bool truncate) {
  if (digits > 15) return x;
  const double scale = std::pow(10, digits);
  const double scaled = x * scale;
  if (std::fabs(scaled) >= 4503599627370496.0 || !std::isfinite(scaled)) return x;
  return (truncate ? std::trunc(scaled) : std::floor(scaled + 0.5)) / scale;
}

}  // namespace

// The faults of EvalNum, outside of it: it recurses, and their texts would widen its frame.
void Run::ThrowNotFinite(double result, std::string_view op, double a, double b, const Expr& at) {
  std::string why = std::isnan(result) ? "is undefined" : "is too large";
  Throw("M212", NumberText(a) + " " + std::string(op) + " " + NumberText(b) + " " + why, &at);
}

void Run::ThrowZeroDivision(double a, std::string_view op, const Expr& at) {
  Throw("M212", "division by zero: " + NumberText(a) + " " + std::string(op) + " 0", &at);
}

void Run::ThrowPower(double a, double b, const Expr& at) {
  if (a == 0) Throw("M212", "0 cannot be raised to the power " + NumberText(b), &at);
  Throw("M212", NumberText(a) + " cannot be raised to the fractional power " + NumberText(b), &at);
}

double Run::NumberOf(Sym s, const Expr& at) {
  if (symbols_.is_number(s)) return symbols_.number(s);
  double value;
  if (!ParseNumber(symbols_.text(s), value)) {
    Throw("M213", "the text \"" + std::string(symbols_.text(s)) + "\" is used as a number", &at);
  }
  return value;
}

inline std::pair<double, double> Run::EvalPair(const Expr& e) {
  const Expr &x = *e.args[0], &y = *e.args[1];
  if (e.backward) {
    const double b = EvalNum(y);
    return {EvalNum(x), b};
  }
  const double a = EvalNum(x);
  return {a, EvalNum(y)};
}

// A sum or product whose operands draw random numbers: evaluated from the last one on, put together
// from the first one on.
double Run::EvalBackward(const Expr& e) {
  std::vector<double> operands(e.args.size());
  for (size_t i = operands.size(); i-- > 0;) operands[i] = EvalNum(*e.args[i]);
  double value = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    value = e.op == Op::kAdd ? Arithmetic(value + operands[i], "+", value, operands[i], e)
                             : Arithmetic(value * operands[i], "*", value, operands[i], e);
  }
  return value;
}

double Run::EvalNum(const Expr& e) {
  switch (e.op) {
    case Op::kNumber: return e.number;
    case Op::kDummy: {
      const Sym s = slots_[static_cast<size_t>(e.slot)];
      if (IsSmall(s)) return SmallValue(s);
      break;
    }
    case Op::kParam:
      if (e.type == Type::kNumber) return TakeParam(e);
      break;
    case Op::kVar: return TakeVarValue(e);
    case Op::kRow: return TakeRowValue(e);
    case Op::kNeg: return -EvalNum(*e.args[0]);
    case Op::kPlus: return EvalNum(*e.args[0]);
    case Op::kAdd: {
      if (e.backward) return EvalBackward(e);
      double sum = EvalNum(*e.args[0]);
      for (size_t i = 1; i < e.args.size(); ++i) {
        const double b = EvalNum(*e.args[i]);
        const double r = sum + b;
        if (!std::isfinite(r)) ThrowNotFinite(r, "+", sum, b, e);
        sum = r;
      }
      return sum;
    }
    case Op::kMul: {
      if (e.backward) return EvalBackward(e);
      double product = EvalNum(*e.args[0]);
      for (size_t i = 1; i < e.args.size(); ++i) {
        const double b = EvalNum(*e.args[i]);
        const double r = product * b;
        if (!std::isfinite(r)) ThrowNotFinite(r, "*", product, b, e);
        product = r;
      }
      return product;
    }
    case Op::kLess: {
      const auto [a, b] = EvalPair(e);
      return a > b ? a - b : 0;
    }
    case Op::kDiv: {
      const auto [a, b] = EvalPair(e);
      if (b == 0) ThrowZeroDivision(a, "/", e);
      return Arithmetic(a / b, "/", a, b, e);
    }
    case Op::kIntDiv: {
      const auto [a, b] = EvalPair(e);
      if (b == 0) ThrowZeroDivision(a, "div", e);
      return std::trunc(Arithmetic(a / b, "div", a, b, e));
    }
    case Op::kMod: {
      const auto [a, b] = EvalPair(e);
      return Modulo(a, b);
    }
    case Op::kPow: {
      const auto [a, b] = EvalPair(e);
      if ((a == 0 && b <= 0) || (a < 0 && b != std::floor(b))) ThrowPower(a, b, e);
      return Arithmetic(std::pow(a, b), "^", a, b, e);
    }
    case Op::kIf:
      if (e.type == Type::kSymbol) break;
      if (EvalLog(*e.args[0])) return EvalNum(*e.args[1]);
      return e.args[2] == nullptr ? 0 : EvalNum(*e.args[2]);
    case Op::kSum:
    case Op::kProd:
    case Op::kMinOver:
    case Op::kMaxOver: return EvalIterated(e);
    case Op::kCall:
      if (e.type == Type::kNumber) return EvalCall(e);
      break;
    default: break;
  }
  if (e.type == Type::kLogical) return EvalLog(e) ? 1 : 0;
  return NumberOf(EvalSym(e), e);
}

double Run::EvalIterated(const Expr& e) {
  const Expr& operand = *e.args[0];
  double value = e.op == Op::kProd ? 1 : 0;
  bool any = false;
  Loop(*e.domain, [&] {
    const double v = EvalNum(operand);
    switch (e.op) {
      case Op::kSum: value = Arithmetic(value + v, "+", value, v, e); break;
      case Op::kProd: value = Arithmetic(value * v, "*", value, v, e); break;
      case Op::kMinOver: value = any ? std::min(value, v) : v; break;
      default: value = any ? std::max(value, v) : v; break;
    }
    any = true;
    return true;
  });
  if (!any && (e.op == Op::kMinOver || e.op == Op::kMaxOver)) {
    Throw("M211", std::string(e.op == Op::kMinOver ? "min" : "max") + " over an empty set", &e,
          "test card(...) > 0 first");
  }
  return value;
}

double Run::EvalCall(const Expr& e) {
  const std::vector<Expr*>& args = e.args;
  auto number = [&](size_t i) { return EvalNum(*args[i]); };
  auto fault = [&](std::string_view name, double x) {
    Throw("M212", std::string(name) + "(" + NumberText(x) + ") is undefined", &e);
  };
  switch (e.func) {
    case Func::kAbs: return std::fabs(number(0));
    case Func::kAtan: {
      if (args.size() == 1) return std::atan(number(0));
      const auto [y, x] = EvalPair(e);
      return std::atan2(y, x);
    }
    case Func::kCard: return static_cast<double>(EvalSet(*args[0]).set->size());
    case Func::kCeil: return std::ceil(number(0));
    case Func::kCos: return std::cos(number(0));
    case Func::kExp: {
      const double x = number(0), r = std::exp(x);
      if (!std::isfinite(r)) fault("exp", x);
      return r;
    }
    case Func::kFloor: return std::floor(number(0));
    case Func::kGmtime: {
      if (options_.now_seconds >= 0) return static_cast<double>(options_.now_seconds);
      return static_cast<double>(std::time(nullptr));
    }
    case Func::kIrand224: return random_.Irand224();
    case Func::kLength: return static_cast<double>(EvalText(*args[0]).size());
    case Func::kLog:
    case Func::kLog10: {
      const double x = number(0);
      const bool ten = e.func == Func::kLog10;
      if (x <= 0) fault(ten ? "log10" : "log", x);
      return ten ? std::log10(x) : std::log(x);
    }
    case Func::kMax:
    case Func::kMin: {
      double best = number(0);
      for (size_t i = 1; i < args.size(); ++i) {
        const double v = number(i);
        best = e.func == Func::kMax ? std::max(best, v) : std::min(best, v);
      }
      return best;
    }
    case Func::kNormal: {
      const auto [mu, sigma] = EvalPair(e);
      return mu + sigma * random_.Normal01();
    }
    case Func::kNormal01: return random_.Normal01();
    case Func::kRound:
    case Func::kTrunc: {
      const auto [x, digits] = args.size() > 1 ? EvalPair(e) : std::pair(number(0), 0.0);
      const std::string name = e.func == Func::kRound ? "round" : "trunc";
      if (digits != std::floor(digits)) {
        Throw("M212", name + " to " + NumberText(digits) + " digits is undefined", &e);
      }
      return RoundTo(x, digits, e.func == Func::kTrunc);
    }
    case Func::kSin: return std::sin(number(0));
    case Func::kSqrt: {
      const double x = number(0);
      if (x < 0) fault("sqrt", x);
      return std::sqrt(x);
    }
    case Func::kStr2time: {
      double seconds = 0;
      std::string text = EvalText(*args[0]), format = EvalText(*args[1]);
      std::string problem =
          ParseTime(text, format, model_->dialect == MathProgDialect::kStrict, seconds);
      if (!problem.empty()) {
        Throw("M212", "str2time(\"" + text + "\", \"" + format + "\"): " + problem, &e);
      }
      return seconds;
    }
    case Func::kTan: {
      const double x = number(0);
      return Arithmetic(std::tan(x), "tan", x, 0, e);
    }
    case Func::kUniform: {
      const auto [a, b] = EvalPair(e);
      if (a >= b)
        Throw("M212", "Uniform(" + NumberText(a) + ", " + NumberText(b) + ") is empty", &e);
      return a + (b - a) * random_.Uniform01();
    }
    case Func::kUniform01: return random_.Uniform01();
    case Func::kOrd: {
      const Sym s = EvalSym(*args[0]);
      const SetRef ref = EvalSet(*args[1]);
      const int64_t p = ref.set->dim() == 1 ? ref.set->Find(&s) : -1;
      if (p < 0) Throw("M201", symbols_.ToText(s) + " is not a member of the set of ord", &e);
      return static_cast<double>(p + 1);
    }
    default: break;
  }
  Throw("M399", "an unknown function", &e);
}

Sym Run::EvalSym(const Expr& e) {
  switch (e.op) {
    case Op::kDummy: return slots_[static_cast<size_t>(e.slot)];
    case Op::kString: return e.sym;
    case Op::kParam:
      if (e.type == Type::kSymbol) return static_cast<Sym>(TakeParam(e));
      break;
    case Op::kConcat: {
      std::string text;
      std::vector<std::string> later;  // what is evaluated before what it follows
      if (e.backward) {
        for (size_t i = e.args.size(); i-- > 1;) later.push_back(EvalText(*e.args[i]));
      }
      for (size_t i = 0; i < e.args.size(); ++i) {
        text += e.backward && i > 0 ? later[e.args.size() - 1 - i] : EvalText(*e.args[i]);
        if (static_cast<int64_t>(text.size()) > limits_.max_symbol_bytes) {
          ThrowLimit("L406", "bytes in a symbol", limits_.max_symbol_bytes, &e);
        }
        if (model_->dialect == MathProgDialect::kStrict && text.size() > kStrictTokenBytes) {
          Throw("M212", "a text of more than 100 characters, which strict MathProg cannot hold",
                &e);
        }
      }
      return symbols_.Text(text);
    }
    case Op::kIf:
      if (e.type != Type::kSymbol) break;
      if (EvalLog(*e.args[0])) return EvalSym(*e.args[1]);
      return e.args[2] == nullptr ? MakeSmall(0) : EvalSym(*e.args[2]);
    case Op::kCall:
      if (e.type == Type::kSymbol) return EvalSymCall(e);
      break;
    default: break;
  }
  return symbols_.Number(EvalNum(e));
}

Sym Run::EvalSymCall(const Expr& e) {
  const std::vector<Expr*>& args = e.args;
  switch (e.func) {
    case Func::kSubstr: {
      const std::string text = EvalText(*args[0]);
      const double start = EvalNum(*args[1]);
      const auto size = static_cast<double>(text.size());
      if (start != std::floor(start) || start < 1 || start > size + 1) {
        Throw("M212",
              "substr starts at " + NumberText(start) + " of a text of length " +
                  std::to_string(text.size()),
              &e);
      }
      double length = size - start + 1;
      if (args.size() > 2) {
        length = EvalNum(*args[2]);
        if (length != std::floor(length) || length < 0 || start + length > size + 1) {
          Throw("M212",
                "substr takes " + NumberText(length) + " characters from " + NumberText(start) +
                    " of a text of length " + std::to_string(text.size()),
                &e);
        }
      }
      return symbols_.Text(std::string_view(text).substr(static_cast<size_t>(start) - 1,
                                                         static_cast<size_t>(length)));
    }
    case Func::kTime2str: {
      const double seconds = EvalNum(*args[0]);
      std::string text, format = EvalText(*args[1]);
      std::string problem = FormatTime(seconds, format, text);
      if (!problem.empty()) {
        Throw("M212", "time2str(" + NumberText(seconds) + ", \"" + format + "\"): " + problem, &e);
      }
      return symbols_.Text(text);
    }
    case Func::kFirst:
    case Func::kLast: {
      const SetRef ref = EvalSet(*args[0]);
      const bool first = e.func == Func::kFirst;
      const size_t n = ref.set->size();
      if (n == 0 || ref.set->dim() != 1) {
        Throw("M211",
              std::string(first ? "first" : "last") + " of " +
                  (n == 0 ? "an empty set" : "a set of tuples"),
              &e);
      }
      return ref.set->Element(first ? 0 : n - 1);
    }
    case Func::kNext:
    case Func::kPrev: {
      const bool next = e.func == Func::kNext;
      const Sym s = EvalSym(*args[0]);
      const SetRef ref = EvalSet(*args[1]);
      const double k = args.size() > 2 ? EvalNum(*args[2]) : 1;
      const int64_t p = ref.set->dim() == 1 ? ref.set->Find(&s) : -1;
      const double target = static_cast<double>(p) + (next ? k : -k);
      if (p < 0 || target != std::floor(target) || target < 0 ||
          target >= static_cast<double>(ref.set->size())) {
        Throw("M201",
              p < 0 ? symbols_.ToText(s) + " is not a member of the set of next or prev"
                    : symbols_.ToText(s) + " has no such neighbour in the set",
              &e, "restrict the index: i <> first(S), or i <> last(S)");
      }
      return ref.set->Element(static_cast<size_t>(target));
    }
    case Func::kMember: {
      const double k = EvalNum(*args[0]);
      const SetRef ref = EvalSet(*args[1]);
      if (ref.set->dim() != 1 || k != std::floor(k) || k < 1 ||
          k > static_cast<double>(ref.set->size())) {
        Throw("M201", "the set has no member number " + NumberText(k), &e);
      }
      return ref.set->Element(static_cast<size_t>(k) - 1);
    }
    default: break;
  }
  Throw("M399", "an unknown function", &e);
}

std::string Run::EvalText(const Expr& e) {
  if (e.type == Type::kNumber) return NumberText(EvalNum(e));
  return symbols_.ToText(EvalSym(e));
}

int Run::EvalTuple(const Expr& e, Sym* out) {
  if (e.op != Op::kTuple) {
    out[0] = EvalSym(e);
    return 1;
  }
  for (size_t i = 0; i < e.args.size(); ++i) out[i] = EvalSym(*e.args[i]);
  return static_cast<int>(e.args.size());
}

bool Run::EvalRelation(const Expr& e) {
  const Expr &x = *e.args[0], &y = *e.args[1];
  if (x.type == Type::kNumber && y.type == Type::kNumber) {
    const double a = EvalNum(x), b = EvalNum(y);
    switch (e.op) {
      case Op::kLt: return a < b;
      case Op::kLe: return a <= b;
      case Op::kEq: return a == b;
      case Op::kGe: return a >= b;
      case Op::kGt: return a > b;
      default: return a != b;
    }
  }
  const Sym a = EvalSym(x), b = EvalSym(y);
  if (e.op == Op::kEq) return a == b;
  if (e.op == Op::kNe) return a != b;
  int c;
  if (IsSmall(a) && IsSmall(b)) {
    const int32_t va = SmallValue(a), vb = SmallValue(b);
    c = va < vb ? -1 : va > vb ? 1 : 0;
  } else {
    c = symbols_.Compare(a, b);
  }
  switch (e.op) {
    case Op::kLt: return c < 0;
    case Op::kLe: return c <= 0;
    case Op::kGe: return c >= 0;
    default: return c > 0;
  }
}

bool Run::EvalLog(const Expr& e) {
  switch (e.op) {
    case Op::kLt:
    case Op::kLe:
    case Op::kEq:
    case Op::kGe:
    case Op::kGt:
    case Op::kNe: return EvalRelation(e);
    case Op::kNot: return !EvalLog(*e.args[0]);
    case Op::kAnd:
      for (const Expr* arg : e.args) {
        if (!EvalLog(*arg)) return false;
      }
      return true;
    case Op::kOr:
      for (const Expr* arg : e.args) {
        if (EvalLog(*arg)) return true;
      }
      return false;
    case Op::kIn:
    case Op::kNotIn: {
      Sym tuple[kMaxDim];
      EvalTuple(*e.args[0], tuple);
      return Contains(*e.args[1], tuple) == (e.op == Op::kIn);
    }
    case Op::kWithin:
    case Op::kNotWithin: {
      const SetRef a = EvalSet(*e.args[0]);
      bool inside = true;
      for (size_t i = 0; i < a.set->size() && inside; ++i) {
        Step();
        Sym s = 0;
        if (a.set->dim() == 1) s = a.set->Element(i);
        inside = Contains(*e.args[1], a.set->dim() == 1 ? &s : a.set->Tuple(i));
      }
      return inside == (e.op == Op::kWithin);
    }
    case Op::kExists: {
      const Expr& operand = *e.args[0];
      return !Loop(*e.domain, [&] { return !EvalLog(operand); });
    }
    case Op::kForall: {
      const Expr& operand = *e.args[0];
      return Loop(*e.domain, [&] { return EvalLog(operand); });
    }
    default: return EvalNum(e) != 0;
  }
}

}  // namespace solvent::mathprog
