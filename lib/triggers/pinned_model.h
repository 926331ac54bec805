// The model of a pinned version, from its text to a problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mutex.h"
#include "prepared_models.h"
#include "solvent/json.h"
#include "store_ports.h"

namespace solvent {

// Reads a version's text. A template without input gets an empty "input_data", so that overrides
// have a place to go to.
absl::StatusOr<Json> ReadPinnedModel(std::string_view text);

struct BuiltRun {
  GeneratedRun run;
  std::shared_ptr<const PreparedModel> prepared;  // null for a flat problem
  std::string input_json;                         // what the run's record keeps as its input
};

// What a model with its overrides becomes.
absl::StatusOr<BuiltRun> BuildRun(PreparedModels& prepared, Json model, int64_t now_seconds);

// The input fits, and the model fails on it all the same: a check in the text, a missing value, a
// limit. That is a run that fails, not a fire that is refused.
bool IsGenerationFailure(const absl::Status& status);

// Parsed models of versions, which never change: a bounded cache, the least recently used goes
// first.
class PinnedModels {
 public:
  // Borrows the port.
  explicit PinnedModels(TriggerPort& port) : port_(port) {}
  absl::StatusOr<std::shared_ptr<const Json>> Get(const std::string& version_id);

 private:
  struct Entry {
    std::string version_id;
    std::shared_ptr<const Json> model;
    size_t bytes;
  };

  TriggerPort& port_;
  Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // the last one used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace solvent
