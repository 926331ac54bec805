// Balances of organizations, and the entries that made them. Charges and refunds of runs have no
// call here: the driver makes them in the transaction that adds or ends the run (RunPort), at the
// price in Execution::credits_used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/credits.h"

namespace solvent {

// How runs are charged. A store that was not told charges nothing.
struct CreditPolicy {
  bool charging = false;
  int64_t initial_grant = 0;
  int64_t low_threshold = 0;
};

struct CreditAccount {
  bool has_grant = false;  // the initial grant was made, or an operator has set the balance
  int64_t balance = 0;
  int64_t granted = 0;
  int64_t adjusted = 0;
  int64_t used = 0;
};

struct CreditChange {
  std::string id;  // of the entry
  std::string organization_id;
  int64_t amount = 0;
  std::string reason;
  int64_t now = 0;
};

// FailedPrecondition (insufficient_credits) with credits_needed and credits_available.
absl::Status InsufficientCredits(int64_t needed, int64_t available);

class CreditPort {
 public:
  virtual ~CreditPort() = default;

  // Before runs are added by other threads.
  virtual void SetPolicy(const CreditPolicy& policy) = 0;

  // InsufficientCredits when the organization could not pay that now. A cheap read, which decides
  // nothing: the transaction does.
  virtual absl::Status CheckFunds(std::string_view organization, int64_t credits) = 0;

  // Zeros for an organization without entries.
  virtual absl::StatusOr<CreditAccount> FindAccount(std::string_view organization) = 0;
  // Makes the initial grant unless it was made or nothing is charged.
  virtual absl::Status EnsureGrant(std::string_view organization, int64_t now) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<CreditEntry>> ListEntries(std::string_view organization,
                                                               const CreditEntryFilter& filter) = 0;

  // NotFound unless the organization is on record or has an account. BadRequest when the balance
  // would become negative, or too large.
  virtual absl::StatusOr<CreditEntry> Adjust(const CreditChange& change,
                                             Repeatable* repeatable = nullptr) = 0;
  // Makes change.amount the balance; no entry when it is that already.
  virtual absl::StatusOr<CreditAccount> SetBalance(const CreditChange& change) = 0;
};

}  // namespace solvent
