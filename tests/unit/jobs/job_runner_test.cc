// Batches in a whole engine, over a real database and a solver that does what a test tells it to.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "batch_world.h"
#include "sqlite_tools.h"

namespace solvent {
namespace {

TEST_CASE("every task is solved, and its answer is its own") {
  World w;
  w.MakeJob("batch", Runtime(2));
  JobExecution done = w.Ended("batch", w.Start("batch", 50));
  CHECK(done.state == JobState::kSucceeded);
  CHECK(done.stats.success == 50);
  auto outcomes = w.engine->jobs().Outcomes(w.caller.organization_id, "batch", done.id);
  REQUIRE(outcomes.ok());
  for (const JobTaskOutcome& o : *outcomes) {
    CHECK(o.objective_value == static_cast<double>(o.task.index + 1));
  }
  auto record = w.engine->executions().Get(w.caller.organization_id, (*outcomes)[3].execution_id);
  REQUIRE(record.ok());
  CHECK(record->state == RunState::kCompleted);
  CHECK(record->origin == "batch");
  auto problem =
      w.engine->executions().GetProblem(w.caller.organization_id, (*outcomes)[3].execution_id);
  REQUIRE(problem.ok());
  CHECK(BoundOf(*problem) == 4);
}

TEST_CASE("a list without a wish for the total is a list, and negative limits are named") {
  World w;
  w.MakeJob("batch");
  const std::string& who = w.caller.organization_id;
  auto jobs = w.engine->jobs().List(who, 10, 0, nullptr);
  REQUIRE(jobs.ok());
  CHECK(jobs->size() == 1);
  int64_t total = 0;
  CHECK(!w.engine->jobs().List(who, -1, 0, &total).ok());
  CHECK(!w.engine->jobs().List(who, 1, -1, &total).ok());
  CHECK(!w.engine->jobs().Executions(who, "batch", -1, 0, false).ok());
}

TEST_CASE("no more solves are under way than an execution allows") {
  for (int allowed : {1, 2}) {
    World w(4);
    std::atomic<int> now{0};
    std::atomic<int> most{0};
    w.backend->SetScript([&](const Problem& problem, const SolveOptions&, const SolveMonitor&) {
      int running = ++now;
      int seen = most;
      while (running > seen && !most.compare_exchange_weak(seen, running)) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      --now;
      return absl::StatusOr<SolveResult>(ScriptedBackend::Cheapest(problem));
    });
    w.MakeJob("batch", Runtime(allowed));
    CHECK(w.Ended("batch", w.Start("batch", 40)).stats.success == 40);
    CHECK(most <= allowed);
  }
}

TEST_CASE("a solver that crashes fails its own task only, after its retries") {
  World w;
  w.backend->SetScript([](const Problem& problem, const SolveOptions&,
                          const SolveMonitor&) -> absl::StatusOr<SolveResult> {
    if (BoundOf(problem) == 2) return absl::AbortedError("the worker process died");
    return ScriptedBackend::Cheapest(problem);
  });
  w.MakeJob("batch", Runtime(1, 1));
  JobExecution done = w.Ended("batch", w.Start("batch", 4));
  CHECK(done.state == JobState::kFailed);
  CHECK(done.stats.success == 3);
  CHECK(done.stats.retried == 1);
  CHECK(done.tasks[1].reason == TaskReason::kSolverCrashed);
  CHECK(done.tasks[1].attempts == 2);
  auto detail = w.engine->jobs().Task(w.caller.organization_id, "batch", done.id, "task-1");
  REQUIRE(detail.ok());
  REQUIRE(detail->attempts.size() == 2);
  // The second attempt keeps its distance of a second.
  CHECK(detail->attempts[1].started_at - detail->attempts[0].completed_at >= 1'000'000);
}

TEST_CASE("memory, limits and errors have their reasons") {
  World w;
  w.backend->SetScript([](const Problem& problem, const SolveOptions&,
                          const SolveMonitor&) -> absl::StatusOr<SolveResult> {
    SolveResult result;
    switch (BoundOf(problem)) {
      case 1: return absl::ResourceExhaustedError("too large");
      case 2: result.status = SolveStatus::kTimeLimit; return result;
      case 3: result.status = SolveStatus::kUnbounded; return result;  // which it is not
      case 4:
        result.status = SolveStatus::kError;
        result.error = "bad";
        return result;
      case 5:
        result = ScriptedBackend::Cheapest(problem);
        result.status = SolveStatus::kTimeLimit;
        return result;
      default: return absl::InternalError("what");
    }
  });
  w.MakeJob("batch", Runtime(2));
  JobExecution done = w.Ended("batch", w.Start("batch", 6));
  const TaskReason expected[] = {TaskReason::kOutOfMemory,    TaskReason::kTaskTimeout,
                                 TaskReason::kInternalError,  TaskReason::kInternalError,
                                 TaskReason::kSolverFeasible, TaskReason::kInternalError};
  for (size_t i = 0; i < 6; ++i) CHECK(done.tasks[i].reason == expected[i]);
  CHECK(done.stats.success == 1);
}

using Envs = std::vector<std::pair<std::string, std::string>>;

// What the solver of a batch's only task was told.
SolveOptions Told(int64_t task_timeout_seconds, const Envs& envs = {}, Json options = {}) {
  World w(1);
  SolveOptions told;
  w.backend->SetScript([&](const Problem& problem, const SolveOptions& given, const SolveMonitor&) {
    told = given;
    return absl::StatusOr<SolveResult>(ScriptedBackend::Cheapest(problem));
  });
  JobRuntime runtime = Runtime(1);
  runtime.task_timeout_seconds = task_timeout_seconds;
  runtime.envs = envs;
  w.MakeJob("batch", runtime);
  JobStart start;
  start.tasks.push_back({Bounded(1), "", {}, {}});
  if (!options.is_null()) start.tasks[0].input.Set("options", std::move(options));
  auto started = w.engine->jobs().Start(w.caller, "batch", std::move(start));
  REQUIRE_MESSAGE(started.ok(), started.status().ToString());
  CHECK(w.Ended("batch", started->execution_id).stats.success == 1);
  w.engine->Stop();
  return told;
}

TEST_CASE("a solver is told a limit that leaves time to hand its answer over") {
  SolveOptions told = Told(40);
  CHECK(told.time_limit_seconds <= 38);
  CHECK(told.time_limit_seconds > 20);
  // Much longer than the usual limit of a solve.
  told = Told(1800);
  CHECK(told.time_limit_seconds <= 1710);
  CHECK(told.time_limit_seconds > 1600);
}

TEST_CASE(
    "a limit that the job, the model or the input sets holds for tasks that may take longer") {
  CHECK(Told(1800, {{"TIME_LIMIT", "90"}}).time_limit_seconds == 90);
  Json own;
  own.Set("time_limit_seconds", 75);
  CHECK(Told(1800, {}, own).time_limit_seconds == 75);
  CHECK(Told(1800, {{"TIME_LIMIT", "90"}}, own).time_limit_seconds == 90);
}

TEST_CASE("a process that overruns is killed a second after its task's limit") {
  const SolveOptions told = Told(1800);
  REQUIRE(told.grace_seconds.has_value());
  // What was spent before the solve began counts.
  const double killed = told.time_limit_seconds + *told.grace_seconds;
  CHECK(killed <= 1801);
  CHECK(killed > 1700);
}

TEST_CASE("a process that overruns a shorter limit of its own keeps its slot little longer") {
  CHECK(Told(3600, {{"TIME_LIMIT", "5"}}).grace_seconds == 2);
  CHECK(Told(3600, {{"TIME_LIMIT", "90"}}).grace_seconds == 5.5);
  // Nor beyond the task's end.
  const SolveOptions told = Told(100, {{"TIME_LIMIT", "94.5"}});
  CHECK(told.time_limit_seconds + told.grace_seconds.value_or(kInfinity) <= 101);
}

TEST_CASE("a stop in good order puts tasks back, and the next start ends them") {
  TemporaryFolder folder;
  std::string id;
  {
    World w(2, folder.File("test.db"));
    w.backend->SetScript(ScriptedBackend::UntilStopped);
    w.MakeJob("batch", Runtime(2));
    id = w.Start("batch", 5);
    w.backend->WaitForSolves(2);
    w.engine->Stop();
    JobExecution stopped = w.Get("batch", id);
    CHECK(stopped.state == JobState::kRunning);
    CHECK(stopped.stats.running == 0);
    for (const JobTask& task : stopped.tasks) CHECK(task.attempts == 0);
  }
  World w(2, folder.File("test.db"));
  JobExecution done = w.Ended("batch", id);
  CHECK(done.state == JobState::kSucceeded);
  CHECK(done.stats.retried == 0);
  for (const JobTask& task : done.tasks) CHECK(task.attempts == 1);
}

TEST_CASE("a forced cancel stops the solvers and frees their slots") {
  World w(2);
  w.backend->SetScript(ScriptedBackend::UntilStopped);
  w.MakeJob("batch", Runtime(2));
  std::string id = w.Start("batch", 5);
  w.backend->WaitForSolves(2);
  auto cancelled = w.engine->jobs().Cancel(w.caller.organization_id, "batch", id, true, true);
  REQUIRE(cancelled.ok());
  CHECK(cancelled->state == JobState::kCancelled);
  CHECK(cancelled->stats.cancelled == 5);
  w.backend->SetScript(nullptr);
  CHECK(w.Ended("batch", w.Start("batch", 3)).stats.success == 3);
}

TEST_CASE("of many starts that do not queue, those get in whose tasks can start") {
  World w(2);
  w.backend->SetScript(ScriptedBackend::UntilStopped);
  w.MakeJob("batch", Runtime(2));
  auto start = [&] {
    JobStart two;
    two.tasks = {{Bounded(1), "", {}, {}}, {Bounded(2), "", {}, {}}};
    two.allow_queue = false;
    return w.engine->jobs().Start(w.caller, "batch", std::move(two));
  };
  std::atomic<int> accepted{0};
  std::vector<std::jthread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] {
      auto started = start();
      if (started.ok()) ++accepted;
      if (!started.ok()) CHECK(GetErrorInfo(started.status()).code == "capacity_exceeded");
    });
  }
  callers.clear();
  CHECK(accepted == 1);
  CHECK_FALSE(start().ok());
  auto list = w.engine->jobs().Executions(w.caller.organization_id, "batch", 10, 0, false);
  REQUIRE(list.ok());
  REQUIRE(list->total == 1);
  // Its tasks give their places back.
  const std::string first = list->items[0].id;
  REQUIRE(w.engine->jobs().Cancel(w.caller.organization_id, "batch", first, true, false).ok());
  w.backend->SetScript(nullptr);
  auto next = start();
  REQUIRE_MESSAGE(next.ok(), next.status().ToString());
  CHECK(w.Ended("batch", next->execution_id).stats.success == 2);
}

TEST_CASE("a replaced job keeps its secret as long as it has a receiver and gets no new one") {
  World w(1);
  w.MakeJob("batch");
  JobDefinition job = w.engine->jobs().Get(w.caller.organization_id, "batch")->definition;
  auto kept = [&](const std::string& url, const std::string& secret) {
    job.webhook_url = url;
    job.webhook_secret = secret;
    auto replaced = w.engine->jobs().Replace(w.caller, "batch", job);
    REQUIRE_MESSAGE(replaced.ok(), replaced.status().ToString());
    CHECK(replaced->definition.webhook_url == url);
    CHECK(replaced->definition.webhook_secret.empty());
    return RawDb(w.database).Value("SELECT hex(webhook_secret) FROM jobs");
  };
  const std::string first = kept("https://example.com/a", "whsec_quite_secret");
  CHECK_FALSE(first.empty());
  CHECK(kept("https://example.com/a", "") == first);
  CHECK(kept("https://example.com/b", "") == first);
  const std::string second = kept("https://example.com/b", "whsec_another_secret");
  CHECK_FALSE(second.empty());
  CHECK(second != first);
  CHECK(kept("", "").empty());
  CHECK(kept("https://example.com/a", "").empty());
}

TEST_CASE("a model that is changed later changes nothing in what was started") {
  World w(1);
  std::atomic<bool> go{false};
  w.backend->SetScript([&](const Problem& problem, const SolveOptions&, const SolveMonitor&) {
    while (!go) std::this_thread::yield();
    return absl::StatusOr<SolveResult>(ScriptedBackend::Cheapest(problem));
  });
  w.MakeJob("batch", Runtime(1));
  std::string id = w.Start("batch", 3);
  auto job = w.engine->jobs().Get(w.caller.organization_id, "batch");
  REQUIRE(job.ok());
  REQUIRE(w.engine->models().Deactivate(w.caller.organization_id, job->definition.model_id).ok());
  go = true;
  CHECK(w.Ended("batch", id).stats.success == 3);
  JobStart start;
  start.tasks.push_back({Bounded(1), "", {}, {}});
  CHECK(GetErrorInfo(w.engine->jobs().Start(w.caller, "batch", start).status()).code ==
        error_code::kConflict);
}

TEST_CASE("organizations take turns, and ordinary runs do with batches") {
  World w(1);
  Caller other = w.Member("Other");
  std::atomic<bool> go{false};
  std::mutex mutex;
  std::vector<int> order;
  w.backend->SetScript([&](const Problem& problem, const SolveOptions&, const SolveMonitor&) {
    while (!go) std::this_thread::yield();
    // Time for the feeder to keep both batches supplied.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::lock_guard<std::mutex> lock(mutex);
    order.push_back(BoundOf(problem));
    return absl::StatusOr<SolveResult>(ScriptedBackend::Cheapest(problem));
  });
  w.MakeJob("batch", Runtime(4));
  w.MakeJob("batch", Runtime(4), &other);
  std::string long_one = w.Start("batch", 200);
  w.backend->WaitForSolves(1);
  std::string short_one = w.Start("batch", 5, &other);
  auto submitted = w.engine->executions().Submit(w.caller, SmallSubmission(9.5));
  REQUIRE(submitted.ok());
  go = true;
  auto ended = w.engine->executions().Wait(w.caller.organization_id, submitted->execution.id,
                                           std::chrono::seconds(60));
  REQUIRE(ended.ok());
  CHECK(ended->state == RunState::kCompleted);
  // The ordinary run did not wait for the batch, nor does the other organization's batch.
  CHECK_FALSE(IsEndState(w.Get("batch", long_one).state));
  while (true) {
    auto e = w.engine->jobs().Execution(other.organization_id, "batch", short_one, false);
    REQUIRE(e.ok());
    if (IsEndState(e->state)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK_FALSE(IsEndState(w.Get("batch", long_one).state));
  CHECK(w.Ended("batch", long_one).stats.success == 200);
}

TEST_CASE("starting from the basis of another task changes no answer") {
  // The same rows over other sides and costs, some of which cannot be met or have no end.
  auto scenario = [](unsigned seed) {
    auto next = [&seed](unsigned most) {
      seed = seed * 1664525u + 1013904223u;
      return (seed >> 8) % most;
    };
    Json::Array variables, constraints;
    std::string cost;
    for (int j = 0; j < 8; ++j) {
      std::string name = "x" + std::to_string(j);
      Json variable;
      variable.Set("name", std::string_view(name)).Set("type", "continuous");
      if (next(12) != 0) variable.Set("upper_bound", static_cast<int>(20 + next(30)));
      variables.push_back(std::move(variable));
      cost += (j > 0 ? " + " : "") + std::to_string(1 + next(9)) + "*" + name;
    }
    for (int i = 0; i < 6; ++i) {
      std::string row;
      for (int j = 0; j < 8; ++j) {
        row += (j > 0 ? " + " : "") + std::to_string(1 + (i * 5 + j * 3) % 7) + "*x" +
               std::to_string(j);
      }
      row += (i % 3 == 0 ? " >= " : " <= ") + std::to_string(50 + next(400));
      Json constraint;
      constraint.Set("expression", std::string_view(row));
      constraints.push_back(std::move(constraint));
    }
    Json objective;
    objective.Set("sense", next(4) == 0 ? "maximize" : "minimize")
        .Set("expression", std::string_view(cost));
    Json input;
    input.Set("variables", std::move(variables))
        .Set("objective", std::move(objective))
        .Set("constraints", std::move(constraints));
    return input;
  };
  auto outcomes = [&](bool warm) {
    TemporaryFolder folder;
    auto store = OpenSqliteStore(folder.File("test.db"));
    REQUIRE(store.ok());
    EngineOptions options;
    options.solve_in_process = true;  // one slot: CBC is no library for threads
    options.slots = 1;
    options.credits.unlimited = true;
    options.jobs.warm_start = warm;
    auto engine = Engine::Create(*std::move(store), std::move(options));
    REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
    REQUIRE((*engine)->Start().ok());
    auto member = (*engine)->identity().EnsureMember("Test", "tester");
    REQUIRE(member.ok());
    Caller who;
    who.organization_id = member->organization_id;
    who.user_id = member->user_id;
    NewOrgModel model;
    model.name = "any";
    auto created = (*engine)->models().Create(who, model);
    REQUIRE(created.ok());
    JobDefinition job;
    job.name = "batch";
    job.model_id = created->id;
    REQUIRE((*engine)->jobs().Create(who, job).ok());
    JobStart start;
    for (unsigned i = 0; i < 150; ++i) start.tasks.push_back({scenario(i), "", {}, {}});
    auto started = (*engine)->jobs().Start(who, "batch", std::move(start));
    REQUIRE_MESSAGE(started.ok(), started.status().ToString());
    while (true) {
      auto e =
          (*engine)->jobs().Execution(who.organization_id, "batch", started->execution_id, false);
      REQUIRE(e.ok());
      if (IsEndState(e->state)) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    auto found = (*engine)->jobs().Outcomes(who.organization_id, "batch", started->execution_id);
    REQUIRE(found.ok());
    return *std::move(found);
  };
  std::vector<JobTaskOutcome> cold = outcomes(false);
  std::vector<JobTaskOutcome> warm = outcomes(true);
  REQUIRE(cold.size() == warm.size());
  int optimal = 0;
  int infeasible = 0;
  for (size_t i = 0; i < cold.size(); ++i) {
    CAPTURE(i);
    CHECK(warm[i].task.state == cold[i].task.state);
    CHECK(warm[i].task.reason == cold[i].task.reason);
    REQUIRE(warm[i].objective_value.has_value() == cold[i].objective_value.has_value());
    if (cold[i].objective_value) {
      CHECK(*warm[i].objective_value == doctest::Approx(*cold[i].objective_value).epsilon(1e-9));
    }
    optimal += cold[i].task.reason == TaskReason::kSolverOptimal ? 1 : 0;
    infeasible += cold[i].task.reason == TaskReason::kSolverInfeasible ? 1 : 0;
  }
  CHECK(optimal > 50);
  CHECK(infeasible > 5);
}

TEST_CASE("the same request again gets the first answer") {
  World w;
  w.MakeJob("batch");
  JobStart start;
  start.tasks.push_back({Bounded(1), "", {}, {}});
  start.execution_id = "mine";
  start.request_hash = "h";
  auto first = w.engine->jobs().Start(w.caller, "batch", start);
  auto again = w.engine->jobs().Start(w.caller, "batch", start);
  REQUIRE(first.ok());
  REQUIRE(again.ok());
  CHECK(again->replayed);
  CHECK(again->request_id == first->request_id);
  start.request_hash = "other";
  CHECK(GetErrorInfo(w.engine->jobs().Start(w.caller, "batch", start).status()).code ==
        error_code::kConflict);
}

TEST_CASE("the search for an infeasible task's conflict keeps to the task's memory") {
  World w(1);
  NewOrgModel model;
  model.name = "contradiction";
  model.definition.generator_type = "template";
  model.definition.model =
      "param least; var x >= 0; minimize cost: x;"
      "s.t. low: x >= least; s.t. high: x <= 3; end;";
  Json input;
  input.Set("least", 4);
  model.definition.example_input = input;
  auto created = w.engine->models().Create(w.caller, model);
  REQUIRE_MESSAGE(created.ok(), created.status().ToString());
  JobDefinition job;
  job.name = "batch";
  job.model_id = created->id;
  job.runtime.memory_mb = 100;
  REQUIRE(w.engine->jobs().Create(w.caller, job).ok());
  auto cbc = MakeCbcBackend();
  std::vector<int64_t> limits;  // of one slot's solves
  w.backend->SetScript(
      [&](const Problem& problem, const SolveOptions& options, const SolveMonitor& monitor) {
        limits.push_back(options.memory_limit_bytes);
        return cbc->Solve(problem, options, monitor);
      });
  JobStart start;
  start.memory_mb = 80;
  start.tasks.push_back({std::move(input), "", {}, {}});
  auto started = w.engine->jobs().Start(w.caller, "batch", std::move(start));
  REQUIRE_MESSAGE(started.ok(), started.status().ToString());
  w.Ended("batch", started->execution_id);
  auto task =
      w.engine->jobs().Task(w.caller.organization_id, "batch", started->execution_id, "task-0");
  REQUIRE(task.ok());
  CHECK(task->result_json.find("\"high\"") != std::string::npos);  // named by the search
  CHECK(limits.size() > 1);
  for (int64_t limit : limits) CHECK(limit == int64_t{80} << 20);
}

TEST_CASE("an engine that has been stopped starts no batch, and repeats what it answered before") {
  World w;
  w.MakeJob("batch");
  JobStart start;
  start.tasks.push_back({Bounded(1), "", {}, {}});
  start.execution_id = "mine";
  start.request_hash = "h";
  REQUIRE(w.engine->jobs().Start(w.caller, "batch", start).ok());
  w.engine->Stop();
  auto again = w.engine->jobs().Start(w.caller, "batch", start);
  REQUIRE(again.ok());
  CHECK(again->replayed);
  start.execution_id = "other";
  CHECK(absl::IsUnavailable(w.engine->jobs().Start(w.caller, "batch", start).status()));
  auto listed = w.engine->jobs().Executions(w.caller.organization_id, "batch", 10, 0, false);
  REQUIRE(listed.ok());
  CHECK(listed->total == 1);
}

TEST_CASE("tasks are listed from and up to counts only") {
  World w;
  w.MakeJob("batch");
  JobStart start;
  start.tasks.push_back({Bounded(1), "", {}, {}});
  auto started = w.engine->jobs().Start(w.caller, "batch", start);
  REQUIRE(started.ok());
  auto list = [&](int64_t from, int64_t limit) {
    return w.engine->jobs().Tasks(w.caller.organization_id, "batch", started->execution_id, from,
                                  limit);
  };
  CHECK(absl::IsInvalidArgument(list(-1, 1).status()));
  CHECK(absl::IsInvalidArgument(list(0, -1).status()));
  auto all = list(0, std::numeric_limits<int64_t>::max());
  REQUIRE(all.ok());
  CHECK(all->tasks.size() == 1);
  CHECK_FALSE(all->has_more);
  CHECK(list(0, 0)->has_more);
}

}  // namespace
}  // namespace solvent
