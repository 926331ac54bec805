// A whole engine over a real database, whose solver does what a test tells it to.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "solvent/solvent.h"
#include "test_engine.h"

namespace solvent {

// min x over [bound, 1000]: tasks are told apart by their bound.
inline Json Bounded(int bound) {
  Json variable;
  variable.Set("name", "x").Set("lower_bound", bound).Set("upper_bound", 1000);
  Json objective;
  objective.Set("sense", "minimize").Set("expression", "x");
  Json input;
  input.Set("variables", Json::Array{std::move(variable)}).Set("objective", std::move(objective));
  return input;
}
inline int BoundOf(const Problem& problem) { return static_cast<int>(problem.column_lower.at(0)); }

struct World {
  explicit World(int slots = 2, const std::string& at = "") {
    database = at.empty() ? folder.File("test.db") : at;
    auto store = OpenSqliteStore(database);
    REQUIRE(store.ok());
    EngineOptions options;
    options.solve_in_process = true;
    auto scripted = std::make_unique<ScriptedBackend>();
    backend = scripted.get();
    options.backends.push_back(std::move(scripted));
    options.default_solver = "scripted";
    options.slots = slots;
    options.credits.unlimited = true;
    auto made = Engine::Create(*std::move(store), std::move(options));
    REQUIRE_MESSAGE(made.ok(), made.status().ToString());
    engine = *std::move(made);
    REQUIRE(engine->Start().ok());
    caller = Member("Test");
  }

  Caller Member(const std::string& organization) {
    auto member = engine->identity().EnsureMember(organization, "tester");
    REQUIRE(member.ok());
    Caller who;
    who.organization_id = member->organization_id;
    who.user_id = member->user_id;
    return who;
  }
  void MakeJob(const std::string& name, JobRuntime runtime = {}, const Caller* who = nullptr) {
    const Caller& by = who != nullptr ? *who : caller;
    NewOrgModel model;
    model.name = "any";
    auto created = engine->models().Create(by, model);
    REQUIRE_MESSAGE(created.ok(), created.status().ToString());
    JobDefinition job;
    job.name = name;
    job.model_id = created->id;
    job.runtime = std::move(runtime);
    auto made = engine->jobs().Create(by, job);
    REQUIRE_MESSAGE(made.ok(), made.status().ToString());
  }
  std::string Start(const std::string& job, int tasks, const Caller* who = nullptr) {
    JobStart start;
    for (int i = 0; i < tasks; ++i) start.tasks.push_back({Bounded(i + 1), "", {}, {}});
    auto started = engine->jobs().Start(who != nullptr ? *who : caller, job, std::move(start));
    REQUIRE_MESSAGE(started.ok(), started.status().ToString());
    return started->execution_id;
  }
  JobExecution Get(const std::string& job, const std::string& id) {
    auto execution = engine->jobs().Execution(caller.organization_id, job, id, true);
    REQUIRE_MESSAGE(execution.ok(), execution.status().ToString());
    return *std::move(execution);
  }
  JobExecution Ended(const std::string& job, const std::string& id) {
    while (true) {
      JobExecution execution = Get(job, id);
      if (IsEndState(execution.state)) return execution;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  TemporaryFolder folder;
  std::string database;
  ScriptedBackend* backend = nullptr;
  std::unique_ptr<Engine> engine;
  Caller caller;
};

inline JobRuntime Runtime(int concurrent, int retries = 0) {
  JobRuntime runtime;
  runtime.max_concurrent_tasks = concurrent;
  runtime.max_retries = retries;
  return runtime;
}

}  // namespace solvent
