// Solves seeded random problems and compares every answer with exact enumeration where the box is
// small and with glpsol elsewhere; problems with badly scaled data bring their exact answer. An
// answer is false when the other side has a point, checked in
// the original problem, that refutes it.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mutex.h"
#include "random_problem.h"
#include "reference.h"
#include "scaled_problem.h"
#include "solvent/cbc_backend.h"
#include "solvent/worker_backend.h"

namespace solvent::testing {
namespace {

struct Settings {
  uint64_t seed = 1;
  uint64_t count = 300;
  int threads = 1;
  std::string worker;  // empty: in this process
  std::string directory;
  std::string family = "all";
  bool verbose = false;
};

struct Tally {
  Mutex mutex;
  std::map<std::string, int64_t> counts ABSL_GUARDED_BY(mutex);
  int64_t false_answers ABSL_GUARDED_BY(mutex) = 0;
  double longest ABSL_GUARDED_BY(mutex) = 0;

  void Count(const std::string& what) {
    Lock lock(mutex);
    ++counts[what];
  }
};

bool StrictlyFeasible(const PointCheck& check) {
  return check.finite && check.max_integrality_violation == 0 &&
         check.max_bound_violation <= 1e-9 &&
         (check.max_row_violation <= 1e-9 || check.max_scaled_row_violation <= 1e-12);
}

bool Feasible(const PointCheck& check) {
  return check.finite && check.max_integrality_violation == 0 &&
         check.max_bound_violation <= 1e-9 &&
         (check.max_row_violation <= 1e-6 || check.max_scaled_row_violation <= 1e-9);
}

// A reference point with its integers made exact, if it then satisfies the problem.
std::optional<double> CheckedObjective(const Problem& problem, std::vector<double> x) {
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    if (problem.column_type[j] != ColumnType::kContinuous) x[j] = std::round(x[j]);
    x[j] = std::clamp(x[j], problem.column_lower[j], problem.column_upper[j]);
  }
  const PointCheck check = CheckPoint(problem, x);
  if (!StrictlyFeasible(check)) return std::nullopt;
  return check.objective;
}

// Empty when nothing refutes the answer.
std::string Refutation(const Problem& problem, const SolveResult& result,
                       const Reference& reference) {
  using Answer = Reference::Answer;
  std::optional<double> other;
  if (reference.answer == Answer::kOptimal) other = CheckedObjective(problem, reference.point);
  const double sign = problem.sense == Sense::kMaximize ? -1 : 1;
  switch (result.status) {
    case SolveStatus::kOptimal:
    case SolveStatus::kFeasible: {
      if (!result.has_point || !Feasible(CheckPoint(problem, result.x)))
        return "the point does not satisfy the problem";
      if (reference.exact && reference.answer == Answer::kInfeasible)
        return "a point for a problem that has none";
      if (result.status == SolveStatus::kFeasible) return "";
      const double margin = 1e-6 * std::max(1.0, std::abs(result.objective));
      if (other && sign * *other < sign * result.objective - margin)
        return "a better point exists: " + std::to_string(*other) + " against " +
               std::to_string(result.objective);
      if (reference.exact && other && sign * *other > sign * result.objective + margin)
        return "better than the exact optimum";
      return "";
    }
    case SolveStatus::kInfeasible: return other ? "a point exists" : "";
    case SolveStatus::kUnbounded: return reference.exact ? "a box has no ray" : "";
    default: return "";
  }
}

// The same where the exact optimum is known: its cost, without the constant, decides.
std::string CostRefutation(const Problem& problem, const SolveResult& result,
                           const Reference& reference, double gap) {
  using Answer = Reference::Answer;
  if (!reference.exact || reference.answer == Answer::kNone) return "";
  const bool at_limit =
      result.status == SolveStatus::kTimeLimit || result.status == SolveStatus::kError;
  switch (reference.answer) {
    case Answer::kInfeasible:
      return result.status == SolveStatus::kInfeasible || at_limit ? "" : "there is no point";
    case Answer::kUnbounded:
      return result.status == SolveStatus::kUnbounded || at_limit ? "" : "there is no optimum";
    default: break;
  }
  if (result.status == SolveStatus::kInfeasible || result.status == SolveStatus::kUnbounded)
    return "there is an optimum: " + std::to_string(*reference.cost);
  if (result.status != SolveStatus::kOptimal) return "";
  if (!Feasible(CheckPoint(problem, result.x))) return "the point does not satisfy the problem";
  const double sign = problem.sense == Sense::kMaximize ? -1 : 1;
  double cost = 0, terms = 0, largest = 0;
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    cost += sign * problem.objective[j] * result.x[j];
    terms += std::abs(problem.objective[j] * result.x[j]);
    largest = std::max(largest, std::abs(problem.objective[j]));
  }
  const double margin =
      1e-6 * std::max(std::abs(*reference.cost), std::min(1.0, largest)) + 1e-9 * terms;
  const double allowed = gap * std::abs(result.objective);
  if (cost > *reference.cost + allowed + margin) {
    return "the optimum is " + std::to_string(*reference.cost) + ", not " + std::to_string(cost);
  }
  if (cost < *reference.cost - margin) return "better than the exact optimum";
  return "";
}

// Statuses that differ though no point decides between them.
bool Disputed(const SolveResult& result, const Reference& reference) {
  using Answer = Reference::Answer;
  switch (reference.answer) {
    case Answer::kNone: return false;
    case Answer::kOptimal: return result.status != SolveStatus::kOptimal;
    case Answer::kInfeasible: return result.status != SolveStatus::kInfeasible;
    case Answer::kUnbounded: return result.status != SolveStatus::kUnbounded;
  }
  return false;
}

enum class Family { kOrdinary, kScaled, kGap, kNear };

struct NamedFamily {
  Family family;
  const char* name;
  uint64_t every;  // one seed of so many
};
constexpr NamedFamily kFamilies[] = {{Family::kOrdinary, "ordinary", 1},
                                     {Family::kScaled, "scaled", 1},
                                     {Family::kGap, "gap", 10},
                                     {Family::kNear, "near", 2}};

void RunOne(SolveBackend& backend, Family family, uint64_t seed, const Settings& settings,
            const std::string& scratch, Tally& tally) {
  Problem problem;
  std::optional<Reference> reference;
  SolveOptions options;
  options.gap_tolerance = 0;
  options.time_limit_seconds = 10;
  std::string kind;
  if (family == Family::kOrdinary) {
    RandomProblem random = MakeRandomProblem(seed);
    problem = std::move(random.problem);
    kind = ToString(random.random_class);
  } else {
    ScaledProblem scaled = family == Family::kScaled ? MakeScaledProblem(seed)
                           : family == Family::kGap  ? MakeGapProblem(seed)
                                                     : MakeNearProblem(seed);
    problem = std::move(scaled.problem);
    reference = std::move(scaled.reference);
    options.gap_tolerance = scaled.gap;
    kind = family == Family::kScaled ? "scaled" : family == Family::kGap ? "gap" : "near";
  }
  absl::StatusOr<SolveResult> result = backend.Solve(problem, options);
  if (absl::IsAborted(result.status())) {
    // A worker has died: whoever wants an answer asks again.
    tally.Count("worker died");
    result = backend.Solve(problem, options);
  }
  if (!result.ok()) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                result.status().ToString().c_str());
    tally.Count(kind + " failed");
    return;
  }
  if (!reference) reference = Enumerate(problem, 2e5);
  if (!reference) reference = AskGlpsol(problem, scratch);
  tally.Count(kind + " " + std::string(ToString(result->status)));
  tally.Count((family == Family::kOrdinary ? "trust " : kind + " trust ") +
              std::string(ToString(result->verification.trust)) + " " +
              result->verification.method);
  tally.Count("reference " + reference->how +
              (reference->answer == Reference::Answer::kNone ? " (no answer)" : ""));
  if (result->verification.corrected) tally.Count("corrected");
  std::string refutation =
      family == Family::kOrdinary || family == Family::kNear
          ? Refutation(problem, *result, *reference)
          : CostRefutation(problem, *result, *reference, options.gap_tolerance);
  if (family == Family::kNear && result->verification.trust == Trust::kSolverWord &&
      refutation.starts_with("a better point")) {
    // These rows are chosen so that one simplex code misleads both solves.
    tally.Count("near, an optimum on the solver's word refuted");
    refutation.clear();
  }
  const bool disputed = Disputed(*result, *reference);
  if (disputed)
    tally.Count("disputed without a deciding point, ours " +
                std::string(ToString(result->verification.trust)));
  Lock lock(tally.mutex);
  tally.longest = std::max(tally.longest, result->seconds);
  if (!refutation.empty()) ++tally.false_answers;
  if (!refutation.empty() || (disputed && settings.verbose) ||
      (settings.verbose && result->verification.trust != Trust::kProven)) {
    std::printf("seed %llu (%s, %d x %d): ours %s %.12g [%s %s], %s says %d; %s%s\n",
                static_cast<unsigned long long>(seed), kind.c_str(), problem.num_rows(),
                problem.num_columns(), std::string(ToString(result->status)).c_str(),
                result->objective, std::string(ToString(result->verification.trust)).c_str(),
                result->verification.method.c_str(), reference->how.c_str(),
                static_cast<int>(reference->answer),
                refutation.empty() ? "" : "FALSE: ", refutation.c_str());
    std::fflush(stdout);
  }
}

int Run(const Settings& settings) {
  std::unique_ptr<SolveBackend> backend;
  if (settings.worker.empty()) {
    backend = MakeCbcBackend();
  } else {
    WorkerOptions options;
    options.command = {settings.worker};
    options.workers = settings.threads;
    absl::StatusOr<std::unique_ptr<WorkerBackend>> made = MakeWorkerBackend(options);
    if (!made.ok()) {
      std::fprintf(stderr, "%s\n", made.status().ToString().c_str());
      return 2;
    }
    backend = *std::move(made);
  }
  Tally tally;
  std::atomic<uint64_t> next{settings.seed};
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int t = 0; t < settings.threads; ++t) {
    threads.emplace_back([&, t] {
      const std::string scratch = settings.directory + "/differential" + std::to_string(t);
      while (true) {
        const uint64_t seed = next++;
        if (seed >= settings.seed + settings.count) return;
        for (const auto& [family, name, every] : kFamilies) {
          if ((settings.family == "all" ? seed % every == 0 : settings.family == name))
            RunOne(*backend, family, seed, settings, scratch, tally);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  Lock lock(tally.mutex);
  for (const auto& [what, count] : tally.counts)
    std::printf("%8lld  %s\n", static_cast<long long>(count), what.c_str());
  std::printf("problems: %llu, seconds: %.1f, longest solve: %.2f s\nfalse answers: %lld\n",
              static_cast<unsigned long long>(settings.count), seconds, tally.longest,
              static_cast<long long>(tally.false_answers));
  return tally.false_answers == 0 ? 0 : 1;
}

}  // namespace
}  // namespace solvent::testing

int main(int argc, char** argv) {
  solvent::testing::Settings settings;
  for (int i = 1; i < argc; ++i) {
    auto is = [&](const char* flag) { return std::strcmp(argv[i], flag) == 0 && i + 1 < argc; };
    if (is("--seed")) {
      settings.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (is("--count")) {
      settings.count = std::strtoull(argv[++i], nullptr, 10);
    } else if (is("--threads")) {
      settings.threads = std::max(1, std::atoi(argv[++i]));
    } else if (is("--family")) {
      settings.family = argv[++i];
    } else if (is("--worker")) {
      settings.worker = argv[++i];
    } else if (std::strcmp(argv[i], "--verbose") == 0) {
      settings.verbose = true;
    } else {
      std::fprintf(stderr,
                   "usage: differential [--seed N] [--count N] [--threads N] [--worker PROGRAM] "
                   "[--family all|ordinary|scaled|gap|near] [--verbose]\n");
      return 2;
    }
  }
  char directory[] = "/tmp/solvent-differential-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 2;
  settings.directory = directory;
  const int status = solvent::testing::Run(settings);
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return status;
}
