#include "worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "wire.h"
#include "worker_protocol.h"

extern char** environ;

namespace solvent {
namespace {

constexpr int kHelloTimeoutMs = 20000;
constexpr int kReapPatienceMs = 100;

// What the dynamic loader and sanitizers need; nothing else of the host's environment is the
// worker's business.
std::vector<std::string> WorkerEnvironment(int64_t memory_limit_bytes) {
  std::vector<std::string> result = {
      absl::StrCat(kMemoryVariable, "=", std::max<int64_t>(memory_limit_bytes, 0))};
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    for (std::string_view kept : {"LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=",
                                  "TSAN_OPTIONS=", "LSAN_OPTIONS="}) {
      if (text.starts_with(kept)) result.emplace_back(text);
    }
  }
  return result;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
  result.push_back(nullptr);
  return result;
}

absl::Status SpawnError(int error, const std::string& program) {
  const std::string message =
      absl::StrCat("cannot start the worker program '", program, "': ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(
    const std::vector<std::string>& command, int64_t memory_limit_bytes) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make a socket for a worker: ", std::strerror(errno)));
  absl::Cleanup close_theirs = [&ends] { close(ends[1]); };

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  absl::Cleanup destroy = [&] {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  };
  posix_spawn_file_actions_adddup2(&actions, ends[1], kWorkerDescriptor);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, kWorkerDescriptor + 1);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);

  const std::vector<std::string> environment = WorkerEnvironment(memory_limit_bytes);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, command[0].c_str(), &actions, &attributes,
                                Pointers(command).data(), Pointers(environment).data());
  if (error != 0) {
    close(ends[0]);
    return SpawnError(error, command[0]);
  }
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(pid, ends[0]));
  std::move(close_theirs).Invoke();  // or the worker's end would not be noticed
  if (absl::Status status = worker->AwaitHello(); !status.ok()) return status;
  return worker;
}

absl::Status WorkerProcess::AwaitHello() {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  std::string hello;
  const size_t wanted = kFrameHeaderSize + sizeof kWireVersion;
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kHelloTimeoutMs);
  while (hello.size() < wanted) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd_, POLLIN, 0};
    if (left.count() <= 0)
      return absl::FailedPreconditionError("the worker program did not report that it is ready");
    if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
    char bytes[64];
    const ssize_t got = recv(fd_, bytes, wanted - hello.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0)
      return absl::FailedPreconditionError(
          absl::StrCat("the worker program ", Describe(Reap()), " before it was ready"));
    hello.append(bytes, static_cast<size_t>(got));
  }
  const std::optional<FrameHeader> header = DecodeHeader(hello.substr(0, kFrameHeaderSize));
  uint32_t version = 0;
  std::memcpy(&version, hello.data() + kFrameHeaderSize, sizeof version);
  if (!header || header->type != MessageType::kHello || header->size != sizeof version ||
      version != kWireVersion)
    return absl::FailedPreconditionError(
        "the worker program does not belong to this version of the library");
  return absl::OkStatus();
}

WorkerProcess::~WorkerProcess() {
  Kill();
  Reap();
  close(fd_);
}

bool WorkerProcess::IsAlive() const {
  char byte;
  const ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

int64_t WorkerProcess::ResidentBytes() const {
  const std::string path = absl::StrCat("/proc/", pid_, "/statm");
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128] = {};
  const ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  long size = 0, resident = 0;
  if (got <= 0 || std::sscanf(text, "%ld %ld", &size, &resident) != 2) return 0;
  return int64_t{resident} * sysconf(_SC_PAGESIZE);
}

void WorkerProcess::Kill() {
  if (reaped_) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
}

WorkerExit WorkerProcess::Reap() {
  WorkerExit result;
  if (reaped_) return result;
  int status = 0;
  rusage usage{};
  pid_t got = 0;
  for (int waited = 0; waited < kReapPatienceMs; ++waited) {
    got = wait4(pid_, &status, WNOHANG, &usage);
    if (got != 0 && !(got < 0 && errno == EINTR)) break;
    poll(nullptr, 0, 1);
  }
  if (got == 0) {
    Kill();
    while ((got = wait4(pid_, &status, 0, &usage)) < 0 && errno == EINTR) {
    }
  }
  reaped_ = true;
  if (got != pid_) return result;
  result.known = true;
  result.peak_resident_bytes = int64_t{usage.ru_maxrss} * 1024;
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

std::string Describe(const WorkerExit& exit) {
  if (!exit.known) return "ended";
  if (exit.signal != 0)
    return absl::StrCat("was ended by signal ", exit.signal, " (", strsignal(exit.signal), ")");
  return absl::StrCat("ended with status ", exit.exit_code);
}

}  // namespace solvent
