// Messages that must leave the house at least once: written in the transaction of their cause,
// claimed with a lease, and removed or put off by whoever tried to deliver them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace solvent {

struct OutboxEntry {
  std::string id;       // stable over all attempts; the caller's choice, unique
  std::string topic;    // who should take it
  std::string payload;  // opaque
  int64_t due = 0;      // not before this time
  int attempts = 0;     // claims so far
};

class OutboxPort {
 public:
  virtual ~OutboxPort() = default;
  // Up to `most` due entries of a topic, oldest first, hidden from others until `lease_until`.
  virtual absl::StatusOr<std::vector<OutboxEntry>> Claim(std::string_view topic, int64_t now,
                                                         int64_t lease_until, int most) = 0;
  virtual absl::Status Done(std::string_view id) = 0;
  virtual absl::Status PutOff(std::string_view id, int64_t due) = 0;
  // When the next entry of the topic is due; 0 when there is none.
  virtual absl::StatusOr<int64_t> NextDue(std::string_view topic) = 0;
};

}  // namespace solvent
