// The HTTP server: routes in, sockets out.
//
// Idle connections and slow request heads cost no thread; a request gets one from an elastic pool,
// so that handlers may wait. TLS is left to a reverse proxy.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "event_stream.h"
#include "message.h"
#include "metrics.h"
#include "router.h"
#include "solvent/log.h"
#include "trusted_proxies.h"
#include "websocket.h"

namespace solvent::http {

struct Options {
  std::string host = "127.0.0.1";
  int port = 8001;  // 0: any free one, see HttpServer::port

  std::chrono::milliseconds head_timeout{5'000};    // from a head's first byte to its last
  std::chrono::milliseconds body_timeout{30'000};   // for the whole body, and 1 s more per MB of it
  std::chrono::milliseconds idle_timeout{60'000};   // of a keep-alive connection
  std::chrono::milliseconds write_timeout{30'000};  // for the whole answer, and 10 s more per MB
  std::chrono::milliseconds linger_timeout{10'000};  // to read on after a final answer, see below
  // What a client may still send after being refused, so that it gets to read why.
  size_t linger_bytes = 128 << 20;

  int min_request_threads = 4;
  // When all are taken, further requests wait for one to come free, and are answered with 503 when
  // none has in `full_patience`. At most half of the threads wait for bodies: above that, the
  // slowest body of the address that has most of them gets a 408.
  int max_request_threads = 512;
  std::chrono::milliseconds full_patience{1'000};
  // Of the bodies of all requests under way, what goes beyond 1 MB of each; an address gets
  // half of it. A body that does not fit is answered with 503.
  size_t max_body_bytes = size_t{1} << 30;
  std::chrono::milliseconds thread_idle_timeout{10'000};
  // Above that, the oldest idle one of the address that has most of them makes room.
  size_t max_connections = 10'000;

  // Whose X-Forwarded-For tells the client's address. By default nobody's.
  TrustedProxies trusted_proxies;
  // Origins whose pages may read answers ("https://app.example.com"), or "*" for all of them
  // (cors.h). None by default.
  std::vector<std::string> allowed_origins;
  // Texts and JSON of at least so many bytes are compressed for clients that take gzip. Smaller
  // ones fit a packet anyway.
  size_t min_gzip_bytes = 1400;
  WebSocketOptions websocket;
  EventStreamOptions event_stream;
  LogSink log;  // empty: none
};

// Sets request.identity, or says why not. Runs before any of the body is read.
using Authenticator = std::function<absl::Status(Request&, const Route&)>;
// Ok, or rate_limit_exceeded with limit, remaining, reset_at and retry_after as extra members.
// May add X-RateLimit headers to request.response_headers.
using RateLimiter = std::function<absl::Status(Request&, const Route&)>;

// Routes and hooks are set before Start; everything else is thread-safe.
class HttpServer {
 public:
  explicit HttpServer(Options options);
  ~HttpServer();  // Stop(0) unless stopped

  absl::Status AddRoute(Route route);
  // A GET route that upgrades; the session does its own authentication.
  absl::Status AddWebSocket(std::string pattern, WebSocketFactory factory);
  void SetAuthenticator(Authenticator authenticator);
  void SetRateLimiter(RateLimiter limiter);
  const Router& router() const;

  // Binds, listens and serves in threads of its own. Once only.
  absl::Status Start();
  int port() const;  // the bound one

  // Stops accepting, closes idle connections and, with 1001, WebSockets; ends event streams; lets
  // requests in flight finish for up to `grace`, then cuts their connections; joins all threads.
  // Handlers cannot be interrupted: one that waits long must look at stopping().
  void Stop(std::chrono::milliseconds grace);
  bool stopping() const;

  Metrics metrics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace solvent::http
