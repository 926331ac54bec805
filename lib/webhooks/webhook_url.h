// Reads the URL of a webhook, strictly: what one parser takes for the host and another for the
// path is how servers are talked into reaching places they should not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "ip_address.h"

namespace solvent {

struct WebhookUrl {
  bool tls = false;
  std::string host;                  // lower case, without brackets and trailing dot
  std::optional<IpAddress> literal;  // when the host is an address
  int port = 0;
  std::string target;  // path and query, "/" at least

  std::string HostHeader() const;  // with brackets, and the port unless it is the scheme's own
  std::string ToString() const;
};

inline constexpr size_t kMaxWebhookUrl = 2048;

// Accepts http://host[:port][/path][?query] and https. The host is a name of letters, digits, '-',
// '_' and '.', four decimal numbers, or an IPv6 address in brackets. InvalidArgument with one
// sentence otherwise; in particular for other spellings of IPv4 addresses (octal, hexadecimal,
// fewer than four numbers), user names, zones, percent-encoded or non-ASCII hosts, fragments,
// control characters and backslashes, and for ports that belong to other protocols.
absl::StatusOr<WebhookUrl> ParseWebhookUrl(std::string_view url);

}  // namespace solvent
