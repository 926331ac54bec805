// Decides where webhooks may go.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ip_address.h"
#include "resolver.h"
#include "solvent/webhook.h"
#include "webhook_url.h"

namespace solvent {

// The type of a field error for a place that the policy does not let webhooks go to.
inline constexpr std::string_view kUrlUnreachable = "trigger.webhook_url_unreachable";

// What to do when a trigger is saved: ValidationError on "/webhook_url" unless the URL is well
// formed and leads to no address that is refused. A name that is not resolved within two seconds,
// or at once when many are waited for, is accepted, unless it is one that only ever names this
// machine or its surroundings.
absl::Status CheckWebhookUrl(std::string_view url, const WebhookPolicy& policy);

// A policy ready for use.
class UrlGuard {
 public:
  // InvalidArgument, naming it, for a network that cannot be read.
  static absl::StatusOr<UrlGuard> Create(const WebhookPolicy& policy);

  // Why no webhook may connect to `address`: PermissionDenied naming the address and its kind.
  absl::Status CheckAddress(const IpAddress& address) const;

  // The addresses of the URL's host, every one of them checked. PermissionDenied when any is
  // refused; otherwise as Resolver::Resolve.
  absl::StatusOr<std::vector<IpAddress>> Resolve(const WebhookUrl& url,
                                                 std::chrono::steady_clock::time_point deadline,
                                                 std::stop_token stop, int spare = 0) const;

 private:
  bool IsOpened(const IpAddress& address) const;

  std::vector<IpNetwork> allowed_;
};

}  // namespace solvent
