#include "parser.h"

#include <algorithm>

namespace solvent::mathprog {

std::string_view RelText(Op op) {
  switch (op) {
    case Op::kLt: return "<";
    case Op::kLe: return "<=";
    case Op::kEq: return "=";
    case Op::kGe: return ">=";
    case Op::kGt: return ">";
    case Op::kNe: return "<>";
    case Op::kIn: return "in";
    case Op::kNotIn: return "not in";
    case Op::kWithin: return "within";
    case Op::kNotWithin: return "not within";
    default: return "?";
  }
}

Parser::Parser(Template& model, std::vector<MathProgDiagnostic>& diagnostics)
    : model_(model),
      diagnostics_(diagnostics),
      strict_(model.dialect == MathProgDialect::kStrict) {}

const Token& Parser::Peek(size_t ahead) const {
  size_t i = pos_ + ahead;
  return i < lex_.tokens.size() ? lex_.tokens[i] : lex_.tokens.back();
}

const Token& Parser::Take() {
  const Token& t = Peek();
  if (pos_ + 1 < lex_.tokens.size()) ++pos_;
  return t;
}

bool Parser::IsChar(char c, size_t ahead) const {
  const Token& t = Peek(ahead);
  return t.kind == Tok::kChar && t.ch == c;
}

bool Parser::IsWord(std::string_view word, size_t ahead) const {
  const Token& t = Peek(ahead);
  return (t.kind == Tok::kName || t.kind == Tok::kReserved) && t.text == word;
}

bool Parser::TakeChar(char c) {
  if (!IsChar(c)) return false;
  Take();
  return true;
}

bool Parser::TakeWord(std::string_view word) {
  if (!IsWord(word)) return false;
  Take();
  return true;
}

void Parser::ExpectChar(char c, std::string_view where) {
  if (!TakeChar(c)) Unexpected(where, {std::string("'") + c + "'"});
}

void Parser::FailAt(std::string_view code, uint32_t begin, uint32_t end, std::string message,
                    std::string hint, std::string symbol) {
  MathProgDiagnostic d = MakeDiagnostic(code, std::move(message), std::move(hint));
  model_.source.Place(begin, end, d);
  d.symbol = std::move(symbol);
  if (current_ != nullptr) d.within = current_->name;
  diagnostics_.push_back(std::move(d));
  ++errors_;
  throw Abandon{};
}

void Parser::Fail(std::string_view code, const Token& at, std::string message, std::string hint,
                  std::string symbol) {
  FailAt(code, at.begin, at.end, std::move(message), std::move(hint), std::move(symbol));
}

std::string Parser::TokenText(const Token& t) const {
  if (t.kind == Tok::kEnd) return "the end of the model";
  return "'" + Shorten(model_.source.text().substr(t.begin, t.end - t.begin), 40) + "'";
}

void Parser::Unexpected(std::string_view where, std::vector<std::string> expected,
                        std::string hint) {
  const Token& t = Peek();
  std::string message = "unexpected " + TokenText(t);
  if (!where.empty()) message += " in " + std::string(where);
  for (size_t i = 0; i < expected.size(); ++i) {
    message += i == 0 ? "; expected " : i + 1 == expected.size() ? " or " : ", ";
    message += expected[i];
  }
  if (hint.empty()) hint = HintForUnexpected();
  // The commonest mistake: the previous statement has no semicolon.
  if (hint.empty() && pos_ > 0 && (t.kind == Tok::kName || t.kind == Tok::kEnd)) {
    static constexpr std::string_view kStarters[] = {
        "set",   "param",   "var",    "minimize", "maximize", "solve", "subject",
        "check", "display", "printf", "for",      "table",    "data",  "end"};
    for (std::string_view word : kStarters) {
      if (t.text == word) {
        hint = "is a ';' missing before " + std::string(word) + "?";
      }
    }
  }
  if (hint.empty() && t.kind == Tok::kSuchThat) hint = "is a ';' missing before s.t.?";
  if (hint.empty() && t.kind == Tok::kName) hint = Misspelt(t.text, expected);
  if (hint.empty() && (IsChar('/') || IsChar('-')) && IsChar(t.ch, 1)) {
    hint = "a comment begins with #, or stands between /* and */";
  }
  MathProgDiagnostic d = MakeDiagnostic("M101", std::move(message), std::move(hint));
  model_.source.Place(t.begin, t.end, d);
  d.expected = std::move(expected);
  if (current_ != nullptr) d.within = current_->name;
  diagnostics_.push_back(std::move(d));
  ++errors_;
  throw Abandon{};
}

std::string Parser::HintForUnexpected() const {
  const Token& t = Peek();
  if (pos_ == 0) return "";
  const Token& before = lex_.tokens[pos_ - 1];
  const bool adjoins = before.end == t.begin;
  if (t.kind == Tok::kEnd && !(before.kind == Tok::kChar && before.ch == ';')) {
    return "is a ';' missing after " + TokenText(before) + "?";
  }
  if (t.kind == Tok::kNumber && adjoins && before.kind == Tok::kChar && before.ch == ',' &&
      pos_ > 1 && lex_.tokens[pos_ - 2].kind == Tok::kNumber) {
    return "a decimal number is written with a point: 3.5";
  }
  if (IsChar('-') && adjoins && before.kind == Tok::kName && current_ != nullptr &&
      current_->name == before.text && Peek(1).kind == Tok::kName && Peek(1).begin == t.end) {
    return "a name has letters, digits and _: " + std::string(before.text) + "_" +
           std::string(Peek(1).text);
  }
  if (IsChar('/') && adjoins && before.kind == Tok::kRel && before.text == "=") {
    return "not equal is <> or !=";
  }
  if (current_ != nullptr && current_->name == "forall") {
    return "one constraint for each member: s.t. NAME{i in I}: ...";
  }
  if (IsChar(':') && before.kind == Tok::kName &&
      (before.text == "minimize" || before.text == "maximize")) {
    return "write " + std::string(before.text) + " NAME: expression;";
  }
  return "";
}

std::string Parser::Misspelt(std::string_view name, const std::vector<std::string>& expected) {
  std::vector<std::string> words;  // without "a name" and "';'"
  for (const std::string& word : expected) {
    if (word.find_first_of(" '") == std::string::npos) words.push_back(word);
  }
  for (const std::string& word : words) {
    if (name.size() >= 3 && word.starts_with(name)) return "did you mean " + word + "?";
  }
  const std::string close = DidYouMean(name, words);
  return close.empty() ? "" : "did you mean " + close + "?";
}

// Why an undeclared name is not known, and what to do.
std::string Parser::UnknownHint(const Token& t) const {
  const std::string name(t.text);
  if (IsWord("in", 1)) return "a dummy index belongs in braces: {" + name + " in ...}";
  for (size_t i = pos_; i + 1 < lex_.tokens.size(); ++i) {
    const Token& keyword = lex_.tokens[i];
    if (keyword.kind == Tok::kName && lex_.tokens[i + 1].kind == Tok::kName &&
        lex_.tokens[i + 1].text == t.text &&
        (keyword.text == "set" || keyword.text == "param" || keyword.text == "var")) {
      return "its declaration in line " +
             std::to_string(model_.source.Line(lex_.tokens[i + 1].begin)) +
             " must come before its first use";
    }
  }
  // `sum{i in I} x[i] + i`: the index of a sum that is over.
  for (size_t i = pos_;
       i > 1 && !(lex_.tokens[i - 1].kind == Tok::kChar && lex_.tokens[i - 1].ch == ';'); --i) {
    const Token& earlier = lex_.tokens[i - 1];
    if (earlier.kind == Tok::kName && earlier.text == t.text && lex_.tokens[i].text == "in") {
      return name + " is known only in the term behind its {" + name +
             " in ...}; put all that it is for in parentheses: sum{" + name + " in ...} (...)";
    }
  }
  if (current_ != nullptr && current_->kind == Kind::kSet && pos_ > 0 &&
      lex_.tokens[pos_ - 1].kind == Tok::kAssign && Peek(1).kind == Tok::kName) {
    return "in the model members stand in braces and texts in quotes, {'" + name +
           "', ...}; a plain list belongs in the data section";
  }
  const std::string close = DidYouMean(name, KnownNames());
  if (!close.empty() && name.size() > 1) return "did you mean " + close + "?";
  const bool first = pos_ > 0 && lex_.tokens[pos_ - 1].kind == Tok::kChar &&
                     (lex_.tokens[pos_ - 1].ch == '{' || lex_.tokens[pos_ - 1].ch == ',');
  if (first && (IsChar(',', 1) || IsChar('}', 1)) && scope_.empty()) {
    return "a text is written in quotes: '" + name + "'";
  }
  if (name.size() == 1) {
    return "an index comes from an indexing expression: {" + name + " in ...}";
  }
  return "names must be declared before they are used";
}

std::string Parser::DomainText(const Decl& decl) const {
  return Shorten(
      model_.source.text().substr(decl.domain->begin, decl.domain->end - decl.domain->begin), 60);
}

void Parser::Warn(std::string_view code, const Token& at, std::string message, std::string hint) {
  MathProgDiagnostic d = MakeDiagnostic(code, std::move(message), std::move(hint));
  model_.source.Place(at.begin, at.end, d);
  d.warning = true;
  model_.warnings.push_back(std::move(d));
}

std::vector<std::string> Parser::KnownNames() const {
  std::vector<std::string> names;
  for (const auto& [name, decl] : model_.names) names.push_back(name);
  for (const ScopeVar& v : scope_) names.emplace_back(v.name);
  std::sort(names.begin(), names.end());
  return names;
}

void Parser::Resync() {
  // A statement keyword at the start of a line ends the damage even when the ';' is missing.
  int braces = 0;
  while (Peek().kind != Tok::kEnd) {
    if (IsChar('{')) ++braces;
    if (IsChar('}')) --braces;
    if (IsChar(';')) {
      Take();
      if (braces > 0 && IsChar('}')) {
        Take();
      }
      return;
    }
    Take();
    const Token& t = Peek();
    bool starts = t.kind == Tok::kSuchThat;
    if (t.kind == Tok::kName && (t.text == "set" || t.text == "param" || t.text == "var" ||
                                 t.text == "minimize" || t.text == "maximize")) {
      starts = Peek(1).kind == Tok::kName;
    }
    if (starts && t.begin > 0) {
      size_t i = t.begin;
      while (i > 0 && (model_.source.text()[i - 1] == ' ' || model_.source.text()[i - 1] == '\t')) {
        --i;
      }
      if (i > 0 && model_.source.text()[i - 1] == '\n') return;
    }
  }
}

void Parser::Run() {
  lex_ = Lex(model_.source, strict_, diagnostics_);
  errors_ = static_cast<int>(diagnostics_.size());
  model_.data_begin = lex_.data_begin;
  while (Peek().kind != Tok::kEnd && errors_ < model_.limits.max_errors) {
    const size_t before = pos_;
    try {
      Statement();
    } catch (const Abandon&) {
      if (current_ != nullptr) current_->broken = true;
      // What is given up without a word would be a part of the model that is left out.
      if (errors_ == 0) {
        MathProgDiagnostic d = MakeDiagnostic("M101", "this statement cannot be read");
        model_.source.Place(lex_.tokens[before].begin, lex_.tokens[before].end, d);
        diagnostics_.push_back(std::move(d));
        ++errors_;
      }
      // The token at fault may already be the next statement's first.
      if (pos_ == before || !(pos_ > 0 && lex_.tokens[pos_ - 1].kind == Tok::kChar &&
                              lex_.tokens[pos_ - 1].ch == ';')) {
        Resync();
      }
    }
    current_ = nullptr;
    scope_.clear();
    drew_ = false;
    depth_ = 0;
    in_display_ = false;
  }
  if (errors_ >= model_.limits.max_errors) {
    diagnostics_.resize(static_cast<size_t>(model_.limits.max_errors));
  }
  const Token& last = Peek();
  if (pos_ == 0 && errors_ == 0) {
    MathProgDiagnostic d = MakeDiagnostic("M101", "the model is empty",
                                          "start with set, param, var, minimize or maximize");
    model_.source.Place(last.begin, last.end, d);
    diagnostics_.push_back(std::move(d));
    return;
  }
  if (!lex_.saw_end && lex_.data_begin == 0) {
    Warn("M118", last, "the model does not end with end;");
  } else if (lex_.saw_end) {
    std::string_view rest = model_.source.text().substr(lex_.end_offset);
    size_t i = 0;
    while (i < rest.size()) {
      if (rest[i] == '#') {
        while (i < rest.size() && rest[i] != '\n') ++i;
      } else if (rest[i] == ' ' || rest[i] == '\n' || rest[i] == '\r' || rest[i] == '\t') {
        ++i;
      } else {
        break;
      }
    }
    if (i < rest.size() && rest.substr(i, 2) != "/*") {
      Token at;
      at.begin = static_cast<uint32_t>(lex_.end_offset + i);
      at.end = at.begin + 20;
      Warn("M118", at, "the text after end; is ignored");
    }
  }
}

Stmt* Parser::NewStmt(StmtKind kind) {
  Stmt& s = model_.stmt_store.emplace_back();
  s.kind = kind;
  s.begin = Peek().begin;
  return &s;
}

void Parser::AddStmt(Stmt* stmt) {
  if (pos_ > 0) stmt->end = lex_.tokens[pos_ - 1].end;
  (after_solve_ ? model_.after : model_.before).push_back(stmt);
}

bool Parser::SkipAmpl() {
  static constexpr std::string_view kCommands[] = {
      "option",  "options", "reset", "model",    "include", "let",   "fix",       "unfix", "drop",
      "restore", "expand",  "show",  "commands", "shell",   "close", "write",     "print", "update",
      "problem", "delete",  "purge", "quit",     "exit",    "read",  "redeclare", "xref",  "data"};
  static constexpr std::string_view kDeclarations[] = {"node", "arc", "suffix", "function",
                                                       "environ"};
  const Token& t = Peek();
  if (t.kind != Tok::kName || IsChar(':', 1) ||
      (IsChar('{', 1) && !(strict_ && t.text == "data"))) {
    return false;
  }
  for (std::string_view word : kDeclarations) {
    if (t.text == word && Peek(1).kind == Tok::kName) {
      Fail("M304", t, "the AMPL statement '" + std::string(word) + "' is not part of MathProg",
           word == "node" || word == "arc" ? "write the flow balance as constraints" : "",
           std::string(word));
    }
  }
  for (std::string_view word : kCommands) {
    if (t.text != word) continue;
    if (strict_) {
      Fail("M304", t, "'" + std::string(word) + "' is an AMPL command, not part of MathProg",
           "leave it out, or use the default dialect, which skips it", std::string(word));
    }
    const Token at = t;
    while (Peek().kind != Tok::kEnd && !IsChar(';')) Take();
    TakeChar(';');
    Warn("M304", at, "the AMPL command '" + std::string(word) + "' is skipped");
    return true;
  }
  return false;
}

void Parser::Statement() {
  const Token& t = Peek();
  const bool named = t.kind == Tok::kName;
  if (named && t.text == "set") return SetStatement();
  if (named && t.text == "param") return ParamStatement();
  if (named && t.text == "var") return VarStatement();
  if (named && t.text == "minimize") return RowStatement(true, Sense::kMinimize);
  if (named && t.text == "maximize") return RowStatement(true, Sense::kMaximize);
  if (named && t.text == "table") return TableStatement();
  if (named && t.text == "solve" && IsChar(';', 1)) return SolveStatement();
  if (named &&
      (t.text == "check" || t.text == "display" || t.text == "printf" || t.text == "for")) {
    AddStmt(SimpleStatement());
    return;
  }
  if (t.kind == Tok::kSuchThat || (named && (t.text == "subject" || t.text == "subj"))) {
    return RowStatement(false, Sense::kMinimize);
  }
  if (named && (t.text == "constraint" || t.text == "maximise" || t.text == "minimise") &&
      Peek(1).kind == Tok::kName) {
    Fail("M101", t, "unexpected " + TokenText(t) + " at the start of a statement",
         t.text == "constraint" ? "a constraint starts with s.t. or with its name"
         : t.text == "minimise" ? "did you mean minimize?"
                                : "did you mean maximize?");
  }
  if (SkipAmpl()) return;
  if (strict_ && named && (t.text == "solve" || t.text == "data")) {
    Take();
    Unexpected("the " + std::string(t.text) + " statement", {"';'"},
               "a constraint of that name starts with s.t.");
  }
  if (named) return RowStatement(false, Sense::kMinimize);
  if (IsChar(';')) {
    const Token at = t;
    Take();
    Fail("M101", at, "an empty statement", "remove the extra ';'");
  }
  Unexpected("the model", {"set", "param", "var", "minimize", "maximize", "s.t.", "solve", "check",
                           "display", "printf", "for", "table", "end"});
}

void Parser::SolveStatement() {
  const Token at = Take();
  if (model_.has_solve) {
    Fail("M110", at, "there can be only one solve statement", "remove this one");
  }
  ExpectChar(';', "the solve statement");
  model_.has_solve = true;
  after_solve_ = true;
}

Stmt* Parser::SimpleStatement() {
  if (IsWord("check")) return CheckStatement();
  if (IsWord("display")) return DisplayStatement();
  if (IsWord("printf")) return PrintfStatement();
  if (IsWord("for")) return ForStatement();
  if (IsWord("table")) {
    Fail("M110", Peek(), "a table statement is not allowed inside for",
         "give the table its own indexing expression");
  }
  Unexpected("the body of a for statement", {"check", "display", "printf", "for"});
}

Stmt* Parser::CheckStatement() {
  Stmt* s = NewStmt(StmtKind::kCheck);
  Take();
  const size_t scope = scope_.size();
  s->domain = OptionalDomain();
  TakeChar(':');
  Expr* condition = ParseLogical("check");
  if (strict_ && condition->type != Type::kLogical) {
    FailAt("M109", condition->begin, condition->end,
           "the condition of check must be a comparison, and this is " + TypeName(condition),
           "write <> 0 behind it");
  }
  s->exprs.push_back(condition);
  scope_.resize(scope);
  ExpectChar(';', "the check statement");
  s->end = lex_.tokens[pos_ - 1].end;
  return s;
}

Stmt* Parser::DisplayStatement() {
  Stmt* s = NewStmt(StmtKind::kDisplay);
  Take();
  const size_t scope = scope_.size();
  s->domain = OptionalDomain();
  TakeChar(':');
  in_display_ = true;
  do {
    const Token& t = Peek();
    Decl* decl = t.kind == Tok::kName ? model_.Find(t.text) : nullptr;
    Expr* e = nullptr;
    if (strict_ && !after_solve_ && decl != nullptr && (IsChar(',', 1) || IsChar(';', 1)) &&
        (decl->kind == Kind::kVar || decl->kind == Kind::kRow)) {
      Fail("M110", t, "the value of " + decl->name + " is known only after the solve statement",
           "put solve; above this statement", decl->name);
    }
    // A whole object, without subscripts.
    if (decl != nullptr && decl->kind != Kind::kTable && decl->arity() > 0 && !IsChar('[', 1)) {
      static constexpr Op kOps[] = {Op::kSetRef, Op::kParam, Op::kVar, Op::kRow};
      if (decl->broken) throw Abandon{};
      e = New(kOps[static_cast<int>(decl->kind)], Type::kNumber, t.begin, t.end);
      e->id = decl->index;
      e->dim = kWhole;
      Take();
    } else {
      e = ParseLevel(kOr);
    }
    s->exprs.push_back(e);
  } while (TakeChar(','));
  in_display_ = false;
  scope_.resize(scope);
  ExpectChar(';', "the display statement");
  s->end = lex_.tokens[pos_ - 1].end;
  return s;
}

Stmt* Parser::PrintfStatement() {
  Stmt* s = NewStmt(StmtKind::kPrintf);
  Take();
  const size_t scope = scope_.size();
  s->domain = OptionalDomain();
  TakeChar(':');
  // printf("...", a, b); is the same as printf "...", a, b;
  bool parens = false;
  if (IsChar('(') && !strict_) {
    int open = 0;
    size_t i = 0;
    bool comma = false;
    for (;; ++i) {
      const Token& t = Peek(i);
      if (t.kind == Tok::kEnd) break;
      if (IsChar('(', i) || IsChar('[', i) || IsChar('{', i)) ++open;
      if (IsChar(')', i) || IsChar(']', i) || IsChar('}', i)) {
        if (--open == 0) break;
      }
      if (open == 1 && IsChar(',', i)) comma = true;
    }
    const Token& next = Peek(i + 1);
    parens = IsChar(')', i) && (comma || IsChar(';', i + 1)) &&
             (IsChar(';', i + 1) || next.kind == Tok::kAppend ||
              (next.kind == Tok::kRel && next.text == ">"));
  }
  if (parens) Take();
  Expr* format = ParseLevel(kConcat);
  WantScalar(format, "the format of printf");
  s->exprs.push_back(format);
  while (TakeChar(',')) {
    // '>' redirects, so an unparenthesized comparison is not an argument.
    Expr* e = ParseLevel(parens ? kOr : kUnion);
    if (e->type != Type::kLogical) WantScalar(e, "an argument of printf");
    s->exprs.push_back(e);
  }
  if (parens) ExpectChar(')', "the printf statement");
  if (Peek().kind == Tok::kAppend || (Peek().kind == Tok::kRel && Peek().text == ">")) {
    s->append = Take().kind == Tok::kAppend;
    s->file = ParseLevel(kConcat);
    WantScalar(s->file, "the file name of printf");
  }
  scope_.resize(scope);
  ExpectChar(';', "the printf statement");
  s->end = lex_.tokens[pos_ - 1].end;
  return s;
}

Stmt* Parser::ForStatement() {
  Stmt* s = NewStmt(StmtKind::kFor);
  if (++depth_ > model_.limits.max_expression_depth) {
    Fail("L405", Peek(), "statements are nested too deeply");
  }
  Take();
  const size_t scope = scope_.size();
  if (!IsChar('{')) Unexpected("the for statement", {"'{'"});
  s->domain = ParseIndexing();
  TakeChar(':');
  if (TakeChar('{')) {
    while (!TakeChar('}')) s->body.push_back(SimpleStatement());
  } else {
    s->body.push_back(SimpleStatement());
  }
  scope_.resize(scope);
  --depth_;
  s->end = lex_.tokens[pos_ - 1].end;
  return s;
}

void ParseModel(Template& model, std::vector<MathProgDiagnostic>& diagnostics) {
  Parser(model, diagnostics).Run();
}

}  // namespace solvent::mathprog
