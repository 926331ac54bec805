// Jobs and starts as JSON: the HTTP API's bodies, and what is kept.
#include <utility>

#include "job_spec.h"
#include "json_members.h"
#include "solvent/execution_store.h"
#include "status_macros.h"

namespace solvent {
namespace {

NamedValues ReadEnvList(const Json& list, const std::string& pointer, RequestFaults& faults) {
  NamedValues envs;
  if (!list.is_null() && !list.is_array()) {
    faults.Add(pointer, "must be an array", "type_error");
  }
  for (size_t i = 0; i < list.array().size(); ++i) {
    std::string at = pointer + "/" + std::to_string(i);
    if (!list.array()[i].is_object()) {
      faults.Add(at, "must be an object", "type_error");
      continue;
    }
    Members entry(list.array()[i], at, faults, {"name", "value"});
    entry.Require("name");
    entry.Require("value");
    envs.emplace_back(entry.Text("name").value_or(""), entry.Text("value").value_or(""));
  }
  return envs;
}

JobRuntime ReadRuntime(const Json& json, RequestFaults& faults) {
  Members m(json, "/spec/runtime", faults,
            {"maxConcurrentTasks", "maxRetries", "timeout", "taskTimeout", "memory", "envs"});
  JobRuntime runtime;
  runtime.max_concurrent_tasks =
      static_cast<int>(m.Integer("maxConcurrentTasks", 1, 64).value_or(1));
  runtime.max_retries = static_cast<int>(m.Integer("maxRetries", 0, 10).value_or(0));
  runtime.timeout_seconds = m.Integer("timeout", 1, 86400).value_or(3600);
  runtime.task_timeout_seconds = m.Duration("taskTimeout").value_or(0);
  runtime.memory_mb = m.Integer("memory", 64, 1048576).value_or(2048);
  runtime.envs = ReadEnvList(m.At("envs"), m.Pointer("envs"), faults);
  return runtime;
}

NewTask ReadTask(Json& json, const std::string& at, RequestFaults& faults) {
  NewTask task;
  if (!json.is_object()) {
    faults.Add(at, "must be an object", "type_error");
    return task;
  }
  Members m(json, at, faults, {"input_data", "name", "maxRetries", "timeout"});
  m.Require("input_data");
  task.name = m.Text("name").value_or("");
  task.max_retries = m.Integer("maxRetries");
  task.timeout_seconds = m.Duration("timeout");
  for (Json::Member& member : json.mutable_object()) {
    if (member.name == "input_data") task.input = std::move(member.value);
  }
  return task;
}

Json TextsToJson(const NamedValues& values) {
  Json json(Json::Object{});
  for (const auto& [name, value] : values) json.Set(name, std::string_view(value));
  return json;
}

}  // namespace

absl::StatusOr<JobDefinition> ReadJobDefinition(const Json& body) {
  RequestFaults faults;
  JobDefinition d;
  if (!body.is_object()) return BadRequest("the body must be a JSON object");
  Members top(body, "", faults, {"metadata", "spec"});
  top.Require("metadata");
  top.Require("spec");
  Members metadata(top.At("metadata"), "/metadata", faults,
                   {"name", "displayName", "externalId", "labels"});
  metadata.Require("name");
  d.name = metadata.Text("name").value_or("");
  d.display_name = metadata.Text("displayName").value_or("");
  d.external_id = metadata.Text("externalId").value_or("");
  d.labels = metadata.Texts("labels").value_or(NamedValues());
  Members spec(top.At("spec"), "/spec", faults,
               {"enabled", "modelId", "runtime", "webhook_url", "webhook_secret"});
  spec.Require("modelId");
  d.enabled = spec.Flag("enabled").value_or(true);
  d.model_id = spec.Text("modelId").value_or("");
  d.runtime = ReadRuntime(spec.At("runtime"), faults);
  d.webhook_url = spec.Text("webhook_url").value_or("");
  d.webhook_secret = spec.Text("webhook_secret").value_or("");
  RETURN_IF_ERROR(std::move(faults).ToStatus());
  RETURN_IF_ERROR(CheckDefinition(d));
  return d;
}

absl::StatusOr<JobStart> ReadJobStart(Json body) {
  if (!body.is_object()) return BadRequest("the body must be a JSON object");
  JobStart start;
  Json hashed = body;
  std::erase_if(hashed.mutable_object(), [](const Json::Member& m) { return m.name == "id"; });
  start.request_hash = HashJson(std::move(hashed));
  RequestFaults faults;
  Json list;
  for (Json::Member& member : body.mutable_object()) {
    if (member.name == "tasks") list = std::exchange(member.value, Json(Json::Array{}));
  }
  Members m(body, "", faults,
            {"tasks", "env", "memory", "parallelism", "timeout", "allowQueue", "executionId", "id",
             "jobId", "workspaceId"});
  if (!list.is_array()) {
    m.Fault("tasks", list.is_null() ? "is required" : "must be an array",
            list.is_null() ? "missing" : "type_error");
  }
  Json::Array& tasks = list.mutable_array();
  start.tasks.resize(tasks.size());
  for (size_t i = 0; i < tasks.size() && faults.WantsTask(i); ++i) {
    start.tasks[i] = ReadTask(tasks[i], "/tasks/" + std::to_string(i), faults);
  }
  start.env = m.Texts("env");
  start.memory_mb = m.Integer("memory");
  start.parallelism = m.Integer("parallelism");
  start.timeout_seconds = m.Integer("timeout");
  start.allow_queue = m.Flag("allowQueue").value_or(true);
  start.execution_id = m.Text("executionId").value_or("");
  start.request_id = m.Text("id").value_or("");
  start.job = m.Text("jobId").value_or("");
  start.organization = m.Text("workspaceId").value_or("");
  start.fault = std::move(faults).ToStatus();
  return start;
}

std::string EncodeDefinition(const JobDefinition& d) {
  Json runtime;
  runtime.Set("maxConcurrentTasks", d.runtime.max_concurrent_tasks)
      .Set("maxRetries", d.runtime.max_retries)
      .Set("timeout", d.runtime.timeout_seconds)
      .Set("taskTimeout", d.runtime.task_timeout_seconds)
      .Set("memory", d.runtime.memory_mb)
      .Set("envs", TextsToJson(d.runtime.envs));
  Json json;
  json.Set("displayName", std::string_view(d.display_name))
      .Set("externalId", std::string_view(d.external_id))
      .Set("labels", TextsToJson(d.labels))
      .Set("enabled", d.enabled)
      .Set("modelId", std::string_view(d.model_id))
      .Set("runtime", std::move(runtime))
      .Set("webhook_url", std::string_view(d.webhook_url));
  return json.Dump();
}

absl::StatusOr<JobDefinition> DecodeDefinition(std::string_view name, std::string_view text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  auto texts = [](const Json& object) {
    NamedValues values;
    for (const Json::Member& m : object.object()) values.emplace_back(m.name, m.value.as_string());
    return values;
  };
  JobDefinition d;
  d.name = name;
  d.display_name = json["displayName"].as_string();
  d.external_id = json["externalId"].as_string();
  d.labels = texts(json["labels"]);
  d.enabled = json["enabled"].as_bool();
  d.model_id = json["modelId"].as_string();
  const Json& runtime = json["runtime"];
  d.runtime.max_concurrent_tasks = static_cast<int>(runtime["maxConcurrentTasks"].as_int());
  d.runtime.max_retries = static_cast<int>(runtime["maxRetries"].as_int());
  d.runtime.timeout_seconds = runtime["timeout"].as_int();
  d.runtime.task_timeout_seconds = runtime["taskTimeout"].as_int();
  d.runtime.memory_mb = runtime["memory"].as_int();
  d.runtime.envs = texts(runtime["envs"]);
  d.webhook_url = json["webhook_url"].as_string();
  return d;
}

}  // namespace solvent
