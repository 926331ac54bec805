// Webhooks: the result of a trigger's run, sent to the trigger's URL.
//
// A delivery is written in the transaction that ends its run, so that it cannot be lost; it is sent
// at least once, under one id that all attempts share. The first attempt follows at once, further
// ones after the pauses of WebhookOptions::retry_seconds, until the receiver answers 2xx. The URL
// and the secret in force at the time of an attempt are used; the body is the same every time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace solvent {

// Where webhooks may connect. Addresses that do not belong to the public internet, those of this
// machine and those of metadata services are refused, however they are written and whatever name
// leads to them; `allow_networks` opens some of them.
struct WebhookPolicy {
  std::vector<std::string> allow_networks;  // CIDR: "10.0.0.0/8", "::1/128", "192.168.3.7"
};

struct WebhookRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // all but Host and Content-Length
  std::string body;
};

struct WebhookResponse {
  int status = 0;  // of HTTP, 100..599
  // What the receiver asked for in Retry-After, in seconds from now.
  std::optional<double> retry_after_seconds;
};

// Sends one POST and waits for the answer. Called from several threads at once. Any answer is a
// success here, redirects included; an error means that there was none, and its message goes to
// the delivery log. ResourceExhausted says that the sender had no room for it: such an attempt is
// made again soon and does not count as a failure, up to a number of times. When `stop` is
// requested it returns quickly, with a Cancelled error. It should not take longer than 30 s: each
// call keeps one of WebhookOptions::max_parallel threads.
using WebhookSender = std::function<absl::StatusOr<WebhookResponse>(const WebhookRequest& request,
                                                                    std::stop_token stop)>;

// Time limits of the default sender.
struct WebhookTimeouts {
  double connect_seconds = 5;   // for name, connection and TLS together
  double overall_seconds = 30;  // until the answer's head is there
};

// The default: HTTP/1.1 over TCP or TLS 1.2 and later. A name is resolved, every address is checked
// against the policy, and the connection goes to an address that was checked. Certificates are
// verified against `certificates` (a PEM file; "" for the system's). Redirects are not followed; at
// most 64 KB of the answer are read.
WebhookSender MakeWebhookSender(const WebhookPolicy& policy, const WebhookTimeouts& timeouts = {},
                                const std::string& certificates = "");

struct WebhookOptions {
  WebhookPolicy policy;
  WebhookSender sender;  // unset: MakeWebhookSender(policy)
  // The headers are <prefix>Signature, <prefix>Signature-256, <prefix>Event, <prefix>Delivery and
  // <prefix>Delivery-Timestamp, beside those of the Standard Webhooks specification.
  std::string header_prefix = "X-JAOT-";
  std::string user_agent = "Solvent";
  std::vector<double> retry_seconds = {30, 60, 120};  // pauses between attempts
  double max_retry_after_seconds = 3600;              // a receiver's Retry-After is cut to this
  int max_parallel = 64;  // attempts at once; threads start as they are needed
  int max_parallel_per_host = 8;
  double retention_days = 30;  // how long the log keeps deliveries that have ended
};

enum class WebhookState : uint8_t {
  kOpen = 0,       // to be sent, now or later
  kDelivered = 1,  // a receiver answered 2xx
  kFailed = 2,     // given up
  kDropped = 3,    // the trigger had no URL any more
};
std::string_view ToString(WebhookState state);  // "open", "delivered", "failed", "dropped"

struct WebhookAttempt {
  int number = 0;  // from 1
  int64_t started_at = 0;
  int64_t duration_micros = 0;
  int status = 0;     // 0: no answer
  std::string error;  // "" when delivered; of an attempt under way or cut off by a crash too
  bool ended = false;
};

struct WebhookDelivery {
  std::string id;  // "whd_" and 16 characters: the id that receivers see
  std::string trigger_id;
  std::string run_id;
  std::string event;  // "trigger.run.completed", ...
  WebhookState state = WebhookState::kOpen;
  int64_t created_at = 0;
  int64_t completed_at = 0;              // 0 while open
  int64_t next_attempt_at = 0;           // 0 once ended
  std::vector<WebhookAttempt> attempts;  // oldest first
};

struct WebhookStatus {
  int64_t open = 0;               // deliveries not yet ended
  double oldest_due_seconds = 0;  // how late the most overdue one is; 0 when none is
  double oldest_seconds = 0;      // age of the first made of them; 0 when there is none
  int in_flight = 0;              // attempts of this process
  int64_t delivered = 0;          // attempts of this process since it started, by how they ended
  int64_t failed = 0;
  int64_t given_up = 0;  // of the failed ones: those after which no other is made
};

// The delivery log. Thread-safe. Made and owned by an Engine.
class Webhooks {
 public:
  virtual ~Webhooks() = default;

  // InvalidArgument (validation_error on "/webhook_url") unless deliveries to `url` are possible:
  // http or https, well formed, and no address that the policy refuses. A name that cannot be
  // resolved now is accepted; it is checked again at every attempt. May take two seconds; of calls
  // at once only eight do, the others accept the name at once.
  virtual absl::Status CheckUrl(std::string_view url) const = 0;

  // Of one run, oldest first. NotFound covers "does not exist" and "is not yours" alike.
  virtual absl::StatusOr<std::vector<WebhookDelivery>> List(std::string_view organization,
                                                            std::string_view trigger,
                                                            std::string_view run) const = 0;

  // Sends a delivery again, whatever became of it, with a full set of attempts and under the same
  // id. FailedPrecondition (conflict): the trigger has no webhook URL.
  virtual absl::StatusOr<WebhookDelivery> Redeliver(std::string_view organization,
                                                    std::string_view trigger, std::string_view run,
                                                    std::string_view delivery) = 0;

  virtual absl::StatusOr<WebhookStatus> Status() const = 0;
};

}  // namespace solvent
