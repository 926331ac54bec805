// solvent credits show|grant|adjust|set: on the database file, whether or not a server is running.
#include "solvent/credits.h"

#include <cinttypes>
#include <cstdio>

#include "commands.h"
#include "requests.h"
#include "solvent/identity.h"
#include "solvent/sqlite_store.h"

namespace solvent::cli {
namespace {

// An open database, and the organization that the verb is about.
struct Books {
  std::unique_ptr<Store> store;
  std::unique_ptr<CreditLedger> ledger;
  std::string organization;  // id
};

absl::StatusOr<Books> Open(const CreditsOptions& options) {
  if (absl::Status status = DatabaseExists(options.database); !status.ok()) return status;
  SqliteOptions sqlite;
  sqlite.readers = 1;
  auto store = OpenSqliteStore(options.database, sqlite);
  if (!store.ok()) return store.status();
  Identity identity(**store, {});
  auto organization = identity.FindOrganization(options.organization);
  if (!organization.ok()) return organization.status();
  auto ledger = std::make_unique<CreditLedger>(**store);
  return Books{*std::move(store), std::move(ledger), *std::move(organization)};
}

std::string Time(int64_t micros) {
  std::string text;
  JsonWriter w(text);
  api::WriteTime(w, micros);
  return text;
}

int PrintJson(const Books& books, const CreditBalance& balance,
              const std::vector<CreditEntry>& entries) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("organization_id").String(books.organization);
  w.Key("balance").Int(balance.balance);
  w.Key("granted").Int(balance.granted);
  w.Key("adjusted").Int(balance.adjusted);
  w.Key("used").Int(balance.used);
  w.Key("entries").BeginArray();
  for (const CreditEntry& entry : entries) {
    w.BeginObject();
    w.Key("id").String(entry.id);
    w.Key("type").String(ToString(entry.type));
    w.Key("amount").Int(entry.amount);
    w.Key("balance_after").Int(entry.balance_after);
    w.Key("description").String(entry.description);
    w.Key("execution_id").String(entry.execution_id);
    w.Key("created_at").Raw(Time(entry.created_at));
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  std::printf("%s\n", text.c_str());
  return kDone;
}

// The balance, and the entries of interest.
int Print(const CreditsOptions& options, Books& books, const std::vector<CreditEntry>& entries) {
  auto balance = books.ledger->Balance(books.organization);
  if (!balance.ok()) return Complain(balance.status());
  if (options.json) return PrintJson(books, *balance, entries);
  std::printf("%s has %" PRId64 " credits (granted %" PRId64 ", adjusted %+" PRId64
              ", used %" PRId64 ")\n",
              Printable(options.organization).c_str(), balance->balance, balance->granted,
              balance->adjusted, balance->used);
  for (const CreditEntry& entry : entries) {
    std::string time = Time(entry.created_at);
    std::string what = entry.execution_id;
    if (!what.empty() && !entry.description.empty()) what += ": ";
    what += Printable(entry.description);
    std::printf("%.19s  %-10s  %+10" PRId64 "  %10" PRId64 "  %s\n", time.c_str() + 1,
                std::string(ToString(entry.type)).c_str(), entry.amount, entry.balance_after,
                what.c_str());
  }
  return kDone;
}

}  // namespace

int CreditsShow(const CreditsOptions& options) {
  auto books = Open(options);
  if (!books.ok()) return Complain(books.status());
  std::vector<CreditEntry> entries;
  if (options.entries > 0) {
    CreditEntryFilter filter;
    filter.limit = options.entries;
    auto listed = books->ledger->Entries(books->organization, filter);
    if (!listed.ok()) return Complain(listed.status());
    entries = *std::move(listed);
  }
  return Print(options, *books, entries);
}

int CreditsAdjust(const CreditsOptions& options) {
  auto books = Open(options);
  if (!books.ok()) return Complain(books.status());
  auto entry = books->ledger->Adjust(books->organization, options.amount, options.reason);
  if (!entry.ok()) return Complain(entry.status());
  return Print(options, *books, {*entry});
}

int CreditsSet(const CreditsOptions& options) {
  auto books = Open(options);
  if (!books.ok()) return Complain(books.status());
  auto balance = books->ledger->SetBalance(books->organization, options.amount, options.reason);
  if (!balance.ok()) return Complain(balance.status());
  return Print(options, *books, {});
}

}  // namespace solvent::cli
