// What listeners to a run are sent, as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api.h"
#include "solvent/execution_store.h"

namespace solvent::api {

// `last` is the run's last progress where it is known.
std::string StatusMessage(const Execution& execution, const std::optional<RunEvent>& last);
std::string ProgressMessage(std::string_view id, const RunEvent& event);
std::string EndMessage(Context& context, const Execution& execution);
std::string ErrorMessage(std::string_view code, std::string_view message);

}  // namespace solvent::api
