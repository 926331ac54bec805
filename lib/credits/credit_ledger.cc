#include <algorithm>
#include <string>

#include "clock.h"
#include "ids.h"
#include "solvent/credits.h"
#include "solvent/error.h"
#include "solvent/store.h"
#include "status_macros.h"
#include "store_ports.h"

namespace solvent {
namespace {

constexpr int64_t kMaxAmount = 1'000'000'000'000;
constexpr size_t kMaxReason = 500;
constexpr int kMaxEntries = 1000;

absl::Status CheckReason(std::string_view reason) {
  // Bytes that continue a UTF-8 character do not count.
  auto length =
      std::count_if(reason.begin(), reason.end(), [](char c) { return (c & 0xC0) != 0x80; });
  if (static_cast<size_t>(length) <= kMaxReason) return absl::OkStatus();
  return ValidationError("/reason",
                         "must have at most " + std::to_string(kMaxReason) + " characters");
}

}  // namespace

struct CreditLedger::State {
  CreditPort& port;
  bool unlimited = false;
};

CreditLedger::CreditLedger(Store& store)
    : state_(new State{*store.ports().credits, /*unlimited=*/false}) {}

CreditLedger::CreditLedger(Store& store, const CreditOptions& options)
    : state_(new State{*store.ports().credits, options.unlimited}) {
  CreditPolicy policy;
  policy.charging = !options.unlimited;
  policy.initial_grant = std::clamp<int64_t>(options.initial_grant, 0, kMaxAmount);
  policy.low_threshold =
      options.low_threshold.value_or(std::max<int64_t>(1, policy.initial_grant / 10));
  state_->port.SetPolicy(policy);
}

CreditLedger::~CreditLedger() = default;

absl::StatusOr<CreditBalance> CreditLedger::Balance(std::string_view organization) {
  ASSIGN_OR_RETURN(CreditAccount account, state_->port.FindAccount(organization));
  if (!account.has_grant && !state_->unlimited) {
    RETURN_IF_ERROR(state_->port.EnsureGrant(organization, SystemNow()));
    ASSIGN_OR_RETURN(account, state_->port.FindAccount(organization));
  }
  return CreditBalance{state_->unlimited, account.balance, account.granted, account.adjusted,
                       account.used};
}

absl::StatusOr<std::optional<int64_t>> CreditLedger::Remaining(std::string_view organization) {
  if (state_->unlimited) return std::nullopt;
  ASSIGN_OR_RETURN(CreditBalance balance, Balance(organization));
  return balance.balance;
}

absl::StatusOr<std::vector<CreditEntry>> CreditLedger::Entries(std::string_view organization,
                                                               const CreditEntryFilter& filter) {
  if (filter.offset < 0) return ValidationError("query/offset", "must be 0 or more");
  if (filter.limit < 1 || filter.limit > kMaxEntries) {
    return ValidationError("query/limit", "must be from 1 to " + std::to_string(kMaxEntries));
  }
  RETURN_IF_ERROR(state_->port.EnsureGrant(organization, SystemNow()));
  return state_->port.ListEntries(organization, filter);
}

absl::StatusOr<CreditEntry> CreditLedger::Adjust(std::string_view organization, int64_t amount,
                                                 std::string_view reason, Repeatable* repeatable) {
  if (amount == 0 || amount < -kMaxAmount || amount > kMaxAmount) {
    return ValidationError("/amount", "must be at most 10^12 either way, and not 0");
  }
  RETURN_IF_ERROR(CheckReason(reason));
  return state_->port.Adjust(
      {NewId("txn"), std::string(organization), amount, std::string(reason), SystemNow()},
      repeatable);
}

absl::StatusOr<CreditBalance> CreditLedger::SetBalance(std::string_view organization,
                                                       int64_t balance, std::string_view reason) {
  if (balance < 0 || balance > kMaxAmount) {
    return ValidationError("/balance", "must be from 0 to 10^12");
  }
  RETURN_IF_ERROR(CheckReason(reason));
  ASSIGN_OR_RETURN(CreditAccount account,
                   state_->port.SetBalance({NewId("txn"), std::string(organization), balance,
                                            std::string(reason), SystemNow()}));
  return CreditBalance{state_->unlimited, account.balance, account.granted, account.adjusted,
                       account.used};
}

}  // namespace solvent
