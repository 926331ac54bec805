// GET /metrics: the figures of engine, server and process in Prometheus' text format. What each of
// them says: docs/operating.md.
#pragma once

#include "api.h"

namespace solvent::api {

absl::StatusOr<http::Response> Prometheus(Context& context, http::Request& request);

}  // namespace solvent::api
