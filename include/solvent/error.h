// What a failed call says beyond its absl::Status: a stable code that programs may test, the
// fields at fault, and values worth repeating to the caller.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "solvent/json.h"

namespace solvent {

// One fault in what a caller sent.
struct FieldError {
  std::string pointer;  // JSON pointer into the input ("/variables/3/name"), or "" for the whole
  std::string message;  // one sentence, naming the offending text
  std::string type;     // short machine word: "missing", "type_error", "value_error", ...
};

// The details carried by a status made with MakeError. For any other status all parts are empty.
struct ErrorInfo {
  std::string code;                // "bad_request", "validation_error", "not_found", ...
  std::vector<FieldError> fields;  // in input order
  Json extra;                      // an object of further members, or null
};

// Codes used by the library. A status keeps its absl code too: kBadRequest and kValidation are
// both InvalidArgument, and differ in that a validation error means the input has the wrong shape
// (type, missing member, range), a bad request that it is well formed but means nothing.
namespace error_code {
inline constexpr std::string_view kBadRequest = "bad_request";
inline constexpr std::string_view kValidation = "validation_error";
inline constexpr std::string_view kExpression = "expression_error";
inline constexpr std::string_view kNotFound = "not_found";
inline constexpr std::string_view kUnauthorized = "unauthorized";
inline constexpr std::string_view kInsufficientCredits = "insufficient_credits";
inline constexpr std::string_view kForbidden = "forbidden";
inline constexpr std::string_view kConflict = "conflict";
inline constexpr std::string_view kPreconditionFailed = "precondition_failed";
inline constexpr std::string_view kTooLarge = "payload_too_large";
inline constexpr std::string_view kIdempotencyKeyReused = "idempotency_key_reused";
inline constexpr std::string_view kUnavailable = "service_unavailable";
inline constexpr std::string_view kInternal = "internal_error";
}  // namespace error_code

absl::Status MakeError(absl::StatusCode status_code, std::string_view code,
                       std::string_view message, std::vector<FieldError> fields = {},
                       Json extra = {});

// Shorthands for the common cases.
absl::Status BadRequest(std::string_view message, std::vector<FieldError> fields = {});
absl::Status ValidationError(std::vector<FieldError> fields);  // message is made from the first
absl::Status ValidationError(std::string_view pointer, std::string_view message,
                             std::string_view type = "value_error");
absl::Status NotFound(std::string_view message);

ErrorInfo GetErrorInfo(const absl::Status& status);

// The status's message as a std::string_view, whatever string_view Abseil was built with.
std::string_view Message(const absl::Status& status);

}  // namespace solvent
