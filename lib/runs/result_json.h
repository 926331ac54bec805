// A solve's result as the JSON that is stored and served (field names as the HTTP API has them).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "solvent/json.h"
#include "solvent/problem.h"
#include "solvent/progress.h"
#include "solvent/solution.h"

namespace solvent {

struct ResultJson {
  std::string full;
  // For lists: with the first kPreviewVariables variables only, "" when that is all of them.
  std::string preview;
};
inline constexpr size_t kPreviewVariables = 1000;

// Members of `report` (an object or null) are appended, except those that the result has itself.
ResultJson RenderResult(const Problem& problem, const SolveResult& result, const Json& report = {});

// What stands in a result for a report that could not be made: a warning that says why.
Json ReportFailed(const absl::Status& failure);

// Why there is no result after `limit` ("the time limit") has passed without a point to show.
std::string NoSolutionInTime(std::string_view limit, const SolveResult& result);

std::string RenderProgress(const Progress& progress, double fraction);
struct StoredProgress {
  Progress progress;
  double fraction = 0;
};
// Reads what RenderProgress wrote.
std::optional<StoredProgress> ReadProgress(std::string_view json);

// The point in a rendered result, by column of `problem`; empty when there is none or it does not
// fit.
std::vector<double> PointFromResult(const Problem& problem, std::string_view result_json);

}  // namespace solvent
