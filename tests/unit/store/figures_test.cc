// What is counted as runs end, and what is read for an operator.
#include "figures_port.h"
#include "job_tools.h"
#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

FinishRun Solved(const std::string& id, const std::string& status, double seconds) {
  FinishRun finish = MakeFinish(id, "own");
  finish.solver_status = status;
  finish.execution_time_micros = static_cast<int64_t>(seconds * 1e6);
  return finish;
}

int64_t AllEnded(const EndedRuns& ended) {
  int64_t sum = 0;
  for (const auto& [outcome, runs] : ended.by_outcome) sum += runs.ended;
  return sum;
}

// Of the bucket that a duration falls into.
int64_t CountNear(const DurationHistogram& histogram, double seconds) {
  DurationHistogram one;
  one.Add(seconds);
  for (size_t i = 0; i < one.counts.size(); ++i) {
    if (one.counts[i] == 1) return histogram.counts[i];
  }
  return -1;
}

TEST_CASE("a histogram's bounds belong to the bucket below") {
  DurationHistogram h;
  for (double seconds : {-1.0, 0.0, 0.005, 0.0051, 3600.0, 3600.1, 1e9}) h.Add(seconds);
  CHECK(h.counts.front() == 3);
  CHECK(h.counts[1] == 1);
  CHECK(h.counts[h.counts.size() - 2] == 1);
  CHECK(h.counts.back() == 2);
  CHECK(h.count() == 7);
  CHECK(h.sum_seconds == doctest::Approx(0.0101 + 7200.1 + 1e9));
  DurationHistogram twice = h;
  twice.Add(h);
  CHECK(twice.count() == 14);
  CHECK(twice.counts.back() == 4);
}

TEST_CASE("each end of a run counts once, under its outcome, with its times") {
  TemporaryDirectory directory;
  std::unique_ptr<Store> store = MustOpen(directory.File("s.db"));
  FiguresPort& figures = *store->ports().figures;
  MustRegister(*store, "own");
  CHECK(AllEnded(figures.Ended()) == 0);
  for (const char* id : {"exe_a", "exe_b", "exe_c", "exe_d"}) {
    MustInsert(*store, MakeRun(id, "org_a", kSecond));
  }
  CHECK(ClaimedId(*store, "own", 3 * kSecond) == "exe_a");
  CHECK(ClaimedId(*store, "own", 41 * kSecond) == "exe_b");
  CHECK(AllEnded(figures.Ended()) == 0);

  MustFinish(*store, Solved("exe_a", "optimal", 0.2));
  EndedRuns now = figures.Ended();
  CHECK(AllEnded(now) == 1);
  CHECK(now.by_outcome["optimal"].ended == 1);
  CHECK(CountNear(now.by_outcome["optimal"].solve_seconds, 0.2) == 1);
  CHECK(now.by_outcome["optimal"].solve_seconds.sum_seconds == doctest::Approx(0.2));
  CHECK(now.wait_seconds.count() == 1);
  CHECK(CountNear(now.wait_seconds, 2) == 1);
  CHECK(now.batch_wait_seconds.count() == 0);

  // Told twice, it has ended once.
  MustFinish(*store, Solved("exe_a", "optimal", 0.2));
  CHECK(AllEnded(figures.Ended()) == 1);

  FinishRun failed = MakeFinish("exe_b", "own", RunState::kFailed);
  failed.execution_time_micros = 90 * kSecond;
  MustFinish(*store, failed);
  now = figures.Ended();
  CHECK(now.by_outcome["failed"].ended == 1);
  CHECK(CountNear(now.by_outcome["failed"].solve_seconds, 90) == 1);
  CHECK(CountNear(now.wait_seconds, 40) == 1);

  // One that never began has no times.
  CHECK(store->ports().runs->RequestCancel("org_a", "exe_c", 5 * kSecond).value() ==
        CancelOutcome::kCancelled);
  now = figures.Ended();
  CHECK(now.by_outcome["cancelled"].ended == 1);
  CHECK(now.by_outcome["cancelled"].solve_seconds.count() == 0);
  CHECK(now.wait_seconds.count() == 2);

  // One that is put back has not ended, and its wait counts to its last beginning.
  CHECK(ClaimedId(*store, "own", 6 * kSecond) == "exe_d");
  CHECK(store->ports().runs->Release("own", "exe_d", 7 * kSecond).value());
  CHECK(AllEnded(figures.Ended()) == 3);
  CHECK(ClaimedId(*store, "own", 401 * kSecond) == "exe_d");
  MustFinish(*store, Solved("exe_d", "infeasible", 1));
  now = figures.Ended();
  CHECK(now.by_outcome["infeasible"].ended == 1);
  CHECK(CountNear(now.wait_seconds, 400) == 1);
  CHECK(now.wait_seconds.count() == 3);
}

TEST_CASE("an end that could not be written is not counted") {
  TemporaryDirectory directory;
  const std::string path = directory.File("s.db");
  std::unique_ptr<Store> store = MustOpen(path);
  MustRegister(*store, "own");
  MustInsert(*store, MakeRun("exe_a", "org_a"));
  REQUIRE(ClaimedId(*store, "own") == "exe_a");
  {
    RawDb db(path);
    db.Run(
        "CREATE TRIGGER no_ends BEFORE INSERT ON run_outputs"
        " BEGIN SELECT raise(ABORT, 'no'); END");
  }
  CHECK_FALSE(store->ports().runs->Finish(Solved("exe_a", "optimal", 1)).ok());
  CHECK(AllEnded(store->ports().figures->Ended()) == 0);
  RawDb(path).Run("DROP TRIGGER no_ends");
  MustFinish(*store, Solved("exe_a", "optimal", 1));
  CHECK(AllEnded(store->ports().figures->Ended()) == 1);
}

TEST_CASE("the queue is told apart from batches, and its oldest run is found past priorities") {
  StatementTrace trace;
  Batches b;
  Store* store = b.store.get();
  FiguresPort& figures = *store->ports().figures;
  auto waiting = [&] { return figures.WaitingRuns().value(); };
  auto batches = [&] { return figures.Batches().value(); };
  CHECK(waiting().count == 0);
  CHECK(waiting().oldest_created_at == 0);
  CHECK(batches().executions == 0);

  b.Insert(MakeBatch("one", 5, 2, 0, kSecond));
  CHECK(waiting().count == 0);
  CHECK(batches().executions == 1);
  CHECK(batches().tasks_pending == 5);
  CHECK(batches().tasks_running == 0);
  std::vector<ReservedTask> line = b.Reserve("one", 2, 11 * kSecond);
  REQUIRE(b.Start(line.at(0), 11 * kSecond));
  REQUIRE(b.Start(line.at(1), 11 * kSecond));
  b.End(line.at(1), TaskReason::kSolverOptimal, 12 * kSecond);
  CHECK(batches().tasks_pending == 3);
  CHECK(batches().tasks_running == 1);
  CHECK(waiting().count == 0);

  MustInsert(*store, MakeRun("exe_old", "org_a", 2 * kSecond, -5));
  MustInsert(*store, MakeRun("exe_new", "org_a", 9 * kSecond, 5));
  MustInsert(*store, MakeRun("exe_other", "org_b", 4 * kSecond));
  CHECK(waiting().count == 3);
  CHECK(waiting().oldest_created_at == 2 * kSecond);
  // The low priority waits on.
  CHECK(ClaimedId(*store, "own_1", 10 * kSecond) != "exe_old");
  CHECK(ClaimedId(*store, "own_1", 10 * kSecond) != "exe_old");
  CHECK(waiting().count == 1);
  CHECK(waiting().oldest_created_at == 2 * kSecond);
  CHECK(ClaimedId(*store, "own_1", 10 * kSecond) == "exe_old");
  CHECK(waiting().count == 0);
  CHECK(waiting().oldest_created_at == 0);

  const StoreSize size = figures.Size().value();
  CHECK(size.bytes > 100'000);
  CHECK(size.free_bytes < size.bytes);
  CHECK(size.journal_bytes > 0);
  REQUIRE(store->ports().webhooks->Count().ok());

  // None of it looks at more than what waits.
  RawDb db(b.path);
  int looked_at = 0;
  for (const std::string& sql : trace.statements()) {
    const bool ours = sql.find("AND priority < ") != std::string::npos ||
                      sql.find("FROM job_executions WHERE completed_at = 0") != std::string::npos ||
                      sql.find("FROM webhook_deliveries WHERE") != std::string::npos;
    if (!ours || sql.find("CREATE") != std::string::npos) continue;
    ++looked_at;
    for (const std::string& step : db.Rows("EXPLAIN QUERY PLAN " + sql)) {
      CAPTURE(sql);
      CAPTURE(step);
      CHECK(step.find("TEMP B-TREE") == std::string::npos);
      if (step.find("executions ") != std::string::npos && step.find("job_") == std::string::npos) {
        CHECK(step.find("USING INDEX executions_queue (org=? AND priority<?)") !=
              std::string::npos);
      }
      CHECK(step.find("job_tasks") == std::string::npos);
      if (step.find("SCAN ") == std::string::npos) continue;
      const bool of_open_ones = step.find("run_facets_turn") != std::string::npos ||
                                step.find("job_executions_open") != std::string::npos ||
                                step.find("job_executions_of_job") != std::string::npos ||
                                step.find("webhook_deliveries_due") != std::string::npos;
      CHECK(of_open_ones);
    }
  }
  CHECK(looked_at >= 3);
}

}  // namespace
}  // namespace solvent
