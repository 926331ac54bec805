#pragma once

#include <cstdint>
#include <vector>

#include "solvent/job_runner.h"

namespace solvent {

JobSummary Summarize(const JobExecution& execution, std::vector<JobTaskOutcome> outcomes,
                     int64_t now);

}  // namespace solvent
