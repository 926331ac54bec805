// A run queue over a real SQLite file and a backend that does what a test tells it to.
#pragma once

#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "run_queue.h"
#include "solvent/identity.h"
#include "solvent/sqlite_store.h"

namespace solvent {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "solvent-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// Solves min sum(cost * x) over boxes unless told otherwise.
class ScriptedBackend : public SolveBackend {
 public:
  using Script = std::function<absl::StatusOr<SolveResult>(const Problem&, const SolveOptions&,
                                                           const SolveMonitor&)>;
  std::string_view name() const override { return "scripted"; }
  std::string version() const override { return "1"; }
  std::string description() const override { return "for tests"; }
  Capabilities capabilities() const override { return {}; }
  absl::StatusOr<SolveResult> Solve(const Problem& problem, const SolveOptions& options,
                                    const SolveMonitor& monitor) override {
    Script script;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++solves_;
      script = script_;
    }
    changed_.notify_all();
    return script ? script(problem, options, monitor) : Cheapest(problem);
  }

  void SetScript(Script script) {
    std::lock_guard<std::mutex> lock(mutex_);
    script_ = std::move(script);
  }
  int solves() {
    std::lock_guard<std::mutex> lock(mutex_);
    return solves_;
  }
  void WaitForSolves(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return solves_ >= count; });
  }

  static SolveResult Cheapest(const Problem& problem) {
    SolveResult result;
    result.status = SolveStatus::kOptimal;
    result.has_point = true;
    for (size_t j = 0; j < problem.objective.size(); ++j) {
      result.x.push_back(problem.objective[j] >= 0 ? problem.column_lower[j]
                                                   : problem.column_upper[j]);
    }
    result.objective = result.bound = problem.Objective(result.x);
    result.gap = 0;
    result.solver = "scripted";
    return result;
  }

  // Blocks until it is told to stop.
  static absl::StatusOr<SolveResult> UntilStopped(const Problem&, const SolveOptions&,
                                                  const SolveMonitor& monitor) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock<std::mutex> lock(mutex);
    stopped.wait(lock, monitor.stop, [] { return false; });
    SolveResult result;
    result.status = SolveStatus::kCancelled;
    return result;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Script script_;
  int solves_ = 0;
};

struct TestEngine {
  explicit TestEngine(const std::string& database, int slots = 1, int64_t max_pending = 1000) {
    auto opened = OpenSqliteStore(database);
    if (!opened.ok()) std::abort();
    store = *std::move(opened);
    identity = std::make_unique<Identity>(*store, IdentityOptions{});
    auto member = identity->EnsureMember("Test", "tester");
    if (!member.ok()) std::abort();
    caller = {member->organization_id, member->user_id, "", false};
    RunQueueOptions options;
    options.slots = slots;
    options.max_pending = max_pending;
    options.default_solver = "scripted";
    options.house_seconds = 0.05;
    queue =
        std::make_unique<RunQueue>(store->ports(), std::vector<SolveBackend*>{&backend}, options);
  }

  ScriptedBackend backend;
  std::unique_ptr<Store> store;
  std::unique_ptr<Identity> identity;
  Caller caller;
  std::unique_ptr<RunQueue> queue;
};

// min cost * x with lower <= x <= 10.
inline Submission SmallSubmission(double lower = 3) {
  ProblemBuilder builder;
  builder.AddColumn("x", lower, 10, ColumnType::kContinuous, 2);
  Submission submission;
  submission.problem = *std::move(builder).Build();
  return submission;
}

}  // namespace solvent
