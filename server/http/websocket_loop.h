// The one thread that serves all open WebSockets.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "websocket.h"

namespace solvent::http {

class WebSocketLoop {
 public:
  // `open` counts the sockets; it is borrowed.
  WebSocketLoop(const WebSocketOptions& options, std::atomic<int64_t>& open);
  ~WebSocketLoop();

  absl::Status Start();
  // A handle that queues until its socket is adopted.
  std::shared_ptr<WebSocketPeer> NewPeer();
  // Takes over a socket after the handshake, with what the client sent behind it. Thread-safe.
  void Adopt(int fd, std::string received, std::shared_ptr<WebSocketPeer> peer,
             std::unique_ptr<WebSocketSession> session);
  // Closes all sockets with 1001 and waits for the clients' answers, not longer than the close
  // timeout. Sockets adopted later are closed at once.
  void Stop();

 private:
  class Peer;
  struct Mailbox;
  struct Socket;
  class Runner;

  WebSocketOptions options_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unique_ptr<Runner> runner_;
  std::thread thread_;
};

}  // namespace solvent::http
