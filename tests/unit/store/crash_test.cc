// What was acknowledged survives a killed process.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "clock.h"
#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

constexpr char kFileVariable[] = "SOLVENT_CRASH_FILE";
constexpr char kPipeVariable[] = "SOLVENT_CRASH_PIPE";
constexpr char kRoundVariable[] = "SOLVENT_CRASH_ROUND";

// One line for each acknowledged step, in one write so that lines of threads do not mix.
void Say(int descriptor, const std::string& what, const std::string& id) {
  std::string line = what + " " + id + "\n";
  if (write(descriptor, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(3);
}

// The process that is to be killed. Doctest runs it only when the test below asks for it by name.
TEST_CASE("crash child" * doctest::skip()) {
  const char* file = std::getenv(kFileVariable);
  const char* pipe_text = std::getenv(kPipeVariable);
  const char* round = std::getenv(kRoundVariable);
  if (file == nullptr || pipe_text == nullptr || round == nullptr) return;
  int descriptor = std::atoi(pipe_text);
  std::unique_ptr<Store> store = MustOpen(file);
  RunPort& runs = *store->ports().runs;
  store->ports().credits->SetPolicy({true, 1'000'000'000, 1});
  std::string owner = std::string("own_") + round;
  MustRegister(*store, owner);
  std::atomic<int> next{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (true) {
        int number = next++;
        std::string id = std::string("exe_") + round + "_" + std::to_string(number);
        NewRun run = MakeRun(id, "org_a");
        run.execution.user_id = "usr_" + id;
        run.notify = NotifyEnd::kAlways;
        run.execution.credits_used = 3;
        if (number % 2 == 1) {
          run.execution.trigger_id = "trg_1";
          run.execution.run_id = "run_" + id;
        }
        if (!runs.Insert(std::move(run), INT64_MAX).ok()) _exit(4);
        Say(descriptor, "inserted", id);
        auto claimed = runs.Claim(owner, 1);
        if (!claimed.ok()) _exit(5);
        if (!claimed->has_value()) continue;
        id = (*claimed)->execution.id;
        // One in ten gets its charge back.
        bool failed = id.back() == '7';
        FinishRun finish = MakeFinish(id, owner, failed ? RunState::kFailed : RunState::kCompleted);
        finish.result_json = "{\"id\":\"" + id + "\"}";
        auto finished = runs.Finish(finish);
        if (!finished.ok() || !finished->applied) _exit(6);
        Say(descriptor, "finished", id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Starts the child, kills it a while after it has first said `word`, and returns what it said.
std::string RunAndKill(const std::string& file, int round, const std::string& word,
                       int kill_after_ms) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  std::vector<std::string> variables = {kFileVariable + ("=" + file),
                                        kPipeVariable + ("=" + std::to_string(ends[1])),
                                        kRoundVariable + ("=" + std::to_string(round))};
  std::vector<char*> environment;
  for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
  for (std::string& v : variables) environment.push_back(v.data());
  environment.push_back(nullptr);
  std::string self = "/proc/self/exe", name = "-tc=crash child", all = "-ns", quiet = "-m";
  char* arguments[] = {self.data(), name.data(), all.data(), quiet.data(), nullptr};
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, environment.data()) == 0);
  close(ends[1]);

  // The time runs from an acknowledgement; the pipe's end tells that the child is gone.
  std::string said;
  bool running_out = false;
  double deadline = 0;
  bool killed = false;
  char buffer[4096];
  while (true) {
    int left = -1;
    if (running_out && !killed) {
      left = std::max(0, static_cast<int>((deadline - SteadySeconds()) * 1000));
    }
    pollfd ready{ends[0], POLLIN, 0};
    if (left == 0 || poll(&ready, 1, left) == 0) {
      kill(child, SIGKILL);
      killed = true;
      continue;
    }
    ssize_t got = read(ends[0], buffer, sizeof(buffer));
    if (got <= 0) break;
    said.append(buffer, got);
    if (!running_out && said.find(word) != std::string::npos) {
      running_out = true;
      deadline = SteadySeconds() + kill_after_ms / 1000.0;
    }
  }
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGKILL);
  return said;
}

TEST_CASE("what was acknowledged is there after kill -9, and ended once") {
  TemporaryDirectory directory;
  std::string file = directory.File("s.db");
  // Half of the runs are a trigger's, whose webhook and creator are to be told of the end.
  MustOpen(file);
  AddTrigger(file, "trg_1", "http://receiver.invalid/hook");
  std::mt19937 random(7);
  std::set<std::string> inserted, finished;
  for (int round = 0; round < 12; ++round) {
    // On a slow disk only rounds that wait for an end see one.
    std::istringstream said(RunAndKill(file, round, round % 2 == 0 ? "inserted" : "finished",
                                       1 + static_cast<int>(random() % 40)));
    std::string what, id;
    while (said >> what >> id) (what == "inserted" ? inserted : finished).insert(id);
    CheckInvariants(file);

    std::unique_ptr<Store> store = MustOpen(file);
    for (const std::string& known : inserted) CHECK(store->ports().runs->Get("", known).ok());
    for (const std::string& known : finished) {
      Execution e = MustGet(*store, "org_a", known);
      bool failed = known.back() == '7';
      CHECK(e.state == (failed ? RunState::kFailed : RunState::kCompleted));
      CHECK(e.result_json == (failed ? "" : "{\"id\":\"" + known + "\"}"));
      CHECK(e.credits_used == (failed ? 0 : 3));
    }
    // Recovery: what the dead process held runs again.
    auto owners = store->ports().runs->Owners();
    REQUIRE(owners.ok());
    for (const RunPort::Owner& owner : *owners) {
      CHECK(store->ports().runs->TakeBack(owner.id, 2).ok());
    }
    CHECK(MustStats(*store).runs[static_cast<int>(RunState::kRunning)] == 0);
  }
  CHECK(inserted.size() >= 12);
  CHECK(finished.size() >= 6);
  RawDb db(file);
  CHECK(db.Value("SELECT count(*) FROM webhook_deliveries") ==
        db.Value("SELECT count(*) FROM executions WHERE state >= 2 AND run_id <> ''"));
  // Each user has one run that is no trigger's, and was told of its end once.
  std::string told =
      "(SELECT user_id FROM notification_boxes JOIN notifications ON box = k"
      " WHERE user_id <> 'usr_1')";
  CHECK(db.Rows("SELECT user_id FROM " + told + " GROUP BY 1 HAVING count(*) > 1").empty());
  CHECK(db.Rows("SELECT id FROM executions WHERE run_id = '' AND (state >= 2) <> (user_id IN " +
                told + ")")
            .empty());
  CHECK(db.Value("SELECT 1000000000 - 3 * count(*) FROM executions WHERE state <> 3") ==
        db.Value("SELECT balance FROM credit_accounts"));
}

}  // namespace
}  // namespace solvent
