#include "sqlite_outbox.h"

#include <algorithm>

#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kInsert[] =
    "INSERT INTO outbox (id, topic, payload, due, attempts) VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr char kDueEntries[] =
    "SELECT n, id, topic, payload, attempts FROM outbox WHERE topic = ?1 AND due <= ?2"
    " ORDER BY due, n LIMIT ?3";
constexpr char kLease[] = "UPDATE outbox SET due = ?2, attempts = attempts + 1 WHERE n = ?1";
constexpr char kDone[] = "DELETE FROM outbox WHERE id = ?1";
constexpr char kPutOff[] = "UPDATE outbox SET due = ?2 WHERE id = ?1";
constexpr char kNextDue[] = "SELECT due FROM outbox WHERE topic = ?1 ORDER BY due LIMIT 1";

// NextDue says 0 when there is nothing.
int64_t NotZero(int64_t due) { return std::max<int64_t>(due, 1); }

}  // namespace

absl::Status InsertOutbox(Db& db, const OutboxEntry& entry) {
  return db.Run(kInsert, entry.id, entry.topic, Blob{entry.payload}, NotZero(entry.due),
                entry.attempts);
}

absl::StatusOr<std::vector<OutboxEntry>> SqliteOutbox::Claim(std::string_view topic, int64_t now,
                                                             int64_t lease_until, int most) {
  using Entries = std::vector<OutboxEntry>;
  // Most looks find nothing: they must not cost a turn of the writer.
  ASSIGN_OR_RETURN(int64_t next, NextDue(topic));
  if (next == 0 || next > now) return Entries();
  return writer_.Get<Entries>([&](Db& db) -> absl::StatusOr<Entries> {
    Entries entries;
    std::vector<int64_t> rows;
    {
      Query query(db, kDueEntries, topic, now, most);
      while (query.Next()) {
        rows.push_back(query.Int(0));
        entries.push_back(
            {query.Text(1), query.Text(2), query.Text(3), lease_until, query.Int32(4) + 1});
      }
      RETURN_IF_ERROR(query.status());
    }
    for (int64_t row : rows) RETURN_IF_ERROR(db.Run(kLease, row, lease_until));
    return entries;
  });
}

absl::Status SqliteOutbox::Done(std::string_view id) {
  return writer_.Run([&](Db& db) { return db.Run(kDone, id); });
}

absl::Status SqliteOutbox::PutOff(std::string_view id, int64_t due) {
  return writer_.Run([&](Db& db) { return db.Run(kPutOff, id, NotZero(due)); });
}

absl::StatusOr<int64_t> SqliteOutbox::NextDue(std::string_view topic) {
  Readers::Lease db(readers_);
  Query query(*db, kNextDue, topic);
  if (query.Next()) return query.Int(0);
  RETURN_IF_ERROR(query.status());
  return 0;
}

}  // namespace solvent
