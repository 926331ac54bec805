// A compiled model: declarations, statements and expressions with every name resolved, every
// dummy index given a slot, and every type known. Immutable once parsed.
#pragma once

#include <climits>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "diagnostics.h"
#include "solvent/mathprog.h"
#include "symbols.h"

namespace solvent::mathprog {

inline constexpr int kMaxDim = 20;

// Stands as `dim` of an item of display that is an object without its subscripts.
inline constexpr uint8_t kWhole = 255;

enum class Type : uint8_t { kNumber, kSymbol, kLogical, kLinear, kSet, kTuple };

enum class Op : uint8_t {
  // Leaves.
  kNumber,
  kString,
  kDummy,
  // References; `id` is the declaration, args are the subscripts.
  kParam,
  kVar,
  kRow,
  kSetRef,
  // Arithmetic. kAdd and kMul take any number of arguments; a - b is a + (-b).
  kNeg,
  kPlus,
  kAdd,
  kLess,
  kMul,
  kDiv,
  kIntDiv,
  kMod,
  kPow,
  kConcat,
  // Relations.
  kLt,
  kLe,
  kEq,
  kGe,
  kGt,
  kNe,
  kIn,
  kNotIn,
  kWithin,
  kNotWithin,
  kNot,
  kAnd,
  kOr,
  kIf,  // args: condition, then, else (may be null)
  // Over a domain; args[0] is the operand.
  kSum,
  kProd,
  kMinOver,
  kMaxOver,
  kExists,
  kForall,
  kSetof,
  // Sets.
  kBuild,  // an indexing expression as a set
  kRange,
  kCross,
  kUnion,
  kDiff,
  kInter,
  kSymDiff,
  kSetLiteral,
  kTuple,
  kCall,
};

enum class Func : uint8_t {
  kAbs,
  kAtan,
  kCard,
  kCeil,
  kCos,
  kExp,
  kFloor,
  kGmtime,
  kIrand224,
  kLength,
  kLog,
  kLog10,
  kMax,
  kMin,
  kNormal,
  kNormal01,
  kRound,
  kSin,
  kSqrt,
  kStr2time,
  kSubstr,
  kTan,
  kTime2str,
  kTrunc,
  kUniform,
  kUniform01,
  kFirst,
  kLast,
  kNext,
  kPrev,
  kOrd,
  kMember,
};

enum class Suffix : uint8_t { kNone, kVal, kDual, kLb, kUb, kStatus };

struct Domain;
struct SumPlan;

struct Expr {
  Op op = Op::kNumber;
  Type type = Type::kNumber;
  Func func = Func::kAbs;
  Suffix suffix = Suffix::kNone;
  uint8_t dim = 0;         // of sets and tuples; 0 for {}, which fits any
  bool closed = false;     // refers to no dummy bound outside
  bool volatile_ = false;  // random numbers or the clock: never evaluated ahead or remembered
  // Random numbers are drawn for it, now or when what it refers to was first used.
  bool draws = false;
  bool backward = false;  // several of its operands draw: the last one first, as glpsol does
  bool single = false;    // a variable: no other term of its row can be the same column
  uint16_t depth = 1;
  uint32_t begin = 0;
  uint32_t end = 0;
  int id = -1;
  int slot = -1;
  int cache = -1;          // closed pure sets: where a run keeps the value
  int slot_base = 0;       // slots from here on are bound inside
  int min_slot = INT_MAX;  // the outermost slot referred to
  Sym sym = kNoSym;
  double number = 0;
  std::vector<Expr*> args;
  Domain* domain = nullptr;
  const SumPlan* plan = nullptr;  // a sum in a row whose terms can be told apart beforehand
};

// One component of an entry: a dummy that takes each value, or an expression that selects.
struct Component {
  int slot = -1;
  Expr* select = nullptr;
  int equal = -1;  // the conjunct `dummy = e` that fixes it, or -1
  std::string name;
};

struct Entry {
  Expr* set = nullptr;
  std::vector<Component> parts;
};

// A part of a condition split at `and`.
struct Conjunct {
  Expr* test = nullptr;
  int ready = 0;             // the entry after which all its dummies are bound
  bool early = false;        // worth trying before the last entry
  Expr* equal_to = nullptr;  // of `dummy = e`
};

// {entry, ... : condition}
struct Domain {
  std::vector<Entry> entries;
  Expr* condition = nullptr;
  std::vector<Conjunct> conjuncts;
  std::vector<int> slots;          // of the free components, in order
  std::vector<std::string> names;  // "" where the author gave none
  std::vector<int> dims;           // free components per entry
  bool product = false;            // closed sets only, no condition, no selection: a plain product
  bool has_early = false;
  int min_slot = INT_MAX;
  int slot_base = 0;
  bool volatile_ = false;
  bool draws = false;
  uint32_t begin = 0;
  uint32_t end = 0;
  int dim() const { return static_cast<int>(slots.size()); }
};

// A part of a sum's operand: a variable times numbers, or, without `var`, anything.
struct TermPlan {
  const Expr* whole = nullptr;
  const Expr* var = nullptr;
  std::vector<const Expr*> around;  // the negations and products down to it
  int moving = -1;     // the first subscript that is a component of the innermost entry, or -1
  bool fixed = false;  // its factors do not change with the innermost indices
};

inline constexpr size_t kMaxTermPlans = 8;

// A sum as an outer walk and an innermost entry, over whose members variables of dense domains
// lie at even distances.
struct SumPlan {
  Domain outer;  // without the innermost entry
  std::vector<TermPlan> terms;
};

enum class Kind : uint8_t { kSet, kParam, kVar, kRow, kTable };

struct Decl {
  Kind kind = Kind::kSet;
  int index = 0;  // among its kind
  std::string name;
  std::string alias;
  Domain* domain = nullptr;
  uint32_t begin = 0;  // the name's place
  uint32_t end = 0;
  int slot_begin = 0;
  int slot_end = 0;
  bool broken = false;  // its own statement did not parse
  bool draws = false;   // random numbers, when its members are first used
  int arity() const { return domain == nullptr ? 0 : domain->dim(); }
};

struct SetDecl : Decl {
  int dimen = 0;
  bool ordered = false;
  std::vector<Expr*> within;
  Expr* assign = nullptr;
  Expr* fallback = nullptr;  // default
};

struct Restriction {
  Op rel = Op::kEq;
  Expr* limit = nullptr;
};

struct ParamDecl : Decl {
  bool symbolic = false;
  bool integer = false;
  bool binary = false;
  std::vector<Restriction> limits;
  std::vector<Expr*> in;
  Expr* assign = nullptr;
  Expr* fallback = nullptr;
};

struct VarDecl : Decl {
  bool integer = false;
  bool binary = false;
  Expr* lower = nullptr;
  Expr* upper = nullptr;   // the same as lower for `=`
  Expr* define = nullptr;  // defined variable
};

// A constraint `a rel b` or `a rel b rel c`, or an objective `a`.
struct RowDecl : Decl {
  bool objective = false;
  Sense sense = Sense::kMinimize;
  Op rel = Op::kEq;
  Expr* a = nullptr;
  Expr* b = nullptr;
  Expr* c = nullptr;
};

struct TableField {
  std::string field;
  int param = -1;        // IN
  Expr* expr = nullptr;  // OUT
};

struct TableDecl : Decl {
  bool in = true;
  Expr* driver = nullptr;
  std::vector<Expr*> args;
  int set = -1;                    // IN: filled by the keys
  std::vector<std::string> keys;   // IN
  std::vector<TableField> fields;  // IN: params, OUT: expressions
};

enum class StmtKind : uint8_t { kRow, kSolve, kCheck, kDisplay, kPrintf, kFor, kTable };

struct Stmt {
  StmtKind kind = StmtKind::kSolve;
  int id = -1;  // row or table
  uint32_t begin = 0;
  uint32_t end = 0;
  Domain* domain = nullptr;
  std::vector<Expr*> exprs;  // check: condition; display: items; printf: format and arguments
  Expr* file = nullptr;      // printf
  bool append = false;
  std::vector<Stmt*> body;  // for
};

struct Template {
  Template(std::string text, const MathProgCompileOptions& options)
      : source(std::move(text), ""), dialect(options.dialect), limits(options.limits) {}

  SourceText source;
  MathProgDialect dialect;
  MathProgLimits limits;
  SymbolTable symbols;  // literals

  std::vector<std::unique_ptr<SetDecl>> sets;
  std::vector<std::unique_ptr<ParamDecl>> params;
  std::vector<std::unique_ptr<VarDecl>> vars;
  std::vector<std::unique_ptr<RowDecl>> rows;
  std::vector<std::unique_ptr<TableDecl>> tables;
  absl::flat_hash_map<std::string, Decl*> names;

  std::vector<Stmt*> before;  // up to `solve`
  std::vector<Stmt*> after;
  bool has_solve = false;
  size_t data_begin = 0;  // of the data section, 0 when there is none
  int num_slots = 0;
  int num_caches = 0;
  std::vector<MathProgDiagnostic> warnings;

  std::deque<Expr> expr_store;
  std::deque<Domain> domain_store;
  std::deque<Stmt> stmt_store;
  std::deque<SumPlan> plan_store;

  Decl* Find(std::string_view name) const {
    auto it = names.find(absl::string_view(name.data(), name.size()));
    return it == names.end() ? nullptr : it->second;
  }
};

std::string_view RelText(Op op);

}  // namespace solvent::mathprog
