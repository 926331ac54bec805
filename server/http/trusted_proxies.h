// Who a request comes from when it has passed reverse proxies.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "message.h"

namespace solvent::http {

// The proxies whose X-Forwarded-For is believed. Nobody's is, unless they are named.
class TrustedProxies {
 public:
  TrustedProxies() = default;

  // From addresses and networks: "127.0.0.1", "10.0.0.0/8", "fd00::/8". InvalidArgument naming the
  // one that is neither, or has bits beyond its prefix.
  static absl::StatusOr<TrustedProxies> Parse(const std::vector<std::string>& networks);

  // The client's address. `peer`, the socket's other end, unless it is trusted; then the last
  // address of X-Forwarded-For that is not (each proxy appends whom it heard from, so what stands
  // before that is the client's own claim). Where a value cannot be read, or all are trusted, it is
  // the farthest that could be believed. An address that was taken from the header is written in
  // one form, however the header spells it.
  std::string ClientOf(const std::string& peer, const std::vector<Header>& headers) const;

 private:
  using Address = std::array<uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
  struct Network {
    Address address{};
    int prefix = 0;
  };

  bool Trusts(const Address& address) const;

  std::vector<Network> networks_;
};

}  // namespace solvent::http
