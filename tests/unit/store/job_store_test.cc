// Batches in the store: what may change, and that tasks and the records behind them agree.
#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "job_tools.h"
#include "migrate.h"
#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

TEST_CASE("an execution goes from pending over running to succeeded with its tasks") {
  Batches b;
  b.Insert(MakeBatch("one", 2));
  CHECK(b.State("one") == "pending");
  auto line = b.Reserve("one", 5, 11 * kSecond);
  REQUIRE(line.size() == 2);
  CHECK(line[1].input_json == "{\"i\":1}");
  CHECK(line[1].run_id == "exe_one1");
  CHECK(b.Start(line[0], 11 * kSecond));
  CHECK(b.State("one") == "running");
  CHECK(MustGet(*b.store, "org_a", "exe_one0").state == RunState::kRunning);
  CHECK(b.End(line[0], TaskReason::kSolverOptimal, 12 * kSecond).ended);
  // One step ends an attempt and starts the next.
  CHECK(b.Start(line[1], 12 * kSecond));
  AttemptStepDone last = b.End(line[1], TaskReason::kSolverInfeasible, 13 * kSecond);
  CHECK(last.execution_completed);
  JobExecution done = b.Get("one");
  CHECK(done.state == JobState::kSucceeded);
  CHECK(done.started_at == 11 * kSecond);
  CHECK(done.completed_at == 13 * kSecond);
  Execution behind = MustGet(*b.store, "org_a", "exe_one1");
  CHECK(behind.state == RunState::kCompleted);
  CHECK(behind.columns == 3);
  CHECK(behind.objective_value == 7.0);
  auto detail = b.jobs().GetTask("org_a", "nightly", "one", "task-1");
  REQUIRE(detail.ok());
  CHECK(detail->result_json == "{\"status\":\"optimal\"}");
  REQUIRE(detail->attempts.size() == 1);
  CHECK(detail->attempts[0].outcome == "succeeded");
  CheckInvariants(b.path);
}

TEST_CASE("an attempt ends once, whoever says so how often") {
  Batches b;
  b.Insert(MakeBatch("one", 1));
  auto line = b.Reserve("one", 1, 11 * kSecond);
  CHECK_FALSE(b.End(line[0], TaskReason::kSolverOptimal, 12 * kSecond).ended);  // never started
  REQUIRE(b.Start(line[0], 11 * kSecond));
  CHECK_FALSE(b.Start(line[0], 11 * kSecond));
  MustRegister(*b.store, "own_2");
  AttemptStep foreign;
  foreign.owner = "own_2";
  foreign.now = 12 * kSecond;
  foreign.end = Batches::Ending(line[0], TaskReason::kModelError);
  CHECK_FALSE(b.Step(foreign).ended);
  CHECK(b.End(line[0], TaskReason::kSolverOptimal, 12 * kSecond).ended);
  CHECK_FALSE(b.End(line[0], TaskReason::kModelError, 13 * kSecond).ended);
  CHECK(b.Tasks("one") == "s");
  CHECK(b.Get("one").tasks[0].completed_at == 12 * kSecond);
  CheckInvariants(b.path);
}

TEST_CASE("no more tasks are under way than the execution's parallelism") {
  Batches b;
  b.Insert(MakeBatch("one", 4, 2));
  auto line = b.Reserve("one", 4, 11 * kSecond);
  CHECK(b.Start(line[0], 11 * kSecond));
  CHECK(b.Start(line[1], 11 * kSecond));
  CHECK_FALSE(b.Start(line[2], 11 * kSecond));
  AttemptStep step;
  step.now = 12 * kSecond;
  step.end = Batches::Ending(line[0], TaskReason::kSolverOptimal);
  step.start = TaskStart{line[2].execution, line[2].index, 1};
  AttemptStepDone done = b.Step(step);
  CHECK(done.ended);
  CHECK(done.started);
  CHECK(b.Tasks("one") == "srrp");
}

TEST_CASE("a task set aside is nobody else's until it is given back") {
  Batches b;
  MustRegister(*b.store, "own_2");
  b.Insert(MakeBatch("one", 3));
  auto first = b.Reserve("one", 2, 11 * kSecond);
  auto second = b.Reserve("one", 5, 11 * kSecond, "own_2");
  REQUIRE(second.size() == 1);
  CHECK(second[0].index == 2);
  CHECK_FALSE(b.Start(first[0], 11 * kSecond, "own_2"));
  REQUIRE(b.jobs().Unreserve("own_1", first).ok());
  CHECK(b.Reserve("one", 5, 11 * kSecond, "own_2").size() == 2);
}

TEST_CASE("a failed attempt is repeated after a growing delay, as often as allowed") {
  Batches b;
  b.Insert(MakeBatch("one", 1, 1, 2));
  int64_t now = 11 * kSecond;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    auto line = b.Reserve("one", 1, now);
    REQUIRE(line.size() == 1);
    CHECK(line[0].attempts == attempt - 1);
    REQUIRE(b.Start(line[0], now));
    AttemptStepDone done = b.End(line[0], TaskReason::kSolverCrashed, now + kSecond);
    CHECK(done.ended);
    if (attempt == 3) {
      CHECK(done.state == TaskState::kFailed);
      break;
    }
    CHECK(done.state == TaskState::kReconciling);
    CHECK(done.due == now + kSecond + attempt * kSecond);  // 1 s, then 2 s
    CHECK(b.State("one") == "running");
    CHECK(b.Reserve("one", 1, done.due - 1).empty());
    now = done.due;
  }
  JobExecution failed = b.Get("one");
  CHECK(failed.state == JobState::kFailed);
  CHECK(failed.stats.retried == 1);
  CHECK(failed.tasks[0].attempts == 3);
  CHECK(MustGet(*b.store, "org_a", "exe_one0").error_message == "it went wrong");
  CheckInvariants(b.path);
}

TEST_CASE("a clock that was ahead keeps no task waiting") {
  Batches b;
  b.Insert(MakeBatch("one", 2, 2, 1, 5000 * kSecond));
  const int64_t now = 20 * kSecond;
  REQUIRE(b.jobs().OpenExecutions(now)->size() == 1);
  CHECK(b.jobs().OpenExecutions(now)->at(0).startable == 1);
  auto line = b.Reserve("one", 1, now);
  REQUIRE(line.size() == 1);
  REQUIRE(b.Start(line[0], now));
  // Its next attempt was put off by a clock that is ahead again.
  b.End(line[0], TaskReason::kSolverCrashed, 9000 * kSecond);
  line = b.Reserve("one", 2, now);
  REQUIRE(line.size() == 2);
  CHECK(b.Start(line[0], now));
  CHECK(b.Start(line[1], now));
}

TEST_CASE("what cannot succeed is not repeated") {
  Batches b;
  b.Insert(MakeBatch("one", 1, 1, 5));
  auto line = b.Reserve("one", 1, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  CHECK(b.End(line[0], TaskReason::kInvalidInput, 12 * kSecond).state == TaskState::kFailed);
}

TEST_CASE("a cancel ends what waits and lets finish what is under way") {
  Batches b;
  b.Insert(MakeBatch("one", 3, 1, 3));
  auto line = b.Reserve("one", 2, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  auto stopped = b.jobs().Cancel("org_a", "nightly", "one", false, 12 * kSecond);
  REQUIRE(stopped.ok());
  CHECK(stopped->changed);
  CHECK(b.State("one") == "cancelling");
  CHECK(b.Tasks("one") == "rcc");
  CHECK_FALSE(b.Start(line[1], 12 * kSecond));
  CHECK(MustGet(*b.store, "org_a", "exe_one1").state == RunState::kFailed);
  CHECK(MustGet(*b.store, "org_a", "exe_one1").error_message.find("Cancelled") == 0);
  SUBCASE("it finishes") {
    CHECK(b.End(line[0], TaskReason::kSolverOptimal, 13 * kSecond).ended);
    CHECK(b.Tasks("one") == "scc");
  }
  SUBCASE("it fails, and is not tried again") {
    CHECK(b.End(line[0], TaskReason::kSolverCrashed, 13 * kSecond).ended);
    CHECK(b.Tasks("one") == "fcc");
  }
  SUBCASE("a later force ends it at once, and its result comes too late") {
    REQUIRE(b.jobs().Cancel("org_a", "nightly", "one", true, 13 * kSecond).ok());
    CHECK(b.Tasks("one") == "ccc");
    CHECK_FALSE(b.End(line[0], TaskReason::kSolverOptimal, 14 * kSecond).ended);
  }
  CHECK(b.State("one") == "cancelled");
  auto again = b.jobs().Cancel("org_a", "nightly", "one", true, 15 * kSecond);
  REQUIRE(again.ok());
  CHECK_FALSE(again->changed);
  CheckInvariants(b.path);
}

TEST_CASE("a cancel that comes too late is refused") {
  Batches b;
  b.Insert(MakeBatch("one", 1));
  auto line = b.Reserve("one", 1, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  CHECK(b.End(line[0], TaskReason::kSolverOptimal, 12 * kSecond).execution_completed);
  auto late = b.jobs().Cancel("org_a", "nightly", "one", true, 13 * kSecond);
  CHECK(GetErrorInfo(late.status()).code == error_code::kConflict);
  CHECK(b.State("one") == "succeeded");
}

TEST_CASE("the overall limit fails what runs and cancels the rest") {
  Batches b;
  b.Insert(MakeBatch("one", 3, 1));
  auto line = b.Reserve("one", 1, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  CHECK_FALSE(*b.jobs().TimeOut(b.Number("one"), 110 * kSecond));
  CHECK(*b.jobs().TimeOut(b.Number("one"), 111 * kSecond));
  JobExecution e = b.Get("one");
  CHECK(e.state == JobState::kTimeout);
  CHECK(e.tasks[0].reason == TaskReason::kExecutionTimeout);
  CHECK(e.tasks[1].state == TaskState::kCancelled);
  CHECK(MustGet(*b.store, "org_a", "exe_one0").state == RunState::kTimeout);
  CHECK_FALSE(*b.jobs().TimeOut(b.Number("one"), 112 * kSecond));
  CheckInvariants(b.path);
}

TEST_CASE("executions beyond an organization's places are queued, first in first out") {
  Batches b;
  for (const char* id : {"one", "two", "three", "four"}) {
    b.Insert(MakeBatch(id, 1, 1, 0, 10 * kSecond + b.folder.path().size()));
  }
  CHECK(b.State("two") == "pending");
  CHECK(b.State("three") == "queued");
  CHECK(b.State("four") == "queued");
  CHECK(b.jobs().OpenExecutions(20 * kSecond)->size() == 2);
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "one", false, 20 * kSecond).ok());
  CHECK(b.State("three") == "pending");
  CHECK(b.State("four") == "queued");
  // A queued one that is cancelled frees no place.
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "four", false, 21 * kSecond).ok());
  CHECK(b.State("four") == "cancelled");
}

TEST_CASE("tasks of a dead process wait again, and fail after the third death") {
  Batches b;
  b.Insert(MakeBatch("one", 2, 1));
  for (int death = 1; death <= 3; ++death) {
    std::string owner = "own_d" + std::to_string(death);
    MustRegister(*b.store, owner);
    int64_t now = (20 + death) * kSecond;
    auto line = b.Reserve("one", 2, now, owner);
    REQUIRE(line.size() == 2);
    // From the first death on, what the dead one had set aside is handled with care.
    bool first = line[0].index == 0;
    CHECK(line[first ? 1 : 0].careful == (death > 1));
    REQUIRE(b.Start(line[first ? 0 : 1], now, owner));
    REQUIRE(b.store->ports().runs->TakeBack(owner, now + 1).ok());
    CHECK(b.Tasks("one") == (death < 3 ? "rp" : "fp"));
  }
  auto detail = b.jobs().GetTask("org_a", "nightly", "one", "task-0");
  REQUIRE(detail.ok());
  CHECK(detail->task.reason == TaskReason::kServerRestarted);
  CHECK(detail->attempts.size() == 3);
  CheckInvariants(b.path);
}

TEST_CASE("a task put back in good order counts no attempt") {
  Batches b;
  b.Insert(MakeBatch("one", 1));
  auto line = b.Reserve("one", 1, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  AttemptStep step;
  step.now = 12 * kSecond;
  step.end = AttemptEnd{line[0].execution, line[0].index, 1, AttemptOutcome::kPutBack};
  step.end->run.id = line[0].run_id;
  CHECK(b.Step(step).state == TaskState::kReconciling);
  JobExecution e = b.Get("one");
  CHECK(e.tasks[0].attempts == 0);
  CHECK(e.stats.retried == 0);
  CHECK(b.Reserve("one", 1, 12 * kSecond).size() == 1);
  CheckInvariants(b.path);
}

TEST_CASE("a batch that cannot be paid is refused with the price of all its tasks") {
  Batches b;
  b.store->ports().credits->SetPolicy({.charging = true, .initial_grant = 10});
  auto priced = [](const std::string& id, int tasks) {
    NewJobExecution e = MakeBatch(id, tasks);
    for (NewJobExecution::Task& task : e.tasks) task.run.execution.credits_used = 3;
    return e;
  };
  absl::Status refused = b.jobs().InsertExecution(priced("dear", 4));
  ErrorInfo info = GetErrorInfo(refused);
  CHECK(info.code == error_code::kInsufficientCredits);
  CHECK(info.extra["credits_needed"].as_int() == 12);
  CHECK(info.extra["credits_available"].as_int() == 10);
  CHECK(MustList(*b.store, "org_a").total == 0);
  b.Insert(priced("fits", 3));
  auto balance = [&] { return b.store->ports().credits->FindAccount("org_a")->balance; };
  CHECK(balance() == 1);
  // What failed or never started is given back; what was cancelled at work is not.
  auto line = b.Reserve("fits", 2, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  CHECK(b.End(line[0], TaskReason::kModelError, 12 * kSecond).ended);
  CHECK(balance() == 4);
  REQUIRE(b.Start(line[1], 12 * kSecond));
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "fits", true, 13 * kSecond).ok());
  CHECK(b.Tasks("fits") == "fcc");
  CHECK(balance() == 7);
  CheckInvariants(b.path);
}

TEST_CASE("tasks of batches take no places of the queue") {
  Batches b;
  RunPort& runs = *b.store->ports().runs;
  b.Insert(MakeBatch("one", 5));
  CHECK(runs.Stats()->queued == 0);
  CHECK(runs.Insert(MakeRun("exe_plain", "org_a"), 1).ok());
  CHECK(runs.Stats()->queued == 1);
  CHECK(runs.Stats()->runs[static_cast<int>(RunState::kPending)] == 6);
  CHECK(GetErrorInfo(runs.Insert(MakeRun("exe_more", "org_a"), 1).status()).code ==
        error_code::kUnavailable);
  // Nor do tasks that run, are put back or end.
  auto line = b.Reserve("one", 2, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  CHECK(b.End(line[0], TaskReason::kSolverOptimal, 12 * kSecond).ended);
  REQUIRE(b.Start(line[1], 12 * kSecond));
  AttemptStep step;
  step.now = 13 * kSecond;
  step.end = AttemptEnd{line[1].execution, line[1].index, 1, AttemptOutcome::kPutBack};
  step.end->run.id = line[1].run_id;
  CHECK(b.Step(step).state == TaskState::kReconciling);
  CHECK(runs.Stats()->queued == 1);
  CHECK(ClaimedId(*b.store, "own_1") == "exe_plain");
  CHECK(runs.Stats()->queued == 0);
  CHECK(runs.Insert(MakeRun("exe_more", "org_a"), 1).ok());
  CheckInvariants(b.path);
}

TEST_CASE("an execution that needs room gets in while a task of it could start at once") {
  Batches b;
  RunPort& runs = *b.store->ports().runs;
  auto insert = [&](const std::string& id, int tasks, int parallelism, int max_parallel = 9) {
    NewJobExecution e = MakeBatch(id, tasks, parallelism);
    e.max_parallel = max_parallel;
    e.room = {"own_1", 3};
    return b.jobs().InsertExecution(std::move(e));
  };
  auto refused = [&](const std::string& id, int max_parallel = 9) {
    const absl::Status status = insert(id, 1, 1, max_parallel);
    CHECK(absl::IsResourceExhausted(status));
    CHECK(GetErrorInfo(status).code == "capacity_exceeded");
    CHECK(GetErrorInfo(status).extra["retry_after"].as_int() > 0);
    CHECK_FALSE(b.jobs().FindStart("org_a", id, "")->has_value());
  };
  // What waits counts, as far as it may start.
  CHECK(insert("one", 5, 2).ok());
  CHECK(insert("two", 2, 2).ok());
  refused("three");
  // What runs counts as long as it does, and once.
  auto one = b.Reserve("one", 5, 11 * kSecond);
  refused("three");
  REQUIRE(b.Start(one[0], 11 * kSecond));
  REQUIRE(b.Start(one[1], 11 * kSecond));
  refused("three");
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "two", false, 11 * kSecond).ok());
  refused("over", 1);
  CHECK(insert("three", 1, 1).ok());
  refused("four");
  for (size_t i = 2; i < 5; ++i) REQUIRE(b.jobs().Unreserve("own_1", {one[i]}).ok());
  CHECK(b.End(one[0], TaskReason::kSolverOptimal, 12 * kSecond).ended);
  refused("four");  // its place is the next task's
  // Of an execution that is cancelled, only what still runs counts.
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "one", false, 12 * kSecond).ok());
  CHECK(b.Tasks("one") == "srccc");
  CHECK(insert("four", 1, 1).ok());
  refused("five");
  CHECK(b.End(one[1], TaskReason::kSolverOptimal, 13 * kSecond).ended);
  // So do runs of others: those that wait, and those under way.
  CHECK(runs.Insert(MakeRun("exe_plain", "org_b"), 9).ok());
  refused("five");
  CHECK(ClaimedId(*b.store, "own_1") == "exe_plain");
  refused("five");
  MustFinish(*b.store, MakeFinish("exe_plain", "own_1"));
  CHECK(insert("five", 1, 1).ok());
  refused("six");
  // A task that waits for its next attempt takes no place before its time.
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "five", false, 13 * kSecond).ok());
  NewJobExecution retried = MakeBatch("retried", 1, 1, 1);
  retried.max_parallel = 9;
  b.Insert(std::move(retried));
  refused("six");
  auto line = b.Reserve("retried", 1, 14 * kSecond);
  REQUIRE(b.Start(line[0], 14 * kSecond));
  CHECK(b.End(line[0], TaskReason::kSolverCrashed, 15 * kSecond).due > 15 * kSecond);
  CHECK(insert("six", 1, 1).ok());
  CheckInvariants(b.path);
}

TEST_CASE("executions of the same moment are listed by id, the last one first") {
  Batches b;
  for (const char* id : {"m", "z", "a"}) b.Insert(MakeBatch(id, 1));
  b.Insert(MakeBatch("b", 1, 1, 0, 11 * kSecond));
  std::string ids;
  for (int64_t offset = 0; offset < 4; ++offset) {
    auto list = b.jobs().ListExecutions("org_a", "nightly", 1, offset, false);
    REQUIRE(list.ok());
    REQUIRE(list->items.size() == 1);
    ids += list->items[0].id;
  }
  CHECK(ids == "bzma");
}

TEST_CASE("a refused task refuses the whole execution") {
  Batches b;
  NewJobExecution e = MakeBatch("one", 3);
  e.tasks[2].run.execution.id = e.tasks[0].run.execution.id;
  CHECK_FALSE(b.jobs().InsertExecution(std::move(e)).ok());
  CHECK(absl::IsNotFound(b.jobs().GetExecution("org_a", "nightly", "one", true).status()));
  CHECK(MustList(*b.store, "org_a").total == 0);
  b.Insert(MakeBatch("one", 1));
  CHECK(GetErrorInfo(b.jobs().InsertExecution(MakeBatch("one", 1))).code == error_code::kConflict);
  CheckInvariants(b.path);
}

TEST_CASE("the records of a batch are not the queue's, and only the batch cancels them") {
  Batches b;
  b.Insert(MakeBatch("one", 1));
  CHECK_FALSE(MustClaim(*b.store, "own_1").has_value());
  auto cancel = b.store->ports().runs->RequestCancel("org_a", "exe_one0", 12 * kSecond);
  CHECK(GetErrorInfo(cancel.status()).code == error_code::kConflict);
  MustInsert(*b.store, MakeRun("exe_plain", "org_a"));
  CHECK(ClaimedId(*b.store, "own_1") == "exe_plain");
}

TEST_CASE("a deleted job's executions are stopped for good, one by one, and stay under its name") {
  Batches b;
  b.Insert(MakeBatch("one", 2));
  b.Insert(MakeBatch("two", 2));
  auto line = b.Reserve("one", 1, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  // Nothing happens to those of a job that is there.
  REQUIRE(b.jobs().EndDeleted(b.Number("one"), 12 * kSecond).ok());
  CHECK(b.Get("one").state == JobState::kRunning);
  auto open = b.jobs().DeleteJob("org_a", "nightly", 12 * kSecond);
  REQUIRE(open.ok());
  REQUIRE(open->has_value());
  CHECK(**open == std::vector<int64_t>{b.Number("one"), b.Number("two")});
  CHECK_FALSE(b.jobs().FindJob("org_a", "nightly")->has_value());
  CHECK_FALSE(b.jobs().DeleteJob("org_a", "nightly", 13 * kSecond)->has_value());
  CHECK(b.Get("one").deleted_at == 12 * kSecond);
  // All at once would keep other writers waiting for as long as a job is large.
  CHECK(b.Get("one").state == JobState::kRunning);
  auto known = b.jobs().OpenExecutions(12 * kSecond);
  REQUIRE(known.ok());
  CHECK(known->size() == 2);
  for (const OpenExecution& e : *known) CHECK(e.job_deleted);
  REQUIRE(b.jobs().EndDeleted(b.Number("one"), 13 * kSecond).ok());
  JobExecution e = b.Get("one");
  CHECK(e.state == JobState::kCancelled);
  CHECK(e.tasks[0].reason == TaskReason::kJobDeleted);
  CHECK(e.completed_at == 13 * kSecond);
  CHECK_FALSE(IsEndState(b.Get("two").state));
  for (int i = 0; i < 2; ++i) {  // repeating it changes nothing
    for (int64_t k : **open) REQUIRE(b.jobs().EndDeleted(k, (14 + i) * kSecond).ok());
  }
  CHECK(b.Get("one").completed_at == 13 * kSecond);
  CHECK(b.Get("two").completed_at == 14 * kSecond);
  CHECK(b.Get("two").stats.cancelled == 2);
  CheckInvariants(b.path);
}

TEST_CASE("expired executions are forgotten with their results") {
  Batches b;
  b.Insert(MakeBatch("one", 1));
  b.Insert(MakeBatch("two", 1));
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "one", false, 20 * kSecond).ok());
  CHECK(*b.jobs().Prune(20 * kSecond, 10) == 0);
  CHECK(*b.jobs().Prune(21 * kSecond, 10) == 1);
  CHECK(absl::IsNotFound(b.jobs().GetExecution("org_a", "nightly", "one", true).status()));
  CHECK(b.State("two") == "pending");
  CHECK(MustGet(*b.store, "org_a", "exe_one0").input_json.empty());
}

// Everything of `owner` that is due at `now`.
std::vector<WebhookJob> Due(Batches& b, int64_t now) {
  WebhookClaim claim;
  claim.owner = "own_1";
  claim.now = now;
  claim.lease_until = now + kSecond;
  claim.most = 5;
  claim.most_unproven = claim.most_silent = claim.most_per_lane = 5;
  claim.load = [](const std::string&) { return WebhookLoad{}; };
  claim.load_at = [](const std::string&, const std::string&) { return 0; };
  auto claimed = b.store->ports().webhooks->Claim(claim);
  REQUIRE_MESSAGE(claimed.ok(), claimed.status().ToString());
  return std::move(claimed->jobs);
}

NewJobExecution Reporting(const std::string& id, const std::string& prefix, int64_t now) {
  NewJobExecution e = MakeBatch(id, 1, 2, 0, now);
  e.webhook_url = "https://example.com/" + prefix;
  e.request_key = prefix + id;
  e.tasks[0].run.execution.id = "exe_" + prefix + id;
  return e;
}

TEST_CASE("an id that is used again after retention ends, and tells its end, like the first") {
  Batches b;
  WebhookPort& webhooks = *b.store->ports().webhooks;
  for (const char* round : {"first", "second"}) {
    const int64_t now = (round == std::string("first") ? 20 : 40) * kSecond;
    b.Insert(Reporting("one", round, now));
    auto cancelled = b.jobs().Cancel("org_a", "nightly", "one", true, now);
    REQUIRE_MESSAGE(cancelled.ok(), cancelled.status().ToString());
    CHECK(b.State("one") == "cancelled");
    auto due = Due(b, now);
    REQUIRE(due.size() == 1);
    WebhookOutcome outcome;
    outcome.verdict = WebhookOutcome::Verdict::kDelivered;
    outcome.id = due[0].id;
    outcome.attempt = 1;
    outcome.status = 200;
    outcome.now = now;
    REQUIRE(webhooks.Finish(outcome).ok());
    CHECK(*b.jobs().Prune(now + kSecond, 10) == 1);
  }
  CheckInvariants(b.path);
}

TEST_CASE(
    "an execution stays as long as its delivery is open, and its number is its own for ever") {
  Batches b;
  b.Insert(Reporting("one", "mine", 10 * kSecond));
  const int64_t first = b.Number("one");
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "one", true, 20 * kSecond).ok());
  CHECK(*b.jobs().Prune(30 * kSecond, 10) == 0);
  auto due = Due(b, 31 * kSecond);
  REQUIRE(due.size() == 1);
  CHECK(due[0].url == "https://example.com/mine");
  WebhookOutcome outcome;
  outcome.verdict = WebhookOutcome::Verdict::kFailed;
  outcome.id = due[0].id;
  outcome.attempt = 1;
  outcome.now = 31 * kSecond;
  REQUIRE(b.store->ports().webhooks->Finish(outcome).ok());
  CHECK(*b.jobs().Prune(30 * kSecond, 10) == 1);
  b.Insert(Reporting("two", "other", 40 * kSecond));
  CHECK(b.Number("two") > first);
}

TEST_CASE("an older database keeps its numbers, and drops deliveries that lost their execution") {
  TemporaryDirectory folder;
  const std::string path = folder.File("old.db");
  {
    // As a version 10 leaves it: numbers may have been given out twice.
    RawDb old(path);
    for (int i = 0; i < kMigrationCount && kMigrations[i].version <= 10; ++i) {
      old.Run(kMigrations[i].sql);
    }
    old.Run("PRAGMA application_id = 0x534c5654; PRAGMA user_version = 10");
    old.Run(
        "INSERT INTO jobs VALUES (1, 'org_a', 'j', '{}', x'', 'u', 'u', 1, 1, 0);"
        "INSERT INTO job_executions (k, id, organization_id, job, job_name, user_id, total,"
        " parallelism, timeout_seconds, memory_mb, frozen, webhook_url, webhook_secret,"
        " request_key, request_hash, created_at, completed_at, updated_at) VALUES"
        " (3, 'kept', 'org_a', 1, 'j', 'u', 0, 1, 9, 9, '{}', 'https://a.example/', x'', 'k1', 'h',"
        "  100, 200, 200),"
        " (4, 'nightly', 'org_b', 1, 'j', 'u', 0, 1, 9, 9, '{}', 'https://b.example/', x'', 'k2',"
        "  'h', 100, 200, 200)");
    const std::string delivery =
        "INSERT INTO webhook_deliveries (id, organization_id, trigger_id, run_id, event,"
        " trigger_name, lane, due, created_at, batch, body) VALUES ";
    old.Run(delivery + "('whd_1', 'org_a', '', 'org_a/kept', 'e', 'j', 'a', 5, 200, 3, '{}')");
    // Of an execution that had number 4 before.
    old.Run(delivery + "('whd_2', 'org_a', '', 'org_a/gone', 'e', 'j', 'b', 5, 50, 4, '{}')");
    old.Run(delivery + "('whd_3', 'org_b', '', 'org_b/nightly', 'e', 'j', 'b', 7, 50, 4, '{}')");
    old.Run(delivery + "('whd_4', 'org_a', '', 'org_a/more', 'e', 'j', 'c', 5, 50, 9, '{}')");
    old.Run("INSERT INTO webhook_lanes VALUES ('a', 5), ('b', 5), ('c', 5)");
  }
  std::unique_ptr<Store> store = MustOpen(path);
  RawDb db(path);
  CHECK(db.Rows("SELECT k, id FROM job_executions ORDER BY k") ==
        std::vector<std::string>{"3|kept", "4|nightly"});
  CHECK(db.Rows("SELECT id FROM webhook_deliveries WHERE state = 0") ==
        std::vector<std::string>{"whd_1"});
  CHECK(db.Rows("SELECT lane FROM webhook_lanes WHERE next_due IS NOT NULL") ==
        std::vector<std::string>{"a"});
  JobRow row;
  row.organization_id = "org_a";
  row.name = "nightly";
  row.definition = "{}";
  REQUIRE(store->ports().jobs->InsertJob(row).ok());
  REQUIRE(store->ports().jobs->InsertExecution(MakeBatch("next", 1)).ok());
  CHECK(db.Value("SELECT k FROM job_executions WHERE id = 'next'") == "10");
  CHECK(db.Value("PRAGMA integrity_check") == "ok");
  CHECK(db.Rows("PRAGMA foreign_key_check").empty());
}

// One execution whose end waits to be delivered, and an attempt of that.
struct Undelivered : Batches {
  Undelivered() {
    RawDb(path).Run(
        "UPDATE jobs SET definition = '{\"webhook_url\":\"https://example.com/hook\"}'");
    for (const char* id : {"one", "two"}) {
      NewJobExecution e = MakeBatch(id, 1);
      e.webhook_url = "https://example.com/hook";
      Insert(std::move(e));
    }
    REQUIRE(jobs().Cancel("org_a", "nightly", "one", true, 13 * kSecond).ok());
    const WebhookJob delivery = ClaimDelivery();
    outcome.id = delivery.id;
    outcome.attempt = 1;
    outcome.url = delivery.url;
    outcome.now = 15 * kSecond;
    outcome.status = 500;
  }
  // What the one who started the batch was told about webhooks.
  std::vector<std::string> Told() {
    return RawDb(path).Rows(
        "SELECT user_id, n.type, message, data FROM notifications n"
        " JOIN notification_boxes b ON b.k = n.box WHERE title LIKE 'Webhook%'");
  }
  WebhookOutcome outcome;
};

TEST_CASE("who started a batch is told once that its end could not be delivered") {
  Undelivered u;
  u.outcome.verdict = WebhookOutcome::Verdict::kFailed;
  REQUIRE(u.store->ports().webhooks->Finish(u.outcome).ok());
  REQUIRE(u.store->ports().webhooks->Finish(u.outcome).ok());
  auto told = u.Told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("usr_1|") == 0);
  CHECK(told[0].find("batch \"nightly\" could not be delivered: the receiver answered 500.") !=
        std::string::npos);
  CHECK(told[0].find("\"execution_id\":\"one\"") != std::string::npos);
  CHECK(told[0].find("\"event_type\":\"job.execution.completed\"") != std::string::npos);
  CHECK(RawDb(u.path).Value("SELECT definition ->> '$.webhook_url' FROM jobs") ==
        "https://example.com/hook");
  CheckInvariants(u.path);
}

TEST_CASE("a receiver that is gone is taken off the job and what still runs") {
  Undelivered u;
  u.outcome.verdict = WebhookOutcome::Verdict::kGone;
  u.outcome.status = 410;
  REQUIRE(u.store->ports().webhooks->Finish(u.outcome).ok());
  REQUIRE(u.Told().size() == 1);
  CHECK(u.Told()[0].find("was removed from the job.") != std::string::npos);
  CHECK(RawDb(u.path).Value("SELECT definition ->> '$.webhook_url' FROM jobs") == "");
  REQUIRE(u.jobs().Cancel("org_a", "nightly", "two", true, 16 * kSecond).ok());
  CHECK(u.store->ports().webhooks->Count()->open == 0);
  CheckInvariants(u.path);
}

TEST_CASE("the end of an execution is told to its receiver once") {
  Batches b;
  NewJobExecution e = MakeBatch("one", 2);
  e.webhook_url = "https://example.com/hook";
  b.Insert(std::move(e));
  auto line = b.Reserve("one", 2, 11 * kSecond);
  REQUIRE(b.Start(line[0], 11 * kSecond));
  CHECK(b.End(line[0], TaskReason::kSolverOptimal, 12 * kSecond).ended);
  WebhookPort& webhooks = *b.store->ports().webhooks;
  CHECK(webhooks.Count()->open == 0);
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "one", true, 13 * kSecond).ok());
  CHECK(webhooks.Count()->open == 1);
  const WebhookJob delivery = b.ClaimDelivery();
  CHECK(delivery.url == "https://example.com/hook");
  CHECK_FALSE(delivery.sealed_secret.has_value());
  auto body = ParseJson(*webhooks.Payload(delivery.id));
  REQUIRE(body.ok());
  CHECK((*body)["event"].as_string() == "job.execution.completed");
  CHECK((*body)["data"]["status"].as_string() == "cancelled");
  CHECK((*body)["data"]["stats"]["success"].as_int() == 1);
  WebhookOutcome outcome;
  outcome.verdict = WebhookOutcome::Verdict::kFailed;
  outcome.id = delivery.id;
  outcome.attempt = 1;
  outcome.now = 15 * kSecond;
  CHECK(webhooks.Finish(outcome).ok());
  CHECK(webhooks.Count()->open == 0);
  CheckInvariants(b.path);
}

TEST_CASE("the status is a pure function of the tasks and two facts") {
  // Every way in which up to four tasks can stand, and every step that one of them can take.
  using Counts = std::array<int64_t, kTaskStates>;
  std::map<std::string, std::vector<std::string>> allowed = {
      {"queued", {"pending", "cancelled"}},
      {"pending", {"running", "cancelled"}},
      {"running", {"cancelling", "cancelled", "failed", "succeeded", "timeout"}},
      {"cancelling", {"cancelled", "failed", "succeeded"}},
  };
  const std::vector<std::pair<int, int>> steps = {{0, 2}, {1, 2}, {2, 3}, {2, 1}, {2, 4}};
  int looked_at = 0;
  for (int total = 1; total <= 4; ++total) {
    std::vector<Counts> all;
    auto fill = [&](auto& self, Counts c, int at, int left) -> void {
      if (at == kTaskStates - 1) {
        c[static_cast<size_t>(at)] = left;
        all.push_back(c);
        return;
      }
      for (int n = 0; n <= left; ++n) {
        c[static_cast<size_t>(at)] = n;
        self(self, c, at + 1, left - n);
      }
    };
    fill(fill, Counts{}, 0, total);
    for (const Counts& c : all) {
      if (c[5] > 0) continue;  // cancelled tasks come with a cause
      std::string before(ToString(StateOf(c, true, StopCause::kNone)));
      for (auto [from, to] : steps) {
        if (c[static_cast<size_t>(from)] == 0) continue;
        Counts next = c;
        --next[static_cast<size_t>(from)];
        ++next[static_cast<size_t>(to)];
        std::string after(ToString(StateOf(next, true, StopCause::kNone)));
        ++looked_at;
        if (before == after) continue;
        CAPTURE(before);
        CAPTURE(after);
        CHECK(std::count(allowed[before].begin(), allowed[before].end(), after) == 1);
      }
      // A cancel: all that wait are cancelled.
      Counts next = c;
      next[5] = next[0] + next[1];
      next[0] = next[1] = 0;
      if (c[0] + c[1] + c[2] > 0) {
        std::string after(ToString(StateOf(next, true, StopCause::kCancel)));
        CAPTURE(before);
        CAPTURE(after);
        CHECK(std::count(allowed[before].begin(), allowed[before].end(), after) == 1);
      }
    }
  }
  CHECK(looked_at > 200);
}

TEST_CASE("whatever happens in whatever order, tasks and records agree") {
  Batches b;
  std::mt19937 random(7);
  auto pick = [&random](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (const char* id : {"one", "two", "three"}) b.Insert(MakeBatch(id, 6, 2, 1));
  struct Known {
    ReservedTask task;
    std::string owner;
  };
  std::vector<Known> known;
  int64_t now = 20 * kSecond;
  int owners = 1;
  std::vector<std::string> ids = {"one", "two", "three"};
  for (int i = 0; i < 400; ++i) {
    now += kSecond / 4;
    const std::string& id = ids[static_cast<size_t>(pick(3))];
    std::string owner = "own_" + std::to_string(owners);
    switch (pick(i > 300 ? 12 : 10)) {
      case 0:
      case 1:
        for (ReservedTask& task : b.Reserve(id, 2, now, owner)) known.push_back({task, owner});
        break;
      case 2:
        b.store->ports().runs->TakeBack(owner, now).IgnoreError();
        MustRegister(*b.store, "own_" + std::to_string(++owners));
        break;
      case 10: b.jobs().Cancel("org_a", "nightly", id, pick(2) == 0, now).IgnoreError(); break;
      case 11: b.jobs().TimeOut(b.Number(id), now).IgnoreError(); break;
      default:
        if (known.empty()) break;
        const Known& k = known[static_cast<size_t>(pick(static_cast<int>(known.size())))];
        if (pick(2) == 0) {
          b.Start(k.task, now, k.owner);
        } else {
          AttemptStep step;
          step.owner = k.owner;
          step.now = now;
          step.end = Batches::Ending(
              k.task, pick(2) == 0 ? TaskReason::kSolverOptimal : TaskReason::kSolverCrashed);
          b.Step(std::move(step));
        }
    }
  }
  CheckInvariants(b.path);
  for (const std::string& id : ids) CHECK(b.Get(id).stats.total == 6);
}

}  // namespace
}  // namespace solvent
