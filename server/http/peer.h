// The handle on one client that is sent messages whenever there are some: over a WebSocket, or as
// a stream of events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace solvent::http {

// Thread-safe; may be kept after the client is gone, and then does nothing. No call waits for the
// client.
class Peer {
 public:
  virtual ~Peer() = default;

  // Queues one message, which many peers may share: to a WebSocket one text message (valid UTF-8),
  // to a stream the bytes as they are. False when the connection is ending. A client that reads too
  // slowly to keep the queue within its bounds is dropped: a WebSocket is closed with 1013, a
  // stream is cut. A message may be larger than the bound, which is for what waits beside the
  // largest one.
  virtual bool Send(std::shared_ptr<const std::string> message) = 0;
  bool SendText(std::string_view text) { return Send(std::make_shared<const std::string>(text)); }

  // Sends what is queued, then the end: to a WebSocket the close frame. Only the first call counts.
  virtual void Close(uint16_t code, std::string_view reason = {}) = 0;
};

}  // namespace solvent::http
