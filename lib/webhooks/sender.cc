// The default WebhookSender.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "http_exchange.h"
#include "mutex.h"
#include "solvent/error.h"
#include "solvent/webhook.h"
#include "status_macros.h"
#include "stop_signal.h"
#include "transport.h"
#include "url_guard.h"

namespace solvent {
namespace {

Deadline After(double seconds) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(
             std::chrono::duration<double>(seconds));
}

// Made with the first webhook: reading the system's certificates takes longer than most starts.
class LazyTls {
 public:
  explicit LazyTls(std::string certificates) : certificates_(std::move(certificates)) {}

  absl::StatusOr<std::shared_ptr<TlsContext>> Get() {
    Lock lock(mutex_);
    if (context_ == nullptr) {
      ASSIGN_OR_RETURN(context_, TlsContext::Create(certificates_));
    }
    return context_;
  }

 private:
  const std::string certificates_;
  Mutex mutex_;
  std::shared_ptr<TlsContext> context_ ABSL_GUARDED_BY(mutex_);
};

class HttpSender {
 public:
  HttpSender(absl::StatusOr<UrlGuard> guard, const WebhookTimeouts& timeouts,
             std::string certificates)
      : guard_(std::move(guard)), timeouts_(timeouts), tls_(std::move(certificates)) {}

  absl::StatusOr<WebhookResponse> Send(const WebhookRequest& request, std::stop_token stop) {
    RETURN_IF_ERROR(guard_.status());
    const Deadline deadline = After(timeouts_.overall_seconds);
    const Deadline connect_by = std::min(deadline, After(timeouts_.connect_seconds));
    ASSIGN_OR_RETURN(WebhookUrl url, ParseWebhookUrl(request.url));
    ASSIGN_OR_RETURN(std::vector<IpAddress> addresses, guard_->Resolve(url, connect_by, stop));
    StopSignal signal(std::move(stop));
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                     Connect(url, addresses, connect_by, signal));
    return Exchange(*connection, url, request.headers, request.body, deadline);
  }

 private:
  // To the first address that answers. Each gets its share of the time that is left.
  absl::StatusOr<std::unique_ptr<Connection>> Connect(const WebhookUrl& url,
                                                      const std::vector<IpAddress>& addresses,
                                                      Deadline deadline, const StopSignal& stop) {
    std::shared_ptr<TlsContext> tls;
    if (url.tls) {
      ASSIGN_OR_RETURN(tls, tls_.Get());
    }
    absl::Status failure = absl::UnavailableError("the name has no address");
    for (size_t i = 0; i < addresses.size(); ++i) {
      auto now = std::chrono::steady_clock::now();
      Deadline share = now + (deadline - now) / static_cast<int64_t>(addresses.size() - i);
      absl::StatusOr<std::unique_ptr<Connection>> connection =
          url.tls ? ConnectTls(addresses[i], url.port, *tls, url.host, share, stop)
                  : ConnectTcp(addresses[i], url.port, share, stop);
      if (connection.ok() || absl::IsCancelled(connection.status())) return connection;
      failure = connection.status();
    }
    return failure;
  }

  const absl::StatusOr<UrlGuard> guard_;
  const WebhookTimeouts timeouts_;
  LazyTls tls_;
};

}  // namespace

WebhookSender MakeWebhookSender(const WebhookPolicy& policy, const WebhookTimeouts& timeouts,
                                const std::string& certificates) {
  auto sender = std::make_shared<HttpSender>(UrlGuard::Create(policy), timeouts, certificates);
  return [sender](const WebhookRequest& request, std::stop_token stop) {
    return sender->Send(request, std::move(stop));
  };
}

}  // namespace solvent
