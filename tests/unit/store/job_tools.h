// Batches in a store without anybody who runs them.
#pragma once

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {

inline constexpr int64_t kSecond = 1'000'000;

// An execution of the job "nightly" with small tasks.
inline NewJobExecution MakeBatch(const std::string& id, int tasks, int parallelism = 2,
                                 int max_retries = 0, int64_t now = 10 * kSecond) {
  NewJobExecution e;
  e.id = id;
  e.organization_id = "org_a";
  e.job = "nightly";
  e.user_id = "usr_1";
  e.parallelism = parallelism;
  e.timeout_seconds = 100;
  e.memory_mb = 512;
  e.frozen = "{}";
  e.request_key = "key of " + id;
  e.request_hash = "hash";
  e.now = now;
  e.max_parallel = 2;
  for (int i = 0; i < tasks; ++i) {
    NewJobExecution::Task task;
    task.name = "task-" + std::to_string(i);
    task.max_retries = max_retries;
    task.timeout_seconds = 50;
    task.run = MakeRun("exe_" + id + std::to_string(i), "org_a", now);
    task.run.execution.origin = kBatchOrigin;
    task.run.execution.input_json = "{\"i\":" + std::to_string(i) + "}";
    e.tasks.push_back(std::move(task));
  }
  return e;
}

// A store with that job and one owner, and what a runner of batches does to it.
struct Batches {
  Batches() : path(folder.File("test.db")), store(MustOpen(path)) {
    JobRow row;
    row.organization_id = "org_a";
    row.name = "nightly";
    row.definition = "{}";
    row.created_at = row.updated_at = 1;
    REQUIRE(jobs().InsertJob(row).ok());
    MustRegister(*store, "own_1");
  }
  JobPort& jobs() { return *store->ports().jobs; }

  void Insert(NewJobExecution e) {
    absl::Status status = jobs().InsertExecution(std::move(e));
    REQUIRE_MESSAGE(status.ok(), status.ToString());
  }
  JobExecution Get(const std::string& id) {
    auto execution = jobs().GetExecution("org_a", "nightly", id, true);
    REQUIRE_MESSAGE(execution.ok(), execution.status().ToString());
    auto counted = jobs().GetExecution("org_a", "nightly", id, false);
    REQUIRE(counted.ok());
    CHECK(counted->state == execution->state);
    CHECK(counted->stats.success == execution->stats.success);
    CHECK(counted->stats.total == execution->stats.total);
    return *std::move(execution);
  }
  std::string State(const std::string& id) { return std::string(ToString(Get(id).state)); }
  std::string Tasks(const std::string& id) {
    std::string states;
    for (const JobTask& task : Get(id).tasks) states += ToString(task.state)[0];
    return states;
  }
  int64_t Number(const std::string& id) {
    return std::stoll(RawDb(path).Value(
        "SELECT k FROM job_executions WHERE organization_id = 'org_a' AND id = '" + id + "'"));
  }
  std::vector<ReservedTask> Reserve(const std::string& id, int most, int64_t now,
                                    const std::string& owner = "own_1") {
    auto tasks = jobs().Reserve(owner, Number(id), most, now);
    REQUIRE_MESSAGE(tasks.ok(), tasks.status().ToString());
    return *std::move(tasks);
  }
  AttemptStepDone Step(AttemptStep step) {
    if (step.owner.empty()) step.owner = "own_1";
    std::promise<absl::StatusOr<AttemptStepDone>> promise;
    jobs().Step(std::make_shared<AttemptStep>(std::move(step)), nullptr,
                [&promise](absl::StatusOr<AttemptStepDone> done) { promise.set_value(done); });
    absl::StatusOr<AttemptStepDone> done = promise.get_future().get();
    REQUIRE_MESSAGE(done.ok(), done.status().ToString());
    return *done;
  }
  bool Start(const ReservedTask& task, int64_t now, const std::string& owner = "own_1") {
    AttemptStep step;
    step.owner = owner;
    step.now = now;
    step.start = TaskStart{task.execution, task.index, task.attempts + 1};
    return Step(std::move(step)).started;
  }
  static AttemptEnd Ending(const ReservedTask& task, TaskReason reason) {
    AttemptEnd end;
    end.run.id = task.run_id;
    end.execution = task.execution;
    end.index = task.index;
    end.attempt = task.attempts + 1;
    end.reason = reason;
    bool good = reason <= TaskReason::kSolverUnbounded;
    end.outcome = good ? AttemptOutcome::kSucceeded : AttemptOutcome::kFailed;
    end.run.state = good                                 ? RunState::kCompleted
                    : reason == TaskReason::kTaskTimeout ? RunState::kTimeout
                                                         : RunState::kFailed;
    if (good) end.run.result_json = "{\"status\":\"optimal\"}";
    end.run.objective_value = 7;
    end.run.error_message = good ? "" : "it went wrong";
    end.message = end.run.error_message;
    end.columns = 3;
    end.rows = 2;
    end.problem = "P";
    return end;
  }
  AttemptStepDone End(const ReservedTask& task, TaskReason reason, int64_t now) {
    AttemptStep step;
    step.now = now;
    step.end = Ending(task, reason);
    return Step(std::move(step));
  }
  // The one delivery that is due.
  WebhookJob ClaimDelivery(const std::string& owner = "own_1", int64_t now = 14 * kSecond) {
    WebhookClaim claim;
    claim.owner = owner;
    claim.now = now;
    claim.lease_until = now + 6 * kSecond;
    claim.most = 5;
    claim.most_unproven = claim.most_per_lane = 5;
    claim.load = [](const std::string&) { return WebhookLoad{}; };
    claim.load_at = [](const std::string&, const std::string&) { return 0; };
    auto claimed = store->ports().webhooks->Claim(claim);
    REQUIRE(claimed.ok());
    REQUIRE(claimed->jobs.size() == 1);
    return claimed->jobs[0];
  }

  TemporaryDirectory folder;
  std::string path;
  std::unique_ptr<Store> store;
};

}  // namespace solvent
