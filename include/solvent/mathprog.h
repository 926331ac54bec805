// GNU MathProg: an algebraic model and its data become a Problem, and a solution becomes tables
// that speak of the model's own names.
//
//   MathProgCompiled compiled = MathProgModel::Compile(model_text);
//   if (!compiled.model) { ... compiled.diagnostics say what and where ... }
//   MathProgInput input;
//   input.json = &document;                    // and/or input.data = {data_text}
//   MathProgGenerated generated = compiled.model->Generate(input);
//   if (!generated.run) { ... generated.diagnostics ... }
//   SolveResult solved = *backend->Solve(generated.run->problem(), options);
//   absl::StatusOr<Json> result = generated.run->Report(solved);
//
// A compiled model is immutable: any number of threads may generate from it at once. A run belongs
// to one thread at a time. Nothing is global, nothing touches the disk, and every loop heeds the
// limits and the stop token.
//
// The language is the published one. Two dialects: strict accepts just that; default adds ordered
// sets (first, last, next, prev, ord, member), defined variables (`var y = 2*x + 3;`, substituted
// wherever they appear) and skips AMPL command lines with a warning.
//
// Data comes from up to three places; whole symbols override in this order: the JSON document, the
// data texts, the model's own data section (ignored, with a warning, once a data text is given),
// the `default` in the model. JSON reaches a symbol by a statement of the model,
//   table w IN "JSON" "warehouses": WAREHOUSES <- [name], capacity, cost_per_unit;
// or by name: a declared set or param without := whose name is a top-level member.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/json.h"
#include "solvent/problem.h"
#include "solvent/solution.h"

namespace solvent {

// One fault or warning, placed as exactly as it can be.
//
// Codes: M101-M119 what the text says is wrong (syntax, names, dimensions, types); M201 out of
// domain, M202 duplicate, M211 min/max of nothing, M212 arithmetic, M213 text and number mixed up,
// M214 circular, M221 no value, M222 restriction violated, M223 check failed, M230 not linear;
// M301-M305 a feature that is off or absent; B201-B209 the JSON input does not fit the model;
// L401-L419 a limit was reached, L420 cancelled.
struct MathProgDiagnostic {
  std::string code;
  std::string stage;  // "parse", "generate", "environment", "bind", "limits"
  std::string message;
  int line = 0;  // 1-based, 0 when the fault has no place in a text
  int column = 0;
  std::string source;  // "" for the model, "data" for a data text or section
  std::string symbol;
  std::vector<Json> index;   // the member's subscripts
  std::string json_pointer;  // into the input
  std::string excerpt;       // the offending text
  std::string within;        // the row or statement being made: "meet[Widget C]"
  std::string hint;
  std::vector<std::string> expected;  // tokens that would have been accepted
  bool warning = false;

  Json ToJson() const;
  std::string ToString() const;  // "line 9, column 31: no value for demand[Widget C] (M221)"
};

// The first error as a status of code InvalidArgument (ResourceExhausted for limits, Cancelled),
// whose ErrorInfo carries all of them in extra["errors"]. OK when there is no error.
absl::Status ToStatus(const std::vector<MathProgDiagnostic>& diagnostics);

enum class MathProgDialect : uint8_t { kDefault, kStrict };

// What one compilation or run may use. Work counters are looked at inside loops.
struct MathProgLimits {
  int64_t max_rows = 1'000'000;
  int64_t max_columns = 2'000'000;
  int64_t max_nonzeros = 20'000'000;
  int64_t max_set_members = 2'000'000;
  int64_t max_total_members = 10'000'000;
  int64_t max_tuples_visited = 500'000'000;
  int64_t max_steps = 5'000'000'000;
  double max_seconds = 120;
  int64_t max_memory_bytes = int64_t{4} << 30;
  int max_expression_depth = 500;  // at most 2000 count
  int max_recursion = 10'000;
  int64_t max_symbol_bytes = 1'000;
  int64_t max_model_bytes = 4 << 20;
  int64_t max_data_bytes = int64_t{256} << 20;
  int64_t max_output_bytes = 1 << 20;
  int64_t max_result_rows = 1'000'000;
  int max_errors = 20;
};

struct MathProgCompileOptions {
  MathProgDialect dialect = MathProgDialect::kDefault;
  MathProgLimits limits;
};

// Borrowed; must outlive Generate().
struct MathProgInput {
  std::vector<std::string_view> data;  // data texts, read in order as one
  const Json* json = nullptr;          // an object
  // Members of `json` that nothing in the model uses are an error (B201) unless named here.
  std::vector<std::string> accepted_members;
};

struct MathProgRunOptions {
  MathProgLimits limits;
  uint32_t seed = 1;  // of the model's random functions
  std::stop_token stop;
  bool names = false;  // fill the problem's column and row names
  // Reads the file of a `table … IN "CSV" "file"`. Without it such tables are error M301.
  std::function<absl::StatusOr<std::string>(std::string_view path)> read_file;
  int64_t now_seconds = -1;  // what gmtime() answers; -1: the system's clock
};

// Counted as modelers count: rows include every objective, nonzeros those of the objectives,
// columns are the variables with a nonzero coefficient somewhere.
struct MathProgStats {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t integers = 0;  // binaries included
  int64_t binaries = 0;
  int64_t nonzeros = 0;
  double bind_ms = 0;
  double generate_ms = 0;
  int64_t peak_bytes = 0;
};

struct MathProgReportOptions {
  enum class Include : uint8_t { kNonzero, kAll, kNone };
  Include include = Include::kNonzero;
  std::vector<std::string> families;  // only these variables, when not empty
  bool duals = false;                 // adds a "dual" column to constraints (LPs)
  bool variables = true;              // the flat list "variables"
  bool constraints = true;
  // An infeasible result gets the member "conflict", null until somebody finds the rows that
  // contradict each other (solvent/explain.h) and fills their names in.
  bool conflict = false;
  double solve_ms = 0;  // goes into stats
};

// A declared name, for forms, schemas and completion.
struct MathProgSymbol {
  enum class Kind : uint8_t { kSet, kParam, kVar, kConstraint, kObjective, kTable };
  Kind kind = Kind::kSet;
  std::string name;
  std::string alias;        // the string after the name, or ""
  int subscripts = 0;       // number of subscripts
  int dimen = 0;            // of a set's members
  bool symbolic = false;    // a param's values are texts
  bool needs_data = false;  // neither := nor default
  bool accepts_data = false;
  int line = 0;
};

// A generated problem and everything needed to read its solution.
class MathProgRun {
 public:
  virtual ~MathProgRun() = default;

  virtual const Problem& problem() const = 0;
  virtual const MathProgStats& stats() const = 0;
  virtual const std::vector<MathProgDiagnostic>& warnings() const = 0;

  // Names as MPS and LP exports want them: ship['East Hub',1].
  virtual void FillNames(Problem& problem) const = 0;
  // Names as results show them: ship[East Hub,1].
  virtual std::string ColumnName(int32_t column) const = 0;
  virtual std::string RowName(int32_t row) const = 0;

  // Runs the statements below `solve` on the solution and returns the result document:
  // {"status","objective_value","objective_name","sense","bound","gap","variables","families",
  //  "objectives","constraints","tables","output","files","warnings","stats"}.
  // Without a point the values are null and the lists absent. May be called again, with another
  // solution too. An error in a statement below `solve` is reported in "warnings", and the rest of
  // those statements is skipped: the solution stands.
  virtual absl::StatusOr<Json> Report(const SolveResult& solved,
                                      const MathProgReportOptions& options = {}) = 0;

  // What printf and display above `solve` wrote.
  virtual const std::string& output() const = 0;
};

struct MathProgGenerated {
  std::unique_ptr<MathProgRun> run;             // null when there are errors
  std::vector<MathProgDiagnostic> diagnostics;  // errors and warnings
};

class MathProgModel;

struct MathProgCompiled {
  std::shared_ptr<const MathProgModel> model;   // null when there are errors
  std::vector<MathProgDiagnostic> diagnostics;  // errors (at most max_errors) and warnings
};

class MathProgModel : public std::enable_shared_from_this<MathProgModel> {
 public:
  static MathProgCompiled Compile(std::string_view text,
                                  const MathProgCompileOptions& options = {});

  virtual ~MathProgModel() = default;
  virtual std::vector<MathProgSymbol> symbols() const = 0;
  // Top-level members of the JSON document that `table … IN "JSON"` statements read.
  virtual std::vector<std::string> json_members() const = 0;

  // Never throws. The run keeps the model alive.
  virtual MathProgGenerated Generate(const MathProgInput& input,
                                     const MathProgRunOptions& options = {}) const = 0;
};

}  // namespace solvent
