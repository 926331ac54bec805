// One open WebSocket: wslay's framing over a socket of the loop.
#pragma once

#include <wslay/wslay.h>

#include <memory>
#include <string>

#include "loop_socket.h"

namespace solvent::http {

class WebSocketSocket : public LoopSocket {
 public:
  // `received` is what the client sent behind the handshake.
  WebSocketSocket(int fd, std::string received, std::shared_ptr<Peer> peer,
                  std::unique_ptr<WebSocketSession> session, const WebSocketOptions& options,
                  std::atomic<int64_t>& open);
  ~WebSocketSocket() override;

  bool Begin() override;
  void Read() override;
  void Write() override;
  bool wants_write() const override;
  void Tick(SteadyClock::time_point now) override;
  void EndSession(uint16_t code) override;

 private:
  static ssize_t OnRecv(wslay_event_context_ptr context, uint8_t* to, size_t size, int flags,
                        void* user);
  static ssize_t OnSend(wslay_event_context_ptr context, const uint8_t* from, size_t size,
                        int flags, void* user);
  static void OnFrame(wslay_event_context_ptr context,
                      const wslay_event_on_frame_recv_start_arg* frame, void* user);
  static void OnMessage(wslay_event_context_ptr context, const wslay_event_on_msg_recv_arg* message,
                        void* user);
  void AnswerBadFrame();
  void AdvanceClose();
  bool Queue(std::shared_ptr<const std::string> text);

  const WebSocketOptions options_;
  wslay_event_context_ptr context_ = nullptr;
  std::unique_ptr<WebSocketSession> session_;  // null after OnClose
  std::string received_;                       // read but not yet given to wslay
  size_t read_left_ = 0;                       // in this turn
  std::shared_ptr<const std::string> large_;   // being sent, in fragments
  size_t large_sent_ = 0;
  bool draining_ = false;  // our side is shut; reading only so that the client gets our last words
  SteadyClock::time_point last_heard_ = SteadyClock::now();
  SteadyClock::time_point last_ping_ = last_heard_;
  bool closing_ = false;
  SteadyClock::time_point closing_since_;
  SteadyClock::time_point last_progress_;  // of closing: bytes that the client took
};

}  // namespace solvent::http
