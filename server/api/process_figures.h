// What this process takes of the machine, by the names that Prometheus' own libraries use.
#pragma once

#include <cstdint>

namespace solvent::api {

struct ProcessFigures {
  double cpu_seconds = 0;         // without that of workers
  double start_time_seconds = 0;  // since 1970
  int64_t resident_bytes = 0;
  int64_t virtual_bytes = 0;
  int64_t open_descriptors = 0;
  int64_t max_descriptors = 0;
};

// Zeros where /proc does not tell.
ProcessFigures ReadProcess();

}  // namespace solvent::api
