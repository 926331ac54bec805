// Helpers for tests of stores.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "solvent/error.h"
#include "solvent/sqlite_store.h"
#include "store_ports.h"

namespace solvent {

// A directory that goes away with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "solvent-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::unique_ptr<Store> MustOpen(const std::string& path, const SqliteOptions& options = {}) {
  auto store = OpenSqliteStore(path, options);
  REQUIRE_MESSAGE(store.ok(), store.status().ToString());
  return *std::move(store);
}

inline NewRun MakeRun(std::string id, std::string organization, int64_t now = 1000,
                      int priority = 0) {
  NewRun run;
  run.execution.id = std::move(id);
  run.execution.organization_id = std::move(organization);
  run.execution.user_id = "usr_1";
  run.execution.origin = "manual";
  run.execution.priority = priority;
  run.problem = std::string("P\0problem of ", 13) + run.execution.id;
  run.options = std::string("O\0", 2);
  run.now = now;
  return run;
}

// Inserts without a bound on the queue and returns the execution.
inline Execution MustInsert(Store& store, NewRun run) {
  auto inserted = store.ports().runs->Insert(std::move(run), INT64_MAX);
  REQUIRE_MESSAGE(inserted.ok(), inserted.status().ToString());
  CHECK_FALSE(inserted->replayed);
  return inserted->execution;
}

inline void MustRegister(Store& store, const std::string& owner) {
  RunPort::Owner o;
  o.id = owner;
  o.host = "host";
  o.pid = 7;
  o.pid_start = 8;
  o.lease_until = 9;
  REQUIRE(store.ports().runs->RegisterOwner(o).ok());
}

inline std::optional<ClaimedRun> MustClaim(Store& store, std::string_view owner,
                                           int64_t now = 2000) {
  auto claimed = store.ports().runs->Claim(owner, now);
  REQUIRE_MESSAGE(claimed.ok(), claimed.status().ToString());
  return *std::move(claimed);
}

inline std::string ClaimedId(Store& store, std::string_view owner, int64_t now = 2000) {
  auto claimed = MustClaim(store, owner, now);
  return claimed.has_value() ? claimed->execution.id : "";
}

inline FinishRun MakeFinish(std::string id, std::string owner,
                            RunState state = RunState::kCompleted, int64_t now = 3000) {
  FinishRun finish;
  finish.id = std::move(id);
  finish.owner = std::move(owner);
  finish.state = state;
  finish.now = now;
  return finish;
}

inline FinishedRun MustFinish(Store& store, FinishRun finish) {
  auto finished = store.ports().runs->Finish(std::move(finish));
  REQUIRE_MESSAGE(finished.ok(), finished.status().ToString());
  return *std::move(finished);
}

inline Execution MustGet(Store& store, std::string_view organization, std::string_view id) {
  auto execution = store.ports().runs->Get(organization, id);
  REQUIRE_MESSAGE(execution.ok(), execution.status().ToString());
  return *std::move(execution);
}

inline Page<Execution> MustList(Store& store, std::string_view organization,
                                const ExecutionFilter& filter = {}, PageRequest page = {}) {
  auto list = store.ports().runs->List(organization, filter, page);
  REQUIRE_MESSAGE(list.ok(), list.status().ToString());
  return *std::move(list);
}

inline std::vector<std::string> Ids(const Page<Execution>& page) {
  std::vector<std::string> ids;
  for (const Execution& e : page.items) ids.push_back(e.id);
  return ids;
}

inline QueueStats MustStats(Store& store) {
  auto stats = store.ports().runs->Stats();
  REQUIRE(stats.ok());
  return *stats;
}

}  // namespace solvent
