#include "front_end.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <unordered_map>

#include "absl/cleanup/cleanup.h"
#include "error_body.h"
#include "exchange.h"
#include "handshake.h"

namespace solvent::http {
namespace {

constexpr int kBacklog = 1024;
constexpr size_t kHeadReadStep = 8 * 1024;
constexpr auto kStopDrain = std::chrono::milliseconds(200);
// For what a client takes of an answer while no other thread is left to watch the sockets.
constexpr auto kLastThreadWrites = std::chrono::milliseconds(500);

// What an epoll event is about, when it is no connection.
char listener_tag;
char stop_tag;

std::string AddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
              sizeof text);
  }
  return text;
}

absl::Status SystemFailure(const std::string& what) {
  return absl::UnavailableError(what + ": " + std::generic_category().message(errno));
}

constexpr uint16_t kStreamFailed = 1011;

Response TooManySockets(const Request& request) {
  return ErrorResponse(503, "too many WebSockets and event streams are open, try again",
                       request.request_id);
}

std::string StreamHead(const Response& response, bool http_1_0) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " OK\r\n";
  for (const Header& header : response.headers) {
    if (!IsSafeHeaderName(header.name)) continue;
    head += header.name + ": " + SafeHeaderValue(header.value) + "\r\n";
  }
  head += "Content-Type: " + SafeHeaderValue(response.content_type) + "\r\n";
  if (!http_1_0) head += "Transfer-Encoding: chunked\r\n";
  return head + "Connection: close\r\n\r\n";
}

size_t BucketOf(double seconds) {
  return static_cast<size_t>(
      std::lower_bound(kDurationBounds.begin(), kDurationBounds.end(), seconds) -
      kDurationBounds.begin());
}

}  // namespace

FrontEnd::FrontEnd(const Options& options, const Router& router, const Pipeline& pipeline,
                   SocketLoop& sockets, Counters& counters)
    : options_(options),
      router_(router),
      pipeline_(pipeline),
      sockets_(sockets),
      counters_(counters),
      bodies_({.most_waiting = static_cast<size_t>(std::max(options.max_request_threads / 2, 1)),
               .most_bytes = options.max_body_bytes}) {}

FrontEnd::~FrontEnd() {
  BeginStop();
  FinishStop(std::chrono::milliseconds(0));
  if (epoll_ >= 0) close(epoll_);
  if (stop_event_ >= 0) close(stop_event_);
}

absl::Status FrontEnd::Listen() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  std::string service = std::to_string(options_.port);
  if (int error = getaddrinfo(options_.host.c_str(), service.c_str(), &hints, &found)) {
    return absl::InvalidArgumentError("cannot resolve " + options_.host + ": " +
                                      gai_strerror(error));
  }
  absl::Status status = absl::UnavailableError("no address for " + options_.host);
  for (addrinfo* at = found; at != nullptr && listener_ < 0; at = at->ai_next) {
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      status = SystemFailure("cannot make a socket");
      continue;
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, kBacklog) != 0) {
      status = SystemFailure("cannot listen on " + options_.host + " port " + service);
      close(fd);
      continue;
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
    port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                              : reinterpret_cast<sockaddr_in&>(bound).sin_port);
    listener_ = fd;
  }
  freeaddrinfo(found);
  return listener_ >= 0 ? absl::OkStatus() : status;
}

absl::Status FrontEnd::Start() {
  if (absl::Status status = Listen(); !status.ok()) return status;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  stop_event_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event stop{};
  stop.events = EPOLLIN;
  stop.data.ptr = &stop_tag;
  epoll_event listener{};
  listener.events = EPOLLIN | EPOLLONESHOT;
  listener.data.ptr = &listener_tag;
  if (epoll_ < 0 || stop_event_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, stop_event_, &stop) != 0 ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &listener) != 0) {
    return SystemFailure("cannot set up epoll");
  }
  for (int i = 0; i < std::max(options_.min_request_threads, 1); ++i) {
    if (!AddThread()) return SystemFailure("cannot start a thread");
  }
  sweeper_ = std::thread([this] { SweeperMain(); });
  return absl::OkStatus();
}

// --- threads

bool FrontEnd::AddThread() {
  std::lock_guard lock(threads_mutex_);
  if (stopping() || alive_ >= std::max(options_.max_request_threads, 1)) return false;
  auto self = threads_.emplace(threads_.end());
  // Counted on its behalf, so that nobody starts another one before this one runs.
  ++waiting_;
  try {
    *self = std::thread([this, self] { ThreadMain(self); });
  } catch (const std::system_error&) {
    --waiting_;
    threads_.erase(self);
    return false;
  }
  ++alive_;
  ++counters_.request_threads;
  return true;
}

bool FrontEnd::MayRetire() {
  std::lock_guard lock(threads_mutex_);
  if (alive_ - leaving_ <= std::max(options_.min_request_threads, 1)) return false;
  // One must stay to notice new events.
  int waiting = waiting_.load();
  while (waiting > 1) {
    if (!waiting_.compare_exchange_weak(waiting, waiting - 1)) continue;
    // Counted now: others may ask before this thread has gone.
    ++leaving_;
    return true;
  }
  return false;
}

template <typename Work>
void FrontEnd::Guard(Connection& connection, const Work& work) {
  try {
    work();
  } catch (...) {
    // Out of memory while reading a head, say. Nothing throws once the connection is handed on, so
    // it is still ours.
    Close(connection);
  }
}

void FrontEnd::ThreadMain(std::list<std::thread>::iterator self) {
  bool leaving = false;
  while (true) {
    epoll_event event;
    int count =
        epoll_wait(epoll_, &event, 1, static_cast<int>(options_.thread_idle_timeout.count()));
    if (stopping()) break;
    leaving = count == 0 && MayRetire();
    if (leaving) break;
    if (count <= 0) continue;
    if (event.data.ptr == &listener_tag) {
      Accept();
    } else if (event.data.ptr != &stop_tag) {
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      if (!connection.Claim()) continue;
      Guard(connection, [&] { OnReadable(connection); });
    }
    while (Connection* parked = Unpark()) Guard(*parked, [&] { ServeBuffer(*parked, true); });
  }
  std::lock_guard lock(threads_mutex_);
  retired_.splice(retired_.end(), threads_, self);
  --counters_.request_threads;
  if (leaving) --leaving_;
  if (--alive_ == 0) threads_done_.notify_all();
}

// --- connections

void FrontEnd::Accept() {
  std::lock_guard lock(listener_mutex_);
  for (int i = 0; i < 64 && listener_ >= 0; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    int fd = accept4(listener_, reinterpret_cast<sockaddr*>(&address), &size,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      // Out of descriptors or memory: trying again at once would only burn the processor.
      listener_idle_ = true;
      return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection* connection = NewConnection(fd, AddressText(address));
    if (connection == nullptr && MakeRoom()) connection = NewConnection(fd, AddressText(address));
    if (connection == nullptr) {
      close(fd);
      continue;
    }
    connection->deadline = SteadyClock::now() + options_.idle_timeout;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
    event.data.ptr = connection;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      Close(*connection);
    } else {
      connection->state.store(Connection::kIdle, std::memory_order_release);
    }
  }
  ArmListener();
}

// With listener_mutex_ held.
void FrontEnd::ArmListener() {
  if (listener_ < 0) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT;
  event.data.ptr = &listener_tag;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_, &event);
}

Connection* FrontEnd::NewConnection(int fd, std::string remote_address) {
  std::lock_guard lock(connections_mutex_);
  Connection* connection;
  if (!free_.empty()) {
    connection = free_.back();
    free_.pop_back();
  } else if (connections_.size() < options_.max_connections) {
    connection = &connections_.emplace_back();
    free_.reserve(connections_.size());  // so that Close cannot fail
  } else {
    return nullptr;
  }
  connection->state.store(Connection::kBusy, std::memory_order_relaxed);
  connection->fd = fd;
  connection->remote_address = std::move(remote_address);
  connection->scanned = 0;
  connection->lingering = false;
  connection->parked_since.reset();
  connection->waited_enough = false;
  ++counters_.connections;
  return connection;
}

bool FrontEnd::MakeRoom() {
  Connection* oldest = nullptr;
  {
    std::lock_guard lock(connections_mutex_);
    // Addresses change with this lock held only.
    std::unordered_map<std::string_view, size_t> count;
    size_t highest = 0;
    for (const Connection& connection : connections_)
      highest = std::max(highest, ++count[connection.remote_address]);
    for (Connection& connection : connections_) {
      if (connection.state.load() != Connection::kIdle) continue;
      if (count[connection.remote_address] < highest) continue;
      if (oldest == nullptr || connection.deadline.load() < oldest->deadline.load())
        oldest = &connection;
    }
    if (oldest == nullptr || !oldest->TryClaim()) return false;
  }
  Close(*oldest);
  return true;
}

void FrontEnd::Rearm(Connection& connection) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
  // The request has come already: any event will do.
  if (connection.waited_enough) event.events |= EPOLLOUT;
  event.data.ptr = &connection;
  // Before the state changes, since afterwards the sweeper may close the descriptor.
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event) != 0) return Close(connection);
  connection.state.store(Connection::kIdle, std::memory_order_release);
}

void FrontEnd::Close(Connection& connection) {
  // Keep a small buffer for the next user of this slot, not a large one.
  if (connection.buffer.capacity() > kHeadReadStep) {
    std::string().swap(connection.buffer);
  } else {
    connection.buffer.clear();
  }
  std::lock_guard lock(connections_mutex_);
  int fd = connection.fd.exchange(-1);
  if (fd >= 0) {
    // As a process that is being started may hold it, too: epoll would go on to tell of it.
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    close(fd);
  }
  connection.state.store(Connection::kFree, std::memory_order_release);
  free_.push_back(&connection);
  --counters_.connections;
}

// The last answer is out. Closing while the client still sends would reset the connection, and
// the client might never see the answer.
void FrontEnd::Linger(Connection& connection) {
  shutdown(connection.fd, SHUT_WR);
  connection.parked_since.reset();
  connection.waited_enough = false;
  if (stopping()) {
    DrainBriefly(connection.fd, SteadyClock::now() + kStopDrain);
    Close(connection);
    return;
  }
  connection.buffer.clear();
  connection.lingering = true;
  connection.linger_left = options_.linger_bytes;
  connection.deadline = SteadyClock::now() + options_.linger_timeout;
  Rearm(connection);
}

// --- requests

void FrontEnd::OnReadable(Connection& connection) {
  if (connection.lingering) {
    std::string scrap;
    for (int i = 0; i < 16 && connection.linger_left > 0; ++i) {
      scrap.clear();
      Io io = Receive(connection.fd, scrap, 64 * 1024);
      if (io == Io::kClosed) return Close(connection);
      if (io == Io::kWouldBlock) return Rearm(connection);
      connection.linger_left -= std::min(connection.linger_left, scrap.size());
    }
    return connection.linger_left > 0 ? Rearm(connection) : Close(connection);
  }
  if (connection.waited_enough) return ServeBuffer(connection, true);
  bool was_empty = connection.buffer.empty();
  Io io = Receive(connection.fd, connection.buffer, kHeadReadStep);
  if (io == Io::kClosed) return Close(connection);
  if (io == Io::kWouldBlock) return Rearm(connection);
  ServeBuffer(connection, was_empty);
}

void FrontEnd::ServeBuffer(Connection& connection, bool was_empty) {
  while (true) {
    HeadScan scan = ScanHead(connection.buffer, connection.scanned);
    if (scan.state == HeadScan::kBad) {
      return Refuse(connection, scan.fault.status, scan.fault.message);
    }
    if (scan.state == HeadScan::kIncomplete) break;
    connection.scanned = 0;
    std::string_view text(connection.buffer);
    if (!ServeOne(connection, text.substr(scan.begin, scan.end - scan.begin), scan.end)) return;
    if (connection.buffer.empty()) break;
    was_empty = true;
  }
  auto now = SteadyClock::now();
  if (connection.buffer.empty()) {
    connection.deadline = now + options_.idle_timeout;
    if (connection.buffer.capacity() > 2 * kHeadReadStep) std::string().swap(connection.buffer);
  } else if (was_empty) {
    connection.deadline = now + options_.head_timeout;
  }
  Rearm(connection);
}

bool FrontEnd::ServeOne(Connection& connection, std::string_view head_text, size_t head_end) {
  RequestHead head;
  if (auto fault = ParseHead(head_text, head)) {
    Refuse(connection, fault->status, fault->message);
    return false;
  }
  Router::Match match = router_.Find(head.method, head.path);
  const bool upgrade =
      match.route && match.route->websocket && head.method == "GET" && head.wants_websocket();
  // Another thread must be left to watch the sockets.
  bool full = --waiting_ == 0 && !AddThread();
  if (full && match.route && !match.route->answers_when_full && !match.route->websocket) {
    ++waiting_;
    if (Park(connection)) return false;
    --waiting_;
  }
  const auto begin = connection.parked_since.value_or(SteadyClock::now());
  connection.parked_since.reset();
  connection.waited_enough = false;
  connection.buffer.erase(0, head_end);
  ++counters_.in_flight;
  auto leave = absl::MakeCleanup([this] {
    --counters_.in_flight;
    ++waiting_;
  });
  const auto write_timeout =
      full ? std::min(options_.write_timeout, kLastThreadWrites) : options_.write_timeout;
  bool ours = true;
  if (upgrade) {
    ours = Upgrade(connection, head, match, write_timeout);
  } else {
    const std::string client = ClientOf(connection, head);
    BodyOnWire body(connection, head, options_.body_timeout, bodies_, client, stopping_);
    const bool head_only = head.method == "HEAD";
    const bool keep_alive = head.keep_alive;
    Exchange exchange;
    exchange.fd = connection.fd;
    exchange.head_only = head_only;
    exchange.http_1_0 = head.http_1_0;
    exchange.write_timeout = write_timeout;
    Request request = MakeRequest(head, match, client);
    request.body_reader = [&body](size_t limit) { return body.Read(limit); };
    Response response = pipeline_.Handle(request, match, full);
    if (head_only) response.stream = nullptr;
    if (response.stream && MayOpenSocket()) {
      StartStream(connection, request, response, exchange.http_1_0, match, begin);
      return false;
    }
    if (response.stream) {
      response = TooManySockets(request);
      pipeline_.Finish(request, response);
    }
    exchange.respond = [&] { return std::move(response); };
    exchange.may_keep_alive = [&] { return keep_alive && !stopping() && body.SkipArrived(); };
    RunExchange(exchange);
    Report(request, match, exchange.status, exchange.bytes_sent, begin);
    if (!exchange.keep_alive) {
      if (exchange.bytes_sent == 0) {
        Close(connection);
      } else {
        Linger(connection);
      }
      ours = false;
    }
  }
  return ours;
}

bool FrontEnd::Park(Connection& connection) {
  if (connection.waited_enough) return false;
  connection.scanned = 0;
  std::lock_guard lock(parked_mutex_);
  if (stopping() || parked_.size() >= static_cast<size_t>(options_.max_request_threads))
    return false;
  if (connection.parked_since) {
    // Another request took the thread that it had been given.
    parked_.push_front(&connection);
  } else {
    parked_.push_back(&connection);
    connection.parked_since = SteadyClock::now();
  }
  return true;
}

// Called by every thread after each request, and by the last one after it has parked one: whichever
// of the two is later sees the other.
Connection* FrontEnd::Unpark() {
  std::lock_guard lock(parked_mutex_);
  if (parked_.empty() || waiting_ < 2 || stopping()) return nullptr;
  Connection* connection = parked_.front();
  parked_.pop_front();
  return connection;
}

std::string FrontEnd::ClientOf(const Connection& connection, const RequestHead& head) const {
  return options_.trusted_proxies.ClientOf(connection.remote_address, head.headers);
}

bool FrontEnd::Upgrade(Connection& connection, RequestHead& head, Router::Match& match,
                       std::chrono::milliseconds write_timeout) {
  auto begin = SteadyClock::now();
  Request request = MakeRequest(head, match, ClientOf(connection, head));
  std::optional<Response> refusal = CheckHandshake(request);
  if (!refusal && !MayOpenSocket()) refusal = TooManySockets(request);
  std::shared_ptr<Peer> peer = sockets_.NewPeer();
  std::unique_ptr<WebSocketSession> session;
  std::string subprotocol;
  if (!refusal) {
    try {
      auto offered = OfferedSubprotocols(request);
      session = match.route->websocket();
      subprotocol = session->OnOpen(peer, request, offered);
      // A client must fail the connection when it gets a subprotocol that it did not offer.
      if (std::find(offered.begin(), offered.end(), subprotocol) == offered.end()) {
        subprotocol.clear();
      }
    } catch (...) {
      refusal = pipeline_.Failure(absl::InternalError("exception in OnOpen"), request);
    }
  }
  if (refusal) {
    pipeline_.Finish(request, *refusal);
    Exchange exchange;
    exchange.fd = connection.fd;
    exchange.write_timeout = write_timeout;
    exchange.respond = [&] { return *std::move(refusal); };
    exchange.may_keep_alive = [] { return false; };
    RunExchange(exchange);
    Report(request, match, exchange.status, exchange.bytes_sent, begin);
    Linger(connection);
    return false;
  }
  std::string answer = HandshakeAnswer(request, subprotocol);
  bool sent = SendAll(connection.fd, answer, {}, begin + write_timeout);
  Report(request, match, 101, sent ? answer.size() : 0, begin);
  if (!sent) {
    session->OnClose(1006);
    Close(connection);
    return false;
  }
  std::string received;
  int fd = Detach(connection, &received);
  sockets_.AdoptWebSocket(fd, std::move(received), std::move(peer), std::move(session));
  return false;
}

bool FrontEnd::MayOpenSocket() const {
  int64_t open = counters_.websockets + counters_.event_streams;
  return !stopping() && open < static_cast<int64_t>(options_.websocket.max_sockets);
}

int FrontEnd::Detach(Connection& connection, std::string* received) {
  int fd;
  {
    std::lock_guard lock(connections_mutex_);
    fd = connection.fd.exchange(-1);
  }
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  *received = std::move(connection.buffer);
  connection.buffer = std::string();
  Close(connection);
  return fd;
}

void FrontEnd::StartStream(Connection& connection, const Request& request, Response& response,
                           bool http_1_0, const Router::Match& match,
                           SteadyClock::time_point begin) {
  std::string head = StreamHead(response, http_1_0);
  std::shared_ptr<Peer> peer = sockets_.NewPeer();
  std::shared_ptr<void> subscriber;
  try {
    subscriber = response.stream(peer);
  } catch (...) {
    // The status is settled: all that can be told now is that the stream ends early.
    peer->Close(kStreamFailed);
  }
  Report(request, match, response.status, head.size(), begin);
  std::string received;  // behind the request: there is no answer to it any more
  int fd = Detach(connection, &received);
  sockets_.AdoptStream(fd, std::move(head), !http_1_0, std::move(peer), std::move(subscriber));
}

void FrontEnd::Refuse(Connection& connection, int status, const std::string& message) {
  AnswerFault(connection, status, message);
  Linger(connection);
}

void FrontEnd::AnswerFault(Connection& connection, int status, const std::string& message) {
  Request request;
  request.method = "-";
  request.path = "-";
  request.remote_address = connection.remote_address;
  request.request_id = NewRequestId();
  Exchange exchange;
  exchange.fd = connection.fd;
  exchange.respond = [&] {
    Response response = ErrorResponse(status, message, request.request_id);
    pipeline_.Finish(request, response);
    return response;
  };
  exchange.may_keep_alive = [] { return false; };
  RunExchange(exchange);
  Report(request, Router::Match(), status, exchange.bytes_sent, SteadyClock::now());
}

void FrontEnd::Report(const Request& request, const Router::Match& match, int status, size_t bytes,
                      SteadyClock::time_point begin) {
  auto elapsed = SteadyClock::now() - begin;
  auto micros = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  size_t status_class = bytes == 0 ? 0 : static_cast<size_t>(std::clamp(status / 100, 0, 5));
  ++counters_.by_class[status_class];
  size_t route_class = 0;
  if (match.route) {
    Counters::RouteCounters& route = *counters_.routes[match.index];
    route_class = route.route_class;
    ++route.buckets[BucketOf(static_cast<double>(micros) * 1e-6)];
    ++route.count;
    route.microseconds += static_cast<uint64_t>(micros);
  }
  // Status 0: no answer could be sent.
  const int counted = bytes == 0 ? 0 : std::clamp(status, 0, Counters::kStatuses - 1);
  ++counters_.by_status[route_class]->counts[static_cast<size_t>(counted)];
  if (!options_.log) return;
  Json fields;
  fields.Set("method", std::string_view(request.method));
  // Without the query: it may hold a token.
  if (match.route) fields.Set("route", std::string_view(match.route->pattern));
  fields.Set("path", std::string_view(request.path).substr(0, 256));
  fields.Set("status", status);
  fields.Set("ms", static_cast<double>(micros) * 1e-3);
  fields.Set("bytes", uint64_t{bytes});
  fields.Set("request_id", std::string_view(request.request_id));
  fields.Set("remote", std::string_view(request.remote_address));
  options_.log(status >= 500 ? LogLevel::kWarning : LogLevel::kInfo, "http.request", fields);
}

// --- time and stopping

void FrontEnd::SweeperMain() {
  using std::chrono::milliseconds;
  auto shortest = std::min({options_.head_timeout, options_.idle_timeout, options_.linger_timeout,
                            options_.full_patience});
  const auto tick = std::clamp(shortest / 4, milliseconds(5), milliseconds(250));
  std::unique_lock lock(sweeper_mutex_);
  while (!sweeper_wake_.wait_for(lock, tick, [this] { return stopping(); })) {
    Sweep();
    EndPatience();
    if (listener_idle_.exchange(false)) {
      std::lock_guard listener_lock(listener_mutex_);
      ArmListener();
    }
    std::list<std::thread> retired;
    {
      std::lock_guard threads_lock(threads_mutex_);
      retired.swap(retired_);
    }
    for (std::thread& thread : retired) thread.join();
  }
}

void FrontEnd::Sweep() {
  // With no thread left to read, silence is our fault and not the clients'.
  if (waiting_ <= 0) return;
  std::vector<Connection*> late;
  {
    std::lock_guard lock(connections_mutex_);
    auto now = SteadyClock::now();
    for (Connection& connection : connections_) {
      if (connection.deadline.load() > now || !connection.TryClaim()) continue;
      late.push_back(&connection);
    }
  }
  for (Connection* connection : late) {
    if (connection->deadline.load() > SteadyClock::now()) {
      Rearm(*connection);  // a request came and went in between
    } else if (connection->lingering || connection->buffer.empty() || connection->waited_enough) {
      // The last of these has left an earlier answer unread all the time.
      Close(*connection);
    } else {
      Refuse(*connection, 408, "the request head did not arrive in time");
    }
  }
}

// The thread that watches the sockets is the one to say 503: writing may block.
void FrontEnd::EndPatience() {
  const auto now = SteadyClock::now();
  std::lock_guard lock(parked_mutex_);
  while (!parked_.empty() && *parked_.front()->parked_since + options_.full_patience <= now) {
    Connection& connection = *parked_.front();
    parked_.pop_front();
    connection.waited_enough = true;
    connection.deadline = now + options_.idle_timeout;
    Rearm(connection);
  }
}

// With the sweeper gone. They are closed with all others.
void FrontEnd::RefuseParked() {
  std::deque<Connection*> parked;
  {
    std::lock_guard lock(parked_mutex_);
    parked.swap(parked_);
  }
  for (Connection* connection : parked) {
    AnswerFault(*connection, 503, "the server is stopping");
    shutdown(connection->fd, SHUT_WR);
  }
}

void FrontEnd::BeginStop() {
  if (stopping_.exchange(true)) return;
  {
    std::lock_guard lock(listener_mutex_);
    if (listener_ >= 0) close(listener_);
    listener_ = -1;
  }
  if (stop_event_ >= 0) {  // stays readable, and so wakes every thread
    uint64_t one = 1;
    [[maybe_unused]] ssize_t written = write(stop_event_, &one, sizeof one);
  }
  { std::lock_guard lock(sweeper_mutex_); }
  sweeper_wake_.notify_all();
}

void FrontEnd::FinishStop(std::chrono::milliseconds grace) {
  if (sweeper_.joinable()) sweeper_.join();
  RefuseParked();
  std::vector<Connection*> idle;
  {
    std::lock_guard lock(connections_mutex_);
    for (Connection& connection : connections_) {
      if (connection.TryClaim()) idle.push_back(&connection);
    }
  }
  for (Connection* connection : idle) Close(*connection);
  {
    std::unique_lock lock(threads_mutex_);
    threads_done_.wait_for(lock, grace, [this] { return alive_ == 0; });
  }
  {
    // Whoever is still reading or writing is cut off.
    std::lock_guard lock(connections_mutex_);
    for (Connection& connection : connections_) {
      if (int fd = connection.fd; fd >= 0) shutdown(fd, SHUT_RDWR);
    }
  }
  {
    std::unique_lock lock(threads_mutex_);
    threads_done_.wait(lock, [this] { return alive_ == 0; });
  }
  for (std::thread& thread : retired_) thread.join();
  retired_.clear();
  for (Connection& connection : connections_) {
    if (connection.fd >= 0) Close(connection);
  }
}

}  // namespace solvent::http
