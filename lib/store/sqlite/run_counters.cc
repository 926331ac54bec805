#include "run_counters.h"

#include <algorithm>

#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kAddToBlock[] =
    "INSERT INTO run_blocks (facet, block, n0, n1, n2, n3, n4, n5)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    " ON CONFLICT DO UPDATE SET n0 = n0 + ?3, n1 = n1 + ?4, n2 = n2 + ?5, n3 = n3 + ?6,"
    " n4 = n4 + ?7, n5 = n5 + ?8";

constexpr char kAddToFacet[] =
    "UPDATE run_facets SET n0 = n0 + ?2, n1 = n1 + ?3, n2 = n2 + ?4, n3 = n3 + ?5, n4 = n4 + ?6,"
    " n5 = n5 + ?7 WHERE k = ?1";

}  // namespace

void RunCounters::Change(const RunPlace& place, RunState state, int64_t change) {
  work_.push_back({kAllRuns, place.n >> kBlockBits, state, change});
  if (place.batch) work_.push_back({kBatchRuns, 0, state, change});  // has no pages
  for (int64_t facet : {place.org, place.origin, place.model, place.trigger}) {
    if (facet != 0) work_.push_back({facet, place.seq >> kBlockBits, state, change});
  }
  if (state != RunState::kPending || place.batch) return;
  work_queued_ += change;
  work_queued_of_.emplace_back(place.org, change);
}

int64_t RunCounters::queued_change_of(int64_t org) const {
  auto found = group_queued_of_.find(org);
  int64_t change = found == group_queued_of_.end() ? 0 : found->second;
  for (const auto& [of, by] : work_queued_of_) change += of == org ? by : 0;
  return change;
}

void RunCounters::Begin() {
  work_.clear();
  blocks_.clear();
  work_queued_ = 0;
  work_queued_of_.clear();
  group_queued_ = 0;
  group_queued_of_.clear();
}

void RunCounters::WorkDone(bool kept) {
  if (kept) {
    for (const Entry& entry : work_) {
      auto [it, is_new] = blocks_.try_emplace({entry.facet, entry.block});
      if (is_new) it->second.fill(0);
      it->second[static_cast<int>(entry.state)] += entry.change;
    }
    group_queued_ += work_queued_;
    for (const auto& [org, change] : work_queued_of_) group_queued_of_[org] += change;
  }
  work_.clear();
  work_queued_ = 0;
  work_queued_of_.clear();
}

absl::Status RunCounters::BeforeCommit(Db& db) {
  auto is_zero = [](const Counts& counts) {
    return std::all_of(counts.begin(), counts.end(), [](int64_t n) { return n == 0; });
  };
  absl::flat_hash_map<int64_t, Counts> facets;
  for (const auto& [place, c] : blocks_) {
    if (is_zero(c)) continue;
    RETURN_IF_ERROR(
        db.Run(kAddToBlock, place.first, place.second, c[0], c[1], c[2], c[3], c[4], c[5]));
    auto [it, is_new] = facets.try_emplace(place.first);
    if (is_new) it->second.fill(0);
    for (int i = 0; i < kRunStates; ++i) it->second[i] += c[i];
  }
  for (const auto& [facet, c] : facets) {
    if (is_zero(c)) continue;
    RETURN_IF_ERROR(db.Run(kAddToFacet, facet, c[0], c[1], c[2], c[3], c[4], c[5]));
  }
  return absl::OkStatus();
}

}  // namespace solvent
