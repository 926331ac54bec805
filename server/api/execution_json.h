// Executions as the HTTP API writes them.
#pragma once

#include <string>
#include <string_view>

#include "message.h"
#include "solvent/execution.h"
#include "solvent/json.h"

namespace solvent::api {

enum class InputPart { kLeaveOut, kInclude };

void WriteExecution(JsonWriter& w, const Execution& execution, InputPart input);

// The answer of POST /solve for a run that has ended: the result with "execution_id" and credits.
// A failed run is {"status":"error", "error_message", everything else null}. With `nonzero_only`,
// variables at zero are left out and counted in "variables_omitted".
std::string SolveAnswer(const Execution& execution, bool nonzero_only);

// {"task_id","execution_id","status","message","ws_url","poll_url","estimated_credits"}
std::string TaskEnvelope(const Execution& execution, int64_t estimated_credits);

}  // namespace solvent::api
