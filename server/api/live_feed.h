// Hands the events of runs to all who listen to them. A run is watched once and each of its
// messages is made once, however many listen and whatever carries the messages to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "api.h"
#include "peer.h"

namespace solvent::api {

// Closes a WebSocket whose credential is missing, wrong or no longer good.
inline constexpr uint16_t kBadCredential = 4001;

enum class Carrier {
  kWebSocket,    // the message is JSON
  kEventStream,  // an event of text/event-stream: its sequence as id, the same JSON as data
};

// Thread-safe.
class LiveFeeds {
 public:
  // Borrows the context, which must outlive all subscriptions.
  explicit LiveFeeds(Context& context) : context_(context) {}

  // Who listens, and by which right. `still_allowed` is asked again before the end is told, and now
  // and then before progress is, by any thread; when it says no, the peer is closed with 4001.
  struct Subscriber {
    std::string organization;
    std::shared_ptr<http::Peer> peer;
    Carrier carrier = Carrier::kWebSocket;
    std::function<bool()> still_allowed;
  };

  // Unavailable while the messages that wait for slow readers take too much memory; an organization
  // gets half of it.
  absl::Status CheckRoom(const std::string& organization) const;

  // Sends `status` and then what happens, up to the end, after which the peer is closed. With
  // `after`, the sequence that the client has seen last: no `status`, and only what is newer. Ends
  // when the result is destroyed. NotFound covers foreign runs; else as CheckRoom.
  absl::StatusOr<std::shared_ptr<void>> Subscribe(const std::string& id, Subscriber subscriber,
                                                  std::optional<uint64_t> after = {});

 private:
  class Feed;
  std::shared_ptr<Feed> Enter(const std::string& organization, const std::string& id);

  Context& context_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<Feed>> feeds_;
  size_t sweep_at_ = 16;
};

}  // namespace solvent::api
