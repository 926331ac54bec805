// Counts runs as they end. What a transaction brings is gathered and counted once it is on disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mutex.h"
#include "run_effects.h"
#include "solvent/figures.h"
#include "writer.h"

namespace solvent {

class EndedRunCounter : public RunEffects, public BatchListener {
 public:
  EndedRuns Read() const;  // from any thread

  absl::Status AfterEnd(Db& db, const Execution& execution) override;

  void Begin() override;
  void WorkDone(bool kept) override;
  void Committed() override;

 private:
  struct End {
    std::string outcome;
    bool of_batch = false;
    std::optional<double> waited;
    std::optional<double> solved;
  };

  std::vector<End> work_;  // of the piece of work at hand; used by the writing thread only
  std::vector<End> kept_;  // of the transaction; likewise
  mutable Mutex mutex_;
  EndedRuns counted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace solvent
