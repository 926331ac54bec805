#include "executed_definitions.h"

#include <utility>

#include "model_definition.h"
#include "status_macros.h"

namespace solvent {
absl::StatusOr<std::string> ExecutedDefinitions::Keep(const PreparedModel& prepared,
                                                      int64_t now_seconds) {
  RETURN_IF_ERROR(port_.KeepDocument(prepared.hash(), prepared.document()));
  Json key;
  key.Set("definition", prepared.hash()).Set("now", now_seconds);
  return key.Dump();
}

absl::StatusOr<ResultReporter> RestoreReporter(ModelPort& port, PreparedModels& prepared,
                                               const Execution& execution, const std::string& key) {
  ASSIGN_OR_RETURN(Json parts, ParseJson(key));
  ASSIGN_OR_RETURN(std::optional<std::string> document,
                   port.FindDocument(parts["definition"].as_string()));
  if (!document.has_value()) return absl::DataLossError("the executed definition is gone");
  ASSIGN_OR_RETURN(Json definition, ParseJson(*document));
  ASSIGN_OR_RETURN(std::shared_ptr<const PreparedModel> model,
                   prepared.Get(DefinitionFromJson(definition)));
  ASSIGN_OR_RETURN(Json input, ParseJson(execution.input_json));
  ASSIGN_OR_RETURN(GeneratedRun run, model->Generate(std::move(input), {}, parts["now"].as_int()));
  if (run.problem.num_columns() != execution.columns || run.problem.num_rows() != execution.rows) {
    return absl::FailedPreconditionError("the model generates another problem now");
  }
  return std::move(run.reporter);
}

}  // namespace solvent
