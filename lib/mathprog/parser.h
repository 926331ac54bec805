// Model text to Template. Recursive descent over statements, precedence climbing over expressions.
//
// A statement that does not parse is reported and skipped up to its ';'. The name it declares
// stays known but broken, so that later uses of it are not reported again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ast.h"
#include "lexer.h"

namespace solvent::mathprog {

// Fills `model`. Errors and warnings are appended to `diagnostics`.
void ParseModel(Template& model, std::vector<MathProgDiagnostic>& diagnostics);

// Splits the condition, finds what can be tested early, and which dummies are fixed by equations.
void PlanDomain(Domain& domain);
void PlanRow(Template& model, RowDecl& row);

class Parser {
 public:
  Parser(Template& model, std::vector<MathProgDiagnostic>& diagnostics);
  void Run();

 private:
  // Thrown when a statement cannot be read on; `silent` when the cause was reported before.
  struct Abandon {};
  struct ScopeVar {
    std::string_view name;
    int slot;
  };

  // Levels of precedence, tight to loose.
  enum Level {
    kTerm = 4,
    kSum = 5,
    kConcat = 6,
    kRange = 7,
    kCross = 8,
    kInter = 9,
    kUnion = 10,
    kRelation = 11,
    kNot = 12,
    kAnd = 13,
    kOr = 14
  };

  // parser.cc: tokens, faults, statements.
  const Token& Peek(size_t ahead = 0) const;
  const Token& Take();
  bool IsChar(char c, size_t ahead = 0) const;
  bool IsWord(std::string_view word, size_t ahead = 0) const;  // a name or reserved word
  bool TakeChar(char c);
  bool TakeWord(std::string_view word);
  void ExpectChar(char c, std::string_view where);
  [[noreturn]] void Fail(std::string_view code, const Token& at, std::string message,
                         std::string hint = {}, std::string symbol = {});
  // The declaration under way is used within itself.
  [[noreturn]] void FailOwnUse(uint32_t begin, uint32_t end);
  [[noreturn]] void FailAt(std::string_view code, uint32_t begin, uint32_t end, std::string message,
                           std::string hint = {}, std::string symbol = {});
  [[noreturn]] void Unexpected(std::string_view where, std::vector<std::string> expected,
                               std::string hint = {});
  void Warn(std::string_view code, const Token& at, std::string message, std::string hint = {});
  // What the token at hand and those before it suggest, or "".
  std::string HintForUnexpected() const;
  std::string TokenText(const Token& t) const;
  void Resync();
  void Statement();
  bool SkipAmpl();
  void SolveStatement();
  Stmt* CheckStatement();
  Stmt* DisplayStatement();
  Stmt* PrintfStatement();
  Stmt* ForStatement();
  Stmt* SimpleStatement();
  Stmt* NewStmt(StmtKind kind);
  void AddStmt(Stmt* stmt);

  // parser_decl.cc
  std::string_view DeclareName(std::string_view what, Token& name_token);
  void OpenDecl(Decl& decl, Kind kind, size_t index, const Token& name);
  std::string OptionalAlias();
  Domain* OptionalDomain();
  void CloseDecl(Decl& decl);
  void SetStatement();
  void ParamStatement();
  void VarStatement();
  void RowStatement(bool objective, Sense sense);
  void TableStatement();
  void TableIn(TableDecl& table);
  void TableOut(TableDecl& table);
  std::string FieldName(const TableDecl& table);
  void CheckSetExpr(const Expr* e, int dim, std::string_view what);

  // parser_domain.cc
  Domain* ParseIndexing();  // at '{'; leaves its dummies in scope
  Expr* ParseBraces();      // at '{': a set literal or an indexing expression
  Expr* ParseElements(Expr* first, uint32_t begin, int base);
  void ParseEntry(Domain& domain);
  void FinishDomain(Domain& domain, const Token& open);
  bool TupleBeforeIn() const;  // at '(': does `in` follow the closing one?
  bool IsFreshName(const Token& t) const;
  void AddDummy(Component& part, const Token& name, std::vector<ScopeVar>& fresh);

  // parser_expr.cc
  Expr* ParseLevel(int level);
  Expr* ParseUnary();
  Expr* ParsePower();
  Expr* ParsePrimary();
  Expr* ParseName();
  Expr* ParseIterated(std::string_view word);
  Expr* ParseIf();
  Expr* ParseParens();
  Expr* ParseCall(std::string_view word);
  Expr* ParseReference(Decl* decl);
  bool PeekBinary(Op& op, int& level, size_t& tokens) const;
  Expr* Binary(Op op, Expr* a, Expr* b, const Token& at);
  Expr* ParseLogical(std::string_view what);

  // parser_types.cc
  Expr* New(Op op, Type type, uint32_t begin, uint32_t end);
  void Adopt(Expr* e, Expr* arg);
  void Seal(Expr* e, int slot_base);
  void WantNumber(const Expr* e, std::string_view what);
  void WantScalar(const Expr* e, std::string_view what);
  void WantLogical(const Expr* e, std::string_view what);
  void WantSet(const Expr* e, std::string_view what);
  void WantMemberTest(const Expr* set);  // a set that strict MathProg walks or looks members up in
  static std::string Misspelt(std::string_view name, const std::vector<std::string>& expected);
  std::string UnknownHint(const Token& t) const;
  std::string DomainText(const Decl& decl) const;
  [[noreturn]] void NotLinear(const Expr* e, std::string message);
  std::string TypeName(const Expr* e) const;
  std::string VariablesIn(const Expr* e) const;

  std::vector<std::string> KnownNames() const;

  Template& model_;
  std::vector<MathProgDiagnostic>& diagnostics_;
  LexResult lex_;
  size_t pos_ = 0;
  std::vector<ScopeVar> scope_;
  std::vector<const Expr*> ranges_;  // closed ones that differ
  Decl* current_ = nullptr;          // being declared
  bool after_solve_ = false;
  bool drew_ = false;  // the statement under way has had random numbers, or what draws them
  bool in_display_ = false;
  int depth_ = 0;
  int errors_ = 0;
  bool strict_;
};

}  // namespace solvent::mathprog
