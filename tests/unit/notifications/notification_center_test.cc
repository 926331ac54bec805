#include <doctest/doctest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "notification_center_impl.h"
#include "solvent/error.h"
#include "solvent/sqlite_store.h"
#include "store_ports.h"

namespace solvent {
namespace {

const Caller kAnn{"org_a", "usr_ann", "", false};
const Caller kBob{"org_a", "usr_bob", "", false};

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "solvent-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string database() const { return (path_ / "s.db").string(); }

 private:
  std::filesystem::path path_;
};

struct Process {
  explicit Process(const std::string& database, NotificationOptions options = {})
      : store(OpenSqliteStore(database).value()),
        center(
            *store->ports().notifications, options, [] { return Micros{1'000'000}; }, LogSink()) {}

  std::unique_ptr<Store> store;
  NotificationCenterImpl center;
};

NewNotification Make(const Caller& caller, std::string title) {
  NewNotification n;
  n.organization_id = caller.organization_id;
  n.user_id = caller.user_id;
  n.title = std::move(title);
  n.message = "message";
  return n;
}

// What a subscriber has heard.
class Heard {
 public:
  std::function<void(const Notification&)> callback() {
    return [this](const Notification& n) {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        titles_.push_back(n.title);
      }
      changed_.notify_all();
    };
  }
  std::vector<std::string> WaitFor(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return titles_.size() >= count; });
    return titles_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> titles_;
};

using Strings = std::vector<std::string>;

TEST_CASE("subscribers hear of what is added from then on, in order, and of theirs only") {
  Folder folder;
  Process process(folder.database());
  REQUIRE(process.center.Start().ok());
  NotificationCenter& center = process.center;
  CHECK(center.Send(Make(kAnn, "before")).value());
  Heard all, anns;
  auto all_watch = center.Subscribe({}, all.callback());
  auto ann_watch = center.Subscribe({"org_a", "usr_ann"}, anns.callback());
  REQUIRE(all_watch.ok());
  REQUIRE(ann_watch.ok());
  Strings sent;
  for (int i = 0; i < 600; ++i) {
    sent.push_back(std::to_string(i));
    CHECK(center.Send(Make(i % 2 == 0 ? kAnn : kBob, sent.back())).value());
  }
  CHECK(all.WaitFor(600) == sent);
  Strings even = anns.WaitFor(300);
  CHECK(even.size() == 300);
  CHECK(even.back() == "598");
}

TEST_CASE("a late subscriber does not hear of what an earlier one still waits for") {
  Folder folder;
  Process process(folder.database());
  // Nothing is handed out before the start.
  Heard early, late;
  auto early_watch = process.center.Subscribe({}, early.callback());
  CHECK(process.center.Send(Make(kAnn, "1")).value());
  auto late_watch = process.center.Subscribe({}, late.callback());
  CHECK(process.center.Send(Make(kAnn, "2")).value());
  REQUIRE(process.center.Start().ok());
  CHECK(early.WaitFor(2) == Strings{"1", "2"});
  CHECK(late.WaitFor(1) == Strings{"2"});
}

TEST_CASE("who subscribes while a backlog is handed out hears of what is added then") {
  Folder folder;
  Process process(folder.database());
  Heard heard;
  std::mutex mutex;
  std::condition_variable changed;
  bool begun = false, may_go_on = false;
  auto slow_watch = process.center.Subscribe({}, [&](const Notification&) {
    std::unique_lock<std::mutex> lock(mutex);
    begun = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_go_on; });
  });
  for (int i = 0; i < 300; ++i) CHECK(process.center.Send(Make(kBob, "backlog")).value());
  REQUIRE(process.center.Start().ok());
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return begun; });
  }
  auto watch = process.center.Subscribe({"org_a", "usr_ann"}, heard.callback());
  CHECK(process.center.Send(Make(kAnn, "new")).value());
  CHECK(process.center.Send(Make(kAnn, "newer")).value());
  {
    std::lock_guard<std::mutex> lock(mutex);
    may_go_on = true;
  }
  changed.notify_all();
  CHECK(heard.WaitFor(2) == Strings{"new", "newer"});
}

TEST_CASE("what another process adds is heard as well") {
  Folder folder;
  Process listening(folder.database());
  Process other(folder.database());
  REQUIRE(listening.center.Start().ok());
  Heard heard;
  auto watch = listening.center.Subscribe({}, heard.callback());
  CHECK(other.center.Send(Make(kAnn, "from outside")).value());
  CHECK(heard.WaitFor(1) == Strings{"from outside"});
}

TEST_CASE("a subscription that ended is not called again, and may outlive the center") {
  Folder folder;
  auto process = std::make_unique<Process>(folder.database());
  REQUIRE(process->center.Start().ok());
  Heard gone, heard;
  auto first = process->center.Subscribe({}, gone.callback());
  auto second = process->center.Subscribe({}, heard.callback());
  CHECK(process->center.Send(Make(kAnn, "1")).value());
  CHECK(gone.WaitFor(1) == Strings{"1"});
  first->reset();
  CHECK(process->center.Send(Make(kAnn, "2")).value());
  CHECK(heard.WaitFor(2) == Strings{"1", "2"});
  CHECK(gone.WaitFor(1) == Strings{"1"});
  process.reset();
  second->reset();
}

TEST_CASE("a callback may subscribe and end other subscriptions") {
  Folder folder;
  Process process(folder.database());
  REQUIRE(process.center.Start().ok());
  Heard heard, inner;
  std::unique_ptr<Watch> other = *process.center.Subscribe({}, [](const Notification&) {});
  std::unique_ptr<Watch> more;
  auto outer_callback = heard.callback();
  auto watch = process.center.Subscribe({}, [&](const Notification& n) {
    other.reset();
    if (more == nullptr) more = *process.center.Subscribe({}, inner.callback());
    outer_callback(n);
  });
  CHECK(process.center.Send(Make(kAnn, "1")).value());
  heard.WaitFor(1);
  CHECK(process.center.Send(Make(kAnn, "2")).value());
  CHECK(inner.WaitFor(1) == Strings{"2"});
}

TEST_CASE("callers see what is theirs") {
  Folder folder;
  Process process(folder.database());
  NotificationCenter& center = process.center;
  CHECK(center.Send(Make(kAnn, "for Ann")).value());
  CHECK(center.UnreadCount(kAnn).value() == 1);
  CHECK(center.UnreadCount(kBob).value() == 0);
  NotificationList list = center.List(kAnn).value();
  REQUIRE(list.items.size() == 1);
  CHECK(list.items[0].created_at == 1'000'000);
  for (std::string_view id : {std::string_view(list.items[0].id), std::string_view("ntf_x"),
                              std::string_view(""), std::string_view("a\0b", 3)}) {
    CHECK(absl::IsNotFound(center.MarkRead(kBob, id)));
  }
  CHECK(center.MarkRead(kAnn, list.items[0].id).ok());
  CHECK(center.MarkAllRead(kAnn).value() == 0);
  for (int limit : {0, -1, 101}) {
    CHECK(absl::IsInvalidArgument(center.List(kAnn, false, limit).status()));
  }
}

TEST_CASE("announcements reach every active user of the organization") {
  Folder folder;
  Process process(folder.database());
  IdentityPort& identity = *process.store->ports().identity;
  for (const char* user : {"usr_ann", "usr_bob"}) {
    REQUIRE(identity.EnsureMember("Acme", user, "org_a", user, 1).ok());
  }
  NotificationCenter& center = process.center;
  Announcement announcement;
  announcement.message = "Maintenance at noon";
  CHECK(process.center.Announce("org_a", announcement).value() == 2);
  CHECK(process.center.AnnouncePlan("org_a", "pro").value() == 2);
  CHECK(process.center.Announce("org_none", announcement).value() == 0);
  NotificationList list = center.List(kBob).value();
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[0].type == NotificationType::kSubscriptionUpdated);
  CHECK(list.items[0].data["plan"].as_string() == "pro");
  CHECK(list.items[0].link == "/workspace/credits");
  CHECK(list.items[1].type == NotificationType::kSystem);
  CHECK(list.items[1].message == "Maintenance at noon");

  announcement.message = "";
  CHECK(
      GetErrorInfo(process.center.Announce("org_a", announcement).status()).fields.at(0).pointer ==
      "/message");
  // Characters, not bytes.
  announcement.message = "";
  for (int i = 0; i < 4000; ++i) announcement.message += "é";
  CHECK(process.center.Announce("org_a", announcement).ok());
  announcement.message += "!";
  CHECK(absl::IsInvalidArgument(process.center.Announce("org_a", announcement).status()));
  CHECK(absl::IsInvalidArgument(process.center.AnnouncePlan("org_a", "").status()));
}

TEST_CASE("a start purges what is too old, and sets the limits") {
  Folder folder;
  {
    Process process(folder.database());
    NewNotification old = Make(kAnn, "old");
    old.now = -int64_t{200} * 24 * 3600 * 1'000'000;
    CHECK(process.center.Send(old).value());
    CHECK(process.center.Send(Make(kAnn, "new")).value());
  }
  Process process(folder.database(), {.most_per_user = 2, .keep_days = 90});
  NotificationCenter& center = process.center;
  REQUIRE(process.center.Start().ok());
  process.center.Stop();  // after the first purge
  CHECK(center.List(kAnn)->items.size() == 1);
  for (const char* title : {"2", "3", "4"}) CHECK(process.center.Send(Make(kAnn, title)).value());
  CHECK(center.List(kAnn)->items.size() == 2);
  CHECK_FALSE(CheckNotificationOptions({.most_per_user = 0}).ok());
  CHECK_FALSE(CheckNotificationOptions({.keep_days = 0}).ok());
}

TEST_CASE("what is sent is checked, so that no bad time stands in the way of what follows") {
  Folder folder;
  Process p(folder.database());
  auto refused = [&](auto change) {
    NewNotification n = Make(kAnn, "t");
    change(n);
    return absl::IsInvalidArgument(p.center.Send(n).status());
  };
  CHECK(refused([](auto& n) { n.now = std::numeric_limits<int64_t>::max(); }));
  CHECK(refused([](auto& n) { n.now = std::numeric_limits<int64_t>::min(); }));
  CHECK(refused([](auto& n) { n.once_micros = -1; }));
  CHECK(refused([](auto& n) { n.data = Json(3); }));
  CHECK(refused([](auto& n) { n.type = static_cast<NotificationType>(77); }));
  CHECK(refused([](auto& n) { n.link = std::string(3000, 'x'); }));
  CHECK(p.center.Send(Make(kAnn, "t")).ok());
  CHECK(absl::IsInvalidArgument(p.center.Subscribe({}, nullptr).status()));
}

}  // namespace
}  // namespace solvent
