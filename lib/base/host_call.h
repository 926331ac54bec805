// Calls into code of the host. It is asked not to throw; when it does all the same, no thread of
// ours ends with it.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace solvent {

// OK, or Internal("<what> threw an exception: ...").
template <typename Call>
absl::Status HostCall(std::string_view what, const Call& call) {
  try {
    call();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InternalError(std::string(what) + " threw an exception: " + error.what());
  } catch (...) {
    return absl::InternalError(std::string(what) + " threw an exception");
  }
}

}  // namespace solvent
