// The queue over a database that refuses some of what it is told.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "sqlite_tools.h"
#include "test_engine.h"

namespace solvent {
namespace {

using namespace std::chrono_literals;

Execution Ended(TestEngine& engine, const std::string& id) {
  auto execution = engine.queue->Wait(engine.caller.organization_id, id, 20s);
  REQUIRE(execution.ok());
  REQUIRE(IsEndState(execution->state));
  return *std::move(execution);
}

std::string MustSubmit(TestEngine& engine, double lower) {
  auto submitted = engine.queue->Submit(engine.caller, SmallSubmission(lower));
  REQUIRE_MESSAGE(submitted.ok(), submitted.status().ToString());
  return submitted->execution.id;
}

TEST_CASE("an answer that cannot be stored fails its run") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  RawDb(folder.File("a.db"))
      .Run(
          "CREATE TRIGGER large BEFORE UPDATE OF state ON executions WHEN NEW.objective_value = 8"
          " BEGIN SELECT RAISE(ABORT, 'too large'); END");
  std::string large = MustSubmit(engine, 4), small = MustSubmit(engine, 3);
  REQUIRE(engine.queue->Start().ok());
  CHECK(Ended(engine, small).state == RunState::kCompleted);
  Execution failed = Ended(engine, large);
  CHECK(failed.state == RunState::kFailed);
  CHECK(failed.error_message == "the result could not be stored");
}

TEST_CASE("an end that cannot be written keeps no slot from others, and comes when it can") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  RawDb db(folder.File("a.db"));
  std::string stuck = MustSubmit(engine, 4), other = MustSubmit(engine, 3);
  db.Run("CREATE TRIGGER full BEFORE UPDATE OF completed_at ON executions WHEN NEW.id = '" + stuck +
         "' BEGIN SELECT RAISE(ABORT, 'no end for this one'); END");
  REQUIRE(engine.queue->Start().ok());
  CHECK(Ended(engine, other).state == RunState::kCompleted);
  CHECK(engine.queue->Get("", stuck)->state == RunState::kRunning);
  db.Run("DROP TRIGGER full");
  CHECK(Ended(engine, stuck).state == RunState::kFailed);
}

TEST_CASE("a queue goes on with the copy that is restored under it") {
  TemporaryFolder folder;
  const std::string path = folder.File("a.db"), copy = folder.File("copy.db");
  TestEngine engine(path);
  std::atomic<bool> hold = true;
  engine.backend.SetScript([&](const Problem& problem, const SolveOptions&, const SolveMonitor&) {
    while (hold) std::this_thread::sleep_for(1ms);
    return absl::StatusOr<SolveResult>(ScriptedBackend::Cheapest(problem));
  });
  std::string id = MustSubmit(engine, 3);
  REQUIRE(engine.queue->Start().ok());
  engine.backend.WaitForSolves(1);
  REQUIRE(BackupSqlite(path, copy).ok());
  hold = false;
  CHECK(Ended(engine, id).state == RunState::kCompleted);
  absl::Status status = RestoreSqlite(copy, path, "");
  REQUIRE_MESSAGE(status.ok(), status.ToString());
  CHECK(Ended(engine, id).state == RunState::kCompleted);
  CHECK(engine.backend.solves() == 2);
}

TEST_CASE("who watches runs that wait costs no look at their inputs") {
  TemporaryFolder folder;
  StatementTrace trace;
  TestEngine engine(folder.File("a.db"));
  engine.backend.SetScript(ScriptedBackend::UntilStopped);
  MustSubmit(engine, 3);
  std::string waiting = MustSubmit(engine, 4);
  REQUIRE(engine.queue->Start().ok());
  engine.backend.WaitForSolves(1);
  auto watch =
      engine.queue->WatchRun(engine.caller.organization_id, waiting, [](const RunEvent&) {});
  REQUIRE(watch.ok());
  // Two rounds of the house, so that one of them is whole.
  for (int round = 0; round < 2; ++round) {
    trace.Clear();
    auto looked = [&] {
      for (const std::string& sql : trace.statements()) {
        if (sql.find("cancel_requested = 1") != std::string::npos) return true;
      }
      return false;
    };
    while (!looked()) std::this_thread::sleep_for(5ms);
  }
  for (const std::string& sql : trace.statements()) {
    CHECK_MESSAGE(sql.find("input_json") == std::string::npos, sql);
  }
}

}  // namespace
}  // namespace solvent
