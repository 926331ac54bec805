#include "live_feed.h"

#include <chrono>
#include <list>
#include <utility>

#include "live_messages.h"

namespace solvent::api {
namespace {

constexpr uint16_t kNormal = 1000;
constexpr std::chrono::milliseconds kLeastInterval{200};  // between two progress messages

using Text = std::shared_ptr<const std::string>;

// One message in the form of each carrier, made when first asked for.
class Message {
 public:
  Message(std::string json, uint64_t sequence)
      : json_(std::make_shared<const std::string>(std::move(json))), sequence_(sequence) {}

  uint64_t sequence() const { return sequence_; }
  const Text& For(Carrier carrier) {
    if (carrier == Carrier::kWebSocket) return json_;
    if (event_ == nullptr) {
      // JSON holds no line ends: one line of data is enough. Without a number of its own a message
      // leaves the client's last one as it is.
      std::string id = sequence_ == 0 ? "" : "id: " + std::to_string(sequence_) + "\n";
      event_ = std::make_shared<const std::string>(id + "data: " + *json_ + "\n\n");
    }
    return event_;
  }

 private:
  const Text json_;
  const uint64_t sequence_;
  Text event_;
};

struct Listener {
  std::shared_ptr<http::Peer> peer;
  Carrier carrier = Carrier::kWebSocket;
  std::optional<uint64_t> after;

  void Send(Message& message) const {
    if (!after || message.sequence() > *after) peer->Send(message.For(carrier));
  }
  void End(Message& message) const {
    peer->Send(message.For(carrier));
    peer->Close(kNormal);
  }
};

}  // namespace

// Shared by its listeners; goes with the last of them.
class LiveFeeds::Feed {
 public:
  Feed(Context& context, std::string id)
      : context_(context), executions_(context.engine.executions()), id_(std::move(id)) {}

  // Returns once events arrive.
  absl::Status Watch(std::string_view organization) {
    std::lock_guard lock(watch_mutex_);
    if (watch_ != nullptr) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<solvent::Watch>> watch =
        executions_.WatchRun(organization, id_, [this](const RunEvent& e) { OnEvent(e); });
    if (!watch.ok()) return watch.status();
    watch_ = *std::move(watch);
    return absl::OkStatus();
  }

  using Place = std::list<Listener>::iterator;

  // `execution` was read after Watch.
  Place Add(Listener listener, const Execution& execution) {
    std::lock_guard lock(mutex_);
    std::optional<RunEvent> last = executions_.LatestProgress(id_);
    if (!last) last = last_;
    if (!listener.after) {
      Message status(StatusMessage(execution, last), last ? last->sequence : 0);
      listener.Send(status);
    }
    if (end_.has_value()) {
      listener.End(*end_);
    } else if (IsEndState(execution.state)) {
      Message end(EndMessage(context_, execution), EndSequence(execution));
      listener.End(end);
    } else if (last && last->state == RunState::kRunning) {
      Message progress(ProgressMessage(id_, *last), last->sequence);
      listener.Send(progress);
    }
    return listeners_.insert(listeners_.end(), std::move(listener));
  }

  void Remove(Place place) {
    std::lock_guard lock(mutex_);
    listeners_.erase(place);
  }

 private:
  void OnEvent(const RunEvent& event) {
    std::lock_guard lock(mutex_);
    if (end_.has_value()) return;
    if (event.kind == RunEvent::Kind::kEnded) {
      end_.emplace(EndMessage(context_, *event.execution), event.sequence);
      for (const Listener& listener : listeners_) listener.End(*end_);
      return;
    }
    last_ = event;
    if (event.state != RunState::kRunning) return;
    auto now = std::chrono::steady_clock::now();
    if (event.kind == RunEvent::Kind::kProgress && now - last_sent_ < kLeastInterval) return;
    last_sent_ = now;
    Message progress(ProgressMessage(id_, event), event.sequence);
    for (const Listener& listener : listeners_) listener.Send(progress);
  }

  Context& context_;
  ExecutionStore& executions_;
  const std::string id_;

  std::mutex mutex_;
  std::list<Listener> listeners_;
  std::optional<RunEvent> last_;
  std::optional<Message> end_;
  std::chrono::steady_clock::time_point last_sent_{};

  std::mutex watch_mutex_;                 // not held by callbacks
  std::unique_ptr<solvent::Watch> watch_;  // goes first: afterwards nobody calls
};

std::shared_ptr<LiveFeeds::Feed> LiveFeeds::Enter(const std::string& id) {
  std::lock_guard lock(mutex_);
  std::weak_ptr<Feed>& entry = feeds_[id];
  std::shared_ptr<Feed> feed = entry.lock();
  if (feed != nullptr) return feed;
  feed = std::make_shared<Feed>(context_, id);
  entry = feed;
  // Entries of feeds that went are swept as new ones come, at a constant cost for each.
  if (feeds_.size() >= sweep_at_) {
    std::erase_if(feeds_, [](const auto& item) { return item.second.expired(); });
    sweep_at_ = 2 * feeds_.size() + 16;
  }
  return feed;
}

absl::StatusOr<std::shared_ptr<void>> LiveFeeds::Subscribe(std::string_view organization,
                                                           const std::string& id,
                                                           std::shared_ptr<http::Peer> peer,
                                                           Carrier carrier,
                                                           std::optional<uint64_t> after) {
  ExecutionStore& executions = context_.engine.executions();
  absl::StatusOr<Execution> execution = executions.Get(organization, id);
  if (!execution.ok()) return execution.status();
  std::shared_ptr<Feed> feed = Enter(id);
  if (!IsEndState(execution->state)) {
    if (absl::Status status = feed->Watch(organization); !status.ok()) return status;
    // Again: what happened before the watch began is in the record, what happens after it is told.
    execution = executions.Get(organization, id);
    if (!execution.ok()) return execution.status();
  }
  Feed::Place place = feed->Add({std::move(peer), carrier, after}, *execution);
  Feed* borrowed = feed.get();
  return std::shared_ptr<void>(borrowed,
                               [feed = std::move(feed), place](void*) { feed->Remove(place); });
}

}  // namespace solvent::api
