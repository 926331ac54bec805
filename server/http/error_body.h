// Every answer that is not a success gets its body here.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "message.h"
#include "solvent/error.h"
#include "solvent/json.h"

namespace solvent::http {

// Codes that only this room uses, beside those of solvent/error.h. A status made with one of them
// gets the matching HTTP status.
namespace code {
inline constexpr std::string_view kMethodNotAllowed = "method_not_allowed";  // 405
inline constexpr std::string_view kRequestTimeout = "request_timeout";       // 408
inline constexpr std::string_view kMediaType = "unsupported_media_type";     // 415
inline constexpr std::string_view kUpgradeRequired = "upgrade_required";     // 426
inline constexpr std::string_view kRateLimit = "rate_limit_exceeded";        // 429
}  // namespace code

// By the status's code (solvent/error.h) where that is known, else by its absl code; what is
// neither is 500.
int HttpStatusOf(const absl::Status& status);

// The body of one error: {"error", "message", "detail", "error_code", "status_code", "request_id"}
// and the members of the status's `extra`. A 422 has a list as "detail", one entry a field:
// {"loc": ["body", "variables", 3], "msg", "type"}; other statuses that name fields have that list
// as "errors". A field's pointer that starts with "query/",
// "path/" or "header/" instead of "/" names that place instead of the body.
// Sets WWW-Authenticate on 401 and Retry-After on 429 and 503 (the extra member "retry_after"
// when it is there). The message of a 500, and of a 503 without a code, is never the status's own:
// it may tell about our insides, and belongs into the log.
Response ErrorResponse(const absl::Status& status, std::string_view request_id);
Response ErrorResponse(int http_status, std::string_view code, std::string_view message,
                       std::string_view request_id);
// For faults of HTTP itself; the code follows from the status.
Response ErrorResponse(int http_status, std::string_view message, std::string_view request_id);

// Turns the answer of an error into problem details (RFC 9457): {"type", "title", "status",
// "detail", "instance", "code", "request_id"}, "errors" where fields are named, and the error's
// extra members. What is not one of the bodies above stays as it is.
void MakeProblemDetails(const Request& request, Response& response);

}  // namespace solvent::http
