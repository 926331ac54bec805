// What is said of a problem whose solve was cut short must be true of the problem.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <stop_token>
#include <thread>
#include <vector>

#include "doctest/doctest.h"
#include "solvent/cbc_backend.h"

namespace solvent::testing {
namespace {

// Rows of equal tightness and values that follow the weights: CBC works on it for a moment,
// with heuristics, cuts and a tree.
Problem EquallyDense(int columns, int rows, uint32_t seed) {
  uint32_t state = seed;
  auto next = [&state](uint32_t n) {
    state = state * 1664525u + 1013904223u;
    return static_cast<double>((state >> 8) % n);
  };
  std::vector<std::vector<double>> weight(rows, std::vector<double>(columns));
  std::vector<double> value(columns), total(rows);
  for (int j = 0; j < columns; ++j) {
    for (int i = 0; i < rows; ++i) {
      weight[i][j] = 10 + next(990);
      value[j] += weight[i][j] / rows;
      total[i] += weight[i][j];
    }
    value[j] = std::floor(value[j] + next(100));
  }
  ProblemBuilder builder;
  for (int j = 0; j < columns; ++j) builder.AddColumn("", 0, 1, ColumnType::kBinary, value[j]);
  for (int i = 0; i < rows; ++i) {
    builder.BeginRow("", -kInfinity, std::floor(total[i] / 2));
    for (int j = 0; j < columns; ++j) builder.AddTerm(j, weight[i][j]);
  }
  builder.SetSense(Sense::kMaximize);
  return *std::move(builder).Build();
}

TEST_CASE("a solve that is stopped anywhere claims no more than is true") {
  auto backend = MakeCbcBackend();
  int stopped = 0;
  for (uint32_t seed = 1; seed <= 2; ++seed) {
    const Problem problem = EquallyDense(30, 4, seed);
    // The solver's own claims are looked at: second opinions would repair some of them.
    SolveOptions unverified;
    unverified.verify = false;
    absl::StatusOr<SolveResult> whole = backend->Solve(problem, unverified);
    REQUIRE(whole.ok());
    REQUIRE(whole->status == SolveStatus::kOptimal);
    const double slack = 1e-4 * std::abs(whole->objective);
    // A machine that is busy, or watched by a sanitizer, makes fewer tries.
    const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const int tries = 12;
    for (int k = 0; k <= tries && std::chrono::steady_clock::now() < enough; ++k) {
      const double after = whole->seconds * k / tries;
      SolveOptions options = unverified;
      SolveMonitor monitor;
      std::stop_source source;
      std::jthread stopper;
      if (k == 0) {
        // On a busy machine the only stop that is sure to come in time.
        source.request_stop();
        monitor.stop = source.get_token();
      } else if (k % 2 == 0) {
        options.time_limit_seconds = after;
      } else {
        monitor.stop = source.get_token();
        stopper = std::jthread([&source, after] {
          std::this_thread::sleep_for(std::chrono::duration<double>(after));
          source.request_stop();
        });
      }
      absl::StatusOr<SolveResult> cut = backend->Solve(problem, options, monitor);
      REQUIRE(cut.ok());
      CAPTURE(seed);
      CAPTURE(after);
      CAPTURE(cut->verification.method);
      if (cut->status == SolveStatus::kOptimal) {
        CHECK(std::abs(cut->objective - whole->objective) <= slack);
        continue;
      }
      ++stopped;
      const bool limit = cut->status == SolveStatus::kTimeLimit;
      CHECK((limit || cut->status == SolveStatus::kCancelled));
      if (cut->has_point) CHECK(cut->objective <= whole->objective + slack);
      if (std::isfinite(cut->bound)) CHECK(cut->bound >= whole->objective - slack);
    }
  }
  CHECK(stopped > 0);
}

}  // namespace
}  // namespace solvent::testing
