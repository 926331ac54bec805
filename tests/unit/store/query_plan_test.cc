// Every statement on documents, triggers, schedules, webhooks and notifications finds its rows by
// an index, however many there are. All that their ports can do is done once, and SQLite asked how
// it would do each statement that this took.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

constexpr char kUrl[] = "https://hooks.example.com/a";
constexpr char kOrg[] = "org_a";

template <typename T>
T Must(absl::StatusOr<T> value) {
  REQUIRE_MESSAGE(value.ok(), value.status().ToString());
  return *std::move(value);
}
void Must(const absl::Status& status) { REQUIRE_MESSAGE(status.ok(), status.ToString()); }

class Everything {
 public:
  explicit Everything(const std::string& path) : store_(MustOpen(path)) {
    Must(ports_.identity->EnsureMember("Acme", "ann", kOrg, "usr_1", 1));
    MustRegister(*store_, "own");
    MustRegister(*store_, "other");
  }

  void Documents() {
    DocumentPort& documents = *ports_.documents;
    for (const char* id : {"doc_1", "doc_2"}) {
      Document document;
      document.id = id;
      document.organization_id = kOrg;
      document.canvas_json = "{}";
      document.model_json = R"({"a":1})";
      Must(documents.Insert(document, nullptr));
    }
    for (int i = 1; i <= 3; ++i) AddVersion(i, 50);
    Must(documents.NameVersion(kOrg, "doc_1", "ver_3", "v3", std::nullopt));
    AddVersion(4, 1);
    CHECK(Must(documents.Find(kOrg, "doc_1")).has_value());
    CHECK(Must(documents.List(kOrg, 0, 10)).size() == 2);
    DocumentPatch patch;
    patch.name = "Plan";
    Must(documents.Update(kOrg, "doc_1", patch, {}, 2));
    CHECK(Must(documents.ListVersions(kOrg, "doc_1", 0, 10))->size() == 2);
    CHECK(Must(documents.FindVersion(kOrg, "doc_1", "ver_4")).has_value());
    Must(documents.Restore("doc_1", "ver_3", NextVersion(5), 1));
    CHECK(Must(documents.Delete(kOrg, "doc_2", {}, 3)));
  }

  void Triggers() {
    TriggerPort& triggers = *ports_.triggers;
    for (const char* id : {"trg_1", "trg_2"}) {
      NewTriggerRow row;
      row.trigger.id = id;
      row.trigger.organization_id = kOrg;
      row.trigger.created_by = "usr_1";
      row.trigger.name = "Restock";
      row.trigger.document_id = "doc_1";
      row.trigger.version_id = "ver_3";
      row.trigger.webhook_url = kUrl;
      row.trigger.created_at = 1;
      row.secret_hash = "hash";
      row.version_name = "Pinned";
      row.version_model = "{}";
      row.version_hash = "h";
      Must(triggers.Insert(row));
    }
    CHECK(Must(triggers.Find("", "trg_1")).has_value());
    CHECK(Must(triggers.List(kOrg, "")).size() == 2);
    CHECK(Must(triggers.List(kOrg, "doc_1")).size() == 2);
    ChangedTrigger change;
    change.name = "New";
    Must(triggers.Update(kOrg, "trg_1", change, 2));
    CHECK(Must(triggers.PinnedModel("ver_3")) == R"({"a":1})");
  }

  void Schedules() {
    TriggerPort& triggers = *ports_.triggers;
    TriggerSchedule schedule;
    schedule.cron = "@daily";
    schedule.next_due = 100;
    CHECK(Must(triggers.SetSchedule(kOrg, "trg_1", schedule, 1)));
    CHECK(Must(triggers.FindSchedule(kOrg, "trg_1")).has_value());
    CHECK(Must(triggers.DueSchedules(100, 10, {"org_b"})).size() == 1);
    CHECK(Must(triggers.DueSchedules(100, 10, {"org_b", kOrg})).empty());
    CHECK(Must(triggers.NextDue()) == 100);
    Fire("due", ScheduleClaim{100, 100, 200, true});
    End(RunState::kFailed);
    NewTriggerRun refused = Run("run_refused");
    refused.status = "validation_failed";
    refused.claim = ScheduleClaim{200, 200, 300, true};
    Must(triggers.InsertEnded(refused));
    CHECK(Must(triggers.PassDue("trg_1", ScheduleClaim{300, 300, 400, false})));
  }

  void Runs() {
    TriggerPort& triggers = *ports_.triggers;
    for (const char* name : {"a", "b", "c", "d"}) {
      Fire(name, std::nullopt);
      End(RunState::kCompleted);
    }
    CHECK(Must(triggers.FindRun(kOrg, "trg_1", "run_a"))->status == TriggerRunStatus::kCompleted);
    using Status = TriggerRunStatus;
    for (std::optional<Status> status : {std::optional<Status>(), std::optional(Status::kCompleted),
                                         std::optional(Status::kValidationFailed)}) {
      CHECK(Must(triggers.ListRuns(kOrg, "trg_1", status, {})).has_value());
    }
  }

  void Webhooks() {
    using Verdict = WebhookOutcome::Verdict;
    WebhookPort& webhooks = *ports_.webhooks;
    CHECK(Must(webhooks.NextDue()) > 0);
    std::vector<WebhookJob> jobs = Must(webhooks.Claim(ClaimOf("own", 9000, 4))).jobs;
    REQUIRE(jobs.size() == 4);
    CHECK(Must(webhooks.Claim(ClaimOf("other", 9000, 1))).jobs.size() == 1);
    // Its owner goes without a word.
    Must(ports_.runs->TakeBack("other", 9000));
    const std::vector<Verdict> verdicts = {Verdict::kDelivered, Verdict::kFailed, Verdict::kRetry,
                                           Verdict::kGone};
    for (size_t i = 0; i < verdicts.size(); ++i) {
      Must(webhooks.Payload(jobs[i].id));
      WebhookOutcome outcome;
      outcome.verdict = verdicts[i];
      outcome.id = jobs[i].id;
      outcome.attempt = jobs[i].attempt;
      outcome.url = jobs[i].url;
      outcome.now = outcome.due = 9100;
      Must(webhooks.Finish(outcome));
    }
    CHECK(Must(webhooks.List(kOrg, "trg_1", jobs[0].run_id)).size() == 1);
    // 410 has taken the URL; what is open is dropped, and another place takes what is sent anew.
    CHECK(Must(webhooks.Claim(ClaimOf("own", 9500, 10))).jobs.empty());
    ChangedTrigger change;
    change.webhook_url = std::optional<std::string>("https://other.example.com/");
    Must(ports_.triggers->Update(kOrg, "trg_1", change, 3));
    Must(webhooks.Redeliver(kOrg, "trg_1", jobs[0].run_id, jobs[0].id, 9200));
    change.webhook_url = std::optional<std::string>(kUrl);
    Must(ports_.triggers->Update(kOrg, "trg_1", change, 3));
    CHECK(Must(webhooks.Claim(ClaimOf("own", 9500, 10))).again);
    CHECK(Must(webhooks.Count()).open == 1);
    CHECK(Must(webhooks.Prune(9101, 1)) == 1);
  }

  void Deletions() {
    Fire("late", std::nullopt);
    CHECK(Must(ports_.triggers->DeleteSchedule(kOrg, "trg_1")));
    CHECK(Must(ports_.triggers->Delete(kOrg, "trg_1", 9999)).has_value());
  }

 private:
  static WebhookClaim ClaimOf(const std::string& owner, int64_t now, int most) {
    WebhookClaim claim{owner, now, 9900, 100, 100, 100, most, {}, {}};
    claim.load = [](const std::string&) { return WebhookLoad{}; };
    claim.load_at = [](const std::string&, const std::string&) { return 0; };
    return claim;
  }
  NewVersionRow NextVersion(int number) {
    VersionBase base = *Must(ports_.documents->FindBase(kOrg, "doc_1"));
    NewVersionRow row;
    row.version.id = "ver_" + std::to_string(number);
    row.version.canvas_json = R"({"n":)" + std::to_string(number) + "}";
    row.version.model_json = R"({"a":1})";
    row.content_hash = "hash " + row.version.id;
    row.document_updated_at = base.document.updated_at;
    row.newest_sequence = base.newest.has_value() ? base.newest->sequence : 0;
    row.now = 1;
    return row;
  }
  void AddVersion(int number, int keep) {
    Must(ports_.documents->AddVersion("doc_1", NextVersion(number), keep));
  }
  static NewTriggerRun Run(const std::string& id) {
    NewTriggerRun run;
    run.id = id;
    run.trigger_id = "trg_1";
    run.source = "cron";
    run.now = 1000;
    return run;
  }
  void Fire(const std::string& name, std::optional<ScheduleClaim> claim) {
    NewRun run = MakeRun("exe_" + name, kOrg);
    run.execution.trigger_id = "trg_1";
    run.execution.run_id = "run_" + name;
    run.notify = NotifyEnd::kAlways;
    run.trigger_run = Run("run_" + name);
    run.trigger_run->claim = claim;
    MustInsert(*store_, std::move(run));
  }
  void End(RunState state) {
    std::string id = ClaimedId(*store_, "own");
    FinishRun finish = MakeFinish(id, "own", state);
    if (state == RunState::kCompleted) finish.result_json = "{}";
    CHECK(MustFinish(*store_, finish).applied);
  }

  std::unique_ptr<Store> store_;
  StorePorts ports_ = store_->ports();
};

bool IsOfTheseTables(const std::string& sql) {
  for (const char* table : {" documents", " document_versions", " triggers", " trigger_runs",
                            " trigger_schedules", " webhook_", " notification"}) {
    if (sql.find(table) != std::string::npos) return true;
  }
  return false;
}

// Steps that go through all rows of something, and yet are as they should be.
bool MayWalk(const std::string& step) {
  for (const char* known : {
           "SCAN notification_limits",  // one row
           "CONSTANT ROW",
           "-ROW VALUES",
           "SCAN json_each",  // an argument
           // Counts what is open, for the metrics.
           "SCAN webhook_deliveries USING INDEX webhook_deliveries_due",
       }) {
    if (step.find(known) != std::string::npos) return true;
  }
  return false;
}

// Statements that sort a handful.
bool MaySort(const std::string& sql) {
  for (const char* known : {
           "SELECT DISTINCT organization_id, lane",  // receivers of one trigger, or of one process
           "FROM webhook_deliveries WHERE run_id"    // deliveries of one run
       }) {
    if (sql.find(known) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("no statement on documents, triggers and what they cause walks a table or sorts") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  MustOpen(path);  // what migrations do once is another matter
  StatementTrace trace;
  {
    Everything everything(path);
    everything.Documents();
    everything.Triggers();
    everything.Schedules();
    everything.Runs();
    everything.Webhooks();
    everything.Deletions();
  }
  const std::set<std::string> statements = trace.statements();
  CheckInvariants(path);

  RawDb db(path);
  int looked_at = 0;
  for (const std::string& sql : statements) {
    bool schema = sql.find("CREATE") != std::string::npos || sql.find("ALTER") != std::string::npos;
    if (schema || !IsOfTheseTables(sql)) continue;
    ++looked_at;
    for (const std::string& step : db.Rows("EXPLAIN QUERY PLAN " + sql)) {
      CAPTURE(sql);
      CAPTURE(step);
      if (step.find("SCAN") != std::string::npos) CHECK(MayWalk(step));
      if (step.find("TEMP B-TREE") != std::string::npos) CHECK(MaySort(sql));
    }
  }
  CHECK(looked_at >= 80);
}

}  // namespace
}  // namespace solvent
