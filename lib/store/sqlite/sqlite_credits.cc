#include "sqlite_credits.h"

#include <algorithm>
#include <utility>

#include "created_keys.h"
#include "ids.h"
#include "notification_writer.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

// Keeps sums far from overflow, and every balance exact as a JSON number.
constexpr int64_t kMaxBalance = 1'000'000'000'000'000;

constexpr char kCreditsPage[] = "/workspace/credits";

constexpr char kFindAccount[] =
    "SELECT has_grant, balance, granted, adjusted, used FROM credit_accounts"
    " WHERE organization_id = ?1";
constexpr char kOpenAccount[] =
    "INSERT INTO credit_accounts (organization_id) VALUES (?1) ON CONFLICT DO NOTHING";
constexpr char kOrganizationExists[] =
    "SELECT EXISTS (SELECT 1 FROM organizations WHERE id = ?1)"
    " OR EXISTS (SELECT 1 FROM credit_accounts WHERE organization_id = ?1)";

// Changes of a balance. Each returns the account, the number of its new entry and the balance.
constexpr char kGrant[] =
    "UPDATE credit_accounts SET has_grant = 1, granted = granted + ?2, balance = balance + ?2,"
    " last_seq = last_seq + (?2 <> 0) WHERE organization_id = ?1 AND has_grant = 0"
    " RETURNING k, last_seq, balance";
constexpr char kAdjust[] =
    "UPDATE credit_accounts SET adjusted = adjusted + ?2, balance = balance + ?2,"
    " told_low = iif(?2 > 0, 0, told_low), last_seq = last_seq + 1"
    " WHERE organization_id = ?1 AND balance + ?2 BETWEEN 0 AND ?3"
    " RETURNING k, last_seq, balance";
constexpr char kCharge[] =
    "UPDATE credit_accounts SET used = used + ?2, balance = balance - ?2, last_seq = last_seq + 1"
    " WHERE organization_id = ?1 AND has_grant = 1 AND balance >= ?2"
    " RETURNING k, last_seq, balance, told_low";
constexpr char kRefund[] =
    "UPDATE credit_accounts SET used = used - ?2, balance = balance + ?2, last_seq = last_seq + 1"
    " WHERE k = ?1 RETURNING k, last_seq, balance";
constexpr char kEnter[] =
    "INSERT INTO credit_entries (account, seq, type, amount, balance_after, created_at, id,"
    " execution_id, description) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

constexpr char kTakeGrantAsMade[] =
    "UPDATE credit_accounts SET has_grant = 1 WHERE organization_id = ?1";
constexpr char kToldLow[] = "UPDATE credit_accounts SET told_low = 1 WHERE k = ?1";
constexpr char kFindCharge[] =
    "SELECT e.account, -e.amount FROM executions x JOIN credit_accounts a"
    " JOIN credit_entries e ON e.account = a.k AND e.seq = x.charge"
    " WHERE a.organization_id = ?1 AND x.id = ?2 AND x.charge <> 0";

#define ENTRY_COLUMNS                                                              \
  "SELECT e.id, e.type, e.amount, e.balance_after, e.created_at, e.execution_id,"  \
  " e.description FROM credit_accounts a JOIN credit_entries e ON e.account = a.k" \
  " WHERE a.organization_id = ?1"
constexpr char kFindEntry[] = ENTRY_COLUMNS " AND e.seq = CAST(?2 AS INTEGER)";
constexpr char kListEntries[] =
    ENTRY_COLUMNS " AND e.seq <= a.last_seq - ?2 ORDER BY e.seq DESC LIMIT ?3";
constexpr char kListCharges[] =
    ENTRY_COLUMNS " AND e.type = 1 ORDER BY e.seq DESC LIMIT ?3 OFFSET ?2";
constexpr char kListOthers[] =
    ENTRY_COLUMNS " AND e.type <> 1 AND e.type = ?4 ORDER BY e.seq DESC LIMIT ?3 OFFSET ?2";
#undef ENTRY_COLUMNS

constexpr char kNewestEntry[] = "SELECT last_seq FROM credit_accounts WHERE organization_id = ?1";

// What a change of a balance leaves to be entered.
struct Booking {
  int64_t account = 0;
  int64_t seq = 0;
  int64_t balance = 0;
};

Booking ReadBooking(const Query& row) { return {row.Int(0), row.Int(1), row.Int(2)}; }

absl::Status Enter(Db& db, const Booking& booking, const CreditEntry& entry) {
  return db.Run(kEnter, booking.account, booking.seq, static_cast<int>(entry.type), entry.amount,
                booking.balance, entry.created_at, entry.id, entry.execution_id, entry.description);
}

absl::StatusOr<std::vector<CreditEntry>> ReadEntries(Query& query, std::string_view organization) {
  std::vector<CreditEntry> entries;
  while (query.Next()) {
    CreditEntry entry;
    entry.id = query.Text(0);
    entry.organization_id = organization;
    entry.type = static_cast<CreditEntryType>(query.Int(1));
    entry.amount = query.Int(2);
    entry.balance_after = query.Int(3);
    entry.created_at = query.Int(4);
    entry.execution_id = query.Text(5);
    entry.description = query.Text(6);
    entries.push_back(std::move(entry));
  }
  RETURN_IF_ERROR(query.status());
  return entries;
}

absl::StatusOr<CreditAccount> LoadAccount(Db& db, std::string_view organization) {
  Query query(db, kFindAccount, organization);
  if (query.Next()) {
    return CreditAccount{query.Int(0) != 0, query.Int(1), query.Int(2), query.Int(3), query.Int(4)};
  }
  RETURN_IF_ERROR(query.status());
  return CreditAccount{};
}

// Why a run gets its charge back; nullptr when it keeps it.
const char* RefundReason(const Execution& execution) {
  switch (execution.state) {
    case RunState::kFailed: return "The run failed";
    case RunState::kTimeout: return "The time limit passed without a solution";
    // A run that was put back into the queue has not started either: nothing is left of its work.
    case RunState::kCancelled:
      return execution.started_at == 0 ? "The run was cancelled before it started" : nullptr;
    default: return nullptr;
  }
}

absl::Status TellLow(Db& db, const Execution& e, int64_t remaining) {
  NewNotification n;
  n.organization_id = e.organization_id;
  n.type = NotificationType::kCreditsLow;
  n.title = "Low credit balance";
  n.message = "Your organization has " + std::to_string(remaining) + " credits left.";
  n.data.Set("credits_remaining", remaining);
  n.link = kCreditsPage;
  n.now = e.created_at;
  return AddNotificationForAll(db, std::move(n));
}

absl::Status TellAdded(Db& db, const CreditEntry& entry) {
  NewNotification n;
  n.organization_id = entry.organization_id;
  n.type = NotificationType::kCreditsPurchased;
  n.title = "Credits added";
  n.message = std::to_string(entry.amount) + " credits were added; your organization now has " +
              std::to_string(entry.balance_after) + ".";
  n.data.Set("credits_added", entry.amount).Set("credits_remaining", entry.balance_after);
  n.link = kCreditsPage;
  n.now = entry.created_at;
  return AddNotificationForAll(db, std::move(n));
}

absl::Status MustExist(Db& db, std::string_view organization) {
  Query query(db, kOrganizationExists, organization);
  bool exists = query.Next() && query.Int(0) != 0;
  RETURN_IF_ERROR(query.status());
  return exists ? absl::OkStatus() : NotFound("Organization not found");
}

}  // namespace

absl::Status SqliteCredits::CheckFunds(std::string_view organization, int64_t credits) {
  if (!policy_.charging || credits == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(CreditAccount account, FindAccount(organization));
  int64_t available = account.balance + (account.has_grant ? 0 : policy_.initial_grant);
  return available >= credits ? absl::OkStatus() : InsufficientCredits(credits, available);
}

absl::StatusOr<CreditAccount> SqliteCredits::FindAccount(std::string_view organization) {
  Readers::Lease db(readers_);
  return LoadAccount(*db, organization);
}

absl::Status SqliteCredits::EnsureGrant(std::string_view organization, int64_t now) {
  if (!policy_.charging) return absl::OkStatus();
  ASSIGN_OR_RETURN(CreditAccount account, FindAccount(organization));
  if (account.has_grant) return absl::OkStatus();
  return writer_.Run([&](Db& db) { return DoEnsureGrant(db, organization, now); });
}

absl::Status SqliteCredits::DoEnsureGrant(Db& db, std::string_view organization,
                                          int64_t now) const {
  RETURN_IF_ERROR(db.Run(kOpenAccount, organization));
  Booking booking;
  {
    Query query(db, kGrant, organization, policy_.initial_grant);
    if (!query.Next()) return query.status();  // it was made before
    booking = ReadBooking(query);
  }
  if (policy_.initial_grant == 0) return absl::OkStatus();
  CreditEntry entry;
  entry.id = NewId("txn");
  entry.amount = policy_.initial_grant;
  entry.description = "Initial grant";
  entry.created_at = now;
  return Enter(db, booking, entry);
}

absl::StatusOr<std::vector<CreditEntry>> SqliteCredits::ListEntries(
    std::string_view organization, const CreditEntryFilter& filter) {
  Readers::Lease db(readers_);
  if (filter.type == CreditEntryType::kExecution) {
    Query query(*db, kListCharges, organization, filter.offset, filter.limit);
    return ReadEntries(query, organization);
  }
  if (filter.type.has_value()) {
    Query query(*db, kListOthers, organization, filter.offset, filter.limit,
                static_cast<int>(*filter.type));
    return ReadEntries(query, organization);
  }
  Query query(*db, kListEntries, organization, filter.offset, filter.limit);
  return ReadEntries(query, organization);
}

absl::StatusOr<CreditEntry> SqliteCredits::Adjust(const CreditChange& change,
                                                  Repeatable* repeatable) {
  return writer_.Get<CreditEntry>([&](Db& db) -> absl::StatusOr<CreditEntry> {
    RETURN_IF_ERROR(MustExist(db, change.organization_id));
    ASSIGN_OR_RETURN(std::optional<std::string> earlier,
                     FindCreated(db, change.organization_id, repeatable));
    if (earlier.has_value()) {
      Query query(db, kFindEntry, change.organization_id, *earlier);
      ASSIGN_OR_RETURN(std::vector<CreditEntry> entries,
                       ReadEntries(query, change.organization_id));
      if (entries.empty()) return absl::InternalError("the entry of a key is gone");
      return std::move(entries.front());
    }
    RETURN_IF_ERROR(db.Run(kOpenAccount, change.organization_id));
    if (policy_.charging) RETURN_IF_ERROR(DoEnsureGrant(db, change.organization_id, change.now));
    ASSIGN_OR_RETURN(CreditEntry entry, DoAdjust(db, change));
    if (repeatable != nullptr) {
      Query newest(db, kNewestEntry, change.organization_id);
      if (!newest.Next()) {
        RETURN_IF_ERROR(newest.status());
        return absl::InternalError("the account is gone");
      }
      RETURN_IF_ERROR(
          KeepCreated(db, change.organization_id, repeatable, newest.Text(0), change.now));
    }
    return entry;
  });
}

absl::StatusOr<CreditEntry> SqliteCredits::DoAdjust(Db& db, const CreditChange& change) const {
  Booking booking;
  bool possible;
  {
    Query query(db, kAdjust, change.organization_id, change.amount, kMaxBalance);
    possible = query.Next();
    RETURN_IF_ERROR(query.status());
    if (possible) booking = ReadBooking(query);
  }
  if (!possible) {
    ASSIGN_OR_RETURN(CreditAccount account, LoadAccount(db, change.organization_id));
    return BadRequest("The balance is " + std::to_string(account.balance) + " and would become " +
                      std::to_string(account.balance + change.amount) +
                      (change.amount < 0 ? ", below 0" : ", which is too much"));
  }
  CreditEntry entry;
  entry.id = change.id;
  entry.organization_id = change.organization_id;
  entry.amount = change.amount;
  entry.balance_after = booking.balance;
  entry.description = change.reason;
  entry.created_at = change.now;
  RETURN_IF_ERROR(Enter(db, booking, entry));
  if (change.amount > 0) RETURN_IF_ERROR(TellAdded(db, entry));
  return entry;
}

absl::StatusOr<CreditAccount> SqliteCredits::SetBalance(const CreditChange& change) {
  return writer_.Get<CreditAccount>([&](Db& db) -> absl::StatusOr<CreditAccount> {
    RETURN_IF_ERROR(MustExist(db, change.organization_id));
    RETURN_IF_ERROR(db.Run(kOpenAccount, change.organization_id));
    RETURN_IF_ERROR(db.Run(kTakeGrantAsMade, change.organization_id));
    ASSIGN_OR_RETURN(CreditAccount account, LoadAccount(db, change.organization_id));
    if (change.amount == account.balance) return account;
    CreditChange difference = change;
    difference.amount = change.amount - account.balance;
    RETURN_IF_ERROR(DoAdjust(db, difference).status());
    return LoadAccount(db, change.organization_id);
  });
}

absl::Status SqliteCredits::RequireFunds(Db& db, std::string_view organization, int64_t credits,
                                         int64_t now) {
  if (!policy_.charging || credits == 0) return absl::OkStatus();
  RETURN_IF_ERROR(DoEnsureGrant(db, organization, now));
  ASSIGN_OR_RETURN(CreditAccount account, LoadAccount(db, organization));
  return account.balance >= credits ? absl::OkStatus()
                                    : InsufficientCredits(credits, account.balance);
}

absl::Status SqliteCredits::BeforeAdd(Db& db, NewRun& run) {
  const Execution& e = run.execution;
  if (!policy_.charging || e.credits_used <= 0) return absl::OkStatus();
  std::optional<Booking> booking;
  bool told_low = false;
  auto charge = [&]() -> absl::Status {
    Query query(db, kCharge, e.organization_id, e.credits_used);
    if (query.Next()) {
      booking = ReadBooking(query);
      told_low = query.Int(3) != 0;
    }
    return query.status();
  };
  RETURN_IF_ERROR(charge());
  if (!booking.has_value()) {
    // Not seen before, or poor.
    RETURN_IF_ERROR(RequireFunds(db, e.organization_id, e.credits_used, e.created_at));
    RETURN_IF_ERROR(charge());
    if (!booking.has_value()) return absl::InternalError("a covered charge was refused");
  }
  CreditEntry entry;
  entry.id = NewId("txn");
  entry.type = CreditEntryType::kExecution;
  entry.amount = -e.credits_used;
  entry.execution_id = e.id;
  entry.created_at = e.created_at;
  RETURN_IF_ERROR(Enter(db, *booking, entry));
  run.charge = booking->seq;
  if (told_low || booking->balance > policy_.low_threshold) return absl::OkStatus();
  RETURN_IF_ERROR(db.Run(kToldLow, booking->account));
  return TellLow(db, e, booking->balance);
}

absl::Status SqliteCredits::BeforeEnd(Db& db, const FinishRun& finish, Execution& e) {
  const char* reason = finish.stopped_at_work ? nullptr : RefundReason(e);
  if (reason == nullptr) return absl::OkStatus();
  e.credits_used = 0;
  // Whether it was charged is for the books to say: the policy may have been another one then.
  int64_t account = 0;
  int64_t amount = 0;
  {
    Query query(db, kFindCharge, e.organization_id, e.id);
    if (!query.Next()) return query.status();
    account = query.Int(0);
    amount = query.Int(1);
  }
  Booking booking;
  {
    Query query(db, kRefund, account, amount);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return absl::DataLossError("the account of a charge is gone");
    }
    booking = ReadBooking(query);
  }
  CreditEntry entry;
  entry.id = NewId("txn");
  entry.type = CreditEntryType::kRefund;
  entry.amount = amount;
  entry.execution_id = e.id;
  entry.description = reason;
  entry.created_at = e.completed_at;
  return Enter(db, booking, entry);
}

}  // namespace solvent
