// One run of CBC's main routine on one problem.
#pragma once

#include "mip_solver.h"
#include "progress_tracker.h"

namespace solvent {

// Throws std::bad_alloc and nothing else. At most one at a time in a process. `tracker` may be
// null.
MipClaim RunCbc(const MinForm& form, const MipRun& run, const StopControl& control,
                ProgressTracker* tracker);

}  // namespace solvent
