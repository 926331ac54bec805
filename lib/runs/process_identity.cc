#include "process_identity.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace solvent {
namespace {

// Field 22 of /proc/PID/stat (proc(5)); 0 when there is no such process or it is a zombie.
int64_t StartTime(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The second field is a name in parentheses that may hold anything.
  size_t end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return 0;
  std::istringstream rest(line.substr(end_of_name + 1));
  std::string field;
  for (int i = 3; i <= 22 && rest >> field; ++i) {
    if (i == 3 && (field == "Z" || field == "X")) return 0;
  }
  return std::atoll(field.c_str());
}

}  // namespace

ProcessIdentity ThisProcess() {
  ProcessIdentity self;
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::getline(boot, self.host);
  // The same pid means another process in another container.
  char space[64];
  ssize_t size = ::readlink("/proc/self/ns/pid", space, sizeof(space));
  if (size > 0) self.host.append(space, static_cast<size_t>(size));
  self.pid = ::getpid();
  self.pid_start = StartTime(self.pid);
  return self;
}

bool IsAlive(const ProcessIdentity& process) {
  int64_t start = StartTime(process.pid);
  return start != 0 && start == process.pid_start;
}

}  // namespace solvent
