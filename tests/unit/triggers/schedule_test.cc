#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "trigger_tools.h"

namespace solvent {
namespace {

using State = TriggerRunStatus;
using Overlap = TriggerSchedule::Overlap;
using Missed = TriggerSchedule::Missed;

constexpr int64_t kMinute = 60'000'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kStart = 1'771'495'500'000'000;  // 2026-02-19 10:05:00 UTC

TriggerSchedule Every(const std::string& cron) {
  TriggerSchedule schedule;
  schedule.cron = cron;
  schedule.overlap = Overlap::kQueue;
  return schedule;
}

struct Scheduled {
  explicit Scheduled(const std::string& file) : engine(file, kStart), made(engine.Create()) {}

  TriggerSchedule Set(const TriggerSchedule& wanted) {
    auto set = engine.triggers->SetSchedule(org(), made.trigger.id, wanted);
    REQUIRE_MESSAGE(set.ok(), set.status().ToString());
    return *set;
  }
  TriggerSchedule Get() {
    auto schedule = engine.triggers->GetSchedule(org(), made.trigger.id);
    REQUIRE(schedule.ok());
    return *schedule;
  }
  // What is due at that time fires; returns when the next is due.
  int64_t At(int64_t time) {
    engine.now = time;
    auto next = engine.triggers->RunDueSchedules();
    REQUIRE_MESSAGE(next.ok(), next.status().ToString());
    return *next;
  }
  std::vector<TriggerRun> Runs() { return engine.Runs(made.trigger.id); }
  const std::string& org() { return engine.caller.organization_id; }

  TestTriggers engine;
  CreatedTrigger made;
};

TEST_CASE("a schedule fires when it is due, and once") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  TriggerSchedule set = s.Set(Every("*/10 * * * *"));
  CHECK(set.next_due == kStart + 5 * kMinute);
  CHECK(set.last_due == 0);
  CHECK(s.At(kStart + 5 * kMinute - 1) == set.next_due);
  CHECK(s.Runs().empty());
  CHECK(s.At(kStart + 5 * kMinute) == kStart + 15 * kMinute);
  CHECK(s.At(kStart + 5 * kMinute) == kStart + 15 * kMinute);
  REQUIRE(s.Runs().size() == 1);
  TriggerRun run = s.Runs()[0];
  CHECK(run.source == "cron");
  CHECK(run.status == State::kQueued);
  CHECK(run.due_at == kStart + 5 * kMinute);
  s.At(kStart + 15 * kMinute + 3);
  CHECK(s.Runs().size() == 2);
  CHECK(s.Get().last_due == kStart + 15 * kMinute);
  CHECK(s.Get().next_due == kStart + 25 * kMinute);
}

TEST_CASE("a schedule's data go into each of its runs") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  TriggerSchedule wanted = Every("*/10 * * * *");
  wanted.override_data = ParseOrDie(R"({"objective":{"sense":"minimize","expression":"5*x"}})");
  s.Set(wanted);
  s.At(kStart + 5 * kMinute);
  REQUIRE(s.Runs().size() == 1);
  CHECK(s.Runs()[0].override_data == wanted.override_data);
  CHECK(s.Get().override_data == wanted.override_data);
}

TEST_CASE("what was missed is caught up once or skipped, as was chosen") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  TriggerSchedule wanted = Every("0 * * * *");
  const int64_t first = kStart + 55 * kMinute;
  SUBCASE("caught up once") {
    wanted.missed = Missed::kCatchUp;
    s.Set(wanted);
    CHECK(s.At(first + 5 * kHour + 30 * kMinute) == first + 6 * kHour);
    REQUIRE(s.Runs().size() == 1);
    CHECK(s.Runs()[0].due_at == first);
    s.At(first + 6 * kHour);
    CHECK(s.Runs().size() == 2);
  }
  SUBCASE("skipped") {
    wanted.missed = Missed::kSkip;
    s.Set(wanted);
    CHECK(s.At(first + 5 * kHour + 30 * kMinute) == first + 6 * kHour);
    CHECK(s.Runs().empty());
    s.At(first + 6 * kHour);
    CHECK(s.Runs().size() == 1);
  }
  SUBCASE("a due time that has just passed is in time, whatever was missed before") {
    wanted.missed = Missed::kSkip;
    s.Set(wanted);
    CHECK(s.At(first + 5 * kHour + kMinute / 2) == first + 6 * kHour);
    REQUIRE(s.Runs().size() == 1);
    CHECK(s.Runs()[0].due_at == first + 5 * kHour);
  }
  SUBCASE("a minute late is not missed") {
    wanted.missed = Missed::kSkip;
    s.Set(wanted);
    s.At(first + kMinute);
    CHECK(s.Runs().size() == 1);
  }
}

TEST_CASE("while a run has not ended the next is skipped, and that is recorded") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  TriggerSchedule wanted = Every("*/10 * * * *");
  wanted.overlap = Overlap::kSkip;
  s.Set(wanted);
  s.At(kStart + 5 * kMinute);
  CHECK(s.At(kStart + 15 * kMinute) == kStart + 25 * kMinute);
  REQUIRE(s.Runs().size() == 2);
  CHECK(s.Runs()[0].status == State::kSkippedOverlap);
  CHECK(s.Runs()[0].due_at == kStart + 15 * kMinute);
  CHECK(s.Runs()[1].status == State::kQueued);
  auto listed = s.engine.triggers->ListRuns(s.org(), s.made.trigger.id, State::kSkippedOverlap,
                                            PageRequest());
  CHECK(listed->total == 1);
  // Once it has ended there is room again.
  REQUIRE(s.engine.queue->Cancel(s.org(), s.Runs()[1].execution_id).ok());
  s.At(kStart + 25 * kMinute);
  CHECK(s.Runs()[0].status == State::kQueued);
}

TEST_CASE("a disabled trigger lets its due times pass by") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  s.Set(Every("*/10 * * * *"));
  REQUIRE(s.engine.triggers->SetEnabled(s.org(), s.made.trigger.id, false).ok());
  CHECK(s.At(kStart + 5 * kMinute) == kStart + 15 * kMinute);
  CHECK(s.Runs().empty());
  REQUIRE(s.engine.triggers->SetEnabled(s.org(), s.made.trigger.id, true).ok());
  s.At(kStart + 15 * kMinute);
  CHECK(s.Runs().size() == 1);
}

TEST_CASE("a schedule that is off, deleted or replaced does not fire any more") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  TriggerSchedule wanted = Every("*/10 * * * *");
  s.Set(wanted);
  wanted.is_enabled = false;
  s.Set(wanted);
  CHECK(s.At(kStart + 5 * kMinute) == 0);
  wanted.is_enabled = true;
  wanted.cron = "0 12 * * *";
  wanted.time_zone = "Europe/Berlin";
  CHECK(s.Set(wanted).next_due == kStart + 55 * kMinute);
  s.At(kStart + 25 * kMinute);
  CHECK(s.Runs().empty());
  REQUIRE(s.engine.triggers->DeleteSchedule(s.org(), s.made.trigger.id).ok());
  CHECK(absl::IsNotFound(s.engine.triggers->DeleteSchedule(s.org(), s.made.trigger.id)));
  CHECK(absl::IsNotFound(s.engine.triggers->GetSchedule(s.org(), s.made.trigger.id).status()));
  CHECK(s.At(kStart + 2 * kHour) == 0);
  CHECK(s.Runs().empty());
}

TEST_CASE("a schedule goes off after five runs in a row that did not complete") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  auto schema = ParseOrDie(R"([{"name":"x","type":"number","required":true}])");
  s.Set(Every("*/10 * * * *"));
  TriggerPatch patch;
  patch.override_schema = schema;
  REQUIRE(s.engine.triggers->Patch(s.org(), s.made.trigger.id, patch).ok());
  int64_t next = kStart + 5 * kMinute;
  for (int i = 1; i <= kMaxScheduleFailures; ++i) {
    CHECK(s.Get().is_enabled);
    next = s.At(next);
    CHECK(s.Get().failures == i);
  }
  CHECK_FALSE(s.Get().is_enabled);
  CHECK(next == 0);
  CHECK(s.Runs().size() == kMaxScheduleFailures);
  CHECK(s.Runs()[0].status == State::kValidationFailed);
  CHECK(s.Runs()[0].due_at != 0);
  // Setting it again forgives.
  TriggerSchedule again = Every("*/10 * * * *");
  again.override_data = ParseOrDie(R"({"x":1})");
  CHECK(s.Set(again).failures == 0);
}

TEST_CASE("one completed run clears the failures") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  s.Set(Every("*/10 * * * *"));
  std::atomic<bool> fails = true;
  s.engine.backend.SetScript([&](const Problem& problem, const SolveOptions&,
                                 const SolveMonitor&) -> absl::StatusOr<SolveResult> {
    if (fails) return absl::InternalError("no");
    return ScriptedBackend::Cheapest(problem);
  });
  REQUIRE(s.engine.queue->Start().ok());
  auto run_to_end = [&](int64_t time) {
    s.At(time);
    auto ended =
        s.engine.queue->Wait(s.org(), s.Runs()[0].execution_id, std::chrono::milliseconds(60'000));
    REQUIRE(ended.ok());
  };
  run_to_end(kStart + 5 * kMinute);
  run_to_end(kStart + 15 * kMinute);
  CHECK(s.Get().failures == 2);
  fails = false;
  run_to_end(kStart + 25 * kMinute);
  CHECK(s.Get().failures == 0);
}

TEST_CASE("a clock that is set back does not fire a due time again") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  s.Set(Every("*/10 * * * *"));
  s.At(kStart + 5 * kMinute);
  s.engine.now = kStart;
  s.Set(Every("*/5 * * * *"));
  s.At(kStart + 5 * kMinute);
  CHECK(s.Runs().size() == 1);
  CHECK(s.Get().next_due == kStart + 10 * kMinute);
  s.At(kStart + 10 * kMinute);
  CHECK(s.Runs().size() == 2);
}

TEST_CASE("a clock that was ahead keeps no schedule waiting") {
  TemporaryFolder folder;
  constexpr int64_t kAhead = 40 * 24 * kHour;
  {
    Scheduled s(folder.File("t.db"));
    s.Set(Every("*/10 * * * *"));
    s.At(kStart + kAhead);  // fires, and looks for the next time from there
    CHECK(s.Get().next_due > kStart + kAhead);
    CHECK(s.At(kStart + kMinute) == kStart + 5 * kMinute);
    const size_t before = s.Runs().size();
    // That time was caught up with already; the next one is not.
    CHECK(s.At(kStart + 5 * kMinute) == kStart + 15 * kMinute);
    CHECK(s.Runs().size() == before);
    s.At(kStart + 15 * kMinute);
    CHECK(s.Runs().size() == before + 1);
    s.At(kStart + kAhead);
  }
  // So it is at a start, when nobody has seen the clock jump.
  TestTriggers again(folder.File("t.db"), kStart + 20 * kMinute);
  auto next = again.triggers->RunDueSchedules();
  REQUIRE(next.ok());
  CHECK(*next == kStart + 25 * kMinute);
}

TEST_CASE("what cannot be stored is refused with its field") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  struct Row {
    TriggerSchedule schedule;
    const char* pointer;
  };
  std::vector<Row> rows;
  rows.push_back({Every("never"), "/cron"});
  rows.push_back({Every("0 0 30 2 *"), "/cron"});
  rows.push_back({Every("* * * * *"), "/time_zone"});
  rows.back().schedule.time_zone = "Berlin";
  rows.push_back({Every("* * * * *"), "/override_data"});
  rows.back().schedule.override_data = Json("x");
  for (const Row& row : rows) {
    auto set = s.engine.triggers->SetSchedule(s.org(), s.made.trigger.id, row.schedule);
    REQUIRE_FALSE(set.ok());
    CHECK(GetErrorInfo(set.status()).fields[0].pointer == row.pointer);
  }
  TriggerPatch patch;
  patch.override_schema = Json::Array{};
  REQUIRE(s.engine.triggers->Patch(s.org(), s.made.trigger.id, patch).ok());
  TriggerSchedule wanted = Every("* * * * *");
  wanted.override_data = ParseOrDie(R"({"y":1})");
  auto set = s.engine.triggers->SetSchedule(s.org(), s.made.trigger.id, wanted);
  CHECK(GetErrorInfo(set.status()).fields[0].pointer == "/override_data/y");
  CHECK(absl::IsNotFound(s.engine.triggers->GetSchedule(s.org(), s.made.trigger.id).status()));
  CHECK(absl::IsNotFound(
      s.engine.triggers->SetSchedule("org_other", s.made.trigger.id, Every("* * * * *")).status()));
}

TEST_CASE("engines that share a database fire each due time once") {
  TemporaryFolder folder;
  const std::string file = folder.File("t.db");
  Scheduled first(file);
  TestTriggers second(file, kStart);
  std::vector<CreatedTrigger> triggers;
  for (int i = 0; i < 5; ++i) triggers.push_back(first.engine.Create());
  for (const CreatedTrigger& made : triggers) {
    REQUIRE(
        first.engine.triggers->SetSchedule(first.org(), made.trigger.id, Every("* * * * *")).ok());
  }
  constexpr int kMinutes = 20;
  auto run = [&](TestTriggers& engine) {
    for (int i = 1; i <= kMinutes; ++i) {
      engine.now = kStart + i * kMinute;
      auto next = engine.triggers->RunDueSchedules();
      CHECK_MESSAGE(next.ok(), next.status().ToString());
    }
  };
  std::thread other([&] { run(second); });
  run(first.engine);
  other.join();
  for (const CreatedTrigger& made : triggers) {
    std::vector<TriggerRun> runs = first.engine.Runs(made.trigger.id);
    std::set<int64_t> due;
    for (const TriggerRun& r : runs) due.insert(r.due_at);
    CHECK(due.size() == runs.size());
    // One may be ahead of the other, which then finds nothing left: never more, and all in the end.
    CHECK(runs.size() <= kMinutes);
    CHECK(due.count(kStart + kMinutes * kMinute) == 1);
  }
}

TEST_CASE("the thread fires without being asked, and hears of new schedules at once") {
  TemporaryFolder folder;
  Scheduled s(folder.File("t.db"));
  std::mutex mutex;
  std::condition_variable fired;
  int solves = 0;
  s.engine.backend.SetScript([&](const Problem& problem, const SolveOptions&, const SolveMonitor&) {
    std::lock_guard<std::mutex> lock(mutex);
    ++solves;
    fired.notify_all();
    return ScriptedBackend::Cheapest(problem);
  });
  REQUIRE(s.engine.queue->Start().ok());
  s.engine.triggers->Start();
  // Due already when the thread looks: the clock has moved on between the two.
  s.Set(Every("*/10 * * * *"));
  s.engine.now = kStart + 5 * kMinute;
  s.Set(Every("*/5 * * * *"));
  s.engine.now = kStart + 10 * kMinute;
  {
    std::unique_lock<std::mutex> lock(mutex);
    CHECK(fired.wait_for(lock, std::chrono::seconds(60), [&] { return solves == 1; }));
  }
  s.engine.triggers->Stop();
  CHECK(s.Runs().size() == 1);
}

}  // namespace
}  // namespace solvent
