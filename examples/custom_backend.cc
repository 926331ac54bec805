// A solver of one's own behind the same seam: it takes the best of many random points, so it is a
// poor solver and a complete example.
//
//   custom_backend [DATABASE]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "solvent/solvent.h"

namespace {

class RandomBackend : public solvent::SolveBackend {
 public:
  std::string_view name() const override { return "random"; }
  std::string version() const override { return "1.0"; }
  std::string description() const override { return "the best of many random points"; }
  solvent::Capabilities capabilities() const override {
    solvent::Capabilities can;
    can.progress = true;
    can.cancel = true;
    can.concurrent = true;
    return can;
  }

  absl::StatusOr<solvent::SolveResult> Solve(const solvent::Problem& problem,
                                             const solvent::SolveOptions& options,
                                             const solvent::SolveMonitor& monitor) override {
    if (absl::Status status = problem.Check(); !status.ok()) return status;
    solvent::SolveResult best;
    best.solver = name();
    best.status = solvent::SolveStatus::kFeasible;
    std::mt19937 random(options.seed);
    for (int sample = 0; sample < 20'000 && !monitor.stop.stop_requested(); ++sample) {
      std::vector<double> x = Sample(problem, random);
      solvent::PointCheck check = solvent::CheckPoint(problem, x);
      if (check.max_row_violation > 1e-9) continue;
      bool better = problem.sense == solvent::Sense::kMinimize
                        ? check.objective < best.objective
                        : check.objective > best.objective;
      if (best.has_point && !better) continue;
      best.has_point = true;
      best.objective = check.objective;
      best.x = std::move(x);
      solvent::Progress progress;
      progress.incumbent = best.objective;
      progress.improved = true;
      if (monitor.on_progress) monitor.on_progress(progress);
    }
    if (monitor.stop.stop_requested()) best.status = solvent::SolveStatus::kCancelled;
    if (!best.has_point && best.status == solvent::SolveStatus::kFeasible) {
      best.status = solvent::SolveStatus::kError;
      best.error = "no sample satisfied the rows";
    }
    return best;
  }

 private:
  static std::vector<double> Sample(const solvent::Problem& problem, std::mt19937& random) {
    std::vector<double> x;
    for (size_t j = 0; j < problem.objective.size(); ++j) {
      // Within a thousand of zero, or at the bound that is nearest to it.
      double lower = std::clamp(-1e3, problem.column_lower[j], problem.column_upper[j]);
      double upper = std::clamp(1e3, problem.column_lower[j], problem.column_upper[j]);
      double value = std::uniform_real_distribution<double>(lower, upper)(random);
      bool integer = problem.column_type[j] != solvent::ColumnType::kContinuous;
      x.push_back(integer ? std::round(value) : value);
    }
    return x;
  }
};

}  // namespace

int main(int argc, char** argv) {
  auto store = solvent::OpenSqliteStore(argc > 1 ? argv[1] : "example.db");
  if (!store.ok()) return 1;
  solvent::EngineOptions options;
  options.solve_in_process = true;  // CBC is not asked here, so it needs no workers
  options.backends.push_back(std::make_unique<RandomBackend>());
  auto engine = solvent::Engine::Create(*std::move(store), std::move(options));
  if (!engine.ok() || !(*engine)->Start().ok()) return 1;
  auto member = (*engine)->identity().EnsureMember("Example Inc.", "planner");
  if (!member.ok()) return 1;

  solvent::ProblemBuilder builder;
  int x = builder.AddColumn("x", 0, 10, solvent::ColumnType::kInteger, 3);
  int y = builder.AddColumn("y", 0, 10, solvent::ColumnType::kInteger, 2);
  builder.SetSense(solvent::Sense::kMaximize);
  builder.BeginRow("shared", -solvent::kInfinity, 12);
  builder.AddTerm(x, 1);
  builder.AddTerm(y, 1);
  auto problem = std::move(builder).Build();
  if (!problem.ok()) return 1;

  for (const char* solver : {"random", "cbc"}) {
    solvent::Submission submission;
    submission.problem = *problem;
    submission.solver_name = solver;
    auto run = (*engine)->executions().SubmitAndWait(
        {member->organization_id, member->user_id, "", false}, std::move(submission),
        std::chrono::seconds(30));
    if (!run.ok()) return 1;
    std::printf("%s: %s, objective %g\n", solver, run->execution.solver_status.c_str(),
                run->execution.objective_value.value_or(0));
  }
}
