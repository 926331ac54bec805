// Idempotency keys of calls that create something other than a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "db.h"
#include "solvent/repeatable.h"

namespace solvent {

// InvalidArgument: the key was used before with a different request.
absl::Status KeyReused();

// Both belong into the transaction that creates. `repeatable` may be null, and then nothing
// happens.

// How the room finds what an earlier call with this key created; sets `replayed`. Empty for a new
// key.
absl::StatusOr<std::optional<std::string>> FindCreated(Db& db, std::string_view organization,
                                                       Repeatable* repeatable);
absl::Status KeepCreated(Db& db, std::string_view organization, const Repeatable* repeatable,
                         std::string_view created, int64_t now);

}  // namespace solvent
