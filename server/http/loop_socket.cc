#include "loop_socket.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace solvent::http {

Mailbox::Mailbox(const WebSocketOptions& o)
    : options(o), wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Mailbox::~Mailbox() {
  if (wake_fd_ >= 0) close(wake_fd_);
}

bool Mailbox::Adopt(std::unique_ptr<LoopSocket>& socket) {
  {
    std::lock_guard lock(mutex_);
    if (content_.stop) return false;
    content_.adopted.push_back(std::move(socket));
  }
  Wake();
  return true;
}

void Mailbox::Add(std::shared_ptr<QueuedPeer> peer) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    if (content_.end) return;
    first = content_.dirty.empty();
    content_.dirty.push_back(std::move(peer));
  }
  // The others of a message to thousands are taken along.
  if (first) Wake();
}

void Mailbox::Stop() {
  {
    std::lock_guard lock(mutex_);
    content_.stop = true;
  }
  Wake();
}

void Mailbox::End() {
  Content left;
  std::lock_guard lock(mutex_);
  left = std::exchange(content_, {.dirty = {}, .adopted = {}, .stop = true, .end = true});
}

Mailbox::Content Mailbox::Take() {
  uint64_t count;
  [[maybe_unused]] ssize_t got = read(wake_fd_, &count, sizeof count);
  std::lock_guard lock(mutex_);
  return std::exchange(content_,
                       {.dirty = {}, .adopted = {}, .stop = content_.stop, .end = content_.end});
}

void Mailbox::Wake() {
  uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] ssize_t written = write(wake_fd_, &one, sizeof one);
}

bool QueuedPeer::Send(std::shared_ptr<const std::string> message) {
  const WebSocketOptions& options = mailbox_->options;
  bool sent = true;
  {
    std::lock_guard lock(mutex_);
    if (closing_) return false;
    if (queue_.size() + in_flight_ >= options.max_queued_messages ||
        queued_bytes_ > options.max_queued_bytes + largest_) {
      // What waits would only delay the close frame, which itself stands behind the message that
      // is on the wire.
      queue_.clear();
      closing_ = true;
      close_code_ = kTryAgainLater;
      close_reason_ = "client reads too slowly";
      sent = false;
    } else {
      size_t size = message->size();
      largest_ = queued_bytes_ == 0 ? size : std::max(largest_, size);
      queued_bytes_ += size;
      queue_.push_back(std::move(message));
    }
  }
  Notify();
  return sent;
}

void QueuedPeer::Close(uint16_t code, std::string_view reason) {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return;
    closing_ = true;
    close_code_ = code;
    close_reason_ = std::string(reason.substr(0, 123));  // what a control frame holds
  }
  Notify();
}

std::shared_ptr<const std::string> QueuedPeer::TakeNext() {
  std::lock_guard lock(mutex_);
  queued_bytes_ -= in_flight_bytes_;
  in_flight_ = in_flight_bytes_ = 0;
  if (queue_.empty()) return nullptr;
  std::shared_ptr<const std::string> message = std::move(queue_.front());
  queue_.pop_front();
  in_flight_ = 1;
  in_flight_bytes_ = message->size();
  return message;
}

bool QueuedPeer::CloseWanted(uint16_t& code, std::string& reason) {
  std::lock_guard lock(mutex_);
  if (close_code_ == 0) return false;
  code = close_code_;
  reason = close_reason_;
  return true;
}

void QueuedPeer::Shut() {
  std::lock_guard lock(mutex_);
  closing_ = true;
  queue_.clear();
}

void QueuedPeer::Notify() {
  if (dirty_.exchange(true)) return;
  mailbox_->Add(shared_from_this());
}

LoopSocket::LoopSocket(int fd, std::shared_ptr<Peer> peer, std::atomic<int64_t>& open)
    : fd_(fd), peer_(std::static_pointer_cast<QueuedPeer>(std::move(peer))), open_(open) {
  ++open_;
}

LoopSocket::~LoopSocket() {
  peer_->socket = nullptr;
  close(fd_);
  --open_;
}

void LoopSocket::Lose() {
  lost_ = true;
  EndSession(kNoCloseFrame);
}

void LoopSocket::Discard(size_t most) {
  char scrap[4096];
  while (most >= sizeof scrap) {
    ssize_t got = recv(fd_, scrap, sizeof scrap, 0);
    if (got > 0) {
      most -= static_cast<size_t>(got);
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else {
      lost_ = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
      return;
    }
  }
}

}  // namespace solvent::http
