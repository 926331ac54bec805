// Batches over a database that fails for a while, or in one place.
#include <doctest/doctest.h>

#include <atomic>
#include <string>

#include "batch_world.h"
#include "sqlite_tools.h"

namespace solvent {
namespace {

TEST_CASE("an end that cannot be written keeps no slot from others") {
  World w(1);
  RawDb db(w.database);
  w.MakeJob("batch", Runtime(2));
  db.Run(
      "CREATE TRIGGER full BEFORE UPDATE OF completed_at ON job_executions WHEN NEW.id = 'stuck'"
      " BEGIN SELECT RAISE(ABORT, 'no end for this one'); END");
  JobStart start;
  start.tasks.push_back({Bounded(1), "", {}, {}});
  start.execution_id = "stuck";
  REQUIRE(w.engine->jobs().Start(w.caller, "batch", start).ok());
  w.backend->WaitForSolves(1);
  // The only slot goes on with this one.
  CHECK(w.Ended("batch", w.Start("batch", 3)).stats.success == 3);
  CHECK(w.Get("batch", "stuck").stats.running == 1);
  db.Run("DROP TRIGGER full");
  JobExecution done = w.Ended("batch", "stuck");
  // Its result was given up for its end.
  CHECK(done.stats.failure == 1);
  CHECK(done.tasks[0].reason == TaskReason::kInternalError);
  CHECK(done.tasks[0].message == "the result could not be stored");
}

TEST_CASE("an answer that cannot be stored fails its task, and nothing waits for it") {
  World w(1);
  RawDb db(w.database);
  w.MakeJob("batch", Runtime(2));
  db.Run(
      "CREATE TRIGGER large BEFORE UPDATE OF state ON executions WHEN NEW.objective_value = 2"
      " BEGIN SELECT RAISE(ABORT, 'too large'); END");
  JobExecution done = w.Ended("batch", w.Start("batch", 3));
  CHECK(done.stats.success == 2);
  CHECK(done.tasks[1].message == "the result could not be stored");
}

TEST_CASE("what could not be given back is given back later") {
  World w(1);
  RawDb db(w.database);
  w.MakeJob("batch", Runtime(2));
  // Nothing can be started, and nothing given back.
  db.Run(
      "CREATE TRIGGER no_start BEFORE UPDATE OF attempts ON job_tasks WHEN NEW.state = 2"
      " BEGIN SELECT RAISE(ABORT, 'full'); END");
  db.Run(
      "CREATE TRIGGER no_way_back BEFORE UPDATE OF holder ON job_tasks"
      " WHEN OLD.holder <> 0 AND NEW.holder = 0 AND NEW.state < 2"
      " BEGIN SELECT RAISE(ABORT, 'full'); END");
  std::string id = w.Start("batch", 4);
  w.backend->WaitForSolves(4);
  db.Run("DROP TRIGGER no_start; DROP TRIGGER no_way_back");
  CHECK(w.Ended("batch", id).stats.success == 4);
}

TEST_CASE("tasks that nobody knows to be set aside are free again") {
  World w(1);
  RawDb db(w.database);
  w.MakeJob("batch", Runtime(2));
  // As a reservation leaves them that failed after its commit.
  db.Run(
      "CREATE TABLE lost_tasks (holder INTEGER);"
      "CREATE TRIGGER lost AFTER INSERT ON job_tasks BEGIN UPDATE job_tasks SET holder ="
      " (SELECT k FROM run_owners) WHERE execution = NEW.execution AND idx = NEW.idx;"
      " INSERT INTO lost_tasks SELECT holder FROM job_tasks"
      " WHERE execution = NEW.execution AND idx = NEW.idx; END");
  std::string id = w.Start("batch", 3);
  CHECK(db.Value("SELECT count(*) FROM lost_tasks WHERE holder <> 0") == "3");
  CHECK(w.Ended("batch", id).stats.success == 3);
}

TEST_CASE("executions of a deleted job whose end cannot be written are ended later") {
  World w(1);
  RawDb db(w.database);
  w.MakeJob("batch", Runtime(1));
  w.backend->SetScript(ScriptedBackend::UntilStopped);
  std::vector<std::string> ids = {w.Start("batch", 2), w.Start("batch", 2)};
  w.backend->WaitForSolves(1);
  db.Run(
      "CREATE TRIGGER no_stop BEFORE UPDATE OF stop_cause ON job_executions"
      " BEGIN SELECT RAISE(ABORT, 'full'); END");
  auto deleted = w.engine->jobs().Delete(w.caller.organization_id, "batch");
  REQUIRE(deleted.ok());
  CHECK(deleted->still_running);
  CHECK(w.engine->jobs().Get(w.caller.organization_id, "batch").status().code() ==
        absl::StatusCode::kNotFound);
  CHECK_FALSE(IsEndState(w.Get("batch", ids[0]).state));
  db.Run("DROP TRIGGER no_stop");
  for (const std::string& id : ids) {
    JobExecution done = w.Ended("batch", id);
    CHECK(done.state == JobState::kCancelled);
    CHECK(done.tasks[0].reason == TaskReason::kJobDeleted);
    CHECK(done.stats.cancelled == 2);
  }
}

TEST_CASE("batches go on with the copy that is restored under them") {
  World w(1);
  const std::string copy = w.folder.File("copy.db");
  w.MakeJob("batch", Runtime(2));
  w.Ended("batch", w.Start("batch", 1));
  REQUIRE(BackupSqlite(w.database, copy).ok());
  // Its definition is kept after the copy was made, and its number given again.
  w.MakeJob("other", Runtime(2));
  w.Ended("other", w.Start("other", 2));
  REQUIRE(RestoreSqlite(copy, w.database, "").ok());
  JobExecution done = w.Ended("batch", w.Start("batch", 3));
  CHECK(done.stats.success == 3);
}

TEST_CASE("a batch whose problems take long to make delays no other's") {
  World w(4);
  NewOrgModel slow;
  slow.name = "slow";
  slow.definition.generator_type = "template";
  slow.definition.model =
      "param n; param k := sum{i in 1..n, j in 1..n} 1; var x >= k; minimize o: x; end;";
  Json input;
  input.Set("n", 3);
  slow.definition.example_input = input;
  auto created = w.engine->models().Create(w.caller, slow);
  REQUIRE_MESSAGE(created.ok(), created.status().ToString());
  JobDefinition job;
  job.name = "slow";
  job.model_id = created->id;
  REQUIRE(w.engine->jobs().Create(w.caller, job).ok());
  w.MakeJob("quick");
  std::vector<std::string> slow_ones;
  for (int i = 0; i < 2; ++i) {
    JobStart start;
    input.Set("n", 20000);  // a minute or more
    start.tasks.push_back({input, "", {}, {}});
    auto started = w.engine->jobs().Start(w.caller, "slow", std::move(start));
    REQUIRE_MESSAGE(started.ok(), started.status().ToString());
    slow_ones.push_back(started->execution_id);
  }
  CHECK(w.Ended("quick", w.Start("quick", 1)).stats.success == 1);
  for (const std::string& id : slow_ones) CHECK_FALSE(IsEndState(w.Get("slow", id).state));
}

}  // namespace
}  // namespace solvent
