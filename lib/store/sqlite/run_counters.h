// How many runs there are, by facet, state and stretch of sequence numbers. Changes are gathered
// over a transaction and written once before it commits, so that they are exact at every commit
// and cost little in a large one.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "db.h"
#include "solvent/execution.h"
#include "writer.h"

namespace solvent {

inline constexpr int64_t kAllRuns = 0;     // the facet of every run; also "none" in columns
inline constexpr int64_t kBatchRuns = -1;  // of those that are tasks of batches
inline constexpr int kBlockBits = 12;      // as the stored blocks were made

// Where a run counts.
struct RunPlace {
  int64_t n = 0;
  int64_t org = 0;
  int64_t seq = 0;
  int64_t origin = 0;  // 0: none, here and below
  int64_t model = 0;
  int64_t trigger = 0;
  bool batch = false;  // a task of a batch
};

// Used by the writing thread only.
class RunCounters : public BatchListener {
 public:
  void Add(const RunPlace& place, RunState state) { Change(place, state, 1); }
  void Move(const RunPlace& place, RunState from, RunState to) {
    Change(place, from, -1);
    Change(place, to, 1);
  }
  // What this transaction has added so far to the number of queued runs: those that are pending and
  // no tasks of batches.
  int64_t queued_change() const { return group_queued_ + work_queued_; }
  // The same of one organization.
  int64_t queued_change_of(int64_t org) const;

  void Begin() override;
  void WorkDone(bool kept) override;
  absl::Status BeforeCommit(Db& db) override;

 private:
  using Counts = std::array<int64_t, kRunStates>;
  struct Entry {
    int64_t facet;
    int64_t block;
    RunState state;
    int64_t change;
  };

  void Change(const RunPlace& place, RunState state, int64_t change);

  std::vector<Entry> work_;  // of the piece of work at hand
  int64_t work_queued_ = 0;
  std::vector<std::pair<int64_t, int64_t>> work_queued_of_;          // organization and change
  absl::flat_hash_map<std::pair<int64_t, int64_t>, Counts> blocks_;  // by facet and block
  int64_t group_queued_ = 0;
  absl::flat_hash_map<int64_t, int64_t> group_queued_of_;
};

}  // namespace solvent
