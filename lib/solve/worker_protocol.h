// What a worker process and the backend that started it have agreed on beside the messages.
#pragma once

#include <cstdint>

namespace solvent {

inline constexpr int kWorkerDescriptor = 3;
inline constexpr char kMemoryVariable[] = "SOLVENT_WORKER_MEMORY";
inline constexpr uint64_t kLargestFrame = uint64_t{1} << 36;
inline constexpr int kExitOutOfMemory = 75;
inline constexpr int kExitProtocol = 76;

}  // namespace solvent
