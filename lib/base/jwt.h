// JSON Web Tokens signed with HS256 (RFC 7515, RFC 7519), and nothing else: the algorithm is
// fixed here, never taken from the token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "solvent/json.h"

namespace solvent {

std::string SignJwt(const Json& claims, std::string_view secret);

// The claims of a token whose signature holds and whose "exp" (required) and "nbf" (if present)
// admit `now_seconds`. Unauthenticated otherwise, without saying which check failed.
absl::StatusOr<Json> VerifyJwt(std::string_view token, std::string_view secret,
                               int64_t now_seconds);

}  // namespace solvent
