#include "exchange.h"

#include <httplib.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace solvent::http {
namespace {

// Plays a bare request to cpp-httplib and gathers its answer, to send head and body in one go.
class ExchangeStream : public httplib::Stream {
 public:
  explicit ExchangeStream(Exchange& exchange)
      : exchange_(exchange),
        input_(exchange.head_only ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n") {}

  // Not marked `override` where later versions of the library drop or add the function.
  bool is_readable() const { return !input_.empty(); }
  bool is_writable() const { return !failed_; }
  bool wait_readable() const { return !input_.empty(); }
  bool wait_writable() const { return !failed_; }
  time_t duration() const { return 0; }

  ssize_t read(char* to, size_t size) override {
    size_t count = std::min(size, input_.size());
    std::memcpy(to, input_.data(), count);
    input_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* from, size_t size) override {
    if (failed_) return -1;
    if (pending_.size() + size > kGather) {
      if (!Send({from, size})) return -1;
    } else {
      pending_.append(from, size);
    }
    return static_cast<ssize_t>(size);
  }

  bool Flush() { return Send({}); }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return exchange_.fd; }

 private:
  static constexpr size_t kGather = 16 * 1024;

  bool Send(std::string_view more) {
    if (failed_ || (pending_.empty() && more.empty())) return !failed_;
    // 10 s for each MB: a client may be slow, but must not hold a thread for ever.
    auto extra = std::chrono::milliseconds((more.size() >> 20) * 10'000);
    auto now = SteadyClock::now();
    auto timeout = exchange_.write_timeout;
    bool patient = timeout > SteadyClock::duration::zero();
    failed_ = !SendAll(exchange_.fd, pending_, more, patient ? now + timeout + extra : now);
    if (!failed_) exchange_.bytes_sent += pending_.size() + more.size();
    pending_.clear();
    return !failed_;
  }

  Exchange& exchange_;
  std::string_view input_;
  std::string pending_;
  bool failed_ = false;
};

// The library hands its handlers no context of ours.
thread_local Exchange* current_exchange = nullptr;

// Its constructor makes the process ignore SIGPIPE.
class Engine : public httplib::Server {
 public:
  Engine() {
    set_pre_routing_handler([](const httplib::Request&, httplib::Response& out) {
      Fill(*current_exchange, out);
      return HandlerResponse::Handled;
    });
    set_post_routing_handler([](const httplib::Request&, httplib::Response& out) {
      SetConnectionHeaders(*current_exchange, out);
    });
    // Without one, the library would send the exception's text to the client.
    set_exception_handler([](const httplib::Request&, httplib::Response& out, std::exception_ptr) {
      out.status = 500;
      out.body.clear();
    });
  }

  void Process(httplib::Stream& stream) {
    bool closed = false;
    Call(*this, stream, closed);
  }

 private:
  // A template, so that only the call that this version of the library has is compiled.
  template <typename Self>
  static void Call(Self& self, httplib::Stream& stream, bool& closed) {
    if constexpr (requires { self.process_request(stream, false, closed, nullptr); }) {
      self.process_request(stream, false, closed, nullptr);
    } else {
      self.process_request(stream, std::string(), 0, std::string(), 0, false, closed, nullptr);
    }
  }

  static void Fill(Exchange& exchange, httplib::Response& out) {
    Response response = exchange.respond();
    out.status = exchange.status = response.status;
    for (const Header& header : response.headers) {
      if (IsSafeHeaderName(header.name))
        out.headers.emplace(header.name, SafeHeaderValue(header.value));
    }
    exchange.keep_alive = exchange.may_keep_alive();
    if (response.content_type.empty()) return;
    out.body = std::move(response.body);
    out.headers.emplace("Content-Type", SafeHeaderValue(response.content_type));
  }

  static void SetConnectionHeaders(const Exchange& exchange, httplib::Response& out) {
    out.headers.erase("Keep-Alive");
    out.headers.erase("Accept-Ranges");
    out.headers.erase("Connection");
    if (!exchange.keep_alive) {
      out.headers.emplace("Connection", "close");
    } else if (exchange.http_1_0) {
      out.headers.emplace("Connection", "keep-alive");
    }
    if (out.status == 204 || out.status == 304) out.headers.erase("Content-Length");
    if (out.status == 426) out.headers.emplace("Connection", "Upgrade");
  }
};

}  // namespace

void RunExchange(Exchange& exchange) {
  static Engine& engine = *new Engine();  // never destroyed: threads may outlive main
  ExchangeStream stream(exchange);
  current_exchange = &exchange;
  engine.Process(stream);
  current_exchange = nullptr;
  if (!stream.Flush()) {
    exchange.keep_alive = false;
    exchange.bytes_sent = 0;
  }
}

}  // namespace solvent::http
