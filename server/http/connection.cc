#include "connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "error_body.h"
#include "solvent/error.h"

namespace solvent::http {
namespace {

constexpr size_t kReadStep = 64 * 1024;
constexpr std::chrono::milliseconds kCutLook{100};  // how soon a cut or a stop is noticed

bool WaitFor(int fd, short events, SteadyClock::time_point deadline) {
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) return false;
    pollfd entry{fd, events, 0};
    int ready = poll(&entry, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

absl::Status TooLarge(size_t limit) {
  return MakeError(
      absl::StatusCode::kResourceExhausted, solvent::error_code::kTooLarge,
      "the body is too large: this route takes up to " + std::to_string(limit) + " bytes");
}

absl::Status TooSlow() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, code::kRequestTimeout,
                   "the body did not arrive in time");
}

absl::Status Stopping() {
  return MakeError(absl::StatusCode::kUnavailable, solvent::error_code::kUnavailable,
                   "the server is stopping, send the request again");
}

absl::Status Truncated() { return BadRequest("the connection closed before the end of the body"); }

}  // namespace

Io Receive(int fd, std::string& out, size_t most) {
  constexpr size_t kSmall = 8 * 1024;  // a typical request; growing a string costs its clearing
  if (most <= kSmall) {
    char bytes[kSmall];
    ssize_t got;
    do {
      got = recv(fd, bytes, most, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) out.append(bytes, static_cast<size_t>(got));
    if (got > 0) return Io::kData;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Io::kWouldBlock : Io::kClosed;
  }
  size_t old_size = out.size();
  out.resize(old_size + most);
  ssize_t got;
  do {
    got = recv(fd, out.data() + old_size, most, 0);
  } while (got < 0 && errno == EINTR);
  out.resize(old_size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  if (got > 0) return Io::kData;
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Io::kWouldBlock : Io::kClosed;
}

bool WaitReadable(int fd, SteadyClock::time_point deadline) {
  return WaitFor(fd, POLLIN, deadline);
}

bool SendAll(int fd, std::string_view first, std::string_view second,
             SteadyClock::time_point deadline) {
  while (!first.empty() || !second.empty()) {
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
      if (!WaitFor(fd, POLLOUT, deadline)) return false;
      continue;
    }
    size_t count = static_cast<size_t>(sent);
    size_t of_first = std::min(count, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(count - of_first);
  }
  return true;
}

void DrainBriefly(int fd, SteadyClock::time_point deadline) {
  std::string scrap;
  do {
    Io io;
    while ((io = Receive(fd, scrap, kReadStep)) == Io::kData) scrap.clear();
    if (io == Io::kClosed) return;
  } while (WaitReadable(fd, deadline));
}

BodyOnWire::BodyOnWire(Connection& connection, const RequestHead& head,
                       std::chrono::milliseconds timeout, BodyGate& gate, std::string_view client,
                       const std::atomic<bool>& stopping)
    : connection_(connection),
      timeout_(timeout),
      pass_(gate, client),
      stopping_(stopping),
      left_(head.content_length.value_or(0)),
      chunked_(head.chunked),
      done_(!head.chunked && left_ == 0),
      owes_continue_(head.expects_continue && !done_) {}

absl::Status BodyOnWire::Hold(size_t bytes) {
  if (pass_.Hold(bytes)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, solvent::error_code::kUnavailable,
                   "too many large bodies are being read, try again in a few seconds");
}

absl::Status BodyOnWire::AwaitReadable() {
  pass_.BeginWait();
  while (true) {
    // Who sends more gets more time.
    const auto deadline = began_ + timeout_ + std::chrono::seconds(received_ >> 20);
    const auto now = SteadyClock::now();
    if (pass_.cut() || now >= deadline) return TooSlow();
    if (WaitReadable(connection_.fd, std::min(deadline, now + kCutLook))) return absl::OkStatus();
    if (stopping_.load(std::memory_order_acquire)) return Stopping();
  }
}

absl::Status BodyOnWire::ReceiveMore(std::string& out, size_t most) {
  while (true) {
    const size_t before = out.size();
    switch (Receive(connection_.fd, out, most)) {
      case Io::kData: received_ += out.size() - before; return absl::OkStatus();
      case Io::kClosed: return Truncated();
      case Io::kWouldBlock:
        if (absl::Status status = AwaitReadable(); !status.ok()) return status;
    }
  }
}

absl::StatusOr<std::string> BodyOnWire::Read(size_t limit) {
  if (done_) return std::string();
  if (broken_) return Truncated();
  broken_ = true;  // until read to its end
  if (!chunked_ && left_ > limit) return TooLarge(limit);
  if (owes_continue_) {
    owes_continue_ = false;
    if (!SendAll(connection_.fd, "HTTP/1.1 100 Continue\r\n\r\n", {},
                 SteadyClock::now() + timeout_)) {
      return Truncated();
    }
  }
  began_ = SteadyClock::now();
  auto body = chunked_ ? ReadChunked(limit) : ReadSized();
  pass_.EndWait();
  if (body.ok()) {
    done_ = true;
    broken_ = false;
  }
  return body;
}

absl::StatusOr<std::string> BodyOnWire::ReadSized() {
  std::string& buffer = connection_.buffer;
  size_t take = static_cast<size_t>(std::min<uint64_t>(left_, buffer.size()));
  std::string body = buffer.substr(0, take);
  buffer.erase(0, take);
  left_ -= take;
  // A length is only a claim: memory grows with what arrives.
  while (left_ > 0) {
    size_t step = static_cast<size_t>(std::min<uint64_t>(left_, 4 * kReadStep));
    size_t before = body.size();
    if (absl::Status status = ReceiveMore(body, step); !status.ok()) return status;
    left_ -= body.size() - before;
    if (absl::Status status = Hold(body.size()); !status.ok()) return status;
  }
  return body;
}

absl::StatusOr<std::string> BodyOnWire::ReadChunked(size_t limit) {
  std::string& buffer = connection_.buffer;
  std::string body;
  while (true) {
    size_t consumed = 0;
    auto state = decoder_.Feed(buffer, consumed, body, limit);
    buffer.erase(0, consumed);
    switch (state) {
      case ChunkedDecoder::State::kDone: return body;
      case ChunkedDecoder::State::kMalformed: return BadRequest("malformed chunked body");
      case ChunkedDecoder::State::kTooLarge: return TooLarge(limit);
      case ChunkedDecoder::State::kMore:
        if (absl::Status status = Hold(body.size()); !status.ok()) return status;
        if (absl::Status status = ReceiveMore(buffer, kReadStep); !status.ok()) return status;
    }
  }
}

bool BodyOnWire::SkipArrived() {
  if (done_) return true;
  // A client that waits for "100 Continue" may send the body or not: one cannot tell what is next.
  if (broken_ || owes_continue_ || (!chunked_ && left_ > kReadStep)) return false;
  std::string& buffer = connection_.buffer;
  std::string scrap;
  for (int reads = 0; reads < 2; ++reads) {
    if (chunked_) {
      size_t consumed = 0;
      auto state = decoder_.Feed(buffer, consumed, scrap, kReadStep);
      buffer.erase(0, consumed);
      if (state == ChunkedDecoder::State::kDone) return done_ = true;
      if (state != ChunkedDecoder::State::kMore) break;
    } else {
      size_t take = static_cast<size_t>(std::min<uint64_t>(left_, buffer.size()));
      buffer.erase(0, take);
      left_ -= take;
      if (left_ == 0) return done_ = true;
    }
    if (reads == 0 && Receive(connection_.fd, buffer, kReadStep) != Io::kData) break;
  }
  broken_ = true;
  return false;
}

}  // namespace solvent::http
