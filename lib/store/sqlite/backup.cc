// Copies of a database, and what a database is examined for.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clock.h"
#include "db.h"
#include "ids.h"
#include "migrate.h"
#include "solvent/sqlite_store.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kIntegrity[] = "PRAGMA integrity_check(20)";
constexpr char kForeignKeys[] = "SELECT count(*) FROM pragma_foreign_key_check";
constexpr char kMiscounted[] =
    "SELECT count(*) FROM run_facets f WHERE k = 0 AND ("
    " n0 <> (SELECT count(*) FROM executions WHERE state = 0) OR"
    " n1 <> (SELECT count(*) FROM executions WHERE state = 1) OR"
    " n2 <> (SELECT count(*) FROM executions WHERE state = 2) OR"
    " n3 <> (SELECT count(*) FROM executions WHERE state = 3) OR"
    " n4 <> (SELECT count(*) FROM executions WHERE state = 4) OR"
    " n5 <> (SELECT count(*) FROM executions WHERE state = 5))";
// Those behind the tasks of batches are counted by themselves.
constexpr char kMiscountedTasks[] =
    "SELECT count(*) FROM run_facets, (SELECT total(state = 0) AS s0, total(state = 1) AS s1,"
    " total(state = 2) AS s2, total(state = 3) AS s3, total(state = 4) AS s4, total(state = 5) AS "
    "s5"
    " FROM executions WHERE batch <> 0)"
    " WHERE k = -1 AND (n0, n1, n2, n3, n4, n5) <> (s0, s1, s2, s3, s4, s5)";
constexpr char kOrphans[] =
    "SELECT count(*) FROM executions WHERE state = 1"
    " AND owner NOT IN (SELECT k FROM run_owners)";
constexpr char kNewest[] = "SELECT coalesce(max(created_at), 0) FROM executions";
constexpr char kVersion[] = "PRAGMA user_version";
constexpr char kSize[] =
    "SELECT (SELECT page_count FROM pragma_page_count)"
    " * (SELECT page_size FROM pragma_page_size)";

// Whoever held runs when the copy was made holds none of the restored ones, even if it is alive:
// what it does by now is another history. Its runs are taken back as those of the dead.
constexpr char kDisown[] =
    "UPDATE run_owners SET id = 'restored:' || hex(randomblob(12)), host = '', pid = 0,"
    " pid_start = 0, lease_until = 0";

constexpr int kBusyMilliseconds = 10'000;
constexpr int64_t kLargeJournal = int64_t{256} << 20;

absl::Status SystemError(const std::string& path) {
  return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
}

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool SameFile(const std::string& a, const std::string& b) {
  struct stat first, second;
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

absl::StatusOr<std::unique_ptr<Db>> OpenOurs(const std::string& path) {
  if (!Exists(path)) return absl::NotFoundError(absl::StrCat("there is no file ", path));
  Db::Options options;
  options.busy_timeout_ms = kBusyMilliseconds;
  ASSIGN_OR_RETURN(std::unique_ptr<Db> db, Db::Open(path, options));
  RETURN_IF_ERROR(CheckIsOurs(*db));
  return db;
}

// Empty when all is well.
absl::StatusOr<std::string> Damage(Db& db) {
  Query query(db, kIntegrity);
  std::string found;
  while (query.Next()) {
    std::string line = query.Text(0);
    if (line == "ok") continue;
    absl::StrAppend(&found, found.empty() ? "" : "; ", line);
  }
  RETURN_IF_ERROR(query.status());
  return found;
}

// All in one step: one read transaction, so that the copy is of one instant. Readers do not hold up
// writers in a database with a WAL journal.
absl::Status CopyAll(Db& from, Db& to) {
  double deadline = SteadySeconds() + kBusyMilliseconds / 1000.0;
  while (true) {
    sqlite3_backup* backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    if (backup == nullptr) return to.Error(sqlite3_errcode(to.handle()));
    int code = sqlite3_backup_step(backup, -1);
    int end = sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE) return end == SQLITE_OK ? absl::OkStatus() : to.Error(end);
    bool busy = (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
    if (!busy || SteadySeconds() > deadline) return to.Error(code);
    usleep(2000);
  }
}

std::string FolderOf(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

absl::Status SyncFolder(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(path);
  bool synced = ::fsync(descriptor) == 0;
  absl::Status status = synced ? absl::OkStatus() : SystemError(path);
  ::close(descriptor);
  return status;
}

// A file that is being written to become `target`: nobody else's, however many write one. A lock
// tells those of the living from what the dead have left, which the next one removes.
class PartialFile {
 public:
  explicit PartialFile(std::string target) : target_(std::move(target)) {}
  // After every connection to it: closing a file's descriptor drops a process's locks on it.
  ~PartialFile() {
    if (descriptor_ < 0) return;
    if (!published_) Remove(path_);
    ::close(descriptor_);
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  absl::Status Create() {
    RemoveLeftovers();
    for (int tries = 0; tries < 100; ++tries) {
      path_ = target_ + Mark() + NewId("p").substr(2);
      descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      if (descriptor_ < 0) return SystemError(path_);
      const bool locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
      const int fault = locked ? 0 : errno;
      // Some file systems know no such locks: there the leftovers of the dead stay.
      const bool lockless =
          fault == ENOLCK || fault == EOPNOTSUPP || fault == EINVAL || fault == ENOSYS;
      if ((locked || lockless) && IsThere()) return absl::OkStatus();
      ::close(std::exchange(descriptor_, -1));
      // Who looks for leftovers just now may have been faster.
      if (locked || lockless || fault == EWOULDBLOCK || fault == EINTR) continue;
      Remove(path_);
      errno = fault;
      return SystemError(path_);
    }
    return absl::AbortedError(absl::StrCat("files beside ", target_, " do not stay"));
  }
  // On disk, under the name it is for.
  absl::Status Publish() {
    if (::fsync(descriptor_) != 0) return SystemError(path_);
    if (!IsThere()) return absl::AbortedError(absl::StrCat(path_, " was taken away meanwhile"));
    if (std::rename(path_.c_str(), target_.c_str()) != 0) return SystemError(target_);
    published_ = true;
    return SyncFolder(FolderOf(target_));
  }
  const std::string& path() const { return path_; }

 private:
  static constexpr size_t kIdSize = 16;
  static std::string Mark() { return ".partial-"; }

  static void Remove(const std::string& path) {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
  }
  // The file of the name is the one that was opened.
  bool IsThere() const {
    struct stat named, opened;
    return ::stat(path_.c_str(), &named) == 0 && ::fstat(descriptor_, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
  }
  void RemoveLeftovers() const {
    const std::string begin = std::filesystem::path(target_).filename().string() + Mark();
    std::error_code error;
    std::filesystem::directory_iterator entry(FolderOf(target_), error);
    // What cannot be listed stays: it is in nobody's way.
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (!name.starts_with(begin) || name.size() != begin.size() + kIdSize) continue;
      int descriptor = ::open(entry->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
      if (descriptor < 0) continue;
      if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) Remove(entry->path().string());
      ::close(descriptor);
    }
  }

  const std::string target_;
  std::string path_;
  int descriptor_ = -1;
  bool published_ = false;
};

// Several processes share a journal (WAL) through memory, which needs one machine.
bool IsOnNetwork(const std::string& folder) {
  constexpr int64_t kCifs = 0xFF534D42, kSmb2 = 0xFE534D42;
  struct statfs system;
  if (::statfs(folder.c_str(), &system) != 0) return false;
  const auto type = static_cast<int64_t>(system.f_type) & 0xFFFFFFFF;
  return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == kCifs || type == kSmb2;
}

std::string Megabytes(int64_t bytes) { return absl::StrCat((bytes + (1 << 19)) >> 20, " MB"); }

}  // namespace

absl::Status BackupSqlite(const std::string& database, const std::string& copy) {
  ASSIGN_OR_RETURN(std::unique_ptr<Db> from, OpenOurs(database));
  if (SameFile(database, copy)) {
    return absl::FailedPreconditionError("the copy must be another file than the database");
  }
  if (Exists(copy)) {
    absl::Status ours = OpenOurs(copy).status();
    if (!ours.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(copy, " exists and is not a copy of a database: it is left alone"));
    }
  }
  PartialFile partial(copy);
  RETURN_IF_ERROR(partial.Create());
  {
    ASSIGN_OR_RETURN(std::unique_ptr<Db> to, Db::Open(partial.path(), {}));
    RETURN_IF_ERROR(CopyAll(*from, *to));
    // A copy is one file: without this its first reader would leave a journal beside it.
    RETURN_IF_ERROR(to->Script("PRAGMA journal_mode = DELETE"));
    ASSIGN_OR_RETURN(std::string damage, Damage(*to));
    if (!damage.empty()) {
      return absl::DataLossError(absl::StrCat("the database is damaged: ", damage));
    }
  }
  return partial.Publish();
}

absl::Status RestoreSqlite(const std::string& copy, const std::string& database,
                           const std::string& previous) {
  ASSIGN_OR_RETURN(std::unique_ptr<Db> from, OpenOurs(copy));
  if (SameFile(copy, database)) {
    return absl::FailedPreconditionError("the copy must be another file than the database");
  }
  if (!previous.empty() && (previous == copy || SameFile(previous, copy))) {
    return absl::FailedPreconditionError(
        "what the database held cannot be written to the copy that is restored");
  }
  ASSIGN_OR_RETURN(std::string damage, Damage(*from));
  if (!damage.empty()) return absl::DataLossError(absl::StrCat(copy, " is damaged: ", damage));
  if (Exists(database)) {
    RETURN_IF_ERROR(OpenOurs(database).status());
    if (!previous.empty()) RETURN_IF_ERROR(BackupSqlite(database, previous));
  }
  PartialFile content(database);
  RETURN_IF_ERROR(content.Create());
  {
    ASSIGN_OR_RETURN(std::unique_ptr<Db> prepared, Db::Open(content.path(), {}));
    RETURN_IF_ERROR(CopyAll(*from, *prepared));
    RETURN_IF_ERROR(Migrate(*prepared));
    RETURN_IF_ERROR(prepared->Script(kDisown));
  }
  RETURN_IF_ERROR(CreateFile(database));
  Db::Options options;
  options.busy_timeout_ms = kBusyMilliseconds;
  ASSIGN_OR_RETURN(from, Db::Open(content.path(), options));
  ASSIGN_OR_RETURN(std::unique_ptr<Db> to, Db::Open(database, options));
  // The journal mode comes with the content; changing it back would need the file for ourselves.
  RETURN_IF_ERROR(SwitchToWal(*to));
  absl::Status copied = CopyAll(*from, *to);
  from.reset();  // before its file
  return copied;
}

std::vector<StoreFinding> ExamineSqlite(const std::string& database) {
  std::vector<StoreFinding> findings;
  using Level = StoreFinding::Level;
  auto add = [&findings](Level level, std::string subject, std::string text) {
    findings.push_back({level, std::move(subject), std::move(text)});
  };
  struct stat file;
  if (::stat(database.c_str(), &file) != 0) {
    add(Level::kBad, "database", absl::StrCat(database, ": ", std::strerror(errno)));
    return findings;
  }
  const bool private_file = (file.st_mode & 077) == 0;
  add(private_file ? Level::kGood : Level::kWarning, "permissions",
      private_file ? "readable by its owner only"
                   : "others may read the file, and with it every model and result: chmod 600");
  const std::string folder = FolderOf(database);
  if (::access(database.c_str(), R_OK | W_OK) != 0 || ::access(folder.c_str(), W_OK) != 0) {
    add(Level::kBad, "permissions", "this user cannot write the file and its folder");
    return findings;
  }
  absl::StatusOr<std::unique_ptr<Db>> opened = OpenOurs(database);
  if (!opened.ok()) {
    add(Level::kBad, "database", std::string(opened.status().message()));
    return findings;
  }
  Db& db = **opened;
  auto value = [&db](const char* sql) { return db.QueryInt(sql); };

  absl::StatusOr<int64_t> size = value(kSize), version = value(kVersion);
  if (size.ok() && version.ok()) {
    add(Level::kGood, "database", absl::StrCat(Megabytes(*size), ", schema ", *version));
  }
  struct statvfs disk;
  if (::statvfs(folder.c_str(), &disk) == 0) {
    const int64_t left = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
    const int64_t wanted = std::max<int64_t>(size.ok() ? *size : 0, int64_t{512} << 20);
    add(left >= wanted ? Level::kGood : Level::kWarning, "disk",
        absl::StrCat(Megabytes(left), " free",
                     left >= wanted ? "" : ": less than a copy of the database needs"));
  }
  if (IsOnNetwork(folder)) {
    add(Level::kBad, "disk", "the folder is on a network file system, where journals break");
  }
  struct stat journal;
  if (::stat((database + "-wal").c_str(), &journal) == 0 && journal.st_size > kLargeJournal) {
    add(Level::kWarning, "journal",
        absl::StrCat(Megabytes(journal.st_size),
                     ": a reader has kept it from being merged for long"));
  }

  absl::StatusOr<std::string> damage = Damage(db);
  if (!damage.ok()) {
    add(Level::kBad, "integrity", std::string(damage.status().message()));
    return findings;
  }
  add(damage->empty() ? Level::kGood : Level::kBad, "integrity",
      damage->empty() ? "every page and index was read and is sound" : *damage);
  auto none = [&](const char* subject, const char* sql, std::string good, const char* bad) {
    absl::StatusOr<int64_t> count = value(sql);
    if (!count.ok()) {
      add(Level::kBad, subject, std::string(count.status().message()));
    } else if (*count == 0) {
      add(Level::kGood, subject, std::move(good));
    } else {
      add(Level::kBad, subject, absl::StrCat(*count, " ", bad));
    }
  };
  none("references", kForeignKeys, "all rows refer to rows that exist",
       "rows refer to rows that do not exist");
  if (HasNewestSchema(db)) {
    none("counters", kMiscounted, "the counted runs are there", "counters disagree with the runs");
    none("batch counters", kMiscountedTasks, "the counted tasks of batches are there",
         "counters disagree with the tasks of batches");
    none("queue", kOrphans, "every running run has a holder", "running runs have no holder");
    absl::StatusOr<int64_t> newest = value(kNewest);
    const bool ahead = newest.ok() && *newest > SystemNow() + Micros{60} * 1'000'000;
    add(ahead ? Level::kWarning : Level::kGood, "clock",
        ahead ? "the newest run lies in the future: this machine's clock is behind"
              : "not behind the newest run");
  }
  return findings;
}

}  // namespace solvent
