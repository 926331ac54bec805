#include <cstddef>
#include <cstdint>
#include <string_view>

#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto problem = solvent::ReadProblem(text, solvent::ProblemFormat::kMps);
  if (!problem.ok()) return 0;
  solvent::CheckSound(*problem);
  solvent::CheckRoundTrip(*problem, solvent::ProblemFormat::kMps);
  return 0;
}
