// A store in one SQLite file (WAL journal, synchronous=FULL: what was acknowledged is on disk).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/store.h"

namespace solvent {

struct SqliteOptions {
  int readers = 4;                          // connections for reading, 1..256
  int64_t cache_bytes = int64_t{16} << 20;  // page cache of each connection
  int busy_timeout_ms = 10'000;             // for other processes' transactions
};

// Opens or creates the database and brings its schema up to date. Several processes may have the
// same file open. All operations are thread-safe; writes of many callers share a commit.
// FailedPrecondition: the file is no database of ours, or of a newer version. PermissionDenied,
// NotFound: it cannot be opened. DataLoss: it is damaged. InvalidArgument: an option or the path.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path,
                                                       const SqliteOptions& options = {});

// Writes a copy of the database as it stands at one instant, while others go on reading and
// writing. The copy is checked before it gets its name, replaces a file of that name at once, and
// is readable by its owner only. NotFound: there is no such database. FailedPrecondition: it, or a
// file of the copy's name, is no database of ours, or both are the same file. DataLoss: the copy is
// damaged, which means that the database is.
absl::Status BackupSqlite(const std::string& database, const std::string& copy);

// Replaces all that the database holds by what the copy holds, in one transaction: processes that
// have it open go on with the restored content, and their runs under way are not recorded. A
// missing database is made. What it held before is written to `previous` first, as by BackupSqlite,
// unless that is "" or there was no database; it is not `copy`. Errors as above change nothing.
absl::Status RestoreSqlite(const std::string& copy, const std::string& database,
                           const std::string& previous);

// One thing that was looked at.
struct StoreFinding {
  enum class Level { kGood, kWarning, kBad };
  Level level = Level::kGood;
  std::string subject;  // "integrity", "permissions", ...
  std::string text;     // in words
};

// Examines the database without changing it: reads all of it. Works beside other processes.
std::vector<StoreFinding> ExamineSqlite(const std::string& database);

}  // namespace solvent
