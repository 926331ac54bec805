// Executions as the HTTP API writes them.
#pragma once

#include <string>
#include <string_view>

#include "api.h"
#include "message.h"
#include "solvent/execution.h"
#include "solvent/json.h"

namespace solvent::api {

enum class InputPart { kLeaveOut, kInclude };

void WriteExecution(JsonWriter& w, const Execution& execution, InputPart input);

// What the organization has left as "credits_remaining" says it: null without a limit.
Json CreditsRemaining(Context& context, std::string_view organization);

// The answer of POST /solve for a run that has ended: the result with "execution_id" and credits.
// A failed run is {"status":"error", "error_message", everything else null}. With `nonzero_only`,
// variables at zero are left out and counted in "variables_omitted".
std::string SolveAnswer(Context& context, const Execution& execution, bool nonzero_only);

// {"task_id", "execution_id", "status", "message", "ws_url", "poll_url"} and credits.
std::string TaskEnvelope(Context& context, const Execution& execution);

}  // namespace solvent::api
