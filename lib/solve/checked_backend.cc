#include "solvent/checked_backend.h"

#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "answer_check.h"
#include "checked_solve.h"
#include "mutex.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "stop_control.h"
#include "string_bridge.h"

namespace solvent {
namespace {

constexpr size_t kLongestName = 32;
constexpr double kGraceSeconds = 0.5;
constexpr double kEndlessSeconds = 1e8;  // a limit that nobody waits for

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  for (char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
  }
  return true;
}

// Hands progress on, in order and one at a time, until it is closed.
class ProgressGate {
 public:
  ProgressGate(std::function<void(const Progress&)> out, StopControl control)
      : out_(std::move(out)), control_(std::move(control)) {}

  void Pass(Progress p) {
    if (p.phase > SolvePhase::kDone) p.phase = SolvePhase::kTree;
    if (!std::isfinite(p.incumbent)) p.incumbent = Progress::kUnknown;
    if (!std::isfinite(p.bound)) p.bound = Progress::kUnknown;
    p.gap = RelativeGap(p.incumbent, p.bound);
    p.nodes = std::max<int64_t>(p.nodes, 0);
    p.iterations = std::max<int64_t>(p.iterations, 0);
    Lock lock(mutex_);
    p.elapsed_seconds = control_.Elapsed();
    if (open_ && out_) out_(p);
  }
  void Close() {
    Lock lock(mutex_);
    open_ = false;
  }

 private:
  Mutex mutex_;  // held while `out_` runs
  bool open_ ABSL_GUARDED_BY(mutex_) = true;
  const std::function<void(const Progress&)> out_;
  const StopControl control_;
};

// Requests a stop when the time is over, unless it is destroyed before.
class Alarm {
 public:
  Alarm(std::stop_source source, double seconds) {
    if (seconds > kEndlessSeconds) return;
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                           std::chrono::duration<double>(seconds));
    thread_ = std::thread([this, source = std::move(source), until]() mutable {
      {
        Lock lock(mutex_);
        while (!over_) {
          if (!wake_.WaitUntil(mutex_, until)) break;
        }
        if (over_) return;
        rang_ = true;
      }
      source.request_stop();
    });
  }
  ~Alarm() { Silence(); }

  // True when it has rung.
  bool Silence() {
    {
      Lock lock(mutex_);
      over_ = true;
    }
    wake_.SignalAll();
    if (thread_.joinable()) thread_.join();
    Lock lock(mutex_);
    return rang_;
  }

 private:
  Mutex mutex_;
  CondVar wake_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  bool rang_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

class CheckedBackend : public SolveBackend {
 public:
  explicit CheckedBackend(std::unique_ptr<SolveBackend> solver)
      : solver_(std::move(solver)),
        name_(solver_->name()),
        version_(solver_->version()),
        description_(solver_->description()),
        capabilities_(solver_->capabilities()) {}

  std::string_view name() const override { return name_; }
  std::string version() const override { return version_; }
  std::string description() const override { return description_; }
  Capabilities capabilities() const override { return capabilities_; }

  absl::StatusOr<SolveResult> Solve(const Problem& problem, const SolveOptions& options,
                                    const SolveMonitor& monitor) override {
    RETURN_IF_ERROR(problem.Check());
    RETURN_IF_ERROR(CheckSolveOptions(options));
    const StopControl control(monitor.stop, options.time_limit_seconds);
    auto gate = std::make_shared<ProgressGate>(monitor.on_progress, control);
    std::stop_source stop;
    std::stop_callback relay(monitor.stop, [&stop] { stop.request_stop(); });
    Alarm alarm(stop, options.time_limit_seconds + kGraceSeconds);
    SolveMonitor own;
    own.on_progress = [gate](const Progress& p) { gate->Pass(p); };
    own.stop = stop.get_token();
    absl::StatusOr<SolveResult> claimed = Ask(problem, options, own);
    gate->Close();
    const bool overdue = alarm.Silence() && !control.Cancelled();
    if (!claimed.ok()) return claimed.status();
    SolveResult result =
        CheckAnswer(problem, options, *std::move(claimed), control.Cancelled(), overdue);
    result.solver = name_;
    result.seconds = control.Elapsed();
    return result;
  }

 private:
  absl::StatusOr<SolveResult> Ask(const Problem& problem, const SolveOptions& options,
                                  const SolveMonitor& monitor) {
    try {
      return solver_->Solve(problem, options, monitor);
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError(absl::StrCat("the solver ", name_, " ran out of memory"));
    } catch (const std::exception& error) {
      return absl::InternalError(
          absl::StrCat("the solver ", name_, " threw an exception: ", error.what()));
    } catch (...) {
      return absl::InternalError(absl::StrCat("the solver ", name_, " threw an exception"));
    }
  }

  const std::unique_ptr<SolveBackend> solver_;
  const std::string name_;
  const std::string version_;
  const std::string description_;
  const Capabilities capabilities_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SolveBackend>> MakeCheckedBackend(
    std::unique_ptr<SolveBackend> solver) {
  if (solver == nullptr) return absl::InvalidArgumentError("a solver is null");
  try {
    if (!IsName(solver->name())) {
      return absl::InvalidArgumentError(
          absl::StrCat("a solver's name is 1 to 32 characters of a-z, 0-9, '-' and '_', not \"",
                       A(solver->name().substr(0, 2 * kLongestName)), "\""));
    }
    return std::unique_ptr<SolveBackend>(std::make_unique<CheckedBackend>(std::move(solver)));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("a solver threw an exception: ", error.what()));
  }
}

}  // namespace solvent
