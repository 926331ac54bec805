// solvent batch: one model over many inputs, without a server.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
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
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "commands.h"
#include "solve_again.h"
#include "solvent/error.h"
#include "solvent/execution_store.h"
#include "solvent/worker_backend.h"
#include "stop_on_signal.h"

namespace solvent::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Input {
  std::string text;
  int64_t index = 0;   // of its line, from 0
  std::string key;     // what its answer depends on, hashed
  std::string result;  // a line, once there is one
  bool good = false;
};

struct Line {
  int64_t index = 0;  // from 0
  std::string text;
};

// Without the blank ones, which count all the same.
std::vector<Line> Lines(const std::string& text) {
  std::vector<Line> lines;
  int64_t index = 0;
  for (size_t at = 0; at < text.size(); ++index) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      lines.push_back({index, std::move(line)});
    at = end + 1;
  }
  return lines;
}

bool IsResult(const std::string& line) {
  absl::StatusOr<Json> json = ParseJson(line);
  return json.ok() && (*json)["index"].is_integer() && (*json)["key"].is_string() &&
         (*json)["ok"].is_bool();
}

// A result's beginning, or what a power failure leaves of one: zeros.
bool IsCutOff(std::string_view line) {
  constexpr std::string_view kBegin = "{\"index\"";
  return line.substr(0, kBegin.size()) == kBegin.substr(0, line.size()) ||
         line.find_first_not_of('\0') == std::string_view::npos;
}

// The file that a link names, whether or not that exists. A result that replaced the link would
// not be where its owner looks, and /dev/stdout is one.
std::string Followed(const std::string& file) {
  constexpr int kMostLinks = 40;
  std::error_code error;
  // Those of pipes and the like name nothing.
  if (std::filesystem::is_other(file, error)) return file;
  std::filesystem::path path = file;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, error); ++i) {
    const std::filesystem::path target = std::filesystem::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / target;
  }
  return path.string();
}

// InvalidArgument unless results may be written there: a new file, or one that holds nothing but
// results of an earlier start, of which the last may have been cut off by a kill.
absl::Status MayReplace(const std::string& file) {
  std::error_code error;
  const auto kind = std::filesystem::status(file, error).type();
  if (kind == std::filesystem::file_type::not_found) return absl::OkStatus();
  if (kind != std::filesystem::file_type::regular) {
    return absl::InvalidArgumentError(file + " is no regular file: results cannot be kept there");
  }
  absl::StatusOr<std::string> text = ReadAll(file);
  if (!text.ok()) return text.status();
  const std::vector<Line> lines = Lines(*text);
  for (const Line& line : lines) {
    if (IsResult(line.text) || IsCutOff(line.text)) continue;
    return absl::InvalidArgumentError(
        file + " holds something else than results of a batch (line " +
        std::to_string(line.index + 1) + "): it is left alone; name another file");
  }
  return absl::OkStatus();
}

// The results must not replace what they are made from.
absl::Status IsNoSource(const BatchOptions& options) {
  std::vector<std::string> sources = options.model.data;
  sources.push_back(options.file);
  sources.push_back(options.inputs);
  for (const std::string& source : sources) {
    std::error_code error;
    for (const char* ending : {"", ".partial", ".new"}) {
      if (std::filesystem::equivalent(source, options.output + ending, error)) {
        return absl::InvalidArgumentError("--output " + options.output + " would replace " +
                                          source);
      }
    }
  }
  return absl::OkStatus();
}

// Tells whether tables that results were made from are still the same.
class TablesNow {
 public:
  explicit TablesNow(const CompiledModel& model) : model_(model) {}
  // `files` as results have them: {name: hash}.
  bool Match(const Json& files) {
    return std::all_of(files.object().begin(), files.object().end(), [&](const Json::Member& file) {
      auto [known, fresh] = hashes_.try_emplace(file.name);
      if (fresh) {
        absl::StatusOr<std::string> text = model_.Read(file.name);
        if (text.ok()) known->second = HashRequest(*text);
      }
      return !known->second.empty() && known->second == file.value.as_string();
    });
  }

 private:
  const CompiledModel& model_;
  std::map<std::string, std::string> hashes_;
};

// Results of an earlier start that still answer today's inputs, wherever those stand now. A line
// that was cut off by a kill is no JSON and counts for nothing.
void TakeOver(const std::string& file, TablesNow& tables, std::vector<Input>& inputs) {
  if (!std::filesystem::exists(file)) return;
  absl::StatusOr<std::string> text = ReadAll(file);
  if (!text.ok()) return;
  std::map<std::string_view, std::vector<Input*>> missing;
  for (Input& input : inputs) {
    if (!input.good) missing[input.key].push_back(&input);
  }
  for (const Line& line : Lines(*text)) {
    absl::StatusOr<Json> json = ParseJson(line.text);
    if (!json.ok() || !(*json)["ok"].as_bool() || !(*json)["index"].is_integer()) continue;
    const std::string key = (*json)["key"].as_string();
    const int64_t index = (*json)["index"].as_int();
    auto same = std::lower_bound(inputs.begin(), inputs.end(), index,
                                 [](const Input& i, int64_t at) { return i.index < at; });
    const bool is_there = same != inputs.end() && same->index == index && same->key == key;
    auto elsewhere = missing.find(key);
    if (!is_there && elsewhere == missing.end()) continue;
    if (!tables.Match((*json)["files"])) continue;
    if (elsewhere != missing.end()) {
      for (Input* input : elsewhere->second) {
        input->result = json->Set("index", input->index).Dump();
        input->good = true;
      }
      missing.erase(elsewhere);
    }
    if (is_there) {
      same->result = line.text;
      same->good = true;
    }
  }
}

// A file whose lines are on disk when they are said to be.
class Journal {
 public:
  ~Journal() {
    if (fd_ >= 0) ::close(fd_);
  }
  // Unavailable while another batch has it open: two that write one file would lose each other's
  // results.
  absl::Status Open(const std::string& file) {
    while (true) {
      file_ = file;
      fd_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      if (fd_ < 0) return Trouble();
      if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        return absl::UnavailableError(file + " is in use by another batch with this --output");
      }
      struct stat opened {};
      struct stat named {};
      if (::fstat(fd_, &opened) != 0) return absl::UnknownError(std::strerror(errno));
      // The other batch may have ended, and taken it away, between the two.
      if (::stat(file.c_str(), &named) == 0 && named.st_ino == opened.st_ino &&
          named.st_dev == opened.st_dev) {
        break;
      }
      ::close(fd_);
    }
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
      if (n < 0) return Trouble();
      done += static_cast<size_t>(n);
    }
    if (::fdatasync(fd_) != 0) return Trouble();
    return absl::OkStatus();
  }

 private:
  absl::Status Trouble() const {
    return absl::UnknownError("cannot write " + file_ + ": " + std::strerror(errno));
  }

  std::string file_;
  int fd_ = -1;
};

// An input is one line, and which one is told beside the message.
std::string WithoutLine(std::string_view message) {
  constexpr std::string_view kLine = "line 1, ";
  std::string text(message);
  if (const size_t at = text.find(kLine); at != std::string::npos) text.erase(at, kLine.size());
  return text;
}

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
        asked_to_stop_(std::move(stop), [this] { stop_.request_stop(); }),
        terminal_(!options.quiet && ::isatty(STDERR_FILENO) == 1) {
    solve_.time_limit_seconds = options.time_limit.value_or(3600);
    if (options.gap) solve_.gap_tolerance = *options.gap;
    for (const Input& input : inputs_) known_ += input.good ? 1 : 0;
  }

  absl::Status Run(Journal& journal) {
    begin_ = logged_at_ = Clock::now();
    done_ = logged_ = known_;
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
  int done() const { return done_; }

 private:
  void Loop(Journal& journal) {
    while (!stop_.stop_requested()) {
      size_t index = next_.fetch_add(1);
      if (index >= inputs_.size()) return;
      Input& input = inputs_[index];
      if (input.good) continue;
      ++running_;
      bool good = Solve(input);
      --running_;
      if (stop_.stop_requested() && input.result.empty()) return;
      std::lock_guard<std::mutex> lock(mutex_);
      ++done_;
      if (!good) ++failed_;
      input.good = good;
      if (!trouble_.ok()) return;
      trouble_ = journal.Add(input.result);
      changed_.notify_all();
      // What the others are solving could not be kept either.
      if (!trouble_.ok()) stop_.request_stop();
    }
  }

  // Fills the result in, unless the solve was stopped. False when there is no answer.
  bool Solve(Input& input) {
    auto begin = [&](JsonWriter& w, bool ok) {
      w.BeginObject();
      w.Key("index").Int(input.index);
      w.Key("key").String(input.key);
      w.Key("ok").Bool(ok);
    };
    auto refused = [&](const MathProgDiagnostic& fault) {
      JsonWriter w(input.result);
      begin(w, false);
      w.Key("error").String(fault.message);
      w.Key("line").Int(input.index + 1);
      if (!fault.code.empty()) w.Key("code").String(fault.code);
      if (!fault.json_pointer.empty()) w.Key("json_pointer").String(fault.json_pointer);
      if (!fault.hint.empty()) w.Key("hint").String(fault.hint);
      w.EndObject();
      return false;
    };
    auto failed = [&](std::string_view message) {
      MathProgDiagnostic fault;
      fault.message = message;
      return refused(fault);
    };
    absl::StatusOr<Json> document = ParseJson(input.text);
    if (!document.ok()) return failed(WithoutLine(Message(document.status())));
    FilesRead files;
    MathProgGenerated generated = model_.Generate(&*document, &files);
    if (generated.run == nullptr) {
      for (const MathProgDiagnostic& d : generated.diagnostics) {
        if (!d.warning) return refused(d);
      }
      return failed("the model cannot use this input");
    }
    SolveMonitor monitor;
    monitor.stop = stop_.get_token();
    absl::StatusOr<SolveResult> result =
        SolveAgain(backend_, generated.run->problem(), solve_, monitor);
    if (result.ok() && result->status == SolveStatus::kCancelled) return false;
    if (!result.ok()) return failed(Message(result.status()));
    if (result->status == SolveStatus::kError) return failed(result->error);
    MathProgReportOptions report;
    report.duals = !result->row_dual.empty();
    report.solve_ms = result->seconds * 1e3;
    absl::StatusOr<Json> answer = generated.run->Report(*result, report);
    if (!answer.ok()) return failed(Message(answer.status()));
    JsonWriter w(input.result);
    begin(w, true);
    if (!files.empty()) {
      w.Key("files").BeginObject();
      for (const auto& [name, text] : std::map(files.begin(), files.end())) {
        w.Key(name).String(HashRequest(text));
      }
      w.EndObject();
    }
    w.Key("result").Raw(answer->Dump());
    w.EndObject();
    return true;
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
    if (options_.quiet) return;
    const int done = done_;
    if (!terminal_ && !last) {
      // A log wants to know that there is progress, but not each step of it.
      constexpr std::chrono::seconds kBetweenLines{10};
      const Clock::time_point now = Clock::now();
      if (done == logged_ || now - logged_at_ < kBetweenLines) return;
      logged_ = done;
      logged_at_ = now;
    }
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
                 failed_.load(), left.c_str(), last || !terminal_ ? "\n" : "");
    std::fflush(stderr);
  }

  const BatchOptions& options_;
  const CompiledModel& model_;
  std::vector<Input>& inputs_;
  SolveBackend& backend_;
  std::stop_source stop_;
  const std::stop_callback<std::function<void()>> asked_to_stop_;
  const bool terminal_;
  SolveOptions solve_;
  int known_ = 0;  // answered by an earlier start
  Clock::time_point begin_;
  int logged_ = 0;  // these two: the last line of a log
  Clock::time_point logged_at_;
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
  int error = errno;
  if (out != nullptr && std::fclose(out) != 0 && ok) {
    ok = false;
    error = errno;
  }
  if (ok && std::rename(fresh.c_str(), file.c_str()) == 0) return absl::OkStatus();
  if (ok) error = errno;
  // A full disk needs its room for what goes on from here.
  if (out != nullptr) ::unlink(fresh.c_str());
  return absl::UnknownError("cannot write " + file + ": " + std::strerror(error));
}

// The first failures as "file:line: message", on standard error.
void PrintFailures(const BatchOptions& options, const std::vector<Input>& inputs) {
  constexpr int kShown = 10;
  int shown = 0;
  for (const Input& input : inputs) {
    if (input.good || input.result.empty() || options.quiet) continue;
    if (++shown > kShown) return;
    absl::StatusOr<Json> result = ParseJson(input.result);
    if (!result.ok()) continue;
    auto member = [&](const char* name) { return Printable((*result)[name].as_string()); };
    std::string text = Printable(InputName(options.inputs)) + ":" +
                       std::to_string(input.index + 1) + ": error: " + member("error");
    if ((*result)["code"].is_string()) text += " [" + member("code") + "]";
    if ((*result)["json_pointer"].is_string()) text += "\n    input " + member("json_pointer");
    if ((*result)["hint"].is_string()) text += "\n    hint: " + member("hint");
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

absl::Status ReadsStandardInputOnce(const BatchOptions& options) {
  auto uses = std::count(options.model.data.begin(), options.model.data.end(), "-");
  uses += (options.file == "-" ? 1 : 0) + (options.inputs == "-" ? 1 : 0);
  if (uses <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError("standard input can be one of model, --inputs and --data only");
}

}  // namespace

int Batch(const BatchOptions& given) {
  BatchOptions options = given;
  options.output = given.output == "-" ? "" : Followed(given.output);
  if (absl::Status status = ReadsStandardInputOnce(options); !status.ok()) return Complain(status);
  absl::StatusOr<std::string> text = ReadAll(options.file);
  if (!text.ok()) return Complain(text.status());
  std::optional<CompiledModel> model = CompileModel(options.file, *text, options.model);
  if (!model) {
    if (!IsModelFile(options.file, "", *text)) {
      std::fprintf(stderr,
                   "solvent: %s does not look like a MathProg model, which a batch needs; "
                   "`solvent solve` solves files of other formats\n",
                   Printable(InputName(options.file)).c_str());
    }
    return kFailed;
  }
  PrintDiagnostics(model->warnings, options.file, options.model.data);
  absl::StatusOr<std::string> listed = ReadAll(options.inputs);
  if (!listed.ok()) return Complain(listed.status());

  std::string same_for_all = *text + '\0' + options.model.dialect + '\0';
  for (const std::string& data : model->data) same_for_all += data + '\0';
  AppendJsonNumber(same_for_all, options.time_limit.value_or(3600));
  same_for_all += '\0';
  AppendJsonNumber(same_for_all, options.gap.value_or(SolveOptions().gap_tolerance));
  const std::string shared = HashRequest(same_for_all);
  std::vector<Input> inputs;
  for (Line& line : Lines(*listed)) {
    Input& input = inputs.emplace_back();
    input.key = HashRequest(shared + HashRequest(line.text)).substr(0, 32);
    input.index = line.index;
    input.text = std::move(line.text);
  }
  StopOnSignal signals;
  const std::string partial = options.output + ".partial";
  Journal journal;
  if (!options.output.empty()) {
    // All that can be wrong with it is told before the first solve.
    absl::Status status = IsNoSource(options);
    for (const char* ending : {"", ".partial", ".new"}) {
      if (status.ok()) status = MayReplace(options.output + ending);
    }
    if (status.ok()) status = journal.Open(partial);
    if (!status.ok()) return Complain(status);
    TablesNow tables(*model);
    TakeOver(options.output, tables, inputs);
    TakeOver(partial, tables, inputs);
  }

  WorkerOptions worker;
  worker.command = WorkerCommand();
  worker.workers = options.parallel;
  auto backend = MakeWorkerBackend(std::move(worker));
  if (!backend.ok()) return Complain(backend.status());
  BatchRun run(options, *model, inputs, **backend, signals.token());
  if (absl::Status status = run.Run(journal); !status.ok()) return Complain(status);
  if (signals.token().stop_requested() && run.done() < static_cast<int>(inputs.size())) {
    const std::string state = "solvent: stopped, " + std::to_string(run.done()) + " of " +
                              std::to_string(inputs.size()) + " inputs are done";
    if (options.output.empty()) {
      if (absl::Status status = WriteResults("", inputs); !status.ok()) return Complain(status);
      std::fprintf(stderr, "%s; with --output FILE the next start would go on from them\n",
                   state.c_str());
    } else {
      std::fprintf(stderr, "%s and kept in %s; the same command goes on from them\n", state.c_str(),
                   Printable(partial).c_str());
    }
    return kLimit;
  }
  if (absl::Status status = WriteResults(options.output, inputs); !status.ok()) {
    return Complain(status);
  }
  if (!options.output.empty()) std::filesystem::remove(partial);
  PrintFailures(options, inputs);
  return run.failed() > 0 ? kFailed : kDone;
}

}  // namespace solvent::cli
