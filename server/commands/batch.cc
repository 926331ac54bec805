// solvent batch: one model over many inputs, without a server.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "commands.h"
#include "solvent/error.h"
#include "solvent/execution_store.h"
#include "solvent/worker_backend.h"
#include "stop_on_signal.h"

namespace solvent::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Input {
  std::string text;
  std::string key;     // what its answer depends on, hashed
  std::string result;  // a line, once there is one
  bool good = false;
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(std::move(line));
    at = end + 1;
  }
  return lines;
}

// Results of an earlier start that still answer today's inputs. A line that was cut off by a kill
// is no JSON and counts for nothing.
void TakeOver(const std::string& file, std::vector<Input>& inputs) {
  if (!std::filesystem::exists(file)) return;
  absl::StatusOr<std::string> text = ReadAll(file);
  if (!text.ok()) return;
  for (std::string& line : Lines(*text)) {
    absl::StatusOr<Json> json = ParseJson(line);
    if (!json.ok() || !(*json)["ok"].as_bool()) continue;
    int64_t index = (*json)["index"].is_integer() ? (*json)["index"].as_int() : -1;
    if (index < 0 || index >= static_cast<int64_t>(inputs.size())) continue;
    Input& input = inputs[static_cast<size_t>(index)];
    if ((*json)["key"].as_string() != input.key) continue;
    input.result = std::move(line);
    input.good = true;
  }
}

// A file whose lines are on disk when they are said to be.
class Journal {
 public:
  ~Journal() {
    if (fd_ >= 0) ::close(fd_);
  }
  absl::Status Open(const std::string& file) {
    fd_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd_ < 0) return absl::UnknownError(file + ": " + std::strerror(errno));
    // What a kill has cut off must not swallow the next line.
    return Add("");
  }
  absl::Status Add(const std::string& line) {
    if (fd_ < 0) return absl::OkStatus();
    std::string text = line + "\n";
    size_t done = 0;
    while (done < text.size()) {
      ssize_t n = ::write(fd_, text.data() + done, text.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return absl::UnknownError(std::strerror(errno));
      done += static_cast<size_t>(n);
    }
    if (::fdatasync(fd_) != 0) return absl::UnknownError(std::strerror(errno));
    return absl::OkStatus();
  }

 private:
  int fd_ = -1;
};

std::string Span(double seconds) {
  auto whole = static_cast<long long>(std::llround(std::max(seconds, 0.0)));
  char text[40];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

class BatchRun {
 public:
  BatchRun(const BatchOptions& options, const CompiledModel& model, std::vector<Input>& inputs,
           SolveBackend& backend, std::stop_token stop)
      : options_(options),
        model_(model),
        inputs_(inputs),
        backend_(backend),
        stop_(std::move(stop)),
        terminal_(!options.quiet && ::isatty(STDERR_FILENO) == 1) {
    solve_.time_limit_seconds = options.time_limit.value_or(3600);
    if (options.gap) solve_.gap_tolerance = *options.gap;
    for (const Input& input : inputs_) known_ += input.good ? 1 : 0;
  }

  absl::Status Run(Journal& journal) {
    begin_ = Clock::now();
    done_ = known_;
    std::vector<std::thread> threads;
    for (int i = 0; i < options_.parallel; ++i) threads.emplace_back([&] { Loop(journal); });
    std::thread painter([this] { PaintLoop(); });
    for (std::thread& thread : threads) thread.join();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    painter.join();
    Paint(true);
    std::lock_guard<std::mutex> lock(mutex_);
    return trouble_;
  }
  int failed() const { return failed_; }

 private:
  void Loop(Journal& journal) {
    while (!stop_.stop_requested()) {
      size_t index = next_.fetch_add(1);
      if (index >= inputs_.size()) return;
      Input& input = inputs_[index];
      if (input.good) continue;
      ++running_;
      bool good = Solve(index, input);
      --running_;
      if (stop_.stop_requested() && input.result.empty()) return;
      std::lock_guard<std::mutex> lock(mutex_);
      ++done_;
      if (!good) ++failed_;
      input.good = good;
      if (!trouble_.ok()) return;
      trouble_ = journal.Add(input.result);
      changed_.notify_all();
      if (!trouble_.ok()) return;
    }
  }

  // Fills the result in, unless the solve was stopped. False when there is no answer.
  bool Solve(size_t index, Input& input) {
    auto line = [&](bool ok, std::string_view name, std::string_view value) {
      JsonWriter w(input.result);
      w.BeginObject();
      w.Key("index").Int(static_cast<int64_t>(index));
      w.Key("key").String(input.key);
      w.Key("ok").Bool(ok);
      w.Key(name).Raw(value);
      w.EndObject();
      return ok;
    };
    auto failed = [&](std::string_view message) {
      std::string text;
      AppendJsonString(text, message);
      return line(false, "error", text);
    };
    absl::StatusOr<Json> document = ParseJson(input.text);
    if (!document.ok()) return failed(Message(document.status()));
    MathProgGenerated generated = model_.Generate(&*document);
    if (generated.run == nullptr) {
      for (const MathProgDiagnostic& d : generated.diagnostics) {
        if (!d.warning) return failed(d.message);
      }
      return failed("the model cannot use this input");
    }
    SolveMonitor monitor;
    monitor.stop = stop_;
    absl::StatusOr<SolveResult> result = backend_.Solve(generated.run->problem(), solve_, monitor);
    if (result.ok() && result->status == SolveStatus::kCancelled) return false;
    if (!result.ok()) return failed(Message(result.status()));
    if (result->status == SolveStatus::kError) return failed(result->error);
    MathProgReportOptions report;
    report.duals = !result->row_dual.empty();
    report.solve_ms = result->seconds * 1e3;
    absl::StatusOr<Json> answer = generated.run->Report(*result, report);
    if (!answer.ok()) return failed(Message(answer.status()));
    return line(true, "result", answer->Dump());
  }

  void PaintLoop() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!over_) {
      changed_.wait_for(lock, std::chrono::milliseconds(200));
      lock.unlock();
      Paint(false);
      lock.lock();
    }
  }

  void Paint(bool last) {
    if (options_.quiet || (!terminal_ && !last)) return;
    int done = done_;
    const int total = static_cast<int>(inputs_.size());
    double spent = std::chrono::duration<double>(Clock::now() - begin_).count();
    std::string left;
    if (last) {
      left = Span(spent) + " in all";
    } else if (done > known_) {
      left = Span(spent / (done - known_) * (total - done)) + " left";
    }
    constexpr int kWidth = 30;
    int filled = total == 0 ? kWidth : kWidth * done / total;
    std::string bar = std::string(static_cast<size_t>(filled), '#') +
                      std::string(static_cast<size_t>(kWidth - filled), '.');
    std::fprintf(stderr, "%s[%s] %d of %d done, %d running, %d failed  %s%s",
                 terminal_ ? "\r\033[K" : "", bar.c_str(), done, total, running_.load(),
                 failed_.load(), left.c_str(), last ? "\n" : "");
    std::fflush(stderr);
  }

  const BatchOptions& options_;
  const CompiledModel& model_;
  std::vector<Input>& inputs_;
  SolveBackend& backend_;
  const std::stop_token stop_;
  const bool terminal_;
  SolveOptions solve_;
  int known_ = 0;  // answered by an earlier start
  Clock::time_point begin_;
  std::atomic<size_t> next_{0};
  std::atomic<int> done_{0};
  std::atomic<int> running_{0};
  std::atomic<int> failed_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;     // these two: by mutex_
  absl::Status trouble_;  // with the journal
};

absl::Status WriteResults(const std::string& file, const std::vector<Input>& inputs) {
  std::string text;
  for (const Input& input : inputs) {
    if (!input.result.empty()) text += input.result + "\n";
  }
  if (file.empty()) {
    bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) return absl::UnknownError("cannot write the results");
    return absl::OkStatus();
  }
  // Whole or not at all.
  const std::string fresh = file + ".new";
  std::FILE* out = std::fopen(fresh.c_str(), "wb");
  bool ok = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size() &&
            std::fflush(out) == 0 && ::fsync(::fileno(out)) == 0;
  if (out != nullptr) ok = std::fclose(out) == 0 && ok;
  if (!ok || std::rename(fresh.c_str(), file.c_str()) != 0) {
    return absl::UnknownError("cannot write " + file + ": " + std::strerror(errno));
  }
  return absl::OkStatus();
}

}  // namespace

int Batch(const BatchOptions& options) {
  absl::StatusOr<std::string> text = ReadAll(options.file);
  if (!text.ok()) return Complain(text.status());
  std::optional<CompiledModel> model = CompileModel(options.file, *text, options.model);
  if (!model) return kFailed;
  PrintDiagnostics(model->warnings, options.file);
  absl::StatusOr<std::string> listed = ReadAll(options.inputs);
  if (!listed.ok()) return Complain(listed.status());

  std::string same_for_all = *text + '\0' + options.model.dialect + '\0';
  for (const std::string& data : model->data) same_for_all += data + '\0';
  AppendJsonNumber(same_for_all, options.time_limit.value_or(3600));
  same_for_all += '\0';
  AppendJsonNumber(same_for_all, options.gap.value_or(SolveOptions().gap_tolerance));
  const std::string shared = HashRequest(same_for_all);
  std::vector<Input> inputs;
  for (std::string& line : Lines(*listed)) {
    Input& input = inputs.emplace_back();
    input.key = HashRequest(shared + HashRequest(line)).substr(0, 32);
    input.text = std::move(line);
  }
  const std::string partial = options.output + ".partial";
  Journal journal;
  if (!options.output.empty()) {
    TakeOver(options.output, inputs);
    TakeOver(partial, inputs);
    if (absl::Status status = journal.Open(partial); !status.ok()) return Complain(status);
  }

  StopOnSignal signals;
  WorkerOptions worker;
  worker.command = WorkerCommand();
  worker.workers = options.parallel;
  auto backend = MakeWorkerBackend(std::move(worker));
  if (!backend.ok()) return Complain(backend.status());
  BatchRun run(options, *model, inputs, **backend, signals.token());
  if (absl::Status status = run.Run(journal); !status.ok()) return Complain(status);
  if (signals.token().stop_requested()) {
    // With a file, what is done stays in the partial one.
    absl::Status written = options.output.empty() ? WriteResults("", inputs) : absl::OkStatus();
    return written.ok() ? kLimit : Complain(written);
  }
  if (absl::Status status = WriteResults(options.output, inputs); !status.ok()) {
    return Complain(status);
  }
  if (!options.output.empty()) std::filesystem::remove(partial);
  return run.failed() > 0 ? kFailed : kDone;
}

}  // namespace solvent::cli
