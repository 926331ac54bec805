// Definitions as they were executed, kept so that the reporter of a run can be made again later and
// a run can be explained after its model has changed.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "prepared_models.h"
#include "store_ports.h"

namespace solvent {

// Thread-safe.
class ExecutedDefinitions {
 public:
  // Borrows the port.
  explicit ExecutedDefinitions(ModelPort& port) : port_(port) {}

  // Stores the definition unless it is there already. Returns the reporter_key of a run of it whose
  // clock said `now_seconds`; the run's input_json must be the input.
  absl::StatusOr<std::string> Keep(const PreparedModel& prepared, int64_t now_seconds);

 private:
  ModelPort& port_;
};

// The reporter of a stored run: its definition as it was executed is generated again from its
// input. For RunQueueOptions::restore_reporter.
absl::StatusOr<ResultReporter> RestoreReporter(ModelPort& port, PreparedModels& prepared,
                                               const Execution& execution, const std::string& key);

}  // namespace solvent
