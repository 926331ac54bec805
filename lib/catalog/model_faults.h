// Faults in a model or its input as statuses: every one in the extra member "errors", as the
// compiler writes them.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "json_schema.h"
#include "solvent/mathprog.h"

namespace solvent {

// BadRequest. `code` is that of all: "S201" for the schema, "S202" for the fields.
absl::Status SchemaFaultsToStatus(const std::vector<SchemaFault>& faults, std::string_view code);

// BadRequest for what is wrong with the input or the model, ValidationError for a limit reached;
// failures of our own stay what they are.
absl::Status DiagnosticsToStatus(const std::vector<MathProgDiagnostic>& diagnostics);

// A fault of an input as a fault of a definition, whose example at `pointer` was tried.
absl::Status AsDefinitionFault(const absl::Status& status, std::string_view pointer);

// Any InvalidArgument as BadRequest, with the same fields and extra members.
absl::Status AsBadRequest(const absl::Status& status);

}  // namespace solvent
