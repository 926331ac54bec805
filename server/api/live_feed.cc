#include "live_feed.h"

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

class Ledger {
 public:
  void Add(const std::string& organization, size_t bytes) {
    std::lock_guard lock(mutex_);
    total_ += bytes;
    own_[organization] += bytes;
  }
  void Subtract(const std::string& organization, size_t bytes) {
    std::lock_guard lock(mutex_);
    total_ -= bytes;
    auto own = own_.find(organization);
    own->second -= bytes;
    if (own->second == 0) own_.erase(own);
  }
  bool HasRoomFor(const std::string& organization) {
    std::lock_guard lock(mutex_);
    auto own = own_.find(organization);
    return total_ <= kMostHeld && (own == own_.end() || own->second <= kMostHeld / 2);
  }

 private:
  std::mutex mutex_;
  size_t total_ = 0;
  std::unordered_map<std::string, size_t> own_;  // without zeros
};

Ledger& Held() {
  static Ledger& ledger = *new Ledger();  // messages may outlive main
  return ledger;
}

Text Hold(const std::string& organization, std::string text) {
  const size_t size = text.size();
  Held().Add(organization, size);
  return Text(new const std::string(std::move(text)), [organization, size](const std::string* t) {
    Held().Subtract(organization, size);
    delete t;
  });
}

// One message in the form of each carrier, made when first asked for.
class Message {
 public:
  // Borrows the organization's id.
  Message(const std::string& organization, std::string json, uint64_t sequence)
      : organization_(organization),
        json_(Hold(organization, std::move(json))),
        sequence_(sequence) {}

  uint64_t sequence() const { return sequence_; }
  const Text& For(Carrier carrier) {
    if (carrier == Carrier::kWebSocket) return json_;
    if (event_ == nullptr) {
      // JSON holds no line ends: one line of data is enough. Without a number of its own a message
      // leaves the client's last one as it is.
      std::string id = sequence_ == 0 ? "" : "id: " + std::to_string(sequence_) + "\n";
      event_ = Hold(organization_, id + "data: " + *json_ + "\n\n");
    }
    return event_;
  }

 private:
  const std::string& organization_;
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
  Feed(Context& context, std::string organization, std::string id)
      : context_(context),
        executions_(context.engine.executions()),
        organization_(std::move(organization)),
        id_(std::move(id)) {}

  // Returns once events arrive.
  absl::Status Watch() {
    std::lock_guard lock(watch_mutex_);
    if (watch_ != nullptr) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<solvent::Watch>> watch =
        executions_.WatchRun(organization_, id_, [this](const RunEvent& e) { OnEvent(e); });
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
      if (!status)
        status.emplace(organization_, StatusMessage(execution, last), last ? last->sequence : 0);
      listener.Send(*status);
    }
    if (end_) {
      listener.End(*end_);
    } else if (ended) {
      // The event is still to come, to those who were here before.
      if (!late_end_)
        late_end_.emplace(organization_, EndMessage(context_, execution), EndSequence(execution));
      listener.End(*late_end_);
    } else if (last && last->state == RunState::kRunning) {
      Message progress(organization_, ProgressMessage(id_, *last), last->sequence);
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
      end_.emplace(organization_, EndMessage(context_, *event.execution), event.sequence);
      for (Listener& listener : listeners_) listener.End(*end_);
      return;
    }
    last_ = event;
    if (event.state != RunState::kRunning) return;
    auto now = std::chrono::steady_clock::now();
    if (event.kind == RunEvent::Kind::kProgress && now - last_sent_ < kLeastInterval) return;
    last_sent_ = now;
    Message progress(organization_, ProgressMessage(id_, event), event.sequence);
    for (Listener& listener : listeners_) listener.Send(progress);
  }

  Context& context_;
  ExecutionStore& executions_;
  const std::string organization_;  // whose run it is
  const std::string id_;

  std::mutex mutex_;
  std::list<Listener> listeners_;
  std::optional<RunEvent> last_;
  std::optional<Message> end_;  // as the event told it
  // For those who come after the end; also of runs whose event nobody here waits for.
  std::optional<Message> late_status_, late_end_;
  std::chrono::steady_clock::time_point last_sent_{};

  std::mutex watch_mutex_;                 // not held by callbacks
  std::unique_ptr<solvent::Watch> watch_;  // goes first: afterwards nobody calls
};

std::shared_ptr<LiveFeeds::Feed> LiveFeeds::Enter(const std::string& organization,
                                                  const std::string& id) {
  std::lock_guard lock(mutex_);
  std::weak_ptr<Feed>& entry = feeds_[id];
  std::shared_ptr<Feed> feed = entry.lock();
  if (feed != nullptr) return feed;
  feed = std::make_shared<Feed>(context_, organization, id);
  entry = feed;
  // Entries of feeds that went are swept as new ones come, at a constant cost for each.
  if (feeds_.size() >= sweep_at_) {
    std::erase_if(feeds_, [](const auto& item) { return item.second.expired(); });
    sweep_at_ = 2 * feeds_.size() + 16;
  }
  return feed;
}

absl::Status LiveFeeds::CheckRoom(const std::string& organization) const {
  if (Held().HasRoomFor(organization)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, error_code::kUnavailable,
                   "too many large answers wait for slow readers; try again in a few seconds");
}

absl::StatusOr<std::shared_ptr<void>> LiveFeeds::Subscribe(const std::string& id,
                                                           Subscriber subscriber,
                                                           std::optional<uint64_t> after) {
  const std::string organization = subscriber.organization;
  if (absl::Status room = CheckRoom(organization); !room.ok()) return room;
  ExecutionStore& executions = context_.engine.executions();
  absl::StatusOr<Execution> execution = executions.Get(organization, id);
  if (!execution.ok()) return execution.status();
  std::shared_ptr<Feed> feed = Enter(organization, id);
  if (!IsEndState(execution->state)) {
    if (absl::Status status = feed->Watch(); !status.ok()) return status;
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
