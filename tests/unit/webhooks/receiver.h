// A webhook receiver on a free port of this machine that behaves as a test wants it to.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

struct ssl_ctx_st;

namespace solvent {

struct Certificates {
  std::string authority;  // PEM files
  std::string certificate;
  std::string key;
};
// Makes an authority of its own and a certificate for localhost and 127.0.0.1 in `folder`.
Certificates MakeCertificates(const std::string& folder, const std::string& names);

struct ReceivedRequest {
  std::string head;
  std::string body;
  // The value of a header by its lower-case name, "(none)" without it.
  std::string Header(const std::string& name) const;
};

class Receiver {
 public:
  // What to send back, as raw bytes; the connection is closed afterwards. An empty answer closes
  // it without one. May wait on `stop`, which is requested when the receiver goes.
  using Answer = std::function<std::string(const ReceivedRequest&, std::stop_token stop)>;

  explicit Receiver(Answer answer, const Certificates* tls = nullptr);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  int port() const { return port_; }
  std::string Url(const std::string& path = "/hook") const;
  std::vector<ReceivedRequest> requests() const;
  // Returns once so many requests have come.
  std::vector<ReceivedRequest> WaitForRequests(size_t count) const;

 private:
  void AcceptLoop();
  void Serve(int descriptor);

  const Answer answer_;
  ssl_ctx_st* tls_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  std::vector<ReceivedRequest> requests_;
  std::vector<std::thread> connections_;
  std::thread accept_;
};

// Blocks until the receiver goes.
inline std::string Never(const ReceivedRequest&, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any forever;
  std::unique_lock<std::mutex> lock(mutex);
  forever.wait(lock, stop, [] { return false; });
  return "";
}

inline std::string Reply(int status, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + headers +
         "Content-Length: 2\r\n\r\nok";
}

}  // namespace solvent
