// Credits in SQLite: what is told about them, and how they are read.
#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

TEST_CASE("users hear of a low balance once, and again only after credits were added") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  std::unique_ptr<Store> store = MustOpen(path);
  REQUIRE(store->ports().identity->EnsureMember("A", "anna", "org_a", "usr_1", 1).ok());
  REQUIRE(store->ports().identity->EnsureMember("A", "ben", "org_a", "usr_2", 1).ok());
  REQUIRE(store->ports().identity->EnsureMember("B", "carl", "org_b", "usr_3", 1).ok());
  CreditPort& credits = *store->ports().credits;
  credits.SetPolicy({true, 100, 10});
  MustRegister(*store, "own");
  RawDb db(path);
  int runs = 0;
  auto charge = [&](int64_t price) {
    NewRun run = MakeRun("exe_" + std::to_string(++runs), "org_a");
    run.execution.credits_used = price;
    MustInsert(*store, run);
  };
  auto told = [&] {
    return db.Rows(
        "SELECT b.user_id, n.type, n.data, n.link FROM notifications n"
        " JOIN notification_boxes b ON b.k = n.box ORDER BY n.n");
  };
  std::vector<std::string> expected;
  auto expect = [&](const std::string& what) {
    for (const char* user : {"usr_1", "usr_2"}) {
      expected.push_back(user + ("|" + what) + "|/workspace/credits");
    }
    CHECK(told() == expected);
  };
  charge(89);
  CHECK(told().empty());
  charge(2);
  expect(R"(credits_low|{"credits_remaining":9})");
  charge(1);
  CHECK(told() == expected);
  // A refund is no reason to begin again.
  MustFinish(*store, MakeFinish(ClaimedId(*store, "own"), "own", RunState::kFailed));
  charge(90);
  CHECK(told() == expected);
  REQUIRE(credits.Adjust({"txn_1", "org_a", -1, "", 5}).ok());
  CHECK(told() == expected);
  REQUIRE(credits.Adjust({"txn_2", "org_a", 5, "", 5}).ok());
  expect(R"(credits_purchased|{"credits_added":5,"credits_remaining":11})");
  charge(1);
  expect(R"(credits_low|{"credits_remaining":10})");
  CheckInvariants(path);
}

TEST_CASE("a low balance is announced with the charge, or not at all") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  std::unique_ptr<Store> store = MustOpen(path);
  REQUIRE(store->ports().identity->EnsureMember("A", "anna", "org_a", "usr_1", 1).ok());
  store->ports().credits->SetPolicy({true, 10, 9});
  NewRun run = MakeRun("exe_1", "org_a");
  run.execution.credits_used = 1;
  MustInsert(*store, run);
  run.execution.credits_used = 2;
  // The same id again: the charge before it is taken back with it.
  CHECK(absl::IsAlreadyExists(store->ports().runs->Insert(run, 100).status()));
  CHECK(store->ports().credits->FindAccount("org_a")->balance == 9);
  CHECK(RawDb(path).Value("SELECT count(*) FROM notifications") == "1");
  CheckInvariants(path);
}

TEST_CASE("a balance cannot be written wrong") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  std::unique_ptr<Store> store = MustOpen(path);
  store->ports().credits->SetPolicy({true, 10, 1});
  REQUIRE(store->ports().credits->EnsureGrant("org_a", 1).ok());
  RawDb db(path);
  CHECK_FALSE(db.TryRun("UPDATE credit_accounts SET balance = balance + 1"));
  CHECK_FALSE(db.TryRun("UPDATE credit_accounts SET balance = -1, used = 11"));
  CHECK(db.TryRun("UPDATE credit_accounts SET balance = 0, used = 10"));
}

}  // namespace
}  // namespace solvent
