// Why a problem has no answer, and what its answer hangs on, in the problem's own names.
//
//   auto backend = *MakeWorkerBackend({});
//   Conflict conflict = *FindConflict(problem, *backend);
//   for (const ConflictPart& part : conflict.parts) puts(part.text.c_str());
//
// Everything is found through checked solves of a SolveBackend (wrap one of your own by
// MakeCheckedBackend: its word counts) and cheap exact reasoning. All functions block for at most
// about the time limit, may run in any number of threads, and return InvalidArgument for what fails
// Problem::Check. A backend that waits for a worker is stopped at the limit too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/json.h"
#include "solvent/problem.h"
#include "solvent/solution.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct ExplainOptions {
  double time_limit_seconds = 20;  // wall clock, > 0
  std::stop_token stop;            // ends the work early, with what is known by then
};

// "room['East Hub',3]" read as the family "room" and its members "East Hub" and "3"; a plain name is
// a family alone.
struct PartName {
  std::string name;  // without the quotes: "room[East Hub,3]"
  std::string family;
  std::vector<std::string> index;
};
PartName ParsePartName(std::string_view name);

// ---- Infeasible: which rows and bounds contradict each other

struct ConflictPart {
  enum class Kind : uint8_t { kRow, kLowerBound, kUpperBound };
  Kind kind = Kind::kRow;
  int32_t index = -1;         // of the row, or of the bound's column
  PartName name;              // likewise
  double lower = -kInfinity;  // of the row; of a bound only its own side is set
  double upper = kInfinity;
  std::string text;  // "room[East Hub]: 2 x + 3 y <= 500", "x >= 4"; long rows are cut
};

struct Conflict {
  enum class Outcome : uint8_t {
    kIrreducible,       // the parts contradict each other, and without any one of them they do not
    kInfeasibleSubset,  // they contradict each other; some might not be needed
    kFeasible,          // the problem has a point: there is no conflict
    kUnknown,           // not even that was settled in time
  };
  Outcome outcome = Outcome::kUnknown;
  // Rows, then bounds, in the problem's order. A binary column's 0 and 1 belong to its being
  // binary, and are no parts.
  std::vector<ConflictPart> parts;
  // The conflict is one of whole numbers: with fractions the parts could be satisfied.
  bool needs_integers = false;
  // How far "contradict each other" may be trusted: proven by a certificate or by exact reasoning,
  // or cross-checked. Each part that was found necessary was so by a checked point.
  Trust trust = Trust::kNone;
  // What brought the problem down to few parts: "integer_range", "propagation", "farkas" or
  // "deletion".
  std::string method;
  std::string note;   // in words, when there is something to say
  int64_t tests = 0;  // subsets that were tried
  double seconds = 0;
};

// Finds a small contradiction: by bound propagation where that is enough, from a Farkas certificate
// where the relaxation is infeasible, and then by leaving out part after part.
absl::StatusOr<Conflict> FindConflict(const Problem& problem, SolveBackend& backend,
                                      const ExplainOptions& options = {});

// ---- Unbounded: where to

struct Ray {
  struct Step {
    int32_t column = -1;
    PartName name;
    double change = 0;  // per unit of travel; the largest has absolute value 1
  };
  bool found = false;
  // Moving along it for ever satisfies all rows and bounds of the relaxation and improves the
  // objective; with rational data some multiple of it is whole where columns are integer.
  std::vector<Step> steps;
  double objective_change = 0;  // per unit of travel, in the problem's own sense
  std::string note;
};

absl::StatusOr<Ray> FindUnboundedDirection(const Problem& problem, SolveBackend& backend,
                                           const ExplainOptions& options = {});

// ---- An answer: what binds it and what it is made of

// |slack| below this makes a row binding.
inline constexpr double kBindingSlack = 1e-6;

struct RowAnalysis {
  int32_t row = -1;
  double activity = 0;
  double slack = kInfinity;  // to the nearer side; negative when violated by rounding
  bool binding = false;
};

struct Contribution {
  int32_t column = -1;  // -1: the objective's constant
  double value = 0;     // coefficient times the column's value
};

// Exact for the point, whatever solver found it.
struct PointAnalysis {
  double objective = 0;
  int64_t binding_rows = 0;
  std::vector<RowAnalysis> rows;
  std::vector<Contribution> contributions;  // those that are not 0, largest first
};

// `x` has one finite value per column (BadRequest otherwise).
absl::StatusOr<PointAnalysis> AnalyzePoint(const Problem& problem, std::span<const double> x);

// ---- An answer: what it would be if the data were a little different

struct Range {
  double lower = -kInfinity;
  double upper = kInfinity;
};

struct RowSensitivity {
  int32_t row = -1;
  double dual = 0;  // change of the objective per unit of the bound
  // The side that binds, or that is nearer, and how far it can move, the others staying, while
  // `dual` stays valid. Nothing for a row without sides.
  std::optional<double> bound;
  Range bound_range;
};

struct ColumnSensitivity {
  int32_t column = -1;
  double reduced_cost = 0;
  // How far its objective coefficient can move, the others staying, while the point stays optimal.
  Range cost_range;
};

// Of one optimal basis: at a degenerate point others may allow wider ranges.
struct Sensitivity {
  bool computed = false;
  bool fixed_integers = false;  // of the linear problem that is left with all integers fixed
  double objective = 0;
  bool ranges = false;  // without them the ranges below say nothing
  std::vector<RowSensitivity> rows;
  std::vector<ColumnSensitivity> columns;
  std::string note;  // why something was not computed, and what fixed integers mean
};

// Solves the linear problem for it. For a problem with integer columns `x`, a point that satisfies
// it, says where to fix them; nothing is computed when all columns are integer. Ranges are left out
// where more than a thousand rows bind.
absl::StatusOr<Sensitivity> AnalyzeSensitivity(const Problem& problem, std::span<const double> x,
                                               SolveBackend& backend,
                                               const ExplainOptions& options = {});

// ---- As JSON (docs/explain.md)

Json ConflictToJson(const Conflict& conflict);
Json RayToJson(const Ray& ray);
struct AnalysisLimits {
  size_t rows = 200;
  size_t columns = 100;  // and contributions
};
Json PointAnalysisToJson(const Problem& problem, const PointAnalysis& analysis,
                         const AnalysisLimits& limits = {});
Json SensitivityToJson(const Problem& problem, const Sensitivity& sensitivity,
                       const AnalysisLimits& limits = {});

// ---- Of recorded runs

// Thread-safe. Made and owned by an Engine, which gives it a worker of its own, so that it waits
// for no run. Costs no credits.
class Explainer {
 public:
  virtual ~Explainer() = default;

  // Errors: NotFound as everywhere; a validation error on "execution_id" for a run that did not end
  // as infeasible; Unavailable when too many analyses are under way. Kept for a while, so that the
  // same question costs nothing.
  virtual absl::StatusOr<Conflict> ExplainInfeasible(std::string_view organization,
                                                     std::string_view execution_id) = 0;

  // {"computed", "note", ...} as in api docs; `sensitivity` adds the member of that name, for which
  // a linear problem is solved. A run without a point gives computed false, and for an unbounded
  // one, with `sensitivity`, the member "ray".
  virtual absl::StatusOr<Json> ExactAnalysis(std::string_view organization,
                                             std::string_view execution_id, bool sensitivity) = 0;
};

}  // namespace solvent
