#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

std::string TextOf(const std::vector<StoreFinding>& findings, std::string_view subject,
                   StoreFinding::Level level) {
  for (const StoreFinding& finding : findings) {
    if (finding.subject == subject && finding.level == level) return finding.text;
  }
  return "";
}

int FilesLike(const TemporaryDirectory& directory, const std::string& part) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().filename().string().find(part) != std::string::npos) ++count;
  }
  return count;
}

bool AllGood(const std::vector<StoreFinding>& findings) {
  for (const StoreFinding& finding : findings) {
    if (finding.level == StoreFinding::Level::kBad) return false;
  }
  return !findings.empty();
}

TEST_CASE("a copy made while runs are written holds whole transactions and passes examination") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db"), copy = directory.File("copy.db");
  std::unique_ptr<Store> store = MustOpen(path);
  MustInsert(*store, MakeRun("exe_first", "org"));
  std::atomic<bool> stop = false;
  std::atomic<int> written = 1;
  std::thread writer([&] {
    for (int i = 0; !stop && i < 100'000; ++i) {
      auto inserted =
          store->ports().runs->Insert(MakeRun("exe_" + std::to_string(i), "org"), INT64_MAX);
      if (inserted.ok()) ++written;
    }
  });
  int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const int at_least = written;
    absl::Status status = BackupSqlite(path, copy);
    CHECK_MESSAGE(status.ok(), status.ToString());
    CHECK(std::filesystem::exists(copy + "-wal") == false);
    std::unique_ptr<Store> reader = MustOpen(copy);
    const int64_t total = MustList(*reader, "org").total;
    CHECK(total >= at_least);
    CHECK(total > last - 1);
    last = total;
    reader.reset();
    CHECK(AllGood(ExamineSqlite(copy)));
  }
  stop = true;
  writer.join();
  struct stat file;
  REQUIRE(::stat(copy.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);
  CHECK(FilesLike(directory, ".partial") == 0);
}

TEST_CASE("copies that are made at once to one name are each whole") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db"), copy = directory.File("copy.db");
  std::unique_ptr<Store> store = MustOpen(path);
  for (int i = 0; i < 200; ++i) MustInsert(*store, MakeRun("exe_" + std::to_string(i), "org"));
  for (int round = 0; round < 5; ++round) {
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        absl::Status status = BackupSqlite(path, copy);
        if (status.ok()) ++good;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 4);
    CHECK(MustList(*MustOpen(copy), "org").total == 200);
    CHECK(FilesLike(directory, ".partial") == 0);
  }
}

TEST_CASE("what a copy left behind that was killed is removed, and no other's work") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db"), copy = directory.File("copy.db");
  MustInsert(*MustOpen(path), MakeRun("exe_a", "org"));
  const std::string dead = copy + ".partial-0123456789abcdef",
                    alive = copy + ".partial-abcdef0123456789";
  std::ofstream(dead) << "half";
  std::ofstream(dead + "-journal") << "half";
  std::ofstream(alive) << "half";
  int descriptor = ::open(alive.c_str(), O_RDWR);
  REQUIRE(::flock(descriptor, LOCK_EX) == 0);
  REQUIRE(BackupSqlite(path, copy).ok());
  CHECK(std::filesystem::exists(alive));
  CHECK(FilesLike(directory, ".partial") == 1);
  ::close(descriptor);
}

TEST_CASE("runs of a restored copy are nobody's, even if their holder is alive") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db"), copy = directory.File("copy.db");
  std::unique_ptr<Store> store = MustOpen(path);
  RunPort& runs = *store->ports().runs;
  MustRegister(*store, "own_alive");
  MustInsert(*store, MakeRun("exe_a", "org"));
  CHECK(ClaimedId(*store, "own_alive") == "exe_a");
  REQUIRE(BackupSqlite(path, copy).ok());
  MustFinish(*store, MakeFinish("exe_a", "own_alive"));
  absl::Status status = RestoreSqlite(copy, path, "");
  REQUIRE_MESSAGE(status.ok(), status.ToString());
  CHECK(FilesLike(directory, ".partial") == 0);
  CHECK(MustGet(*store, "org", "exe_a").state == RunState::kRunning);
  CHECK(absl::IsFailedPrecondition(runs.RenewLease("own_alive", 100)));
  auto owners = runs.Owners();
  REQUIRE(owners.ok());
  REQUIRE(owners->size() == 1);
  CHECK(owners->at(0).lease_until == 0);
  CHECK(owners->at(0).host.empty());
  MustRegister(*store, "own_alive");
  CHECK(MustFinish(*store, MakeFinish("exe_a", "own_alive")).applied == false);
  CHECK(*runs.TakeBack(owners->at(0).id, 5) == 1);
  CHECK(ClaimedId(*store, "own_alive") == "exe_a");
  CheckInvariants(path);
}

TEST_CASE("an open store goes on with what was restored under it") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db"), copy = directory.File("copy.db"),
                    previous = directory.File("previous.db");
  std::unique_ptr<Store> store = MustOpen(path);
  MustInsert(*store, MakeRun("exe_kept", "org"));
  REQUIRE(BackupSqlite(path, copy).ok());
  MustInsert(*store, MakeRun("exe_lost", "org"));
  absl::Status status = RestoreSqlite(copy, path, previous);
  REQUIRE_MESSAGE(status.ok(), status.ToString());
  CHECK(Ids(MustList(*store, "org")) == std::vector<std::string>{"exe_kept"});
  MustInsert(*store, MakeRun("exe_new", "org"));
  CHECK(Ids(MustList(*store, "org")) == std::vector<std::string>{"exe_new", "exe_kept"});
  CHECK(AllGood(ExamineSqlite(path)));
  CHECK(Ids(MustList(*MustOpen(previous), "org")) ==
        std::vector<std::string>{"exe_lost", "exe_kept"});

  const std::string fresh = directory.File("fresh.db");
  REQUIRE(RestoreSqlite(copy, fresh, directory.File("nothing.db")).ok());
  CHECK(Ids(MustList(*MustOpen(fresh), "org")) == std::vector<std::string>{"exe_kept"});
  CHECK_FALSE(std::filesystem::exists(directory.File("nothing.db")));
}

TEST_CASE("nothing is copied from or over what is no database of ours") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db"), note = directory.File("note.txt");
  std::ofstream(note) << "do not lose me";
  CHECK(absl::IsNotFound(BackupSqlite(path, directory.File("c.db"))));
  MustInsert(*MustOpen(path), MakeRun("exe_a", "org"));
  CHECK(absl::IsFailedPrecondition(BackupSqlite(path, note)));
  CHECK(absl::IsFailedPrecondition(BackupSqlite(path, path)));
  CHECK(absl::IsFailedPrecondition(RestoreSqlite(note, path, "")));
  CHECK(absl::IsFailedPrecondition(RestoreSqlite(path, path, "")));
  const std::string copy = directory.File("copy.db");
  REQUIRE(BackupSqlite(path, copy).ok());
  MustInsert(*MustOpen(path), MakeRun("exe_later", "org"));
  // What is restored is not written over by what it replaces.
  CHECK(absl::IsFailedPrecondition(RestoreSqlite(copy, path, copy)));
  CHECK(Ids(MustList(*MustOpen(copy), "org")) == std::vector<std::string>{"exe_a"});
  CHECK(absl::IsFailedPrecondition(RestoreSqlite(path, note, "")));
  CHECK(absl::IsNotFound(RestoreSqlite(directory.File("none"), path, "")));
  std::string kept;
  std::getline(std::ifstream(note), kept);
  CHECK(kept == "do not lose me");
  CHECK(MustList(*MustOpen(path), "org").total == 2);
}

TEST_CASE("a damaged copy is refused, and damage is named") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db"), copy = directory.File("copy.db");
  {
    std::unique_ptr<Store> store = MustOpen(path);
    for (int i = 0; i < 200; ++i) MustInsert(*store, MakeRun("exe_" + std::to_string(i), "org"));
  }
  REQUIRE(BackupSqlite(path, copy).ok());
  {
    std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<long>(std::filesystem::file_size(copy));
    // Every page after the schema gets a hole.
    for (long at = 4096L * 30; at + 2048 < size; at += 4096) {
      file.seekp(at);
      file << std::string(2048, '\x5a');
    }
  }
  CHECK(absl::IsDataLoss(RestoreSqlite(copy, path, "")));
  CHECK(MustList(*MustOpen(path), "org").total == 200);
  CHECK_FALSE(AllGood(ExamineSqlite(copy)));
}

TEST_CASE("the examination names open permissions, lost holders and miscounts") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db");
  std::unique_ptr<Store> store = MustOpen(path);
  MustInsert(*store, MakeRun("exe_a", "org"));
  using Level = StoreFinding::Level;
  CHECK(TextOf(ExamineSqlite(path), "permissions", Level::kWarning) == "");
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(TextOf(ExamineSqlite(path), "permissions", Level::kWarning).find("chmod 600") !=
        std::string::npos);
  RawDb(path).Run("UPDATE executions SET state = 1, owner = 99");
  std::vector<StoreFinding> findings = ExamineSqlite(path);
  CHECK(TextOf(findings, "queue", Level::kBad) == "1 running runs have no holder");
  CHECK(TextOf(findings, "counters", Level::kBad) != "");
  CHECK(TextOf(findings, "batch counters", Level::kBad) == "");
  RawDb(path).Run("UPDATE executions SET batch = 1");
  CHECK(TextOf(ExamineSqlite(path), "batch counters", Level::kBad) ==
        "1 counters disagree with the tasks of batches");
  CHECK(TextOf(ExamineSqlite(directory.File("none.db")), "database", Level::kBad) != "");
}

}  // namespace
}  // namespace solvent
