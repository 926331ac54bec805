// Prepared models shared between runs, by the hash of their definition: a bounded cache, the least
// recently used goes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/statusor.h"
#include "mutex.h"
#include "prepared_model.h"

namespace solvent {

class PreparedModels {
 public:
  // An entry counts with the size of its definition; one beyond a quarter of `max_bytes` is not
  // kept.
  explicit PreparedModels(size_t max_entries = 512, size_t max_bytes = size_t{64} << 20)
      : max_entries_(max_entries), max_bytes_(max_bytes) {}

  absl::StatusOr<std::shared_ptr<const PreparedModel>> Get(ModelDefinition definition);

  // For good: what is being generated ends soon, and what is asked for later at once, both as
  // Unavailable. For a host that stops, and would otherwise wait for minutes.
  void StopGenerating() { stopping_.request_stop(); }

  struct Stats {
    int64_t hits = 0;
    int64_t misses = 0;
    size_t entries = 0;
    size_t bytes = 0;
  };
  Stats stats() const;

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const PreparedModel>>;

  std::stop_source stopping_;
  const size_t max_entries_;
  const size_t max_bytes_;
  mutable Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // the last one used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_hash_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t hits_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t misses_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace solvent
