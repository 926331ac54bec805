// What runs cost, and what an organization has left to pay with.
//
// A run is charged when it is recorded, in the transaction that records it: nothing is solved that
// is not paid for, and of two runs that each need the whole balance one is refused
// (insufficient_credits). The charge is given back, once, when the run ends without an answer:
// failed, timed out without a point, or cancelled before it was started. Infeasible and unbounded
// are answers; a run that is cancelled while it is being solved stays charged.
//
//   price = Submission::price                   where it is set (a catalog model's own price)
//         = EstimateCredits(size, time limit)   otherwise (solves, private models, triggers)
//
// Whatever starts runs by way of ExecutionStore is charged like that, without doing anything for
// it. Every change of a balance is one entry: the entries of an organization sum up to its balance.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/repeatable.h"

namespace solvent {

class Store;

inline constexpr int64_t kMaxCreditsPerSolve = 500;

// What a solve costs and why; the parts sum up to `raw`.
struct SolvePrice {
  double base = 0;         // 1
  double variables = 0;    // 0.1 each up to 100, then 10 + 1.5 * sqrt(n - 100)
  double integrality = 0;  // 2 * sqrt(integer and binary variables)
  double constraints = 0;  // 0.05 each up to 50, then 2.5 + 0.5 * sqrt(m - 50)
  double time = 0;         // 1 for each begun minute beyond the first
  double raw = 0;
  bool capped = false;  // raw > kMaxCreditsPerSolve
  int64_t credits = 0;  // raw, capped and rounded half to even; at least 1
};

// Counts are 0 or more; `integers` are the integer and binary columns together.
SolvePrice PriceSolve(int64_t columns, int64_t integers, int64_t rows, double time_limit_seconds);
// The credits of PriceSolve.
int64_t EstimateCredits(int64_t columns, int64_t integers, int64_t rows, double time_limit_seconds);

struct CreditOptions {
  // Nothing is charged and nothing refused. Prices are still noted in Execution::credits_used.
  bool unlimited = false;
  // What an organization gets once, when it is first seen. 0 or more.
  int64_t initial_grant = 1000;
  // A charge that leaves this much or less tells the organization's users (credits_low), once until
  // credits are added again. Unset: a tenth of the initial grant, at least 1.
  std::optional<int64_t> low_threshold;
};

struct CreditBalance {
  bool unlimited = false;  // the rest then says what would count otherwise
  int64_t balance = 0;     // granted + adjusted - used; never negative
  int64_t granted = 0;
  int64_t adjusted = 0;  // sum of the adjustments, which may be negative
  int64_t used = 0;      // charges less refunds
};

enum class CreditEntryType : uint8_t {
  kAdjustment = 0,  // by an operator, and the initial grant
  kExecution = 1,   // the charge of a run
  kRefund = 2,      // a charge given back
};
std::string_view ToString(CreditEntryType type);  // "adjustment", "execution", "refund"

struct CreditEntry {
  std::string id;  // "txn_" and 16 characters
  std::string organization_id;
  CreditEntryType type = CreditEntryType::kAdjustment;
  int64_t amount = 0;         // negative: spent
  int64_t balance_after = 0;  // of the organization, right after this entry
  std::string description;    // why; "" for charges
  std::string execution_id;   // of charges and refunds, else ""
  int64_t created_at = 0;     // microseconds since 1970 UTC
};

struct CreditEntryFilter {
  std::optional<CreditEntryType> type;
  int64_t offset = 0;  // entries to leave out, from the newest
  int limit = 50;      // 1..1000
};

// Thread-safe. Borrows the store, which must outlive it.
class CreditLedger {
 public:
  // For an operator's look at a database, beside the engine that charges, if any: grants nothing.
  explicit CreditLedger(Store& store);
  // Makes the store charge by `options` from now on. An Engine does this before it adds runs.
  CreditLedger(Store& store, const CreditOptions& options);
  ~CreditLedger();
  CreditLedger(const CreditLedger&) = delete;
  CreditLedger& operator=(const CreditLedger&) = delete;

  // Of an organization that was never seen: zeros, or with options its grant, which is entered.
  absl::StatusOr<CreditBalance> Balance(std::string_view organization);
  // What is left to spend: the balance, or nothing where there is no limit.
  absl::StatusOr<std::optional<int64_t>> Remaining(std::string_view organization);
  // Newest first.
  absl::StatusOr<std::vector<CreditEntry>> Entries(std::string_view organization,
                                                   const CreditEntryFilter& filter = {});

  // Adds credits (or takes them away, when `amount` is negative) and returns the entry. Its users
  // are told of added ones (credits_purchased). NotFound: no such organization. BadRequest: the
  // balance would become negative. ValidationError: an amount of 0 or beyond 10^12, or a reason
  // longer than 500 characters.
  absl::StatusOr<CreditEntry> Adjust(std::string_view organization, int64_t amount,
                                     std::string_view reason, Repeatable* repeatable = nullptr);
  // Makes the balance what the operator says, and takes the initial grant as made. No entry, and
  // its balance as it was, when it is that already.
  absl::StatusOr<CreditBalance> SetBalance(std::string_view organization, int64_t balance,
                                           std::string_view reason);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace solvent
