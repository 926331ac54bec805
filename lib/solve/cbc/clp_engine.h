// LpEngine over Clp.
#pragma once

#include <memory>

#include "lp_engine.h"
#include "progress_tracker.h"

namespace solvent {

// Problems without rows or without columns never reach Clp. `tracker`, when given, hears of
// iterations and must outlive the engine.
std::unique_ptr<LpEngine> MakeClpEngine(const LpModel& model, ProgressTracker* tracker = nullptr);

}  // namespace solvent
