// The web console: a page and its files, embedded in the binary.
#pragma once

#include "absl/status/status.h"
#include "http_server.h"

namespace solvent::console {

// GET / and GET /console/…, open to everybody: the files hold no data and no secret. What they show
// comes from the API, with the key of whoever looks. Answers carry an ETag and headers that let the
// page load and reach nothing but this server.
absl::Status AddRoutes(http::HttpServer& server);

}  // namespace solvent::console
