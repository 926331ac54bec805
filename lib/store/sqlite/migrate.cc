#include "migrate.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "clock.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr int64_t kApplicationId = 0x534c5654;  // "SLVT"
constexpr double kJournalModeSeconds = 10;

constexpr char kApplicationIdSql[] = "PRAGMA application_id";
constexpr char kUserVersionSql[] = "PRAGMA user_version";
constexpr char kTablesSql[] = "SELECT count(*) FROM sqlite_schema";

int NewestVersion() { return kMigrations[kMigrationCount - 1].version; }

// The version of a database of ours; 0 for an empty file. Within a transaction.
absl::StatusOr<int64_t> ReadVersion(Db& db) {
  ASSIGN_OR_RETURN(int64_t application, db.QueryInt(kApplicationIdSql));
  ASSIGN_OR_RETURN(int64_t version, db.QueryInt(kUserVersionSql));
  if (application == kApplicationId) {
    if (version > NewestVersion()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the database has version ", version,
                       ", which is newer than this program knows (", NewestVersion(), ")"));
    }
    if (version < 0) return absl::FailedPreconditionError("the database's version is negative");
    return version;
  }
  ASSIGN_OR_RETURN(int64_t tables, db.QueryInt(kTablesSql));
  if (application != 0 || version != 0 || tables != 0) {
    return absl::FailedPreconditionError("the file is a database of another program");
  }
  return 0;
}

// Within a transaction of its own: another process may make the database at this moment.
absl::StatusOr<int64_t> ReadVersionAlone(Db& db) {
  RETURN_IF_ERROR(db.Script("BEGIN"));
  absl::StatusOr<int64_t> version = ReadVersion(db);
  RETURN_IF_ERROR(db.Script("COMMIT"));
  return version;
}

// Runs the next migration if there is one; false when there was none left.
absl::StatusOr<bool> MigrateOnce(Db& db) {
  ASSIGN_OR_RETURN(int64_t version, ReadVersion(db));  // again, now that nobody else can write
  for (int i = 0; i < kMigrationCount; ++i) {
    if (kMigrations[i].version <= version) continue;
    RETURN_IF_ERROR(db.Script(kMigrations[i].sql));
    RETURN_IF_ERROR(db.Script(absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                           "; PRAGMA user_version = ", kMigrations[i].version)));
    return true;
  }
  return false;
}

}  // namespace

absl::Status CheckIsOurs(Db& db) {
  ASSIGN_OR_RETURN(int64_t version, ReadVersionAlone(db));
  if (version > 0) return absl::OkStatus();
  return absl::FailedPreconditionError("the file is empty");
}

bool HasNewestSchema(Db& db) {
  absl::StatusOr<int64_t> version = ReadVersionAlone(db);
  return version.ok() && *version == NewestVersion();
}

// Changing the journal mode needs the file for itself, and SQLite does not wait for that.
absl::Status SwitchToWal(Db& db) {
  double deadline = SteadySeconds() + kJournalModeSeconds;
  while (true) {
    absl::Status status;
    {
      Query query(db, "PRAGMA journal_mode = WAL");
      if (query.Next() && query.Text(0) == "wal") return absl::OkStatus();
      status = query.status();
    }
    if (status.ok()) return absl::FailedPreconditionError("the file cannot have a WAL journal");
    if (status.code() != absl::StatusCode::kUnavailable || SteadySeconds() > deadline) {
      return status;
    }
    usleep(2000);
  }
}

absl::Status CreateFile(const std::string& path) {
  int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    close(descriptor);
    return absl::OkStatus();
  }
  int error = errno;
  std::string message = absl::StrCat("cannot open ", path, ": ", std::strerror(error));
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(message);
  }
  if (error == ENOENT || error == ENOTDIR || error == EISDIR) return absl::NotFoundError(message);
  return absl::UnavailableError(message);
}

absl::Status Migrate(Db& db) {
  ASSIGN_OR_RETURN(int64_t version, ReadVersionAlone(db));
  RETURN_IF_ERROR(SwitchToWal(db));
  bool more = version < NewestVersion();
  while (more) {
    RETURN_IF_ERROR(db.Script("BEGIN IMMEDIATE"));
    absl::StatusOr<bool> done = MigrateOnce(db);
    absl::Status ended = done.ok() ? db.Script("COMMIT") : done.status();
    if (!ended.ok()) {
      if (db.in_transaction()) RETURN_IF_ERROR(db.Script("ROLLBACK"));
      return ended;
    }
    more = *done;
  }
  return absl::OkStatus();
}

}  // namespace solvent
