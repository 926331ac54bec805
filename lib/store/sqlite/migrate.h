// The schema, and how a file comes to have it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "db.h"

namespace solvent {

struct Migration {
  int version;
  const char* sql;
};
// Generated from migrations/*.sql, in order. Numbers may be left out.
extern const Migration kMigrations[];
extern const int kMigrationCount;

// Makes the file, readable by its owner only, unless it exists.
absl::Status CreateFile(const std::string& path);

// FailedPrecondition unless it is a database of ours that this program can read.
absl::Status CheckIsOurs(Db& db);
bool HasNewestSchema(Db& db);

// A journal that lets readers and a writer work at the same time.
absl::Status SwitchToWal(Db& db);

// Brings the database to the newest version. Safe beside other processes doing the same.
// FailedPrecondition, with nothing changed: a foreign database, or one of a newer version.
absl::Status Migrate(Db& db);

}  // namespace solvent
