#include "live_feed.h"

#include <atomic>
#include <chrono>
#include <list>
#include <utility>

#include "live_messages.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

constexpr uint16_t kNormal = 1000;
constexpr std::chrono::milliseconds kLeastInterval{200};  // between two progress messages

constexpr std::chrono::seconds kLookAgain{2};  // at a credential, while there is progress to tell
// Of messages that are held for readers, each counted once however many it waits for.
constexpr size_t kMostHeld = size_t{512} << 20;

using Text = std::shared_ptr<const std::string>;

std::atomic<size_t> held_bytes{0};

Text Held(std::string text) {
  held_bytes += text.size();
  return Text(new const std::string(std::move(text)), [](const std::string* done) {
    held_bytes -= done->size();
    delete done;
  });
}

// One message in the form of each carrier, made when first asked for.
class Message {
 public:
  Message(std::string json, uint64_t sequence)
      : json_(Held(std::move(json))), sequence_(sequence) {}

  uint64_t sequence() const { return sequence_; }
  const Text& For(Carrier carrier) {
    if (carrier == Carrier::kWebSocket) return json_;
    if (event_ == nullptr) {
      // JSON holds no line ends: one line of data is enough. Without a number of its own a message
      // leaves the client's last one as it is.
      std::string id = sequence_ == 0 ? "" : "id: " + std::to_string(sequence_) + "\n";
      event_ = Held(id + "data: " + *json_ + "\n\n");
    }
    return event_;
  }

 private:
  const Text json_;
  const uint64_t sequence_;
  Text event_;
};

class Listener {
 public:
  Listener(LiveFeeds::Subscriber subscriber, std::optional<uint64_t> after)
      : subscriber_(std::move(subscriber)), after_(after) {}

  void Send(Message& message) {
    if (after_ && message.sequence() <= *after_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ >= kLookAgain && !MayHear()) return;
    subscriber_.peer->Send(message.For(subscriber_.carrier));
  }
  void End(Message& message) {
    if (!MayHear()) return;
    subscriber_.peer->Send(message.For(subscriber_.carrier));
    subscriber_.peer->Close(kNormal);
  }
  bool wants_status() const { return !after_; }

 private:
  bool MayHear() {
    looked_ = std::chrono::steady_clock::now();
    if (subscriber_.still_allowed()) return true;
    subscriber_.peer->Close(kBadCredential, error_code::kUnauthorized);
    return false;
  }

  LiveFeeds::Subscriber subscriber_;
  std::optional<uint64_t> after_;
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
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
    const bool ended = IsEndState(execution.state);
    if (listener.wants_status()) {
      // With the answer, which may be large, in both: made once for all who come late.
      std::optional<Message> now;
      std::optional<Message>& status = ended ? late_status_ : now;
      if (!status) status.emplace(StatusMessage(execution, last), last ? last->sequence : 0);
      listener.Send(*status);
    }
    if (ended && !end_) end_.emplace(EndMessage(context_, execution), EndSequence(execution));
    if (end_) {
      listener.End(*end_);
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
      for (Listener& listener : listeners_) listener.End(*end_);
      return;
    }
    last_ = event;
    if (event.state != RunState::kRunning) return;
    auto now = std::chrono::steady_clock::now();
    if (event.kind == RunEvent::Kind::kProgress && now - last_sent_ < kLeastInterval) return;
    last_sent_ = now;
    Message progress(ProgressMessage(id_, event), event.sequence);
    for (Listener& listener : listeners_) listener.Send(progress);
  }

  Context& context_;
  ExecutionStore& executions_;
  const std::string id_;

  std::mutex mutex_;
  std::list<Listener> listeners_;
  std::optional<RunEvent> last_;
  std::optional<Message> end_;
  std::optional<Message> late_status_;  // for those who come after the end
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

absl::Status LiveFeeds::CheckRoom() const {
  if (held_bytes.load() <= kMostHeld) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, error_code::kUnavailable,
                   "too many large answers wait for slow readers; try again in a few seconds");
}

absl::StatusOr<std::shared_ptr<void>> LiveFeeds::Subscribe(const std::string& id,
                                                           Subscriber subscriber,
                                                           std::optional<uint64_t> after) {
  if (absl::Status room = CheckRoom(); !room.ok()) return room;
  ExecutionStore& executions = context_.engine.executions();
  const std::string organization = subscriber.organization;
  absl::StatusOr<Execution> execution = executions.Get(organization, id);
  if (!execution.ok()) return execution.status();
  std::shared_ptr<Feed> feed = Enter(id);
  if (!IsEndState(execution->state)) {
    if (absl::Status status = feed->Watch(organization); !status.ok()) return status;
    // Again: what happened before the watch began is in the record, what happens after it is told.
    execution = executions.Get(organization, id);
    if (!execution.ok()) return execution.status();
  }
  Feed::Place place = feed->Add(Listener(std::move(subscriber), after), *execution);
  Feed* borrowed = feed.get();
  return std::shared_ptr<void>(borrowed,
                               [feed = std::move(feed), place](void*) { feed->Remove(place); });
}

}  // namespace solvent::api
