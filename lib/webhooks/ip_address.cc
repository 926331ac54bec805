#include "ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace solvent {
namespace {

constexpr size_t kLongestText = 45;  // of an IPv6 address that ends in an IPv4 one

bool IsMapped(const std::array<uint8_t, 16>& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

bool BitAt(const std::array<uint8_t, 16>& bytes, int bit) {
  return (bytes[static_cast<size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0;
}

}  // namespace

IpAddress IpAddress::V4(uint32_t bits) {
  IpAddress address;
  for (size_t i = 0; i < 4; ++i) address.bytes_[i] = static_cast<uint8_t>(bits >> (24 - 8 * i));
  return address;
}

IpAddress IpAddress::V6(const std::array<uint8_t, 16>& bytes) {
  IpAddress address;
  if (IsMapped(bytes)) {
    std::copy(bytes.begin() + 12, bytes.end(), address.bytes_.begin());
  } else {
    address.v4_ = false;
    address.bytes_ = bytes;
  }
  return address;
}

uint32_t IpAddress::v4_bits() const {
  return uint32_t{bytes_[0]} << 24 | uint32_t{bytes_[1]} << 16 | uint32_t{bytes_[2]} << 8 |
         uint32_t{bytes_[3]};
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text) == nullptr) return "?";
  return text;
}

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  if (text.size() > kLongestText || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::string copy(text);
  in_addr v4{};
  // glibc's inet_pton is as strict as needed: four decimal numbers, no leading zeros.
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return IpAddress::V4(ntohl(v4.s_addr));
  std::array<uint8_t, 16> v6;
  if (inet_pton(AF_INET6, copy.c_str(), v6.data()) == 1) return IpAddress::V6(v6);
  return std::nullopt;
}

bool IpNetwork::Contains(const IpAddress& other) const {
  if (other.is_v4() != address.is_v4()) return false;
  for (int bit = 0; bit < prefix; ++bit) {
    if (BitAt(address.bytes(), bit) != BitAt(other.bytes(), bit)) return false;
  }
  return true;
}

std::optional<IpNetwork> ParseIpNetwork(std::string_view text) {
  size_t slash = text.find('/');
  std::optional<IpAddress> address = ParseIpAddress(text.substr(0, slash));
  if (!address.has_value()) return std::nullopt;
  const int bits = address->is_v4() ? 32 : 128;
  IpNetwork network{*address, bits};
  if (slash == std::string_view::npos) return network;
  std::string_view length = text.substr(slash + 1);
  auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), network.prefix);
  if (error != std::errc() || end != length.data() + length.size() || network.prefix < 0 ||
      network.prefix > bits) {
    return std::nullopt;
  }
  for (int bit = network.prefix; bit < bits; ++bit) {
    if (BitAt(address->bytes(), bit)) return std::nullopt;
  }
  return network;
}

}  // namespace solvent
