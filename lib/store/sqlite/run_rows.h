// Rows of the executions table and of what belongs to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "db.h"
#include "run_counters.h"
#include "solvent/execution.h"

namespace solvent {

enum class FacetKind { kOrganization = 1, kOrigin = 2, kModel = 3, kTrigger = 4 };

// The facet's number; for kOrganization `org` is 0. kAllRuns for an empty value of another kind.
// FindFacet: nullopt when there is no such facet.
absl::StatusOr<std::optional<int64_t>> FindFacet(Db& db, int64_t org, FacetKind kind,
                                                 std::string_view value);
absl::StatusOr<int64_t> EnsureFacet(Db& db, int64_t org, FacetKind kind, std::string_view value);

// The number of a registered owner; FailedPrecondition when it is not (or no longer) registered.
absl::StatusOr<int64_t> FindOwner(Db& db, std::string_view owner);

// What decides about changes of a run.
struct RunHead {
  RunPlace place;
  RunState state = RunState::kPending;
  int64_t owner = 0;
  bool cancel_requested = false;
  int64_t batch = 0;  // 0 unless the run is a task of a batch
};
absl::StatusOr<std::optional<RunHead>> LoadHead(Db& db, std::string_view id);
absl::StatusOr<std::optional<RunHead>> LoadHeadAt(Db& db, int64_t n);

enum class Payload {
  kNone,     // neither result nor input
  kPreview,  // result_json holds the preview where there is one
  kResult,
  kAll,  // result and input
};
// NotFound when there is no such run.
absl::StatusOr<Execution> LoadExecution(Db& db, int64_t n, Payload payload);

}  // namespace solvent
