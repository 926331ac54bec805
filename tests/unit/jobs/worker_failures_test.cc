// Batches over worker processes that go wrong.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "solvent/solvent.h"
#include "test_engine.h"

namespace solvent {
namespace {

// max x over [0, 7], by the name that tells the worker what to do.
Json Named(std::string_view name) {
  Json variable;
  variable.Set("name", "x").Set("upper_bound", 7);
  Json objective;
  objective.Set("sense", "maximize").Set("expression", "x");
  Json input;
  input.Set("name", name)
      .Set("variables", Json::Array{std::move(variable)})
      .Set("objective", std::move(objective));
  return input;
}

TEST_CASE("a worker that crashes, hangs or eats memory fails its own task only") {
  TemporaryFolder folder;
  auto store = OpenSqliteStore(folder.File("test.db"));
  REQUIRE(store.ok());
  EngineOptions options;
  options.worker.command = {MISBEHAVING_WORKER};
  options.worker.workers = 2;
  options.credits.unlimited = true;
  auto engine = Engine::Create(*std::move(store), std::move(options));
  REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
  REQUIRE((*engine)->Start().ok());
  auto member = (*engine)->identity().EnsureMember("Test", "tester");
  REQUIRE(member.ok());
  Caller caller;
  caller.organization_id = member->organization_id;
  caller.user_id = member->user_id;
  NewOrgModel model;
  model.name = "any";
  auto created = (*engine)->models().Create(caller, model);
  REQUIRE_MESSAGE(created.ok(), created.status().ToString());
  JobDefinition job;
  job.name = "batch";
  job.model_id = created->id;
  job.runtime.max_concurrent_tasks = 2;
  job.runtime.task_timeout_seconds = 4;
  REQUIRE((*engine)->jobs().Create(caller, job).ok());

  const std::pair<const char*, TaskReason> tasks[] = {
      {"first", TaskReason::kSolverOptimal},   {"abort", TaskReason::kSolverCrashed},
      {"hang", TaskReason::kTaskTimeout},      {"memory", TaskReason::kOutOfMemory},
      {"segv", TaskReason::kSolverCrashed},    {"exit", TaskReason::kSolverCrashed},
      {"garbage", TaskReason::kSolverCrashed}, {"half", TaskReason::kSolverCrashed},
      {"last", TaskReason::kSolverOptimal},
  };
  JobStart start;
  for (const auto& [name, reason] : tasks) start.tasks.push_back({Named(name), name, {}, {}});
  auto started = (*engine)->jobs().Start(caller, "batch", std::move(start));
  REQUIRE_MESSAGE(started.ok(), started.status().ToString());
  JobExecution done;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    auto execution =
        (*engine)->jobs().Execution(caller.organization_id, "batch", started->execution_id);
    REQUIRE(execution.ok());
    done = *std::move(execution);
  } while (!IsEndState(done.state));

  CHECK(done.state == JobState::kFailed);
  CHECK(done.stats.success == 2);
  CHECK(done.stats.failure == 7);
  for (size_t i = 0; i < done.tasks.size(); ++i) {
    INFO(done.tasks[i].name << ": " << done.tasks[i].message);
    CHECK(done.tasks[i].reason == tasks[i].second);
    CHECK(done.tasks[i].attempts == 1);
  }
  // The hung one was killed soon after its limit, for which nobody else would have come.
  CHECK(done.tasks[2].completed_at - done.tasks[2].started_at <= 20'000'000);
}

}  // namespace
}  // namespace solvent
