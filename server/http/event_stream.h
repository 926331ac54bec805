// Streams of events (text/event-stream): answers whose body is written as things happen.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "peer.h"

namespace solvent::http {

// Called once when the stream begins, on the request's thread, before the head of the answer is
// sent; what it sends follows that. The peer takes the bytes of the stream. What is returned is
// destroyed once the client is gone, on the thread that serves all streams: it must not wait.
using StreamStart = std::function<std::shared_ptr<void>(std::shared_ptr<Peer>)>;

struct EventStreamOptions {
  // A comment is sent after this long without an event, so that nobody on the way takes the
  // connection for dead.
  std::chrono::milliseconds heartbeat{15'000};
  // A client that takes nothing of what is waiting for it for so long is cut off.
  std::chrono::milliseconds stall_timeout{60'000};
};

}  // namespace solvent::http
