// The record of one run of a problem: what was asked, what came back, and how it ended.
//
//   pending ──> running ──> completed | failed | timeout | cancelled
//      └──────────────────> failed (never started) | cancelled
//
// End states are final. A finished solve is `completed` whatever it found (infeasible and
// unbounded are answers); `timeout` means that the limit passed without any point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace solvent {

enum class RunState : uint8_t {
  kPending = 0,
  kRunning = 1,
  kCompleted = 2,
  kFailed = 3,
  kTimeout = 4,
  kCancelled = 5,
};
inline constexpr int kRunStates = 6;
std::string_view ToString(RunState state);  // "pending", "running", ...
std::optional<RunState> ParseRunState(std::string_view name);
inline bool IsEndState(RunState state) { return state >= RunState::kCompleted; }

// Whether a run's user is told of its end (solvent/notification_center.h). Nobody is told of a
// cancel, and of a trigger's run its creator always is.
enum class NotifyEnd : uint8_t {
  kNever = 0,
  kAlways = 1,
  kUnlessAnswered = 2,  // not when it is the answer to the call that started the run
};

struct Execution {
  std::string id;  // "exe_" and 16 characters, unique for ever
  std::string organization_id;
  std::string user_id;
  RunState state = RunState::kPending;
  std::string name;         // the problem's, may be empty
  std::string model_id;     // "" for a plain solve
  std::string catalog_id;   // "" unless the model came from the catalog
  std::string model_name;   // ""
  std::string origin;       // "manual", "triggered", ...
  std::string trigger_id;   // ""
  std::string run_id;       // ""
  std::string version_id;   // ""
  std::string solver_name;  // asked for, and once running: in use
  int priority = 0;

  int32_t columns = 0;
  int32_t rows = 0;
  double time_limit_seconds = 0;

  // Microseconds since 1970 UTC; 0 where it has not happened.
  int64_t created_at = 0;
  int64_t started_at = 0;
  int64_t completed_at = 0;

  std::string solver_status;              // "" until completed, then ToString(SolveStatus)
  std::optional<double> objective_value;  // once completed with a point
  std::string error_message;              // of failed and timeout runs
  int64_t credits_used = 0;               // charged when recorded; 0 again once refunded
  int64_t execution_time_micros = 0;
  int crashes = 0;  // worker processes that this run has cost

  std::string result_json;    // one JSON object once completed, else ""
  std::string progress_json;  // the last progress known, or ""
  std::string input_json;     // what was submitted, when it was JSON; only filled by single reads
};

struct ExecutionFilter {
  std::optional<RunState> state;
  std::string origin;      // "" matches all, here and below
  std::string model_id;
  std::string trigger_id;
  bool include_result = true;
};

}  // namespace solvent
