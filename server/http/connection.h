// One client's socket, and reading and writing it with deadlines.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "body_gate.h"
#include "chunked.h"
#include "head.h"
#include "steady_clock.h"

namespace solvent::http {

// All members that are not atomic belong to whoever moved the state to kBusy.
struct Connection {
  enum State : int {
    kFree,  // no socket; waits to be used again
    kIdle,  // in the hands of epoll
    kBusy,  // one thread works on it
  };
  std::atomic<int> state{kFree};
  std::atomic<int> fd{-1};
  std::string remote_address;
  std::string buffer;      // received, not yet used
  size_t scanned = 0;      // of the buffer, by ScanHead
  bool lingering = false;  // answered for the last time; reads only until the client has closed
  size_t linger_left = 0;
  std::atomic<SteadyClock::time_point> deadline;  // for what the client is to do next
  // Since when the request at the front of the buffer waits for a thread, while it does.
  std::optional<SteadyClock::time_point> parked_since;
  bool waited_enough = false;  // that request gets a thread now or a 503

  // From idle to busy. Waits while another thread has it, which happens only for the moment in
  // which that thread has already told epoll to watch the socket, or is closing it.
  bool Claim() {
    int expected = kIdle;
    while (!state.compare_exchange_weak(expected, kBusy, std::memory_order_acq_rel)) {
      if (expected == kFree) return false;
      expected = kIdle;
      std::this_thread::yield();
    }
    return true;
  }
  bool TryClaim() {
    int expected = kIdle;
    return state.compare_exchange_strong(expected, kBusy, std::memory_order_acq_rel);
  }
};

// All descriptors are non-blocking.
enum class Io { kData, kWouldBlock, kClosed };
// Appends what one recv gives, up to `most` bytes.
Io Receive(int fd, std::string& out, size_t most);
bool WaitReadable(int fd, SteadyClock::time_point deadline);
// Sends both parts in as few packets as possible. False on timeout or when the peer is gone.
bool SendAll(int fd, std::string_view first, std::string_view second,
             SteadyClock::time_point deadline);
// Waits for the client to close, for a short time; so that closing does not destroy what it has
// not read yet.
void DrainBriefly(int fd, SteadyClock::time_point deadline);

// The body of the request whose head was just taken off the connection's buffer.
class BodyOnWire {
 public:
  // Borrows the gate, where it counts for the client's address, and `stopping`: once that is true,
  // a client that sends nothing is not waited for any more.
  BodyOnWire(Connection& connection, const RequestHead& head, std::chrono::milliseconds timeout,
             BodyGate& gate, std::string_view client, const std::atomic<bool>& stopping);

  // What came is counted by the gate until this object is gone.
  absl::StatusOr<std::string> Read(size_t limit);
  // True when none of the body is left unread. Takes what has already arrived, if that is all.
  bool SkipArrived();

 private:
  absl::StatusOr<std::string> ReadSized();
  absl::StatusOr<std::string> ReadChunked(size_t limit);
  // Appends to `out` once something has come.
  absl::Status ReceiveMore(std::string& out, size_t most);
  absl::Status AwaitReadable();
  absl::Status Hold(size_t bytes);

  Connection& connection_;
  const std::chrono::milliseconds timeout_;
  BodyGate::Pass pass_;
  const std::atomic<bool>& stopping_;
  SteadyClock::time_point began_;
  size_t received_ = 0;
  uint64_t left_ = 0;  // when sized
  bool chunked_ = false;
  bool done_ = false;
  bool broken_ = false;
  bool owes_continue_ = false;
  ChunkedDecoder decoder_;
};

}  // namespace solvent::http
