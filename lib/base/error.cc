#include "solvent/error.h"

#include <optional>

#include "absl/strings/cord.h"
#include "string_bridge.h"

namespace solvent {
namespace {

constexpr char kPayloadUrl[] = "solvent/error";

}  // namespace

std::string_view Message(const absl::Status& status) { return V(status.message()); }

absl::Status MakeError(absl::StatusCode status_code, std::string_view code,
                       std::string_view message, std::vector<FieldError> fields, Json extra) {
  absl::Status status(status_code, A(message));
  Json payload;
  payload.Set("code", code);
  if (!fields.empty()) {
    Json::Array list;
    list.reserve(fields.size());
    for (FieldError& field : fields) {
      Json item;
      item.Set("pointer", std::move(field.pointer));
      item.Set("message", std::move(field.message));
      item.Set("type", std::move(field.type));
      list.push_back(std::move(item));
    }
    payload.Set("fields", std::move(list));
  }
  if (!extra.is_null()) payload.Set("extra", std::move(extra));
  status.SetPayload(kPayloadUrl, absl::Cord(payload.Dump()));
  return status;
}

absl::Status BadRequest(std::string_view message, std::vector<FieldError> fields) {
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kBadRequest, message,
                   std::move(fields));
}

absl::Status ValidationError(std::vector<FieldError> fields) {
  std::string message;
  if (!fields.empty()) {
    message = fields[0].pointer.empty() ? fields[0].message
                                        : fields[0].pointer + ": " + fields[0].message;
    if (fields.size() > 1) {
      message += " (and " + std::to_string(fields.size() - 1) + " more)";
    }
  }
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kValidation, message,
                   std::move(fields));
}

absl::Status ValidationError(std::string_view pointer, std::string_view message,
                             std::string_view type) {
  std::vector<FieldError> fields;
  fields.push_back({std::string(pointer), std::string(message), std::string(type)});
  return ValidationError(std::move(fields));
}

absl::Status NotFound(std::string_view message) {
  return MakeError(absl::StatusCode::kNotFound, error_code::kNotFound, message);
}

ErrorInfo GetErrorInfo(const absl::Status& status) {
  ErrorInfo info;
  auto cord = status.GetPayload(kPayloadUrl);
  if (!cord.has_value()) return info;
  auto payload = ParseJson(std::string(*cord));
  if (!payload.ok()) return info;
  info.code = (*payload)["code"].as_string();
  info.extra = (*payload)["extra"];
  for (const Json& item : (*payload)["fields"].array()) {
    info.fields.push_back(
        {item["pointer"].as_string(), item["message"].as_string(), item["type"].as_string()});
  }
  return info;
}

}  // namespace solvent
