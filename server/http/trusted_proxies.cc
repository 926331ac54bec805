#include "trusted_proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace solvent::http {
namespace {

using Address = std::array<uint8_t, 16>;

constexpr size_t kLongestText = 45;  // of an IPv6 address that ends in an IPv4 one
constexpr int kV4Offset = 96;        // bits before a mapped IPv4 address
constexpr Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool IsV4(const Address& address) {
  return std::equal(address.begin(), address.begin() + kV4Offset / 8, kMapped.begin());
}

std::optional<Address> ParseAddress(std::string_view text) {
  if (text.size() > kLongestText || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy(text);
  Address address = kMapped;
  if (inet_pton(AF_INET, copy.c_str(), address.data() + kV4Offset / 8) == 1) return address;
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::string ToText(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  const bool v4 = IsV4(address);
  const uint8_t* bytes = address.data() + (v4 ? kV4Offset / 8 : 0);
  return inet_ntop(v4 ? AF_INET : AF_INET6, bytes, text, sizeof text) != nullptr ? text : "";
}

bool SameBits(const Address& a, const Address& b, int from, int to) {
  for (int bit = from; bit < to; ++bit) {
    const auto byte = static_cast<size_t>(bit / 8);
    if (((a[byte] ^ b[byte]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

std::string_view Trim(std::string_view text) {
  auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// An element of X-Forwarded-For; some proxies add the port: "192.0.2.1:80", "[2001:db8::1]:80".
std::optional<Address> ParseElement(std::string_view text) {
  text = Trim(text);
  if (!text.empty() && text.front() == '[') {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    return ParseAddress(text.substr(1, end - 1));
  }
  const size_t colon = text.find(':');
  const bool one_colon = colon != std::string_view::npos && text.rfind(':') == colon;
  return ParseAddress(one_colon ? text.substr(0, colon) : text);
}

}  // namespace

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& networks) {
  TrustedProxies proxies;
  for (const std::string& text : networks) {
    auto fault = [&text] {
      return absl::InvalidArgumentError(
          "\"" + text +
          "\" is no address or network; write 127.0.0.1, 10.0.0.0/8 or fd00::/8, with zeros behind "
          "the prefix");
    };
    const size_t slash = text.find('/');
    const std::string_view whole = text;
    const std::optional<Address> address = ParseAddress(whole.substr(0, slash));
    if (!address) return fault();
    const int first = IsV4(*address) ? kV4Offset : 0;
    Network network{*address, 128};
    if (slash != std::string::npos) {
      const std::string_view length = whole.substr(slash + 1);
      int bits = 0;
      auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
      const bool whole_number = error == std::errc() && end == length.data() + length.size();
      if (!whole_number || bits < 0 || bits > 128 - first) return fault();
      network.prefix = first + bits;
    }
    if (!SameBits(*address, Address{}, std::max(network.prefix, first), 128)) return fault();
    proxies.networks_.push_back(network);
  }
  return proxies;
}

bool TrustedProxies::Trusts(const Address& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return SameBits(address, network.address, 0, network.prefix);
  });
}

std::string TrustedProxies::ClientOf(const std::string& peer,
                                     const std::vector<Header>& headers) const {
  if (networks_.empty()) return peer;
  std::optional<Address> sender = ParseAddress(peer);
  if (!sender || !Trusts(*sender)) return peer;
  std::string client = peer;
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (!EqualsIgnoreCase(header->name, "X-Forwarded-For")) continue;
    std::string_view list = header->value;
    while (true) {
      const size_t comma = list.rfind(',');
      const size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
      sender = ParseElement(list.substr(begin));
      if (!sender) return client;
      client = ToText(*sender);
      if (!Trusts(*sender)) return client;
      if (comma == std::string_view::npos) break;
      list = list.substr(0, comma);
    }
  }
  return client;
}

}  // namespace solvent::http
