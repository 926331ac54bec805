#include "readers.h"

#include "status_macros.h"

namespace solvent {

absl::StatusOr<std::unique_ptr<Readers>> Readers::Open(const std::string& path, int count,
                                                       const Db::Options& options) {
  auto readers = std::make_unique<Readers>();
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<Db> db, Db::Open(path, options));
    readers->Return(std::move(db));
  }
  return readers;
}

std::unique_ptr<Db> Readers::Take() {
  Lock lock(mutex_);
  while (free_.empty()) returned_.Wait(mutex_);
  std::unique_ptr<Db> db = std::move(free_.back());
  free_.pop_back();
  return db;
}

void Readers::Return(std::unique_ptr<Db> db) {
  {
    Lock lock(mutex_);
    free_.push_back(std::move(db));
  }
  returned_.Signal();
}

}  // namespace solvent
