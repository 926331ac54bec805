#include "job_runner_impl.h"

#include <algorithm>
#include <utility>

#include "clock.h"
#include "crypto.h"
#include "ids.h"
#include "outcomes.h"
#include "run_options.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr int64_t kSecond = 1'000'000;

absl::Status JobNotFound() { return NotFound("Job not found"); }

absl::Status Conflict(std::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, error_code::kConflict, message);
}

absl::StatusOr<Job> ToJob(const JobRow& row) {
  Job job;
  absl::StatusOr<JobDefinition> definition = DecodeDefinition(row.name, row.definition);
  if (!definition.ok()) return absl::DataLossError("a job's definition cannot be read");
  job.definition = *std::move(definition);
  job.organization_id = row.organization_id;
  job.created_by = row.created_by;
  job.updated_by = row.updated_by;
  job.created_at = row.created_at;
  job.updated_at = row.updated_at;
  return job;
}

std::string NewUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string hex = HexEncode(bytes);
  for (size_t at : {8, 13, 18, 23}) hex.insert(at, "-");
  return hex;
}

// {"NAME": "***", …} with sorted names.
std::string Mask(NamedValues env) {
  std::sort(env.begin(), env.end());
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  for (const auto& [name, value] : env) w.Key(name).String("***");
  w.EndObject();
  return text;
}

}  // namespace

absl::Status JobRunnerImpl::CheckAgainstInstance(const Caller& caller,
                                                 const JobDefinition& definition) {
  ASSIGN_OR_RETURN(SolverSettings settings,
                   ReadEnvs(definition.runtime.envs, "/spec/runtime/envs"));
  if (batches_.FindBackend(settings.solver_name) == nullptr) {
    return RequestFault("/spec/runtime/envs/SOLVER", "no such solver is available");
  }
  if (!definition.webhook_url.empty() && limits_.check_webhook_url) {
    absl::Status good = limits_.check_webhook_url(definition.webhook_url);
    if (!good.ok()) {
      ErrorInfo info = GetErrorInfo(good);
      std::string message =
          info.fields.empty() ? std::string(Message(good)) : std::move(info.fields[0].message);
      return RequestFault("/spec/webhook_url", message);
    }
  }
  return FindModel(caller.organization_id, definition.model_id).status();
}

std::string JobRunnerImpl::Sealed(const std::string& secret) const {
  return secret.empty() ? secret : limits_.secrets.Seal(secret);
}

absl::StatusOr<JobRunnerImpl::Model> JobRunnerImpl::FindModel(std::string_view organization,
                                                              std::string_view id) {
  if (!IsPlausibleId(id)) return NotFound("Model not found or not activated");
  ASSIGN_OR_RETURN(std::optional<OrgModel> row, ports_.models->FindModel(organization, id));
  if (!row.has_value() || !row->is_active) return NotFound("Model not found or not activated");
  Model model;
  ASSIGN_OR_RETURN(model.prepared,
                   prepared_.Get(EffectiveDefinition(row->definition, row->custom_config)));
  model.row = *std::move(row);
  return model;
}

absl::StatusOr<Job> JobRunnerImpl::Create(const Caller& caller, JobDefinition definition) {
  RETURN_IF_ERROR(CheckDefinition(definition));
  RETURN_IF_ERROR(CheckAgainstInstance(caller, definition));
  JobRow row;
  row.organization_id = caller.organization_id;
  row.name = definition.name;
  row.definition = EncodeDefinition(definition);
  row.webhook_secret = Sealed(definition.webhook_secret);
  row.created_by = row.updated_by = caller.user_id;
  row.created_at = row.updated_at = SystemNow();
  RETURN_IF_ERROR(ports_.jobs->InsertJob(row));
  return ToJob(row);
}

absl::StatusOr<Job> JobRunnerImpl::Get(std::string_view organization, std::string_view name) {
  ASSIGN_OR_RETURN(std::optional<JobRow> row, ports_.jobs->FindJob(organization, name));
  if (!row.has_value()) return JobNotFound();
  return ToJob(*row);
}

absl::StatusOr<std::vector<Job>> JobRunnerImpl::List(std::string_view organization, int64_t limit,
                                                     int64_t offset, int64_t* total) {
  if (limit < 0) return ValidationError("/limit", "must be 0 or more");
  if (offset < 0) return ValidationError("/offset", "must be 0 or more");
  int64_t unwanted = 0;
  ASSIGN_OR_RETURN(
      std::vector<JobRow> rows,
      ports_.jobs->ListJobs(organization, limit, offset, total != nullptr ? total : &unwanted));
  std::vector<Job> jobs;
  for (const JobRow& row : rows) {
    ASSIGN_OR_RETURN(Job job, ToJob(row));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

absl::StatusOr<Job> JobRunnerImpl::Replace(const Caller& caller, std::string_view name,
                                           JobDefinition definition) {
  RETURN_IF_ERROR(Get(caller.organization_id, name).status());
  if (definition.name != name) {
    return RequestFault("/metadata/name", "must be the job's: it never changes");
  }
  RETURN_IF_ERROR(CheckDefinition(definition));
  RETURN_IF_ERROR(CheckAgainstInstance(caller, definition));
  JobRow row;
  row.organization_id = caller.organization_id;
  row.name = name;
  row.definition = EncodeDefinition(definition);
  row.webhook_secret = Sealed(definition.webhook_secret);
  row.updated_by = caller.user_id;
  row.updated_at = SystemNow();
  bool keep_secret = definition.webhook_secret.empty() && !definition.webhook_url.empty();
  ASSIGN_OR_RETURN(bool found, ports_.jobs->UpdateJob(row, keep_secret));
  if (!found) return JobNotFound();
  return Get(caller.organization_id, name);
}

absl::StatusOr<DeletedJob> JobRunnerImpl::Delete(std::string_view organization,
                                                 std::string_view name) {
  DeletedJob deleted;
  ASSIGN_OR_RETURN(deleted.job, Get(organization, name));
  ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> stopped,
                   ports_.jobs->DeleteJob(organization, name, SystemNow()));
  if (!stopped.has_value()) return JobNotFound();
  deleted.still_running = batches_.EndDeleted(*stopped);
  return deleted;
}

absl::StatusOr<std::optional<JobStarted>> JobRunnerImpl::Replay(const Caller& caller,
                                                                std::string_view job,
                                                                const JobStart& start) {
  ASSIGN_OR_RETURN(
      std::optional<EarlierStart> earlier,
      ports_.jobs->FindStart(caller.organization_id, start.execution_id, start.request_id));
  if (!earlier.has_value()) return std::optional<JobStarted>();
  auto other = [](std::string_view wanted, std::string_view was) {
    return !wanted.empty() && wanted != was;
  };
  bool same = earlier->job == job && earlier->request_hash == start.request_hash &&
              !start.request_hash.empty() && !other(start.execution_id, earlier->id);
  if (same && other(start.request_id, earlier->request_key)) {
    same = start.id_beside_body;
    if (same) {
      ASSIGN_OR_RETURN(std::optional<EarlierStart> of_key,
                       ports_.jobs->FindStart(caller.organization_id, "", start.request_id));
      same = !of_key.has_value();
    }
  }
  if (!same) {
    return Conflict("The execution's id or the request's id was used for another request");
  }
  JobStarted started;
  started.execution_id = std::move(earlier->id);
  started.request_id = std::move(earlier->request_key);
  started.job = job;
  started.organization_id = caller.organization_id;
  started.task_names = std::move(earlier->task_names);
  started.replayed = true;
  return std::optional<JobStarted>(std::move(started));
}

absl::Status JobRunnerImpl::CheckInputs(const PreparedModel& model,
                                        const std::vector<NewTask>& tasks, RequestFaults& faults) {
  for (size_t i = 0; i < tasks.size() && faults.WantsTask(i); ++i) {
    const std::string at = "/tasks/" + std::to_string(i);
    if (faults.Has(at) || faults.Has(at + "/input_data")) continue;
    absl::Status status = model.CheckInput(tasks[i].input);
    if (!status.ok() && !absl::IsInvalidArgument(status)) return status;
    faults.Take(status, at + "/input_data");
  }
  return absl::OkStatus();
}

absl::StatusOr<NewJobExecution> JobRunnerImpl::MakeExecution(const Caller& caller, const Job& job,
                                                             const Accepted& accepted,
                                                             JobStart& start) {
  const Model& model = accepted.model;
  const SolverSettings& settings = accepted.settings;
  const JobDefinition& definition = job.definition;
  const JobRuntime& runtime = definition.runtime;
  RETURN_IF_ERROR(ports_.models->KeepDocument(model.prepared->hash(), model.prepared->document()));

  NewJobExecution e;
  e.id = start.execution_id.empty() ? "exec-" + HexEncode(RandomBytes(8)) : start.execution_id;
  e.organization_id = caller.organization_id;
  e.job = definition.name;
  e.user_id = caller.user_id;
  e.parallelism = start.parallelism.value_or(runtime.max_concurrent_tasks);
  e.timeout_seconds = start.timeout_seconds.value_or(runtime.timeout_seconds);
  e.memory_mb = start.memory_mb.value_or(runtime.memory_mb);
  e.memory_override_mb = start.memory_mb;
  if (start.env) e.masked_env = Mask(*start.env);
  e.frozen = EncodeFrozen(model.prepared->hash(), settings.options, settings.solver_name);
  e.webhook_url = definition.webhook_url;
  e.request_key = start.request_id.empty() ? NewUuid() : start.request_id;
  e.request_hash = start.request_hash;
  e.now = SystemNow();
  e.max_parallel = options_.max_parallel_executions;
  if (!start.allow_queue) e.room = {queue_.owner(), queue_.slots()};
  const std::string run_options = EncodeOptions({});
  for (NewTask& wanted : start.tasks) {
    NewJobExecution::Task& task = e.tasks.emplace_back();
    task.name = wanted.name;
    task.max_retries = wanted.max_retries.value_or(runtime.max_retries);
    task.timeout_seconds = wanted.timeout_seconds.value_or(runtime.task_timeout_seconds);
    task.run.now = e.now;
    task.run.options = run_options;
    solvent::Execution& run = task.run.execution;
    run.id = NewId("exe");
    run.organization_id = caller.organization_id;
    run.user_id = caller.user_id;
    run.name = e.job + "/" + e.id + "/" + task.name;
    run.model_id = model.row.id;
    run.catalog_id = model.row.catalog_id;
    run.model_name = model.row.display_name;
    run.origin = kBatchOrigin;
    run.run_id = e.id;
    run.solver_name = batches_.FindBackend(settings.solver_name)->name();
    run.time_limit_seconds = static_cast<double>(task.timeout_seconds);
    run.credits_used = model.row.credits_per_execution;
    run.input_json = wanted.input.Dump();
  }
  return e;
}

absl::StatusOr<JobRunnerImpl::Accepted> JobRunnerImpl::Accept(const Caller& caller, const Job& job,
                                                              JobStart& start) {
  const JobDefinition& definition = job.definition;
  RequestFaults faults;
  faults.Take(start.fault, "");
  faults.Check(start.organization.empty() || start.organization == caller.organization_id,
               "/workspaceId", "is another organization's");
  CheckStart(definition, options_, start, faults);
  Accepted accepted;
  absl::StatusOr<SolverSettings> settings =
      ReadEnvs(LayOver(definition.runtime.envs, start.env.value_or(NamedValues())), "/env");
  if (settings.ok()) {
    accepted.settings = *std::move(settings);
    faults.Check(batches_.FindBackend(accepted.settings.solver_name) != nullptr, "/env/SOLVER",
                 "no such solver is available");
  }
  faults.Take(settings.status(), "");
  const int64_t memory = start.memory_mb.value_or(definition.runtime.memory_mb);
  if (!start.allow_queue && limits_.worker_memory_mb > 0 && !faults.Has("/memory")) {
    faults.Check(memory <= limits_.worker_memory_mb, "/memory",
                 "can never fit: a solver process may take " +
                     std::to_string(limits_.worker_memory_mb) + " MB");
  }
  absl::Status conflict;
  if (!definition.enabled) conflict = Conflict("The job is disabled");
  absl::StatusOr<Model> model = FindModel(caller.organization_id, definition.model_id);
  if (absl::IsNotFound(model.status())) {
    if (conflict.ok()) conflict = Conflict("The job's model is not active any more");
  } else {
    RETURN_IF_ERROR(model.status());
    accepted.model = *std::move(model);
    if (!faults.Has("/tasks")) {
      RETURN_IF_ERROR(CheckInputs(*accepted.model.prepared, start.tasks, faults));
    }
  }
  RETURN_IF_ERROR(std::move(faults).ToStatus());
  RETURN_IF_ERROR(conflict);
  return accepted;
}

absl::StatusOr<JobStarted> JobRunnerImpl::Start(const Caller& caller, std::string_view name,
                                                JobStart start) {
  std::optional<JobStarted> replayed;
  if (start.fault.ok()) {
    ASSIGN_OR_RETURN(replayed, Replay(caller, name, start));
    if (replayed.has_value()) return *std::move(replayed);
  }
  if (batches_.stopping()) return absl::UnavailableError("the engine is stopping");
  ASSIGN_OR_RETURN(Job job, Get(caller.organization_id, name));
  ASSIGN_OR_RETURN(Accepted accepted, Accept(caller, job, start));
  ASSIGN_OR_RETURN(NewJobExecution execution, MakeExecution(caller, job, accepted, start));
  JobStarted started;
  started.execution_id = execution.id;
  started.request_id = execution.request_key;
  started.job = name;
  started.organization_id = caller.organization_id;
  for (const NewTask& task : start.tasks) started.task_names.push_back(task.name);
  absl::Status inserted = ports_.jobs->InsertExecution(std::move(execution));
  if (absl::IsAlreadyExists(inserted)) {
    // The same request came by another way a moment ago.
    ASSIGN_OR_RETURN(replayed, Replay(caller, name, start));
    if (replayed.has_value()) return *std::move(replayed);
  }
  RETURN_IF_ERROR(inserted);
  batches_.Wake();
  return started;
}

void JobRunnerImpl::SetExpiry(JobExecution& execution) const {
  if (execution.completed_at == 0) return;
  execution.expires_at = execution.completed_at + options_.retention_seconds * kSecond;
}

absl::StatusOr<JobExecutionList> JobRunnerImpl::Executions(std::string_view organization,
                                                           std::string_view job, int64_t limit,
                                                           int64_t offset, bool with_tasks) {
  if (limit < 0) return ValidationError("/limit", "must be 0 or more");
  if (offset < 0) return ValidationError("/offset", "must be 0 or more");
  ASSIGN_OR_RETURN(JobExecutionList list,
                   ports_.jobs->ListExecutions(organization, job, limit, offset, with_tasks));
  if (list.total == 0) RETURN_IF_ERROR(Get(organization, job).status());
  for (JobExecution& execution : list.items) SetExpiry(execution);
  return list;
}

absl::StatusOr<JobExecution> JobRunnerImpl::Execution(std::string_view organization,
                                                      std::string_view job, std::string_view id,
                                                      bool with_tasks) {
  ASSIGN_OR_RETURN(JobExecution execution,
                   ports_.jobs->GetExecution(organization, job, id, with_tasks));
  SetExpiry(execution);
  return execution;
}

absl::StatusOr<JobExecution> JobRunnerImpl::Cancel(std::string_view organization,
                                                   std::string_view job, std::string_view id,
                                                   bool force, bool with_tasks) {
  ASSIGN_OR_RETURN(StoppedExecution stopped,
                   ports_.jobs->Cancel(organization, job, id, force, SystemNow()));
  if (stopped.changed) batches_.Halt(stopped.k, force);
  return Execution(organization, job, id, with_tasks);
}

absl::StatusOr<JobTaskPage> JobRunnerImpl::Tasks(std::string_view organization,
                                                 std::string_view job, std::string_view id,
                                                 int64_t from, int64_t limit) {
  if (from < 0) return ValidationError("/from", "must be 0 or more");
  if (limit < 0) return ValidationError("/limit", "must be 0 or more");
  return ports_.jobs->ListTasks(organization, job, id, from, limit);
}

absl::StatusOr<JobTaskDetail> JobRunnerImpl::Task(std::string_view organization,
                                                  std::string_view job, std::string_view id,
                                                  std::string_view task) {
  return ports_.jobs->GetTask(organization, job, id, task);
}

absl::StatusOr<std::vector<JobTaskOutcome>> JobRunnerImpl::Outcomes(std::string_view organization,
                                                                    std::string_view job,
                                                                    std::string_view id) {
  JobExecution execution;
  return ports_.jobs->Outcomes(organization, job, id, &execution);
}

absl::StatusOr<JobSummary> JobRunnerImpl::Summary(std::string_view organization,
                                                  std::string_view job, std::string_view id) {
  JobExecution execution;
  ASSIGN_OR_RETURN(std::vector<JobTaskOutcome> outcomes,
                   ports_.jobs->Outcomes(organization, job, id, &execution));
  return Summarize(execution, std::move(outcomes), SystemNow());
}

}  // namespace solvent
