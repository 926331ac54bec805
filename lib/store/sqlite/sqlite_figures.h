#pragma once

#include <string>
#include <utility>

#include "ended_run_counter.h"
#include "figures_port.h"
#include "readers.h"

namespace solvent {

class SqliteFigures : public FiguresPort {
 public:
  SqliteFigures(std::string path, Readers& readers, const EndedRunCounter& ended)
      : path_(std::move(path)), readers_(readers), ended_(ended) {}

  absl::StatusOr<Waiting> WaitingRuns() override;
  absl::StatusOr<OpenBatches> Batches() override;
  absl::StatusOr<StoreSize> Size() override;
  EndedRuns Ended() override { return ended_.Read(); }

 private:
  const std::string path_;
  Readers& readers_;
  const EndedRunCounter& ended_;
};

}  // namespace solvent
