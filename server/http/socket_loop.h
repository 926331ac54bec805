// The one thread that serves all clients that are pushed to: open WebSockets and event streams.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "event_stream.h"
#include "websocket.h"

namespace solvent::http {

class LoopSocket;
class Mailbox;

class SocketLoop {
 public:
  // `websockets` and `streams` count what is open; they are borrowed.
  SocketLoop(const WebSocketOptions& websocket, const EventStreamOptions& stream,
             std::atomic<int64_t>& websockets, std::atomic<int64_t>& streams);
  ~SocketLoop();

  absl::Status Start();
  // A handle that queues until its socket is adopted.
  std::shared_ptr<Peer> NewPeer();
  // These take over a socket. Thread-safe.
  // After the handshake, with what the client sent behind it.
  void AdoptWebSocket(int fd, std::string received, std::shared_ptr<Peer> peer,
                      std::unique_ptr<WebSocketSession> session);
  // With the head of the answer still to be sent.
  void AdoptStream(int fd, std::string head, bool chunked, std::shared_ptr<Peer> peer,
                   std::shared_ptr<void> subscriber);
  // Closes all WebSockets with 1001 and ends all streams, and waits for the clients' answers, not
  // longer than the close timeout. Sockets adopted later are closed at once.
  void Stop();

 private:
  class Runner;
  void Adopt(std::unique_ptr<LoopSocket> socket);

  const WebSocketOptions websocket_;
  const EventStreamOptions stream_;
  std::atomic<int64_t>& websockets_;
  std::atomic<int64_t>& streams_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unique_ptr<Runner> runner_;
  std::thread thread_;
};

}  // namespace solvent::http
