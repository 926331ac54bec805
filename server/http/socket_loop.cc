#include "socket_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event_stream_socket.h"
#include "loop_socket.h"
#include "websocket_socket.h"

namespace solvent::http {

class SocketLoop::Runner {
 public:
  Runner(std::shared_ptr<Mailbox> mailbox, const EventStreamOptions& stream)
      : mailbox_(std::move(mailbox)),
        tick_(std::clamp(
            std::min({mailbox_->options.ping_interval, mailbox_->options.silence_timeout,
                      mailbox_->options.close_timeout, stream.heartbeat, stream.stall_timeout}) /
                4,
            std::chrono::milliseconds(5), std::chrono::milliseconds(500))),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~Runner() {
    if (epoll_ >= 0) close(epoll_);
  }

  bool Prepare() {
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_ >= 0 && mailbox_->wake_fd() >= 0 &&
           epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox_->wake_fd(), &event) == 0;
  }

  void Run() {
    auto next_sweep = SteadyClock::now() + tick_;
    epoll_event events[64];
    while (!(stopping_ && sockets_.empty())) {
      int timeout = sockets_.empty() ? -1 : static_cast<int>(tick_.count());
      int count = epoll_wait(epoll_, events, 64, timeout);
      for (int i = 0; i < count; ++i) {
        auto* socket = static_cast<LoopSocket*>(events[i].data.ptr);
        if (socket == nullptr) continue;
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) socket->Read();
        Write(*socket);
      }
      // Only now, so that no event of this round refers to a socket that is already freed.
      EmptyMailbox();
      if (auto now = SteadyClock::now(); now >= next_sweep) {
        for (auto& [socket, owned] : sockets_) {
          if (socket->lost()) continue;
          socket->Tick(now);
          Settle(*socket);
        }
        next_sweep = now + tick_;
      }
      for (LoopSocket* socket : gone_) Forget(socket);
      gone_.clear();
    }
  }

 private:
  void Open(std::unique_ptr<LoopSocket> owned) {
    LoopSocket& socket = *owned;
    epoll_event event{};
    event.events = socket.interest = EPOLLIN;
    event.data.ptr = &socket;
    if (!socket.Begin() || epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.fd(), &event) != 0) {
      socket.EndSession(kNoCloseFrame);
      return;
    }
    socket.peer().socket = &socket;
    sockets_.emplace(&socket, std::move(owned));
    if (stopping_) socket.peer().Close(kGoingAway, "server stops");
    socket.Read();
    Write(socket);
  }

  void Forget(LoopSocket* gone) {
    auto socket = sockets_.find(gone);
    if (socket == sockets_.end()) return;
    // Closing is not enough: a process that is being started holds the descriptor, too, for a
    // moment, and until then epoll would go on to tell of it.
    epoll_ctl(epoll_, EPOLL_CTL_DEL, gone->fd(), nullptr);
    sockets_.erase(socket);
  }

  void Write(LoopSocket& socket) {
    socket.Write();
    Settle(socket);
  }

  // Brings epoll up to date with what the socket waits for.
  void Settle(LoopSocket& socket) {
    uint32_t wanted = EPOLLIN;
    if (!socket.lost() && socket.wants_write()) wanted |= EPOLLOUT;
    if (!socket.lost() && wanted != socket.interest) {
      epoll_event event{};
      event.events = socket.interest = wanted;
      event.data.ptr = &socket;
      if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket.fd(), &event) != 0) socket.Lose();
    }
    if (socket.lost()) gone_.push_back(&socket);
  }

  void EmptyMailbox() {
    Mailbox::Content content = mailbox_->Take();
    for (auto& socket : content.adopted) Open(std::move(socket));
    if (content.stop && !stopping_) {
      stopping_ = true;
      for (auto& [socket, owned] : sockets_) socket->peer().Close(kGoingAway, "server stops");
    }
    for (auto& peer : content.dirty) {
      peer->TakeDirty();
      if (peer->socket && !peer->socket->lost()) Write(*peer->socket);
    }
  }

  const std::shared_ptr<Mailbox> mailbox_;
  const std::chrono::milliseconds tick_;
  const int epoll_;
  bool stopping_ = false;
  std::unordered_map<LoopSocket*, std::unique_ptr<LoopSocket>> sockets_;
  std::vector<LoopSocket*> gone_;  // may hold one twice
};

SocketLoop::SocketLoop(const WebSocketOptions& websocket, const EventStreamOptions& stream,
                       std::atomic<int64_t>& websockets, std::atomic<int64_t>& streams)
    : websocket_(websocket),
      stream_(stream),
      websockets_(websockets),
      streams_(streams),
      mailbox_(std::make_shared<Mailbox>(websocket)) {}

SocketLoop::~SocketLoop() { Stop(); }

absl::Status SocketLoop::Start() {
  runner_ = std::make_unique<Runner>(mailbox_, stream_);
  if (!runner_->Prepare()) return absl::ResourceExhaustedError("no descriptor left for sockets");
  thread_ = std::thread([runner = runner_.get()] { runner->Run(); });
  return absl::OkStatus();
}

std::shared_ptr<Peer> SocketLoop::NewPeer() { return std::make_shared<QueuedPeer>(mailbox_); }

void SocketLoop::AdoptWebSocket(int fd, std::string received, std::shared_ptr<Peer> peer,
                                std::unique_ptr<WebSocketSession> session) {
  Adopt(std::make_unique<WebSocketSocket>(fd, std::move(received), std::move(peer),
                                          std::move(session), websocket_, websockets_));
}

void SocketLoop::AdoptStream(int fd, std::string head, bool chunked, std::shared_ptr<Peer> peer,
                             std::shared_ptr<void> subscriber) {
  Adopt(std::make_unique<EventStreamSocket>(fd, std::move(head), chunked, std::move(peer),
                                            std::move(subscriber), stream_,
                                            websocket_.close_timeout, streams_));
}

void SocketLoop::Adopt(std::unique_ptr<LoopSocket> socket) {
  if (!mailbox_->Adopt(socket)) socket->EndSession(kNoCloseFrame);
}

void SocketLoop::Stop() {
  mailbox_->Stop();
  if (thread_.joinable()) thread_.join();
  mailbox_->End();
}

}  // namespace solvent::http
