// WS /ws/executions/{execution_id} and GET /models/executions/{execution_id}/events: a run's
// progress and its end, as they happen.
#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api.h"
#include "live_feed.h"
#include "live_messages.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Peer;
using http::Request;
using http::Response;

constexpr uint16_t kInternalError = 1011;
constexpr uint16_t kTryAgainLater = 1013;
constexpr uint16_t kBadOrigin = 4003;
constexpr uint16_t kNoSuchExecution = 4004;

// Whether a credential that was good is so still. A run may last longer than it.
std::function<bool()> StillGood(Context& context, std::string token) {
  return [&identity = context.engine.identity(), token = std::move(token)] {
    return !absl::IsUnauthenticated(identity.Authenticate(token).status());
  };
}

class LiveSession : public http::WebSocketSession {
 public:
  LiveSession(Context& context, std::shared_ptr<LiveFeeds> feeds)
      : context_(context), feeds_(std::move(feeds)) {}

  std::string OnOpen(std::shared_ptr<Peer> peer, Request& request,
                     const std::vector<std::string>& offered) override {
    peer_ = peer;
    // A browser cannot set a header: it may name the key in the query or as a second subprotocol.
    bool by_subprotocol = offered.size() >= 2 && http::EqualsIgnoreCase(offered[0], "bearer");
    std::string accepted = by_subprotocol ? offered[0] : "";
    absl::StatusOr<std::string> token =
        by_subprotocol ? offered[1] : BearerOf(context_, request, /*token_in_query=*/true);
    if (absl::IsPermissionDenied(token.status())) {
      Refuse(kBadOrigin, error_code::kForbidden, "Pages of this origin may not use the cookie");
      return accepted;
    }
    absl::StatusOr<Caller> caller =
        token.ok() ? context_.engine.identity().Authenticate(*token) : token.status();
    if (!caller.ok()) {
      Refuse(kBadCredential, error_code::kUnauthorized, "Missing, invalid or expired credential");
      return accepted;
    }
    absl::StatusOr<std::shared_ptr<void>> subscription = feeds_->Subscribe(
        std::string(request.Parameter("execution_id")),
        {caller->organization_id, peer, Carrier::kWebSocket, StillGood(context_, *token)});
    if (subscription.ok()) {
      subscription_ = *std::move(subscription);
    } else if (absl::IsNotFound(subscription.status())) {
      Refuse(kNoSuchExecution, error_code::kNotFound, "Execution not found");
    } else if (absl::IsUnavailable(subscription.status())) {
      Refuse(kTryAgainLater, error_code::kUnavailable, "The execution cannot be read now");
    } else {
      Refuse(kInternalError, error_code::kInternal, "The execution cannot be read now");
    }
    return accepted;
  }

  void OnMessage(std::string_view text) override {
    if (text == "ping") peer_->SendText("pong");
  }

  void OnClose(uint16_t) override { subscription_.reset(); }

 private:
  void Refuse(uint16_t code, std::string_view word, std::string_view message) {
    peer_->SendText(ErrorMessage(word, message));
    peer_->Close(code, word);
  }

  Context& context_;
  const std::shared_ptr<LiveFeeds> feeds_;
  std::shared_ptr<Peer> peer_;
  std::shared_ptr<void> subscription_;
};

// What the client has seen last; anything that is no number of ours counts as nothing.
std::optional<uint64_t> LastEventId(const Request& request) {
  std::string_view text = request.FindHeader("Last-Event-ID").value_or("");
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

absl::StatusOr<Response> Events(Context& context, std::shared_ptr<LiveFeeds> feeds,
                                Request& request) {
  std::string organization = CallerOf(request).organization_id;
  std::string id(request.Parameter("execution_id"));
  absl::StatusOr<std::string> token = BearerOf(context, request, /*token_in_query=*/true);
  if (!token.ok()) return token.status();
  absl::StatusOr<Execution> execution = context.engine.executions().Get(organization, id);
  if (!execution.ok()) return execution.status();
  std::optional<uint64_t> after = LastEventId(request);
  // A browser comes back whenever a stream ends, even after the last event; 204 tells it to stop.
  if (after && IsEndState(execution->state) && *after >= EndSequence(*execution)) {
    return Response::Empty(204);
  }
  if (absl::Status room = feeds->CheckRoom(organization); !room.ok()) return room;
  Response response;
  response.content_type = "text/event-stream";
  response.Set("Cache-Control", "no-store");
  response.Set("X-Accel-Buffering", "no");  // nginx would keep events back
  response.stream = [feeds = std::move(feeds), organization = std::move(organization),
                     id = std::move(id), after,
                     still_good = StillGood(context, *token)](std::shared_ptr<Peer> peer) {
    peer->SendText("retry: 2000\n\n");
    absl::StatusOr<std::shared_ptr<void>> subscription =
        feeds->Subscribe(id, {organization, peer, Carrier::kEventStream, still_good}, after);
    if (subscription.ok()) return *std::move(subscription);
    peer->SendText(
        "data: " + ErrorMessage(error_code::kInternal, "The execution cannot be read now") +
        "\n\n");
    peer->Close(kInternalError);
    return std::shared_ptr<void>();
  };
  return response;
}

}  // namespace

absl::Status AddLiveRoutes(http::HttpServer& server, Context& context) {
  auto feeds = std::make_shared<LiveFeeds>(context);
  http::Route events{.method = "GET",
                     .pattern = std::string(kBase) + "/models/executions/{execution_id}/events"};
  events.handler = [&context, feeds](Request& request) { return Events(context, feeds, request); };
  events.rate_class = "read";
  events.token_in_query = true;
  if (absl::Status status = server.AddRoute(std::move(events)); !status.ok()) return status;
  return server.AddWebSocket(
      std::string(kBase) + "/ws/executions/{execution_id}",
      [&context, feeds] { return std::make_unique<LiveSession>(context, feeds); });
}

}  // namespace solvent::api
