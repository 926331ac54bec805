// Deliveries of webhooks in an SQLite store.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "solvent/json.h"
#include "sqlite_tools.h"
#include "store_tools.h"
#include "webhook_payload.h"

namespace solvent {
namespace {

constexpr char kUrl[] = "https://Hooks.example.com:8443/a?b";
constexpr int64_t kLater = int64_t{1} << 50;

struct Fixture {
  explicit Fixture(const char* url = kUrl) {
    store = MustOpen(file);
    webhooks = store->ports().webhooks;
    MustRegister(*store, "own");
    AddTrigger(file, "trg_1", url);
  }

  // Inserts, claims and finishes a run of a trigger.
  void EndRun(const std::string& number, RunState state = RunState::kCompleted, int64_t now = 5000,
              const std::string& trigger = "trg_1") {
    AddTriggerRun(file, trigger, "run_" + number, "exe_" + number);
    NewRun run = MakeRun("exe_" + number, "org_a");
    run.execution.trigger_id = trigger;
    run.execution.run_id = "run_" + number;
    run.execution.credits_used = 3;
    MustInsert(*store, std::move(run));
    REQUIRE(store->ports().runs->Claim("own", 2000)->has_value());
    FinishRun finish = MakeFinish("exe_" + number, "own", state, now);
    if (state == RunState::kCompleted) finish.result_json = R"({"status":"optimal","solution":{}})";
    if (state == RunState::kFailed) finish.error_message = "no luck";
    finish.execution_time_micros = 2500;
    REQUIRE(MustFinish(*store, std::move(finish)).applied);
  }
  std::vector<WebhookJob> Claim(int64_t now = 6000, int most = 10, int per_lane = 10,
                                std::unordered_map<std::string, int> room = {}) {
    SetLaneKinds(file, "1");
    // One organization gets half of what is free.
    WebhookClaim claim = FreeClaim(now, 2 * most);
    claim.most_per_lane = per_lane;
    claim.load_at = [&](const std::string&, const std::string& lane) {
      auto found = room.find(lane);
      return found == room.end() ? 0 : per_lane - found->second;
    };
    return Claim(claim).jobs;
  }
  ClaimedWebhooks Claim(const WebhookClaim& claim) {
    auto claimed = webhooks->Claim(claim);
    REQUIRE_MESSAGE(claimed.ok(), claimed.status().ToString());
    return *std::move(claimed);
  }
  // With nothing under way yet.
  static WebhookClaim FreeClaim(int64_t now, int most) {
    WebhookClaim claim{"own", now, now + 1000, most, most, most, most, {}, {}};
    claim.load = [](const std::string&) { return WebhookLoad{}; };
    claim.load_at = [](const std::string&, const std::string&) { return 0; };
    return claim;
  }
  void Finish(const WebhookJob& job, WebhookOutcome::Verdict verdict, int64_t now = 7000,
              int64_t due = 0, int status = 500) {
    WebhookOutcome outcome;
    outcome.verdict = verdict;
    outcome.id = job.id;
    outcome.attempt = job.attempt;
    outcome.url = job.url;
    outcome.now = now;
    outcome.due = due;
    outcome.status = status;
    outcome.error = verdict == WebhookOutcome::Verdict::kDelivered ? "" : "HTTP status";
    outcome.duration_micros = 42;
    absl::Status finished = webhooks->Finish(outcome);
    REQUIRE_MESSAGE(finished.ok(), finished.ToString());
  }
  WebhookDelivery Only(const std::string& run = "run_1") {
    auto list = webhooks->List("org_a", "trg_1", run);
    REQUIRE_MESSAGE(list.ok(), list.status().ToString());
    REQUIRE(list->size() == 1);
    return list->front();
  }
  std::string RunColumns(const std::string& run = "run_1") {
    return RawDb(file).Value(
        "SELECT coalesce(webhook_delivered, 'null'), webhook_attempts"
        " FROM trigger_runs WHERE id = '" +
        run + "'");
  }

  TemporaryDirectory directory;
  std::string file = directory.File("s.db");
  std::unique_ptr<Store> store;
  WebhookPort* webhooks = nullptr;
};

TEST_CASE("the end of a trigger's run writes its delivery, once") {
  Fixture f;
  int rings = 0;
  f.webhooks->Listen([&] { ++rings; });
  f.EndRun("1");
  CHECK(rings == 1);
  CHECK(f.webhooks->NextDue().value() == 5000);
  WebhookDelivery delivery = f.Only();
  CHECK(delivery.id.rfind("whd_", 0) == 0);
  CHECK(delivery.event == "trigger.run.completed");
  CHECK(delivery.state == WebhookState::kOpen);
  CHECK(delivery.created_at == 5000);
  CHECK(delivery.attempts.empty());

  auto jobs = f.Claim();
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].id == delivery.id);
  CHECK(jobs[0].url == kUrl);
  CHECK(jobs[0].sealed_secret == "s3cret");
  CHECK(jobs[0].lane == "hooks.example.com:8443");
  CHECK(jobs[0].attempt == 1);
  CHECK(jobs[0].failures == 0);
  CHECK(f.Claim().empty());
  CHECK_FALSE(f.Only().attempts.at(0).ended);
  CHECK(f.RunColumns() == "null|1");

  f.Finish(jobs[0], WebhookOutcome::Verdict::kDelivered, 7000, 0, 204);
  delivery = f.Only();
  CHECK(delivery.state == WebhookState::kDelivered);
  CHECK(delivery.completed_at == 7000);
  CHECK(delivery.next_attempt_at == 0);
  REQUIRE(delivery.attempts.size() == 1);
  CHECK(delivery.attempts[0].ended);
  CHECK(delivery.attempts[0].status == 204);
  CHECK(delivery.attempts[0].duration_micros == 42);
  CHECK(f.RunColumns() == "1|1");
  CHECK(f.webhooks->NextDue().value() == 0);
  CHECK(f.webhooks->Count()->open == 0);
  CheckInvariants(f.file);
}

TEST_CASE("runs without a trigger, or whose trigger has no URL, write none") {
  Fixture f;
  RawDb(f.file).Run("UPDATE triggers SET webhook_url = NULL");
  f.EndRun("1");
  MustInsert(*f.store, MakeRun("exe_9", "org_a"));
  REQUIRE(f.store->ports().runs->Claim("own", 2000)->has_value());
  MustFinish(*f.store, MakeFinish("exe_9", "own"));
  CHECK(RawDb(f.file).Value("SELECT count(*) FROM webhook_deliveries") == "0");
}

TEST_CASE("a run whose delivery cannot be written does not end") {
  Fixture f;
  RawDb(f.file).Run(
      "INSERT INTO webhook_deliveries (id, organization_id, trigger_id, run_id, event, "
      "trigger_name,"
      " lane, state, due, created_at, completed_at) VALUES ('whd_x', 'org_a', 'trg_1', 'run_1',"
      " 'trigger.run.completed', 'n', 'l', 1, 1, 1, 1)");
  AddTriggerRun(f.file, "trg_1", "run_1", "exe_1");
  NewRun run = MakeRun("exe_1", "org_a");
  run.execution.trigger_id = "trg_1";
  run.execution.run_id = "run_1";
  MustInsert(*f.store, std::move(run));
  REQUIRE(f.store->ports().runs->Claim("own", 2000)->has_value());
  CHECK(absl::IsAlreadyExists(f.store->ports().runs->Finish(MakeFinish("exe_1", "own")).status()));
  CHECK(MustGet(*f.store, "org_a", "exe_1").state == RunState::kRunning);
  CheckInvariants(f.file);
}

TEST_CASE("failures are retried when due, and told when they are final") {
  Fixture f;
  f.EndRun("1");
  for (int failure = 0; failure < 3; ++failure) {
    auto jobs = f.Claim(10'000 * (failure + 1));
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].failures == failure);
    f.Finish(jobs[0], WebhookOutcome::Verdict::kRetry, 10'000 * (failure + 1) + 1,
             10'000 * (failure + 2));
    CHECK(f.Claim(10'000 * (failure + 2) - 1).empty());
  }
  CHECK(f.RunColumns() == "null|3");
  CHECK(RawDb(f.file).Value("SELECT count(*) FROM notifications WHERE type = 'system'") == "0");
  auto jobs = f.Claim(40'000);
  f.Finish(jobs.at(0), WebhookOutcome::Verdict::kFailed, 40'001);
  CHECK(f.Only().state == WebhookState::kFailed);
  CHECK(f.Only().attempts.size() == 4);
  CHECK(f.RunColumns() == "0|4");
  auto told = RawDb(f.file).Rows(
      "SELECT type, link, data, message FROM notifications WHERE type = 'system'");
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("system|/triggers/trg_1|") == 0);
  CHECK(told[0].find("\"run_id\":\"run_1\"") != std::string::npos);
  CHECK(told[0].find("\"event_type\":\"trigger.run.completed\"") != std::string::npos);
  CHECK(told[0].find("500") != std::string::npos);
  CHECK(f.Claim(kLater).empty());
  CheckInvariants(f.file);
}

TEST_CASE("410 takes the URL from the trigger, unless it is another by now") {
  Fixture f;
  f.EndRun("1");
  f.EndRun("2");
  auto jobs = f.Claim(6000, 1);
  SUBCASE("the same") {
    f.Finish(jobs.at(0), WebhookOutcome::Verdict::kGone, 7000, 0, 410);
    CHECK(RawDb(f.file).Value("SELECT webhook_url IS NULL FROM triggers") == "1");
    CHECK(RawDb(f.file).Value("SELECT count(*) FROM notifications WHERE type = 'system'") == "1");
    // What else was on its way has nowhere to go.
    CHECK(f.Claim(kLater).empty());
    CHECK(f.Only("run_2").state == WebhookState::kDropped);
    CHECK(f.RunColumns("run_2") == "null|0");
    CHECK(f.webhooks->NextDue().value() == 0);
  }
  SUBCASE("another") {
    RawDb(f.file).Run("UPDATE triggers SET webhook_url = 'http://other.invalid/'");
    f.Finish(jobs.at(0), WebhookOutcome::Verdict::kGone, 7000, 0, 410);
    CHECK(RawDb(f.file).Value("SELECT webhook_url FROM triggers") == "http://other.invalid/");
  }
  CheckInvariants(f.file);
}

TEST_CASE("the URL in force when it is sent counts") {
  Fixture f;
  f.EndRun("1");
  RawDb(f.file).Run("UPDATE triggers SET webhook_url = 'http://other.invalid/new'");
  // It changes to the other receiver's lane first.
  ClaimedWebhooks first = f.Claim(Fixture::FreeClaim(6000, 10));
  CHECK(first.jobs.empty());
  CHECK(first.again);
  auto jobs = f.Claim();
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].url == "http://other.invalid/new");
  CHECK(jobs[0].lane == "other.invalid");
  f.Finish(jobs[0], WebhookOutcome::Verdict::kRetry, 7000, 8000);
  CheckInvariants(f.file);
}

TEST_CASE("a receiver that has its fill is passed over") {
  Fixture f("http://slow.invalid/");
  AddTrigger(f.file, "trg_2", "http://fast.invalid/");
  for (int i = 0; i < 5; ++i) f.EndRun("s" + std::to_string(i), RunState::kCompleted, 5000 + i);
  f.EndRun("f", RunState::kCompleted, 5900, "trg_2");
  auto jobs = f.Claim(6000, 10, 2);
  REQUIRE(jobs.size() == 3);
  CHECK(jobs[0].run_id == "run_s0");
  CHECK(jobs[1].run_id == "run_f");
  CHECK(jobs[2].run_id == "run_s1");
  CHECK(f.Claim(6000, 10, 2, {{"slow.invalid", 0}}).empty());
  CHECK(f.Claim(6000, 10, 2, {{"slow.invalid", 1}}).at(0).run_id == "run_s2");
  CHECK(f.Claim(6000, 1, 5).size() == 1);
  CheckInvariants(f.file);
}

TEST_CASE("a claim ends with its time, and with its process") {
  Fixture f;
  f.EndRun("1");
  auto lost = f.Claim(6000);
  REQUIRE(lost.size() == 1);
  CHECK(f.Claim(6999).empty());
  SUBCASE("its time") {
    auto again = f.Claim(7000);
    REQUIRE(again.size() == 1);
    CHECK(again[0].id == lost[0].id);
    CHECK(again[0].attempt == 2);
    CHECK(again[0].failures == 0);
    // The first one comes back late. Its failure is not counted; its success would be.
    f.Finish(lost[0], WebhookOutcome::Verdict::kFailed, 7001);
    CHECK(f.Only().state == WebhookState::kOpen);
    SUBCASE("late success") {
      f.Finish(lost[0], WebhookOutcome::Verdict::kDelivered, 7002, 0, 200);
      CHECK(f.Only().state == WebhookState::kDelivered);
      f.Finish(again[0], WebhookOutcome::Verdict::kFailed, 7003);
      CHECK(f.Only().state == WebhookState::kDelivered);
      CHECK(f.RunColumns() == "1|2");
    }
  }
  SUBCASE("its process") {
    REQUIRE(f.store->ports().runs->TakeBack("own", 6500).ok());
    MustRegister(*f.store, "own");
    auto again = f.Claim(6500);
    REQUIRE(again.size() == 1);
    CHECK(again[0].attempt == 2);
    WebhookDelivery delivery = f.Only();
    REQUIRE(delivery.attempts.size() == 2);
    CHECK(delivery.attempts[0].ended);
    CHECK(delivery.attempts[0].error.find("cut off") == 0);
    CHECK_FALSE(delivery.attempts[1].ended);
  }
  SUBCASE("or when it is given back") {
    f.Finish(lost[0], WebhookOutcome::Verdict::kInterrupted, 6100, 6100, 0);
    auto again = f.Claim(6100);
    REQUIRE(again.size() == 1);
    CHECK(again[0].failures == 0);
  }
  CheckInvariants(f.file);
}

TEST_CASE("a delivery is sent again on demand, under its id and with all attempts") {
  Fixture f;
  f.EndRun("1");
  auto jobs = f.Claim();
  f.Finish(jobs.at(0), WebhookOutcome::Verdict::kFailed);
  std::string id = jobs[0].id;
  auto again = f.webhooks->Redeliver("org_a", "trg_1", "run_1", id, 9000);
  REQUIRE(again.ok());
  CHECK(again->id == id);
  CHECK(again->state == WebhookState::kOpen);
  CHECK(again->completed_at == 0);
  CHECK(again->attempts.size() == 1);
  CHECK(f.RunColumns() == "null|1");
  jobs = f.Claim(9000);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].id == id);
  CHECK(jobs[0].attempt == 2);
  CHECK(jobs[0].failures == 0);
  // Under way: nothing to do.
  CHECK(f.webhooks->Redeliver("org_a", "trg_1", "run_1", id, 9001).ok());
  CHECK(f.Claim(9001).empty());
  f.Finish(jobs[0], WebhookOutcome::Verdict::kDelivered, 9002, 0, 200);
  CHECK(f.webhooks->Redeliver("org_a", "trg_1", "run_1", id, 9003).ok());
  CHECK(f.Claim(9003).size() == 1);
  CheckInvariants(f.file);

  CHECK(absl::IsNotFound(f.webhooks->Redeliver("org_b", "trg_1", "run_1", id, 1).status()));
  CHECK(absl::IsNotFound(f.webhooks->Redeliver("org_a", "trg_2", "run_1", id, 1).status()));
  CHECK(absl::IsNotFound(f.webhooks->Redeliver("org_a", "trg_1", "run_2", id, 1).status()));
  CHECK(absl::IsNotFound(f.webhooks->Redeliver("org_a", "trg_1", "run_1", "whd_x", 1).status()));
  CHECK(absl::IsNotFound(f.webhooks->List("org_b", "trg_1", "run_1").status()));
  CHECK(absl::IsNotFound(f.webhooks->List("org_a", "trg_2", "run_1").status()));
  RawDb(f.file).Run("UPDATE triggers SET webhook_url = NULL");
  CHECK(
      absl::IsFailedPrecondition(f.webhooks->Redeliver("org_a", "trg_1", "run_1", id, 1).status()));
}

TEST_CASE("the body tells of the run, in the same bytes every time") {
  Fixture f;
  f.EndRun("1");
  std::string body = f.webhooks->Payload(f.Only().id).value();
  CHECK(
      body ==
      R"({"event":"trigger.run.completed","organization_id":"org_a","trigger_id":"trg_1",)"
      R"("run_id":"run_1","timestamp":"1970-01-01T00:00:00.005000Z","data":{"status":"completed",)"
      R"("trigger_name":"Restock","execution_id":"exe_1","execution_time_ms":2.5,)"
      R"("credits_used":3,"result":{"execution_id":"exe_1","credits_used":3,)"
      R"("credits_remaining":null,"status":"optimal","solution":{}},)"
      R"("override_data":{"a":[1]}}})");
  RawDb(f.file).Run("UPDATE triggers SET name = 'Other'");
  CHECK(f.webhooks->Payload(f.Only().id).value() == body);

  f.EndRun("2", RunState::kFailed);
  Json failed = ParseJson(f.webhooks->Payload(f.Only("run_2").id).value()).value();
  CHECK(failed["event"].as_string() == "trigger.run.failed");
  CHECK(failed["data"]["status"].as_string() == "failed");
  CHECK(failed["data"]["error"].as_string() == "no luck");
  CHECK(failed["data"].Find("result") == nullptr);
  f.EndRun("3", RunState::kTimeout);
  Json late = ParseJson(f.webhooks->Payload(f.Only("run_3").id).value()).value();
  CHECK(late["event"].as_string() == "trigger.run.failed");
  CHECK(late["data"]["status"].as_string() == "timeout");
  CHECK(absl::IsNotFound(f.webhooks->Payload("whd_x").status()));

  // The balance is the one right after the run.
  RawDb db(f.file);
  db.Run(
      "UPDATE credit_accounts SET balance = 850, granted = 850 + used - adjusted, has_grant = 1");
  db.Run(
      "INSERT INTO credit_accounts (organization_id, balance, granted, has_grant)"
      " SELECT 'org_a', 850, 850, 1 WHERE NOT EXISTS (SELECT 1 FROM credit_accounts)");
  f.EndRun("4");
  std::string balance = db.Value("SELECT balance FROM credit_accounts");
  db.Run("UPDATE credit_accounts SET balance = 1, granted = 1 + used - adjusted");
  Json paid = ParseJson(f.webhooks->Payload(f.Only("run_4").id).value()).value();
  CHECK(paid["data"]["result"]["credits_remaining"].Dump() == balance);
}

TEST_CASE("lanes that are new or silent get their share, whatever waits there") {
  Fixture f;
  int number = 0;
  for (const char* host : {"s1", "s2", "s3", "n1", "n2", "n3", "a1"}) {
    std::string trigger = std::string("trg_") + host;
    AddTrigger(f.file, trigger, std::string("http://") + host + ".example/");
    for (int i = 0; i < 3; ++i) {
      f.EndRun(host + std::to_string(i), RunState::kCompleted, 5000 + ++number, trigger);
    }
  }
  SetLaneKinds(f.file, "CASE substr(lane, 1, 1) WHEN 's' THEN 2 WHEN 'n' THEN 0 ELSE 1 END");
  auto claim = [&](int most, int unproven, int silent) {
    WebhookClaim wanted = Fixture::FreeClaim(9000, most);
    wanted.most_unproven = unproven;
    wanted.most_silent = silent;
    wanted.most_per_lane = 2;
    std::map<char, int> taken;
    for (const WebhookJob& job : f.Claim(wanted).jobs) {
      ++taken[job.lane[0]];
      CHECK((job.kind == LaneKind::kSilent) == (job.lane[0] == 's'));
      CHECK((job.kind == LaneKind::kAnswers) == (job.lane[0] == 'a'));
    }
    return taken;
  };
  CHECK(claim(20, 0, 0) == std::map<char, int>{{'a', 2}});
  CHECK(claim(20, 3, 1) == std::map<char, int>{{'s', 1}, {'n', 2}, {'a', 1}});
  // An organization's own: half of the senders, and half of those for silent ones.
  CHECK(claim(8, 8, 8) == std::map<char, int>{{'s', 2}, {'n', 1}});
  CHECK(claim(100, 100, 0)['n'] == 5);
  CheckInvariants(f.file);
}

TEST_CASE("an organization gets what the others leave") {
  Fixture f;
  for (int i = 0; i < 6; ++i) {
    for (const std::string organization : {"a", "b"}) {
      std::string id = organization + std::to_string(i);
      AddTrigger(f.file, "trg_" + id, "http://" + id + ".example/", "org_" + organization);
      f.EndRun(id, RunState::kCompleted, 5000 + i, "trg_" + id);
    }
  }
  SetLaneKinds(f.file, "1");
  WebhookClaim claim = Fixture::FreeClaim(9000, 8);
  int a_under_way = 0;
  auto taken = [&] {
    std::map<std::string, int> counts;
    for (const WebhookJob& job : f.Claim(claim).jobs) ++counts[job.organization_id];
    return counts;
  };
  using Taken = std::map<std::string, int>;
  SUBCASE("when both wait") { CHECK(taken() == Taken{{"org_a", 3}, {"org_b", 3}}); }
  SUBCASE("when one has its share already") {
    a_under_way = claim.most = 4;
    claim.load = [&](const std::string& organization) {
      return WebhookLoad{organization == "org_a" ? a_under_way : 0, 0, 0};
    };
    CHECK(taken() == Taken{{"org_b", 2}});
    // Some of its own have ended, and there is room again.
    a_under_way = 1;
    claim.most = 5;
    CHECK(taken()["org_a"] == 2);
  }
  SUBCASE("alone") {
    RawDb(f.file).Run("UPDATE triggers SET webhook_url = NULL WHERE organization_id = 'org_b'");
    CHECK(taken() == Taken{{"org_a", 4}});
  }
  SUBCASE("the last one, when it has none") {
    claim.most = 1;
    CHECK(taken().size() == 1);
  }
  CheckInvariants(f.file);
}

// 3000 receivers, each with something due.
struct Crowd : Fixture {
  explicit Crowd(const std::string& organization) {
    RawDb db(file);
    db.Run(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000)"
        " INSERT INTO webhook_deliveries (id, organization_id, trigger_id, run_id, event,"
        " trigger_name, lane, due, created_at)"
        " SELECT 'whd_' || n, " +
        organization + ", 'trg_1', 'run_' || n, 'e', 't', 'host' || n, 5, 5 FROM numbers");
    db.Run(
        "INSERT INTO webhook_lanes (organization_id, lane, next_due)"
        " SELECT organization_id, lane, due FROM webhook_deliveries");
  }
  // How many organizations and receivers a claim asks for.
  int Looks(LaneKind kind, WebhookClaim claim, int under_way = 0) {
    SetLaneKinds(file, std::to_string(static_cast<int>(kind)));
    int looks = 0;
    claim.load = [&](const std::string&) {
      ++looks;
      return WebhookLoad{under_way, 0, 0};
    };
    claim.load_at = [&](const std::string&, const std::string&) {
      ++looks;
      return 0;
    };
    Claim(claim);
    return looks;
  }
};

TEST_CASE("what a claim looks at does not grow with what is due") {
  for (const char* organization : {"'org_a'", "'org_' || n"}) {
    Crowd crowd(organization);
    WebhookClaim claim = Fixture::FreeClaim(9000, 8);
    const int with_room = crowd.Looks(LaneKind::kAnswers, claim);
    CHECK(with_room > 0);
    CHECK(with_room <= 2 * claim.most);
    claim.most_silent = 0;
    CHECK(crowd.Looks(LaneKind::kSilent, claim) == 0);
    claim.most_unproven = 0;
    CHECK(crowd.Looks(LaneKind::kNew, claim) == 0);
    CheckInvariants(crowd.file);
  }
  // Beyond its organization's share.
  Crowd crowd("'org_a'");
  CHECK(crowd.Looks(LaneKind::kAnswers, Fixture::FreeClaim(9000, 8), 8) == 1);
}

TEST_CASE("what a receiver is known for outlasts its deliveries, not the log") {
  Fixture f;
  f.EndRun("1");
  auto kind = [&] {
    return RawDb(f.file).Value("SELECT coalesce(max(kind), 'none') FROM webhook_lanes");
  };
  using Verdict = WebhookOutcome::Verdict;
  WebhookClaim claim = Fixture::FreeClaim(6000, 10);
  auto jobs = f.Claim(claim).jobs;
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].kind == LaneKind::kNew);
  f.Finish(jobs[0], Verdict::kInterrupted, 6100, 6100, 0);
  CHECK(kind() == "0");
  jobs = f.Claim(Fixture::FreeClaim(6100, 10)).jobs;
  REQUIRE(jobs.size() == 1);
  f.Finish(jobs[0], Verdict::kRetry, 6200, 6200, 0);
  CHECK(kind() == "2");
  CheckInvariants(f.file);
  jobs = f.Claim(Fixture::FreeClaim(6300, 10)).jobs;
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].kind == LaneKind::kSilent);
  f.Finish(jobs[0], Verdict::kDelivered, 6400, 0, 200);
  CHECK(kind() == "1");
  CHECK(f.webhooks->NextDue().value() == 0);
  f.EndRun("2");
  jobs = f.Claim(Fixture::FreeClaim(6500, 10)).jobs;
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].kind == LaneKind::kAnswers);
  f.Finish(jobs[0], Verdict::kDelivered, 6600, 0, 200);
  CHECK(f.webhooks->Prune(6600, 10).value() == 1);
  CHECK(kind() == "1");
  CHECK(f.webhooks->Prune(6601, 10).value() == 1);
  CHECK(kind() == "none");
  CheckInvariants(f.file);
}

TEST_CASE("a lane is the receiver's host and port") {
  CHECK(WebhookLane("https://Hooks.Example.com:8443/a?b") == "hooks.example.com:8443");
  CHECK(WebhookLane("http://a") == "a");
  CHECK(WebhookLane("http://a?x=http://b/") == "a");
  CHECK(WebhookLane("http://[::1]:9/") == "[::1]:9");
}

TEST_CASE("what ended long ago leaves the log") {
  Fixture f;
  f.EndRun("1");
  f.EndRun("2");
  f.EndRun("3");
  auto jobs = f.Claim(6000, 2);
  f.Finish(jobs.at(0), WebhookOutcome::Verdict::kDelivered, 7000, 0, 200);
  f.Finish(jobs.at(1), WebhookOutcome::Verdict::kDelivered, 9000, 0, 200);
  CHECK(f.webhooks->Prune(7000, 10).value() == 0);
  CHECK(f.webhooks->Prune(8000, 10).value() == 1);
  CHECK(f.webhooks->Prune(kLater, 10).value() == 1);
  CHECK(RawDb(f.file).Value("SELECT count(*) FROM webhook_deliveries") == "1");
  CHECK(RawDb(f.file).Value("SELECT count(*) FROM webhook_attempts") == "0");
  CheckInvariants(f.file);
}

}  // namespace
}  // namespace solvent
