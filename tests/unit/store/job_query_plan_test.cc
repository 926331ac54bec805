// Every statement on batches finds its rows by an index, however many there are. All that the port
// can do is done once, and SQLite asked how it would do each statement that this took.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "job_tools.h"
#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

void DoEverything(Batches& b) {
  JobPort& jobs = b.jobs();
  // Jobs.
  JobRow row;
  row.organization_id = "org_a";
  row.name = "other";
  row.definition = "{}";
  REQUIRE(jobs.InsertJob(row).ok());
  CHECK(jobs.FindJob("org_a", "other")->has_value());
  int64_t total = 0;
  CHECK(jobs.ListJobs("org_a", 10, 0, &total)->size() == 2);
  CHECK(*jobs.UpdateJob(row, true));

  // Executions, more than there are places.
  for (const char* id : {"one", "two", "three"}) {
    NewJobExecution e = MakeBatch(id, 6, 2, 1);
    e.webhook_url = "https://example.com/hook";
    if (id == std::string_view("one")) e.room = {"own_1", 2};
    b.Insert(std::move(e));
  }
  CHECK(jobs.FindStart("org_a", "one", "")->has_value());
  CHECK(jobs.FindStart("org_a", "none", "key of two")->has_value());
  CHECK(b.State("three") == "queued");
  CHECK(jobs.ListExecutions("org_a", "nightly", 10, 0, true)->total == 3);
  CHECK(jobs.ListExecutions("org_a", "nightly", 10, 0, false)->total == 3);
  CHECK(jobs.OpenExecutions(11 * kSecond)->size() == 2);
  CHECK(b.store->ports().figures->Batches()->executions == 3);

  // Attempts that succeed, fail and wait, are put back, and die with their owner.
  std::vector<ReservedTask> line = b.Reserve("one", 6, 11 * kSecond);
  REQUIRE(b.Start(line.at(0), 11 * kSecond));
  CHECK(b.End(line.at(0), TaskReason::kSolverOptimal, 12 * kSecond).ended);
  REQUIRE(b.Start(line.at(1), 12 * kSecond));
  CHECK(b.End(line.at(1), TaskReason::kSolverCrashed, 13 * kSecond).due > 0);
  REQUIRE(b.Start(line.at(2), 13 * kSecond));
  AttemptStep back;
  back.now = 14 * kSecond;
  back.end = Batches::Ending(line.at(2), TaskReason::kNone);
  back.end->outcome = AttemptOutcome::kPutBack;
  CHECK(b.Step(std::move(back)).ended);
  REQUIRE(jobs.Unreserve("own_1", {line.at(5)}).ok());
  REQUIRE(b.Start(line.at(3), 14 * kSecond));
  REQUIRE(b.store->ports().runs->TakeBack("own_1", 15 * kSecond).ok());
  MustRegister(*b.store, "own_2");
  CHECK(b.Reserve("one", 9, 16 * kSecond, "own_2").size() == 5);

  // What is read of one.
  CHECK(jobs.GetExecution("org_a", "nightly", "one", true).ok());
  CHECK(jobs.ListTasks("org_a", "nightly", "one", 2, 2)->has_more);
  CHECK(jobs.GetTask("org_a", "nightly", "one", "task-3")->attempts.size() == 1);
  JobExecution execution;
  CHECK(jobs.Outcomes("org_a", "nightly", "one", &execution)->size() == 6);

  // Ends, each in its way; the places go to those that wait, and receivers are told.
  CHECK(jobs.Cancel("org_a", "nightly", "two", false, 20 * kSecond)->changed);
  WebhookOutcome outcome;
  const WebhookJob delivery = b.ClaimDelivery("own_2", 21 * kSecond);
  outcome.verdict = WebhookOutcome::Verdict::kGone;
  outcome.id = delivery.id;
  outcome.attempt = 1;
  outcome.url = delivery.url;
  outcome.status = 410;
  outcome.now = 22 * kSecond;
  REQUIRE(b.store->ports().webhooks->Finish(outcome).ok());
  CHECK(*jobs.TimeOut(b.Number("one"), 999 * kSecond));
  auto open = jobs.DeleteJob("org_a", "nightly", 1001 * kSecond);
  REQUIRE(open->value().size() == 1);
  REQUIRE(jobs.EndDeleted(open->value()[0], 1001 * kSecond).ok());
  CHECK(*jobs.Prune(2000 * kSecond, 10) == 3);
}

// Goes through what is open only, of which an organization has few.
bool MayWalk(const std::string& step) {
  return step.find("INDEX job_executions_open") != std::string::npos ||
         step.find("INDEX job_executions_of_job") != std::string::npos ||
         step.find("SCAN CONSTANT ROW") != std::string::npos;
}

TEST_CASE("no statement on batches walks a table or sorts") {
  StatementTrace trace;
  {
    TemporaryDirectory folder;
    MustOpen(folder.File("new.db"));
  }
  const std::set<std::string> of_migrations = trace.statements();
  Batches b;
  DoEverything(b);
  RawDb db(b.path);
  int looked_at = 0;
  for (const std::string& sql : trace.statements()) {
    bool schema = sql.find("CREATE") != std::string::npos || sql.find("ALTER") != std::string::npos;
    bool ours = sql.find(" job_") != std::string::npos || sql.find(" jobs") != std::string::npos;
    if (schema || !ours || of_migrations.count(sql) > 0) continue;
    ++looked_at;
    for (const std::string& step : db.Rows("EXPLAIN QUERY PLAN " + sql)) {
      CAPTURE(sql);
      CAPTURE(step);
      if (step.find("SCAN") != std::string::npos) CHECK(MayWalk(step));
      CHECK(step.find("TEMP B-TREE") == std::string::npos);
      CHECK(step.find("AUTOMATIC") == std::string::npos);
    }
  }
  CHECK(looked_at >= 45);
}

}  // namespace
}  // namespace solvent
