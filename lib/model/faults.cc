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
  ++count_;
  Fault fault{kind, {std::move(pointer), std::move(message), std::string(type)}, std::move(extra)};
  const int weight = Weight(fault);
  const bool graver = faults_.empty() || weight < gravest_;
  if (faults_.size() < most_) {
    faults_.push_back(std::move(fault));
  } else if (graver) {
    faults_.back() = std::move(fault);
  }
  if (graver) gravest_ = weight;
  return true;
}

// What has no type at all is graver than what has a wrong value: it may not get a verdict.
int FaultList::Weight(const Fault& fault) {
  const bool is_typed = fault.field.type != "missing" && fault.field.type != "type_error";
  return 2 * Rank(fault.kind) + (is_typed ? 1 : 0);
}

absl::Status FaultList::ToStatus() && {
  if (faults_.empty()) return absl::OkStatus();
  auto& gravest = *std::min_element(faults_.begin(), faults_.end(),
                                    [](auto& a, auto& b) { return Rank(a.kind) < Rank(b.kind); });
  std::string message = gravest.field.message;
  if (gravest.kind == FaultKind::kShape && !gravest.field.pointer.empty()) {
    message = gravest.field.pointer + ": " + message;
  }
  if (count_ > 1) message += " (and " + std::to_string(count_ - 1) + " more)";
  std::string_view code = Code(gravest.kind);
  Json extra = std::move(gravest.extra);
  std::vector<FieldError> fields;
  fields.reserve(faults_.size());
  for (Fault& fault : faults_) fields.push_back(std::move(fault.field));
  if (count_ > fields.size()) {
    fields.push_back({"", NotListed(count_ - fields.size(), "fault"), "not_listed"});
  }
  return MakeError(absl::StatusCode::kInvalidArgument, code, message, std::move(fields),
                   std::move(extra));
}

std::string NotListed(size_t count, std::string_view what) {
  const bool one = count == 1;
  return std::to_string(count) + " more " + std::string(what) + (one ? " is" : "s are") +
         " not listed";
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
