#include "receiver.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

namespace solvent {
namespace {

// Plain or TLS, blocking, given up when the receiver goes.
class Stream {
 public:
  Stream(int descriptor, SSL* ssl, std::stop_token stop)
      : descriptor_(descriptor), ssl_(ssl), stop_(std::move(stop)) {}

  bool Read(std::string& data) {
    std::array<char, 16384> buffer;
    while (true) {
      if (stop_.stop_requested()) return false;
      if (ssl_ == nullptr || SSL_pending(ssl_) == 0) {
        pollfd fd{descriptor_, POLLIN, 0};
        if (::poll(&fd, 1, 20) <= 0) continue;
      }
      ssize_t got = ssl_ != nullptr ? SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()))
                                    : ::recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return false;
      data.append(buffer.data(), static_cast<size_t>(got));
      return true;
    }
  }
  void Write(const std::string& data) {
    size_t done = 0;
    while (done < data.size()) {
      ssize_t sent =
          ssl_ != nullptr
              ? SSL_write(ssl_, data.data() + done, static_cast<int>(data.size() - done))
              : ::send(descriptor_, data.data() + done, data.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += static_cast<size_t>(sent);
    }
  }

 private:
  const int descriptor_;
  SSL* const ssl_;
  const std::stop_token stop_;
};

bool ReadRequest(Stream& stream, ReceivedRequest& request) {
  std::string data;
  size_t end;
  while ((end = data.find("\r\n\r\n")) == std::string::npos) {
    if (!stream.Read(data)) return false;
  }
  request.head = data.substr(0, end + 2);
  request.body = data.substr(end + 4);
  size_t length = std::stoul(request.Header("content-length"));
  while (request.body.size() < length) {
    if (!stream.Read(request.body)) return false;
  }
  return true;
}

void Run(const std::string& command) {
  REQUIRE_MESSAGE(std::system((command + " 2>/dev/null").c_str()) == 0, command);
}

}  // namespace

Certificates MakeCertificates(const std::string& folder, const std::string& names) {
  Certificates made{folder + "/ca.pem", folder + "/server.pem", folder + "/server.key"};
  std::ofstream(folder + "/ext") << "subjectAltName=" << names << "\n";
  const std::string curve = " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
  Run("openssl req -x509" + curve + "-days 2 -subj /CN=test-ca -keyout " + folder +
      "/ca.key -out " + made.authority);
  Run("openssl req" + curve + "-subj /CN=receiver -keyout " + made.key + " -out " + folder +
      "/csr");
  Run("openssl x509 -req -days 2 -in " + folder + "/csr -CA " + made.authority + " -CAkey " +
      folder + "/ca.key -CAcreateserial -extfile " + folder + "/ext -out " + made.certificate);
  return made;
}

std::string ReceivedRequest::Header(const std::string& name) const {
  size_t begin = 0;
  for (size_t end; (end = head.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
    std::string line = head.substr(begin, end - begin);
    size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    std::string key = line.substr(0, colon);
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (key == name) return line.substr(colon + 2);
  }
  return "(none)";
}

Receiver::Receiver(Answer answer, const Certificates* tls) : answer_(std::move(answer)) {
  if (tls != nullptr) {
    tls_ = SSL_CTX_new(TLS_server_method());
    REQUIRE(SSL_CTX_use_certificate_chain_file(tls_, tls->certificate.c_str()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(tls_, tls->key.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener_, 128) == 0);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accept_ = std::thread([this] { AcceptLoop(); });
}

Receiver::~Receiver() {
  stop_.request_stop();
  accept_.join();
  for (std::thread& thread : connections_) thread.join();
  ::close(listener_);
  SSL_CTX_free(tls_);
}

std::string Receiver::Url(const std::string& path) const {
  return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) +
         path;
}

std::vector<ReceivedRequest> Receiver::requests() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

std::vector<ReceivedRequest> Receiver::WaitForRequests(size_t count) const {
  std::unique_lock<std::mutex> lock(mutex_);
  came_.wait(lock, [&] { return requests_.size() >= count; });
  return requests_;
}

void Receiver::AcceptLoop() {
  while (!stop_.stop_requested()) {
    pollfd fd{listener_, POLLIN, 0};
    if (::poll(&fd, 1, 20) <= 0) continue;
    int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) connections_.emplace_back([this, descriptor] { Serve(descriptor); });
  }
}

void Receiver::Serve(int descriptor) {
  SSL* ssl = nullptr;
  bool open = true;
  if (tls_ != nullptr) {
    ssl = SSL_new(tls_);
    SSL_set_fd(ssl, descriptor);
    open = SSL_accept(ssl) == 1;
  }
  Stream stream(descriptor, ssl, stop_.get_token());
  ReceivedRequest request;
  if (open && ReadRequest(stream, request)) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(request);
    }
    came_.notify_all();
    std::string answer = answer_(request, stop_.get_token());
    if (!answer.empty()) stream.Write(answer);
    if (ssl != nullptr) SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  ::close(descriptor);
}

}  // namespace solvent
