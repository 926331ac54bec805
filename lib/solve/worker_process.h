// One worker process as its owner holds it: started, talked to, killed, reaped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace solvent {

struct WorkerExit {
  bool known = false;  // false when somebody else reaped the process
  int exit_code = 0;   // when it ended by itself
  int signal = 0;      // when a signal ended it
  int64_t peak_resident_bytes = 0;
};

// Not thread-safe. Destroying it kills and reaps the process.
class WorkerProcess {
 public:
  // Returns when the worker has said that it is ready. Call it from a thread that lives as long as
  // the process shall: the kernel ends a worker when the thread that started it ends. Fails with
  // NotFound when there is no such program and FailedPrecondition when it does not come up.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Start(
      const std::vector<std::string>& command, int64_t memory_limit_bytes);

  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  int fd() const { return fd_; }  // non-blocking
  pid_t pid() const { return pid_; }
  bool IsAlive() const;  // false when it has closed its end
  int64_t ResidentBytes() const;
  void Kill();  // the whole process group, at once
  // Waits for the end, which must be near: kills when it does not come within a moment.
  WorkerExit Reap();

  int solves = 0;
  uint32_t next_request = 1;

 private:
  WorkerProcess(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  absl::Status AwaitHello();

  pid_t pid_;
  int fd_;
  bool reaped_ = false;
};

// "was ended by signal 6 (Aborted)", "ended with status 3".
std::string Describe(const WorkerExit& exit);

}  // namespace solvent
