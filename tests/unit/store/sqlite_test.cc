#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

TEST_CASE("a new database is readable by its owner only, and opens again") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  mode_t before = umask(0);
  {
    std::unique_ptr<Store> store = MustOpen(path);
    MustInsert(*store, MakeRun("exe_1", "org_a"));
    for (const char* suffix : {"", "-wal", "-shm"}) {
      struct stat info {};
      REQUIRE(stat((path + suffix).c_str(), &info) == 0);
      CHECK((info.st_mode & 0777) == 0600);
    }
    CHECK(store->ports().health->Ping().ok());
  }
  umask(before);
  CHECK(MustGet(*MustOpen(path), "org_a", "exe_1").state == RunState::kPending);
  RawDb db(path);
  CHECK(db.Value("PRAGMA journal_mode") == "wal");
  CHECK(std::stoi(db.Value("PRAGMA user_version")) >= 2);
}

TEST_CASE("an empty file becomes a database") {
  TemporaryDirectory directory;
  std::ofstream(directory.File("s.db")).close();
  CHECK(MustOpen(directory.File("s.db"))->ports().health->Ping().ok());
}

TEST_CASE("names that SQLite would take for more than a file are files") {
  TemporaryDirectory directory;
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  MustOpen(":memory:");
  MustOpen("file:x?mode=memory");
  CHECK(std::filesystem::exists(":memory:"));
  CHECK(std::filesystem::exists("file:x?mode=memory"));
  std::filesystem::current_path(before);
}

TEST_CASE("what is no database of ours is refused and left as it was") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  std::string expected;
  SUBCASE("another program's") {
    RawDb(path).Run("CREATE TABLE t (a)");
    expected = "another program";
  }
  SUBCASE("another program's by its id alone") {
    RawDb(path).Run("PRAGMA application_id = 77");
    expected = "another program";
  }
  SUBCASE("a newer version") {
    MustOpen(path);
    RawDb(path).Run("PRAGMA user_version = 99");
    expected = "version 99, which is newer than this program knows";
  }
  SUBCASE("garbage") {
    std::ofstream file(path);
    for (int i = 0; i < 9000; ++i) file << "garbage" << i;
    expected = "not a database";
  }
  auto content = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  std::string before = content();
  absl::Status status = OpenSqliteStore(path).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK_MESSAGE(status.ToString().find(expected) != std::string::npos, status.ToString());
  CHECK(content() == before);
}

TEST_CASE("a file that cannot be opened says so") {
  TemporaryDirectory directory;
  CHECK(absl::IsNotFound(OpenSqliteStore(directory.File("no/such/s.db")).status()));
  CHECK(absl::IsNotFound(OpenSqliteStore(directory.path()).status()));
  CHECK(absl::IsNotFound(OpenSqliteStore("").status()));
}

TEST_CASE("a migration that was interrupted starts over") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  // What a process leaves that died after the switch to WAL and before its first commit.
  RawDb(path).Run("PRAGMA journal_mode = WAL");
  CHECK(MustOpen(path)->ports().health->Ping().ok());
}

TEST_CASE("an organization that fills the queue leaves room for others") {
  TemporaryDirectory directory;
  std::unique_ptr<Store> store = MustOpen(directory.File("s.db"));
  int made = 0;
  auto fill = [&](const char* organization) {
    int taken = 0;
    while (true) {
      auto added =
          store->ports().runs->Insert(MakeRun("exe_" + std::to_string(made++), organization), 20);
      if (!added.ok()) {
        CHECK(absl::IsResourceExhausted(added.status()));
        return taken;
      }
      ++taken;
    }
  };
  CHECK(fill("org_a") == 15);
  CHECK(fill("org_b") == 4);
  CHECK(fill("org_c") == 1);
  CHECK(fill("org_d") == 0);
  CHECK(fill("org_a") == 0);
  // What is solved makes room for who has less than a share.
  MustRegister(*store, "own");
  for (int i = 0; i < 3; ++i) ClaimedId(*store, "own");
  CHECK(fill("org_d") > 0);
  CHECK(MustStats(*store).queued <= 20);
}

TEST_CASE("what breaks a rule of the schema is no conflict of the caller's") {
  TemporaryDirectory directory;
  std::unique_ptr<Store> store = MustOpen(directory.File("s.db"));
  MustInsert(*store, MakeRun("exe_1", "org_a"));
  absl::Status status = store->ports().runs->Insert(MakeRun("exe_1", "org_b"), INT64_MAX).status();
  CHECK(absl::IsAlreadyExists(status));
  CHECK(GetErrorInfo(status).code == error_code::kInternal);
}

TEST_CASE("many may open a new file at once") {
  for (int round = 0; round < 10; ++round) {
    TemporaryDirectory directory;
    std::string path = directory.File("s.db");
    std::vector<std::future<absl::Status>> opened;
    for (int i = 0; i < 4; ++i) {
      opened.push_back(std::async(std::launch::async, [&path, i] {
        auto store = OpenSqliteStore(path);
        if (!store.ok()) return store.status();
        NewRun run;
        run.execution.id = "exe_" + std::to_string(i);
        run.execution.organization_id = "org_a";
        return (*store)->ports().runs->Insert(run, 100).status();
      }));
    }
    for (auto& future : opened) {
      absl::Status status = future.get();
      CHECK_MESSAGE(status.ok(), status.ToString());
    }
    CHECK(MustList(*MustOpen(path), "org_a").total == 4);
    CheckInvariants(path);
  }
}

TEST_CASE("callers share commits, and every acknowledged row is there afterwards") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  constexpr int kThreads = 32, kEach = 30;
  StatementTrace trace;
  {
    std::unique_ptr<Store> store = MustOpen(path);
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          std::string id = "exe_" + std::to_string(t) + "_" + std::to_string(i);
          NewRun run = MakeRun(id, "org_" + std::to_string(t % 3));
          if (!store->ports().runs->Insert(run, INT64_MAX).ok()) ++refused;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(refused == 0);
  }
  CHECK(trace.commits() < kThreads * kEach / 3);
  CHECK(MustList(*MustOpen(path), "").total == kThreads * kEach);
  CheckInvariants(path);
}

TEST_CASE("a run that is recorded and finished at once costs one commit") {
  TemporaryDirectory directory;
  StatementTrace trace;
  std::unique_ptr<Store> store = MustOpen(directory.File("s.db"));
  MustRegister(*store, "own");
  // A thread that is kept from running for 5 ms may need a second one now and then.
  int in_one = 0;
  for (int i = 0; i < 20; ++i) {
    std::string id = "exe_" + std::to_string(i);
    int before = trace.commits();
    auto inserted = store->ports().runs->InsertRunning(MakeRun(id, "org_a"), "own");
    CHECK(MustFinish(*store, MakeFinish(id, "own")).applied);
    CHECK(inserted.get().ok());
    in_one += trace.commits() == before + 1;
  }
  CHECK(in_one >= 10);
}

TEST_CASE("work that can wait is written without anybody in haste") {
  TemporaryDirectory directory;
  std::unique_ptr<Store> store = MustOpen(directory.File("s.db"));
  MustRegister(*store, "own");
  CHECK(store->ports().runs->InsertRunning(MakeRun("exe_1", "org_a"), "own").get().ok());
  store->ports().runs->SaveProgress("exe_1", "{}");
  store.reset();  // finishes what was submitted
  store = MustOpen(directory.File("s.db"));
  CHECK(MustGet(*store, "org_a", "exe_1").progress_json == "{}");
}

TEST_CASE("two stores on one file claim each run once") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  constexpr int kRuns = 200;
  std::mutex mutex;
  std::multiset<std::string> claimed;
  {
    std::unique_ptr<Store> stores[2] = {MustOpen(path), MustOpen(path)};
    MustRegister(*stores[0], "own0");
    MustRegister(*stores[1], "own1");
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kRuns / 2; ++i) {
          NewRun run = MakeRun("exe_" + std::to_string(2 * i + t), "org_" + std::to_string(i % 3));
          if (!stores[t]->ports().runs->Insert(run, INT64_MAX).ok()) return;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        while (true) {
          std::string owner = "own" + std::to_string(t % 2);
          auto run = stores[t % 2]->ports().runs->Claim(owner, 1);
          if (!run.ok() || !run->has_value()) return;
          std::lock_guard<std::mutex> lock(mutex);
          claimed.insert((*run)->execution.id);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(claimed.size() == kRuns);
  CHECK(std::set<std::string>(claimed.begin(), claimed.end()).size() == kRuns);
  CheckInvariants(path);
}

TEST_CASE("another process's transaction is waited for, and not for ever") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  SqliteOptions options;
  options.busy_timeout_ms = 50;
  std::unique_ptr<Store> impatient = MustOpen(path, options);
  std::unique_ptr<Store> patient = MustOpen(path);
  RawDb other(path);
  other.Run("BEGIN IMMEDIATE");
  absl::Status busy = impatient->ports().runs->Insert(MakeRun("exe_1", "org_a"), 10).status();
  CHECK(absl::IsUnavailable(busy));
  CHECK(GetErrorInfo(busy).code == "service_unavailable");
  CHECK(MustList(*impatient, "org_a").total == 0);  // reading goes on
  auto waiting = std::async(std::launch::async, [&] {
    return patient->ports().runs->Insert(MakeRun("exe_2", "org_a"), 10).status();
  });
  CHECK(waiting.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  other.Run("COMMIT");
  CHECK(waiting.get().ok());
  CHECK(impatient->ports().runs->Insert(MakeRun("exe_1", "org_a"), 10).ok());
}

// No file may grow beyond `bytes` while this lives: writing fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("when the disk is full every caller hears of it, and the store goes on afterwards") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  {
    std::unique_ptr<Store> store = MustOpen(path);
    RunPort& runs = *store->ports().runs;
    MustRegister(*store, "own");
    MustInsert(*store, MakeRun("exe_0", "org_a"));
    std::atomic<int> unavailable{0};
    {
      FileSizeLimit limit(400'000);
      std::vector<std::thread> threads;
      for (int t = 1; t <= 8; ++t) {
        threads.emplace_back([&, t] {
          NewRun run = MakeRun("exe_" + std::to_string(t), "org_a");
          run.problem.assign(1'000'000, 'x');
          absl::Status status = runs.Insert(run, 100).status();
          if (absl::IsUnavailable(status)) ++unavailable;
        });
      }
      for (std::thread& thread : threads) thread.join();
      CHECK(MustGet(*store, "org_a", "exe_0").state == RunState::kPending);
    }
    CHECK(unavailable == 8);
    CHECK(Ids(MustList(*store, "org_a")) == std::vector<std::string>{"exe_0"});
    MustInsert(*store, MakeRun("exe_9", "org_a"));
    CHECK(ClaimedId(*store, "own") == "exe_0");
    CHECK(MustFinish(*store, MakeFinish("exe_0", "own")).applied);
  }
  CHECK(MustList(*MustOpen(path), "org_a").total == 2);
  CheckInvariants(path);
}

TEST_CASE("no statement on notifications walks the table or sorts") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  StatementTrace trace;
  std::unique_ptr<Store> store = MustOpen(path);
  NotificationPort& port = *store->ports().notifications;
  CHECK(store->ports().identity->EnsureMember("Acme", "ann", "org_a", "usr_1", 1).ok());
  CHECK(port.SetLimits({2, 1000}).ok());
  NewNotification n;
  n.organization_id = "org_a";
  n.once_key = "key";
  for (n.now = 1; n.now < 5; ++n.now) CHECK(port.AddForAll(n).value() == 1);
  CHECK(port.List("org_a", "usr_1", true, 10)->items.size() == 2);
  NotificationList list = port.List("org_a", "usr_1", false, 10).value();
  CHECK(port.MarkRead("org_a", "usr_1", list.items.at(0).id).value());
  CHECK(port.MarkAllRead("org_a", "usr_1").value() == 1);
  CHECK(port.ReadFrom(port.End().value() - 2, 10)->size() == 2);
  CHECK(port.Purge(2000).value() == 2);

  RawDb db(path);
  int looked_at = 0;
  for (const std::string& sql : trace.statements()) {
    if (sql.find("CREATE") != std::string::npos) continue;
    if (sql.find(" notifications") == std::string::npos) continue;
    ++looked_at;
    for (const std::string& step : db.Rows("EXPLAIN QUERY PLAN " + sql)) {
      CAPTURE(sql);
      CAPTURE(step);
      bool scan = step.find("SCAN notifications") != std::string::npos ||
                  step.find("SCAN notification_boxes") != std::string::npos;
      CHECK_FALSE(scan);
      CHECK(step.find("TEMP B-TREE") == std::string::npos);
    }
  }
  CHECK(looked_at >= 10);
}

TEST_CASE("no statement on executions or credits walks the table or sorts") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  MustOpen(path);  // migrations may walk
  StatementTrace trace;
  std::unique_ptr<Store> store = MustOpen(path);
  RunPort& runs = *store->ports().runs;
  CreditPort& credits = *store->ports().credits;
  credits.SetPolicy({true, 100, 99});
  MustRegister(*store, "own");
  for (int i = 0; i < 6; ++i) {
    NewRun run = MakeRun("exe_" + std::to_string(i), "org_a");
    run.execution.model_id = "mdl_1";
    run.execution.trigger_id = "trg_1";
    run.idempotency_key = "key" + std::to_string(i);
    run.execution.credits_used = 1;
    MustInsert(*store, run);
  }
  REQUIRE(credits.Adjust({"txn_1", "org_a", 2, "", 1}).ok());
  REQUIRE(credits.SetBalance({"txn_1", "org_a", 3, "", 1}).ok());
  REQUIRE(credits.CheckFunds("org_a", 1).ok());
  REQUIRE(credits.ListEntries("org_a", {}).ok());
  REQUIRE(credits.ListEntries("org_a", {CreditEntryType::kRefund, 1, 5}).ok());
  REQUIRE(credits.ListEntries("org_a", {CreditEntryType::kExecution, 1, 5}).ok());
  MustFinish(*store, MakeFinish(ClaimedId(*store, "own"), "own", RunState::kFailed));
  CHECK(runs.Release("own", ClaimedId(*store, "own"), 1).ok());
  CHECK(runs.RecordCrash("own", ClaimedId(*store, "own")).ok());
  CHECK(runs.RequestCancel("org_a", "exe_5", 1).ok());
  CHECK(runs.RequestCancel("org_a", "exe_1", 1).ok());
  CHECK(runs.CancelRequests("own").ok());
  runs.SaveProgress("exe_1", "{}");
  CHECK(runs.GetProblem("org_a", "exe_1").ok());
  CHECK(runs.Glance("org_a", "exe_1").ok());
  MustGet(*store, "org_a", "exe_1");
  MustStats(*store);
  for (const char* organization : {"org_a", ""}) {
    for (bool state : {false, true}) {
      for (int facets = 0; facets < (*organization ? 8 : 1); ++facets) {
        for (bool result : {false, true}) {
          ExecutionFilter filter;
          if (state) filter.state = RunState::kPending;
          if (facets & 1) filter.origin = "manual";
          if (facets & 2) filter.model_id = "mdl_1";
          if (facets & 4) filter.trigger_id = "trg_1";
          filter.include_result = result;
          MustList(*store, organization, filter);
        }
      }
    }
  }
  CHECK(runs.TakeBack("own", 1).ok());

  RawDb db(path);
  int looked_at = 0;
  for (const std::string& sql : trace.statements()) {
    bool schema = sql.find("CREATE") != std::string::npos || sql.find("ALTER") != std::string::npos;
    if (schema || sql.find("executions") == std::string::npos) continue;
    ++looked_at;
    for (const std::string& step : db.Rows("EXPLAIN QUERY PLAN " + sql)) {
      CAPTURE(sql);
      CAPTURE(step);
      // "SCAN 4-ROW VALUES" and the like are no tables.
      CHECK(step.find("SCAN e") == std::string::npos);
      CHECK(step.find("SCAN a") == std::string::npos);
      CHECK(step.find("SCAN credit_") == std::string::npos);
      CHECK(step.find("TEMP B-TREE") == std::string::npos);
    }
  }
  CHECK(looked_at > 30);
}

TEST_CASE("options and paths that cannot be meant are refused") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db");
  for (SqliteOptions options :
       {SqliteOptions{.readers = 0}, SqliteOptions{.readers = 1 << 30},
        SqliteOptions{.cache_bytes = -1}, SqliteOptions{.busy_timeout_ms = -1}}) {
    CHECK(absl::IsInvalidArgument(OpenSqliteStore(path, options).status()));
  }
  CHECK(absl::IsInvalidArgument(OpenSqliteStore(path + std::string("\0x", 2)).status()));
  CHECK_FALSE(std::filesystem::exists(path));
  std::ofstream(path) << std::string(10'000, 'x');
  const absl::Status status = OpenSqliteStore(path).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Message(status).find(path) != std::string_view::npos);
}

}  // namespace
}  // namespace solvent
