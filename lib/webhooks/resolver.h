// Names to addresses, by the system's resolver but with a time limit.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ip_address.h"

namespace solvent {

// NotFound: no such name, or no resolver that knows. DeadlineExceeded, Cancelled: no answer until
// then. ResourceExhausted: too many names are waited for already.
absl::StatusOr<std::vector<IpAddress>> ResolveName(const std::string& name,
                                                   std::chrono::steady_clock::time_point deadline,
                                                   std::stop_token stop = {});

}  // namespace solvent
