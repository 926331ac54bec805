#include "worker_exchange.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "string_bridge.h"
#include "worker_protocol.h"

namespace solvent {
namespace {

constexpr std::chrono::milliseconds kReportEvery{900};
constexpr uint64_t kFixedAnswerBytes = 1 << 20;

std::chrono::steady_clock::duration Span(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(std::min(seconds, 1e9)));
}

// Signals that code brings upon itself.
bool IsFault(int signal) {
  return signal == SIGABRT || signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
         signal == SIGILL;
}

}  // namespace

WorkerExchange::WorkerExchange(WorkerProcess& worker, const WorkerOptions& options,
                               const Problem& problem, const SolveOptions& solve,
                               const SolveMonitor& monitor)
    : worker_(worker),
      options_(options),
      solve_(solve),
      monitor_(monitor),
      columns_(problem.num_columns()),
      rows_(problem.num_rows()),
      request_(worker.next_request++),
      start_(Clock::now()),
      kill_at_(start_ + Span(solve.time_limit_seconds +
                             solve.grace_seconds.value_or(options.grace_seconds))),
      last_report_(start_) {}

bool WorkerExchange::Send() {
  while (sent_ < out_.size()) {
    const ssize_t n = send(worker_.fd(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    sent_ += static_cast<size_t>(n);
  }
  out_.clear();
  sent_ = 0;
  return true;
}

bool WorkerExchange::Receive() {
  char bytes[65536];
  while (true) {
    const ssize_t n = recv(worker_.fd(), bytes, sizeof bytes, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    in_.append(bytes, static_cast<size_t>(n));
    if (static_cast<size_t>(n) < sizeof bytes) return true;
  }
}

absl::Status WorkerExchange::TakeFrames() {
  const uint64_t largest =
      kFixedAnswerBytes + 64 * (static_cast<uint64_t>(columns_) + static_cast<uint64_t>(rows_));
  size_t at = 0;
  while (in_.size() - at >= kFrameHeaderSize && !answer_) {
    const std::string_view all = in_;
    const std::optional<FrameHeader> header = DecodeHeader(all.substr(at, kFrameHeaderSize));
    if (!header || header->size > largest)
      return absl::InternalError("the worker process sent garbage");
    if (in_.size() - at - kFrameHeaderSize < header->size) {
      in_.reserve(at + kFrameHeaderSize + header->size);
      break;
    }
    // Answers to an earlier request may still trickle in; they are nobody's any more.
    if (header->request == request_)
      RETURN_IF_ERROR(Handle(*header, all.substr(at + kFrameHeaderSize, header->size)));
    at += kFrameHeaderSize + header->size;
  }
  in_.erase(0, at);
  return absl::OkStatus();
}

absl::Status WorkerExchange::Handle(const FrameHeader& header, std::string_view body) {
  switch (header.type) {
    case MessageType::kProgress: {
      ASSIGN_OR_RETURN(Progress progress, DecodeProgress(body));
      Report(progress);
      return absl::OkStatus();
    }
    case MessageType::kIncumbent: {
      ASSIGN_OR_RETURN(incumbent_, DecodeIncumbent(body, columns_));
      return absl::OkStatus();
    }
    case MessageType::kPreliminary: {
      ASSIGN_OR_RETURN(preliminary_, DecodeResult(body, columns_, rows_));
      return absl::OkStatus();
    }
    case MessageType::kResult: {
      ASSIGN_OR_RETURN(SolveResult result, DecodeResult(body, columns_, rows_));
      answer_ = std::move(result);
      return absl::OkStatus();
    }
    case MessageType::kCore: {
      ASSIGN_OR_RETURN(core_, DecodeCore(body, columns_, rows_));
      answer_ = SolveResult();
      return absl::OkStatus();
    }
    case MessageType::kFailure: answer_ = DecodeFailure(body); return absl::OkStatus();
    default: return absl::InternalError("the worker process sent a message out of turn");
  }
}

void WorkerExchange::Report(const Progress& progress) {
  last_ = progress;
  last_report_ = Clock::now();
  if (monitor_.on_progress) monitor_.on_progress(last_);
}

void WorkerExchange::ReportAgain() {
  last_.improved = false;
  last_.elapsed_seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  Report(last_);
}

void WorkerExchange::Cancel() {
  cancelled_ = true;
  kill_at_ = std::min(kill_at_, Clock::now() + Span(options_.grace_seconds));
  out_ += EncodeHeader({.size = 0, .request = request_, .type = MessageType::kCancel});
}

absl::StatusOr<SolveResult> WorkerExchange::Run(std::string frame) {
  out_ = std::move(frame);
  int wake = -1;
  if (monitor_.stop.stop_possible()) {
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) return absl::ResourceExhaustedError("no file descriptor left to watch a solve");
  }
  absl::Cleanup close_wake = [wake] {
    if (wake >= 0) close(wake);
  };
  std::stop_callback on_stop(monitor_.stop, [wake] {
    const uint64_t one = 1;
    // Cannot block: the counter is far from full.
    while (write(wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
  });

  while (true) {
    if (!cancelled_ && monitor_.stop.stop_requested()) Cancel();
    if (!Send()) return Crashed();
    const Clock::time_point now = Clock::now();
    if (now >= kill_at_) return Overrun();
    Clock::time_point until = kill_at_;
    if (monitor_.on_progress) until = std::min(until, last_report_ + kReportEvery);
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(until - now, Clock::duration(0)));
    pollfd sources[2] = {
        {worker_.fd(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
        {wake, static_cast<short>(cancelled_ ? 0 : POLLIN), 0}};
    const int ready = poll(sources, wake >= 0 && !cancelled_ ? 2 : 1,
                           static_cast<int>(std::min<int64_t>(wait.count(), 3600000)));
    if (ready < 0 && errno != EINTR)
      return absl::InternalError(absl::StrCat("poll failed: ", std::strerror(errno)));
    if (ready > 0 && (sources[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const bool alive = Receive();
      if (absl::Status status = TakeFrames(); !status.ok()) {
        worker_.Kill();
        end_ = WorkerPool::End::kCrashed;
        return absl::AbortedError(status.message());
      }
      if (answer_) {
        // A worker that died after its last word is found out by its next user otherwise.
        if (!alive) end_ = WorkerPool::End::kCrashed;
        return *std::move(answer_);
      }
      if (!alive) return Crashed();
    }
    if (monitor_.on_progress && Clock::now() - last_report_ >= kReportEvery) ReportAgain();
  }
}

absl::StatusOr<InfeasibleCore> WorkerExchange::RunForCore(std::string frame) {
  RETURN_IF_ERROR(Run(std::move(frame)).status());
  return std::move(core_).value_or(InfeasibleCore());
}

absl::StatusOr<SolveResult> WorkerExchange::Crashed() {
  end_ = WorkerPool::End::kCrashed;
  const WorkerExit exit = worker_.Reap();
  const std::string how = Describe(exit);
  // Code that does not survive a failed allocation dies of a signal instead.
  int64_t limit = options_.memory_limit_bytes;
  if (solve_.memory_limit_bytes > 0 && (limit == 0 || solve_.memory_limit_bytes < limit)) {
    limit = solve_.memory_limit_bytes;
  }
  const bool full = limit > 0 && exit.peak_resident_bytes > limit / 10 * 6;
  const bool out_of_memory =
      exit.exit_code == kExitOutOfMemory || (full && exit.signal != 0 && exit.signal != SIGKILL);
  if (out_of_memory) end_ = WorkerPool::End::kOutOfMemory;
  solver_fault_ = !out_of_memory && IsFault(exit.signal);
  if (preliminary_) {
    absl::StrAppend(&preliminary_->verification.note,
                    preliminary_->verification.note.empty() ? "" : "; ",
                    "the process that sought a second opinion ", how);
    return *std::move(preliminary_);
  }
  if (out_of_memory) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the solve needs more memory than a worker process may take (", limit >> 20, " MB)"));
  }
  return absl::AbortedError(absl::StrCat("the worker process ", how, " while solving"));
}

SolveResult WorkerExchange::Overrun() {
  end_ = WorkerPool::End::kKilled;
  worker_.Kill();
  if (preliminary_) {
    absl::StrAppend(&preliminary_->verification.note,
                    preliminary_->verification.note.empty() ? "" : "; ",
                    "the second opinion took too long and was given up");
    return *std::move(preliminary_);
  }
  SolveResult result;
  result.status = cancelled_ ? SolveStatus::kCancelled : SolveStatus::kTimeLimit;
  result.solver = "cbc";
  result.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  result.nodes = last_.nodes;
  result.iterations = last_.iterations;
  result.bound = last_.bound;
  if (!std::isnan(last_.incumbent)) result.history.push_back(last_);
  result.verification.note =
      "the solver did not stop in time and its process was ended; points it had found are lost";
  return result;
}

}  // namespace solvent
