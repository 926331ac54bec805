// SQLite behind RAII and absl::Status: one connection with its prepared statements.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace solvent {

// Bytes that are bound as a BLOB; a plain string is bound as TEXT.
struct Blob {
  std::string_view bytes;
};

// What a transaction may add that somebody waits for (Writer::OnArrival).
enum class Arrival { kNotification };
inline constexpr int kArrivals = 1;

// One connection. Not thread-safe: used by one thread at a time.
class Db {
 public:
  struct Options {
    bool read_only = false;
    int64_t cache_bytes = 0;
    int busy_timeout_ms = 0;
  };

  // Opens an existing file, without a look at what it holds.
  static absl::StatusOr<std::unique_ptr<Db>> Open(const std::string& path, const Options& options);
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  // Runs a statement that is prepared once and kept; rows that it returns are dropped.
  template <typename... Args>
  absl::Status Run(std::string_view sql, const Args&... args);
  // Runs any number of statements, not kept.
  absl::Status Script(const std::string& sql);
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);

  int64_t last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }
  int64_t changes() const { return sqlite3_changes64(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() const { return handle_; }

  // Notes what this transaction adds. What is noted and then rolled back does no harm.
  void NoteArrival(Arrival arrival) { arrivals_[static_cast<size_t>(arrival)] = true; }
  std::array<bool, kArrivals> TakeArrivals() { return std::exchange(arrivals_, {}); }

  // The status for an SQLite result code, with the connection's message.
  absl::Status Error(int code) const;

 private:
  friend class Query;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  struct Prepared {
    sqlite3_stmt* statement = nullptr;
    bool in_use = false;
  };

  explicit Db(sqlite3* handle) : handle_(handle) {}
  absl::Status Configure(const Options& options);
  static int OnBusy(void* self, int attempt);

  sqlite3* handle_;
  std::unordered_map<std::string, Prepared, Hash, std::equal_to<>> statements_;
  int busy_timeout_ms_ = 0;
  double busy_deadline_ = 0;
  std::array<bool, kArrivals> arrivals_{};
};

// One execution of a statement:
//   Query q(db, "SELECT a FROM t WHERE b = ?1", b);
//   while (q.Next()) Use(q.Int(0));
//   RETURN_IF_ERROR(q.status());
class Query {
 public:
  template <typename... Args>
  Query(Db& db, std::string_view sql, const Args&... args) : Query(db, sql, Prepare{}) {
    int index = 0;
    (Bind(++index, args), ...);
  }
  Query(Db& db, std::string_view sql, const std::vector<int64_t>& args)
      : Query(db, sql, Prepare{}) {
    for (size_t i = 0; i < args.size(); ++i) Bind(static_cast<int>(i) + 1, args[i]);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // True when there is a row; false at the end and on an error.
  bool Next();
  const absl::Status& status() const { return status_; }

  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  int Int32(int column) const { return sqlite3_column_int(statement_, column); }
  double Double(int column) const { return sqlite3_column_double(statement_, column); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string Text(int column) const;  // of TEXT and BLOB columns

 private:
  struct Prepare {};
  Query(Db& db, std::string_view sql, Prepare);
  void Bind(int index, int64_t value) { Check(sqlite3_bind_int64(statement_, index, value)); }
  void Bind(int index, int value) { Bind(index, int64_t{value}); }
  void Bind(int index, bool value) { Bind(index, int64_t{value}); }
  void Bind(int index, double value) { Check(sqlite3_bind_double(statement_, index, value)); }
  void Bind(int index, std::string_view value);
  void Bind(int index, const std::string& value) { Bind(index, std::string_view(value)); }
  void Bind(int index, Blob value);
  void Bind(int index, const std::optional<double>& value);
  void Check(int code);

  Db& db_;
  sqlite3_stmt* statement_ = nullptr;
  Db::Prepared* cached_ = nullptr;  // null when the statement is not kept
  absl::Status status_;
};

// Stands in a search for a NUL, which would end a pattern or phrase; no text of ours has it.
inline constexpr char kForNul = '\x01';

// For LIKE … ESCAPE '\': texts that contain `search` as it is. "" for "".
std::string ContainsPattern(std::string_view search);

template <typename... Args>
absl::Status Db::Run(std::string_view sql, const Args&... args) {
  Query query(*this, sql, args...);
  while (query.Next()) {
  }
  return query.status();
}

}  // namespace solvent
