// WebSockets (RFC 6455) as sessions see them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "message.h"
#include "peer.h"

namespace solvent::http {

// One per connected client, made by the route's factory. Calls do not overlap.
class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;

  // Runs on a request thread before the handshake is answered; what it sends or closes follows
  // that answer. `offered` are the client's subprotocols. Returns the one to use, or "".
  virtual std::string OnOpen(std::shared_ptr<Peer> peer, Request& request,
                             const std::vector<std::string>& offered) = 0;
  // These run on the one thread that serves all sockets: they must not wait.
  virtual void OnMessage(std::string_view text) = 0;
  // Exactly once after OnOpen. `code` is the client's close code, or 1006 when there was none.
  virtual void OnClose(uint16_t code) = 0;
};

using WebSocketFactory = std::function<std::unique_ptr<WebSocketSession>()>;

struct WebSocketOptions {
  std::chrono::milliseconds ping_interval{30'000};
  std::chrono::milliseconds silence_timeout{60'000};
  // For a closing client to take more of what is queued, or to answer; silence_timeout for all.
  std::chrono::milliseconds close_timeout{3'000};
  size_t max_message_bytes = 4096;  // received; more is closed with 1009
  size_t max_queued_messages = 64;
  size_t max_queued_bytes = 256 * 1024;
  size_t max_sockets = 10'000;  // WebSockets and event streams together
};

}  // namespace solvent::http
