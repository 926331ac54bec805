// A pool of connections for reading.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "db.h"
#include "mutex.h"

namespace solvent {

class Readers {
 public:
  static absl::StatusOr<std::unique_ptr<Readers>> Open(const std::string& path, int count,
                                                       const Db::Options& options);

  // A connection of one's own until the lease ends; waits while all are out.
  class Lease {
   public:
    explicit Lease(Readers& readers) : readers_(readers), db_(readers.Take()) {}
    ~Lease() { readers_.Return(std::move(db_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Db& operator*() const { return *db_; }

   private:
    Readers& readers_;
    std::unique_ptr<Db> db_;
  };

 private:
  std::unique_ptr<Db> Take();
  void Return(std::unique_ptr<Db> db);

  Mutex mutex_;
  CondVar returned_;
  // The last one returned is taken first: its cache is the warmest.
  std::vector<std::unique_ptr<Db>> free_ ABSL_GUARDED_BY(mutex_);
};

// One snapshot for several statements.
class ReadTransaction {
 public:
  explicit ReadTransaction(Db& db) : db_(db), status_(db.Run("BEGIN")) {}
  ~ReadTransaction() {
    // Nothing was written, so that a failure here loses nothing; the connection is checked by
    // the next BEGIN.
    if (db_.in_transaction()) (void)db_.Run("ROLLBACK");
  }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  const absl::Status& status() const { return status_; }

 private:
  Db& db_;
  absl::Status status_;
};

}  // namespace solvent
