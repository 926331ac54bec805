// Seconds-long MIPs: this library's worker backend, checks included, against the cbc program on the
// same problem as a file, in alternation; then how fast a cancelled solve is over. One JSON object
// a line.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mip_generators.h"
#include "solvent/worker_backend.h"

extern char** environ;

namespace solvent::bench {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

std::string Number(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", v);
  return text;
}

// The problem as a minimization in free MPS: what the cbc program reads best.
void WriteMps(const Problem& p, const std::string& path) {
  std::ofstream out(path);
  const double sign = p.sense == Sense::kMaximize ? -1 : 1;
  out << "NAME bench FREE\nROWS\n N obj\n";
  for (int32_t i = 0; i < p.num_rows(); ++i) {
    const char type = p.row_lower[i] == p.row_upper[i] ? 'E'
                      : std::isinf(p.row_upper[i])     ? 'G'
                                                       : 'L';
    out << ' ' << type << " r" << i << '\n';
  }
  out << "COLUMNS\n";
  for (int32_t j = 0; j < p.num_columns(); ++j) {
    out << " x" << j << " obj " << Number(sign * p.objective[j]) << '\n';
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k)
      out << " x" << j << " r" << p.row_index[k] << ' ' << Number(p.value[k]) << '\n';
  }
  out << "RHS\n";
  for (int32_t i = 0; i < p.num_rows(); ++i) {
    const double side = std::isinf(p.row_lower[i]) ? p.row_upper[i] : p.row_lower[i];
    if (side != 0) out << " RHS r" << i << ' ' << Number(side) << '\n';
  }
  out << "BOUNDS\n";
  for (int32_t j = 0; j < p.num_columns(); ++j) {
    if (p.column_type[j] == ColumnType::kBinary) {
      out << " BV BND x" << j << '\n';
    } else if (!std::isinf(p.column_upper[j])) {
      out << " UP BND x" << j << ' ' << Number(p.column_upper[j]) << '\n';
    }
  }
  out << "ENDATA\n";
}

// Wall-clock seconds of the cbc program; its objective is read from the solution file.
double RunProgram(const std::string& directory, double& objective) {
  const std::string model = directory + "/model.mps", answer = directory + "/answer.txt";
  const char* argv[] = {"cbc",          model.c_str(), "-solve", "-solution",
                        answer.c_str(), "-quit",       nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const Clock::time_point began = Clock::now();
  pid_t pid = 0;
  int status = 0;
  if (posix_spawnp(&pid, "cbc", &actions, nullptr, const_cast<char**>(argv), environ) != 0)
    return -1;
  waitpid(pid, &status, 0);
  const double seconds = SecondsSince(began);
  posix_spawn_file_actions_destroy(&actions);
  std::string line;
  std::ifstream in(answer);
  std::getline(in, line);
  const size_t at = line.rfind(' ');
  objective = at == std::string::npos ? NAN : std::strtod(line.c_str() + at, nullptr);
  return seconds;
}

int CompareSpeed(SolveBackend& backend, const std::string& directory, int rounds) {
  double log_sum = 0;
  int count = 0, wrong = 0;
  for (const Instance& instance : BenchInstances()) {
    WriteMps(instance.problem, directory + "/model.mps");
    const double sign = instance.problem.sense == Sense::kMaximize ? -1 : 1;
    SolveOptions options;
    options.gap_tolerance = 0;  // as the program by default
    options.time_limit_seconds = 300;
    double ours = kInfinity, theirs = kInfinity, their_objective = NAN;
    SolveResult result;
    for (int round = 0; round < rounds; ++round) {
      Clock::time_point began = Clock::now();
      absl::StatusOr<SolveResult> solved = backend.Solve(instance.problem, options);
      ours = std::min(ours, SecondsSince(began));
      if (!solved.ok()) {
        std::printf("{\"bench\":\"mip\",\"name\":\"%s\",\"error\":\"%s\"}\n", instance.name.c_str(),
                    solved.status().ToString().c_str());
        return 1;
      }
      result = *std::move(solved);
      theirs = std::min(theirs, RunProgram(directory, their_objective));
    }
    const bool agree = std::abs(sign * result.objective - their_objective) <=
                       1e-5 * std::max(1.0, std::abs(result.objective));
    wrong += !agree;
    log_sum += std::log(ours / theirs);
    ++count;
    std::printf(
        "{\"bench\":\"mip\",\"name\":\"%s\",\"rows\":%d,\"columns\":%d,\"ours\":%.3f,"
        "\"cbc\":%.3f,\"ratio\":%.3f,\"verify\":%.3f,\"trust\":\"%s\",\"nodes\":%lld,"
        "\"objective\":%.10g,\"agree\":%s}\n",
        instance.name.c_str(), instance.problem.num_rows(), instance.problem.num_columns(), ours,
        theirs, ours / theirs, result.verification.seconds,
        std::string(ToString(result.verification.trust)).c_str(),
        static_cast<long long>(result.nodes), result.objective, agree ? "true" : "false");
    std::fflush(stdout);
  }
  std::printf("{\"bench\":\"mip\",\"name\":\"geometric mean\",\"ratio\":%.3f}\n",
              std::exp(log_sum / count));
  return wrong == 0 ? 0 : 1;
}

// Requests a stop some time into a solve, and measures until the answer is there.
void MeasureCancel(SolveBackend& backend, int rounds) {
  const Problem large_network = FixedChargeNetwork(400, 6, 11);
  const Problem large_facility = FacilityLocation(60, 300, 12);
  const Problem tree = MultiKnapsack(10, 120, 13);
  std::map<std::string, std::vector<double>> by_phase;
  int with_point = 0, runs = 0;
  for (int round = 0; round < rounds; ++round) {
    for (const Problem* problem : {&large_network, &large_facility, &tree}) {
      for (double delay : {0.02, 0.1, 0.3, 0.7, 1.5}) {
        std::stop_source source;
        SolvePhase phase = SolvePhase::kStarting;
        Clock::time_point asked;
        std::mutex mutex;
        std::thread stopper([&] {
          std::this_thread::sleep_for(std::chrono::duration<double>(delay * (1 + 0.13 * round)));
          std::lock_guard lock(mutex);
          asked = Clock::now();
          source.request_stop();
        });
        SolveMonitor monitor;
        monitor.stop = source.get_token();
        monitor.on_progress = [&](const Progress& progress) {
          std::lock_guard lock(mutex);
          if (!source.stop_requested()) phase = progress.phase;
        };
        absl::StatusOr<SolveResult> result = backend.Solve(*problem, {}, monitor);
        const Clock::time_point ended = Clock::now();
        stopper.join();
        if (!result.ok() || result->status != SolveStatus::kCancelled) continue;
        ++runs;
        with_point += result->has_point;
        by_phase[std::string(ToString(phase))].push_back(
            std::chrono::duration<double>(ended - asked).count());
      }
    }
  }
  std::vector<double> all;
  auto print = [](const std::string& name, std::vector<double>& v) {
    std::sort(v.begin(), v.end());
    std::printf(
        "{\"bench\":\"cancel\",\"phase\":\"%s\",\"runs\":%zu,\"median_ms\":%.1f,"
        "\"worst_ms\":%.1f}\n",
        name.c_str(), v.size(), 1e3 * v[v.size() / 2], 1e3 * v.back());
  };
  for (auto& [phase, seconds] : by_phase) {
    all.insert(all.end(), seconds.begin(), seconds.end());
    print(phase, seconds);
  }
  if (!all.empty()) print("all", all);
  std::printf("{\"bench\":\"cancel\",\"runs\":%d,\"kept_a_point\":%d}\n", runs, with_point);
}

}  // namespace
}  // namespace solvent::bench

int main(int argc, char** argv) {
  std::string worker;
  int rounds = 3;
  bool speed = true, cancel = true;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--worker") == 0 && i + 1 < argc) {
      worker = argv[++i];
    } else if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else if (std::strcmp(argv[i], "--no-speed") == 0) {
      speed = false;
    } else if (std::strcmp(argv[i], "--no-cancel") == 0) {
      cancel = false;
    } else {
      std::fprintf(stderr,
                   "usage: bench_mip [--worker PROGRAM] [--rounds N] [--no-speed] [--no-cancel]\n");
      return 2;
    }
  }
  solvent::WorkerOptions options;
  if (!worker.empty()) options.command = {worker};
  auto backend = solvent::MakeWorkerBackend(options);
  if (!backend.ok()) {
    std::fprintf(stderr, "%s\n", backend.status().ToString().c_str());
    return 2;
  }
  char directory[] = "/tmp/solvent-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 2;
  int status = 0;
  if (speed) status = solvent::bench::CompareSpeed(**backend, directory, rounds);
  if (cancel) solvent::bench::MeasureCancel(**backend, rounds);
  for (const char* file : {"/model.mps", "/answer.txt"})
    std::remove((std::string(directory) + file).c_str());
  rmdir(directory);
  return status;
}
