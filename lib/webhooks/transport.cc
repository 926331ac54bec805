#include "transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr size_t kChunk = 16 * 1024;

absl::Status Broken(int code) {
  return absl::UnavailableError(absl::StrCat("the connection broke: ", std::strerror(code)));
}

bool WouldBlock(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

// A non-blocking socket, and waiting for it.
class Socket {
 public:
  Socket(int descriptor, const StopSignal& stop) : descriptor_(descriptor), stop_(stop) {}
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int descriptor() const { return descriptor_; }

  // Which of `events` (POLLIN, POLLOUT) are there; errors and hang-ups count as all of them.
  absl::StatusOr<short> Wait(short events, Deadline deadline) const {
    while (true) {
      if (stop_.stopped()) return absl::CancelledError("stopped while waiting for the receiver");
      auto left = deadline - std::chrono::steady_clock::now();
      if (left <= left.zero()) return absl::DeadlineExceededError("the receiver took too long");
      auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      std::array<pollfd, 2> fds{{{descriptor_, events, 0}, {stop_.descriptor(), POLLIN, 0}}};
      int ready = ::poll(fds.data(), fds.size(), static_cast<int>(std::min<int64_t>(ms, 60'000)));
      if (ready < 0 && errno != EINTR) return Broken(errno);
      if (ready <= 0 || fds[0].revents == 0) continue;
      short seen = fds[0].revents;
      return (seen & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? events
                                                          : static_cast<short>(seen & events);
    }
  }

  // Bytes sent; 0 when none can be now.
  absl::StatusOr<size_t> TrySend(std::string_view data) const {
    ssize_t sent = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (WouldBlock(errno)) return 0;
    return Broken(errno);
  }

  enum class Received { kData, kNothing, kEnd };
  absl::StatusOr<Received> TryReceive(std::string& data) const {
    std::array<char, kChunk> buffer;
    ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      data.append(buffer.data(), static_cast<size_t>(got));
      return Received::kData;
    }
    if (got == 0) return Received::kEnd;
    if (WouldBlock(errno)) return Received::kNothing;
    return Broken(errno);
  }

 private:
  const int descriptor_;
  const StopSignal& stop_;
};

absl::StatusOr<std::unique_ptr<Socket>> OpenSocket(const IpAddress& address, int port,
                                                   Deadline deadline, const StopSignal& stop) {
  sockaddr_storage storage{};
  socklen_t size;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    v4.sin_addr.s_addr = htonl(address.v4_bits());
    std::memcpy(&storage, &v4, size = sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    std::memcpy(&v6.sin6_addr, address.bytes().data(), address.bytes().size());
    std::memcpy(&storage, &v6, size = sizeof v6);
  }
  int descriptor =
      ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) {
    return absl::UnavailableError(absl::StrCat("no socket: ", std::strerror(errno)));
  }
  auto socket = std::make_unique<Socket>(descriptor, stop);
  int one = 1;
  // Only for speed: the request goes out in few pieces anyway.
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&storage), size) != 0) {
    if (errno != EINPROGRESS) {
      return absl::UnavailableError(absl::StrCat("not connected: ", std::strerror(errno)));
    }
    absl::StatusOr<short> ready = socket->Wait(POLLOUT, deadline);
    if (absl::IsDeadlineExceeded(ready.status())) {
      return absl::DeadlineExceededError("not connected in time");
    }
    RETURN_IF_ERROR(ready.status());
    int error = 0;
    socklen_t error_size = sizeof error;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0) {
      return absl::UnavailableError(absl::StrCat("not connected: ", std::strerror(error)));
    }
  }
  return socket;
}

class TcpConnection : public Connection {
 public:
  explicit TcpConnection(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}

  absl::Status Write(std::string_view data, Deadline deadline) override {
    while (!data.empty()) {
      ASSIGN_OR_RETURN(size_t sent, socket_->TrySend(data));
      data.remove_prefix(sent);
      if (data.empty() || sent > 0) continue;
      ASSIGN_OR_RETURN(short ready, socket_->Wait(POLLIN | POLLOUT, deadline));
      if ((ready & POLLIN) != 0) return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Read(std::string& data, Deadline deadline) override {
    while (true) {
      ASSIGN_OR_RETURN(Socket::Received received, socket_->TryReceive(data));
      if (received != Socket::Received::kNothing) return received == Socket::Received::kData;
      RETURN_IF_ERROR(socket_->Wait(POLLIN, deadline).status());
    }
  }

 private:
  const std::unique_ptr<Socket> socket_;
};

// OpenSSL between two memory buffers; this class carries bytes between them and the socket.
class TlsConnection : public Connection {
 public:
  TlsConnection(std::unique_ptr<Socket> socket, SSL* ssl)
      : socket_(std::move(socket)), ssl_(ssl), in_(SSL_get_rbio(ssl)), out_(SSL_get_wbio(ssl)) {}
  ~TlsConnection() override { SSL_free(ssl_); }

  absl::Status Handshake(Deadline deadline) {
    while (true) {
      ERR_clear_error();
      int code = SSL_connect(ssl_);
      int error = SSL_get_error(ssl_, code);
      // What it has to say must go out even when it has given up: an alert says why.
      absl::Status flushed = Flush(deadline);
      if (code == 1) return flushed;
      if (error != SSL_ERROR_WANT_READ) return HandshakeFailure();
      RETURN_IF_ERROR(flushed);
      ASSIGN_OR_RETURN(bool more, Feed(deadline));
      if (!more) return absl::UnavailableError("the receiver closed the connection during TLS");
    }
  }

  absl::Status Write(std::string_view data, Deadline deadline) override {
    while (!data.empty()) {
      std::string_view chunk = data.substr(0, kChunk);
      ERR_clear_error();
      int written = SSL_write(ssl_, chunk.data(), static_cast<int>(chunk.size()));
      if (written <= 0) return absl::UnavailableError("TLS failed while sending");
      data.remove_prefix(static_cast<size_t>(written));
      RETURN_IF_ERROR(Flush(deadline));
      if (PeerHasSpoken()) return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Read(std::string& data, Deadline deadline) override {
    std::array<char, kChunk> buffer;
    while (true) {
      ERR_clear_error();
      int got = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
      if (got > 0) {
        data.append(buffer.data(), static_cast<size_t>(got));
        return true;
      }
      int error = SSL_get_error(ssl_, got);
      if (error == SSL_ERROR_ZERO_RETURN) return false;
      if (error != SSL_ERROR_WANT_READ) return absl::UnavailableError("TLS failed while reading");
      RETURN_IF_ERROR(Flush(deadline));
      ASSIGN_OR_RETURN(bool more, Feed(deadline));
      if (!more) return false;
    }
  }

 private:
  // Sends what OpenSSL has written; takes in what arrives meanwhile, so that two sides that both
  // want to write do not wait for each other.
  absl::Status Flush(Deadline deadline) {
    char* bytes = nullptr;
    long size = BIO_get_mem_data(out_, &bytes);
    std::string_view rest(bytes, size > 0 ? static_cast<size_t>(size) : 0);
    while (!rest.empty()) {
      ASSIGN_OR_RETURN(size_t sent, socket_->TrySend(rest));
      rest.remove_prefix(sent);
      if (rest.empty() || sent > 0) continue;
      short events = ended_ || BIO_ctrl_pending(in_) > 4 * kChunk ? POLLOUT : POLLIN | POLLOUT;
      ASSIGN_OR_RETURN(short ready, socket_->Wait(events, deadline));
      if ((ready & POLLIN) != 0) RETURN_IF_ERROR(TakeIn().status());
    }
    BIO_reset(out_);
    return absl::OkStatus();
  }

  absl::StatusOr<Socket::Received> TakeIn() {
    std::string data;
    ASSIGN_OR_RETURN(Socket::Received received, socket_->TryReceive(data));
    if (!data.empty()) BIO_write(in_, data.data(), static_cast<int>(data.size()));
    ended_ = ended_ || received == Socket::Received::kEnd;
    return received;
  }

  // Waits until something has arrived; false at the end.
  absl::StatusOr<bool> Feed(Deadline deadline) {
    while (true) {
      if (ended_) return false;
      ASSIGN_OR_RETURN(Socket::Received received, TakeIn());
      if (received == Socket::Received::kData) return true;
      if (received == Socket::Received::kNothing) {
        RETURN_IF_ERROR(socket_->Wait(POLLIN, deadline).status());
      }
    }
  }

  bool PeerHasSpoken() {
    if (ended_) return true;
    if (BIO_ctrl_pending(in_) == 0) return false;
    char byte;
    ERR_clear_error();
    int got = SSL_peek(ssl_, &byte, 1);
    return got > 0 || SSL_get_error(ssl_, got) != SSL_ERROR_WANT_READ;
  }

  absl::Status HandshakeFailure() {
    long verdict = SSL_get_verify_result(ssl_);
    if (verdict != X509_V_OK) {
      return absl::UnavailableError(absl::StrCat("the receiver's certificate is not accepted: ",
                                                 X509_verify_cert_error_string(verdict)));
    }
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    return absl::UnavailableError(
        absl::StrCat("TLS failed: ", reason == nullptr ? "no agreement" : reason));
  }

  const std::unique_ptr<Socket> socket_;
  SSL* const ssl_;
  BIO* const in_;       // owned by ssl_
  BIO* const out_;      // owned by ssl_
  bool ended_ = false;  // the peer has closed its side
};

// Names and addresses are checked by different rules; only names are sent along (SNI).
bool ExpectPeer(SSL* ssl, const IpAddress& address, const std::string& host) {
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (ParseIpAddress(host).has_value()) {
    return X509_VERIFY_PARAM_set1_ip(expected, address.bytes().data(), address.is_v4() ? 4 : 16) ==
           1;
  }
  return X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

absl::StatusOr<std::shared_ptr<TlsContext>> TlsContext::Create(const std::string& certificates) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return absl::InternalError("OpenSSL has no TLS");
  std::shared_ptr<TlsContext> owner(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kHttp11, sizeof kHttp11 - 1);
  int loaded = certificates.empty()
                   ? SSL_CTX_set_default_verify_paths(context)
                   : SSL_CTX_load_verify_locations(context, certificates.c_str(), nullptr);
  if (loaded != 1) {
    return absl::NotFoundError("the certificates cannot be read: " + certificates);
  }
  return owner;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

absl::StatusOr<std::unique_ptr<Connection>> ConnectTcp(const IpAddress& address, int port,
                                                       Deadline deadline, const StopSignal& stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<Socket> socket, OpenSocket(address, port, deadline, stop));
  return std::make_unique<TcpConnection>(std::move(socket));
}

absl::StatusOr<std::unique_ptr<Connection>> ConnectTls(const IpAddress& address, int port,
                                                       const TlsContext& context,
                                                       const std::string& host, Deadline deadline,
                                                       const StopSignal& stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<Socket> socket, OpenSocket(address, port, deadline, stop));
  SSL* ssl = SSL_new(context.get());
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (ssl == nullptr || in == nullptr || out == nullptr) {
    SSL_free(ssl);
    BIO_free(in);
    BIO_free(out);
    return absl::ResourceExhaustedError("no memory for TLS");
  }
  // An empty buffer means "not yet", not "the end".
  BIO_set_mem_eof_return(in, -1);
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(ssl, in, out);
  auto connection = std::make_unique<TlsConnection>(std::move(socket), ssl);
  if (!ExpectPeer(ssl, address, host)) return absl::InternalError("TLS refuses the host's name");
  RETURN_IF_ERROR(connection->Handshake(deadline));
  return connection;
}

}  // namespace solvent
