// A worker program that goes wrong in the way that a problem's name asks for, and solves all other
// problems.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "cbc_solve.h"
#include "wire.h"
#include "worker_protocol.h"

namespace solvent {
namespace {

bool ReadAll(char* to, size_t size) {
  while (size > 0) {
    const ssize_t got = recv(kWorkerDescriptor, to, size, 0);
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

void SendBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(kWorkerDescriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) _exit(0);
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void SendFrame(MessageType type, uint32_t request, const std::string& body) {
  SendBytes(EncodeHeader({.size = body.size(), .request = request, .type = type}) + body);
}

[[noreturn]] void Hang() {
  while (true) pause();
}

void Misbehave(const std::string& how, uint32_t request, const SolveRequest& asked) {
  if (how == "abort" || (how == "abort unless careful" && !asked.careful)) std::abort();
  if (how == "killed unless careful" && !asked.careful) raise(SIGKILL);
  if (how == "segv") {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would make an exit of it
    raise(SIGSEGV);
  }
  if (how == "exit") _exit(3);
  if (how == "memory") _exit(kExitOutOfMemory);
  if (how == "hang") Hang();
  if (how == "hang with a point") {
    Progress progress;
    progress.incumbent = 9;
    progress.improved = true;
    SendFrame(MessageType::kProgress, request, EncodeProgress(progress));
    Hang();
  }
  if (how == "garbage") {
    SendBytes("this is not a frame at all, not even nearly");
    Hang();
  }
  if (how == "huge") {
    SendBytes(EncodeHeader(
        {.size = uint64_t{1} << 60, .request = request, .type = MessageType::kResult}));
    Hang();
  }
  if (how == "half") {
    SendBytes(EncodeHeader({.size = 500, .request = request, .type = MessageType::kResult}));
    SendBytes("too little");
    _exit(0);
  }
  if (how == "wrong size") {
    SolveResult result;
    result.status = SolveStatus::kOptimal;
    result.has_point = true;
    result.x = {1, 2, 3, 4, 5, 6, 7};
    SendFrame(MessageType::kResult, request, EncodeResult(result));
    Hang();
  }
  if (how == "hang with most of a point" || how == "hang with a false point") {
    std::vector<double> x(static_cast<size_t>(asked.problem.num_columns()),
                          how == "hang with a false point" ? 1e6 : 1);
    x.back() = std::numeric_limits<double>::quiet_NaN();
    SendFrame(MessageType::kIncumbent, request, EncodeIncumbent(x));
    Hang();
  }
  absl::StatusOr<SolveResult> result = CbcSolve(asked.problem, asked.options, {});
  if (!result.ok())
    return SendFrame(MessageType::kFailure, request, EncodeFailure(result.status()));
  if (how == "preliminary abort" || how == "preliminary hang") {
    SendFrame(MessageType::kPreliminary, request, EncodeResult(*result));
    if (how == "preliminary abort") std::abort();
    Hang();
  }
  if (how == "stale") SendFrame(MessageType::kFailure, request - 1, "");
  SendFrame(MessageType::kResult, request, EncodeResult(*result));
}

int Serve() {
  const uint32_t version = kWireVersion;
  SendFrame(MessageType::kHello, 0,
            std::string(reinterpret_cast<const char*>(&version), sizeof version));
  while (true) {
    char bytes[kFrameHeaderSize];
    if (!ReadAll(bytes, sizeof bytes)) return 0;
    const auto header = DecodeHeader({bytes, sizeof bytes});
    if (!header) return 1;
    std::string body(header->size, '\0');
    if (!ReadAll(body.data(), body.size())) return 0;
    if (header->type != MessageType::kSolve) continue;
    absl::StatusOr<SolveRequest> asked = DecodeSolve(body);
    if (!asked.ok()) return 1;
    Misbehave(asked->problem.name, header->request, *asked);
  }
}

}  // namespace
}  // namespace solvent

int main() { return solvent::Serve(); }
