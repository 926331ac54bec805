// Tells whether a process that once held runs is still there.
#pragma once

#include <cstdint>
#include <string>

namespace solvent {

struct ProcessIdentity {
  std::string host;       // one boot of one machine, and one space of pids on it
  int64_t pid = 0;
  int64_t pid_start = 0;  // when the process started, in ticks since boot; tells reused pids apart
};

ProcessIdentity ThisProcess();
// For processes with the same host as this one.
bool IsAlive(const ProcessIdentity& process);

}  // namespace solvent
