#include "faults.h"

#include <algorithm>
#include <utility>

namespace solvent {
namespace {

// A wrong shape often causes the rest, so it decides; what no engine solves comes last.
int Rank(FaultKind kind) {
  switch (kind) {
    case FaultKind::kShape: return 0;
    case FaultKind::kMeaning:
    case FaultKind::kExpression: return 1;
    case FaultKind::kUnsupported: break;
  }
  return 2;
}

std::string_view Code(FaultKind kind) {
  switch (kind) {
    case FaultKind::kMeaning: return error_code::kBadRequest;
    case FaultKind::kExpression: return error_code::kExpression;
    case FaultKind::kShape:
    case FaultKind::kUnsupported: break;
  }
  return error_code::kValidation;
}

}  // namespace

bool FaultList::Add(FaultKind kind, std::string pointer, std::string message, std::string_view type,
                    Json extra) {
  faults_.push_back(
      {kind, {std::move(pointer), std::move(message), std::string(type)}, std::move(extra)});
  return faults_.size() < most_;
}

absl::Status FaultList::ToStatus() && {
  if (faults_.empty()) return absl::OkStatus();
  auto& gravest = *std::min_element(faults_.begin(), faults_.end(),
                                    [](auto& a, auto& b) { return Rank(a.kind) < Rank(b.kind); });
  std::string message = gravest.field.message;
  if (gravest.kind == FaultKind::kShape && !gravest.field.pointer.empty()) {
    message = gravest.field.pointer + ": " + message;
  }
  if (faults_.size() > 1) message += " (and " + std::to_string(faults_.size() - 1) + " more)";
  std::string_view code = Code(gravest.kind);
  Json extra = std::move(gravest.extra);
  std::vector<FieldError> fields;
  fields.reserve(faults_.size());
  for (Fault& fault : faults_) fields.push_back(std::move(fault.field));
  return MakeError(absl::StatusCode::kInvalidArgument, code, message, std::move(fields),
                   std::move(extra));
}

std::string Excerpt(std::string_view text, size_t position, size_t most) {
  size_t begin = 0;
  size_t end = text.size();
  if (text.size() > most) {
    begin = position > most / 2 ? position - most / 2 : 0;
    begin = std::min(begin, text.size() - most);
    end = begin + most;
  }
  auto inside = [&](size_t i) { return i < text.size() && (text[i] & '\xC0') == '\x80'; };
  while (begin > 0 && begin < end && inside(begin)) ++begin;
  while (end > begin && inside(end)) --end;
  return std::string(text.substr(begin, end - begin));
}

}  // namespace solvent
