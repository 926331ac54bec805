// One generation of a problem from a template: the values of sets and params, the evaluator, the
// rows under construction, and afterwards the solution.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ast.h"
#include "memory.h"
#include "random.h"
#include "solvent/mathprog.h"
#include "tuple_set.h"

namespace solvent::mathprog {

// A borrowed callable; cheaper than std::function and never stored.
template <typename Signature>
class FunctionRef;
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  template <typename F>
  FunctionRef(F&& f)  // NOLINT: meant to convert
      : object_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(args...);
        }) {}
  R operator()(Args... args) const { return call_(object_, args...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

using Body = FunctionRef<bool()>;

// Zeroed memory that costs little where it is never touched.
template <typename T>
class LazyArray {
 public:
  LazyArray() = default;
  LazyArray(size_t n, MemoryMeter* meter) : size_(n), meter_(meter) {
    meter->Add(bytes());
    try {
      data_ = static_cast<T*>(OnHugePages() ? AllocateBig(bytes())
                                            : std::calloc(n == 0 ? 1 : n, sizeof(T)));
      if (data_ == nullptr) throw std::bad_alloc();
    } catch (const std::bad_alloc&) {
      meter->Remove(bytes());
      throw;
    }
  }
  LazyArray(LazyArray&& o) noexcept { *this = std::move(o); }
  LazyArray& operator=(LazyArray&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    std::swap(meter_, o.meter_);
    return *this;
  }
  ~LazyArray() {
    if (data_ == nullptr) return;
    meter_->Remove(bytes());
    if (OnHugePages()) {
      FreeBig(data_, bytes());
    } else {
      std::free(data_);
    }
  }
  T* data() { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  size_t size() const { return size_; }

 private:
  // Of a larger array that is hardly touched, huge pages would make too much resident.
  static constexpr size_t kMostHuge = size_t{64} << 20;
  size_t bytes() const { return size_ * sizeof(T); }
  bool OnHugePages() const { return bytes() >= kBigBytes && bytes() <= kMostHuge; }
  T* data_ = nullptr;
  size_t size_ = 0;
  MemoryMeter* meter_ = nullptr;
};

// A set that is either kept somewhere in the run or owned by whoever asked for it.
struct SetRef {
  TupleSet* set = nullptr;
  SetPtr owned;
};

// Where members of an indexed object live: at a computed position when the domain is a plain
// product of sets, in a hash table otherwise.
struct MemberSpace {
  explicit MemberSpace(MemoryMeter* meter) : keys(Metered<Sym>(meter)), index(meter) {}
  struct Radix {
    TupleSet* set = nullptr;
    SetPtr owned;
    int dim = 1;
    size_t size = 0;
  };
  int arity = 0;
  bool product = false;  // radices are known
  bool dense = false;
  std::vector<Radix> radices;
  size_t total = 1;
  MeteredVector<Sym> keys;  // sparse
  TupleIndex index;         // sparse
  size_t count() const { return arity == 0 ? 0 : keys.size() / static_cast<size_t>(arity); }
  int64_t Find(const Sym* key) const { return index.Find(keys.data(), arity, key); }
  // The position of `key`, which is entered when it is new.
  size_t Insert(const Sym* key, bool& fresh);
  // The position in a dense space, or -1.
  int64_t DensePosition(const Sym* key) const;
  void DenseKey(size_t position, Sym* key) const;
};

enum : uint8_t { kUnset = 0, kReady = 1, kComputing = 2, kUnchecked = 3 };

struct ParamState {
  explicit ParamState(MemoryMeter* meter)
      : space(meter), values(Metered<double>(meter)), states(Metered<uint8_t>(meter)) {}
  MemberSpace space;
  MeteredVector<double> values;   // sparse; symbols of symbolic params as numbers
  MeteredVector<uint8_t> states;  // sparse
  LazyArray<double> dense_values;
  LazyArray<uint8_t> dense_states;
  bool prepared = false;
  bool preparing = false;
  std::shared_ptr<const Fault> failed;  // why it never will be prepared: half its data is missing
  int active = 0;
  bool has_data = false;
  int data_rank = 0;          // 1 data text, 2 JSON or a table
  bool bind_by_name = false;  // from the JSON member of its name, once its domain is known
  bool has_data_default = false;
  double data_default = 0;
  bool simple_default = false;  // unset members of a product domain need no memo
  // No member is kept: each is `formula`, evaluated anew, or, without one, `constant`.
  bool computed = false;
  const Expr* formula = nullptr;
  double constant = 0;
};

struct SetState {
  explicit SetState(MemoryMeter* meter) : space(meter) {}
  MemberSpace space;  // of indexed sets, sparse
  std::vector<SetPtr> values;
  std::vector<uint8_t> states;
  int active = 0;
  bool has_data = false;
  int data_rank = 0;  // as for params
  bool checked_keys = false;
  std::vector<std::string> pointers;  // per member of a set without subscripts, from JSON
};

struct VarState {
  explicit VarState(MemoryMeter* meter) : space(meter), columns(Metered<int32_t>(meter)) {}
  MemberSpace space;
  MeteredVector<int32_t> columns;    // sparse: column + 1
  LazyArray<int32_t> dense_columns;  // column + 1
  bool prepared = false;
  bool fixed_bounds = false;  // the same for all members
  double lower = 0;
  double upper = 0;
  int active = 0;
};

struct RowState {
  explicit RowState(MemoryMeter* meter) : keys(Metered<Sym>(meter)), index(meter) {}
  int32_t first = 0;
  int32_t count = 0;
  MeteredVector<Sym> keys;
  TupleIndex index;  // built when a statement below `solve` asks
};

class Run {
 public:
  Run(std::shared_ptr<const Template> model, const MathProgRunOptions& options);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // --- values ---
  double EvalNum(const Expr& e);
  std::pair<double, double> EvalPair(const Expr& e);  // of both operands
  double EvalBackward(const Expr& e);
  Sym EvalSym(const Expr& e);
  bool EvalLog(const Expr& e);
  SetRef EvalSet(const Expr& e);
  bool Contains(const Expr& set, const Sym* tuple);
  // Adds coefficient * e to the current row; constants go to row_constant_.
  void EvalLin(const Expr& e, double coefficient);
  bool DrawFor(const Expr& e);
  int EvalTuple(const Expr& e, Sym* out);  // of a tuple or scalar; returns the dimension
  std::string EvalText(const Expr& e);

  // Calls `body` for every tuple of the domain with its dummies set, until it returns false.
  // Returns false when it was stopped.
  bool Loop(const Domain& d, Body body);
  bool InDomain(const Domain& d, const Sym* key);
  void AssignSlots(const Domain& d, const Sym* key);

  // --- members ---
  double TakeParam(const Expr& e);
  double TakeParamAt(int id, const Sym* key, const Expr* at);
  TupleSet* TakeSet(int id, const Sym* key, const Expr* at);
  int32_t TakeColumn(const Expr& e);
  int32_t TakeColumnAt(int id, const Sym* key, const Expr* at, int64_t position);
  double TakeVarValue(const Expr& e);
  double TakeRowValue(const Expr& e);
  void PrepareParam(int id, const Expr* at);
  void CheckParamData(int id, const Expr* at);
  // Of a variable that may have no column.
  void BoundsOf(const VarDecl& decl, const Sym* key, const Expr* at, double& lower, double& upper);
  void FillParam(const ParamDecl& decl, ParamState& st, const Expr* at);
  void PrepareVar(int id);
  // Bounds of a member as the model states them.
  void VarBounds(const VarDecl& decl, double& lower, double& upper);

  // --- data ---
  ParamState& param(int id) { return params_[static_cast<size_t>(id)]; }
  SetState& set(int id) { return sets_[static_cast<size_t>(id)]; }
  VarState& var(int id) { return vars_[static_cast<size_t>(id)]; }
  RowState& row(int id) { return rows_[static_cast<size_t>(id)]; }
  SymbolTable& symbols() { return symbols_; }
  const SymbolTable& symbols() const { return symbols_; }
  MemoryMeter* meter() { return &meter_; }
  const Template& model() const { return *model_; }
  const MathProgLimits& limits() const { return limits_; }
  const MathProgRunOptions& options() const { return options_; }

  // --- faults, limits ---
  [[noreturn]] void Throw(std::string_view code, std::string message, const Expr* at,
                          std::string hint = {}, std::string symbol = {}, const Sym* key = nullptr,
                          int key_size = 0);
  [[noreturn]] void ThrowLimit(std::string_view code, std::string_view what, int64_t limit,
                               const Expr* at = nullptr);
  void Step() {
    if (++steps_ >= next_check_) CheckLimits();
  }
  void Visit() {
    ++visited_;
    Step();
  }
  void CheckLimits();
  void CountMembers(size_t n, const Expr* at);
  void Warn(MathProgDiagnostic d);
  void FillIndex(MathProgDiagnostic& d, const Sym* key, int n) const;
  Json SymJson(Sym s) const;
  std::string TupleText(const Sym* key, int n) const;                          // "a,b"
  std::string MemberText(std::string_view name, const Sym* key, int n) const;  // "x[a,b]"

  // --- statements (statements.cc, output.cc, tables.cc) ---
  void Execute(const Stmt& s);
  void CheckStatement(const Stmt& s);
  bool NothingGiven(const Expr& e) const;
  void Display(const Stmt& s);
  void DisplayWhole(const Expr& e);
  void DisplaySet(std::string_view name, const TupleSet& set);
  void Printf(const Stmt& s);
  void TableIn(const TableDecl& t);
  void TableOut(const TableDecl& t);
  void Write(std::string_view text);
  double PrintedNumber(const Expr& e);
  std::string FormatPrintf(const Stmt& s);

  // --- generation (generate.cc) ---
  void GenerateRows(const Stmt& s);
  // Adds to the current row.
  void AddTerm(int32_t column, double value) {
    if (value == 0) return;
    uint32_t& stamp = columns_.stamp[static_cast<size_t>(column)];
    if (stamp > row_begin_) {
      all_rows_.terms.values()[stamp - 1] += value;
      return;
    }
    PutTerm(column, value);
    stamp = static_cast<uint32_t>(all_rows_.terms.size());
  }
  // Of a column that no other term of the row is about.
  void PutTerm(int32_t column, double value) {
    if (value == 0) return;
    if (all_rows_.terms.full()) MakeRoom();
    all_rows_.terms.Push(column, value);
  }
  Problem Finish();  // spends the rows

  // What the solution looks like to statements below `solve`.
  struct Solution {
    bool available = false;
    std::vector<double> x;         // per column of the problem
    std::vector<double> activity;  // per generated row (objectives included)
    std::vector<double> reduced;   // per column, may be empty
    std::vector<double> dual;      // per generated row, may be empty
    std::vector<BasisStatus> column_status;
    std::vector<BasisStatus> row_status;
    bool mip = false;
  };

  struct Output {
    std::string text;
    std::vector<std::pair<std::string, std::string>> files;
    std::vector<std::pair<std::string, Json>> tables;
    int64_t bytes = 0;
    bool truncated = false;
  };

  // Columns as created, before unused ones are dropped.
  struct Columns {
    explicit Columns(MemoryMeter* m)
        : lower(Metered<double>(m)),
          upper(Metered<double>(m)),
          var(Metered<int32_t>(m)),
          member(Metered<uint32_t>(m)),
          stamp(Metered<uint32_t>(m)) {}
    MeteredVector<double> lower;
    MeteredVector<double> upper;
    MeteredVector<int32_t> var;
    MeteredVector<uint32_t> member;  // position in the variable's space
    MeteredVector<uint32_t> stamp;   // its term in the row arena + 1
    size_t size() const { return var.size(); }
  };

  // Rows as generated, objectives included; the arena is emptied by Finish().
  struct Rows {
    explicit Rows(MemoryMeter* m)
        : start(Metered<uint32_t>(m)),
          lower(Metered<double>(m)),
          upper(Metered<double>(m)),
          decl(Metered<int32_t>(m)),
          terms(m) {}
    MeteredVector<uint32_t> start;
    MeteredVector<double> lower;
    MeteredVector<double> upper;
    MeteredVector<int32_t> decl;
    TermArena terms;
    size_t size() const { return decl.size(); }
  };

  void ColumnKey(int32_t created, Sym* key) const;
  const Sym* RowKey(int32_t row) const;
  std::string CreatedColumnName(int32_t created) const;
  std::string GeneratedRowName(int32_t row) const;

  Columns& columns() { return columns_; }
  const Columns& columns() const { return columns_; }
  Rows& rows() { return all_rows_; }
  const Rows& rows() const { return all_rows_; }
  Sym SlotValue(int slot) const { return slots_[static_cast<size_t>(slot)]; }
  void RestartClock();  // statements below `solve` have their own time
  Output& output() { return output_; }
  Solution& solution() { return solution_; }
  std::vector<MathProgDiagnostic>& warnings() { return warnings_; }

  // Statement being executed, for `within`.
  std::string Within() const;
  void SetWithin(const Stmt* s) { current_stmt_ = s; }

  // Created column -> problem column or -1, and back; set by Finish().
  std::vector<int32_t> problem_column;
  std::vector<int32_t> created_column;
  int32_t objective_row = -1;           // generated row that is optimised
  std::vector<double> row_constant;     // per objective row in order of generation: its constant
  std::vector<int32_t> objective_rows;  // generated rows that are objectives
  std::vector<int32_t> problem_row;     // generated row -> problem row or -1
  int64_t num_nonzeros = 0;
  const Json* json = nullptr;  // what `table ... IN "JSON"` and binding by name read
  double bind_seconds = 0;

 private:
  struct SlotSave;
  struct BoundTerm;
  bool LoopEntry(const Domain& d, size_t k, uint64_t known, Body body);
  bool AtTuple(const Domain& d, size_t k, uint64_t known, Body body);
  bool InEntries(const Domain& d, size_t k, const Sym* key);
  double EvalCall(const Expr& e);
  Sym EvalSymCall(const Expr& e);
  double EvalIterated(const Expr& e);
  double TakeComputed(const Expr& e, ParamState& st);
  bool IsFormula(const Expr& e, int& nodes);
  bool EvalRelation(const Expr& e);
  SetRef BuildSet(const Expr& e);
  SetRef BuildRange(const Expr& e);
  bool RangeOf(const Expr& e, double& start, double& step, double& count);
  void AddElement(TupleSet& set, const Sym* tuple, const Expr& e, bool duplicates_are_errors);
  double Arithmetic(double result, std::string_view op, double a, double b, const Expr& at) {
    if (std::isfinite(result)) return result;
    ThrowNotFinite(result, op, a, b, at);
  }
  [[noreturn]] void ThrowNotFinite(double result, std::string_view op, double a, double b,
                                   const Expr& at);
  [[noreturn]] void ThrowZeroDivision(double a, std::string_view op, const Expr& at);
  [[noreturn]] void ThrowPower(double a, double b, const Expr& at);
  double NumberOf(Sym s, const Expr& at);
  double TakeParamSlow(int id, const Sym* key, int64_t position, const Expr* at);
  double ComputeParam(const ParamDecl& decl, ParamState& st, const Sym* key, const Expr* at);
  void CheckParamValue(const ParamDecl& decl, double value, const Sym* key, const Expr* at);
  SetPtr ComputeSet(const SetDecl& decl, SetState& st, const Sym* key, const Expr* at);
  void CheckSetValue(const SetDecl& decl, TupleSet& value, const Sym* key, const Expr* at);
  void PrepareSpace(const Decl& decl, MemberSpace& space);
  int64_t Position(const MemberSpace& space, const Expr& e, Sym* key);
  int64_t RadixPosition(const MemberSpace::Radix& r, const Expr& e, size_t first, Sym* key);
  int32_t NewColumn(int id, VarState& st, int64_t position, double lower, double upper,
                    const Expr* at);
  void MakeRoom();
  void CloseTerms(size_t begin, const Expr& at);
  void EvalSum(const Expr& e, double coefficient);
  void InnerSum(const Expr& e, double coefficient);
  bool Bind(const TermPlan& plan, TupleSet& set, double coefficient, BoundTerm& term);
  double Factor(const TermPlan& plan, double coefficient);
  [[noreturn]] void OutOfDomain(const Decl& decl, const Sym* key, const Expr* at);
  Sym OtherKind(Sym s);
  std::string OtherKindHint(Sym s, std::string_view where) const;
  std::string PointerOfMember(const Domain* domain, const Sym* key);
  template <typename F>
  auto Recurse(const Expr* at, F&& f) -> decltype(f());

  std::shared_ptr<const Template> model_;
  MathProgRunOptions options_;
  MathProgLimits limits_;
  MemoryMeter meter_;
  SymbolTable symbols_;
  std::vector<SetState> sets_;
  std::vector<ParamState> params_;
  std::vector<VarState> vars_;
  std::vector<RowState> rows_;
  std::vector<SetPtr> caches_;

  std::vector<Sym> slots_;
  std::vector<TupleSet*> slot_set_;  // the set the slot's value was taken from, or null
  std::vector<uint32_t> slot_position_;

  Columns columns_;
  Rows all_rows_;
  uint32_t row_begin_ = 0;
  double row_constant_ = 0;

  int64_t steps_ = 0;
  int64_t next_check_ = 0;
  int64_t visited_ = 0;
  int64_t members_ = 0;
  int recursion_ = 0;
  const char* stack_base_ = nullptr;
  int big_stacks_ = 0;  // that the recursion has been continued on
  std::chrono::steady_clock::time_point deadline_;
  int speculative_faults_ = 0;
  const Stmt* current_stmt_ = nullptr;
  const Stmt* file_writer_ = nullptr;  // the printf that wrote to a file last
  RandomSource random_;
  Solution solution_;
  Output output_;
  std::vector<MathProgDiagnostic> warnings_;
};

// One dummies' block saved while its declaration is entered again.
struct Run::SlotSave {
  SlotSave(Run& run, const Decl& decl, bool needed);
  ~SlotSave();
  Run& run;
  int begin;
  std::vector<Sym> slots;
  std::vector<TupleSet*> sets;
  std::vector<uint32_t> positions;
};

}  // namespace solvent::mathprog
