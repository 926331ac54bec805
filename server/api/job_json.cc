#include "job_json.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "requests.h"

namespace solvent::api {
namespace {

// Lists hold tens of thousands of times: only the microseconds differ from one to the next often.
class TimeText {
 public:
  void Append(std::string& out, int64_t micros) {
    if (micros == 0) {
      out += "null";
      return;
    }
    int64_t second = micros / 1'000'000;
    if (second != second_) {
      auto seconds = static_cast<std::time_t>(second);
      std::tm tm{};
      gmtime_r(&seconds, &tm);
      text_.resize(32);
      text_.resize(std::strftime(text_.data(), text_.size(), "\"%Y-%m-%dT%H:%M:%S.", &tm));
      second_ = second;
    }
    out += text_;
    char digits[6];
    auto fraction = static_cast<int>(micros % 1'000'000);
    for (int i = 5; i >= 0; --i, fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
    out.append(digits, sizeof digits);
    out += "Z\"";
  }

 private:
  int64_t second_ = -1;
  std::string text_;
};

void AppendTime(std::string& out, std::string_view key, int64_t micros) {
  thread_local TimeText text;
  out += key;
  text.Append(out, micros);
}

void AppendInt(std::string& out, std::string_view key, int64_t value) {
  out += key;
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void AppendText(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  AppendJsonString(out, value);
}

void AppendConditions(std::string& out, const JobTask& task) {
  TaskConditions conditions = ConditionsOf(task);
  for (size_t i = 0; i < conditions.size; ++i) {
    const TaskCondition& c = conditions.items[i];
    out += i == 0 ? "{\"executionReason\":\"" : ",{\"executionReason\":\"";
    // All but the message are words of ours.
    out += c.execution_reason;
    AppendText(out, "\",\"message\":", c.message);
    out += ",\"reason\":\"";
    out += c.reason;
    out += "\",\"severity\":\"";
    out += c.severity;
    out += "\",\"state\":\"";
    out += c.state;
    out += "\",\"type\":\"";
    out += c.type;
    out += "\"}";
  }
}

void AppendTaskSpec(std::string& out, const JobTask& task, std::string_view status) {
  AppendInt(out, "},\"spec\":{\"maxRetries\":", task.max_retries);
  out += ",\"timeout\":\"";
  out += FormatDuration(task.timeout_seconds);
  out += "\"},\"status\":\"";
  out += status;
  out += "\"}";
}

// The task as it was planned: frozen.
void AppendPlannedTask(std::string& out, const JobTask& task) {
  AppendTime(
      out, "{\"conditions\":[],\"metadata\":{\"completedAt\":null,\"createdAt\":", task.created_at);
  AppendText(out, ",\"name\":", task.name);
  out += ",\"scheduledAt\":null,\"startedAt\":null,\"updatedAt\":null";
  AppendTaskSpec(out, task, "unspecified");
}

void AppendStats(std::string& out, const JobStats& stats) {
  AppendInt(out, "{\"cancelled\":", stats.cancelled);
  AppendInt(out, ",\"failure\":", stats.failure);
  AppendInt(out, ",\"retried\":", stats.retried);
  AppendInt(out, ",\"running\":", stats.running);
  AppendInt(out, ",\"success\":", stats.success);
  AppendInt(out, ",\"total\":", stats.total);
  out += '}';
}

void WriteTexts(JsonWriter& w, const std::vector<std::pair<std::string, std::string>>& texts) {
  w.BeginObject();
  for (const auto& [name, value] : texts) w.Key(name).String(value);
  w.EndObject();
}

}  // namespace

void WriteJob(JsonWriter& w, const Job& job, std::string_view status) {
  const JobDefinition& d = job.definition;
  w.BeginObject();
  w.Key("metadata").BeginObject();
  w.Key("name").String(d.name);
  w.Key("displayName");
  WriteTextOrNull(w, d.display_name);
  w.Key("externalId");
  WriteTextOrNull(w, d.external_id);
  w.Key("labels");
  WriteTexts(w, d.labels);
  w.Key("workspace").String(job.organization_id);
  w.Key("createdAt");
  WriteTime(w, job.created_at);
  w.Key("updatedAt");
  WriteTime(w, job.updated_at);
  w.Key("createdBy").String(job.created_by);
  w.Key("updatedBy").String(job.updated_by);
  w.EndObject();
  w.Key("spec").BeginObject();
  w.Key("enabled").Bool(d.enabled);
  w.Key("modelId").String(d.model_id);
  w.Key("runtime").BeginObject();
  w.Key("maxConcurrentTasks").Int(d.runtime.max_concurrent_tasks);
  w.Key("maxRetries").Int(d.runtime.max_retries);
  w.Key("timeout").Int(d.runtime.timeout_seconds);
  w.Key("taskTimeout").String(FormatDuration(d.runtime.task_timeout_seconds));
  w.Key("memory").Int(d.runtime.memory_mb);
  w.Key("envs").BeginArray();
  for (const auto& [name, value] : d.runtime.envs) {
    w.BeginObject();
    w.Key("name").String(name);
    w.Key("value").String(value);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  w.Key("webhook_url");
  WriteTextOrNull(w, d.webhook_url);
  w.EndObject();
  w.Key("status").String(status);
  w.EndObject();
}

void AppendJobTask(std::string& out, const JobTask& task) {
  out += "{\"conditions\":[";
  AppendConditions(out, task);
  AppendTime(out, "],\"metadata\":{\"completedAt\":", task.completed_at);
  AppendTime(out, ",\"createdAt\":", task.created_at);
  AppendText(out, ",\"name\":", task.name);
  AppendTime(out, ",\"scheduledAt\":", task.scheduled_at);
  AppendTime(out, ",\"startedAt\":", task.started_at);
  AppendTime(out, ",\"updatedAt\":", task.updated_at);
  AppendTaskSpec(out, task, ToString(task.state));
}

void AppendJobExecution(std::string& out, const JobExecution& e, std::string_view cluster) {
  out.reserve(out.size() + 1000 + 1100 * e.tasks.size());
  AppendText(out, "{\"metadata\":{\"cluster\":", cluster);
  AppendTime(out, ",\"completedAt\":", e.completed_at);
  AppendTime(out, ",\"createdAt\":", e.created_at);
  AppendTime(out, ",\"deletedAt\":", e.deleted_at);
  AppendTime(out, ",\"expiredAt\":", e.expires_at);
  AppendText(out, ",\"id\":", e.id);
  AppendText(out, ",\"job\":", e.job);
  AppendTime(out, ",\"startedAt\":", e.started_at);
  AppendTime(out, ",\"updatedAt\":", e.updated_at);
  AppendText(out, ",\"workspace\":", e.organization_id);
  out += "},\"spec\":{\"envOverride\":";
  if (e.masked_env) {
    AppendJsonString(out, *e.masked_env);
  } else {
    out += "null";
  }
  out += ",\"memoryOverride\":";
  out += e.memory_override_mb ? std::to_string(*e.memory_override_mb) : "null";
  AppendInt(out, ",\"parallelism\":", e.parallelism);
  out += ",\"tasks\":[";
  for (const JobTask& task : e.tasks) {
    AppendPlannedTask(out, task);
    out += ',';
  }
  if (!e.tasks.empty()) out.pop_back();
  AppendInt(out, "],\"timeout\":", e.timeout_seconds);
  out += "},\"stats\":";
  AppendStats(out, e.stats);
  out += ",\"status\":\"";
  out += ToString(e.state);
  out += "\",\"tasks\":[";
  for (const JobTask& task : e.tasks) {
    AppendJobTask(out, task);
    out += ',';
  }
  if (!e.tasks.empty()) out.pop_back();
  out += "]}";
}

std::string JobTaskDetailJson(const JobTaskDetail& detail) {
  std::string out = "{\"task\":";
  AppendJobTask(out, detail.task);
  AppendText(out, ",\"execution_id\":", detail.execution_id);
  out += ",\"input_data\":" + (detail.input_json.empty() ? "null" : detail.input_json);
  out += ",\"result_data\":" + (detail.result_json.empty() ? "null" : detail.result_json);
  out += ",\"attempts\":";
  JsonWriter w(out);
  w.BeginArray();
  for (const JobAttempt& attempt : detail.attempts) {
    w.BeginObject();
    w.Key("number").Int(attempt.number);
    w.Key("startedAt");
    WriteTime(w, attempt.started_at);
    w.Key("completedAt");
    WriteTime(w, attempt.completed_at);
    w.Key("outcome").String(attempt.outcome);
    w.Key("reason").String(ToString(attempt.reason));
    w.Key("message").String(attempt.message);
    w.EndObject();
  }
  w.EndArray();
  out += '}';
  return out;
}

std::string JobSummaryJson(const JobSummary& s) {
  std::string out = "{\"status\":\"" + std::string(ToString(s.state)) + "\",\"stats\":";
  AppendStats(out, s.stats);
  out += ",\"objective\":";
  JsonWriter w(out);
  if (s.objectives == 0) {
    w.Null();
  } else {
    w.BeginObject();
    w.Key("count").Int(s.objectives);
    w.Key("min").Double(s.min);
    w.Key("lower_quartile").Double(s.lower_quartile);
    w.Key("median").Double(s.median);
    w.Key("upper_quartile").Double(s.upper_quartile);
    w.Key("max").Double(s.max);
    w.Key("mean").Double(s.mean);
    w.EndObject();
  }
  out += ",\"solver_statuses\":";
  JsonWriter statuses(out);
  statuses.BeginObject();
  for (const auto& [name, count] : s.solver_statuses) statuses.Key(name).Int(count);
  statuses.EndObject();
  out += ",\"solve_seconds\":";
  AppendJsonNumber(out, s.solve_seconds);
  out += ",\"elapsed_seconds\":";
  AppendJsonNumber(out, s.elapsed_seconds);
  out += ",\"slowest\":";
  JsonWriter slowest(out);
  slowest.BeginArray();
  for (const JobTaskOutcome& o : s.slowest) {
    slowest.BeginObject();
    slowest.Key("name").String(o.task.name);
    slowest.Key("status").String(ToString(o.task.state));
    slowest.Key("solve_seconds").Double(o.solve_seconds);
    slowest.Key("attempts").Int(o.task.attempts);
    slowest.Key("execution_id").String(o.execution_id);
    slowest.EndObject();
  }
  slowest.EndArray();
  out += '}';
  return out;
}

}  // namespace solvent::api
