#include "event_stream_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

namespace solvent::http {
namespace {

constexpr size_t kReadTurn = 64 * 1024;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

EventStreamSocket::EventStreamSocket(int fd, std::string head, bool chunked,
                                     std::shared_ptr<Peer> peer, std::shared_ptr<void> subscriber,
                                     const EventStreamOptions& options,
                                     std::chrono::milliseconds close_timeout,
                                     std::atomic<int64_t>& open)
    : LoopSocket(fd, std::move(peer), open),
      options_(options),
      close_timeout_(close_timeout),
      chunked_(chunked),
      subscriber_(std::move(subscriber)),
      before_(std::move(head)),
      size_(before_.size()) {}

void EventStreamSocket::Read() { Discard(kReadTurn); }

void EventStreamSocket::Frame(std::shared_ptr<const std::string> message) {
  before_.clear();
  after_ = {};
  if (chunked_ && !message->empty()) {
    char digits[16];
    auto [end, error] = std::to_chars(digits, digits + sizeof digits, message->size(), 16);
    before_.assign(digits, end).append(kLineEnd);
    after_ = kLineEnd;
  }
  message_ = std::move(message);
  size_ = before_.size() + message_->size() + after_.size();
  sent_ = 0;
}

bool EventStreamSocket::Flush() {
  while (sent_ < size_) {
    std::string_view parts[] = {before_, message_ ? std::string_view(*message_) : "", after_};
    iovec pieces[3];
    size_t count = 0;
    size_t skip = sent_;
    for (std::string_view part : parts) {
      size_t cut = std::min(skip, part.size());
      skip -= cut;
      part.remove_prefix(cut);
      if (!part.empty()) pieces[count++] = {const_cast<char*>(part.data()), part.size()};
    }
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    ssize_t sent = sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      lost_ = errno != EAGAIN && errno != EWOULDBLOCK;
      return false;
    }
    sent_ += static_cast<size_t>(sent);
    last_write_ = SteadyClock::now();
  }
  return true;
}

void EventStreamSocket::Write() {
  uint16_t code;
  std::string reason;
  // A client that does not keep up is cut off where it stands, even within a message: it may never
  // take the rest of that one, and without the last chunk it knows that something is missing.
  auto too_slow = [&] { return peer_->CloseWanted(code, reason) && code == kTryAgainLater; };
  lost_ = lost_ || too_slow();
  while (!lost_ && !draining_ && Flush()) {
    if (ending_) {
      // Closing at once might reset the connection before the client has read the end.
      shutdown(fd_, SHUT_WR);
      draining_ = true;
      break;
    }
    if (std::shared_ptr<const std::string> message = peer_->TakeNext()) {
      Frame(std::move(message));
    } else if (too_slow()) {
      lost_ = true;
    } else if (peer_->CloseWanted(code, reason)) {
      ending_ = true;
      before_.clear();
      message_ = nullptr;
      after_ = chunked_ ? kLastChunk : "";
      size_ = after_.size();
      sent_ = 0;
    } else {
      break;
    }
  }
  if (lost_ || ending_) EndSession(kNoCloseFrame);
}

void EventStreamSocket::Tick(SteadyClock::time_point now) {
  if (draining_) {
    if (now - last_write_ > close_timeout_) Lose();
  } else if (wants_write()) {
    if (now - last_write_ > (ending_ ? close_timeout_ : options_.stall_timeout)) Lose();
  } else if (now - last_write_ >= options_.heartbeat) {
    Frame(std::make_shared<const std::string>(": still here\n\n"));
    Write();
  }
}

void EventStreamSocket::EndSession(uint16_t) {
  peer_->Shut();
  subscriber_.reset();
}

}  // namespace solvent::http
