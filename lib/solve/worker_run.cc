// The worker's side: reads requests on descriptor 3 and solves them one after the other.

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "cbc_solve.h"
#include "mutex.h"
#include "solvent/worker_backend.h"
#include "wire.h"
#include "worker_protocol.h"

namespace solvent {
namespace {

constexpr int32_t kMostColumnsTold = 1'000'000;

bool ReadAll(void* to, size_t size) {
  char* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = recv(kWorkerDescriptor, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

// Only the solving thread sends, so frames never interleave.
bool SendFrame(MessageType type, uint32_t request, std::string_view body) {
  std::string frame = EncodeHeader({.size = body.size(), .request = request, .type = type});
  frame += body;
  std::string_view left = frame;
  while (!left.empty()) {
    const ssize_t sent = send(kWorkerDescriptor, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    left.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// What the reading thread hands to the solving one.
class Inbox {
 public:
  struct Request {
    MessageType type = MessageType::kSolve;
    uint32_t id = 0;
    std::string body;
    std::stop_token stop;
  };

  void Put(MessageType type, uint32_t id, std::string body) {
    Lock lock(mutex_);
    current_ = std::stop_source();
    current_id_ = id;
    waiting_.push_back({type, id, std::move(body), current_.get_token()});
    changed_.Signal();
  }
  void Cancel(uint32_t id) {
    Lock lock(mutex_);
    if (id == current_id_) current_.request_stop();
  }
  bool Next(Request& out) {
    Lock lock(mutex_);
    while (waiting_.empty()) changed_.Wait(mutex_);
    out = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<Request> waiting_ ABSL_GUARDED_BY(mutex_);
  std::stop_source current_ ABSL_GUARDED_BY(mutex_);
  uint32_t current_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Ends the process when the other side closes: whatever is being solved, nobody waits for it.
[[noreturn]] void ReadLoop(Inbox& inbox) {
  while (true) {
    char bytes[kFrameHeaderSize];
    if (!ReadAll(bytes, sizeof bytes)) _exit(0);
    const std::optional<FrameHeader> header = DecodeHeader({bytes, sizeof bytes});
    if (!header || header->size > kLargestFrame) _exit(kExitProtocol);
    if (header->type == MessageType::kCancel && header->size == 0) {
      inbox.Cancel(header->request);
      continue;
    }
    if (header->type != MessageType::kSolve && header->type != MessageType::kFindCore)
      _exit(kExitProtocol);
    std::string body;
    body.resize(header->size);
    if (!ReadAll(body.data(), body.size())) _exit(0);
    inbox.Put(header->type, header->request, std::move(body));
  }
}

// Lets a solve take at most `bytes` more address space than the process has now.
class MemoryLimit {
 public:
  explicit MemoryLimit(int64_t bytes) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (bytes <= 0 || getrlimit(RLIMIT_AS, &before_) != 0) return;
    rlimit lower = before_;
    lower.rlim_cur =
        std::min<rlim_t>(before_.rlim_max, AddressSpace() + static_cast<rlim_t>(bytes));
    set_ = setrlimit(RLIMIT_AS, &lower) == 0;
#else
    (void)bytes;
#endif
  }
  ~MemoryLimit() {
    if (set_) setrlimit(RLIMIT_AS, &before_);
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  static rlim_t AddressSpace() {
    unsigned long pages = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    if (std::fscanf(file, "%lu", &pages) != 1) pages = 0;
    std::fclose(file);
    return static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
  }
  rlimit before_{};
  bool set_ = false;
};

void Fail(const Inbox::Request& request, const absl::Status& status) {
  SendFrame(MessageType::kFailure, request.id, EncodeFailure(status));
}

void FindCore(const Inbox::Request& request) {
  absl::StatusOr<FindCoreRequest> asked = DecodeFindCore(request.body);
  if (!asked.ok()) return Fail(request, asked.status());
  MemoryLimit limit(asked->options.memory_limit_bytes);
  SolveMonitor monitor;
  monitor.stop = request.stop;
  absl::StatusOr<InfeasibleCore> core =
      ClpFindCore(asked->problem, asked->parts, asked->options, monitor);
  if (!core.ok()) return Fail(request, core.status());
  SendFrame(MessageType::kCore, request.id, EncodeCore(*core));
}

void Solve(const Inbox::Request& request) {
  absl::StatusOr<SolveRequest> asked = DecodeSolve(request.body);
  if (!asked.ok()) return Fail(request, asked.status());
  MemoryLimit limit(asked->options.memory_limit_bytes);
  SolveMonitor monitor;
  monitor.stop = request.stop;
  monitor.on_progress = [&request](const Progress& progress) {
    SendFrame(MessageType::kProgress, request.id, EncodeProgress(progress));
  };
  CheckedSolveHooks hooks;
  hooks.ticks = false;  // the backend keeps time
  hooks.careful = asked->careful;
  // Beyond this size a point would cost more than it may save.
  if (asked->problem.num_columns() <= kMostColumnsTold) {
    hooks.on_incumbent = [&request](const std::vector<double>& x) {
      SendFrame(MessageType::kIncumbent, request.id, EncodeIncumbent(x));
    };
  }
  hooks.on_preliminary = [&request](const SolveResult& result) {
    SendFrame(MessageType::kPreliminary, request.id, EncodeResult(result));
  };
  absl::StatusOr<SolveResult> result = CbcSolve(asked->problem, asked->options, monitor, hooks);
  if (!result.ok()) return Fail(request, result.status());
  SendFrame(MessageType::kResult, request.id, EncodeResult(*result));
}

void Confine() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  mallopt(M_ARENA_MAX, 1);  // a second arena would only take address space
  // The shadow memory of sanitizers needs more than any limit.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (const char* text = std::getenv(kMemoryVariable)) {
    const rlim_t bytes = std::strtoull(text, nullptr, 10);
    const rlimit memory{bytes, bytes};
    if (bytes > 0) setrlimit(RLIMIT_AS, &memory);
  }
#endif
  // Not every solver survives an allocation that fails: say so while it can still be said.
  std::set_new_handler([] { _exit(kExitOutOfMemory); });
}

}  // namespace

int RunWorker() {
  Confine();
  Inbox inbox;
  std::thread reader([&inbox] { ReadLoop(inbox); });
  reader.detach();
  const uint32_t version = kWireVersion;
  if (!SendFrame(MessageType::kHello, 0, {reinterpret_cast<const char*>(&version), sizeof version}))
    return 1;
  Inbox::Request request;
  while (inbox.Next(request)) {
    request.type == MessageType::kFindCore ? FindCore(request) : Solve(request);
  }
  return 0;
}

}  // namespace solvent
