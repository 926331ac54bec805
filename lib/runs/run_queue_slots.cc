// What the threads of the slots do: they claim runs, solve and end them.
#include <algorithm>
#include <optional>
#include <utility>

#include "host_call.h"
#include "problem_codec.h"
#include "result_json.h"
#include "run_queue.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "storage_failure.h"

namespace solvent {
namespace {

constexpr int kMaxCrashes = 3;
constexpr double kLeastRetry = 1;  // seconds that another attempt gets though no time is left

}  // namespace

bool RunQueue::OtherWorkIsNext() {
  if (other_ == nullptr) return false;
  uint64_t seen = 0;
  bool nothing_queued = false;
  {
    Lock lock(mutex_);
    if (stopping_ || !direct_.empty()) return false;
    seen = other_announced_;
    nothing_queued = announced_ == found_empty_;
  }
  std::optional<std::string> organization = other_->NextOrganization();
  if (!organization) {
    Lock lock(mutex_);
    other_found_empty_ = std::max(other_found_empty_, seen);
    return false;
  }
  if (nothing_queued) return true;
  absl::StatusOr<std::string> queued = ports_.runs->NextOrganization();
  // What is wrong with the database is told by the claim that follows.
  if (!queued.ok()) return false;
  if (queued->empty()) return true;
  uint64_t ours = turns_.LastServed(*queued);
  uint64_t theirs = turns_.LastServed(*organization);
  if (ours != theirs) return theirs < ours;
  // One organization with both kinds of work: by turns.
  Lock lock(mutex_);
  return !other_was_last_;
}

void RunQueue::SlotLoop() {
  bool counted_idle = false;
  while (true) {
    std::optional<Job> job;
    uint64_t seen = 0;
    {
      Lock lock(mutex_);
      if (!std::exchange(counted_idle, false)) ++idle_slots_;
      // A slot that somebody has reserved stays free of other work.
      while (!stopping_ && direct_.empty() && announced_ == found_empty_ &&
             (other_announced_ == other_found_empty_ || idle_slots_ <= reserved_slots_)) {
        wake_.Wait(mutex_);
      }
      if (direct_.empty() && stopping_) {
        --idle_slots_;
        return;
      }
      --idle_slots_;
      if (!direct_.empty()) {
        job = std::move(direct_.front());
        direct_.pop_front();
        --reserved_slots_;
      }
      seen = announced_;
    }
    if (!job && OtherWorkIsNext()) {
      other_->Work([this] {
        {
          Lock lock(mutex_);
          other_was_last_ = true;
        }
        return OtherWorkIsNext();
      });
      continue;
    }
    if (!job) {
      {
        Lock lock(mutex_);
        if (announced_ == found_empty_) continue;
        other_was_last_ = false;
      }
      absl::StatusOr<std::optional<Job>> claimed = ClaimJob();
      if (!claimed.ok()) {
        Json fields;
        fields.Set("error", Message(claimed.status()));
        Log(LogLevel::kError, "queue.claim_failed", std::move(fields));
        SleepUnlessStopping(1);
        continue;
      }
      if (!*claimed) {
        Lock lock(mutex_);
        found_empty_ = std::max(found_empty_, seen);
        continue;
      }
      job = *std::move(claimed);
      // Knowing now that nothing else waits lets the next caller start at once: it may come before
      // this slot would have looked again. This run may have been announced after it was claimed.
      {
        Lock lock(mutex_);
        seen = announced_;
      }
      absl::StatusOr<QueueStats> stats = ports_.runs->Stats();
      if (stats.ok() && stats->queued == 0) {
        Lock lock(mutex_);
        found_empty_ = std::max(found_empty_, seen);
      }
    }
    counted_idle = RunJob(*std::move(job));
  }
}

absl::StatusOr<std::optional<RunQueue::Job>> RunQueue::ClaimJob() {
  ASSIGN_OR_RETURN(std::optional<ClaimedRun> claimed, ports_.runs->Claim(owner_.id, SystemNow()));
  if (!claimed) return std::optional<Job>();
  Job job;
  job.execution = std::move(claimed->execution);
  turns_.Serve(job.execution.organization_id);
  job.live = live_.Enter(job.execution.id, job.execution.organization_id);
  absl::StatusOr<Problem> problem = DecodeProblem(claimed->problem);
  absl::StatusOr<RunOptions> options = DecodeOptions(claimed->options);
  if (!problem.ok() || !options.ok()) {
    FinishRun finish;
    finish.state = RunState::kFailed;
    finish.error_message = "the stored problem cannot be read";
    EndJob(job, std::move(finish), false);
    return ClaimJob();
  }
  job.problem = *std::move(problem);
  job.options = *std::move(options);
  job.live->BeginSolving(job.execution.time_limit_seconds);
  {
    // Stop() has asked the runs that it saw; this one may have come just after.
    Lock lock(mutex_);
    if (stopping_) job.live->RequestStop(StopReason::kShutdown);
  }
  return std::optional<Job>(std::move(job));
}

bool RunQueue::RunJob(Job job) {
  job.live->OnState(RunState::kRunning);
  bool put_back = false;
  FinishRun finish = SolveJob(job, &put_back);
  if (put_back) {
    PutBack(job);
    return false;
  }
  return EndJob(job, std::move(finish), true);
}

FinishRun RunQueue::SolveJob(Job& job, bool* put_back) {
  const Execution& execution = job.execution;
  FinishRun finish;
  finish.solver_name = execution.solver_name;
  if (!job.options.failure.empty()) {
    finish.state = RunState::kFailed;
    finish.error_message = job.options.failure;
    return finish;
  }
  SolveBackend* backend = FindBackend(execution.solver_name);
  if (backend == nullptr) {
    finish.state = RunState::kFailed;
    finish.error_message = "solver \"" + execution.solver_name + "\" is not available any more";
    return finish;
  }
  const SolveOptions& asked = job.options.solve;
  SolveOptions options = asked;
  if (!job.options.warm_start_execution_id.empty()) {
    absl::StatusOr<Execution> earlier =
        Get(execution.organization_id, job.options.warm_start_execution_id);
    if (earlier.ok()) options.warm_start = PointFromResult(job.problem, earlier->result_json);
  }
  SolveMonitor monitor;
  monitor.on_progress = [live = job.live](const Progress& p) { live->OnProgress(p); };
  monitor.stop = job.live->stop_token();

  double started = SteadySeconds();
  absl::StatusOr<SolveResult> result = absl::InternalError("");
  while (true) {
    result = backend->Solve(job.problem, options, monitor);
    if (!absl::IsAborted(result.status()) || monitor.stop.stop_requested()) break;
    absl::StatusOr<int> crashes = ports_.runs->RecordCrash(owner_.id, execution.id);
    Json fields;
    fields.Set("execution_id", execution.id).Set("error", Message(result.status()));
    Log(LogLevel::kWarning, "worker.died", std::move(fields));
    if (!crashes.ok() || *crashes >= kMaxCrashes) {
      result =
          absl::InternalError("the run ended its worker process " + std::to_string(kMaxCrashes) +
                              " times: " + std::string(Message(result.status())));
      break;
    }
    // All attempts share the time of one.
    options.time_limit_seconds = std::max(asked.time_limit_seconds - (SteadySeconds() - started),
                                          std::min(asked.time_limit_seconds, kLeastRetry));
  }
  finish.execution_time_micros = static_cast<int64_t>((SteadySeconds() - started) * 1e6);

  StopReason reason = job.live->stop_reason();
  bool stopped =
      !result.ok() ? monitor.stop.stop_requested() : result->status == SolveStatus::kCancelled;
  if (stopped) {
    *put_back = reason != StopReason::kCancel;
    finish.state = RunState::kCancelled;
    return finish;
  }
  if (!result.ok()) {
    finish.state = RunState::kFailed;
    finish.error_message = Message(result.status());
    return finish;
  }
  if (result->status == SolveStatus::kError) {
    finish.state = RunState::kFailed;
    finish.error_message = result->error.empty() ? "the solver failed" : result->error;
    return finish;
  }
  if (result->status == SolveStatus::kTimeLimit && !result->has_point) {
    finish.state = RunState::kTimeout;
    finish.error_message = NoSolutionInTime("the time limit", *result);
    finish.solver_status = ToString(result->status);
    return finish;
  }
  finish.state = RunState::kCompleted;
  finish.solver_status = ToString(result->status);
  if (result->has_point) finish.objective_value = result->objective;
  Json report = Report(job, *result);
  FillConflict(options_.find_conflict, job.problem, *backend, asked.time_limit_seconds,
               monitor.stop, report);
  ResultJson json = RenderResult(job.problem, *result, report);
  finish.result_json = std::move(json.full);
  finish.preview_json = std::move(json.preview);
  return finish;
}

// The answer stands without its report: a failure to make one is a warning in its place.
Json RunQueue::Report(Job& job, const SolveResult& result) const {
  const Execution& execution = job.execution;
  absl::StatusOr<Json> report = Json();
  if (!job.reporter && !job.options.reporter_key.empty() && options_.restore_reporter) {
    absl::StatusOr<Execution> record = Get(execution.organization_id, execution.id);
    absl::StatusOr<ResultReporter> reporter =
        record.ok() ? options_.restore_reporter(*record, job.options.reporter_key)
                    : record.status();
    if (reporter.ok()) {
      job.reporter = *std::move(reporter);
    } else {
      report = reporter.status();
    }
  }
  if (job.reporter) {
    absl::Status called = HostCall("the reporter", [&] { report = job.reporter(result); });
    if (!called.ok()) report = called;
  }
  if (report.ok()) return *std::move(report);
  Json fields;
  fields.Set("execution_id", execution.id).Set("error", Message(report.status()));
  Log(LogLevel::kWarning, "run.report_failed", std::move(fields));
  return ReportFailed(report.status());
}

bool RunQueue::EndJob(Job& job, FinishRun finish, bool frees_slot) {
  finish.id = job.execution.id;
  finish.owner = owner_.id;
  if (auto last = job.live->latest_progress(); last && last->kind == RunEvent::Kind::kProgress) {
    finish.progress_json = RenderProgress(last->progress, last->fraction);
  }
  while (true) {
    finish.now = SystemNow();
    absl::StatusOr<FinishedRun> finished = ports_.runs->Finish(finish);
    if (finished.ok()) {
      Execution ended = std::move(finished->execution);
      job.live->EndSolving();
      // Not applied: somebody else ended the run, or holds it now and will.
      if (IsEndState(ended.state)) {
        if (finished->applied) LogEnd(ended);
        if (finished->applied && ended.state == RunState::kCompleted) {
          ended.result_json = std::move(finish.result_json);
        }
        if (frees_slot) {
          // Who hears of the end may send the next run at once: it finds the slot free.
          Lock lock(mutex_);
          ++idle_slots_;
        }
        job.live->OnEnded(std::move(ended));
        live_.Remove(job.execution.id);
        return frees_slot;
      }
      return false;
    }
    // A run that began before it was written, and was refused then: its caller has been told.
    bool refused = absl::IsNotFound(finished.status()) && job.on_storage_failure != nullptr;
    if (!refused) {
      Json fields;
      fields.Set("execution_id", job.execution.id).Set("error", Message(finished.status()));
      Log(LogLevel::kError, "run.finish_failed", std::move(fields));
    }
    // The slot waits for no failure that lasts: first the end goes without its result, then the
    // house thread has it.
    const bool lasts = !absl::IsNotFound(finished.status()) && !MayPass(finished.status());
    if (lasts && finish.error_message != kNotStorable) {
      finish = WithoutResult(std::move(finish));
      continue;
    }
    if (job.on_storage_failure) {
      job.on_storage_failure(
          MakeError(absl::StatusCode::kUnavailable, error_code::kUnavailable, kNotStorable));
    }
    if (lasts) {
      job.live->EndSolving();
      Lock lock(mutex_);
      unwritten_.push_back(std::move(finish));
      return false;
    }
    if (absl::IsNotFound(finished.status()) || !SleepUnlessStopping(1)) {
      job.live->EndSolving();
      live_.Remove(job.execution.id);
      return false;
    }
  }
}

FinishRun RunQueue::WithoutResult(FinishRun finish) {
  FinishRun lean;
  lean.id = std::move(finish.id);
  lean.owner = std::move(finish.owner);
  lean.state = RunState::kFailed;
  lean.solver_name = std::move(finish.solver_name);
  lean.error_message = kNotStorable;
  lean.execution_time_micros = finish.execution_time_micros;
  return lean;
}

void RunQueue::PutBack(Job& job) {
  absl::StatusOr<bool> released = ports_.runs->Release(owner_.id, job.execution.id, SystemNow());
  job.live->EndSolving();
  if (!released.ok()) {
    Json fields;
    fields.Set("execution_id", job.execution.id).Set("error", Message(released.status()));
    Log(LogLevel::kError, "run.release_failed", std::move(fields));
    if (job.on_storage_failure) job.on_storage_failure(released.status());
  }
  absl::StatusOr<Execution> now = ports_.runs->Get("", job.execution.id);
  if (now.ok() && IsEndState(now->state)) {
    job.live->OnEnded(*std::move(now));
  } else {
    job.live->OnState(RunState::kPending);
  }
  live_.Remove(job.execution.id);
}

void RunQueue::LogEnd(const Execution& execution) const {
  if (!options_.log) return;
  Json fields;
  fields.Set("execution_id", std::string_view(execution.id))
      .Set("organization_id", std::string_view(execution.organization_id))
      .Set("state", ToString(execution.state))
      .Set("solver_status", std::string_view(execution.solver_status))
      .Set("waited_ms", static_cast<double>(execution.started_at - execution.created_at) * 1e-3)
      .Set("solved_ms", static_cast<double>(execution.execution_time_micros) * 1e-3);
  Log(LogLevel::kDebug, "run.ended", std::move(fields));
}

}  // namespace solvent
