#include <algorithm>
#include <cmath>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "lp_names.h"
#include "name_index.h"
#include "names.h"
#include "number.h"
#include "solvent/problem_io.h"
#include "text_file.h"

namespace solvent {
namespace {

enum class TokenKind {
  kEnd,
  kNumber,
  kName,
  kPlus,
  kMinus,
  kTimes,
  kColon,
  kLess,
  kEqual,
  kGreater,
  kOther
};

struct LpToken {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
  double number = 0;
  size_t line = 1;
  size_t column = 1;
  bool first_in_line = false;
};

class LpLexer {
 public:
  explicit LpLexer(std::string_view text) : text_(text) { Advance(); }

  const LpToken& token() const { return token_; }
  void Advance();
  // What follows the current token, without moving on.
  LpToken Peek() const {
    LpLexer copy = *this;
    copy.Advance();
    return copy.token_;
  }

 private:
  void SkipToToken();

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t line_start_ = 0;
  bool line_begins_ = true;
  LpToken token_;
};

void LpLexer::SkipToToken() {
  while (at_ < text_.size()) {
    char c = text_[at_];
    if (c == '\n') {
      ++at_;
      ++line_;
      line_start_ = at_;
      line_begins_ = true;
    } else if (c == '\\') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (IsSpace(c)) {
      ++at_;
    } else {
      return;
    }
  }
}

void LpLexer::Advance() {
  SkipToToken();
  token_ = LpToken();
  token_.line = line_;
  token_.column = at_ - line_start_ + 1;
  token_.first_in_line = std::exchange(line_begins_, false);
  if (at_ == text_.size()) return;
  char c = text_[at_];
  char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  size_t length = 1;
  auto two = [&](char a, char b) { return next == a || next == b ? size_t{2} : size_t{1}; };
  if (IsDigit(c) || (c == '.' && IsDigit(next))) {
    ScannedNumber number = ScanNumber(text_.substr(at_));
    token_.kind = TokenKind::kNumber;
    token_.number = number.value;
    length = number.length;
  } else if (c == '+') {
    token_.kind = TokenKind::kPlus;
  } else if (c == '-' && next == '>') {
    token_.kind = TokenKind::kOther;  // an indicator's arrow
    length = 2;
  } else if (c == '-') {
    token_.kind = TokenKind::kMinus;
  } else if (c == '*') {
    token_.kind = TokenKind::kTimes;
  } else if (c == ':') {
    token_.kind = TokenKind::kColon;
  } else if (c == '<') {
    token_.kind = TokenKind::kLess;
    length = two('=', '=');
  } else if (c == '>') {
    token_.kind = TokenKind::kGreater;
    length = two('=', '=');
  } else if (c == '=') {
    token_.kind = next == '<'   ? TokenKind::kLess
                  : next == '>' ? TokenKind::kGreater
                                : TokenKind::kEqual;
    length = two('<', '>');
  } else if (c != '[' && c != ']' && IsLpNameStart(c)) {
    token_.kind = TokenKind::kName;
    while (at_ + length < text_.size() && IsLpNamePart(text_[at_ + length])) ++length;
  } else {
    token_.kind = TokenKind::kOther;
  }
  token_.text = text_.substr(at_, length);
  at_ += length;
}

class LpReader {
 public:
  LpReader(std::string_view text, const ReadLimits& limits)
      : lexer_(text), limits_(limits), faults_("LP", std::max<size_t>(limits.max_errors, 1)) {}

  absl::StatusOr<Problem> Read();

 private:
  struct Sum {
    std::vector<std::pair<int32_t, double>> terms;
    double constant = 0;
  };

  const LpToken& token() const { return lexer_.token(); }
  // The section that begins at the current token, if one does. Two words count as one.
  LpWord SectionHere(bool* two_words = nullptr) const;
  void EnterSection(LpWord section);
  void ReadObjective();
  void ReadConstraint();
  void ReadBound();
  void ReadListed(ColumnType type);
  void ReadLabel(std::string& label);
  // Where the sum on the right of a relation ends, the next statement may follow without a sign
  // of it: a name behind a number, or a new line that begins with + or -.
  enum class Ending { kFree, kAtLine, kAtName };
  bool ReadSum(Sum& sum, bool declare, Ending ending);
  bool ReadTerm(Sum& sum, bool declare, Ending ending);
  bool ReadRelation(TokenKind& relation);
  bool ConvertInfinity(const LpToken& name, double sign, Sum& sum) const;
  void ApplyBound(size_t column, TokenKind relation, double bound, const LpToken& at);
  void FinishColumns(Problem& problem);
  void SkipStatement();
  int32_t Column(const LpToken& name, bool declare);
  bool IsRelation(TokenKind kind) const {
    return kind == TokenKind::kLess || kind == TokenKind::kEqual || kind == TokenKind::kGreater;
  }
  bool Fault(const LpToken& at, std::string message) {
    faults_.Add(at.line, at.column, std::move(message));
    return false;
  }
  bool Unexpected(std::string_view wanted) {
    std::string found =
        token().kind == TokenKind::kEnd ? "the end of the file" : Quote(token().text);
    return Fault(token(), "expected " + std::string(wanted) + ", not " + found);
  }

  LpLexer lexer_;
  const ReadLimits& limits_;
  FileFaults faults_;
  LpWord section_ = LpWord::kNone;
  bool stopped_ = false;

  ProblemBuilder builder_;
  NameIndex columns_;
  NameIndex rows_;  // those that the file names
  std::vector<std::string_view> names_;
  struct Bounds {
    double lower = 0;
    double upper = kInfinity;
    ColumnType type = ColumnType::kContinuous;
    size_t line = 0;  // of the last statement about them
  };
  std::vector<Bounds> bounds_;
  Sum left_, middle_, right_;
  std::string label_;
};

LpWord LpReader::SectionHere(bool* two_words) const {
  if (token().kind != TokenKind::kName) return LpWord::kNone;
  std::string_view word = token().text;
  bool subject = EqualsIgnoreCase(word, "subject");
  bool such = EqualsIgnoreCase(word, "such");
  bool lazy = EqualsIgnoreCase(word, "lazy");
  bool user = EqualsIgnoreCase(word, "user");
  bool general = EqualsIgnoreCase(word, "general");
  if (subject || such || lazy || user || general) {
    LpToken second = lexer_.Peek();
    if ((subject && EqualsIgnoreCase(second.text, "to")) ||
        (such && EqualsIgnoreCase(second.text, "that"))) {
      if (two_words != nullptr) *two_words = true;
      return LpWord::kSubjectTo;
    }
    if ((lazy && EqualsIgnoreCase(second.text, "constraints")) ||
        (user && EqualsIgnoreCase(second.text, "cuts")) ||
        (general && EqualsIgnoreCase(second.text, "constraints"))) {
      return LpWord::kUnsupported;
    }
  }
  LpWord section = FindLpWord(word);
  // "max:" or "end: x <= 1" is a label, except where the file begins.
  if (section != LpWord::kNone && section_ != LpWord::kNone &&
      lexer_.Peek().kind == TokenKind::kColon) {
    return LpWord::kNone;
  }
  // The senses are ordinary words once one was read.
  bool sense = section == LpWord::kMaximize || section == LpWord::kMinimize;
  return sense && section_ != LpWord::kNone ? LpWord::kNone : section;
}

absl::StatusOr<Problem> LpReader::Read() {
  LpWord sense = SectionHere();
  if (sense != LpWord::kMaximize && sense != LpWord::kMinimize) {
    Unexpected("Minimize or Maximize");
    return faults_.ToStatus();
  }
  while (token().kind != TokenKind::kEnd && !stopped_ && !faults_.full()) {
    bool two_words = false;
    LpWord section = SectionHere(&two_words);
    if (section != LpWord::kNone) {
      if (two_words) lexer_.Advance();
      EnterSection(section);
      continue;
    }
    switch (section_) {
      case LpWord::kSubjectTo: ReadConstraint(); break;
      case LpWord::kBounds: ReadBound(); break;
      case LpWord::kGeneral: ReadListed(ColumnType::kInteger); break;
      case LpWord::kBinary: ReadListed(ColumnType::kBinary); break;
      case LpWord::kEnd:
        Fault(token(), "text follows End: " + Quote(token().text));
        stopped_ = true;
        break;
      default:
        Unexpected("Subject To");
        stopped_ = true;
        break;
    }
  }
  if (section_ != LpWord::kEnd && faults_.empty()) Unexpected("End");
  if (!faults_.empty()) return faults_.ToStatus();
  auto problem = std::move(builder_).Build();
  if (!problem.ok()) return problem.status();
  FinishColumns(*problem);
  if (!faults_.empty()) return faults_.ToStatus();
  if (absl::Status status = problem->Check(); !status.ok()) return status;
  return problem;
}

void LpReader::FinishColumns(Problem& problem) {
  for (size_t j = 0; j < bounds_.size(); ++j) {
    const Bounds& bounds = bounds_[j];
    problem.column_lower[j] = bounds.lower;
    problem.column_upper[j] = bounds.upper;
    problem.column_type[j] = bounds.type;
    if (bounds.type == ColumnType::kBinary && (bounds.lower < 0 || bounds.upper > 1)) {
      problem.column_type[j] = ColumnType::kInteger;
    }
    if (bounds.lower > bounds.upper) {
      faults_.Add(bounds.line, 1,
                  "the lower bound of " + Quote(names_[j]) +
                      ", which is 0 unless given, is above "
                      "its upper bound");
    }
  }
}

void LpReader::EnterSection(LpWord section) {
  const LpToken heading = token();
  lexer_.Advance();
  if (section == LpWord::kUnsupported) {
    Fault(heading, "section " + Quote(heading.text) + " is not supported");
    stopped_ = true;
    return;
  }
  bool constraints_done = section_ != LpWord::kNone && section_ != LpWord::kMaximize;
  if (section == LpWord::kSubjectTo && constraints_done) {
    Fault(heading, "the constraints begin for the second time");
  }
  if (section_ == LpWord::kEnd) Fault(heading, "text follows End: " + Quote(heading.text));
  if (section == LpWord::kMaximize || section == LpWord::kMinimize) {
    builder_.SetSense(section == LpWord::kMaximize ? Sense::kMaximize : Sense::kMinimize);
    section_ = LpWord::kMaximize;
    ReadObjective();
    return;
  }
  section_ = section;
}

int32_t LpReader::Column(const LpToken& name, bool declare) {
  int32_t column = columns_.Find(name.text);
  if (column >= 0) return column;
  if (!declare) {
    Fault(name, "unknown variable " + Quote(name.text));
    return -1;
  }
  if (names_.size() >= limits_.max_columns) {
    Fault(name, "there are more than " + std::to_string(limits_.max_columns) + " variables");
    stopped_ = true;
    return -1;
  }
  column = builder_.AddColumn(name.text, 0, kInfinity, ColumnType::kContinuous);
  columns_.Add(name.text, column);
  names_.push_back(name.text);
  bounds_.emplace_back();
  return column;
}

void LpReader::ReadLabel(std::string& label) {
  label.clear();
  if (token().kind != TokenKind::kName || lexer_.Peek().kind != TokenKind::kColon) return;
  label = token().text;
  lexer_.Advance();
  lexer_.Advance();
}

// "inf" and "infinity" are numbers unless they are variables.
bool LpReader::ConvertInfinity(const LpToken& name, double sign, Sum& sum) const {
  if (!EqualsIgnoreCase(name.text, "inf") && !EqualsIgnoreCase(name.text, "infinity")) return false;
  if (columns_.Find(name.text) >= 0) return false;
  sum.constant += sign * kInfinity;
  return true;
}

bool LpReader::ReadTerm(Sum& sum, bool declare, Ending ending) {
  double coefficient = 1;
  while (token().kind == TokenKind::kPlus || token().kind == TokenKind::kMinus) {
    if (token().kind == TokenKind::kMinus) coefficient = -coefficient;
    lexer_.Advance();
  }
  bool has_number = token().kind == TokenKind::kNumber;
  bool times = false;
  if (has_number) {
    if (!std::isfinite(token().number)) {
      return Fault(token(), Quote(token().text) + " is too large");
    }
    coefficient *= token().number;
    lexer_.Advance();
    times = token().kind == TokenKind::kTimes;
    if (times) {
      lexer_.Advance();
      if (token().kind != TokenKind::kName) return Unexpected("a variable");
    }
  }
  bool next_statement =
      has_number && !times && token().kind == TokenKind::kName &&
      (ending == Ending::kAtName || (ending == Ending::kAtLine && token().first_in_line) ||
       lexer_.Peek().kind == TokenKind::kColon);
  if (token().kind == TokenKind::kName && !next_statement && SectionHere() == LpWord::kNone) {
    LpToken name = token();
    if (!has_number && ConvertInfinity(name, coefficient, sum)) {
      lexer_.Advance();
      return true;
    }
    int32_t column = Column(name, declare);
    if (column < 0) return false;
    lexer_.Advance();
    if (token().text == "^" || token().text == "*") {
      return Fault(token(), "quadratic terms are not supported");
    }
    sum.terms.emplace_back(column, coefficient);
    return true;
  }
  if (!has_number) {
    if (token().text == "[") return Fault(token(), "quadratic parts are not supported");
    return Unexpected("a number or a variable");
  }
  sum.constant += coefficient;
  return true;
}

// Terms joined by signs. Stops in front of anything else.
bool LpReader::ReadSum(Sum& sum, bool declare, Ending ending) {
  sum.terms.clear();
  sum.constant = 0;
  auto more = [&] {
    bool sign = token().kind == TokenKind::kPlus || token().kind == TokenKind::kMinus;
    return sign && (ending == Ending::kFree || !token().first_in_line);
  };
  do {
    if (!ReadTerm(sum, declare, ending)) return false;
  } while (more());
  if (!std::isnan(sum.constant)) return true;
  return Fault(token(), "the constants before this place have no sum");
}

bool LpReader::ReadRelation(TokenKind& relation) {
  if (!IsRelation(token().kind)) return Unexpected("<=, >= or =");
  relation = token().kind;
  lexer_.Advance();
  return true;
}

void LpReader::ReadObjective() {
  ReadLabel(label_);
  builder_.SetObjectiveName(label_);
  bool empty = token().kind == TokenKind::kEnd || SectionHere() != LpWord::kNone;
  if (empty) return;
  if (!ReadSum(left_, true, Ending::kFree)) {
    stopped_ = true;
    return;
  }
  if (!std::isfinite(left_.constant)) {
    Fault(token(), "the objective's constant is not finite");
    return;
  }
  for (const auto& [column, coefficient] : left_.terms) {
    builder_.AddObjectiveTerm(column, coefficient);
  }
  builder_.SetObjectiveOffset(left_.constant);
  if (token().kind == TokenKind::kEnd || SectionHere() != LpWord::kNone) return;
  Unexpected("an operator or Subject To");
  stopped_ = true;
}

// After a fault: on to what looks like the next statement, the next line that is no continuation.
void LpReader::SkipStatement() {
  while (token().kind != TokenKind::kEnd) {
    lexer_.Advance();
    if (token().first_in_line && token().kind == TokenKind::kName &&
        (SectionHere() != LpWord::kNone || lexer_.Peek().kind == TokenKind::kColon)) {
      return;
    }
  }
}

void LpReader::ReadConstraint() {
  LpToken begin = token();
  ReadLabel(label_);
  TokenKind first = TokenKind::kEnd;
  TokenKind second = TokenKind::kEnd;
  bool good = ReadSum(left_, true, Ending::kFree) && ReadRelation(first) &&
              ReadSum(middle_, true, left_.terms.empty() ? Ending::kFree : Ending::kAtLine);
  bool range = good && IsRelation(token().kind);
  if (range) {
    LpToken relation = token();
    good = ReadRelation(second) && ReadSum(right_, true, Ending::kAtName);
    if (good && (first != second || first == TokenKind::kEqual)) {
      good = Fault(relation, "both relations of a range must point the same way");
    } else if (good && (!left_.terms.empty() || !right_.terms.empty())) {
      good = Fault(relation, "the ends of a range must be numbers");
    } else if (good && !std::isfinite(middle_.constant)) {
      good = Fault(relation, "infinity cannot stand here");
    }
  }
  if (good && token().text == "->") {
    good = Fault(token(), "indicator constraints are not supported");
  }
  if (!good) {
    if (!stopped_) SkipStatement();
    return;
  }
  if (static_cast<size_t>(builder_.num_rows()) >= limits_.max_rows) {
    Fault(begin, "there are more than " + std::to_string(limits_.max_rows) + " rows");
    stopped_ = true;
    return;
  }
  if (!label_.empty() && !rows_.Add(begin.text, builder_.num_rows())) {
    Fault(begin, "row " + Quote(label_) + " is declared twice");
    return;
  }
  double lower = -kInfinity;
  double upper = kInfinity;
  if (range) {
    double low = (first == TokenKind::kLess ? left_ : right_).constant;
    double high = (first == TokenKind::kLess ? right_ : left_).constant;
    lower = FileBound(low - middle_.constant);
    upper = FileBound(high - middle_.constant);
  } else {
    // Everything moves to the side that has variables: the left, if both have.
    bool mirror = left_.terms.empty() && !middle_.terms.empty();
    if (mirror) {
      std::swap(left_, middle_);
      if (first != TokenKind::kEqual) {
        first = first == TokenKind::kLess ? TokenKind::kGreater : TokenKind::kLess;
      }
    }
    if (!std::isfinite(left_.constant)) {
      Fault(begin, "infinity cannot stand beside variables");
      return;
    }
    double bound = FileBound(middle_.constant - left_.constant);
    if (first != TokenKind::kLess) lower = bound;
    if (first != TokenKind::kGreater) upper = bound;
  }
  if (lower > upper || lower == kInfinity || upper == -kInfinity) {
    Fault(begin, "the bounds of " + (label_.empty() ? "this row" : "row " + Quote(label_)) +
                     " exclude each other");
    return;
  }
  builder_.BeginRow(label_, lower, upper);
  const Sum& positive = range ? middle_ : left_;
  for (const auto& [column, coefficient] : positive.terms) {
    builder_.AddTerm(column, coefficient);
  }
  if (!range) {
    for (const auto& [column, coefficient] : middle_.terms) builder_.AddTerm(column, -coefficient);
  }
  if (static_cast<size_t>(builder_.num_terms()) > limits_.max_terms) {
    Fault(begin, "there are more than " + std::to_string(limits_.max_terms) + " terms");
    stopped_ = true;
  }
}

void LpReader::ApplyBound(size_t column, TokenKind relation, double bound, const LpToken& at) {
  Bounds& bounds = bounds_[column];
  bound = FileBound(bound);
  bounds.line = at.line;
  if (relation != TokenKind::kLess) bounds.lower = bound;
  if (relation != TokenKind::kGreater) bounds.upper = bound;
}

// "2 <= x <= 5", "x >= 2", "x = 3", "x free" and the like.
void LpReader::ReadBound() {
  LpToken begin = token();
  auto mirror = [](TokenKind kind) {
    return kind == TokenKind::kLess      ? TokenKind::kGreater
           : kind == TokenKind::kGreater ? TokenKind::kLess
                                         : kind;
  };
  auto single = [&](const Sum& sum) {
    return sum.terms.size() == 1 && sum.terms[0].second == 1 && sum.constant == 0;
  };
  auto fail = [&] {
    lexer_.Advance();
    while (token().kind != TokenKind::kEnd && !token().first_in_line) lexer_.Advance();
  };
  if (!ReadSum(left_, false, Ending::kFree)) return fail();
  if (single(left_) && token().kind == TokenKind::kName && EqualsIgnoreCase(token().text, "free")) {
    Bounds& bounds = bounds_[static_cast<size_t>(left_.terms[0].first)];
    bounds.lower = -kInfinity;
    bounds.upper = kInfinity;
    bounds.line = begin.line;
    lexer_.Advance();
    return;
  }
  TokenKind first = TokenKind::kEnd;
  if (!ReadRelation(first) || !ReadSum(middle_, false, Ending::kAtName)) return fail();
  if (single(left_) && middle_.terms.empty()) {
    ApplyBound(static_cast<size_t>(left_.terms[0].first), first, middle_.constant, begin);
    return;
  }
  if (!left_.terms.empty() || !single(middle_)) {
    Fault(begin, "a bound needs one variable and a number");
    return fail();
  }
  size_t column = static_cast<size_t>(middle_.terms[0].first);
  ApplyBound(column, mirror(first), left_.constant, begin);
  if (!IsRelation(token().kind)) return;
  TokenKind second = TokenKind::kEnd;
  if (!ReadRelation(second) || !ReadSum(right_, false, Ending::kAtName)) return fail();
  if (!right_.terms.empty() || first != second || first == TokenKind::kEqual) {
    Fault(begin, "both relations of a bound must point the same way, to numbers");
    return fail();
  }
  ApplyBound(column, second, right_.constant, begin);
}

void LpReader::ReadListed(ColumnType type) {
  if (token().kind != TokenKind::kName) {
    Unexpected("a variable");
    lexer_.Advance();
    return;
  }
  int32_t column = Column(token(), false);
  if (column >= 0) {
    Bounds& bounds = bounds_[static_cast<size_t>(column)];
    bounds.type = type;
    bounds.line = token().line;
    if (type == ColumnType::kBinary) {
      bounds.lower = 0;
      bounds.upper = 1;
    }
  }
  lexer_.Advance();
}

// Writers of this format put the problem's name into a comment.
std::string_view NameInComment(std::string_view text) {
  constexpr std::string_view kPrefix = "\\Problem name: ";
  if (!text.starts_with(kPrefix)) return {};
  text = text.substr(kPrefix.size(), text.find('\n') - kPrefix.size());
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

absl::StatusOr<Problem> ReadLp(std::string_view text, const ReadLimits& limits) {
  try {
    auto problem = LpReader(text, limits).Read();
    if (problem.ok()) {
      problem->name = NameInComment(text);
      MakeNamesUtf8(*problem);
    }
    return problem;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("not enough memory to read the problem");
  }
}

}  // namespace solvent
