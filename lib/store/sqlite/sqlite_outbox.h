#pragma once

#include <string_view>
#include <vector>

#include "outbox_port.h"
#include "readers.h"
#include "writer.h"

namespace solvent {

// Part of the transaction of whatever the entry announces. Entries of a used id fail it.
absl::Status InsertOutbox(Db& db, const OutboxEntry& entry);

class SqliteOutbox : public OutboxPort {
 public:
  SqliteOutbox(Writer& writer, Readers& readers) : writer_(writer), readers_(readers) {}
  absl::StatusOr<std::vector<OutboxEntry>> Claim(std::string_view topic, int64_t now,
                                                 int64_t lease_until, int most) override;
  absl::Status Done(std::string_view id) override;
  absl::Status PutOff(std::string_view id, int64_t due) override;
  absl::StatusOr<int64_t> NextDue(std::string_view topic) override;

 private:
  Writer& writer_;
  Readers& readers_;
};

}  // namespace solvent
