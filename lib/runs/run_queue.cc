#include "run_queue.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "host_call.h"
#include "ids.h"
#include "problem_codec.h"
#include "process_identity.h"
#include "solvent/credits.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

// Lets one thread wait for the end of a run, or for the news that it cannot be stored.
class EndWaiter {
 public:
  void Set(absl::StatusOr<Execution> end) {
    Lock lock(mutex_);
    if (end_) return;
    end_ = std::move(end);
    cv_.SignalAll();
  }
  std::optional<absl::StatusOr<Execution>> WaitFor(std::chrono::milliseconds wait) {
    // A year stands for "for ever" without overflowing the clock.
    wait = std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds(0),
                                                 std::chrono::hours(24 * 365));
    auto until = std::chrono::steady_clock::now() + wait;
    Lock lock(mutex_);
    while (!end_ && cv_.WaitUntil(mutex_, until)) {
    }
    return end_;
  }

 private:
  Mutex mutex_;
  CondVar cv_;
  std::optional<absl::StatusOr<Execution>> end_ ABSL_GUARDED_BY(mutex_);
};

// A run that goes back to pending will not end in this process: waiting is over then too.
std::function<void(const RunEvent&)> TellWaiter(std::shared_ptr<EndWaiter> waiter) {
  return [waiter = std::move(waiter)](const RunEvent& event) {
    if (event.kind == RunEvent::Kind::kEnded) {
      waiter->Set(*event.execution);
    } else if (event.kind == RunEvent::Kind::kState && event.state == RunState::kPending) {
      waiter->Set(absl::CancelledError("stopping"));
    }
  };
}

constexpr size_t kLongestText = 1000;

// Results are read by name.
absl::Status CheckNames(const Submission& submission) {
  const std::pair<const char*, const std::string*> texts[] = {
      {"/name", &submission.name},
      {"/origin", &submission.origin},
      {"/model_id", &submission.model_id},
      {"/catalog_id", &submission.catalog_id},
      {"/model_name", &submission.model_name}};
  for (const auto& [pointer, text] : texts) {
    if (text->size() > kLongestText) {
      return ValidationError(pointer, "must have at most 1000 bytes");
    }
  }
  const NameList& names = submission.problem.column_names;
  std::unordered_set<std::string_view> seen;
  seen.reserve(names.size());
  for (size_t j = 0; j < names.size(); ++j) {
    if (!names[j].empty() && !seen.insert(names[j]).second) {
      return BadRequest("two columns are named \"" + std::string(names[j].substr(0, 200)) + "\"");
    }
  }
  return absl::OkStatus();
}

absl::Status NoSuchExecution() { return NotFound("Execution not found"); }

}  // namespace

RunQueue::RunQueue(StorePorts& ports, std::vector<SolveBackend*> backends, RunQueueOptions options)
    : ports_(ports), backends_(std::move(backends)), options_(std::move(options)) {
  owner_.id = NewId("own");
  ProcessIdentity self = ThisProcess();
  owner_.host = self.host;
  owner_.pid = self.pid;
  owner_.pid_start = self.pid_start;
}

RunQueue::~RunQueue() { Stop(); }

absl::Status RunQueue::Start() {
  {
    Lock lock(mutex_);
    if (started_ || stopping_) return absl::FailedPreconditionError("already started");
    started_ = true;
    announced_ = 1;
  }
  owner_.lease_until = SystemNow() + kLease;
  RETURN_IF_ERROR(ports_.runs->RegisterOwner(owner_));
  TakeBackFromTheDead();
  for (int i = 0; i < options_.slots; ++i) threads_.emplace_back([this] { SlotLoop(); });
  threads_.emplace_back([this] { HouseLoop(); });
  return absl::OkStatus();
}

void RunQueue::Stop() {
  {
    Lock lock(mutex_);
    if (!started_ || stopping_) return;
    stopping_ = true;
  }
  for (const auto& run : live_.All()) {
    if (run->held()) run->RequestStop(StopReason::kShutdown);
  }
  wake_.SignalAll();
  // Nobody will solve what waits; those who wait for it get the record as it stands.
  for (const auto& run : live_.All()) {
    if (!run->held()) run->OnState(RunState::kPending);
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  // Every run has been put back; this also forgets the owner.
  absl::StatusOr<int64_t> left = ports_.runs->TakeBack(owner_.id, SystemNow());
  if (!left.ok()) {
    Json fields;
    fields.Set("error", Message(left.status()));
    Log(LogLevel::kError, "queue.release_failed", std::move(fields));
  }
}

void RunQueue::Log(LogLevel level, std::string_view event, Json fields) const {
  if (options_.log) options_.log(level, event, fields);
}

bool RunQueue::SleepUnlessStopping(double seconds) {
  auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  Lock lock(mutex_);
  while (!stopping_) {
    if (!wake_.WaitUntil(mutex_, until)) break;
  }
  return !stopping_;
}

SolveBackend* RunQueue::FindBackend(std::string_view name) const {
  for (SolveBackend* backend : backends_) {
    if (backend->name() == name) return backend;
  }
  return nullptr;
}

absl::Status RunQueue::Prepare(const Caller& caller, Submission& submission, NewRun* run) const {
  RETURN_IF_ERROR(submission.problem.Check());
  std::string solver = submission.solver_name;
  if (solver.empty() || solver == "auto") solver = options_.default_solver;
  if (FindBackend(solver) == nullptr) {
    return ValidationError("/solver_name",
                           "no solver named \"" + solver.substr(0, 32) + "\" is available");
  }
  if (submission.priority < -100 || submission.priority > 100) {
    return ValidationError("/priority", "must be from -100 to 100");
  }
  if (submission.origin == kBatchOrigin) {
    return ValidationError("/origin", "is that of the tasks of batches");
  }
  if (submission.price.value_or(0) < 0) return ValidationError("/price", "must be 0 or more");
  SolveOptions& options = submission.options;
  if (!(options.time_limit_seconds > 0)) {
    return ValidationError("/options/time_limit_seconds", "must be greater than 0");
  }
  if (!(options.gap_tolerance >= 0 && options.gap_tolerance <= 1)) {
    return ValidationError("/options/gap_tolerance", "must be from 0 to 1");
  }
  if (!(options.absolute_gap >= 0)) {
    return ValidationError("/options/absolute_gap", "must be 0 or more");
  }
  if (options.node_limit.value_or(0) < 0) {
    return ValidationError("/options/node_limit", "must be 0 or more");
  }
  if (options.threads < 0) return ValidationError("/options/threads", "must be 0 or more");
  if (options.memory_limit_bytes < 0) {
    return ValidationError("/options/memory_limit_bytes", "must be 0 or more");
  }
  RETURN_IF_ERROR(CheckNames(submission));
  options.time_limit_seconds =
      std::min(options.time_limit_seconds, options_.max_time_limit_seconds);

  Execution& e = run->execution;
  e.id = NewId("exe");
  e.organization_id = caller.organization_id;
  e.user_id = caller.user_id;
  e.name = std::move(submission.name);
  e.model_id = std::move(submission.model_id);
  e.catalog_id = std::move(submission.catalog_id);
  e.model_name = std::move(submission.model_name);
  e.origin = std::move(submission.origin);
  e.solver_name = std::move(solver);
  e.priority = submission.priority;
  e.columns = submission.problem.num_columns();
  e.rows = submission.problem.num_rows();
  e.time_limit_seconds = options.time_limit_seconds;
  e.credits_used = submission.price.value_or(
      EstimateCredits(e.columns, submission.problem.num_integers(), e.rows, e.time_limit_seconds));
  e.input_json = std::move(submission.input_json);
  run->problem = EncodeProblem(submission.problem);
  run->options =
      EncodeOptions({options, submission.warm_start_execution_id, submission.reporter_key});
  run->now = SystemNow();
  run->notify = submission.notify;
  run->idempotency_route = std::move(submission.idempotency_route);
  run->idempotency_key = std::move(submission.idempotency_key);
  run->request_hash = std::move(submission.request_hash);
  return absl::OkStatus();
}

void RunQueue::AnnounceWork() {
  Lock lock(mutex_);
  ++announced_;
  // One condition variable serves slots, the house thread and sleepers: waking one might wake the
  // wrong one.
  wake_.SignalAll();
}

void RunQueue::AnnounceOtherWork() {
  Lock lock(mutex_);
  ++other_announced_;
  wake_.SignalAll();
}

absl::StatusOr<Submitted> RunQueue::Submit(const Caller& caller, Submission submission) {
  return SubmitWith(caller, std::move(submission), [](NewRun&) {});
}

absl::StatusOr<Submitted> RunQueue::SubmitWith(const Caller& caller, Submission submission,
                                               const std::function<void(NewRun&)>& complete) {
  // The answer to this call is never the end.
  if (submission.notify == NotifyEnd::kUnlessAnswered) submission.notify = NotifyEnd::kAlways;
  return Enqueue(caller, std::move(submission), complete);
}

absl::StatusOr<Submitted> RunQueue::Enqueue(const Caller& caller, Submission submission,
                                            const std::function<void(NewRun&)>& complete) {
  NewRun run;
  RETURN_IF_ERROR(Prepare(caller, submission, &run));
  complete(run);
  ASSIGN_OR_RETURN(InsertedRun inserted, ports_.runs->Insert(std::move(run), options_.max_pending));
  if (!inserted.replayed) AnnounceWork();
  return Submitted{std::move(inserted.execution), inserted.replayed};
}

bool RunQueue::ReserveSlot() {
  Lock lock(mutex_);
  // Runs that wait in the queue come first.
  if (!started_ || stopping_ || announced_ != found_empty_ || idle_slots_ <= reserved_slots_) {
    return false;
  }
  ++reserved_slots_;
  return true;
}

void RunQueue::PushDirect(Job job) {
  Lock lock(mutex_);
  direct_.push_back(std::move(job));
  wake_.SignalAll();
}

absl::StatusOr<Submitted> RunQueue::SubmitAndWait(const Caller& caller, Submission submission,
                                                  std::chrono::milliseconds wait) {
  // A keyed request must be written before it may start: that is how a second one finds it.
  bool direct = submission.idempotency_key.empty();
  if (!direct || !ReserveSlot()) {
    ASSIGN_OR_RETURN(Submitted submitted, Enqueue(caller, std::move(submission)));
    ASSIGN_OR_RETURN(submitted.execution,
                     Wait(caller.organization_id, submitted.execution.id, wait));
    ASSIGN_OR_RETURN(submitted.execution, AnswerWith(std::move(submitted.execution)));
    return submitted;
  }
  auto give_back_slot = [this] {
    Lock lock(mutex_);
    --reserved_slots_;
    wake_.SignalAll();
  };
  NewRun run;
  absl::Status prepared = Prepare(caller, submission, &run);
  // Who cannot pay must not be solved for first. Two who can pay for one alone are told apart when
  // their runs are written.
  if (prepared.ok()) {
    prepared = ports_.credits->CheckFunds(caller.organization_id, run.execution.credits_used);
  }
  if (!prepared.ok()) {
    give_back_slot();
    return prepared;
  }
  auto waiter = std::make_shared<EndWaiter>();
  Job job;
  job.execution = run.execution;
  job.execution.input_json.clear();
  job.problem = std::move(submission.problem);
  job.options = {std::move(submission.options), std::move(submission.warm_start_execution_id),
                 std::move(submission.reporter_key)};
  job.reporter = std::move(submission.reporter);
  job.live = live_.Enter(run.execution.id, caller.organization_id);
  job.live->BeginSolving(job.execution.time_limit_seconds);
  job.on_storage_failure = [waiter](absl::Status status) { waiter->Set(std::move(status)); };
  std::string id = run.execution.id;
  std::unique_ptr<Watch> watch = job.live->AddWatch(TellWaiter(waiter));
  auto refused = [waiter, live = job.live](const absl::Status& status) {
    live->RequestStop(StopReason::kCancel);
    waiter->Set(status);
  };
  std::future<absl::Status> written =
      ports_.runs->InsertRunning(std::move(run), owner_.id, std::move(refused));
  PushDirect(std::move(job));

  std::optional<absl::StatusOr<Execution>> end = waiter->WaitFor(wait);
  // The end is written after the beginning, so this waits only when there is no end yet.
  RETURN_IF_ERROR(written.get());
  if (!end || absl::IsCancelled(end->status())) {
    ASSIGN_OR_RETURN(Execution execution, ports_.runs->Get(caller.organization_id, id));
    ASSIGN_OR_RETURN(execution, AnswerWith(std::move(execution)));
    return Submitted{std::move(execution), false};
  }
  RETURN_IF_ERROR(end->status());
  return Submitted{std::move(*end).value(), false};
}

absl::StatusOr<Execution> RunQueue::AnswerWith(Execution execution) {
  if (IsEndState(execution.state)) return execution;
  // Whether the caller is told of the end later is settled before the end can come: either it is
  // the answer, or it will be told.
  ASSIGN_OR_RETURN(bool later, ports_.runs->GiveUpWaiting(execution.id));
  if (later) return execution;
  return ports_.runs->Get(execution.organization_id, execution.id);
}

absl::StatusOr<Execution> RunQueue::Get(std::string_view organization, std::string_view id) const {
  if (!IsPlausibleId(id)) return NoSuchExecution();
  return ports_.runs->Get(organization, id);
}

absl::StatusOr<Page<Execution>> RunQueue::List(std::string_view organization,
                                               const ExecutionFilter& filter,
                                               const PageRequest& page) const {
  return ports_.runs->List(organization, filter, page);
}

absl::StatusOr<Problem> RunQueue::GetProblem(std::string_view organization,
                                             std::string_view id) const {
  if (!IsPlausibleId(id)) return NoSuchExecution();
  ASSIGN_OR_RETURN(std::string bytes, ports_.runs->GetProblem(organization, id));
  return DecodeProblem(bytes);
}

absl::StatusOr<Execution> RunQueue::Wait(std::string_view organization, std::string_view id,
                                         std::chrono::milliseconds wait) const {
  ASSIGN_OR_RETURN(Execution execution, Get(organization, id));
  if (IsEndState(execution.state) || wait.count() <= 0) return execution;
  auto waiter = std::make_shared<EndWaiter>();
  std::shared_ptr<LiveRun> live = live_.Enter(id, organization);
  std::unique_ptr<Watch> watch = live->AddWatch(TellWaiter(waiter));
  // It may have ended between the look and the watch.
  ASSIGN_OR_RETURN(execution, Get(organization, id));
  if (IsEndState(execution.state)) return execution;
  {
    // A stop that began before the watch does not tell it; one that begins from here on does.
    Lock lock(mutex_);
    if (stopping_) return execution;
  }
  std::optional<absl::StatusOr<Execution>> end = waiter->WaitFor(wait);
  if (end && !absl::IsCancelled(end->status())) return *std::move(end);
  return Get(organization, id);
}

absl::StatusOr<CancelResult> RunQueue::Cancel(std::string_view organization, std::string_view id) {
  if (!IsPlausibleId(id)) return NoSuchExecution();
  ASSIGN_OR_RETURN(CancelOutcome outcome,
                   ports_.runs->RequestCancel(organization, id, SystemNow()));
  std::shared_ptr<LiveRun> live = live_.Find(id);
  switch (outcome) {
    case CancelOutcome::kAlreadyEnded: return CancelResult::kAlreadyEnded;
    case CancelOutcome::kCancelled:
      if (live != nullptr) {
        // It may have been taken back from this process, which works on it still.
        if (live->held()) live->RequestStop(StopReason::kCancel);
        ASSIGN_OR_RETURN(Execution execution, ports_.runs->Get(organization, id));
        live->OnEnded(std::move(execution));
        live_.Remove(id);
      }
      return CancelResult::kRequested;
    case CancelOutcome::kRequested:
      if (live != nullptr && live->held()) live->RequestStop(StopReason::kCancel);
      return CancelResult::kRequested;
  }
  return absl::InternalError("unknown cancel outcome");
}

std::optional<RunEvent> RunQueue::LatestProgress(std::string_view id) const {
  std::shared_ptr<LiveRun> live = live_.Find(id);
  return live == nullptr ? std::nullopt : live->latest_progress();
}

absl::StatusOr<std::unique_ptr<Watch>> RunQueue::WatchRun(
    std::string_view organization, std::string_view id,
    std::function<void(const RunEvent&)> callback) {
  if (!callback) return absl::InvalidArgumentError("a watch needs a callback");
  ASSIGN_OR_RETURN(Execution execution, Get(organization, id));
  std::shared_ptr<LiveRun> live = live_.Enter(id, organization);
  // Not `this`: a watch may outlive the queue.
  std::unique_ptr<Watch> watch =
      live->AddWatch([callback = std::move(callback), log = options_.log](const RunEvent& event) {
        const absl::Status called = HostCall("a watch", [&] { callback(event); });
        if (called.ok() || !log) return;
        Json fields;
        fields.Set("error", Message(called));
        log(LogLevel::kError, "run.watch_failed", fields);
      });
  if (!live->held() && !live->ended()) {
    ASSIGN_OR_RETURN(execution, Get(organization, id));
    if (IsEndState(execution.state)) {
      live->OnEnded(std::move(execution));
      live_.Remove(id);
    }
  }
  return watch;
}

absl::StatusOr<QueueStatus> RunQueue::Status() const {
  ASSIGN_OR_RETURN(QueueStats stats, ports_.runs->Stats());
  QueueStatus status;
  std::copy(std::begin(stats.runs), std::end(stats.runs), std::begin(status.runs));
  if (stats.oldest_pending_created_at != 0) {
    Micros age = SystemNow() - stats.oldest_pending_created_at;
    status.oldest_pending_seconds = static_cast<double>(std::max<Micros>(age, 0)) / 1e6;
  }
  Lock lock(mutex_);
  status.slots = options_.slots;
  status.busy = started_ && !stopping_ ? options_.slots - idle_slots_ : 0;
  return status;
}

}  // namespace solvent
