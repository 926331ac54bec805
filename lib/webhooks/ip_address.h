// IP addresses and networks as numbers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace solvent {

// Of version 4 or 6. An IPv4-mapped address (::ffff:0:0/96) is the IPv4 address that it maps: the
// system connects to the same place.
class IpAddress {
 public:
  static IpAddress V4(uint32_t bits);
  static IpAddress V6(const std::array<uint8_t, 16>& bytes);

  bool is_v4() const { return v4_; }
  uint32_t v4_bits() const;  // of version 4 only
  // Network byte order; version 4 uses the first four.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  std::string ToString() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  bool v4_ = true;
  std::array<uint8_t, 16> bytes_{};
};

// "192.0.2.1" (four decimal numbers without leading zeros) or "2001:db8::1" (RFC 4291, no zone).
std::optional<IpAddress> ParseIpAddress(std::string_view text);

struct IpNetwork {
  IpAddress address;
  int prefix = 0;  // bits, 0..32 or 0..128

  bool Contains(const IpAddress& address) const;
};

// "10.0.0.0/8", or an address for a network of one. Bits beyond the prefix must be zero.
std::optional<IpNetwork> ParseIpNetwork(std::string_view text);

}  // namespace solvent
