#include "job_spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_set>

#include "flat_json.h"
#include "pointer.h"
#include "request_faults.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr int64_t kDay = 86400;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsAlphanumeric(char c) { return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z'); }

bool IsJobName(std::string_view name) {
  return !name.empty() && name.size() <= 49 && IsLowerOrDigit(name.front()) &&
         IsLowerOrDigit(name.back()) && std::all_of(name.begin(), name.end(), [](char c) {
           return IsLowerOrDigit(c) || c == '-';
         });
}

bool IsExecutionId(std::string_view id) {
  return !id.empty() && id.size() <= 63 && IsLowerOrDigit(id.front()) &&
         std::all_of(id.begin(), id.end(), [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

bool IsTaskName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && IsAlphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

// Code points, which is what people count.
size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

struct Option {
  std::string_view env;
  std::string_view option;  // in a flat problem; "" for the solver's name
  enum class Kind { kNumber, kInteger, kFlag, kName } kind;
  double least;
  double most;  // as for the options of a flat problem, which is how a task gets them
};
constexpr Option kOptions[] = {
    {"MIP_GAP", "gap_tolerance", Option::Kind::kNumber, 0, 1},
    {"NODE_LIMIT", "node_limit", Option::Kind::kInteger, 0, kMaxNodeLimit},
    {"SEED", "seed", Option::Kind::kInteger, 0, 4294967295.0},
    {"SOLVER", "", Option::Kind::kName, 0, 0},
    {"THREADS", "threads", Option::Kind::kInteger, 0, kMaxThreads},
    {"TIME_LIMIT", "time_limit_seconds", Option::Kind::kNumber, 0.001, kMaxTimeLimit},
    {"VERIFY", "verify", Option::Kind::kFlag, 0, 0},
};

std::optional<double> ReadNumber(const std::string& text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

// A message, or nothing when `value` was understood and put into `settings`.
std::optional<std::string> ReadOption(const Option& option, const std::string& value,
                                      SolverSettings& settings) {
  switch (option.kind) {
    case Option::Kind::kName:
      if (value.empty() || value.size() > 32) return "must be the name of a solver";
      settings.solver_name = value;
      return std::nullopt;
    case Option::Kind::kFlag:
      if (value != "true" && value != "false") return "must be \"true\" or \"false\"";
      settings.options.Set(option.option, value == "true");
      return std::nullopt;
    case Option::Kind::kNumber:
    case Option::Kind::kInteger: break;
  }
  bool integer = option.kind == Option::Kind::kInteger;
  std::optional<double> number = ReadNumber(value);
  if (!number || *number < option.least || *number > option.most ||
      (integer && *number != std::floor(*number))) {
    std::string most;
    AppendJsonNumber(most, option.most);
    std::string least;
    AppendJsonNumber(least, option.least);
    return std::string("must be ") + (integer ? "an integer" : "a number") + " from " + least +
           " to " + most + ", as a string";
  }
  if (integer) {
    settings.options.Set(option.option, static_cast<int64_t>(*number));
  } else {
    settings.options.Set(option.option, *number);
  }
  return std::nullopt;
}

void CheckRuntime(JobRuntime& runtime, RequestFaults& faults) {
  const std::string at = "/spec/runtime";
  faults.InRange(runtime.max_concurrent_tasks, 1, 64, at + "/maxConcurrentTasks");
  faults.InRange(runtime.max_retries, 0, 10, at + "/maxRetries");
  faults.InRange(runtime.timeout_seconds, 1, kDay, at + "/timeout");
  if (runtime.task_timeout_seconds == 0) runtime.task_timeout_seconds = runtime.timeout_seconds;
  faults.Check(
      runtime.task_timeout_seconds >= 1 && runtime.task_timeout_seconds <= runtime.timeout_seconds,
      at + "/taskTimeout", "must be from 1s to the job's timeout");
  faults.InRange(runtime.memory_mb, 64, 1048576, at + "/memory");
  faults.Take(ReadEnvs(runtime.envs, at + "/envs").status(), "");
}

}  // namespace

std::vector<std::string_view> JobOptionNames() {
  std::vector<std::string_view> names;
  for (const Option& option : kOptions) names.push_back(option.env);
  return names;
}

absl::StatusOr<SolverSettings> ReadEnvs(const NamedValues& envs, std::string_view pointer) {
  SolverSettings settings;
  settings.options = Json::Object{};
  RequestFaults faults;
  std::unordered_set<std::string> seen;
  for (const auto& [name, value] : envs) {
    std::string at = std::string(pointer) + "/" + EscapePointer(name);
    if (!seen.insert(name).second) faults.Add(at, "is given twice");
    const Option* option = std::find_if(std::begin(kOptions), std::end(kOptions),
                                        [&name = name](const Option& o) { return o.env == name; });
    if (option == std::end(kOptions)) {
      faults.Add(at,
                 "is no solver option; there are MIP_GAP, NODE_LIMIT, SEED, SOLVER, THREADS, "
                 "TIME_LIMIT and VERIFY");
    } else if (auto message = ReadOption(*option, value, settings)) {
      faults.Add(at, *std::move(message));
    }
  }
  RETURN_IF_ERROR(std::move(faults).ToStatus());
  return settings;
}

NamedValues LayOver(const NamedValues& base, const NamedValues& over) {
  NamedValues merged = over;
  for (const auto& entry : base) {
    bool overridden = std::any_of(over.begin(), over.end(),
                                  [&entry](const auto& o) { return o.first == entry.first; });
    if (!overridden) merged.push_back(entry);
  }
  return merged;
}

absl::Status CheckDefinition(JobDefinition& d) {
  RequestFaults faults;
  faults.Check(IsJobName(d.name), "/metadata/name",
               "must have 1 to 49 lower-case letters, digits and inner hyphens");
  faults.Check(Characters(d.display_name) <= 63, "/metadata/displayName",
               "must have 1 to 63 characters");
  faults.Check(d.external_id.size() <= 64 &&
                   std::all_of(d.external_id.begin(), d.external_id.end(),
                               [](char c) { return IsAlphanumeric(c) || c == '-'; }),
               "/metadata/externalId", "must have 1 to 64 letters, digits and hyphens");
  faults.Check(d.labels.size() <= 32, "/metadata/labels", "must have at most 32 entries");
  for (const auto& [name, value] : d.labels) {
    faults.Check(!name.empty() && Characters(name) <= 63 && Characters(value) <= 63,
                 "/metadata/labels/" + EscapePointer(name),
                 "names and values must have at most 63 characters");
  }
  faults.Check(!d.model_id.empty(), "/spec/modelId", "is required");
  faults.Check(d.webhook_secret.size() <= 255, "/spec/webhook_secret",
               "must have at most 255 characters");
  faults.Check(d.webhook_secret.empty() || !d.webhook_url.empty(), "/spec/webhook_secret",
               "needs a webhook_url");
  CheckRuntime(d.runtime, faults);
  return std::move(faults).ToStatus();
}

void CheckStart(const JobDefinition& job, const JobOptions& limits, JobStart& start,
                RequestFaults& faults) {
  const JobRuntime& runtime = job.runtime;
  const auto tasks = static_cast<int64_t>(start.tasks.size());
  if (!faults.Has("/tasks")) {
    faults.Check(tasks >= 1 && tasks <= limits.max_tasks, "/tasks",
                 "must hold 1 to " + std::to_string(limits.max_tasks) + " tasks");
  }
  if (start.memory_mb) faults.InRange(*start.memory_mb, 64, runtime.memory_mb, "/memory");
  if (start.parallelism) {
    faults.InRange(*start.parallelism, 1, runtime.max_concurrent_tasks, "/parallelism");
  }
  if (start.timeout_seconds) {
    faults.InRange(*start.timeout_seconds, 1, runtime.timeout_seconds, "/timeout");
  }
  faults.Check(start.execution_id.empty() || IsExecutionId(start.execution_id), "/executionId",
               "must have 1 to 63 lower-case letters, digits and hyphens, not beginning with one");
  bool printable = std::all_of(start.request_id.begin(), start.request_id.end(),
                               [](char c) { return c >= ' ' && c < 127; });
  faults.Check(start.request_id.size() <= 128 && printable, "/id",
               "must have 1 to 128 printable ASCII characters");
  faults.Check(start.job.empty() || start.job == job.name, "/jobId", "is another job's");

  const int64_t overall = start.timeout_seconds.value_or(runtime.timeout_seconds);
  std::unordered_set<std::string> names;
  for (size_t i = 0; i < start.tasks.size() && tasks <= limits.max_tasks && faults.WantsTask(i);
       ++i) {
    NewTask& task = start.tasks[i];
    const std::string at = "/tasks/" + std::to_string(i);
    if (faults.Has(at)) continue;  // it is no task at all
    if (task.name.empty()) {
      task.name = "task-" + std::to_string(i);
    } else {
      faults.Check(IsTaskName(task.name), at + "/name",
                   "must have 1 to 63 letters, digits, dots, underscores and hyphens, beginning "
                   "with a letter or digit");
    }
    if (!names.insert(task.name).second) faults.Add(at + "/name", "is another task's name too");
    if (task.max_retries) {
      faults.InRange(*task.max_retries, 0, runtime.max_retries, at + "/maxRetries");
    }
    if (task.timeout_seconds) {
      faults.Check(
          *task.timeout_seconds >= 1 && *task.timeout_seconds <= runtime.task_timeout_seconds,
          at + "/timeout",
          "must be from 1s to the job's " + FormatDuration(runtime.task_timeout_seconds));
    }
    task.timeout_seconds =
        std::min(task.timeout_seconds.value_or(runtime.task_timeout_seconds), overall);
    if (!faults.Has(at + "/input_data")) {
      faults.Check(task.input.is_object(), at + "/input_data", "must be an object");
    }
  }
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  struct Unit {
    char letter;
    int64_t seconds;
  };
  constexpr Unit kUnits[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
  int64_t total = 0;
  size_t unit = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    int64_t number = 0;
    size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      if (digits >= 6) return std::nullopt;
      number = 10 * number + (text[digits] - '0');
      ++digits;
    }
    if (digits == 0 || digits == text.size()) return std::nullopt;
    while (unit < std::size(kUnits) && kUnits[unit].letter != text[digits]) ++unit;
    if (unit == std::size(kUnits)) return std::nullopt;
    total += number * kUnits[unit++].seconds;
    text.remove_prefix(digits + 1);
  }
  if (total < 1 || total > kDay) return std::nullopt;
  return total;
}

std::string FormatDuration(int64_t seconds) {
  std::string text;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds % 3600 >= 60) text += std::to_string(seconds % 3600 / 60) + "m";
  if (seconds % 60 > 0 || text.empty()) text += std::to_string(seconds % 60) + "s";
  return text;
}

}  // namespace solvent
