#include <set>

#include "store_contract.h"
#include "store_tools.h"

namespace solvent {
namespace {

NewNotification MakeNotification(std::string user, std::string title, int64_t now = 1000) {
  NewNotification n;
  n.organization_id = "org_a";
  n.user_id = std::move(user);
  n.title = std::move(title);
  n.message = "message";
  n.now = now;
  return n;
}

std::vector<std::string> Titles(const absl::StatusOr<NotificationList>& list) {
  REQUIRE(list.ok());
  std::vector<std::string> titles;
  for (const Notification& n : list->items) titles.push_back(n.title);
  return titles;
}

using Strings = std::vector<std::string>;

void CheckLists(NotificationPort& port) {
  CHECK(port.List("org_a", "usr_1", false, 10)->items.empty());
  CHECK(port.UnreadCount("org_a", "usr_1").value() == 0);

  NewNotification full = MakeNotification("usr_1", "first");
  full.type = NotificationType::kCreditsLow;
  full.data.Set("credits_remaining", 15);
  full.link = "/workspace/credits";
  CHECK(port.Add(full).value() == 1);
  // The clock stands still, and then goes back: the order is that of writing all the same.
  CHECK(port.Add(MakeNotification("usr_1", "second")).value() == 1);
  CHECK(port.Add(MakeNotification("usr_1", "third", 10)).value() == 1);
  CHECK(port.Add(MakeNotification("usr_2", "another user's")).value() == 1);
  NewNotification elsewhere = MakeNotification("usr_1", "another organization's");
  elsewhere.organization_id = "org_b";
  CHECK(port.Add(elsewhere).value() == 1);

  NotificationList list = port.List("org_a", "usr_1", false, 10).value();
  CHECK(Titles(list) == Strings{"third", "second", "first"});
  CHECK(list.unread_count == 3);
  CHECK(list.items[0].created_at > list.items[1].created_at);
  CHECK(list.items[1].created_at > list.items[2].created_at);
  const Notification& first = list.items[2];
  CHECK(first.id.substr(0, 4) == "ntf_");
  CHECK(first.organization_id == "org_a");
  CHECK(first.user_id == "usr_1");
  CHECK(first.type == NotificationType::kCreditsLow);
  CHECK(first.message == "message");
  CHECK(first.data["credits_remaining"].as_int() == 15);
  CHECK(first.link == "/workspace/credits");
  CHECK(first.created_at == 1000);
  CHECK_FALSE(first.is_read);
  CHECK(list.items[0].data.is_null());

  // Reading one: the same answer again, and nothing for others.
  std::string second = list.items[1].id;
  CHECK_FALSE(port.MarkRead("org_a", "usr_2", second).value());
  CHECK_FALSE(port.MarkRead("org_b", "usr_1", second).value());
  CHECK_FALSE(port.MarkRead("org_a", "usr_1", "ntf_none").value());
  CHECK(port.UnreadCount("org_a", "usr_1").value() == 3);
  for (int i = 0; i < 2; ++i) {
    CHECK(port.MarkRead("org_a", "usr_1", second).value());
    CHECK(port.UnreadCount("org_a", "usr_1").value() == 2);
  }
  list = port.List("org_a", "usr_1", false, 2).value();
  CHECK(Titles(list) == Strings{"third", "second"});
  CHECK(list.items[1].is_read);
  CHECK(list.unread_count == 2);
  CHECK(Titles(port.List("org_a", "usr_1", true, 10)) == Strings{"third", "first"});

  CHECK(port.MarkAllRead("org_a", "usr_1").value() == 2);
  CHECK(port.MarkAllRead("org_a", "usr_1").value() == 0);
  CHECK(port.List("org_a", "usr_1", true, 10)->items.empty());
  CHECK(port.List("org_a", "usr_1", false, 10)->items.size() == 3);
  CHECK(port.UnreadCount("org_a", "usr_2").value() == 1);
  CHECK(port.UnreadCount("org_b", "usr_1").value() == 1);
}

void CheckRetention(NotificationPort& port) {
  REQUIRE(port.SetLimits({3, 1000}).ok());
  for (int i = 0; i < 5; ++i) {
    CHECK(port.Add(MakeNotification("usr_1", std::to_string(i), 100 * i)).value() == 1);
    if (i == 3)
      CHECK(port.MarkRead("org_a", "usr_1", port.List("org_a", "usr_1", false, 1)->items[0].id)
                .value());
  }
  CHECK(port.Add(MakeNotification("usr_2", "other", 900)).value() == 1);
  NotificationList list = port.List("org_a", "usr_1", false, 100).value();
  CHECK(Titles(list) == Strings{"4", "3", "2"});
  CHECK(list.unread_count == 2);
  // Exactly as old as may be stays.
  CHECK(port.Purge(1200).value() == 0);
  CHECK(port.Purge(1301).value() == 2);
  list = port.List("org_a", "usr_1", false, 100).value();
  CHECK(Titles(list) == Strings{"4"});
  CHECK(list.unread_count == 1);
  CHECK(port.Purge(5000).value() == 2);
  CHECK(port.Purge(5000).value() == 0);
  CHECK(port.UnreadCount("org_a", "usr_1").value() == 0);
  CHECK(port.UnreadCount("org_a", "usr_2").value() == 0);
}

void CheckFollowing(NotificationPort& port) {
  int64_t begin = port.End().value();
  CHECK(port.ReadFrom(begin, 10)->empty());
  int calls = 0;
  port.OnAdded([&] { ++calls; });
  for (const char* title : {"1", "2", "3"}) {
    CHECK(port.Add(MakeNotification("usr_1", title)).value() == 1);
  }
  port.OnAdded(nullptr);
  CHECK(calls == 3);
  auto read = port.ReadFrom(begin, 2).value();
  REQUIRE(read.size() == 2);
  CHECK(read[0].notification.title == "1");
  CHECK(read[0].notification.organization_id == "org_a");
  CHECK(read[0].notification.user_id == "usr_1");
  CHECK(read[0].position < read[1].position);
  int64_t next = read[1].position + 1;
  CHECK(port.ReadFrom(next, 10)->size() == 1);
  // Positions are not used again.
  int64_t end = port.End().value();
  CHECK(port.Purge(INT64_MAX / 2).value() == 3);
  CHECK(port.End().value() == end);
  CHECK(port.Add(MakeNotification("usr_1", "4")).value() == 1);
  read = port.ReadFrom(end, 10).value();
  REQUIRE(read.size() == 1);
  CHECK(read[0].position == end);
}

void CheckRecipients(Store& store) {
  NotificationPort& port = *store.ports().notifications;
  IdentityPort& identity = *store.ports().identity;
  for (const char* user : {"usr_ann", "usr_bob", "usr_cid"}) {
    CHECK(identity.EnsureMember("Acme", user, "org_a", user, 1).ok());
  }
  CHECK(identity.EnsureMember("Other", "dan", "org_b", "usr_dan", 1).ok());
  CHECK(identity.SetUserActive("usr_bob", false).value());
  CHECK(port.AddForAll(MakeNotification("", "to all")).value() == 2);
  CHECK(port.UnreadCount("org_a", "usr_ann").value() == 1);
  CHECK(port.UnreadCount("org_a", "usr_bob").value() == 0);
  CHECK(port.UnreadCount("org_a", "usr_cid").value() == 1);
  CHECK(port.UnreadCount("org_b", "usr_dan").value() == 0);
  CHECK(port.Add(MakeNotification("usr_bob", "he is gone")).value() == 0);
  CHECK(port.Add(MakeNotification("usr_dan", "not a member")).value() == 0);
  CHECK(port.Add(MakeNotification("", "nobody")).value() == 0);
  CHECK(port.Add(MakeNotification("usr_of_the_host", "unknown here")).value() == 1);

  NewNotification once = MakeNotification("usr_ann", "once", 5000);
  once.once_key = "key";
  once.once_micros = 100;
  CHECK(port.Add(once).value() == 1);
  once.now = 5099;
  CHECK(port.Add(once).value() == 0);
  once.user_id = "usr_cid";
  CHECK(port.Add(once).value() == 1);
  once.user_id = "usr_ann";
  once.once_key = "other";
  CHECK(port.Add(once).value() == 1);
  once.once_key = "key";
  once.now = 5100;
  CHECK(port.Add(once).value() == 1);
}

Execution RunToEnd(Store& store, const std::string& id, NotifyEnd notify, RunState state,
                   bool give_up = false) {
  NewRun run = MakeRun(id, "org_a");
  run.execution.model_name = "warehouse allocation";
  run.notify = notify;
  MustInsert(store, std::move(run));
  CHECK(ClaimedId(store, "own") == id);
  if (give_up) CHECK(store.ports().runs->GiveUpWaiting(id).value());
  FinishRun finish = MakeFinish(id, "own", state);
  finish.solver_status = "optimal";
  finish.objective_value = 1250.5;
  finish.error_message = "no memory";
  finish.result_json = "{}";
  return MustFinish(store, finish).execution;
}

void CheckEndsOfRuns(Store& store) {
  NotificationPort& port = *store.ports().notifications;
  RunPort& runs = *store.ports().runs;
  auto unread = [&] { return port.UnreadCount("org_a", "usr_1").value(); };
  MustRegister(store, "own");

  Execution done = RunToEnd(store, "exe_1", NotifyEnd::kAlways, RunState::kCompleted);
  NotificationList list = port.List("org_a", "usr_1", false, 10).value();
  REQUIRE(list.items.size() == 1);
  const Notification& complete = list.items[0];
  CHECK(complete.type == NotificationType::kExecutionComplete);
  CHECK(complete.title == "Solve completed");
  CHECK(complete.message == "Your warehouse allocation optimization finished with status: optimal");
  CHECK(complete.data["execution_id"].as_string() == "exe_1");
  CHECK(complete.data["objective_value"].as_double() == 1250.5);
  CHECK(complete.data["status"].as_string() == "optimal");
  CHECK(complete.data["model_name"].as_string() == "warehouse allocation");
  CHECK(complete.link == "/executions/exe_1");
  CHECK(complete.created_at == done.completed_at);
  // An end comes once, and so does the news of it.
  CHECK_FALSE(MustFinish(store, MakeFinish("exe_1", "own")).applied);
  CHECK(runs.RequestCancel("org_a", "exe_1", 1).value() == CancelOutcome::kAlreadyEnded);
  CHECK_FALSE(runs.GiveUpWaiting("exe_1").value());
  CHECK(unread() == 1);

  RunToEnd(store, "exe_2", NotifyEnd::kAlways, RunState::kFailed);
  Notification failed = port.List("org_a", "usr_1", false, 1)->items.at(0);
  CHECK(failed.type == NotificationType::kExecutionFailed);
  CHECK(failed.data["execution_id"].as_string() == "exe_2");
  CHECK(failed.data["error"].as_string() == "no memory");
  CHECK(failed.message.find("no memory") != std::string::npos);
  RunToEnd(store, "exe_3", NotifyEnd::kAlways, RunState::kTimeout);
  Notification late = port.List("org_a", "usr_1", false, 1)->items.at(0);
  CHECK(late.type == NotificationType::kExecutionFailed);
  CHECK(late.data["status"].as_string() == "timeout");
  CHECK(unread() == 3);

  RunToEnd(store, "exe_4", NotifyEnd::kNever, RunState::kCompleted);
  RunToEnd(store, "exe_5", NotifyEnd::kNever, RunState::kCompleted, true);
  RunToEnd(store, "exe_6", NotifyEnd::kUnlessAnswered, RunState::kCompleted);
  CHECK(unread() == 3);
  RunToEnd(store, "exe_7", NotifyEnd::kUnlessAnswered, RunState::kCompleted, true);
  CHECK(unread() == 4);

  // Cancelled by the user: pending, and running.
  NewRun run = MakeRun("exe_8", "org_a");
  run.notify = NotifyEnd::kAlways;
  MustInsert(store, run);
  CHECK(runs.RequestCancel("org_a", "exe_8", 1).value() == CancelOutcome::kCancelled);
  run.execution.id = "exe_9";
  MustInsert(store, run);
  CHECK(ClaimedId(store, "own") == "exe_9");
  CHECK(runs.RequestCancel("org_a", "exe_9", 1).value() == CancelOutcome::kRequested);
  CHECK(MustFinish(store, MakeFinish("exe_9", "own")).execution.state == RunState::kCancelled);
  CHECK(unread() == 4);

  // Whoever waited for a run that was put back is not waiting any more.
  run.execution.id = "exe_10";
  run.notify = NotifyEnd::kUnlessAnswered;
  MustInsert(store, run);
  CHECK(ClaimedId(store, "own") == "exe_10");
  CHECK(runs.TakeBack("own", 1).value() == 1);
  MustRegister(store, "own");
  CHECK(ClaimedId(store, "own") == "exe_10");
  MustFinish(store, MakeFinish("exe_10", "own"));
  CHECK(unread() == 5);
}

}  // namespace

void CheckNotificationContract(const OpenStore& open) {
  std::unique_ptr<Store> store = open();
  SUBCASE("lists, counts and marks by user and organization") {
    CheckLists(*store->ports().notifications);
  }
  SUBCASE("keeps the newest of each user, for a time") {
    CheckRetention(*store->ports().notifications);
  }
  SUBCASE("can be followed in the order of writing") {
    CheckFollowing(*store->ports().notifications);
  }
  SUBCASE("tells whoever is to be told, and once when asked to") { CheckRecipients(*store); }
  SUBCASE("tells of the end of runs, once, and only where wanted") { CheckEndsOfRuns(*store); }
}

}  // namespace solvent
