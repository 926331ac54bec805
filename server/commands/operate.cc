// solvent backup, restore and doctor: what an operator does beside a running server.
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "commands.h"
#include "solvent/problem.h"
#include "solvent/sqlite_store.h"
#include "solvent/worker_backend.h"

namespace solvent::cli {
namespace {

using Level = StoreFinding::Level;

std::string Size(const std::string& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  return error ? "" : " (" + std::to_string((bytes + (1 << 19)) >> 20) + " MB)";
}

std::string TimeStamp() {
  std::time_t now = std::time(nullptr);
  std::tm tm{};
  gmtime_r(&now, &tm);
  char text[32];
  std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
  return text;
}

// A worker process is started and solves a problem with a known answer.
StoreFinding ExamineWorkers() {
  WorkerOptions options;
  options.command = WorkerCommand();
  auto backend = MakeWorkerBackend(options);
  if (!backend.ok()) return {Level::kBad, "workers", std::string(backend.status().message())};
  ProblemBuilder builder;
  builder.AddColumn("x", 0, 10, ColumnType::kInteger, 3);
  builder.AddColumn("y", 0, 10, ColumnType::kContinuous, 2);
  builder.BeginRow("", -kInfinity, 7.5);
  builder.AddTerm(0, 2);
  builder.AddTerm(1, 1);
  builder.SetSense(Sense::kMaximize);
  absl::StatusOr<Problem> problem = std::move(builder).Build();
  if (!problem.ok()) return {Level::kBad, "workers", std::string(problem.status().message())};
  absl::StatusOr<SolveResult> result = (*backend)->Solve(*problem, {});
  if (!result.ok()) return {Level::kBad, "workers", std::string(result.status().message())};
  const bool right = result->status == SolveStatus::kOptimal && result->objective == 15;
  return {right ? Level::kGood : Level::kBad, "workers",
          right ? "a worker started and solved a test problem"
                : "a worker gave a wrong answer to a test problem"};
}

StoreFinding ExamineDescriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return {Level::kWarning, "descriptors", "the limit cannot be read"};
  }
  const bool enough = limit.rlim_max >= 4096;
  return {enough ? Level::kGood : Level::kWarning, "descriptors",
          "at most " + std::to_string(limit.rlim_max) +
              (enough ? " open files and connections"
                      : " open files and connections: raise LimitNOFILE for many clients")};
}

StoreFinding ExamineClock() {
  // Signatures, leases and schedules need a clock that was set at all.
  constexpr std::time_t kBuiltAfter = 1'750'000'000;
  if (std::time(nullptr) < kBuiltAfter) {
    return {Level::kBad, "clock", "this machine's clock was never set"};
  }
  timex state{};
  const bool kept = ::adjtimex(&state) != TIME_ERROR;
  return {kept ? Level::kGood : Level::kWarning, "clock",
          TimeStamp() + (kept ? " by this machine, kept right over the network"
                              : " by this machine; nothing keeps it right (NTP)")};
}

// What this machine or the container around us has, in MB; 0 when it does not tell.
int64_t MemoryMb() {
  int64_t bytes = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  int64_t limit = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit && limit > 0) {
    bytes = std::min(bytes, limit);
  }
  return bytes >> 20;
}

StoreFinding ExamineMemory(int64_t worker_memory_mb) {
  const int64_t memory = MemoryMb();
  const std::string has = std::to_string(memory) + " MB";
  if (worker_memory_mb == 0) {
    return {Level::kWarning, "memory", has + ", and no limit for workers: --worker-memory"};
  }
  const std::string limit = "one worker may take " + std::to_string(worker_memory_mb) + " MB";
  const bool fits = worker_memory_mb <= memory;
  rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_max != RLIM_INFINITY &&
      static_cast<int64_t>(space.rlim_max >> 20) < worker_memory_mb) {
    return {Level::kWarning, "memory",
            limit + ", but the address space of processes is limited to " +
                std::to_string(space.rlim_max >> 20) + " MB"};
  }
  return {fits ? Level::kGood : Level::kWarning, "memory",
          has + "; " + limit + (fits ? "" : ": more than there is, set --worker-memory")};
}

const char* Word(Level level) {
  switch (level) {
    case Level::kGood: return "good";
    case Level::kWarning: return "warning";
    case Level::kBad: return "bad";
  }
  return "";
}

}  // namespace

int Backup(const OperateOptions& options) {
  absl::Status status = BackupSqlite(options.database, options.file);
  if (!status.ok()) return Complain(status);
  std::printf("%s is a checked copy of %s%s\n", Printable(options.file).c_str(),
              Printable(options.database).c_str(), Size(options.file).c_str());
  return kDone;
}

int Restore(const OperateOptions& options) {
  std::string previous = options.database + ".before-restore-" + TimeStamp();
  if (!std::filesystem::exists(options.database)) previous.clear();
  absl::Status status = RestoreSqlite(options.file, options.database, previous);
  if (!status.ok()) return Complain(status);
  std::printf("%s holds what %s holds\n", Printable(options.database).c_str(),
              Printable(options.file).c_str());
  if (!previous.empty()) std::printf("what it held before is in %s\n", Printable(previous).c_str());
  return kDone;
}

int Doctor(const OperateOptions& options) {
  std::vector<StoreFinding> findings = ExamineSqlite(options.database);
  findings.push_back(ExamineWorkers());
  findings.push_back(ExamineMemory(options.worker_memory_mb));
  findings.push_back(ExamineDescriptors());
  findings.push_back(ExamineClock());
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  findings.push_back({Level::kGood, "processors", std::to_string(cores) + " for workers"});
  bool bad = false;
  Json::Array list;
  for (const StoreFinding& finding : findings) {
    bad = bad || finding.level == Level::kBad;
    if (options.json) {
      Json item;
      item.Set("level", Word(finding.level))
          .Set("subject", finding.subject)
          .Set("text", finding.text);
      list.push_back(std::move(item));
    } else {
      std::printf("%-8s %-12s %s\n", Word(finding.level), finding.subject.c_str(),
                  Printable(finding.text).c_str());
    }
  }
  if (options.json) {
    Json answer;
    answer.Set("healthy", !bad).Set("findings", std::move(list));
    std::printf("%s\n", answer.Dump().c_str());
  }
  return bad ? kFailed : kDone;
}

}  // namespace solvent::cli
