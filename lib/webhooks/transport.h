// One outgoing connection to an address that was checked: TCP, with TLS on top when asked for.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ip_address.h"
#include "stop_signal.h"

// OpenSSL's, so that only transport.cc sees its headers.
struct ssl_ctx_st;

namespace solvent {

using Deadline = std::chrono::steady_clock::time_point;

// Certificates to trust; shared by all connections.
class TlsContext {
 public:
  // `certificates`: a PEM file, or "" for the system's.
  static absl::StatusOr<std::shared_ptr<TlsContext>> Create(const std::string& certificates);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

// Used by one thread. Every call ends by its deadline with DeadlineExceeded, and at once with
// Cancelled when `stop` is given; Unavailable: the connection was refused or broke.
class Connection {
 public:
  virtual ~Connection() = default;

  // Stops early, with OK, when the peer has begun to speak or has closed its side: it has made up
  // its mind, and reading tells which way.
  virtual absl::Status Write(std::string_view data, Deadline deadline) = 0;
  // Appends what has arrived to `data`, at least one byte; false at the end of the stream.
  virtual absl::StatusOr<bool> Read(std::string& data, Deadline deadline) = 0;
};

// `stop` must outlive the connection.
absl::StatusOr<std::unique_ptr<Connection>> ConnectTcp(const IpAddress& address, int port,
                                                       Deadline deadline, const StopSignal& stop);

// With TLS 1.2 or later. The certificate must be valid for `host`, a name or an address.
absl::StatusOr<std::unique_ptr<Connection>> ConnectTls(const IpAddress& address, int port,
                                                       const TlsContext& context,
                                                       const std::string& host, Deadline deadline,
                                                       const StopSignal& stop);

}  // namespace solvent
