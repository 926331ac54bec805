#include "run_queue.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "result_json.h"
#include "solvent/error.h"
#include "solvent/json.h"
#include "test_engine.h"

using namespace solvent;
using namespace std::chrono_literals;

namespace {

Execution MustWait(TestEngine& engine, const std::string& id) {
  auto execution = engine.queue->Wait(engine.caller.organization_id, id, 20s);
  REQUIRE(execution.ok());
  REQUIRE(IsEndState(execution->state));
  return *std::move(execution);
}

std::string MustSubmit(TestEngine& engine, Submission submission = SmallSubmission()) {
  auto submitted = engine.queue->Submit(engine.caller, std::move(submission));
  REQUIRE_MESSAGE(submitted.ok(), submitted.status().ToString());
  return submitted->execution.id;
}

}  // namespace

TEST_CASE("a submitted run is recorded first and solved later") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  std::string id = MustSubmit(engine);
  auto pending = engine.queue->Get(engine.caller.organization_id, id);
  REQUIRE(pending.ok());
  CHECK(pending->state == RunState::kPending);
  CHECK(pending->completed_at == 0);
  REQUIRE(engine.queue->Start().ok());
  Execution ended = MustWait(engine, id);
  CHECK(ended.state == RunState::kCompleted);
  CHECK(ended.objective_value == 6);
  CHECK(ended.solver_status == "optimal");
  CHECK(ended.credits_used == 1);
  CHECK(ended.completed_at >= ended.started_at);
  CHECK(ended.started_at >= ended.created_at);
  auto result = ParseJson(ended.result_json);
  REQUIRE(result.ok());
  CHECK((*result)["solution"]["x"].as_double() == 3);
  auto stored = engine.queue->Get(engine.caller.organization_id, id);
  CHECK(stored->result_json == ended.result_json);
}

TEST_CASE("a run that starts at once is on disk when its caller hears of it") {
  TemporaryFolder folder;
  std::string id;
  {
    TestEngine engine(folder.File("a.db"));
    REQUIRE(engine.queue->Start().ok());
    auto submitted = engine.queue->SubmitAndWait(engine.caller, SmallSubmission(4), 20s);
    REQUIRE(submitted.ok());
    CHECK(submitted->execution.state == RunState::kCompleted);
    CHECK(submitted->execution.objective_value == 8);
    id = submitted->execution.id;
    TestEngine reader(folder.File("a.db"));
    auto seen = reader.queue->Get(reader.caller.organization_id, id);
    REQUIRE(seen.ok());
    CHECK(seen->state == RunState::kCompleted);
  }
}

TEST_CASE("who hears of an end finds the slot free") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  std::string id = MustSubmit(engine);
  std::promise<int> busy;
  auto watch = engine.queue->WatchRun(engine.caller.organization_id, id, [&](const RunEvent& e) {
    if (e.kind == RunEvent::Kind::kEnded) busy.set_value(engine.queue->Status()->busy);
  });
  REQUIRE(watch.ok());
  REQUIRE(engine.queue->Start().ok());
  std::future<int> seen = busy.get_future();
  REQUIRE(seen.wait_for(20s) == std::future_status::ready);
  CHECK(seen.get() == 0);
}

TEST_CASE("a client that asks again at once is served directly by the only slot") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  REQUIRE(engine.queue->Start().ok());
  int direct = 0;
  for (int i = 0; i < 50; ++i) {
    auto submitted = engine.queue->SubmitAndWait(engine.caller, SmallSubmission(), 20s);
    REQUIRE(submitted.ok());
    // A run that goes through the queue starts later than it was made.
    direct += submitted->execution.started_at == submitted->execution.created_at;
  }
  // The first ones may come before the queue has found out that it is empty.
  CHECK(direct > 25);
}

TEST_CASE("a process that was taken for dead works on under a new lease") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  engine.backend.SetScript(ScriptedBackend::UntilStopped);
  REQUIRE(engine.queue->Start().ok());
  std::string held = MustSubmit(engine);
  engine.backend.WaitForSolves(1);
  auto owners = engine.store->ports().runs->Owners();
  REQUIRE(owners.ok());
  REQUIRE(owners->size() == 1);
  auto taken = engine.store->ports().runs->TakeBack((*owners)[0].id, 0);
  REQUIRE(taken.ok());
  CHECK(*taken == 1);
  engine.backend.SetScript({});
  // Its only slot still works on the run, which waits in the queue again.
  REQUIRE(engine.queue->Cancel(engine.caller.organization_id, held).ok());
  CHECK(MustWait(engine, held).state == RunState::kCancelled);
  CHECK(MustWait(engine, MustSubmit(engine)).state == RunState::kCompleted);
}

TEST_CASE("a caller who does not want to wait longer gets the running record") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  engine.backend.SetScript(ScriptedBackend::UntilStopped);
  REQUIRE(engine.queue->Start().ok());
  auto submitted = engine.queue->SubmitAndWait(engine.caller, SmallSubmission(), 50ms);
  REQUIRE(submitted.ok());
  CHECK_FALSE(IsEndState(submitted->execution.state));  // its slot may still be starting
  engine.backend.WaitForSolves(1);
  auto waited = engine.queue->Wait(engine.caller.organization_id, submitted->execution.id, 20ms);
  REQUIRE(waited.ok());
  CHECK(waited->state == RunState::kRunning);
  auto cancelled = engine.queue->Cancel(engine.caller.organization_id, submitted->execution.id);
  REQUIRE(cancelled.ok());
  CHECK(*cancelled == CancelResult::kRequested);
  CHECK(MustWait(engine, submitted->execution.id).state == RunState::kCancelled);
  CHECK(*engine.queue->Cancel(engine.caller.organization_id, submitted->execution.id) ==
        CancelResult::kAlreadyEnded);
}

TEST_CASE("watchers in another process see the progress that was stored, and the end") {
  TemporaryFolder folder;
  TestEngine solving(folder.File("a.db"));
  solving.backend.SetScript(ScriptedBackend::UntilStopped);
  REQUIRE(solving.queue->Start().ok());
  std::string id = MustSubmit(solving);
  solving.backend.WaitForSolves(1);

  TestEngine watching(folder.File("a.db"));
  REQUIRE(watching.queue->Start().ok());
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<RunEvent> events;
  auto watch =
      watching.queue->WatchRun(watching.caller.organization_id, id, [&](const RunEvent& event) {
        std::lock_guard<std::mutex> lock(mutex);
        events.push_back(event);
        changed.notify_all();
      });
  REQUIRE(watch.ok());
  Progress progress;
  progress.phase = SolvePhase::kTree;
  progress.incumbent = 12.5;
  progress.nodes = 7;
  progress.elapsed_seconds = 3;
  solving.store->ports().runs->SaveProgress(id, RenderProgress(progress, 0.25));
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return !events.empty(); });
    CHECK(events[0].kind == RunEvent::Kind::kProgress);
    CHECK(events[0].state == RunState::kRunning);
    CHECK(events[0].fraction == 0.25);
    CHECK(events[0].progress.phase == SolvePhase::kTree);
    CHECK(events[0].progress.incumbent == 12.5);
    CHECK(std::isnan(events[0].progress.bound));
    CHECK(events[0].progress.nodes == 7);
  }
  REQUIRE(watching.queue->Cancel(watching.caller.organization_id, id).ok());
  Execution ended = MustWait(solving, id);
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return events.back().kind == RunEvent::Kind::kEnded; });
  CHECK(events.back().state == RunState::kCancelled);
  CHECK(events.back().sequence == EndSequence(ended));
  for (size_t i = 1; i < events.size(); ++i) CHECK(events[i].sequence > events[i - 1].sequence);
}

TEST_CASE("an end is either the answer to the call or told later") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  NotificationPort& notifications = *engine.store->ports().notifications;
  auto unread = [&] {
    return notifications.UnreadCount(engine.caller.organization_id, engine.caller.user_id).value();
  };
  REQUIRE(engine.queue->Start().ok());
  CHECK(IsEndState(
      engine.queue->SubmitAndWait(engine.caller, SmallSubmission(), 20s)->execution.state));
  CHECK(unread() == 0);

  Submission told = SmallSubmission();
  told.notify = NotifyEnd::kAlways;
  CHECK(IsEndState(
      engine.queue->SubmitAndWait(engine.caller, std::move(told), 20s)->execution.state));
  CHECK(unread() == 1);

  // Given up on, at once or after a while, by way of the queue or started directly.
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  engine.backend.SetScript([&](const Problem& problem, const auto&, const auto&) {
    std::unique_lock<std::mutex> lock(mutex);
    opened.wait(lock, [&] { return open; });
    return ScriptedBackend::Cheapest(problem);
  });
  auto direct = engine.queue->SubmitAndWait(engine.caller, SmallSubmission(), 20ms);
  auto queued = engine.queue->SubmitAndWait(engine.caller, SmallSubmission(), 20ms);
  auto unwaited = engine.queue->SubmitAndWait(engine.caller, SmallSubmission(), 0ms);
  auto asynchronous = engine.queue->Submit(engine.caller, SmallSubmission());
  Submission silent = SmallSubmission();
  silent.notify = NotifyEnd::kNever;
  auto never = engine.queue->SubmitAndWait(engine.caller, std::move(silent), 0ms);
  CHECK(unread() == 1);
  {
    std::lock_guard<std::mutex> lock(mutex);
    open = true;
  }
  opened.notify_all();
  for (const auto& run : {direct, queued, unwaited, asynchronous, never}) {
    REQUIRE(run.ok());
    CHECK_FALSE(IsEndState(run->execution.state));
    MustWait(engine, run->execution.id);
  }
  CHECK(unread() == 5);
}

TEST_CASE("results, limits and failures become end states") {
  struct Case {
    SolveStatus status;
    bool point;
    RunState state;
  };
  for (const Case& c : {Case{SolveStatus::kInfeasible, false, RunState::kCompleted},
                        Case{SolveStatus::kUnbounded, false, RunState::kCompleted},
                        Case{SolveStatus::kFeasible, true, RunState::kCompleted},
                        Case{SolveStatus::kTimeLimit, true, RunState::kCompleted},
                        Case{SolveStatus::kTimeLimit, false, RunState::kTimeout},
                        Case{SolveStatus::kError, false, RunState::kFailed}}) {
    CAPTURE(ToString(c.status));
    TemporaryFolder folder;
    TestEngine engine(folder.File("a.db"));
    engine.backend.SetScript([c](const Problem& problem, const auto&, const auto&) {
      SolveResult result = ScriptedBackend::Cheapest(problem);
      result.status = c.status;
      result.has_point = c.point;
      if (!c.point) result.x.clear();
      if (c.status == SolveStatus::kError) result.error = "broken";
      return result;
    });
    REQUIRE(engine.queue->Start().ok());
    Execution ended = MustWait(engine, MustSubmit(engine));
    CHECK(ended.state == c.state);
    CHECK(ended.result_json.empty() == (c.state != RunState::kCompleted));
    CHECK(ended.objective_value.has_value() == (c.point && c.state == RunState::kCompleted));
    CHECK(ended.error_message.empty() == (c.state == RunState::kCompleted));
    CHECK((ended.credits_used > 0) == (c.state == RunState::kCompleted));
  }
}

TEST_CASE("a run that ends without a result says whether a solution was known") {
  for (bool known : {false, true}) {
    TemporaryFolder folder;
    TestEngine engine(folder.File("a.db"));
    engine.backend.SetScript([known](const Problem&, const auto&, const auto&) {
      SolveResult result;
      result.status = SolveStatus::kTimeLimit;
      Progress progress;
      progress.incumbent = 9.5;
      if (known) result.history.push_back(progress);
      return result;
    });
    REQUIRE(engine.queue->Start().ok());
    Execution ended = MustWait(engine, MustSubmit(engine));
    CHECK(ended.state == RunState::kTimeout);
    CHECK(ended.error_message ==
          (known ? "the time limit passed; a solution with objective 9.5 was known, but could not "
                   "be kept"
                 : "the time limit passed before a solution was found"));
  }
}

TEST_CASE("a run may cost two worker processes but not three") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  std::atomic<int> deaths{2};
  std::atomic<double> time_limit{1e9};
  engine.backend.SetScript([&](const Problem& problem, const SolveOptions& options,
                               const auto&) -> absl::StatusOr<SolveResult> {
    // All attempts share the time of one.
    CHECK(options.time_limit_seconds < time_limit);
    time_limit = options.time_limit_seconds;
    if (deaths.fetch_sub(1) > 0) return absl::AbortedError("worker killed by signal 11");
    return ScriptedBackend::Cheapest(problem);
  });
  REQUIRE(engine.queue->Start().ok());
  Execution survived = MustWait(engine, MustSubmit(engine));
  CHECK(survived.state == RunState::kCompleted);
  CHECK(survived.crashes == 2);
  time_limit = 1e9;
  deaths = 1000;
  Execution failed = MustWait(engine, MustSubmit(engine));
  CHECK(failed.state == RunState::kFailed);
  CHECK(failed.error_message.find("3 times") != std::string::npos);
  CHECK(failed.error_message.find("signal 11") != std::string::npos);
  CHECK(failed.crashes == 3);
  CHECK(deaths == 997);
}

TEST_CASE("stopping puts a run back and the next start resumes it") {
  TemporaryFolder folder;
  std::string running;
  std::string waiting;
  {
    TestEngine engine(folder.File("a.db"));
    engine.backend.SetScript(ScriptedBackend::UntilStopped);
    REQUIRE(engine.queue->Start().ok());
    running = MustSubmit(engine);
    engine.backend.WaitForSolves(1);
    waiting = MustSubmit(engine);
    std::future<absl::StatusOr<Execution>> waiter = std::async(std::launch::async, [&] {
      return engine.queue->Wait(engine.caller.organization_id, waiting, 60s);
    });
    engine.queue->Stop();
    auto told = waiter.get();
    REQUIRE(told.ok());
    CHECK(told->state == RunState::kPending);
  }
  TestEngine engine(folder.File("a.db"));
  CHECK(engine.queue->Get(engine.caller.organization_id, running)->state == RunState::kPending);
  REQUIRE(engine.queue->Start().ok());
  CHECK(MustWait(engine, running).state == RunState::kCompleted);
  CHECK(MustWait(engine, waiting).state == RunState::kCompleted);
  CHECK(MustWait(engine, running).crashes == 0);
}

TEST_CASE("a cancel outlives the process that was solving") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  engine.backend.SetScript(ScriptedBackend::UntilStopped);
  REQUIRE(engine.queue->Start().ok());
  std::string id = MustSubmit(engine);
  engine.backend.WaitForSolves(1);
  TestEngine other(folder.File("a.db"));
  // The other process knows only the database; the solving one finds the request there.
  REQUIRE(other.queue->Cancel(other.caller.organization_id, id).ok());
  CHECK(MustWait(engine, id).state == RunState::kCancelled);
}

TEST_CASE("a pending run is cancelled on the spot") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  std::string id = MustSubmit(engine);
  std::vector<RunEvent::Kind> events;
  auto watch = engine.queue->WatchRun(engine.caller.organization_id, id,
                                      [&](const RunEvent& event) { events.push_back(event.kind); });
  REQUIRE(watch.ok());
  CHECK(*engine.queue->Cancel(engine.caller.organization_id, id) == CancelResult::kRequested);
  CHECK(engine.queue->Get(engine.caller.organization_id, id)->state == RunState::kCancelled);
  CHECK(events == std::vector<RunEvent::Kind>{RunEvent::Kind::kEnded});
  CHECK(engine.backend.solves() == 0);
}

TEST_CASE("watchers see progress that never goes back, then one end") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  engine.backend.SetScript([](const Problem& problem, const auto&, const SolveMonitor& monitor) {
    for (double gap : {0.9, 0.5, 0.7, 0.2}) {
      Progress progress;
      progress.phase = SolvePhase::kTree;
      progress.incumbent = 10;
      progress.gap = gap;
      monitor.on_progress(progress);
    }
    return ScriptedBackend::Cheapest(problem);
  });
  std::string id = MustSubmit(engine);
  std::vector<double> fractions;
  int ends = 0;
  std::promise<void> done;
  auto watch = engine.queue->WatchRun(engine.caller.organization_id, id, [&](const RunEvent& e) {
    if (e.kind == RunEvent::Kind::kProgress) fractions.push_back(e.fraction);
    if (e.kind == RunEvent::Kind::kEnded && ++ends == 1) {
      CHECK(e.execution->objective_value == 6);
      done.set_value();
    }
  });
  REQUIRE(watch.ok());
  REQUIRE(engine.queue->Start().ok());
  REQUIRE(done.get_future().wait_for(20s) == std::future_status::ready);
  REQUIRE(fractions.size() == 4);
  CHECK(fractions == std::vector<double>{1 - 0.9, 0.5, 0.5, 0.8});
  CHECK(ends == 1);
  auto record = engine.queue->Get(engine.caller.organization_id, id);
  auto progress = ParseJson(record->progress_json);
  REQUIRE(progress.ok());
  CHECK((*progress)["gap"].as_double() == 0.2);
}

TEST_CASE("bad submissions are refused and leave nothing behind") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"), 1, 2);
  Submission unknown = SmallSubmission();
  unknown.solver_name = "hal";
  auto refused = engine.queue->Submit(engine.caller, std::move(unknown));
  CHECK(GetErrorInfo(refused.status()).code == "validation_error");
  Submission crooked = SmallSubmission();
  crooked.problem.column_lower[0] = 99;
  CHECK(absl::IsInvalidArgument(engine.queue->Submit(engine.caller, std::move(crooked)).status()));
  Submission urgent = SmallSubmission();
  urgent.priority = 101;
  CHECK_FALSE(engine.queue->Submit(engine.caller, std::move(urgent)).ok());
  Submission disguised = SmallSubmission();
  disguised.origin = kBatchOrigin;
  CHECK(
      absl::IsInvalidArgument(engine.queue->Submit(engine.caller, std::move(disguised)).status()));
  ExecutionFilter all;
  CHECK(engine.queue->List(engine.caller.organization_id, all, {})->total == 0);
  MustSubmit(engine);
  MustSubmit(engine);
  auto full = engine.queue->Submit(engine.caller, SmallSubmission());
  CHECK(absl::IsResourceExhausted(full.status()));
  CHECK(engine.queue->List(engine.caller.organization_id, all, {})->total == 2);
}

TEST_CASE("a repeated key returns the first run") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  REQUIRE(engine.queue->Start().ok());
  auto keyed = [](std::string hash) {
    Submission submission = SmallSubmission();
    submission.idempotency_key = "k";
    submission.idempotency_route = "/solve";
    submission.request_hash = std::move(hash);
    return submission;
  };
  auto first = engine.queue->SubmitAndWait(engine.caller, keyed("h"), 20s);
  auto again = engine.queue->SubmitAndWait(engine.caller, keyed("h"), 20s);
  REQUIRE(first.ok());
  REQUIRE(again.ok());
  CHECK_FALSE(first->replayed);
  CHECK(again->replayed);
  CHECK(again->execution.id == first->execution.id);
  CHECK(again->execution.result_json == first->execution.result_json);
  auto other = engine.queue->Submit(engine.caller, keyed("different"));
  CHECK(GetErrorInfo(other.status()).code == "idempotency_key_reused");
  CHECK(engine.backend.solves() == 1);
}

TEST_CASE("a warm start comes from an earlier run of the same organization") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  REQUIRE(engine.queue->Start().ok());
  std::string first = MustSubmit(engine);
  MustWait(engine, first);
  std::vector<double> start;
  engine.backend.SetScript([&](const Problem& problem, const SolveOptions& options, const auto&) {
    start = options.warm_start;
    return ScriptedBackend::Cheapest(problem);
  });
  Submission second = SmallSubmission();
  second.warm_start_execution_id = first;
  MustWait(engine, MustSubmit(engine, std::move(second)));
  CHECK(start == std::vector<double>{3});
  Submission third = SmallSubmission();
  third.warm_start_execution_id = "exe_0000000000000000";
  MustWait(engine, MustSubmit(engine, std::move(third)));
  CHECK(start.empty());
}

TEST_CASE("many callers on several slots each get their own answer") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"), 3);
  REQUIRE(engine.queue->Start().ok());
  std::vector<std::future<void>> callers;
  std::atomic<int> right{0};
  for (int t = 0; t < 8; ++t) {
    callers.push_back(std::async(std::launch::async, [&engine, &right, t] {
      for (int i = 0; i < 25; ++i) {
        double lower = 1 + (t * 25 + i) % 9;
        auto submitted = engine.queue->SubmitAndWait(engine.caller, SmallSubmission(lower), 20s);
        if (submitted.ok() && submitted->execution.objective_value == 2 * lower) ++right;
      }
    }));
  }
  for (auto& caller : callers) caller.get();
  CHECK(right == 200);
  ExecutionFilter completed;
  completed.state = RunState::kCompleted;
  CHECK(engine.queue->List(engine.caller.organization_id, completed, {})->total == 200);
  CHECK(engine.backend.solves() == 200);
}

TEST_CASE("what a host's callbacks throw ends no thread") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  REQUIRE(engine.queue->Start().ok());
  // A run that does not start at once goes without its reporter: one of these does start.
  absl::StatusOr<Submitted> done;
  bool reported = false;
  for (int i = 0; i < 200 && !reported; ++i) {
    Submission submission = SmallSubmission();
    submission.reporter = [](const SolveResult&) -> absl::StatusOr<Json> {
      throw std::runtime_error("mine");
    };
    done = engine.queue->SubmitAndWait(engine.caller, std::move(submission), 20s);
    REQUIRE(done.ok());
    REQUIRE(done->execution.state == RunState::kCompleted);
    reported = done->execution.result_json.find("mine") != std::string::npos;
  }
  CHECK(reported);
  auto watch = engine.queue->WatchRun(engine.caller.organization_id, done->execution.id,
                                      [](const RunEvent&) { throw 5; });
  CHECK(watch.ok());
  CHECK(absl::IsInvalidArgument(
      engine.queue->WatchRun(engine.caller.organization_id, done->execution.id, nullptr).status()));
}

TEST_CASE("options that no solver could keep are refused by name") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  auto refused = [&](auto change, std::string_view pointer) {
    Submission submission = SmallSubmission();
    change(submission);
    auto submitted = engine.queue->Submit(engine.caller, std::move(submission));
    ErrorInfo info = GetErrorInfo(submitted.status());
    return info.fields.size() == 1 && info.fields[0].pointer == pointer;
  };
  CHECK(refused([](auto& s) { s.options.absolute_gap = std::nan(""); }, "/options/absolute_gap"));
  CHECK(refused([](auto& s) { s.options.node_limit = -1; }, "/options/node_limit"));
  CHECK(refused([](auto& s) { s.options.threads = -1; }, "/options/threads"));
  CHECK(refused([](auto& s) { s.name = std::string(2000, 'x'); }, "/name"));
  Submission twins = SmallSubmission();
  ProblemBuilder b;
  b.AddColumn("x", 0, 1, ColumnType::kContinuous);
  b.AddColumn("x", 0, 1, ColumnType::kContinuous);
  twins.problem = *std::move(b).Build();
  auto submitted = engine.queue->Submit(engine.caller, std::move(twins));
  CHECK(absl::IsInvalidArgument(submitted.status()));
  CHECK(Message(submitted.status()).find("\"x\"") != std::string_view::npos);
}

TEST_CASE("a start that came with a run is kept while the run waits") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  SolveOptions seen;
  engine.backend.SetScript([&](const Problem& problem, const SolveOptions& options, const auto&) {
    seen = options;
    return ScriptedBackend::Cheapest(problem);
  });
  Submission submission = SmallSubmission();
  submission.options.warm_start = {1.0 / 3};
  submission.options.start_columns = {BasisStatus::kAtLower};
  submission.options.memory_limit_bytes = int64_t{1} << 30;
  submission.options.grace_seconds = 2.5;
  const std::string id = MustSubmit(engine, std::move(submission));
  REQUIRE(engine.queue->Start().ok());
  MustWait(engine, id);
  CHECK(seen.warm_start == std::vector<double>{1.0 / 3});
  CHECK(seen.start_columns == std::vector<BasisStatus>{BasisStatus::kAtLower});
  CHECK(seen.memory_limit_bytes == int64_t{1} << 30);
  CHECK(seen.grace_seconds == 2.5);
}

TEST_CASE("waiting for ever is waiting for the end") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  REQUIRE(engine.queue->Start().ok());
  auto done = engine.queue->Wait(engine.caller.organization_id, MustSubmit(engine),
                                 std::chrono::milliseconds::max());
  REQUIRE(done.ok());
  CHECK(done->state == RunState::kCompleted);
}
