// A definition made ready to run: its text compiled, its schema parsed, its settings read.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "json_schema.h"
#include "solvent/execution_store.h"
#include "solvent/json.h"
#include "solvent/mathprog.h"
#include "solvent/model_catalog.h"
#include "solvent/problem.h"
#include "solvent/solve_backend.h"

namespace solvent {

// The definition that runs: `own` (object or null) laid over its custom_config, and a text that
// stands in there taken out of it.
ModelDefinition EffectiveDefinition(ModelDefinition definition, const Json& own);

// What a caller says beside the input.
struct RunSettings {
  Json options;                    // object or null
  std::string solver_name;         // "" for the model's
  std::stop_token stop;            // ends the generation, which fails as Cancelled
  double max_seconds = kInfinity;  // for the generation, where its own limit is not shorter
  // For the solve, where neither the model nor the input nor `options` set a limit.
  double usual_time_limit_seconds = SolveOptions().time_limit_seconds;
};

struct GeneratedRun {
  Problem problem;
  SolveOptions options;
  std::string solver_name;
  ResultReporter reporter;  // unset when the result has no other view than the flat one
  Json stats;
  Json warnings{Json::Array{}};
};

// Immutable; any number of threads may generate at once.
class PreparedModel : public std::enable_shared_from_this<PreparedModel> {
 public:
  // `definition` as EffectiveDefinition returns it. ValidationError, with pointers into the
  // definition and the compiler's diagnostics in extra "errors", for one that cannot work.
  // `stopping` ends all its generations, which fail as Unavailable.
  static absl::StatusOr<std::shared_ptr<const PreparedModel>> Prepare(
      ModelDefinition definition, std::stop_token stopping = {});

  // `input` is the caller's, before defaults. `now_seconds` is what the model's clock says.
  // BadRequest with extra "errors" when the input does not fit; a ValidationError where a limit was
  // reached or an option is wrong; Cancelled or Unavailable when it was told to stop.
  absl::StatusOr<GeneratedRun> Generate(Json input, const RunSettings& settings,
                                        int64_t now_seconds) const;

  // What Generate finds wrong with `input` before it makes anything of it: the schema's faults and
  // the fields'. Cheap.
  absl::Status CheckInput(Json input) const;

  // Whether there is something that the example input could be tried on.
  bool has_text() const { return kind_ != Kind::kInput; }
  const ModelDefinition& definition() const { return definition_; }
  const std::string& document() const { return document_; }  // the definition as JSON
  const std::string& hash() const { return hash_; }          // its SHA-256, in hex

 private:
  enum class Kind { kInput, kMathProg, kFixed };

  // Fills defaults in and checks.
  absl::Status Admit(Json& input) const;
  absl::Status ReadText();
  absl::Status ReadConfig();
  absl::StatusOr<GeneratedRun> FromInput(Json input, const RunSettings& settings) const;
  absl::StatusOr<GeneratedRun> FromMathProg(Json input, const RunSettings& settings,
                                            int64_t now_seconds) const;
  absl::StatusOr<GeneratedRun> FromFixed(const Json& input, const RunSettings& settings) const;
  absl::Status ReadSettings(const RunSettings& settings, GeneratedRun& run) const;

  std::stop_token stopping_;
  ModelDefinition definition_;
  std::string document_;
  std::string hash_;
  Kind kind_ = Kind::kInput;
  std::shared_ptr<const JsonSchema> schema_;  // null without one
  std::vector<std::string> named_members_;
  std::shared_ptr<const MathProgModel> compiled_;
  MathProgRunOptions run_options_;
  MathProgReportOptions report_options_;
  MathProgDialect dialect_ = MathProgDialect::kDefault;
  Problem fixed_;  // of a flat, MPS or LP text
};

}  // namespace solvent
