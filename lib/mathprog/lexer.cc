#include "lexer.h"

#include <charconv>
#include <cmath>

namespace solvent::mathprog {

namespace {

constexpr std::string_view kReservedWords[] = {"and", "by",      "cross", "diff",  "div",   "else",
                                               "if",  "in",      "inter", "less",  "mod",   "not",
                                               "or",  "symdiff", "then",  "union", "within"};

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  Lexer(const SourceText& source, bool strict, std::vector<MathProgDiagnostic>& faults)
      : source_(source), text_(source.text()), strict_(strict), faults_(faults) {}

  LexResult Run() {
    std::vector<Token>& t = result_.tokens;
    bool starts = true;  // the next token is the first of a statement
    size_t first = 0;
    while (SkipBlanks()) {
      if (!Next()) continue;
      if (starts) first = t.size() - 1;
      const bool at_first = starts;
      starts = IsChar(t.back(), ';') || (IsChar(t.back(), '}') && EndsBody(first));
      if (at_first && t.back().kind == Tok::kName && t.back().text == "end" && TakeEnd()) break;
      if (first + 2 == t.size() && IsChar(t.back(), ';') && t[first].kind == Tok::kName &&
          t[first].text == "data") {
        t.resize(first);
        result_.data_begin = pos_;
        break;
      }
    }
    Token end;
    end.begin = end.end = static_cast<uint32_t>(result_.data_begin > 0 ? result_.data_begin
                                                : result_.saw_end      ? result_.end_offset
                                                                       : pos_);
    t.push_back(end);
    return std::move(result_);
  }

 private:
  static constexpr size_t kMostFaults = 100;

  static bool IsChar(const Token& t, char c) { return t.kind == Tok::kChar && t.ch == c; }

  char At(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  void Report(size_t begin, size_t end, std::string message, std::string hint = {}) {
    // Placing one takes as long as its line is.
    if (faults_.size() >= kMostFaults) return;
    MathProgDiagnostic d = MakeDiagnostic("M108", std::move(message), std::move(hint));
    source_.Place(begin, end, d);
    faults_.push_back(std::move(d));
  }

  // Does the '}' just read close the body of a for statement, whose first token is given?
  bool EndsBody(size_t first) const {
    const std::vector<Token>& t = result_.tokens;
    const size_t last = t.size() - 1;
    if (last == first) return true;  // it follows a ';' or another body
    return IsChar(t[last - 1], '{') && t[first].kind == Tok::kName && t[first].text == "for";
  }

  // At the `end` just read, the first token of its statement: the end of the model, unless it is
  // the name of a constraint.
  bool TakeEnd() {
    std::vector<Token>& t = result_.tokens;
    const size_t index = t.size() - 1, faults = faults_.size();
    result_.end_offset = pos_;
    // glpsol reads a lone | as a token.
    if (SkipBlanks() && text_[pos_] != '|' && Next()) {
      const Token& next = t.back();
      if (!strict_ && (IsChar(next, ':') || IsChar(next, '{') || next.kind == Tok::kString)) {
        pos_ = t[index].end;
        t.resize(index + 1);
        faults_.resize(faults);
        return false;
      }
      if (IsChar(next, ';')) {
        result_.end_offset = pos_;
        if (SkipBlanks() && text_[pos_] != '|') Next();
      }
    }
    if (!strict_) faults_.resize(faults);
    t.resize(index);
    result_.saw_end = true;
    return true;
  }

  // Reports what glpsol's strict reader of characters refuses between the two places.
  void WantNoControls(size_t begin, size_t end) {
    if (!strict_) return;
    for (size_t i = begin; i < end; ++i) {
      if (!IsControl(text_[i])) continue;
      Report(i, i + 1, "a control character stands here", "remove it");
      return;
    }
  }

  void WantShort(size_t begin, size_t end, std::string_view what, size_t bytes) {
    if (!strict_ || bytes <= kStrictTokenBytes) return;
    Report(begin, end,
           "this " + std::string(what) + " has more than " + std::to_string(kStrictTokenBytes) +
               " characters",
           "strict MathProg takes no longer ones");
  }

  // False at the end of the text.
  bool SkipBlanks() {
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      const size_t begin = pos_;
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
        ++pos_;
      } else if (c == '#') {
        while (pos_ < text_.size() && text_[pos_] != '\n') ++pos_;
        WantNoControls(begin, pos_);
      } else if (c == '/' && At(pos_ + 1) == '*') {
        size_t close = text_.find("*/", pos_ + 2);
        if (close == std::string_view::npos) {
          Report(pos_, pos_ + 20, "this comment is never closed", "add */");
          pos_ = text_.size();
        } else {
          pos_ = close + 2;
        }
        WantNoControls(begin, pos_);
      } else {
        return true;
      }
    }
    return false;
  }

  void Push(Tok kind, size_t length, std::string_view text = {}) {
    Token t;
    t.kind = kind;
    t.begin = static_cast<uint32_t>(pos_);
    t.end = static_cast<uint32_t>(pos_ + length);
    t.ch = kind == Tok::kChar ? text_[pos_] : '\0';
    t.text = text.empty() ? text_.substr(pos_, length) : text;
    result_.tokens.push_back(t);
    pos_ += length;
  }

  // False when the character was not a token and has been skipped.
  bool Next() {
    char c = text_[pos_], d = At(pos_ + 1);
    if (IsAlpha(c)) {
      size_t n = 1;
      while (IsAlpha(At(pos_ + n)) || IsDigit(At(pos_ + n))) ++n;
      std::string_view word = text_.substr(pos_, n);
      if (word == "s" && text_.substr(pos_, 4) == "s.t.") {
        Push(Tok::kSuchThat, 4);
      } else {
        WantShort(pos_, pos_ + n, "name", n);
        Push(IsReserved(word) ? Tok::kReserved : Tok::kName, n);
      }
      return true;
    }
    if (IsDigit(c) || (c == '.' && IsDigit(d))) return Number();
    if (c == '\'' || c == '"') return String(c);
    switch (c) {
      case '.':
        if (d == '.') return Push(Tok::kDotDot, 2), true;
        break;
      case ':':
        if (d == '=') return Push(Tok::kAssign, 2), true;
        break;
      case '*':
        if (d == '*') return Push(Tok::kPower, 2), true;
        break;
      case '^': return Push(Tok::kPower, 1), true;
      case '<':
        if (d == '=') return Push(Tok::kRel, 2, "<="), true;
        if (d == '>') return Push(Tok::kRel, 2, "<>"), true;
        if (d == '-') return Push(Tok::kArrow, 2), true;
        return Push(Tok::kRel, 1, "<"), true;
      case '>':
        if (d == '=') return Push(Tok::kRel, 2, ">="), true;
        if (d == '>') return Push(Tok::kAppend, 2), true;
        return Push(Tok::kRel, 1, ">"), true;
      case '=': return Push(Tok::kRel, d == '=' ? 2 : 1, "="), true;
      case '!':
        if (d == '=') return Push(Tok::kRel, 2, "<>"), true;
        return Push(Tok::kBang, 1), true;
      case '&':
        if (d == '&') return Push(Tok::kAndAnd, 2), true;
        break;
      case '|':
        if (d == '|') return Push(Tok::kOrOr, 2), true;
        break;
      default: break;
    }
    if (std::string_view("+-*/&,:;()[]{}.~").find(c) != std::string_view::npos) {
      return Push(Tok::kChar, 1), true;
    }
    size_t n = 1;
    while ((At(pos_ + n) & 0xC0) == 0x80) ++n;
    const std::string_view character = text_.substr(pos_, n);
    if (const Lookalike like = LookalikeOf(character); !like.meant.empty()) {
      return Typeset(character, like);
    }
    std::string hint;
    if (c == '%') hint = "comments start with #; five percent are 0.05";
    if (c == '|') hint = "an absolute value is abs(...)";
    Report(pos_, pos_ + n, "the character " + Shorten(character, 8) + " means nothing here", hint);
    pos_ += n;
    return false;
  }

  // Reports it and reads on as if what was meant stood there, so that the rest of the statement is
  // not reported for it. A text in curly quotes is one fault.
  bool Typeset(std::string_view character, const Lookalike& like) {
    const size_t size = character.size();
    const std::string hint =
        "write " + (like.meant == " " ? "a plain space" : std::string(like.meant));
    Report(pos_, pos_ + size,
           "the " + std::string(like.name) + " " +
               (like.meant == " " ? "" : std::string(character) + " ") + "means nothing here",
           hint + "; it may come from a word processor or a PDF");
    if (like.meant == " ") {
      pos_ += size;
      return false;
    }
    if (like.meant == "'" || like.meant == "\"") {
      for (size_t i = pos_ + size; i < text_.size() && text_[i] != '\n'; ++i) {
        size_t n = 1;
        while ((At(i + n) & 0xC0) == 0x80) ++n;
        if (LookalikeOf(text_.substr(i, n)).meant != like.meant) continue;
        Push(Tok::kString, i + n - pos_);
        return true;
      }
      pos_ += size;
      return false;
    }
    if (like.meant == "<=" || like.meant == ">=" || like.meant == "<>") {
      Push(Tok::kRel, size, like.meant);
    } else {
      Push(Tok::kChar, size, like.meant);
      result_.tokens.back().ch = like.meant[0];
    }
    return true;
  }

  bool Number() {
    size_t n = 0;
    while (IsDigit(At(pos_ + n))) ++n;
    if (At(pos_ + n) == '.' && At(pos_ + n + 1) != '.') {
      ++n;
      while (IsDigit(At(pos_ + n))) ++n;
    }
    bool bad = false;
    if (At(pos_ + n) == 'e' || At(pos_ + n) == 'E') {
      size_t k = n + 1;
      if (At(pos_ + k) == '+' || At(pos_ + k) == '-') ++k;
      if (IsDigit(At(pos_ + k))) {
        while (IsDigit(At(pos_ + k))) ++k;
      } else {
        bad = true;
      }
      n = k;
    }
    if (IsAlpha(At(pos_ + n))) bad = true;
    double value = 0;
    if (!bad) {
      auto [end, ec] = std::from_chars(text_.data() + pos_, text_.data() + pos_ + n, value);
      if (ec == std::errc::result_out_of_range) {
        value = std::strtod(std::string(text_.substr(pos_, n)).c_str(), nullptr);
        if (std::isinf(value)) {
          Report(pos_, pos_ + n,
                 "the number " + Shorten(text_.substr(pos_, n), 30) + " is too large");
          value = 0;
        }
      }
    } else {
      while (IsAlpha(At(pos_ + n)) || IsDigit(At(pos_ + n))) ++n;
      Report(pos_, pos_ + n, Shorten(text_.substr(pos_, n), 30) + " is not a number",
             "a name cannot start with a digit, and a product needs *");
    }
    WantShort(pos_, pos_ + n, "number", n);
    Push(Tok::kNumber, n);
    result_.tokens.back().number = value;
    return true;
  }

  bool String(char quote) {
    size_t n = 1, doubled = 0;
    for (;; ++n) {
      char c = At(pos_ + n);
      if (pos_ + n >= text_.size() || c == '\n') {
        Report(pos_, pos_ + n, "this text is never closed", std::string("add ") + quote);
        Push(Tok::kString, n);
        return true;
      }
      if (c != quote) continue;
      if (At(pos_ + n + 1) != quote) break;
      ++n;
      ++doubled;
    }
    WantNoControls(pos_, pos_ + n);
    WantShort(pos_, pos_ + n + 1, "text", n - 1 - doubled);
    Push(Tok::kString, n + 1);
    return true;
  }

  const SourceText& source_;
  std::string_view text_;
  const bool strict_;
  std::vector<MathProgDiagnostic>& faults_;
  LexResult result_;
  size_t pos_ = 0;
};

}  // namespace

Lookalike LookalikeOf(std::string_view character) {
  static constexpr struct {
    std::string_view character;
    Lookalike like;
  } kLookalikes[] = {
      {"\u2018", {"'", "curly quote"}},
      {"\u2019", {"'", "curly quote"}},
      {"\u201A", {"'", "curly quote"}},
      {"\u00B4", {"'", "accent"}},
      {"`", {"'", "backquote"}},
      {"\u201C", {"\"", "curly quote"}},
      {"\u201D", {"\"", "curly quote"}},
      {"\u201E", {"\"", "curly quote"}},
      {"\u00AB", {"\"", "angle quote"}},
      {"\u00BB", {"\"", "angle quote"}},
      {"\u2010", {"-", "hyphen"}},
      {"\u2011", {"-", "hyphen"}},
      {"\u2013", {"-", "dash"}},
      {"\u2014", {"-", "dash"}},
      {"\u2212", {"-", "minus sign"}},
      {"\u00D7", {"*", "multiplication sign"}},
      {"\u00B7", {"*", "multiplication sign"}},
      {"\u22C5", {"*", "multiplication sign"}},
      {"\u00F7", {"/", "division sign"}},
      {"\u2264", {"<=", "sign"}},
      {"\u2265", {">=", "sign"}},
      {"\u2260", {"<>", "sign"}},
      {"\u00A0", {" ", "no-break space"}},
      {"\u202F", {" ", "no-break space"}},
      {"\u2007", {" ", "no-break space"}},
      {"\u2009", {" ", "thin space"}},
      {"\u200B", {" ", "invisible space"}},
      {"\uFEFF", {" ", "invisible mark"}},
  };
  for (const auto& known : kLookalikes) {
    if (known.character == character) return known.like;
  }
  return {};
}

bool IsReserved(std::string_view word) {
  for (std::string_view r : kReservedWords) {
    if (r == word) return true;
  }
  return false;
}

LexResult Lex(const SourceText& source, bool strict, std::vector<MathProgDiagnostic>& faults) {
  return Lexer(source, strict, faults).Run();
}

std::string StringValue(const SourceText& source, const Token& token) {
  std::string_view raw = source.text().substr(token.begin, token.end - token.begin);
  const char quote = raw[0];
  raw.remove_prefix(1);
  if (!raw.empty() && raw.back() == quote) raw.remove_suffix(1);
  std::string value;
  for (size_t i = 0; i < raw.size(); ++i) {
    value += raw[i];
    if (raw[i] == quote) ++i;
  }
  return value;
}

}  // namespace solvent::mathprog
