#include "url_guard.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "string_bridge.h"

namespace solvent {
namespace {

constexpr std::chrono::seconds kResolveWhenSaved{2};
// Beyond these, names (and requests that wait for them, were it for one name) are accepted as they
// are: whoever saves names whose servers hang takes neither the threads that answer requests nor
// the look-ups of deliveries.
constexpr int kLookUpsWhenSaved = 8;

struct Special {
  uint32_t network;
  int prefix;
  const char* kind;
};

// IANA's special-purpose registry, and the addresses that clouds answer at in their own way.
constexpr Special kSpecialV4[] = {
    {0x00000000, 8, "unspecified"},
    {0x0a000000, 8, "private"},
    {0x64400000, 10, "shared by a carrier"},
    {0x7f000000, 8, "loopback"},
    {0xa83f8110, 32, "of a metadata service"},  // 168.63.129.16
    {0xa9fe0000, 16, "link-local"},
    {0xac100000, 12, "private"},
    {0xc0000000, 24, "reserved"},
    {0xc0000200, 24, "for documentation"},
    {0xc01fc400, 24, "reserved"},
    {0xc034c100, 24, "reserved"},
    {0xc0586300, 24, "reserved"},
    {0xc0a80000, 16, "private"},
    {0xc0af3000, 24, "reserved"},
    {0xc6120000, 15, "for benchmarks"},
    {0xc6336400, 24, "for documentation"},
    {0xcb007100, 24, "for documentation"},
    {0xe0000000, 4, "multicast"},
    {0xf0000000, 4, "reserved"},
};

// Names that only ever lead to this machine or its surroundings. They are as good as the
// addresses behind them, and no good when there are none.
constexpr std::string_view kLocalNames[] = {
    "localhost",     "localdomain",   "local",        "internal",     "home.arpa",      "metadata",
    "instance-data", "ip6-localhost", "ip6-loopback", "ip6-allnodes", "ip6-allrouters",
};

bool IsLocalName(std::string_view host) {
  return std::any_of(std::begin(kLocalNames), std::end(kLocalNames), [host](std::string_view name) {
    return host == name || (host.size() > name.size() && absl::EndsWith(A(host), A(name)) &&
                            host[host.size() - name.size() - 1] == '.');
  });
}

uint32_t Bits32(const std::array<uint8_t, 16>& bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 |
         uint32_t{bytes[at + 3]};
}

// nullptr for addresses of the public internet.
const char* KindOfV4(uint32_t bits) {
  for (const Special& special : kSpecialV4) {
    if ((bits ^ special.network) >> (32 - special.prefix) == 0) return special.kind;
  }
  return nullptr;
}

bool Within(const IpAddress& address, std::string_view network) {
  return ParseIpNetwork(network)->Contains(address);
}

const char* KindOfV6(const IpAddress& address) {
  const std::array<uint8_t, 16>& bytes = address.bytes();
  if (Within(address, "64:ff9b::/96")) {
    // Translated to IPv4 on the way: what counts is where that leads.
    return KindOfV4(Bits32(bytes, 12));
  }
  struct Named {
    std::string_view network;
    const char* kind;
  };
  static constexpr Named kNamed[] = {
      {"::/128", "unspecified"},
      {"::1/128", "loopback"},
      {"::/96", "reserved"},
      {"64:ff9b:1::/48", "private"},
      {"100::/64", "reserved"},
      {"2001::/32", "a Teredo tunnel"},
      {"2001::/23", "reserved"},
      {"2001:db8::/32", "for documentation"},
      {"2002::/16", "a 6to4 tunnel"},
      {"2620:4f:8000::/48", "reserved"},
      {"3fff::/20", "for documentation"},
      {"fc00::/7", "private"},
      {"fe80::/10", "link-local"},
      {"fec0::/10", "private"},
      {"ff00::/8", "multicast"},
  };
  for (const Named& named : kNamed) {
    if (Within(address, named.network)) return named.kind;
  }
  if (!Within(address, "2000::/3")) return "reserved";
  // ISATAP carries an IPv4 address behind any prefix.
  if ((bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe) {
    return "an ISATAP tunnel";
  }
  return nullptr;
}

std::optional<IpAddress> AddressOf(const ifaddrs& interface) {
  if (interface.ifa_addr == nullptr) return std::nullopt;
  if (interface.ifa_addr->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, interface.ifa_addr, sizeof v4);
    return IpAddress::V4(ntohl(v4.sin_addr.s_addr));
  }
  if (interface.ifa_addr->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, interface.ifa_addr, sizeof v6);
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return IpAddress::V6(bytes);
  }
  return std::nullopt;
}

absl::StatusOr<bool> IsOwn(const IpAddress& address) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return absl::ErrnoToStatus(errno, "the machine's addresses");
  absl::Cleanup free_list = [list] { ::freeifaddrs(list); };
  for (ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (AddressOf(*entry) == address) return true;
  }
  return false;
}

absl::Status FieldFault(std::string_view message, std::string_view type) {
  return ValidationError("/webhook_url", message, type);
}

}  // namespace

absl::StatusOr<UrlGuard> UrlGuard::Create(const WebhookPolicy& policy) {
  UrlGuard guard;
  for (const std::string& text : policy.allow_networks) {
    std::optional<IpNetwork> network = ParseIpNetwork(text);
    if (!network.has_value()) {
      return absl::InvalidArgumentError("\"" + text +
                                        "\" is no network; write 10.0.0.0/8 or fd00::/8, with "
                                        "zeros behind the prefix, or one address");
    }
    guard.allowed_.push_back(*network);
  }
  return guard;
}

bool UrlGuard::IsOpened(const IpAddress& address) const {
  return std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const IpNetwork& network) { return network.Contains(address); });
}

absl::Status UrlGuard::CheckAddress(const IpAddress& address) const {
  if (IsOpened(address)) return absl::OkStatus();
  const char* kind = address.is_v4() ? KindOfV4(address.v4_bits()) : KindOfV6(address);
  if (kind == nullptr) {
    ASSIGN_OR_RETURN(bool own, IsOwn(address));
    if (own) kind = "this server's own";
  }
  if (kind == nullptr) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("webhooks may not go to ", address.ToString(), ", which is ", kind));
}

absl::StatusOr<std::vector<IpAddress>> UrlGuard::Resolve(
    const WebhookUrl& url, std::chrono::steady_clock::time_point deadline, std::stop_token stop,
    int spare) const {
  std::vector<IpAddress> addresses;
  if (url.literal.has_value()) {
    addresses.push_back(*url.literal);
  } else {
    ASSIGN_OR_RETURN(addresses,
                     SystemResolver().Resolve(url.host, deadline, std::move(stop), spare));
  }
  const bool local = IsLocalName(url.host);
  for (const IpAddress& address : addresses) {
    absl::Status checked = CheckAddress(address);
    if (url.literal.has_value()) RETURN_IF_ERROR(checked);
    if (!checked.ok() || (local && !IsOpened(address))) {
      // Not which: what a name means inside is nobody's business who does not know it already.
      return absl::PermissionDeniedError("webhooks may not go to where " + url.host + " leads");
    }
  }
  return addresses;
}

absl::Status CheckWebhookUrl(std::string_view text, const WebhookPolicy& policy) {
  absl::StatusOr<WebhookUrl> url = ParseWebhookUrl(text);
  if (!url.ok()) return FieldFault(Message(url.status()), "url_parsing");
  ASSIGN_OR_RETURN(UrlGuard guard, UrlGuard::Create(policy));
  absl::Status status = guard
                            .Resolve(*url, std::chrono::steady_clock::now() + kResolveWhenSaved, {},
                                     kMostLookUps - kLookUpsWhenSaved)
                            .status();
  if (absl::IsPermissionDenied(status)) {
    return FieldFault(url->literal.has_value()
                          ? "The address " + url->literal->ToString() + " may not be called"
                          : "The host " + url->host + " may not be called",
                      kUrlUnreachable);
  }
  bool unresolved = absl::IsNotFound(status) || absl::IsDeadlineExceeded(status) ||
                    absl::IsResourceExhausted(status);
  if (!unresolved) return status;
  if (!IsLocalName(url->host)) return absl::OkStatus();
  return FieldFault("The host " + url->host + " may not be called", kUrlUnreachable);
}

}  // namespace solvent
