#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "problem_codec.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto problem = solvent::DecodeProblem(bytes);
  if (!problem.ok()) return 0;
  solvent::CheckSound(*problem);
  auto back = solvent::DecodeProblem(solvent::EncodeProblem(*problem));
  if (!back.ok() || !(*back == *problem)) std::abort();
  return 0;
}
