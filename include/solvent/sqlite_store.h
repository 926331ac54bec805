// A store in one SQLite file (WAL journal, synchronous=FULL: what was acknowledged is on disk).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "solvent/store.h"

namespace solvent {

struct SqliteOptions {
  int readers = 4;                                 // connections for reading
  int64_t cache_bytes = int64_t{16} << 20;         // page cache of each connection
  int busy_timeout_ms = 10'000;                    // for other processes' transactions
};

// Opens or creates the database and brings its schema up to date. Several processes may have the
// same file open. All operations are thread-safe; writes of many callers share a commit.
// FailedPrecondition: the file is no database of ours, or of a newer version. PermissionDenied,
// NotFound: the file cannot be opened.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path,
                                                       const SqliteOptions& options = {});

}  // namespace solvent
