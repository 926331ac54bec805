// Problems as text: flat JSON with expression strings, MPS (fixed and free), CPLEX LP.
//
// Reading trusts nothing: every error names the place (field and offset in an expression, or line
// and column of a file) and the offending text. Reading never throws, and its time and memory are
// linear in the input's size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/error.h"
#include "solvent/problem.h"
#include "solvent/solve_backend.h"

namespace solvent {

enum class ProblemFormat { kFlatJson, kMps, kLp };

struct ReadLimits {
  size_t max_columns = 2'000'000;
  size_t max_rows = 1'000'000;
  size_t max_terms = 20'000'000;
  size_t max_expression_bytes = 10'000'000;
  size_t max_depth = 200;      // parentheses in an expression
  size_t max_json_depth = 64;  // nesting of a JSON body
  size_t max_errors = 100;     // listed per answer
};

// A flat JSON problem with everything that came along with it.
struct FlatProblem {
  Problem problem;
  std::string name;         // "" when absent
  std::string description;  // "" when absent
  SolveOptions options;     // members of "options"; the rest keep their defaults
  bool has_time_limit = false;
  std::string solver_name;              // "" when absent
  std::string warm_start_execution_id;  // "" when absent
  std::string metadata_json;            // "" when absent, else one JSON object
  std::vector<std::string> warnings;
};

// Reads the flat JSON form:
//   {"variables":[{"name","type","lower_bound","upper_bound"}…],
//    "objective":{"sense","expression"}, "constraints":[{"name","expression"}…],
//    "options":{…}, "name", "description", "solver_name", "warm_start":{"execution_id"},
//    "metadata"}
// Members may come in any order; unknown ones are ignored; duplicates are refused. The document is
// read as a stream: no tree of it, or of an expression, is built. A range "1 <= x + y <= 5" makes
// two rows of one name; a constraint with "kind":"range" makes one row with two bounds, and one
// with "kind":"free" a row without bounds, whose expression holds no relation.
//
// Errors: ValidationError when the shape is wrong (types, missing members, duplicate or ill-formed
// names, ranges), BadRequest with code "bad_request" when it cannot be parsed or means nothing
// (crossed bounds, undeclared names), BadRequest with code "expression_error" and members
// "expression" (at most 200 characters around the fault), "position" (0-based offset, in bytes) and
// "where" for an expression that does not parse. Quadratic terms within the grammar are a
// ValidationError of type "unsupported" that says that no engine here solves them. Faults up to
// `limits.max_errors` are listed in the status's fields; where there are more, a last one of type
// "not_listed" says how many. Warnings are listed in the same way.
//
// Bounds and sides of rows of 1e30 and more in size are infinite, as in MPS and LP files: "x <=
// 1e30" is a row without bounds, and "x >= 1e30" is refused.
absl::StatusOr<FlatProblem> ReadFlatJson(std::string_view json, const ReadLimits& limits = {});

// The same document that ReadFlatJson reads, one constraint a row (a range becomes a chained
// relation). Names that the flat form cannot hold are replaced by x<column> and c<row> and listed
// in a "name_map" member. This and all below: "" for a problem that CheckWritable refuses; finite
// bounds of 1e30 and more in size are written as infinite.
std::string WriteFlatJson(const Problem& problem);

// MPS, fixed or free form (recognized by its content): NAME, OBJSENSE, ROWS, COLUMNS with integer
// markers, RHS (a value for the objective is minus its offset), RANGES, BOUNDS of all types,
// ENDATA. Quadratic, SOS and indicator sections are refused by name, and so are second sets of
// right-hand sides, ranges or bounds. N rows after the first become rows without bounds. What files
// leave unsaid follows the cbc program: a negative UP without a lower bound makes the column
// unbounded below; an integer column between markers without any bound is 0/1, and one with a lower
// bound only has no upper one. Bounds of 1e30 and beyond are infinite, in LP files too.
// Where a name is no UTF-8, the bytes of all names are taken for Latin-1, in LP files too: names
// stay distinct.
absl::StatusOr<Problem> ReadMps(std::string_view text, const ReadLimits& limits = {});
// Free-form MPS with 17 significant digits; reading it back gives an identical problem. Names that
// hold white space or are ambiguous are replaced.
std::string WriteMps(const Problem& problem);

// CPLEX LP: objective, Subject To, Bounds, General, Binary, End. Semi-continuous, SOS and
// quadratic parts are refused by name, and so is a second row of one name. Lower bounds are 0
// unless given, even where the upper one is negative: then the file is refused. "<" means "<=".
absl::StatusOr<Problem> ReadLp(std::string_view text, const ReadLimits& limits = {});
std::string WriteLp(const Problem& problem);

// By the file's name (".json", ".mps", ".lp"), then by its content.
ProblemFormat GuessFormat(std::string_view file_name, std::string_view text);

// BadRequest when a problem's arrays do not fit together, or, naming the row or column, when a
// bound of 1e30 and more in size excludes every value: no text form could be read back.
absl::Status CheckWritable(const Problem& problem);

// Names "json", "mps" and "lp". InvalidArgument for any other.
absl::StatusOr<ProblemFormat> ParseProblemFormat(std::string_view name);
absl::StatusOr<Problem> ReadProblem(std::string_view text, ProblemFormat format,
                                    const ReadLimits& limits = {});
std::string WriteProblem(const Problem& problem, ProblemFormat format);

}  // namespace solvent
