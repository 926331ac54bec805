#include "model_faults.h"

#include <string>
#include <utility>

#include "solvent/error.h"

namespace solvent {

absl::Status SchemaFaultsToStatus(const std::vector<SchemaFault>& faults, std::string_view code) {
  if (faults.empty()) return absl::OkStatus();
  Json::Array errors;
  std::vector<FieldError> fields;
  for (const SchemaFault& fault : faults) {
    Json error;
    error.Set("code", code).Set("stage", "schema").Set("message", fault.message);
    error.Set("json_pointer", fault.pointer);
    if (!fault.keyword.empty()) error.Set("keyword", fault.keyword);
    if (!fault.limit.is_null()) error.Set("limit", fault.limit);
    errors.push_back(std::move(error));
    fields.push_back({fault.pointer, fault.message, std::string(code)});
  }
  std::string message = "the input does not fit the model: ";
  if (!faults[0].pointer.empty()) message += faults[0].pointer + ": ";
  message += faults[0].message;
  if (faults.size() > 1) message += " (and " + std::to_string(faults.size() - 1) + " more)";
  Json extra;
  extra.Set("errors", std::move(errors));
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kBadRequest, message,
                   std::move(fields), std::move(extra));
}

absl::Status DiagnosticsToStatus(const std::vector<MathProgDiagnostic>& diagnostics) {
  absl::Status status = ToStatus(diagnostics);
  if (absl::IsInvalidArgument(status)) return AsBadRequest(status);
  if (!absl::IsResourceExhausted(status)) return status;
  ErrorInfo info = GetErrorInfo(status);
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kValidation, Message(status),
                   std::move(info.fields), std::move(info.extra));
}

absl::Status AsDefinitionFault(const absl::Status& status, std::string_view pointer) {
  if (!absl::IsInvalidArgument(status)) return status;
  ErrorInfo info = GetErrorInfo(status);
  if (info.fields.empty()) info.fields.push_back({"", std::string(Message(status)), info.code});
  for (FieldError& field : info.fields) field.pointer = std::string(pointer) + field.pointer;
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kValidation,
                   std::string(pointer) + ": " + std::string(Message(status)),
                   std::move(info.fields), std::move(info.extra));
}

absl::Status AsBadRequest(const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return status;
  ErrorInfo info = GetErrorInfo(status);
  if (info.code == error_code::kBadRequest) return status;
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kBadRequest, Message(status),
                   std::move(info.fields), std::move(info.extra));
}

}  // namespace solvent
