// Random operations by several owners on two stores of one file, against a model in memory.
#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

struct ModelRun {
  Execution execution;
  int64_t seq = 0;
  std::string owner;
  bool cancel = false;
  int ends = 0;
};

class Model {
 public:
  void Insert(const Execution& e) {
    ModelRun run;
    run.execution = e;
    run.seq = static_cast<int64_t>(order_.size());
    order_.push_back(e.id);
    runs_[e.id] = run;
    known_.try_emplace(e.organization_id, known_.size());
  }
  // The run that is next: by turn of its organization, priority, age.
  ModelRun* Next() {
    ModelRun* best = nullptr;
    for (auto& [id, run] : runs_) {
      if (run.execution.state != RunState::kPending) continue;
      if (best == nullptr || Rank(run) < Rank(*best)) best = &run;
    }
    return best;
  }
  void Serve(ModelRun& run, const std::string& owner) {
    served_[run.execution.organization_id] = ++clock_;
    run.execution.state = RunState::kRunning;
    run.owner = owner;
  }
  void End(ModelRun& run, RunState state) {
    run.execution.state = state;
    run.owner.clear();
    ++run.ends;
  }
  void PutBack(ModelRun& run) {
    if (run.cancel) return End(run, RunState::kCancelled);
    run.execution.state = RunState::kPending;
    run.owner.clear();
  }
  // Newest first.
  std::vector<std::string> List(const std::string& organization, std::optional<RunState> state) {
    std::vector<std::string> ids;
    for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
      const Execution& e = runs_[*id].execution;
      if (e.organization_id == organization && (!state || e.state == *state)) ids.push_back(*id);
    }
    return ids;
  }
  std::map<std::string, ModelRun>& runs() { return runs_; }
  const std::vector<std::string>& order() const { return order_; }

 private:
  // Of organizations never served yet, the one known for longest comes first.
  std::tuple<int64_t, size_t, int, int64_t> Rank(const ModelRun& run) {
    const std::string& organization = run.execution.organization_id;
    return {served_[organization], known_[organization], -run.execution.priority, run.seq};
  }

  std::map<std::string, ModelRun> runs_;
  std::map<std::string, int64_t> served_;
  std::map<std::string, size_t> known_;
  std::vector<std::string> order_;
  int64_t clock_ = 0;
};

void RunRandomOperations(uint32_t seed, int operations) {
  CAPTURE(seed);
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  {
    std::unique_ptr<Store> stores[2] = {MustOpen(path), MustOpen(path)};
    std::mt19937 random(seed);
    auto pick = [&](int n) { return static_cast<int>(random() % n); };
    std::vector<std::string> owners = {"own0", "own1", "own2"};
    for (const std::string& owner : owners) MustRegister(*stores[0], owner);
    const std::string organizations[] = {"org_a", "org_b", "org_c"};
    Model model;
    int64_t now = 1'000'000;

    auto any_run = [&]() -> ModelRun* {
      if (model.order().empty()) return nullptr;
      return &model.runs()[model.order()[pick(static_cast<int>(model.order().size()))]];
    };
    // Mostly a run that is held, so that something happens.
    auto held_run = [&]() -> ModelRun* {
      std::vector<ModelRun*> held;
      for (auto& [id, run] : model.runs()) {
        if (!run.owner.empty()) held.push_back(&run);
      }
      return held.empty() || pick(10) == 0 ? any_run() : held[pick(static_cast<int>(held.size()))];
    };

    for (int i = 0; i < operations; ++i) {
      RunPort& runs = *stores[pick(2)]->ports().runs;
      const std::string& owner = owners[pick(3)];
      now += pick(3);
      int what = pick(100);
      if (what < 30) {
        NewRun run = MakeRun("exe_" + std::to_string(i), organizations[pick(3)], now, pick(3));
        run.execution.model_id = pick(2) == 0 ? "" : "mdl_" + std::to_string(pick(3));
        run.execution.trigger_id = pick(4) == 0 ? "trg_1" : "";
        auto inserted = runs.Insert(run, INT64_MAX);
        REQUIRE(inserted.ok());
        model.Insert(inserted->execution);
      } else if (what < 55) {
        auto claimed = runs.Claim(owner, now);
        REQUIRE(claimed.ok());
        ModelRun* next = model.Next();
        REQUIRE(claimed->has_value() == (next != nullptr));
        if (next == nullptr) continue;
        REQUIRE((*claimed)->execution.id == next->execution.id);
        model.Serve(*next, owner);
      } else if (what < 80) {
        ModelRun* run = held_run();
        if (run == nullptr) continue;
        RunState end = static_cast<RunState>(2 + pick(4));
        std::string by = pick(10) == 0 || run->owner.empty() ? owner : run->owner;
        auto finished = runs.Finish(MakeFinish(run->execution.id, by, end, now));
        REQUIRE(finished.ok());
        bool applies = run->execution.state == RunState::kRunning && run->owner == by;
        REQUIRE(finished->applied == applies);
        if (applies) model.End(*run, run->cancel ? RunState::kCancelled : end);
        REQUIRE(finished->execution.state == run->execution.state);
      } else if (what < 90) {
        ModelRun* run = any_run();
        if (run == nullptr) continue;
        auto outcome = runs.RequestCancel(run->execution.organization_id, run->execution.id, now);
        REQUIRE(outcome.ok());
        if (run->execution.state == RunState::kPending) {
          REQUIRE(*outcome == CancelOutcome::kCancelled);
          model.End(*run, RunState::kCancelled);
        } else if (run->execution.state == RunState::kRunning) {
          REQUIRE(*outcome == CancelOutcome::kRequested);
          run->cancel = true;
        } else {
          REQUIRE(*outcome == CancelOutcome::kAlreadyEnded);
        }
      } else if (what < 95) {
        ModelRun* run = held_run();
        if (run == nullptr) continue;
        auto released = runs.Release(owner, run->execution.id, now);
        REQUIRE(released.ok());
        REQUIRE(*released == (run->owner == owner));
        if (*released) model.PutBack(*run);
      } else if (what < 97) {
        int64_t queued = 0;
        for (auto& [id, run] : model.runs()) {
          if (run.owner != owner) continue;
          if (!run.cancel) ++queued;
          model.PutBack(run);
        }
        REQUIRE(runs.TakeBack(owner, now).value() == queued);
        MustRegister(*stores[0], owner);
      } else {
        const std::string& organization = organizations[pick(3)];
        ExecutionFilter filter;
        if (pick(2) == 0) filter.state = static_cast<RunState>(pick(kRunStates));
        std::vector<std::string> expected = model.List(organization, filter.state);
        std::vector<std::string> listed;
        int size = 1 + pick(20);
        for (int64_t number = 1;; ++number) {
          auto page = runs.List(organization, filter, {number, size});
          REQUIRE(page.ok());
          REQUIRE(page->total == static_cast<int64_t>(expected.size()));
          if (page->items.empty()) break;
          for (const Execution& e : page->items) listed.push_back(e.id);
        }
        REQUIRE(listed == expected);
      }
    }
    for (auto& [id, run] : model.runs()) {
      Execution e = MustGet(*stores[0], run.execution.organization_id, id);
      CHECK(e.state == run.execution.state);
      CHECK(run.ends == (IsEndState(e.state) ? 1 : 0));
    }
  }
  CheckInvariants(path);
}

TEST_CASE("random operations by several owners agree with the model") {
  for (uint32_t seed = 1; seed <= 8; ++seed) RunRandomOperations(seed, 400);
}

TEST_CASE("pages deep in filtered lists cross block borders without repeating or skipping") {
  TemporaryDirectory directory;
  std::string path = directory.File("s.db");
  MustOpen(path);
  {
    // Three blocks of 4096 and a bit; every seventh run failed, every fifth has a model.
    RawDb db(path);
    db.Run(R"(
      BEGIN;
      INSERT INTO run_facets (k, org, kind, value, last_seq) VALUES (1, 0, 1, 'org_a', 13000),
        (2, 1, 3, 'mdl_1', 0);
      WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 13000)
      INSERT INTO executions (n, id, org, seq, state, priority, origin, model, "trigger",
        created_at, completed_at, user_id, name, catalog_id, model_name, run_id, version_id,
        solver_name, "columns", "rows", time_limit_seconds, credits_used)
      SELECT n, 'exe_' || n, 1, n, iif(n % 7 = 0, 3, 2), 0, 0, iif(n % 5 = 0, 2, 0), 0, n, n,
        '', '', '', '', '', '', '', 0, 0, 0, 0 FROM i;
      INSERT INTO run_inputs SELECT n, x'', '', x'' FROM executions;
      INSERT INTO run_blocks (facet, block, n2, n3)
        SELECT f.k, seq >> 12, sum(state = 2), sum(state = 3) FROM run_facets f JOIN executions
        WHERE f.k IN (0, 1) OR (f.k = 2 AND model = 2) GROUP BY 1, 2;
      UPDATE run_facets SET (n2, n3) =
        (SELECT sum(n2), sum(n3) FROM run_blocks WHERE facet = run_facets.k);
      COMMIT;)");
  }
  CheckInvariants(path);
  std::unique_ptr<Store> store = MustOpen(path);
  for (std::string organization : {"org_a", ""}) {
    for (std::optional<RunState> state :
         {std::optional<RunState>(), std::optional(RunState::kFailed),
          std::optional(RunState::kCompleted)}) {
      for (bool with_model : {false, true}) {
        if (organization.empty() && with_model) continue;
        ExecutionFilter filter;
        filter.state = state;
        if (with_model) filter.model_id = "mdl_1";
        std::vector<std::string> expected;
        for (int n = 13000; n >= 1; --n) {
          bool matches = (!state || (*state == RunState::kFailed) == (n % 7 == 0)) &&
                         (!with_model || n % 5 == 0);
          if (matches) expected.push_back("exe_" + std::to_string(n));
        }
        std::vector<std::string> listed;
        for (int64_t number = 1;; ++number) {
          Page<Execution> page = MustList(*store, organization, filter, {number, 97});
          REQUIRE(page.total == static_cast<int64_t>(expected.size()));
          if (page.items.empty()) break;
          for (const Execution& e : page.items) listed.push_back(e.id);
        }
        CHECK(listed == expected);
      }
    }
  }
}

}  // namespace
}  // namespace solvent
