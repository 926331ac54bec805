#include "websocket_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace solvent::http {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What one socket may read before the others get their turn.
constexpr size_t kReadTurn = 64 * 1024;

constexpr uint16_t kNoCloseFrame = 1006;
constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kPolicyViolation = 1008;
constexpr uint16_t kInternalError = 1011;
constexpr uint16_t kTryAgainLater = 1013;

}  // namespace

// What other threads leave for the loop. Peers share it, since they may outlive the loop.
struct WebSocketLoop::Mailbox {
  explicit Mailbox(const WebSocketOptions& o, std::atomic<int64_t>& count)
      : options(o), open(count), wake_fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Mailbox() {
    if (wake_fd >= 0) close(wake_fd);
  }

  void Wake() {
    uint64_t one = 1;
    // Fails only when the counter is full, and then the loop is awake anyway.
    [[maybe_unused]] ssize_t written = write(wake_fd, &one, sizeof one);
  }

  const WebSocketOptions options;
  std::atomic<int64_t>& open;
  const int wake_fd;
  std::mutex mutex;
  std::vector<std::shared_ptr<Peer>> dirty;
  std::vector<std::unique_ptr<Socket>> adopted;
  bool stopping = false;
};

class WebSocketLoop::Peer : public WebSocketPeer, public std::enable_shared_from_this<Peer> {
 public:
  explicit Peer(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

  bool SendText(std::string_view text) override {
    {
      std::lock_guard lock(mutex_);
      if (closing_) return false;
      const WebSocketOptions& options = mailbox_->options;
      if (queue_.size() + in_flight_ >= options.max_queued_messages ||
          queued_bytes_ > std::max(options.max_queued_bytes, largest_)) {
        // What waits would only delay the close frame, which itself stands behind the message
        // that is on the wire.
        queue_.clear();
        closing_ = true;
        close_code_ = kTryAgainLater;
        close_reason_ = "client reads too slowly";
      } else {
        queue_.emplace_back(text);
        largest_ = queued_bytes_ == 0 ? text.size() : std::max(largest_, text.size());
        queued_bytes_ += text.size();
      }
    }
    Notify();
    std::lock_guard lock(mutex_);
    return !closing_;
  }

  void Close(uint16_t code, std::string_view reason) override {
    {
      std::lock_guard lock(mutex_);
      if (closing_) return;
      closing_ = true;
      close_code_ = code;
      close_reason_ = std::string(reason.substr(0, 123));  // what a control frame holds
    }
    Notify();
  }

  // For the loop. The next message; the previous one counts as sent.
  bool TakeNext(std::string& text) {
    std::lock_guard lock(mutex_);
    queued_bytes_ -= in_flight_bytes_;
    in_flight_ = in_flight_bytes_ = 0;
    if (queue_.empty()) return false;
    text = std::move(queue_.front());
    queue_.pop_front();
    in_flight_ = 1;
    in_flight_bytes_ = text.size();
    return true;
  }
  bool CloseWanted(uint16_t& code, std::string& reason) {
    std::lock_guard lock(mutex_);
    if (close_code_ == 0) return false;
    code = close_code_;
    reason = close_reason_;
    return true;
  }
  void Shut() {
    std::lock_guard lock(mutex_);
    closing_ = true;
    queue_.clear();
  }
  bool TakeDirty() { return dirty_.exchange(false); }

  Socket* socket = nullptr;  // touched by the loop only

 private:
  void Notify() {
    if (dirty_.exchange(true)) return;
    {
      std::lock_guard lock(mailbox_->mutex);
      mailbox_->dirty.push_back(shared_from_this());
    }
    mailbox_->Wake();
  }

  const std::shared_ptr<Mailbox> mailbox_;
  std::atomic<bool> dirty_{false};
  std::mutex mutex_;
  std::deque<std::string> queue_;
  size_t queued_bytes_ = 0;  // with the message in flight
  size_t largest_ = 0;       // since the queue was empty
  size_t in_flight_bytes_ = 0;
  size_t in_flight_ = 0;  // 1 while a message is with wslay
  bool closing_ = false;
  uint16_t close_code_ = 0;
  std::string close_reason_;
};

struct WebSocketLoop::Socket {
  ~Socket() {
    if (context) wslay_event_context_free(context);
    if (fd >= 0) close(fd);
  }

  int fd = -1;
  wslay_event_context_ptr context = nullptr;
  std::shared_ptr<Peer> peer;
  std::unique_ptr<WebSocketSession> session;  // null after OnClose
  std::string received;                       // read but not yet given to wslay
  size_t read_left = 0;                       // in this turn
  bool lost = false;                          // the connection is gone
  bool draining = false;  // our side is shut; reading only so that the client gets our last words
  uint32_t interest = 0;
  SteadyClock::time_point last_heard = SteadyClock::now();
  SteadyClock::time_point last_ping = last_heard;
  bool closing = false;
  SteadyClock::time_point closing_since;
  SteadyClock::time_point last_progress;  // of closing: bytes that the client took
};

class WebSocketLoop::Runner {
 public:
  explicit Runner(std::shared_ptr<Mailbox> mailbox)
      : mailbox_(std::move(mailbox)),
        options_(mailbox_->options),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~Runner() {
    if (epoll_ >= 0) close(epoll_);
  }

  bool Prepare() {
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_ >= 0 && mailbox_->wake_fd >= 0 &&
           epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox_->wake_fd, &event) == 0;
  }

  void Run() {
    using std::chrono::milliseconds;
    auto shortest =
        std::min({options_.ping_interval, options_.silence_timeout, options_.close_timeout});
    const auto tick = std::clamp(shortest / 4, milliseconds(5), milliseconds(500));
    auto next_sweep = SteadyClock::now() + tick;
    epoll_event events[64];
    while (!(stopping_ && sockets_.empty())) {
      int timeout = sockets_.empty() ? -1 : static_cast<int>(tick.count());
      int count = epoll_wait(epoll_, events, 64, timeout);
      for (int i = 0; i < count; ++i) {
        auto* socket = static_cast<Socket*>(events[i].data.ptr);
        if (socket == nullptr) continue;
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Read(*socket);
        Pump(*socket);
      }
      // Only now, so that no event of this round refers to a socket that is already freed.
      EmptyMailbox();
      if (auto now = SteadyClock::now(); now >= next_sweep) {
        Sweep(now);
        next_sweep = now + tick;
      }
      Bury();
    }
  }

 private:
  static Socket& Of(void* user) { return *static_cast<Socket*>(user); }

  static ssize_t OnRecv(wslay_event_context_ptr context, uint8_t* to, size_t size, int,
                        void* user) {
    Socket& socket = Of(user);
    if (!socket.received.empty()) {
      size_t count = std::min(size, socket.received.size());
      std::copy_n(socket.received.data(), count, to);
      socket.received.erase(0, count);
      return static_cast<ssize_t>(count);
    }
    if (socket.read_left == 0) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    ssize_t got;
    do {
      got = recv(socket.fd, to, std::min(size, socket.read_left), 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
      socket.last_heard = SteadyClock::now();
      socket.read_left -= static_cast<size_t>(got);
      return got;
    }
    bool later = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (!later) socket.lost = true;
    wslay_event_set_error(context, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
  }

  static ssize_t OnSend(wslay_event_context_ptr context, const uint8_t* from, size_t size,
                        int flags, void* user) {
    Socket& socket = Of(user);
    ssize_t sent;
    do {
      sent = send(socket.fd, from, size, MSG_NOSIGNAL | (flags & WSLAY_MSG_MORE ? MSG_MORE : 0));
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
      if (socket.closing) socket.last_progress = SteadyClock::now();
      return sent;
    }
    bool later = errno == EAGAIN || errno == EWOULDBLOCK;
    if (!later) socket.lost = true;
    wslay_event_set_error(context, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
  }

  static void OnMessage(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                        void* user) {
    Socket& socket = Of(user);
    if (message->opcode != WSLAY_TEXT_FRAME || !socket.session) return;
    try {
      socket.session->OnMessage({reinterpret_cast<const char*>(message->msg), message->msg_length});
    } catch (...) {
      socket.peer->Close(kInternalError, "internal error");
    }
  }

  void Open(std::unique_ptr<Socket> owned) {
    Socket& socket = *owned;
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = OnRecv;
    callbacks.send_callback = OnSend;
    callbacks.on_msg_recv_callback = OnMessage;
    epoll_event event{};
    event.events = socket.interest = EPOLLIN;
    event.data.ptr = &socket;
    if (wslay_event_context_server_init(&socket.context, &callbacks, &socket) != 0 ||
        epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.fd, &event) != 0) {
      EndSession(socket, kNoCloseFrame);
      --mailbox_->open;
      return;
    }
    wslay_event_config_set_max_recv_msg_length(socket.context, options_.max_message_bytes);
    socket.peer->socket = &socket;
    sockets_.emplace(&socket, std::move(owned));
    if (stopping_) socket.peer->Close(kGoingAway, "server stops");
    Read(socket);
    Pump(socket);
  }

  void Read(Socket& socket) {
    if (socket.lost) return;
    socket.read_left = kReadTurn;
    if (socket.draining || !wslay_event_get_read_enabled(socket.context)) {
      Discard(socket);
      return;
    }
    // On a fault in the protocol wslay has queued a close frame and stopped reading; only a failing
    // descriptor, noted by OnRecv, ends the socket at once.
    if (int error = wslay_event_recv(socket.context); error == WSLAY_ERR_NOMEM) socket.lost = true;
  }

  static void Discard(Socket& socket) {
    char scrap[4096];
    while (socket.read_left >= sizeof scrap) {
      ssize_t got = recv(socket.fd, scrap, sizeof scrap, 0);
      if (got > 0) {
        socket.read_left -= static_cast<size_t>(got);
      } else if (got < 0 && errno == EINTR) {
        continue;
      } else {
        socket.lost = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        return;
      }
    }
  }

  // Writes as much as the client takes, and moves the closing on.
  void Pump(Socket& socket) {
    while (!socket.lost && !socket.draining) {
      if (wslay_event_want_write(socket.context)) {
        if (wslay_event_send(socket.context) != 0) socket.lost = true;
        // Answers to a flood of pings that nobody reads.
        if (wslay_event_get_queued_msg_count(socket.context) > options_.max_queued_messages) {
          socket.lost = true;
        }
        if (socket.lost || wslay_event_want_write(socket.context)) break;
      }
      if (wslay_event_get_close_sent(socket.context)) break;
      std::string text;
      uint16_t code;
      if (socket.peer->TakeNext(text)) {
        wslay_event_msg message{WSLAY_TEXT_FRAME, reinterpret_cast<const uint8_t*>(text.data()),
                                text.size()};
        if (wslay_event_queue_msg(socket.context, &message) != 0) socket.lost = true;
      } else if (socket.peer->CloseWanted(code, text)) {
        if (wslay_event_queue_close(socket.context, code,
                                    reinterpret_cast<const uint8_t*>(text.data()),
                                    text.size()) != 0) {
          socket.lost = true;
        }
      } else {
        break;
      }
    }
    AdvanceClose(socket);
    UpdateInterest(socket);
  }

  void AdvanceClose(Socket& socket) {
    wslay_event_context_ptr context = socket.context;
    bool received = wslay_event_get_close_received(context);
    bool refused = !received && !wslay_event_get_read_enabled(context);
    uint16_t code;
    std::string reason;
    if (!socket.closing && (received || refused || socket.peer->CloseWanted(code, reason))) {
      socket.closing = true;
      socket.closing_since = socket.last_progress = SteadyClock::now();
    }
    if (received || refused || socket.lost) {
      EndSession(socket, received ? wslay_event_get_status_code_received(context) : kNoCloseFrame);
    }
    if (!socket.draining && !socket.lost && (received || refused) &&
        wslay_event_get_close_sent(context) && !wslay_event_want_write(context)) {
      // Closing at once would reset the connection, and the client might lose the close frame.
      shutdown(socket.fd, SHUT_WR);
      socket.draining = true;
    }
    if (socket.lost) gone_.push_back(&socket);
  }

  static void EndSession(Socket& socket, uint16_t code) {
    socket.peer->Shut();
    if (!socket.session) return;
    try {
      socket.session->OnClose(code);
    } catch (...) {
      // The session ends either way, and has nobody left to tell.
    }
    socket.session.reset();
  }

  void UpdateInterest(Socket& socket) {
    uint32_t wanted = EPOLLIN;
    if (!socket.draining && wslay_event_want_write(socket.context)) wanted |= EPOLLOUT;
    if (wanted == socket.interest || socket.lost) return;
    epoll_event event{};
    event.events = socket.interest = wanted;
    event.data.ptr = &socket;
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket.fd, &event) != 0) Lose(socket);
  }

  void Lose(Socket& socket) {
    socket.lost = true;
    EndSession(socket, kNoCloseFrame);
    gone_.push_back(&socket);
  }

  void EmptyMailbox() {
    uint64_t count;
    [[maybe_unused]] ssize_t got = read(mailbox_->wake_fd, &count, sizeof count);
    std::vector<std::shared_ptr<Peer>> dirty;
    std::vector<std::unique_ptr<Socket>> adopted;
    bool stop;
    {
      std::lock_guard lock(mailbox_->mutex);
      dirty.swap(mailbox_->dirty);
      adopted.swap(mailbox_->adopted);
      stop = mailbox_->stopping;
    }
    for (auto& socket : adopted) Open(std::move(socket));
    if (stop && !stopping_) {
      stopping_ = true;
      for (auto& [socket, owned] : sockets_) socket->peer->Close(kGoingAway, "server stops");
    }
    for (auto& peer : dirty) {
      peer->TakeDirty();
      if (peer->socket && !peer->socket->lost) Pump(*peer->socket);
    }
  }

  void Sweep(SteadyClock::time_point now) {
    for (auto& [socket, owned] : sockets_) {
      if (socket->lost) continue;
      if (socket->closing && (now - socket->last_progress > options_.close_timeout ||
                              now - socket->closing_since > options_.silence_timeout)) {
        Lose(*socket);
      } else if (now - socket->last_heard > options_.silence_timeout) {
        socket->peer->Close(kPolicyViolation, "no sign of life");
        Pump(*socket);
      } else if (now - socket->last_ping >= options_.ping_interval && !socket->draining) {
        socket->last_ping = now;
        wslay_event_msg ping{WSLAY_PING, nullptr, 0};
        // Refused only once the close frame is queued, when no ping is needed any more.
        if (wslay_event_queue_msg(socket->context, &ping) == 0) Pump(*socket);
      }
    }
  }

  void Bury() {
    for (Socket* socket : gone_) {
      auto it = sockets_.find(socket);
      if (it == sockets_.end()) continue;  // listed twice
      socket->peer->socket = nullptr;
      sockets_.erase(it);
      --mailbox_->open;
    }
    gone_.clear();
  }

  std::shared_ptr<Mailbox> mailbox_;
  const WebSocketOptions& options_;
  int epoll_;
  bool stopping_ = false;
  std::unordered_map<Socket*, std::unique_ptr<Socket>> sockets_;
  std::vector<Socket*> gone_;
};

WebSocketLoop::WebSocketLoop(const WebSocketOptions& options, std::atomic<int64_t>& open)
    : options_(options), mailbox_(std::make_shared<Mailbox>(options, open)) {}

WebSocketLoop::~WebSocketLoop() { Stop(); }

absl::Status WebSocketLoop::Start() {
  runner_ = std::make_unique<Runner>(mailbox_);
  if (!runner_->Prepare()) return absl::ResourceExhaustedError("no descriptor left for WebSockets");
  thread_ = std::thread([runner = runner_.get()] { runner->Run(); });
  return absl::OkStatus();
}

std::shared_ptr<WebSocketPeer> WebSocketLoop::NewPeer() { return std::make_shared<Peer>(mailbox_); }

void WebSocketLoop::Adopt(int fd, std::string received, std::shared_ptr<WebSocketPeer> peer,
                          std::unique_ptr<WebSocketSession> session) {
  auto socket = std::make_unique<Socket>();
  socket->fd = fd;
  socket->received = std::move(received);
  socket->peer = std::static_pointer_cast<Peer>(std::move(peer));
  socket->session = std::move(session);
  {
    std::lock_guard lock(mailbox_->mutex);
    if (!mailbox_->stopping) {
      ++mailbox_->open;
      mailbox_->adopted.push_back(std::move(socket));
    }
  }
  if (!socket) {
    mailbox_->Wake();
    return;
  }
  socket->peer->Shut();
  socket->session->OnClose(kNoCloseFrame);
}

void WebSocketLoop::Stop() {
  {
    std::lock_guard lock(mailbox_->mutex);
    mailbox_->stopping = true;
  }
  mailbox_->Wake();
  if (thread_.joinable()) thread_.join();
}

}  // namespace solvent::http
