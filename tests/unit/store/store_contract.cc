#include "store_contract.h"

#include <future>
#include <map>
#include <set>

#include "store_tools.h"

namespace solvent {
namespace {

using Names = std::vector<std::string>;

void CheckInsertion(Store& store) {
  RunPort& runs = *store.ports().runs;

  SUBCASE("a new run keeps all that was said about it") {
    NewRun run = MakeRun("exe_1", "org_a", 5000, 3);
    Execution& e = run.execution;
    e.name = "plan";
    e.model_id = "mdl_1";
    e.catalog_id = "mdl_c";
    e.model_name = "Knapsack";
    e.origin = "triggered";
    e.trigger_id = "trg_1";
    e.run_id = "run_1";
    e.version_id = "ver_1";
    e.solver_name = "cbc";
    e.columns = 12;
    e.rows = 34;
    e.time_limit_seconds = 1.5;
    e.credits_used = 7;
    e.input_json = R"({"a":"ü"})";
    Execution inserted = MustInsert(store, run);
    CHECK(inserted.created_at == 5000);
    CHECK(inserted.state == RunState::kPending);

    Execution got = MustGet(store, "org_a", "exe_1");
    CHECK(got.id == "exe_1");
    CHECK(got.organization_id == "org_a");
    CHECK(got.user_id == "usr_1");
    CHECK(got.state == RunState::kPending);
    CHECK(got.name == "plan");
    CHECK(got.model_id == "mdl_1");
    CHECK(got.catalog_id == "mdl_c");
    CHECK(got.model_name == "Knapsack");
    CHECK(got.origin == "triggered");
    CHECK(got.trigger_id == "trg_1");
    CHECK(got.run_id == "run_1");
    CHECK(got.version_id == "ver_1");
    CHECK(got.solver_name == "cbc");
    CHECK(got.priority == 3);
    CHECK(got.columns == 12);
    CHECK(got.rows == 34);
    CHECK(got.time_limit_seconds == 1.5);
    CHECK(got.credits_used == 7);
    CHECK(got.created_at == 5000);
    CHECK(got.started_at == 0);
    CHECK(got.completed_at == 0);
    CHECK(got.input_json == R"({"a":"ü"})");
    CHECK(got.result_json == "");
    CHECK_FALSE(got.objective_value.has_value());
    auto problem = runs.GetProblem("org_a", "exe_1");
    REQUIRE(problem.ok());
    CHECK(*problem == run.problem);
    CHECK(MustList(store, "org_a").items.at(0).input_json == "");
  }

  SUBCASE("ids of other organizations and unknown ids are not found alike") {
    MustInsert(store, MakeRun("exe_1", "org_a"));
    for (auto [org, id] : {std::pair{"org_b", "exe_1"}, {"org_a", "exe_2"}}) {
      CHECK(absl::IsNotFound(runs.Get(org, id).status()));
      CHECK(absl::IsNotFound(runs.GetProblem(org, id).status()));
      CHECK(absl::IsNotFound(runs.RequestCancel(org, id, 1).status()));
      CHECK(GetErrorInfo(runs.Get(org, id).status()).code == "not_found");
    }
    CHECK(runs.Get("", "exe_1").ok());
    CHECK(runs.GetProblem("", "exe_1").ok());
    CHECK(MustList(store, "org_b").total == 0);
    CHECK(MustList(store, "").total == 1);
  }

  SUBCASE("creation times grow strictly within an organization, whatever the clock does") {
    CHECK(MustInsert(store, MakeRun("exe_1", "org_a", 100)).created_at == 100);
    CHECK(MustInsert(store, MakeRun("exe_2", "org_a", 100)).created_at == 101);
    CHECK(MustInsert(store, MakeRun("exe_3", "org_a", 50)).created_at == 102);
    CHECK(MustInsert(store, MakeRun("exe_4", "org_a", 200)).created_at == 200);
    CHECK(MustInsert(store, MakeRun("exe_5", "org_b", 50)).created_at == 50);
    CHECK(Ids(MustList(store, "org_a")) == Names{"exe_4", "exe_3", "exe_2", "exe_1"});
  }

  SUBCASE("an id is used once") {
    MustInsert(store, MakeRun("exe_1", "org_a"));
    CHECK(absl::IsAlreadyExists(runs.Insert(MakeRun("exe_1", "org_b"), 100).status()));
    CHECK(MustList(store, "").total == 1);
    CHECK(MustStats(store).runs[0] == 1);
    // The failed attempt leaves no gap behind.
    MustInsert(store, MakeRun("exe_2", "org_b"));
    CHECK(Ids(MustList(store, "org_b")) == Names{"exe_2"});
    CHECK(Ids(MustList(store, "")) == Names{"exe_2", "exe_1"});
  }

  SUBCASE("a full queue refuses further runs until one is claimed") {
    MustRegister(store, "own");
    CHECK(runs.Insert(MakeRun("exe_1", "org_a"), 2).ok());
    CHECK(runs.Insert(MakeRun("exe_2", "org_b"), 2).ok());
    absl::Status refused = runs.Insert(MakeRun("exe_3", "org_c"), 2).status();
    CHECK(absl::IsResourceExhausted(refused));
    CHECK(GetErrorInfo(refused).code == "service_unavailable");
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(runs.Insert(MakeRun("exe_3", "org_c"), 2).ok());
  }

  SUBCASE("an idempotency key returns the first run, or says that the request differs") {
    NewRun run = MakeRun("exe_1", "org_a");
    run.idempotency_route = "solve";
    run.idempotency_key = "key";
    run.request_hash = std::string("h\0sh", 4);
    CHECK_FALSE(runs.Insert(run, 1)->replayed);
    NewRun again = run;
    again.execution.id = "exe_2";
    auto replay = runs.Insert(again, 1);  // even though the queue is full
    REQUIRE(replay.ok());
    CHECK(replay->replayed);
    CHECK(replay->execution.id == "exe_1");
    CHECK(replay->execution.state == RunState::kPending);

    again.request_hash = std::string("h\0xx", 4);
    absl::Status reused = runs.Insert(again, 10).status();
    CHECK(absl::IsInvalidArgument(reused));
    CHECK(GetErrorInfo(reused).code == "idempotency_key_reused");
    CHECK(MustList(store, "").total == 1);

    again.idempotency_route = "other";
    CHECK_FALSE(runs.Insert(again, 10)->replayed);
    NewRun other = run;
    other.execution.id = "exe_3";
    other.execution.organization_id = "org_b";
    CHECK_FALSE(runs.Insert(other, 10)->replayed);
  }

  SUBCASE("a run that began at once is recorded as running, and can be finished at once") {
    MustRegister(store, "own");
    std::future<absl::Status> future = runs.InsertRunning(MakeRun("exe_1", "org_a", 400), "own");
    FinishRun finish = MakeFinish("exe_1", "own", RunState::kCompleted, 500);
    finish.result_json = "{}";
    CHECK(MustFinish(store, finish).applied);
    CHECK(future.get().ok());
    Execution got = MustGet(store, "org_a", "exe_1");
    CHECK(got.state == RunState::kCompleted);
    CHECK(got.created_at == 400);
    CHECK(got.started_at == 400);
    CHECK(got.completed_at == 500);

    CHECK(runs.InsertRunning(MakeRun("exe_2", "org_a"), "own").get().ok());
    CHECK(MustStats(store).runs[1] == 1);
    CHECK(ClaimedId(store, "own") == "");
    CHECK(runs.TakeBack("own", 1).value() == 1);
    MustRegister(store, "other");
    CHECK(ClaimedId(store, "other") == "exe_2");
    CHECK(absl::IsFailedPrecondition(runs.InsertRunning(MakeRun("exe_3", "org_a"), "own").get()));
    CHECK(absl::IsNotFound(runs.Get("org_a", "exe_3").status()));
  }
}

void CheckQueue(Store& store) {
  RunPort& runs = *store.ports().runs;
  MustRegister(store, "own");

  SUBCASE("a claim hands over the run and its problem, once") {
    NewRun run = MakeRun("exe_1", "org_a");
    MustInsert(store, run);
    auto claimed = MustClaim(store, "own", 7000);
    REQUIRE(claimed.has_value());
    CHECK(claimed->execution.id == "exe_1");
    CHECK(claimed->execution.state == RunState::kRunning);
    CHECK(claimed->execution.started_at == 7000);
    CHECK(claimed->problem == run.problem);
    CHECK(claimed->options == run.options);
    CHECK_FALSE(MustClaim(store, "own").has_value());
    CHECK(MustGet(store, "org_a", "exe_1").state == RunState::kRunning);
  }

  SUBCASE("priority goes before age, within an organization") {
    MustInsert(store, MakeRun("low", "org_a", 1, -1));
    MustInsert(store, MakeRun("old", "org_a", 2, 0));
    MustInsert(store, MakeRun("new", "org_a", 3, 0));
    MustInsert(store, MakeRun("high", "org_a", 4, 9));
    for (const char* id : {"high", "old", "new", "low", ""}) CHECK(ClaimedId(store, "own") == id);
  }

  SUBCASE("organizations take turns, however many runs one of them has") {
    for (int i = 0; i < 4; ++i) MustInsert(store, MakeRun("a" + std::to_string(i), "org_a", 1, 9));
    MustInsert(store, MakeRun("b0", "org_b"));
    MustInsert(store, MakeRun("b1", "org_b"));
    Names order;
    for (int i = 0; i < 4; ++i) order.push_back(ClaimedId(store, "own"));
    CHECK(order == Names{"a0", "b0", "a1", "b1"});
    CHECK(ClaimedId(store, "own") == "a2");
    // One that comes back, or comes for the first time, does not jump ahead of its turn for ever.
    MustInsert(store, MakeRun("b2", "org_b"));
    MustInsert(store, MakeRun("c0", "org_c"));
    CHECK(ClaimedId(store, "own") == "c0");
    CHECK(ClaimedId(store, "own") == "b2");
    CHECK(ClaimedId(store, "own") == "a3");
    CHECK(ClaimedId(store, "own") == "");
  }

  SUBCASE("only registered owners may claim") {
    MustInsert(store, MakeRun("exe_1", "org_a"));
    CHECK(absl::IsFailedPrecondition(runs.Claim("nobody", 1).status()));
    CHECK(ClaimedId(store, "own") == "exe_1");
  }

  SUBCASE("a released run goes back to its old place") {
    for (const char* id : {"exe_1", "exe_2", "exe_3"}) MustInsert(store, MakeRun(id, "org_a"));
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(ClaimedId(store, "own") == "exe_2");
    CHECK(runs.Release("own", "exe_2", 1).value());
    CHECK(runs.Release("own", "exe_1", 1).value());
    CHECK_FALSE(runs.Release("own", "exe_1", 1).value());  // held no longer
    CHECK_FALSE(runs.Release("own", "exe_9", 1).value());  // unknown
    CHECK_FALSE(runs.Release("other", "exe_3", 1).value());
    Execution e = MustGet(store, "org_a", "exe_1");
    CHECK(e.state == RunState::kPending);
    CHECK(e.started_at == 0);
    for (const char* id : {"exe_1", "exe_2", "exe_3"}) CHECK(ClaimedId(store, "own") == id);
    MustRegister(store, "other");
    CHECK_FALSE(runs.Release("other", "exe_1", 1).value());
  }

  SUBCASE("a run released after its cancel was requested ends as cancelled") {
    MustInsert(store, MakeRun("exe_1", "org_a"));
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(runs.RequestCancel("org_a", "exe_1", 1).value() == CancelOutcome::kRequested);
    CHECK(runs.Release("own", "exe_1", 9000).value());
    Execution e = MustGet(store, "org_a", "exe_1");
    CHECK(e.state == RunState::kCancelled);
    CHECK(e.completed_at == 9000);
    CHECK(ClaimedId(store, "own") == "");
  }

  SUBCASE("crashes are counted for the holder, and stay with the run") {
    MustInsert(store, MakeRun("exe_1", "org_a"));
    CHECK_FALSE(runs.RecordCrash("own", "exe_1").ok());
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(runs.RecordCrash("own", "exe_1").value() == 1);
    CHECK(runs.Release("own", "exe_1", 1).value());
    CHECK(MustClaim(store, "own")->execution.crashes == 1);
    CHECK(runs.RecordCrash("own", "exe_1").value() == 2);
    CHECK(MustGet(store, "org_a", "exe_1").crashes == 2);
    CHECK_FALSE(runs.RecordCrash("other", "exe_1").ok());
  }

  SUBCASE("a dead owner's runs are queued again in their old order, and it is gone") {
    for (const char* id : {"exe_1", "exe_2", "exe_3", "exe_4"}) {
      MustInsert(store, MakeRun(id, "org_a"));
    }
    MustRegister(store, "dead");
    CHECK(ClaimedId(store, "dead") == "exe_1");
    CHECK(ClaimedId(store, "own") == "exe_2");
    CHECK(ClaimedId(store, "dead") == "exe_3");
    CHECK(runs.RequestCancel("org_a", "exe_3", 1).ok());
    CHECK(runs.Owners()->size() == 2);
    CHECK(runs.TakeBack("dead", 8000).value() == 1);
    CHECK(runs.TakeBack("dead", 8000).value() == 0);
    auto owners = runs.Owners();
    REQUIRE(owners.ok());
    REQUIRE(owners->size() == 1);
    CHECK(owners->at(0).id == "own");
    CHECK(MustGet(store, "org_a", "exe_3").state == RunState::kCancelled);
    CHECK(MustGet(store, "org_a", "exe_3").completed_at == 8000);
    CHECK(MustGet(store, "org_a", "exe_2").state == RunState::kRunning);
    CHECK_FALSE(MustFinish(store, MakeFinish("exe_1", "dead")).applied);
    CHECK_FALSE(runs.RenewLease("dead", 1).ok());
    CHECK_FALSE(runs.Claim("dead", 1).ok());
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(ClaimedId(store, "own") == "exe_4");
  }

  SUBCASE("owners are remembered with their lease") {
    CHECK(runs.RenewLease("own", 12345).ok());
    auto owners = runs.Owners();
    REQUIRE(owners.ok());
    REQUIRE(owners->size() == 1);
    CHECK(owners->at(0).host == "host");
    CHECK(owners->at(0).pid == 7);
    CHECK(owners->at(0).pid_start == 8);
    CHECK(owners->at(0).lease_until == 12345);
  }

  SUBCASE("the statistics know every state and the oldest that waits") {
    CHECK(MustStats(store).oldest_pending_created_at == 0);
    for (int i = 0; i < 7; ++i) MustInsert(store, MakeRun("e" + std::to_string(i), "o", 100 + i));
    MustClaim(store, "own");
    MustClaim(store, "own");
    MustFinish(store, MakeFinish("e0", "own", RunState::kTimeout));
    CHECK(runs.RequestCancel("o", "e2", 1).ok());
    QueueStats stats = MustStats(store);
    CHECK(stats.runs[static_cast<int>(RunState::kPending)] == 4);
    CHECK(stats.runs[static_cast<int>(RunState::kRunning)] == 1);
    CHECK(stats.runs[static_cast<int>(RunState::kTimeout)] == 1);
    CHECK(stats.runs[static_cast<int>(RunState::kCancelled)] == 1);
    CHECK(stats.oldest_pending_created_at == 103);
  }
}

void CheckEnds(Store& store) {
  RunPort& runs = *store.ports().runs;
  MustRegister(store, "own");
  NewRun run = MakeRun("exe_1", "org_a");
  run.execution.credits_used = 5;
  MustInsert(store, run);

  SUBCASE("a finished run has its result, once and for all") {
    CHECK(ClaimedId(store, "own") == "exe_1");
    FinishRun finish = MakeFinish("exe_1", "own", RunState::kCompleted, 9000);
    finish.solver_name = "cbc";
    finish.solver_status = "optimal";
    finish.objective_value = 0.1;
    finish.result_json = R"({"x":1})";
    finish.progress_json = R"({"nodes":3})";
    finish.execution_time_micros = 77;
    FinishedRun finished = MustFinish(store, finish);
    CHECK(finished.applied);
    CHECK(finished.execution.state == RunState::kCompleted);
    CHECK(finished.execution.result_json == "");

    FinishRun second = MakeFinish("exe_1", "own", RunState::kFailed, 9999);
    finished = MustFinish(store, second);
    CHECK_FALSE(finished.applied);
    CHECK(finished.execution.state == RunState::kCompleted);
    CHECK(runs.RequestCancel("org_a", "exe_1", 1).value() == CancelOutcome::kAlreadyEnded);
    runs.SaveProgress("exe_1", R"({"nodes":99})");

    Execution e = MustGet(store, "org_a", "exe_1");
    CHECK(e.state == RunState::kCompleted);
    CHECK(e.completed_at == 9000);
    CHECK(e.solver_name == "cbc");
    CHECK(e.solver_status == "optimal");
    CHECK(e.objective_value == 0.1);
    CHECK(e.result_json == R"({"x":1})");
    CHECK(e.progress_json == R"({"nodes":3})");
    CHECK(e.credits_used == 5);
    CHECK(e.execution_time_micros == 77);
    // In submission order behind the progress of an ended run.
    MustInsert(store, MakeRun("exe_2", "org_a"));
    CHECK(MustGet(store, "org_a", "exe_1").progress_json == R"({"nodes":3})");
  }

  SUBCASE("a failed run keeps its message and no result") {
    CHECK(ClaimedId(store, "own") == "exe_1");
    FinishRun finish = MakeFinish("exe_1", "own", RunState::kFailed);
    finish.error_message = "out of memory";
    finish.result_json = "{}";
    finish.objective_value = 3;
    CHECK(MustFinish(store, finish).applied);
    Execution e = MustGet(store, "org_a", "exe_1");
    CHECK(e.state == RunState::kFailed);
    CHECK(e.error_message == "out of memory");
    CHECK(e.result_json == "");
    CHECK_FALSE(e.objective_value.has_value());
  }

  SUBCASE("only the holder can finish a run") {
    MustRegister(store, "other");
    CHECK_FALSE(MustFinish(store, MakeFinish("exe_1", "own")).applied);  // pending
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK_FALSE(MustFinish(store, MakeFinish("exe_1", "other")).applied);
    CHECK_FALSE(MustFinish(store, MakeFinish("exe_1", "nobody")).applied);
    CHECK(absl::IsNotFound(runs.Finish(MakeFinish("exe_9", "own")).status()));
    CHECK(absl::IsInvalidArgument(
        runs.Finish(MakeFinish("exe_1", "own", RunState::kPending)).status()));
    CHECK(MustGet(store, "org_a", "exe_1").state == RunState::kRunning);
    CHECK(MustFinish(store, MakeFinish("exe_1", "own")).applied);
  }

  SUBCASE("a pending run is cancelled at once") {
    CHECK(runs.RequestCancel("org_a", "exe_1", 4000).value() == CancelOutcome::kCancelled);
    CHECK(runs.RequestCancel("org_a", "exe_1", 4001).value() == CancelOutcome::kAlreadyEnded);
    Execution e = MustGet(store, "org_a", "exe_1");
    CHECK(e.state == RunState::kCancelled);
    CHECK(e.completed_at == 4000);
    CHECK(ClaimedId(store, "own") == "");
  }

  SUBCASE("a cancel requested before the end wins over it") {
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(runs.CancelRequests("own")->empty());
    CHECK(runs.RequestCancel("", "exe_1", 4000).value() == CancelOutcome::kRequested);
    CHECK(runs.RequestCancel("org_a", "exe_1", 4000).value() == CancelOutcome::kRequested);
    CHECK(runs.CancelRequests("own").value() == Names{"exe_1"});
    CHECK(runs.CancelRequests("other")->empty());
    FinishRun finish = MakeFinish("exe_1", "own");
    finish.result_json = "{}";
    finish.preview_json = "{}";
    finish.solver_status = "optimal";
    finish.objective_value = 1;
    FinishedRun finished = MustFinish(store, finish);
    CHECK(finished.applied);
    CHECK(finished.execution.state == RunState::kCancelled);
    Execution e = MustGet(store, "org_a", "exe_1");
    CHECK(e.result_json == "");
    CHECK(e.solver_status == "");
    CHECK_FALSE(e.objective_value.has_value());
    CHECK(e.credits_used == 5);
    CHECK(runs.CancelRequests("own")->empty());
  }

  SUBCASE("progress of a running run is kept, and survives an end without news") {
    CHECK(ClaimedId(store, "own") == "exe_1");
    runs.SaveProgress("exe_1", R"({"nodes":1})");
    runs.SaveProgress("exe_1", R"({"nodes":2})");
    runs.SaveProgress("exe_9", R"({"nodes":3})");
    CHECK(MustFinish(store, MakeFinish("exe_1", "own", RunState::kTimeout)).applied);
    CHECK(MustGet(store, "org_a", "exe_1").progress_json == R"({"nodes":2})");
  }

  SUBCASE("lists show the preview where there is one") {
    MustInsert(store, MakeRun("exe_2", "org_a"));
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(ClaimedId(store, "own") == "exe_2");
    FinishRun finish = MakeFinish("exe_1", "own");
    finish.result_json = "long";
    finish.preview_json = "short";
    MustFinish(store, finish);
    finish = MakeFinish("exe_2", "own");
    finish.result_json = "whole";
    MustFinish(store, finish);
    Page<Execution> page = MustList(store, "org_a");
    REQUIRE(page.items.size() == 2);
    CHECK(page.items[0].result_json == "whole");
    CHECK(page.items[1].result_json == "short");
    CHECK(MustGet(store, "org_a", "exe_1").result_json == "long");
    ExecutionFilter filter;
    filter.include_result = false;
    for (const Execution& e : MustList(store, "org_a", filter).items) CHECK(e.result_json == "");
  }
}

void CheckLists(Store& store) {
  RunPort& runs = *store.ports().runs;
  MustRegister(store, "own");
  std::vector<Execution> expected;  // newest last
  for (int i = 0; i < 60; ++i) {
    NewRun run = MakeRun("e" + std::to_string(i), i % 3 == 0 ? "org_b" : "org_a");
    run.execution.origin = i % 4 == 0 ? "" : i % 4 == 1 ? "triggered" : "manual";
    run.execution.model_id = i % 5 == 0 ? "" : "mdl_" + std::to_string(i % 2);
    run.execution.trigger_id = i % 4 == 1 ? "trg_1" : "";
    expected.push_back(MustInsert(store, run));
  }
  for (int i = 0; i < 30; ++i) {
    auto claimed = MustClaim(store, "own");
    REQUIRE(claimed.has_value());
    RunState end = i % 2 == 0 ? RunState::kCompleted : RunState::kFailed;
    if (i % 3 != 0) MustFinish(store, MakeFinish(claimed->execution.id, "own", end));
  }
  for (Execution& e : expected) e.state = MustGet(store, "", e.id).state;

  std::vector<std::optional<RunState>> states = {std::nullopt, RunState::kPending,
                                                 RunState::kRunning, RunState::kCompleted,
                                                 RunState::kTimeout};
  for (std::string_view organization : {"org_a", "org_b", "org_c", ""}) {
    for (const auto& state : states) {
      for (const char* origin : {"", "manual", "triggered", "never"}) {
        for (const char* model : {"", "mdl_0", "mdl_1"}) {
          for (const char* trigger : {"", "trg_1"}) {
            ExecutionFilter filter;
            filter.state = state;
            filter.origin = origin;
            filter.model_id = model;
            filter.trigger_id = trigger;
            Names matching;
            for (auto e = expected.rbegin(); e != expected.rend(); ++e) {
              if ((organization.empty() || e->organization_id == organization) &&
                  (!state || e->state == *state) && (!*origin || e->origin == origin) &&
                  (!*model || e->model_id == model) && (!*trigger || e->trigger_id == trigger)) {
                matching.push_back(e->id);
              }
            }
            Names listed;
            for (int64_t number = 1;; ++number) {
              Page<Execution> page = MustList(store, organization, filter, {number, 7});
              CHECK(page.total == static_cast<int64_t>(matching.size()));
              CHECK(page.page == number);
              CHECK(page.page_size == 7);
              CHECK(page.items.size() <= 7);
              if (page.items.empty()) break;
              for (const std::string& id : Ids(page)) listed.push_back(id);
            }
            CHECK(listed == matching);
          }
        }
      }
    }
  }
  CHECK(MustList(store, "org_a", {}, {INT64_MAX, 100}).items.empty());
  CHECK(MustList(store, "org_a", {}, {INT64_MAX, 100}).total == 40);
  CHECK_FALSE(runs.List("org_a", {}, {0, 10}).ok());
  CHECK_FALSE(runs.List("org_a", {}, {1, 0}).ok());
}

}  // namespace

void CheckRunContract(const OpenStore& open) {
  SUBCASE("insertion") { CheckInsertion(*open()); }
  SUBCASE("queue") { CheckQueue(*open()); }
  SUBCASE("ends") { CheckEnds(*open()); }
  SUBCASE("lists") { CheckLists(*open()); }
}

void CheckIdentityContract(const OpenStore& open) {
  std::unique_ptr<Store> owned = open();
  IdentityPort& identity = *owned->ports().identity;
  CHECK_FALSE(identity.AnyOrganization().value());
  Membership member = identity.EnsureMember("Acme", "ann", "org_1", "usr_1", 10).value();
  CHECK(member.organization_id == "org_1");
  CHECK(member.organization_name == "Acme");
  CHECK(member.user_id == "usr_1");
  CHECK(member.user_name == "ann");
  CHECK(member.active);
  CHECK(identity.AnyOrganization().value());

  auto make_key = [](std::string id, std::string user, std::string hash, int64_t created) {
    NewKeyRow row;
    row.key.id = id;
    row.key.organization_id = "org_1";
    row.key.user_id = user;
    row.key.name = "name of " + id;
    row.key.prefix = "ok_live_12";
    row.key.created_at = created;
    row.hash = hash;
    return row;
  };

  SUBCASE("organizations and users are made once, by name") {
    member = identity.EnsureMember("Acme", "ann", "org_2", "usr_2", 20).value();
    CHECK(member.organization_id == "org_1");
    CHECK(member.user_id == "usr_1");
    member = identity.EnsureMember("Acme", "bob", "org_3", "usr_3", 20).value();
    CHECK(member.organization_id == "org_1");
    CHECK(member.user_id == "usr_3");
    member = identity.EnsureMember("Other", "ann", "org_4", "usr_4", 20).value();
    CHECK(member.organization_id == "org_4");
    CHECK(member.user_id == "usr_4");
    CHECK_FALSE(identity.FindMember("org_4", "usr_1").value().has_value());
    auto found = identity.FindMember("org_1", "usr_3").value();
    REQUIRE(found.has_value());
    CHECK(found->user_name == "bob");
    CHECK(found->organization_name == "Acme");
  }

  SUBCASE("deactivation shows in memberships and keys") {
    CHECK(identity.InsertKey(make_key("key_1", "usr_1", "hash", 5), 25).ok());
    CHECK(identity.SetUserActive("usr_1", false).value());
    CHECK_FALSE(identity.FindMember("org_1", "usr_1").value()->active);
    CHECK_FALSE(identity.EnsureMember("Acme", "ann", "x", "y", 1)->active);
    CHECK_FALSE(identity.FindKey("hash").value()->user_active);
    CHECK(identity.FindKey("hash").value()->organization_active);
    CHECK(identity.SetUserActive("usr_1", true).value());
    CHECK(identity.SetOrganizationActive("org_1", false).value());
    CHECK_FALSE(identity.FindKey("hash").value()->organization_active);
    CHECK_FALSE(identity.SetUserActive("usr_9", true).value());
    CHECK_FALSE(identity.SetOrganizationActive("org_9", true).value());
  }

  SUBCASE("keys are found by their hash until they are revoked") {
    NewKeyRow row = make_key("key_1", "usr_1", std::string("\0hash", 5), 100);
    row.key.description = "100 % sure";
    row.key.expires_at = 900;
    CHECK(identity.InsertKey(row, 25).ok());
    CHECK_FALSE(identity.FindKey("other").value().has_value());
    auto found = identity.FindKey(row.hash).value();
    REQUIRE(found.has_value());
    CHECK(found->key.id == "key_1");
    CHECK(found->hash == row.hash);
    CHECK(found->key.name == "name of key_1");
    CHECK(found->key.description == "100 % sure");
    CHECK(found->key.prefix == "ok_live_12");
    CHECK(found->key.expires_at == 900);
    CHECK(found->key.last_used_at == 0);
    CHECK(found->key.is_active);
    identity.TouchKey("key_1", 555);
    identity.TouchKey("key_1", 444);
    CHECK_FALSE(identity.RevokeKey("org_2", "", "key_1", 600).value());
    CHECK_FALSE(identity.RevokeKey("org_1", "usr_2", "key_1", 600).value());
    CHECK(identity.FindKey(row.hash).value()->key.is_active);
    CHECK(identity.FindKey(row.hash).value()->key.last_used_at == 555);
    CHECK(identity.RevokeKey("org_1", "usr_1", "key_1", 600).value());
    CHECK(identity.RevokeKey("org_1", "", "key_1", 600).value());
    CHECK_FALSE(identity.FindKey(row.hash).value()->key.is_active);
    CHECK_FALSE(identity.RevokeKey("org_1", "", "key_2", 600).value());
    CHECK(absl::IsAlreadyExists(
        identity.InsertKey(make_key("key_2", "usr_1", row.hash, 1), 25).status()));
  }

  SUBCASE("the limit counts live keys of the user only") {
    NewKeyRow expiring = make_key("key_1", "usr_1", "h1", 100);
    expiring.key.expires_at = 150;
    CHECK(identity.InsertKey(expiring, 2).ok());
    CHECK(identity.InsertKey(make_key("key_2", "usr_1", "h2", 100), 2).ok());
    absl::Status refused = identity.InsertKey(make_key("key_3", "usr_1", "h3", 149), 2).status();
    CHECK(absl::IsAlreadyExists(refused));
    CHECK(GetErrorInfo(refused).code == "conflict");
    CHECK(identity.InsertKey(make_key("key_3", "usr_1", "h3", 150), 2).ok());
    CHECK_FALSE(identity.InsertKey(make_key("key_4", "usr_1", "h4", 151), 2).ok());
    CHECK(identity.RevokeKey("org_1", "", "key_2", 152).value());
    CHECK(identity.InsertKey(make_key("key_4", "usr_1", "h4", 153), 2).ok());
    CHECK(identity.EnsureMember("Acme", "bob", "", "usr_2", 1).ok());
    CHECK(identity.InsertKey(make_key("key_5", "usr_2", "h5", 154), 2).ok());
  }

  SUBCASE("lists are searched and paged, newest first") {
    CHECK(identity.EnsureMember("Acme", "bob", "", "usr_2", 1).ok());
    for (int i = 0; i < 9; ++i) {
      NewKeyRow row = make_key("key_" + std::to_string(i), i < 6 ? "usr_1" : "usr_2",
                               "h" + std::to_string(i), 100 + i / 2);
      row.key.description = i == 3 ? "100 % SURE" : "plain";
      CHECK(identity.InsertKey(row, 25).ok());
    }
    CHECK(identity.RevokeKey("org_1", "", "key_4", 200).value());
    auto ids = [&](const KeyFilter& filter, const PageRequest& request, int64_t total) {
      auto page = identity.ListKeys(filter, request);
      REQUIRE(page.ok());
      CHECK(page->total == total);
      Names names;
      for (const ApiKey& key : page->items) names.push_back(key.id.substr(4));
      return names;
    };
    KeyFilter filter;
    filter.organization_id = "org_1";
    CHECK(ids(filter, {1, 5}, 9) == Names{"8", "7", "6", "5", "4"});
    CHECK(ids(filter, {2, 5}, 9) == Names{"3", "2", "1", "0"});
    CHECK(ids(filter, {3, 5}, 9).empty());
    filter.user_id = "usr_2";
    CHECK(ids(filter, {}, 3) == Names{"8", "7", "6"});
    filter.user_id = "";
    filter.is_active = false;
    CHECK(ids(filter, {}, 1) == Names{"4"});
    filter.is_active = true;
    filter.search = "% sure";
    CHECK(ids(filter, {}, 1) == Names{"3"});
    filter.search = "NAME OF key_7";
    CHECK(ids(filter, {}, 1) == Names{"7"});
    filter.search = "key%7";
    CHECK(ids(filter, {}, 0).empty());
    filter.organization_id = "org_2";
    filter.search = "";
    CHECK(ids(filter, {}, 0).empty());
  }
}

}  // namespace solvent
