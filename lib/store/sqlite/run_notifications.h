// Tells users how their runs ended.
#pragma once

#include "run_effects.h"

namespace solvent {

class RunNotifications : public RunEffects {
 public:
  absl::Status AfterEnd(Db& db, const Execution& execution) override;
  absl::Status AfterRefusedFire(Db& db, const TriggerRun& run) override;
};

}  // namespace solvent
