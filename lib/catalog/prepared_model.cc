#include "prepared_model.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "crypto.h"
#include "input_fields.h"
#include "model_definition.h"
#include "model_faults.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"
#include "status_macros.h"

namespace solvent {
namespace {

// Members of `over` win.
Json Overlay(const Json& base, const Json& over) {
  Json merged = base.is_object() ? base : Json(Json::Object{});
  for (const Json::Member& member : over.object()) merged.Set(member.name, member.value);
  return merged;
}

// Options as a flat problem may carry them, read by the reader of flat problems so that the rules
// are the same.
absl::Status ReadOptions(const Json& options, double usual_time_limit, SolveOptions& read) {
  Json problem;
  Json variable;
  variable.Set("name", "x");
  Json objective;
  objective.Set("sense", "minimize").Set("expression", "x");
  problem.Set("variables", Json::Array{std::move(variable)});
  problem.Set("objective", std::move(objective));
  problem.Set("options", options);
  ASSIGN_OR_RETURN(FlatProblem flat, ReadFlatJson(problem.Dump()));
  if (!flat.has_time_limit) flat.options.time_limit_seconds = usual_time_limit;
  read = std::move(flat.options);
  return absl::OkStatus();
}

// Names as results show them; as exports write them (with quotes) where those would not be unique.
void FillNames(const MathProgRun& run, Problem& problem) {
  std::unordered_set<std::string> seen;
  NameList columns;
  NameList rows;
  bool unique = true;
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    std::string name = run.ColumnName(j);
    columns.Add(name);
    unique = seen.insert(std::move(name)).second && unique;
  }
  for (int32_t i = 0; i < problem.num_rows(); ++i) rows.Add(run.RowName(i));
  if (unique) {
    problem.column_names = std::move(columns);
    problem.row_names = std::move(rows);
  } else {
    run.FillNames(problem);
  }
}

struct LimitName {
  std::string_view name;
  int64_t MathProgLimits::*member;
};
constexpr LimitName kLimits[] = {
    {"rows", &MathProgLimits::max_rows},
    {"columns", &MathProgLimits::max_columns},
    {"nonzeros", &MathProgLimits::max_nonzeros},
    {"set_members", &MathProgLimits::max_set_members},
    {"total_members", &MathProgLimits::max_total_members},
    {"tuples_visited", &MathProgLimits::max_tuples_visited},
    {"steps", &MathProgLimits::max_steps},
    {"memory_bytes", &MathProgLimits::max_memory_bytes},
    {"symbol_bytes", &MathProgLimits::max_symbol_bytes},
    {"output_bytes", &MathProgLimits::max_output_bytes},
    {"result_rows", &MathProgLimits::max_result_rows},
};

// A template may lower what the host allows, not raise it.
absl::Status ReadLimit(const Json::Member& member, MathProgLimits& limits) {
  std::string pointer = "/custom_config/limits/" + member.name;
  if (!member.value.is_number() || !(member.value.as_double() > 0)) {
    return ValidationError(pointer, "must be a number greater than 0");
  }
  std::string_view name = member.name;
  if (name.starts_with("max_")) name.remove_prefix(4);
  if (name == "seconds") {
    limits.max_seconds = std::min(limits.max_seconds, member.value.as_double());
    return absl::OkStatus();
  }
  for (const LimitName& limit : kLimits) {
    if (limit.name != name) continue;
    double value = std::min(member.value.as_double(), 9e18);
    limits.*limit.member = std::min(limits.*limit.member, static_cast<int64_t>(value));
    return absl::OkStatus();
  }
  return ValidationError(pointer, "there is no such limit");
}

absl::Status ReadResultConfig(const Json& result, MathProgReportOptions& report) {
  if (result.is_null()) return absl::OkStatus();
  if (!result.is_object()) {
    return ValidationError("/custom_config/result", "must be an object", "type_error");
  }
  report.duals = result["duals"].as_bool();
  if (const Json& conflict = result["conflict"]; conflict.is_bool()) {
    report.conflict = conflict.as_bool();
  } else if (!conflict.is_null()) {
    return ValidationError("/custom_config/result/conflict", "must be true or false", "type_error");
  }
  const Json& include = result["include"];
  if (include.is_null() || include.as_string() == "nonzero") return absl::OkStatus();
  if (include.as_string() == "all") {
    report.include = MathProgReportOptions::Include::kAll;
  } else if (include.as_string() == "none") {
    report.include = MathProgReportOptions::Include::kNone;
  } else if (include.is_array()) {
    for (const Json& family : include.array()) report.families.push_back(family.as_string());
  } else {
    return ValidationError("/custom_config/result/include",
                           "must be \"nonzero\", \"all\", \"none\" or a list of names");
  }
  return absl::OkStatus();
}

}  // namespace

ModelDefinition EffectiveDefinition(ModelDefinition definition, const Json& own) {
  if (own.is_object()) definition.custom_config = Overlay(definition.custom_config, own);
  const Json& config = definition.custom_config;
  if (definition.model.empty()) {
    const Json& model = config["model"];
    if (model.is_string()) definition.model = model.as_string();
    for (const Json& line : model.array()) definition.model += line.as_string() + "\n";
    if (model.is_object()) definition.model = model.Dump();
    if (definition.language.empty()) definition.language = config["language"].as_string();
    if (definition.data.empty()) {
      const Json& data = config["data"];
      if (data.is_string()) definition.data = data.as_string();
      for (const Json& line : data.array()) definition.data += line.as_string() + "\n";
    }
  }
  return definition;
}

absl::StatusOr<std::shared_ptr<const PreparedModel>> PreparedModel::Prepare(
    ModelDefinition definition, std::stop_token stopping) {
  auto model = std::make_shared<PreparedModel>();
  model->stopping_ = std::move(stopping);
  model->document_ = DefinitionToJson(definition).Dump();
  model->hash_ = HexEncode(Sha256(model->document_));
  model->definition_ = std::move(definition);
  const ModelDefinition& d = model->definition_;
  if (const Json& schema = d.input_schema; !schema.is_null()) {
    if (!schema.is_object()) {
      return ValidationError("/input_schema", "must be an object", "type_error");
    }
    if (!schema.object().empty()) {
      absl::StatusOr<std::shared_ptr<const JsonSchema>> compiled = JsonSchema::Compile(schema);
      if (!compiled.ok()) return AsDefinitionFault(compiled.status(), "/input_schema");
      model->schema_ = *std::move(compiled);
    }
  }
  RETURN_IF_ERROR(CheckFieldDefinitions(d.input_fields, d.input_schema));
  model->named_members_ = NamedMembers(d.input_schema, d.input_fields);
  RETURN_IF_ERROR(model->ReadConfig());
  RETURN_IF_ERROR(model->ReadText());
  return model;
}

absl::Status PreparedModel::ReadConfig() {
  const Json& config = definition_.custom_config;
  if (!config.is_null() && !config.is_object()) {
    return ValidationError("/custom_config", "must be an object", "type_error");
  }
  for (const char* name : {"input_defaults", "options", "limits", "solver"}) {
    if (const Json& member = config[name]; !member.is_null() && !member.is_object()) {
      return ValidationError("/custom_config/" + std::string(name), "must be an object",
                             "type_error");
    }
  }
  const std::string& dialect = config["dialect"].as_string();
  if (dialect == "strict") {
    dialect_ = MathProgDialect::kStrict;
  } else if (!config["dialect"].is_null() && dialect != "default") {
    return ValidationError("/custom_config/dialect", "must be \"default\" or \"strict\"");
  }
  for (const Json::Member& limit : config["limits"].object()) {
    RETURN_IF_ERROR(ReadLimit(limit, run_options_.limits));
  }
  report_options_.conflict = true;
  RETURN_IF_ERROR(ReadResultConfig(config["result"], report_options_));
  report_options_.variables = false;  // the flat list is in every result
  run_options_.seed = config["seed"].is_integer() ? static_cast<uint32_t>(config["seed"].as_int())
                                                  : run_options_.seed;
  GeneratedRun defaults;
  absl::Status status = ReadSettings({}, defaults);
  return status.ok() ? status : AsDefinitionFault(status, "/custom_config");
}

absl::Status PreparedModel::ReadText() {
  if (definition_.generator_type != "template" || definition_.model.empty()) {
    return absl::OkStatus();
  }
  std::string_view language = definition_.language;
  if (language.empty() || language == "mathprog") {
    kind_ = Kind::kMathProg;
    MathProgCompileOptions options;
    options.dialect = dialect_;
    options.limits = run_options_.limits;
    MathProgCompiled compiled = MathProgModel::Compile(definition_.model, options);
    if (compiled.model == nullptr) {
      absl::Status status = DiagnosticsToStatus(compiled.diagnostics);
      if (status.ok()) status = absl::InternalError("the compiler failed without a word");
      return AsDefinitionFault(status, "/model");
    }
    compiled_ = std::move(compiled.model);
    return absl::OkStatus();
  }
  kind_ = Kind::kFixed;
  absl::StatusOr<Problem> problem = BadRequest("");
  if (language == "flat") {
    absl::StatusOr<FlatProblem> flat = ReadFlatJson(definition_.model);
    if (flat.ok()) {
      problem = std::move(flat->problem);
    } else {
      problem = flat.status();
    }
  } else if (language == "mps") {
    problem = ReadMps(definition_.model);
  } else if (language == "lp") {
    problem = ReadLp(definition_.model);
  } else {
    return ValidationError("/language", "must be \"mathprog\", \"flat\", \"mps\" or \"lp\"");
  }
  if (!problem.ok()) return AsDefinitionFault(problem.status(), "/model");
  fixed_ = *std::move(problem);
  return absl::OkStatus();
}

absl::Status PreparedModel::ReadSettings(const RunSettings& settings, GeneratedRun& run) const {
  const Json& config = definition_.custom_config;
  Json solver = config["solver"];
  Json options = Overlay(Overlay(solver, config["options"]), settings.options);
  RETURN_IF_ERROR(ReadOptions(options, settings.usual_time_limit_seconds, run.options));
  run.solver_name = settings.solver_name;
  if (run.solver_name.empty()) run.solver_name = config["solver_name"].as_string();
  if (run.solver_name.empty()) run.solver_name = solver["name"].as_string();
  return absl::OkStatus();
}

absl::Status PreparedModel::CheckInput(Json input) const { return Admit(input); }

absl::Status PreparedModel::Admit(Json& input) const {
  if (!input.is_object()) {
    return ValidationError("/input_data", "must be an object", "type_error");
  }
  for (const Json::Member& member : definition_.custom_config["input_defaults"].object()) {
    if (input.Find(member.name) == nullptr) input.Set(member.name, member.value);
  }
  FillDefaults(definition_.input_schema, definition_.input_fields, input);
  if (schema_ != nullptr) {
    ASSIGN_OR_RETURN(std::vector<SchemaFault> faults, schema_->Check(input));
    RETURN_IF_ERROR(SchemaFaultsToStatus(faults, "S201"));
  }
  return SchemaFaultsToStatus(CheckFields(definition_.input_fields, input), "S202");
}

absl::StatusOr<GeneratedRun> PreparedModel::Generate(Json input, const RunSettings& settings,
                                                     int64_t now_seconds) const {
  RETURN_IF_ERROR(Admit(input));
  switch (kind_) {
    case Kind::kInput: return FromInput(std::move(input), settings);
    case Kind::kMathProg: return FromMathProg(std::move(input), settings, now_seconds);
    case Kind::kFixed: return FromFixed(input, settings);
  }
  return absl::InternalError("unknown kind of model");
}

absl::StatusOr<GeneratedRun> PreparedModel::FromInput(Json input,
                                                      const RunSettings& settings) const {
  bool looks_flat = input.Find("variables") != nullptr && input.Find("objective") != nullptr;
  if (definition_.generator_type == "template" && !looks_flat) {
    return BadRequest(
        "the model has no template yet: give it a model text, or send a flat problem "
        "(variables, objective) as input_data");
  }
  // Only what the input says itself comes between the model's options and the caller's.
  RunSettings merged = settings;
  merged.options = Overlay(input["options"], settings.options);
  if (merged.solver_name.empty()) merged.solver_name = input["solver_name"].as_string();
  GeneratedRun run;
  absl::StatusOr<FlatProblem> flat = ReadFlatJson(input.Dump());
  if (!flat.ok()) return AsBadRequest(flat.status());
  RETURN_IF_ERROR(ReadSettings(merged, run));
  run.problem = std::move(flat->problem);
  Json::Array warnings(flat->warnings.begin(), flat->warnings.end());
  run.warnings = std::move(warnings);
  return run;
}

absl::StatusOr<GeneratedRun> PreparedModel::FromFixed(const Json& input,
                                                      const RunSettings& settings) const {
  std::vector<SchemaFault> unused;
  for (const Json::Member& member : input.object()) {
    if (std::find(named_members_.begin(), named_members_.end(), member.name) ==
        named_members_.end()) {
      unused.push_back(
          {"/" + member.name, "", "nothing in the model uses \"" + member.name + "\"", Json()});
    }
  }
  RETURN_IF_ERROR(SchemaFaultsToStatus(unused, "B201"));
  GeneratedRun run;
  RETURN_IF_ERROR(ReadSettings(settings, run));
  run.problem = fixed_;
  return run;
}

absl::StatusOr<GeneratedRun> PreparedModel::FromMathProg(Json input, const RunSettings& settings,
                                                         int64_t now_seconds) const {
  GeneratedRun run;
  RETURN_IF_ERROR(ReadSettings(settings, run));
  // The statements below `solve` may still ask for input.
  auto kept = std::make_shared<const Json>(std::move(input));
  MathProgInput given;
  given.json = kept.get();
  if (!definition_.data.empty()) given.data.push_back(definition_.data);
  given.accepted_members = named_members_;
  MathProgRunOptions options = run_options_;
  options.now_seconds = now_seconds;
  options.limits.max_seconds = std::min(options.limits.max_seconds, settings.max_seconds);
  // Neither ends what the run reports later.
  std::stop_source stop;
  const std::stop_callback on_stop(settings.stop, [&stop] { stop.request_stop(); });
  const std::stop_callback on_stopping(stopping_, [&stop] { stop.request_stop(); });
  options.stop = stop.get_token();
  MathProgGenerated generated = compiled_->Generate(given, options);
  if (generated.run == nullptr) {
    absl::Status status = DiagnosticsToStatus(generated.diagnostics);
    if (absl::IsCancelled(status) && stopping_.stop_requested()) {
      return MakeError(absl::StatusCode::kUnavailable, error_code::kUnavailable,
                       "the service stops, and ended the making of the problem; try again");
    }
    return status.ok() ? absl::InternalError("the generator failed without a word") : status;
  }
  std::shared_ptr<MathProgRun> made = std::move(generated.run);
  run.problem = made->problem();
  FillNames(*made, run.problem);
  const MathProgStats& stats = made->stats();
  run.stats.Set("rows", stats.rows)
      .Set("columns", stats.columns)
      .Set("integers", stats.integers)
      .Set("nonzeros", stats.nonzeros)
      .Set("bind_ms", stats.bind_ms)
      .Set("generate_ms", stats.generate_ms)
      .Set("peak_bytes", stats.peak_bytes);
  Json::Array warnings;
  for (const MathProgDiagnostic& d : generated.diagnostics) warnings.push_back(d.ToJson());
  run.warnings = std::move(warnings);
  run.reporter = [made, kept, self = shared_from_this()](const SolveResult& solved) {
    MathProgReportOptions report = self->report_options_;
    report.solve_ms = solved.seconds * 1e3;
    return made->Report(solved, report);
  };
  return run;
}

}  // namespace solvent
