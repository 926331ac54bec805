// Rows of batches, as both the reading and the writing side use them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "db.h"
#include "solvent/job_runner.h"

namespace solvent {

// No task waits longer than this for its next attempt, in microseconds.
inline constexpr int64_t kLongestDelay = 90'000'000;

using TaskCounts = std::array<int64_t, kTaskStates>;

absl::StatusOr<TaskCounts> CountTasks(Db& db, int64_t execution);
absl::StatusOr<int64_t> CountRetried(Db& db, int64_t execution);
// An organization's executions that are admitted, and not completed.
absl::StatusOr<int64_t> CountAdmitted(Db& db, std::string_view organization);
JobStats StatsOf(const TaskCounts& counts, int64_t retried);

}  // namespace solvent
