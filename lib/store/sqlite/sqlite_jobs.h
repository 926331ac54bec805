// Batches. What changes them is in job_writes.cc, what reads them in job_reads.cc.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job_port.h"
#include "readers.h"
#include "run_effects.h"
#include "sqlite_credits.h"
#include "sqlite_runs.h"
#include "webhook_rows.h"
#include "writer.h"

namespace solvent {

class SqliteJobs : public JobPort, public RunEffects {
 public:
  // `runs` must call this object's effects.
  SqliteJobs(Writer& writer, Readers& readers, SqliteRuns& runs, SqliteCredits& credits,
             WebhookBell& bell)
      : writer_(writer), readers_(readers), runs_(runs), credits_(credits), bell_(bell) {}

  absl::Status InsertJob(const JobRow& row) override;
  absl::StatusOr<std::optional<JobRow>> FindJob(std::string_view organization,
                                                std::string_view name) override;
  absl::StatusOr<std::vector<JobRow>> ListJobs(std::string_view organization, int64_t limit,
                                               int64_t offset, int64_t* total) override;
  absl::StatusOr<bool> UpdateJob(const JobRow& row, bool keep_secret) override;
  absl::StatusOr<std::optional<std::vector<int64_t>>> DeleteJob(std::string_view organization,
                                                                std::string_view name,
                                                                int64_t now) override;
  absl::Status EndDeleted(int64_t execution, int64_t now) override;
  absl::StatusOr<std::optional<EarlierStart>> FindStart(std::string_view organization,
                                                        std::string_view id,
                                                        std::string_view request_key) override;
  absl::Status InsertExecution(NewJobExecution execution) override;
  absl::StatusOr<JobExecutionList> ListExecutions(std::string_view organization,
                                                  std::string_view job, int64_t limit,
                                                  int64_t offset, bool with_tasks) override;
  absl::StatusOr<JobExecution> GetExecution(std::string_view organization, std::string_view job,
                                            std::string_view id, bool with_tasks) override;
  absl::StatusOr<JobTaskPage> ListTasks(std::string_view organization, std::string_view job,
                                        std::string_view id, int64_t from, int64_t limit) override;
  absl::StatusOr<JobTaskDetail> GetTask(std::string_view organization, std::string_view job,
                                        std::string_view id, std::string_view task) override;
  absl::StatusOr<std::vector<JobTaskOutcome>> Outcomes(std::string_view organization,
                                                       std::string_view job, std::string_view id,
                                                       JobExecution* execution) override;
  absl::StatusOr<StoppedExecution> Cancel(std::string_view organization, std::string_view job,
                                          std::string_view id, bool force, int64_t now) override;
  absl::StatusOr<bool> TimeOut(int64_t execution, int64_t now) override;
  absl::StatusOr<std::vector<OpenExecution>> OpenExecutions(int64_t now) override;
  absl::StatusOr<std::vector<ReservedTask>> Reserve(std::string_view owner, int64_t execution,
                                                    int most, int64_t now) override;
  absl::StatusOr<std::vector<ReservedTask>> SetAside(std::string_view owner) override;
  absl::Status Unreserve(std::string_view owner, const std::vector<ReservedTask>& tasks) override;
  void Step(std::shared_ptr<const AttemptStep> step, std::function<void()> refused,
            std::function<void(absl::StatusOr<AttemptStepDone>)> done) override;
  absl::StatusOr<int64_t> Prune(int64_t before, int most) override;

  // Tasks of an owner that has died wait for another attempt; those that it was preparing are
  // handled with care from now on.
  absl::Status AfterOwnerGone(Db& db, int64_t owner, int64_t now) override;

 private:
  struct Head;      // of an execution
  struct TaskHead;  // what decides about changes of a task
  struct TaskEnd;   // how a task ends

  // All of these run on the writing thread, inside its transaction.
  static absl::StatusOr<std::optional<Head>> LoadHead(Db& db, int64_t k);
  static absl::StatusOr<std::optional<Head>> FindHead(Db& db, std::string_view organization,
                                                      std::string_view job, std::string_view id);
  static absl::StatusOr<std::optional<TaskHead>> LoadTask(Db& db, int64_t execution, int64_t index);
  static absl::StatusOr<std::vector<TaskHead>> Unfinished(Db& db, const Head& head, bool running);

  absl::Status DoInsertExecution(Db& db, NewJobExecution& e);
  // ResourceExhausted when `e` asks for room, and no task of it could start at once.
  absl::Status RequireRoom(Db& db, const NewJobExecution& e);
  absl::Status AddTask(Db& db, NewJobExecution::Task& task, int64_t execution, int64_t index,
                       int64_t now);
  absl::Status DoStep(Db& db, const AttemptStep& step, AttemptStepDone& done);
  absl::Status EndAttempt(Db& db, int64_t holder, const AttemptEnd& end, int64_t now,
                          AttemptStepDone& done);
  absl::StatusOr<bool> StartTask(Db& db, int64_t holder, const TaskStart& start, int64_t now);
  // Back among those that wait, from `due` on.
  absl::Status RetryTask(Db& db, const TaskHead& task, int64_t due, int64_t now);
  absl::Status RecordAttempt(Db& db, const TaskHead& task, std::string_view outcome,
                             TaskReason reason, std::string_view message, int64_t solve_micros,
                             int64_t now);
  absl::Status Interrupt(Db& db, const Head& head, const TaskHead& task, int64_t now);
  // Ends every unfinished task, or all but those under way.
  absl::Status EndAll(Db& db, const Head& head, StopCause cause, TaskReason reason, bool running,
                      int64_t now);
  // The one function that moves a task to its end state, and the record behind it.
  absl::Status EndTask(Db& db, const TaskHead& task, const TaskEnd& end, int64_t now);
  // Closes the execution if its last task has ended: tells of it, and admits the next in line.
  absl::StatusOr<bool> CompleteIfOver(Db& db, int64_t execution, int64_t now);
  absl::Status AnnounceEnd(Db& db, const Head& head, int64_t now);

  Writer& writer_;
  Readers& readers_;
  SqliteRuns& runs_;
  SqliteCredits& credits_;
  WebhookBell& bell_;
};

}  // namespace solvent
