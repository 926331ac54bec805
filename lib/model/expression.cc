#include "expression.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "number.h"

namespace solvent {
namespace {

constexpr std::string_view kMinusSign = "\xE2\x88\x92";    // U+2212
constexpr std::string_view kLessOrEqual = "\xE2\x89\xA4";  // U+2264
constexpr std::string_view kMoreOrEqual = "\xE2\x89\xA5";  // U+2265
// Names longer than this are not quoted in full.
constexpr size_t kMaxQuoted = 60;
constexpr double kStrictMargin = 1e-6;

bool IsWhole(double d) { return std::floor(d) == d; }

}  // namespace

bool ExpressionCompiler::CompileSum(std::string_view text) { return Compile(text, 0); }

bool ExpressionCompiler::CompileConstraint(std::string_view text) {
  return Compile(text, 2) && MakeRows(false);
}

bool ExpressionCompiler::CompileRange(std::string_view text) {
  return Compile(text, 2) && MakeRows(true);
}

bool ExpressionCompiler::Compile(std::string_view text, size_t max_relations) {
  text_ = text;
  at_ = 0;
  max_relations_ = max_relations;
  want_operand_ = true;
  after_number_ = after_close_ = just_opened_ = false;
  depth_ = 0;
  terms_.clear();
  values_.clear();
  pending_.clear();
  undeclared_.clear();
  num_sides_ = num_relations_ = num_rows_ = 0;
  fault_ = ExpressionFault();
  SkipSpace();
  if (at_ == text_.size()) return Fail(0, "the expression is empty");
  while (true) {
    if (pending_.empty() && values_.size() <= 1 && !ReadPlainTerms()) return false;
    SkipSpace();
    if (want_operand_) {
      if (!ReadOperand()) return false;
    } else {
      if (at_ == text_.size()) break;
      if (!ReadOperator()) return false;
    }
  }
  if (!Reduce(0)) return false;
  if (!pending_.empty()) {
    return Fail(pending_.back().position, "this parenthesis is never closed");
  }
  if (!CloseSide()) return false;
  if (max_relations_ > 0 && num_relations_ == 0) {
    return Fail(text_.size(), "a constraint needs a relation: <=, >= or =");
  }
  if (!undeclared_.empty()) {
    std::sort(undeclared_.begin(), undeclared_.end());
    undeclared_.erase(std::unique(undeclared_.begin(), undeclared_.end()), undeclared_.end());
    fault_.kind = ExpressionError::kUndeclared;
    fault_.names = std::move(undeclared_);
    undeclared_.clear();
    return false;
  }
  for (size_t i = 0; i < num_sides_; ++i) {
    if (sides_[i].quadratic == kNowhere) continue;
    Fail(sides_[i].quadratic, "this product is quadratic, and no engine here solves it");
    fault_.kind = ExpressionError::kQuadratic;
    return false;
  }
  return true;
}

void ExpressionCompiler::SkipSpace() {
  while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
}

bool ExpressionCompiler::Fail(size_t position, std::string message) {
  fault_.kind = ExpressionError::kSyntax;
  fault_.position = position;
  fault_.message = std::move(message);
  return false;
}

// The piece of text at `position` that a message should show, in quotes.
std::string ExpressionCompiler::Token(size_t position) const {
  size_t end = position + 1;
  if (IsNamePart(text_[position])) {
    while (end < text_.size() && IsNamePart(text_[end])) ++end;
  } else {
    while (end < text_.size() && (text_[end] & '\xC0') == '\x80') ++end;
  }
  std::string token = "\"";
  token += text_.substr(position, std::min(end - position, kMaxQuoted));
  if (end - position > kMaxQuoted) token += "...";
  return token + "\"";
}

bool ExpressionCompiler::Unexpected() { return Fail(at_, "unexpected " + Token(at_)); }

bool ExpressionCompiler::MissingOperator() {
  return Fail(at_, "an operator is missing before " + Token(at_));
}

// The short way for what most text is made of: terms such as "- 2.5*x" and numbers, outside of
// parentheses. Stops in front of the first one that is anything else.
bool ExpressionCompiler::ReadPlainTerms() {
  const size_t size = text_.size();
  auto skip_space = [&](size_t p) {
    while (p < size && IsSpace(text_[p])) ++p;
    return p;
  };
  auto ends_term = [&](size_t p) {
    if (p == size) return true;
    char c = text_[p];
    return c == '+' || c == '-' || c == '<' || c == '>' || c == '=';
  };
  if (!values_.empty() && values_[0].quadratic != kNowhere) return true;
  while (true) {
    size_t p = skip_space(at_);
    if (p == size) return true;
    double coefficient = 1;
    if (text_[p] == '+' || text_[p] == '-') {
      if (text_[p] == '-') coefficient = -1;
      p = skip_space(p + 1);
    } else if (!want_operand_) {
      return true;
    }
    if (p == size) return true;
    bool has_number = IsDigit(text_[p]) || text_[p] == '.';
    size_t next = p;
    if (has_number) {
      ScannedNumber number = ScanNumber(text_.substr(p));
      if (number.length == 0 || number.exponent != 0 || number.overflow) return true;
      coefficient *= number.value;
      p += number.length;
      next = skip_space(p);
      if (next < size && text_[next] == '*') p = next = skip_space(next + 1);
    }
    int32_t column = -1;
    if (p < size && IsNameStart(text_[p])) {
      size_t end = NameEnd(p);
      next = skip_space(end);
      if (!ends_term(next)) return true;
      column = names_.Find(text_.substr(p, end - p));
      if (column < 0) return true;
    } else if (!has_number || !ends_term(next) || text_[next - 1] == '*') {
      return true;
    }
    if (values_.empty()) {
      values_.emplace_back().begin = terms_.size();
    } else if (!ApplyScale(0, at_)) {
      return false;
    }
    if (column >= 0) {
      terms_.push_back({column, coefficient});
    } else {
      values_[0].constant += coefficient;
      if (!CheckFinite(values_[0].constant, at_)) return false;
    }
    at_ = next;
    want_operand_ = false;
    after_number_ = after_close_ = just_opened_ = false;
  }
}

bool ExpressionCompiler::ReadOperand() {
  if (at_ == text_.size()) {
    return Fail(at_, "the expression ends where a number, a name or \"(\" should follow");
  }
  char c = text_[at_];
  if (IsNameStart(c)) return ReadName();
  if (IsDigit(c) || c == '.') return ReadNumber();
  bool opened = just_opened_;
  just_opened_ = false;
  if (c == '(') {
    if (!Push(Op::kOpen)) return false;
    ++at_;
    return true;
  }
  if (c == '+') {
    ++at_;
    return true;
  }
  bool long_minus = text_.substr(at_).starts_with(kMinusSign);
  if (c == '-' || long_minus) {
    // Two signs in a row cancel: no operand stands between them.
    if (!pending_.empty() && pending_.back().op == Op::kNegate) {
      pending_.pop_back();
    } else if (!Push(Op::kNegate)) {
      return false;
    }
    at_ += long_minus ? kMinusSign.size() : 1;
    return true;
  }
  if (c == ')' && opened && pending_.back().function != Function::kNone) return ReadClose();
  if (c == ')' && !pending_.empty()) {
    return Fail(at_, "a number, a name or \"(\" is missing before \")\"");
  }
  return Unexpected();
}

bool ExpressionCompiler::ReadNumber() {
  ScannedNumber number = ScanNumber(text_.substr(at_));
  if (number.length == 0) return Unexpected();
  if (number.exponent != 0 && IsDigit(text_[at_ + number.exponent + 1])) {
    size_t begin = at_ + number.exponent;
    std::string_view name = text_.substr(begin, NameEnd(begin) - begin);
    if (names_.Find(name) >= 0) {
      std::string factor(text_.substr(at_, number.exponent));
      return Fail(at_, "ambiguous: \"" + factor + std::string(name) +
                           "\" reads as a number and as " + factor + "*" + std::string(name) +
                           "; write the * or a signed exponent");
    }
  }
  if (number.overflow) return Fail(at_, "this number is too large");
  at_ += number.length;
  PushConstant(number.value);
  after_number_ = true;
  after_close_ = false;
  return true;
}

// The end of the ']' that closes the '[' at `open`, or kNowhere.
size_t ExpressionCompiler::BracketEnd(size_t open) const {
  constexpr size_t kLongestUndeclared = 256;
  size_t stop = std::min(text_.size(), open + std::max(names_.longest(), kLongestUndeclared));
  size_t depth = 0;
  for (size_t i = open; i < stop; ++i) {
    if (text_[i] == '[') ++depth;
    if (text_[i] == ']' && --depth == 0) return i + 1;
  }
  return kNowhere;
}

// A name goes on in brackets if that makes it a declared one.
size_t ExpressionCompiler::NameEnd(size_t begin) const {
  size_t end = begin + 1;
  while (end < text_.size() && IsNamePart(text_[end])) ++end;
  if (end < text_.size() && text_[end] == '[') {
    size_t bracket_end = BracketEnd(end);
    if (bracket_end != kNowhere) return bracket_end;
  }
  return end;
}

bool ExpressionCompiler::ReadName() {
  size_t end = NameEnd(at_);
  std::string_view name = text_.substr(at_, end - at_);
  int32_t column = names_.Find(name);
  size_t next = end;
  while (next < text_.size() && IsSpace(text_[next])) ++next;
  if (next < text_.size() && text_[next] == '(') {
    Function function = FindFunction(name);
    if (function == Function::kNone) {
      if (column < 0) return Fail(at_, "unknown function " + Token(at_));
      at_ = next;
      return MissingOperator();
    }
    if (!Push(Op::kOpen, function)) return false;
    at_ = next + 1;
    return true;
  }
  if (column < 0) {
    if (undeclared_.empty() || undeclared_.back() != name) undeclared_.push_back(name);
  }
  Value value;
  value.begin = terms_.size();
  values_.push_back(value);
  terms_.push_back({column, 1.0});
  at_ = end;
  want_operand_ = false;
  after_number_ = after_close_ = just_opened_ = false;
  return true;
}

void ExpressionCompiler::PushConstant(double d) {
  Value value;
  value.constant = d;
  value.begin = terms_.size();
  values_.push_back(value);
  want_operand_ = false;
  just_opened_ = false;
}

bool ExpressionCompiler::ReadOperator() {
  char c = text_[at_];
  char following = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  bool spaced = at_ > 0 && IsSpace(text_[at_ - 1]);
  switch (c) {
    case '+': return Binary(Op::kAdd, 1);
    case '-': return Binary(Op::kSubtract, 1);
    case '*': return following == '*' ? Binary(Op::kPower, 2) : Binary(Op::kMultiply, 1);
    case '/': return Binary(Op::kDivide, 1);
    case '^': return Binary(Op::kPower, 1);
    case ',': return ReadComma();
    case ')': return ReadClose();
    case '(':
      if (spaced || !(after_number_ || after_close_)) return MissingOperator();
      return Binary(Op::kMultiply, 0);
    case '<':
      if (following == '>') return Fail(at_, "\"<>\" is not a relation between sums");
      return following == '=' ? ReadRelation(Relation::kLessEqual, 2)
                              : ReadRelation(Relation::kLess, 1);
    case '>':
      return following == '=' ? ReadRelation(Relation::kGreaterEqual, 2)
                              : ReadRelation(Relation::kGreater, 1);
    case '=':
      if (following == '<' || following == '>') {
        return Fail(at_, std::string("\"=") + following + "\" is not a relation; write \"" +
                             following + "=\"");
      }
      return ReadRelation(Relation::kEqual, following == '=' ? 2 : 1);
    case '!':
      if (following == '=') return Fail(at_, "\"!=\" is not a relation between sums");
      return Unexpected();
    default: break;
  }
  if (IsNameStart(c)) {
    if (spaced || !after_number_) return MissingOperator();
    return Binary(Op::kMultiply, 0);
  }
  if (IsDigit(c) || c == '.') return MissingOperator();
  std::string_view rest = text_.substr(at_);
  if (rest.starts_with(kMinusSign)) return Binary(Op::kSubtract, kMinusSign.size());
  if (rest.starts_with(kLessOrEqual)) {
    return ReadRelation(Relation::kLessEqual, kLessOrEqual.size());
  }
  if (rest.starts_with(kMoreOrEqual)) {
    return ReadRelation(Relation::kGreaterEqual, kMoreOrEqual.size());
  }
  return Unexpected();
}

bool ExpressionCompiler::ReadRelation(Relation relation, size_t length) {
  if (max_relations_ == 0) {
    return Fail(at_, "unexpected " + Token(at_) + ": no relation may stand here");
  }
  if (num_relations_ == max_relations_) return Fail(at_, "there are too many relations");
  if (depth_ > 0) return Fail(at_, "a relation cannot stand inside parentheses");
  relations_[num_relations_] = relation;
  relation_positions_[num_relations_++] = at_;
  at_ += length;
  want_operand_ = true;
  return Reduce(0) && CloseSide();
}

bool ExpressionCompiler::ReadComma() {
  if (!Reduce(0)) return false;
  if (pending_.empty() || pending_.back().function == Function::kNone) return Unexpected();
  if (!FinishArgument(pending_.back())) return false;
  ++at_;
  want_operand_ = true;
  return true;
}

bool ExpressionCompiler::ReadClose() {
  if (!Reduce(0)) return false;
  if (pending_.empty()) return Fail(at_, "this parenthesis was never opened");
  Pending open = pending_.back();
  pending_.pop_back();
  --depth_;
  if (open.function != Function::kNone) {
    bool empty = want_operand_;
    if (!empty && !FinishArgument(open)) return false;
    if (!Call(open)) return false;
  }
  ++at_;
  want_operand_ = false;
  after_number_ = just_opened_ = false;
  after_close_ = true;
  return true;
}

int ExpressionCompiler::Precedence(Op op) {
  switch (op) {
    case Op::kAdd:
    case Op::kSubtract: return 1;
    case Op::kMultiply:
    case Op::kDivide: return 2;
    case Op::kNegate: return 3;
    case Op::kPower: return 4;
    case Op::kOpen: break;
  }
  return 0;
}

bool ExpressionCompiler::Binary(Op op, size_t length) {
  if (!Reduce(Precedence(op), op == Op::kPower) || !Push(op)) return false;
  at_ += length;
  want_operand_ = true;
  return true;
}

bool ExpressionCompiler::Push(Op op, Function function) {
  if (op == Op::kOpen && ++depth_ > max_depth_) {
    return Fail(at_,
                "parentheses are nested deeper than " + std::to_string(max_depth_) + " levels");
  }
  // Between two parentheses only powers pile up without end.
  if (pending_.size() > 4 * max_depth_ + 16) {
    return Fail(at_, "operators are nested too deeply");
  }
  Pending pending;
  pending.op = op;
  pending.function = function;
  pending.position = at_;
  pending_.push_back(pending);
  just_opened_ = op == Op::kOpen;
  return true;
}

// Applies the pending operators that bind at least as tightly.
bool ExpressionCompiler::Reduce(int precedence, bool right_associative) {
  while (!pending_.empty() && pending_.back().op != Op::kOpen) {
    int top = Precedence(pending_.back().op);
    if (top < precedence || (top == precedence && right_associative)) break;
    Pending pending = pending_.back();
    pending_.pop_back();
    if (!Apply(pending)) return false;
  }
  return true;
}

bool ExpressionCompiler::Apply(const Pending& pending) {
  switch (pending.op) {
    case Op::kAdd: return Add(pending.position, false);
    case Op::kSubtract: return Add(pending.position, true);
    case Op::kMultiply: return Multiply(pending.position);
    case Op::kDivide: return Divide(pending.position);
    case Op::kPower: return Power(pending.position);
    case Op::kNegate:
      values_.back().constant = -values_.back().constant;
      values_.back().scale = -values_.back().scale;
      return true;
    case Op::kOpen: break;
  }
  return true;
}

size_t ExpressionCompiler::TermsEnd(size_t value) const {
  return value + 1 < values_.size() ? values_[value + 1].begin : terms_.size();
}

bool ExpressionCompiler::CheckFinite(double d, size_t position) {
  if (std::isfinite(d)) return true;
  return Fail(position, "the result of this operation is not a finite number");
}

bool ExpressionCompiler::ApplyScale(size_t value, size_t position) {
  double scale = values_[value].scale;
  if (scale == 1) return true;
  size_t end = TermsEnd(value);
  bool finite = true;
  for (size_t k = values_[value].begin; k < end; ++k) {
    terms_[k].coefficient *= scale;
    finite &= std::isfinite(terms_[k].coefficient);
  }
  values_[value].scale = 1;
  return finite || CheckFinite(kInfinity, position);
}

bool ExpressionCompiler::Add(size_t position, bool subtract) {
  size_t right = values_.size() - 1;
  size_t left = right - 1;
  Value& a = values_[left];
  Value& b = values_[right];
  if (subtract) {
    b.constant = -b.constant;
    b.scale = -b.scale;
  }
  a.constant += b.constant;
  if (!CheckFinite(a.constant, position)) return false;
  if (a.quadratic != kNowhere || b.quadratic != kNowhere) {
    if (a.quadratic == kNowhere) a.quadratic = b.quadratic;
    terms_.resize(a.begin);
  } else if (NumTerms(left) == 0) {
    a.scale = b.scale;
  } else if (NumTerms(right) != 0) {
    if (!ApplyScale(left, position) || !ApplyScale(right, position)) return false;
  }
  values_.pop_back();
  return true;
}

bool ExpressionCompiler::Multiply(size_t position) {
  size_t right = values_.size() - 1;
  size_t left = right - 1;
  auto varies = [&](size_t i) { return values_[i].quadratic != kNowhere || NumTerms(i) > 0; };
  bool left_varies = varies(left);
  bool right_varies = varies(right);
  if (left_varies && right_varies) {
    // (x - x + 2)*y is linear after all. The shorter factor first: if it is constant, the longer
    // one need not be looked at, and so every look ends with terms being dropped.
    bool left_first = NumTerms(left) <= NumTerms(right);
    bool& first = left_first ? left_varies : right_varies;
    bool& second = left_first ? right_varies : left_varies;
    first = !IsConstant(left_first ? left : right);
    if (first) second = !IsConstant(left_first ? right : left);
  }
  Value& a = values_[left];
  Value& b = values_[right];
  if (left_varies && right_varies) {
    if (a.quadratic != kNowhere || b.quadratic != kNowhere) {
      return Fail(position, "this product is of degree three or more");
    }
    a.quadratic = position;
    a.constant = 0;
    terms_.resize(a.begin);
    values_.pop_back();
    return true;
  }
  double factor = left_varies ? b.constant : a.constant;
  Value result = left_varies ? a : b;
  result.begin = a.begin;
  result.constant *= factor;
  result.scale *= factor;
  if (factor == 0) {
    result = Value();
    result.begin = a.begin;
    terms_.resize(a.begin);
  }
  values_.pop_back();
  values_.back() = result;
  return CheckFinite(result.constant, position) && CheckFinite(result.scale, position);
}

bool ExpressionCompiler::Divide(size_t position) {
  size_t right = values_.size() - 1;
  if (!IsConstant(right)) return Fail(position, "only a constant can divide");
  double divisor = values_[right].constant;
  if (divisor == 0) return Fail(position, "division by zero");
  values_.pop_back();
  Value& a = values_.back();
  a.constant /= divisor;
  a.scale /= divisor;
  if (!CheckFinite(a.constant, position)) return false;
  return NumTerms(values_.size() - 1) == 0 || CheckFinite(a.scale, position);
}

bool ExpressionCompiler::Power(size_t position) {
  size_t right = values_.size() - 1;
  if (!IsConstant(right)) return Fail(position, "an exponent must be constant");
  double exponent = values_[right].constant;
  values_.pop_back();
  size_t base = right - 1;
  Value& a = values_[base];
  if (exponent == 1) return true;
  if (exponent != 0 && !IsConstant(base)) {
    if (exponent == 2 && a.quadratic == kNowhere) {
      a.quadratic = position;
      a.constant = 0;
      terms_.resize(a.begin);
      return true;
    }
    return Fail(position, "the exponent of a variable must be 0, 1 or 2");
  }
  Value result;
  result.begin = a.begin;
  result.constant = exponent == 0 ? 1 : std::pow(a.constant, exponent);
  terms_.resize(a.begin);
  a = result;
  return CheckFinite(result.constant, position);
}

ExpressionCompiler::Function ExpressionCompiler::FindFunction(std::string_view name) {
  if (name == "sum") return Function::kSum;
  if (name == "min") return Function::kMin;
  if (name == "max") return Function::kMax;
  if (name == "abs") return Function::kAbs;
  if (name == "pow") return Function::kPow;
  if (name == "sqrt") return Function::kSqrt;
  if (name == "exp") return Function::kExp;
  if (name == "log") return Function::kLog;
  return Function::kNone;
}

// Takes the argument on top of the values into the function's running result.
bool ExpressionCompiler::FinishArgument(Pending& open) {
  ++open.arguments;
  size_t top = values_.size() - 1;
  if (open.function == Function::kSum) {
    return open.arguments == 1 || Add(open.position, false);
  }
  if (!IsConstant(top)) {
    return Fail(open.position, Token(open.position) + " takes constants only");
  }
  if (open.function == Function::kMin || open.function == Function::kMax) {
    if (open.arguments == 1) return true;
    double a = values_[top - 1].constant;
    double b = values_[top].constant;
    values_.pop_back();
    values_.back().constant = open.function == Function::kMin ? std::min(a, b) : std::max(a, b);
    return true;
  }
  uint32_t most = open.function == Function::kPow ? 2 : 1;
  if (open.arguments > most) {
    return Fail(open.position, Token(open.position) + " has too many arguments");
  }
  return true;
}

bool ExpressionCompiler::Call(const Pending& open) {
  if (open.arguments == 0) {
    if (open.function != Function::kSum) {
      return Fail(open.position, Token(open.position) + " needs an argument");
    }
    PushConstant(0);
    return true;
  }
  double result = values_.back().constant;
  switch (open.function) {
    case Function::kNone:
    case Function::kSum:
    case Function::kMin:
    case Function::kMax: return true;
    case Function::kAbs: result = std::fabs(result); break;
    case Function::kSqrt: result = std::sqrt(result); break;
    case Function::kExp: result = std::exp(result); break;
    case Function::kLog: result = std::log(result); break;
    case Function::kPow:
      if (open.arguments != 2) {
        return Fail(open.position, Token(open.position) + " needs two arguments");
      }
      values_.pop_back();
      result = std::pow(values_.back().constant, result);
      break;
  }
  values_.back().constant = result;
  return CheckFinite(result, open.position);
}

void ExpressionCompiler::Merge(std::span<const Term> plus, std::span<const Term> minus) {
  stamp_.resize(types_.size(), 0);
  merged_.clear();
  auto add = [&](const Term& term, double sign) {
    size_t& place = stamp_[static_cast<size_t>(term.column)];
    if (place == 0) {
      merged_.push_back({term.column, 0});
      place = merged_.size();
    }
    merged_[place - 1].coefficient += sign * term.coefficient;
  };
  for (const Term& term : plus) add(term, 1);
  for (const Term& term : minus) add(term, -1);
  for (const Term& term : merged_) stamp_[static_cast<size_t>(term.column)] = 0;
}

bool ExpressionCompiler::IsConstant(size_t value) {
  Value& v = values_[value];
  if (v.quadratic != kNowhere) return false;
  size_t count = NumTerms(value);
  if (count == 0) return true;
  if (count == 1) return terms_[v.begin].coefficient == 0;
  std::span<const Term> own = std::span<const Term>(terms_).subspan(v.begin, count);
  // A name that stands for no column cannot be looked into.
  for (const Term& term : own) {
    if (term.column < 0) return false;
  }
  Merge(own, {});
  for (const Term& term : merged_) {
    if (term.coefficient != 0) return false;
  }
  auto begin = terms_.begin() + static_cast<std::ptrdiff_t>(v.begin);
  terms_.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
  v.scale = 1;
  for (size_t i = value + 1; i < values_.size(); ++i) values_[i].begin -= count;
  return true;
}

bool ExpressionCompiler::CloseSide() {
  if (!ApplyScale(0, at_ > 0 ? at_ - 1 : 0)) return false;
  sides_[num_sides_] = values_[0];
  side_ends_[num_sides_++] = terms_.size();
  values_.clear();
  return true;
}

// "5 >= x" is the row x <= 5, not -x >= -5.
ExpressionCompiler::Relation ExpressionCompiler::Mirror(Relation relation) {
  switch (relation) {
    case Relation::kLess: return Relation::kGreater;
    case Relation::kLessEqual: return Relation::kGreaterEqual;
    case Relation::kEqual: break;
    case Relation::kGreaterEqual: return Relation::kLessEqual;
    case Relation::kGreater: return Relation::kLess;
  }
  return Relation::kEqual;
}

bool ExpressionCompiler::MakeRows(bool merge_range) {
  auto constant = [&](size_t i) { return sides_[i].begin == side_ends_[i]; };
  if (num_relations_ == 1) {
    bool mirror = constant(0) && !constant(1);
    return mirror ? MakeRow(1, 0, Mirror(relations_[0])) : MakeRow(0, 1, relations_[0]);
  }
  auto falls = [](Relation r) { return r == Relation::kLess || r == Relation::kLessEqual; };
  auto rises = [](Relation r) { return r == Relation::kGreater || r == Relation::kGreaterEqual; };
  bool agree = (falls(relations_[0]) && falls(relations_[1])) ||
               (rises(relations_[0]) && rises(relations_[1]));
  if (!agree) {
    return Fail(relation_positions_[1],
                "both relations of a range must point the same way: <= and <=, or >= and >=");
  }
  // The middle is what both rows are about, unless it is a mere number.
  for (size_t i : {size_t{0}, size_t{2}}) {
    Relation onward = i == 0 ? Mirror(relations_[0]) : relations_[1];
    bool from_middle = !constant(1) || constant(i);
    if (!(from_middle ? MakeRow(1, i, onward) : MakeRow(i, 1, Mirror(onward)))) return false;
  }
  if (merge_range && constant(0) && constant(2)) {
    rows_[0].lower = std::max(rows_[0].lower, rows_[1].lower);
    rows_[0].upper = std::min(rows_[0].upper, rows_[1].upper);
    num_rows_ = 1;
  }
  return true;
}

bool ExpressionCompiler::MakeRow(size_t left, size_t right, Relation relation) {
  std::span<const Term> all(terms_);
  auto terms = [&](size_t i) {
    return all.subspan(sides_[i].begin, side_ends_[i] - sides_[i].begin);
  };
  size_t position = relation_positions_[num_rows_];
  Row& row = rows_[num_rows_++];
  row.plus = terms(left);
  row.minus = terms(right);
  double bound = sides_[right].constant - sides_[left].constant;
  if (!CheckFinite(bound, position)) return false;
  row.lower = -kInfinity;
  row.upper = kInfinity;
  switch (relation) {
    case Relation::kLessEqual: row.upper = bound; break;
    case Relation::kGreaterEqual: row.lower = bound; break;
    case Relation::kEqual: row.lower = row.upper = bound; break;
    // Where only whole numbers can come out, a margin as small as a solver's tolerance would be
    // no margin.
    case Relation::kLess:
      row.upper = bound - (IsWhole(bound) && AllInteger(row) ? 1 : kStrictMargin);
      break;
    case Relation::kGreater:
      row.lower = bound + (IsWhole(bound) && AllInteger(row) ? 1 : kStrictMargin);
      break;
  }
  return true;
}

bool ExpressionCompiler::AllInteger(const Row& row) {
  Merge(row.plus, row.minus);
  return std::all_of(merged_.begin(), merged_.end(), [&](const Term& term) {
    return term.coefficient == 0 ||
           (IsWhole(term.coefficient) &&
            types_[static_cast<size_t>(term.column)] != ColumnType::kContinuous);
  });
}

}  // namespace solvent
