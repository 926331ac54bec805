#include "credit_port.h"

#include <string>
#include <utility>

#include "solvent/error.h"

namespace solvent {

std::string_view ToString(CreditEntryType type) {
  switch (type) {
    case CreditEntryType::kAdjustment: return "adjustment";
    case CreditEntryType::kExecution: return "execution";
    case CreditEntryType::kRefund: return "refund";
  }
  return "adjustment";
}

absl::Status InsufficientCredits(int64_t needed, int64_t available) {
  Json extra;
  extra.Set("credits_needed", needed).Set("credits_available", available);
  return MakeError(absl::StatusCode::kFailedPrecondition, error_code::kInsufficientCredits,
                   "Not enough credits: " + std::to_string(needed) + " needed, " +
                       std::to_string(available) + " available",
                   {}, std::move(extra));
}

}  // namespace solvent
