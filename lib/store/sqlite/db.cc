#include "db.h"

#include <unistd.h>

#include <algorithm>

#include "clock.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

absl::StatusCode StatusCodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL: return absl::StatusCode::kUnavailable;
    case SQLITE_CANTOPEN: return absl::StatusCode::kNotFound;
    case SQLITE_PERM:
    case SQLITE_AUTH: return absl::StatusCode::kPermissionDenied;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return absl::StatusCode::kResourceExhausted;
    case SQLITE_NOTADB: return absl::StatusCode::kFailedPrecondition;
    case SQLITE_CORRUPT: return absl::StatusCode::kDataLoss;
    case SQLITE_CONSTRAINT: return absl::StatusCode::kAlreadyExists;
    default: return absl::StatusCode::kInternal;
  }
}

std::string_view ErrorCodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable: return error_code::kUnavailable;
    default: return error_code::kInternal;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Db>> Db::Open(const std::string& path, const Options& options) {
  sqlite3* handle = nullptr;
  // SQLite takes "file:..." and ":memory:" for more than a file name; a leading "./" stops that.
  std::string literal = path.starts_with('/') ? path : "./" + path;
  int code =
      sqlite3_open_v2(literal.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<Db> db(new Db(handle));
  if (code != SQLITE_OK) return db->Error(code);
  RETURN_IF_ERROR(db->Configure(options));
  return db;
}

Db::~Db() {
  for (auto& [sql, prepared] : statements_) sqlite3_finalize(prepared.statement);
  sqlite3_close(handle_);
}

absl::Status Db::Configure(const Options& options) {
  busy_timeout_ms_ = options.busy_timeout_ms;
  sqlite3_busy_handler(handle_, &Db::OnBusy, this);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  // A misspelt column in double quotes is an error, and not a string.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  std::string pragmas =
      "PRAGMA synchronous = FULL;"
      "PRAGMA secure_delete = OFF;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -" +
      std::to_string(std::max<int64_t>(options.cache_bytes / 1024, 64)) + ";";
  // Checkpoints of 16 MB amortize their syncs; the limit gives back what a burst left behind.
  pragmas += options.read_only ? "PRAGMA query_only = ON;"
                               : "PRAGMA wal_autocheckpoint = 4000;"
                                 "PRAGMA journal_size_limit = 67108864;";
  return Script(pragmas);
}

// SQLite's own handler sleeps up to 100 ms at a time, and so starves beside a busy process.
int Db::OnBusy(void* self, int attempt) {
  Db& db = *static_cast<Db*>(self);
  double now = SteadySeconds();
  if (attempt == 0) db.busy_deadline_ = now + db.busy_timeout_ms_ / 1000.0;
  if (now >= db.busy_deadline_) return 0;
  usleep(attempt < 20 ? 300 : 1500);
  return 1;
}

absl::Status Db::Script(const std::string& sql) {
  int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<int64_t> Db::QueryInt(std::string_view sql) {
  Query query(*this, sql);
  if (query.Next()) return query.Int(0);
  RETURN_IF_ERROR(query.status());
  return absl::InternalError("a query for one value returned no row");
}

absl::Status Db::Error(int code) const {
  std::string message = "database: ";
  message += handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  absl::StatusCode status_code = StatusCodeOf(code);
  return MakeError(status_code, ErrorCodeOf(status_code), message);
}

Query::Query(Db& db, std::string_view sql, Prepare) : db_(db) {
  auto found = db.statements_.find(sql);
  if (found != db.statements_.end() && !found->second.in_use) {
    cached_ = &found->second;
  } else {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v3(db.handle_, sql.data(), static_cast<int>(sql.size()),
                                  SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      status_ = db.Error(code);
      return;
    }
    if (found != db.statements_.end()) {  // in use further up the stack
      statement_ = statement;
      return;
    }
    cached_ = &db.statements_[std::string(sql)];
    cached_->statement = statement;
  }
  cached_->in_use = true;
  statement_ = cached_->statement;
}

Query::~Query() {
  if (cached_ == nullptr) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  cached_->in_use = false;
}

bool Query::Next() {
  if (!status_.ok()) return false;
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) status_ = db_.Error(code);
  return false;
}

std::string Query::Text(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

void Query::Bind(int index, std::string_view value) {
  // A null pointer would bind NULL.
  Check(sqlite3_bind_text64(statement_, index, value.empty() ? "" : value.data(), value.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Query::Bind(int index, Blob value) {
  Check(sqlite3_bind_blob64(statement_, index, value.bytes.empty() ? "" : value.bytes.data(),
                            value.bytes.size(), SQLITE_TRANSIENT));
}

void Query::Bind(int index, const std::optional<double>& value) {
  if (value.has_value()) {
    Bind(index, *value);
  } else {
    Check(sqlite3_bind_null(statement_, index));
  }
}

void Query::Check(int code) {
  if (code != SQLITE_OK && status_.ok()) status_ = db_.Error(code);
}

std::string ContainsPattern(std::string_view search) {
  if (search.empty()) return "";
  std::string pattern = "%";
  for (char c : search) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c == '\0' ? kForNul : c;
  }
  return pattern + "%";
}

}  // namespace solvent
