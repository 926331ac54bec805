#include "websocket_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace solvent::http {
namespace {

// What one socket may read before the others get their turn.
constexpr size_t kCopied = 64 * 1024;
constexpr size_t kReadTurn = 64 * 1024;

constexpr uint16_t kProtocolError = 1002;
constexpr uint16_t kPolicyViolation = 1008;
constexpr uint16_t kInternalError = 1011;

WebSocketSocket& Of(void* user) { return *static_cast<WebSocketSocket*>(user); }

}  // namespace

WebSocketSocket::WebSocketSocket(int fd, std::string received, std::shared_ptr<Peer> peer,
                                 std::unique_ptr<WebSocketSession> session,
                                 const WebSocketOptions& options, std::atomic<int64_t>& open)
    : LoopSocket(fd, std::move(peer), open),
      options_(options),
      session_(std::move(session)),
      received_(std::move(received)) {}

WebSocketSocket::~WebSocketSocket() {
  if (context_) wslay_event_context_free(context_);
}

bool WebSocketSocket::Begin() {
  wslay_event_callbacks callbacks{};
  callbacks.recv_callback = OnRecv;
  callbacks.send_callback = OnSend;
  callbacks.on_frame_recv_start_callback = OnFrame;
  callbacks.on_msg_recv_callback = OnMessage;
  wslay_event_context_ptr context = nullptr;
  if (wslay_event_context_server_init(&context, &callbacks, this) != 0) return false;
  wslay_event_config_set_max_recv_msg_length(context, options_.max_message_bytes);
  if (context_) wslay_event_context_free(context_);
  context_ = context;
  return true;
}

// To a frame that cannot be read wslay answers with a close frame that does not say why. One that
// does takes a new context, and so can only be had where no frame was begun.
void WebSocketSocket::AnswerBadFrame() {
  if (Begin() && wslay_event_queue_close(context_, kProtocolError, nullptr, 0) == 0) {
    wslay_event_shutdown_read(context_);
  } else {
    lost_ = true;
  }
}

ssize_t WebSocketSocket::OnRecv(wslay_event_context_ptr context, uint8_t* to, size_t size, int,
                                void* user) {
  WebSocketSocket& self = Of(user);
  if (!self.received_.empty()) {
    size_t count = std::min(size, self.received_.size());
    std::copy_n(self.received_.data(), count, to);
    self.received_.erase(0, count);
    return static_cast<ssize_t>(count);
  }
  if (self.read_left_ == 0) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  ssize_t got;
  do {
    got = recv(self.fd_, to, std::min(size, self.read_left_), 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    self.last_heard_ = SteadyClock::now();
    self.read_left_ -= static_cast<size_t>(got);
    return got;
  }
  bool later = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (!later) self.lost_ = true;
  wslay_event_set_error(context, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

ssize_t WebSocketSocket::OnSend(wslay_event_context_ptr context, const uint8_t* from, size_t size,
                                int flags, void* user) {
  WebSocketSocket& self = Of(user);
  ssize_t sent;
  do {
    sent = send(self.fd_, from, size, MSG_NOSIGNAL | (flags & WSLAY_MSG_MORE ? MSG_MORE : 0));
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) {
    if (self.closing_) self.last_progress_ = SteadyClock::now();
    return sent;
  }
  bool later = errno == EAGAIN || errno == EWOULDBLOCK;
  if (!later) self.lost_ = true;
  wslay_event_set_error(context, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

void WebSocketSocket::OnFrame(wslay_event_context_ptr context,
                              const wslay_event_on_frame_recv_start_arg* frame, void*) {
  // Half a code. wslay would answer as if there were none; a close frame is queued once only.
  if (frame->opcode == WSLAY_CONNECTION_CLOSE && frame->payload_length == 1) {
    wslay_event_queue_close(context, kProtocolError, nullptr, 0);
  }
}

void WebSocketSocket::OnMessage(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                                void* user) {
  WebSocketSocket& self = Of(user);
  if (message->opcode != WSLAY_TEXT_FRAME || !self.session_) return;
  try {
    self.session_->OnMessage({reinterpret_cast<const char*>(message->msg), message->msg_length});
  } catch (...) {
    self.peer_->Close(kInternalError, "internal error");
  }
}

void WebSocketSocket::Read() {
  if (lost_) return;
  read_left_ = kReadTurn;
  if (draining_ || !wslay_event_get_read_enabled(context_)) {
    Discard(kReadTurn);
    return;
  }
  // On a fault in the protocol wslay has queued a close frame and stopped reading; only a failing
  // descriptor, noted by OnRecv, ends the socket at once.
  const bool all_sent = !wslay_event_want_write(context_);
  // After a close frame comes no second one.
  const bool closed = wslay_event_get_close_sent(context_);
  const int error = wslay_event_recv(context_);
  if (error == WSLAY_ERR_NOMEM) lost_ = true;
  if (error == WSLAY_ERR_CALLBACK_FAILURE && !lost_ && all_sent && !closed) {
    AnswerBadFrame();
  }
}

// A queued message is copied; a large one, which many may share, is read where it is instead, in
// fragments.
bool WebSocketSocket::Queue(std::shared_ptr<const std::string> text) {
  if (text->size() <= kCopied) {
    wslay_event_msg message{WSLAY_TEXT_FRAME, reinterpret_cast<const uint8_t*>(text->data()),
                            text->size()};
    return wslay_event_queue_msg(context_, &message) == 0;
  }
  // The one before is out: no other is taken while there is something to write.
  large_ = std::move(text);
  large_sent_ = 0;
  wslay_event_fragmented_msg message{};
  message.opcode = WSLAY_TEXT_FRAME;
  message.source.data = this;
  message.read_callback = [](wslay_event_context_ptr, uint8_t* to, size_t size,
                             const wslay_event_msg_source* source, int* end, void*) {
    auto& self = *static_cast<WebSocketSocket*>(source->data);
    const size_t count = self.large_->copy(reinterpret_cast<char*>(to), size, self.large_sent_);
    self.large_sent_ += count;
    *end = self.large_sent_ == self.large_->size();
    if (*end) self.large_ = nullptr;
    return static_cast<ssize_t>(count);
  };
  return wslay_event_queue_fragmented_msg(context_, &message) == 0;
}

void WebSocketSocket::Write() {
  while (!lost_ && !draining_) {
    if (wslay_event_want_write(context_)) {
      if (wslay_event_send(context_) != 0) lost_ = true;
      // Answers to a flood of pings that nobody reads.
      if (wslay_event_get_queued_msg_count(context_) > options_.max_queued_messages) lost_ = true;
      if (lost_ || wslay_event_want_write(context_)) break;
    }
    if (wslay_event_get_close_sent(context_)) break;
    uint16_t code;
    std::string reason;
    if (std::shared_ptr<const std::string> text = peer_->TakeNext()) {
      if (!Queue(std::move(text))) lost_ = true;
    } else if (peer_->CloseWanted(code, reason)) {
      if (wslay_event_queue_close(context_, code, reinterpret_cast<const uint8_t*>(reason.data()),
                                  reason.size()) != 0) {
        lost_ = true;
      }
    } else {
      break;
    }
  }
  AdvanceClose();
}

void WebSocketSocket::AdvanceClose() {
  bool received = wslay_event_get_close_received(context_);
  bool refused = !received && !wslay_event_get_read_enabled(context_);
  uint16_t code;
  std::string reason;
  if (!closing_ && (received || refused || peer_->CloseWanted(code, reason))) {
    closing_ = true;
    closing_since_ = last_progress_ = SteadyClock::now();
  }
  if (received || refused || lost_) {
    EndSession(received ? wslay_event_get_status_code_received(context_) : kNoCloseFrame);
  }
  if (!draining_ && !lost_ && (received || refused) && wslay_event_get_close_sent(context_) &&
      !wslay_event_want_write(context_)) {
    // Closing at once would reset the connection, and the client might lose the close frame.
    shutdown(fd_, SHUT_WR);
    draining_ = true;
  }
}

void WebSocketSocket::EndSession(uint16_t code) {
  peer_->Shut();
  if (!session_) return;
  try {
    session_->OnClose(code);
  } catch (...) {
    // The session ends either way, and has nobody left to tell.
  }
  session_.reset();
}

bool WebSocketSocket::wants_write() const { return !draining_ && wslay_event_want_write(context_); }

void WebSocketSocket::Tick(SteadyClock::time_point now) {
  if (closing_ && (now - last_progress_ > options_.close_timeout ||
                   now - closing_since_ > options_.silence_timeout)) {
    Lose();
  } else if (now - last_heard_ > options_.silence_timeout) {
    peer_->Close(kPolicyViolation, "no sign of life");
    Write();
  } else if (now - last_ping_ >= options_.ping_interval && !draining_) {
    last_ping_ = now;
    wslay_event_msg ping{WSLAY_PING, nullptr, 0};
    // Refused only once the close frame is queued, when no ping is needed any more.
    if (wslay_event_queue_msg(context_, &ping) == 0) Write();
  }
}

}  // namespace solvent::http
