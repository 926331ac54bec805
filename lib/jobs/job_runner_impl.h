#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "batch_runner.h"
#include "job_port.h"
#include "job_spec.h"
#include "model_port.h"
#include "prepared_models.h"
#include "request_faults.h"
#include "run_queue.h"
#include "secret_box.h"
#include "solvent/job_runner.h"
#include "solvent/organization_model.h"

namespace solvent {

struct JobRunnerLimits {
  int64_t worker_memory_mb = 0;  // what a process that solves may have; 0: no limit
  // OK, or what is wrong with a webhook's URL; unset: any will do.
  std::function<absl::Status(std::string_view)> check_webhook_url;
  SecretBox secrets;  // in which webhook secrets are kept
};

class JobRunnerImpl : public JobRunner {
 public:
  // Borrows all.
  JobRunnerImpl(StorePorts& ports, RunQueue& queue, BatchRunner& batches, PreparedModels& prepared,
                JobOptions options, JobRunnerLimits limits)
      : ports_(ports),
        queue_(queue),
        batches_(batches),
        prepared_(prepared),
        options_(std::move(options)),
        limits_(std::move(limits)) {}

  absl::StatusOr<Job> Create(const Caller& caller, JobDefinition definition) override;
  absl::StatusOr<Job> Get(std::string_view organization, std::string_view name) override;
  absl::StatusOr<std::vector<Job>> List(std::string_view organization, int64_t limit,
                                        int64_t offset, int64_t* total) override;
  absl::StatusOr<Job> Replace(const Caller& caller, std::string_view name,
                              JobDefinition definition) override;
  absl::StatusOr<DeletedJob> Delete(std::string_view organization, std::string_view name) override;
  absl::StatusOr<JobStarted> Start(const Caller& caller, std::string_view job,
                                   JobStart start) override;
  absl::StatusOr<JobExecutionList> Executions(std::string_view organization, std::string_view job,
                                              int64_t limit, int64_t offset,
                                              bool with_tasks) override;
  absl::StatusOr<JobExecution> Execution(std::string_view organization, std::string_view job,
                                         std::string_view id, bool with_tasks) override;
  absl::StatusOr<JobExecution> Cancel(std::string_view organization, std::string_view job,
                                      std::string_view id, bool force, bool with_tasks) override;
  absl::StatusOr<JobTaskPage> Tasks(std::string_view organization, std::string_view job,
                                    std::string_view id, int64_t from, int64_t limit) override;
  absl::StatusOr<JobTaskDetail> Task(std::string_view organization, std::string_view job,
                                     std::string_view id, std::string_view task) override;
  absl::StatusOr<std::vector<JobTaskOutcome>> Outcomes(std::string_view organization,
                                                       std::string_view job,
                                                       std::string_view id) override;
  absl::StatusOr<JobSummary> Summary(std::string_view organization, std::string_view job,
                                     std::string_view id) override;
  const JobOptions& options() const override { return options_; }

 private:
  struct Model {
    OrgModel row;
    std::shared_ptr<const PreparedModel> prepared;
  };

  absl::Status CheckAgainstInstance(const Caller& caller, const JobDefinition& definition);
  std::string Sealed(const std::string& secret) const;
  absl::StatusOr<Model> FindModel(std::string_view organization, std::string_view id);
  static absl::Status CheckInputs(const PreparedModel& model, const std::vector<NewTask>& tasks,
                                  RequestFaults& faults);
  // What a start runs with, once nothing is wrong with it.
  struct Accepted {
    Model model;
    SolverSettings settings;
  };
  // Everything that is wrong is told at once.
  absl::StatusOr<Accepted> Accept(const Caller& caller, const Job& job, JobStart& start);
  // The answer that was given before, nothing, or a conflict.
  absl::StatusOr<std::optional<JobStarted>> Replay(const Caller& caller, std::string_view job,
                                                   const JobStart& start);
  absl::StatusOr<NewJobExecution> MakeExecution(const Caller& caller, const Job& job,
                                                const Accepted& accepted, JobStart& start);
  void SetExpiry(JobExecution& execution) const;

  StorePorts& ports_;
  RunQueue& queue_;
  BatchRunner& batches_;
  PreparedModels& prepared_;
  const JobOptions options_;
  const JobRunnerLimits limits_;
};

}  // namespace solvent
