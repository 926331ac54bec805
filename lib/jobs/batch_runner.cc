#include "batch_runner.h"

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>

#include "batch_state.h"
#include "clock.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "storage_failure.h"

namespace solvent {
namespace {

// Steps of one slot that may be on their way: bounds what a failing disk costs.
constexpr int kMostOnTheirWay = 64;
constexpr double kLogEverySeconds = 60;

double Jitter() {
  thread_local std::mt19937_64 generator{std::random_device()()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

void Average(double& average, double sample) {
  average = average == 0 ? sample : 0.8 * average + 0.2 * sample;
}

}  // namespace

BatchRunner::BatchRunner(StorePorts& ports, RunQueue& queue, PreparedModels& prepared,
                         std::vector<SolveBackend*> backends, BatchRunnerOptions options)
    : ports_(ports),
      queue_(queue),
      prepared_(prepared),
      backends_(std::move(backends)),
      options_(std::move(options)) {}

BatchRunner::~BatchRunner() { Stop(); }

absl::Status BatchRunner::Start() {
  Lock lock(mutex_);
  if (started_) return absl::FailedPreconditionError("already started");
  started_ = true;
  feeder_ = std::thread([this] { FeederLoop(); });
  return absl::OkStatus();
}

void BatchRunner::Stop() {
  {
    Lock lock(mutex_);
    if (!started_ || stopping_) return;
    stopping_ = true;
    for (auto& [k, batch] : batches_) {
      for (Flight* flight : batch->flights) flight->stop.request_stop();
    }
    changed_.SignalAll();
    while (working_ > 0) changed_.Wait(mutex_);
  }
  feeder_.join();
  {
    Lock lock(mutex_);
    for (auto& [k, batch] : batches_) HaltLocked(*batch, false);
  }
  GiveBackOrphans();
}

bool BatchRunner::stopping() const {
  Lock lock(mutex_);
  return stopping_;
}

void BatchRunner::Wake() {
  Lock lock(mutex_);
  dirty_ = true;
  changed_.SignalAll();
}

bool BatchRunner::Halt(int64_t execution, bool force) {
  Lock lock(mutex_);
  auto found = batches_.find(execution);
  if (found != batches_.end()) HaltLocked(*found->second, force);
  dirty_ = true;
  changed_.SignalAll();
  return found != batches_.end() && found->second->in_flight > 0;
}

void BatchRunner::HaltLocked(Batch& batch, bool force) {
  batch.halted = true;
  batch.stop_preparing.request_stop();
  for (Ready& ready : batch.ready) orphans_.push_back(std::move(ready.task));
  for (ReservedTask& task : batch.waiting) orphans_.push_back(std::move(task));
  batch.ready.clear();
  batch.waiting.clear();
  if (!force) return;
  for (Flight* flight : batch.flights) flight->stop.request_stop();
}

SolveBackend* BatchRunner::FindBackend(std::string_view name) const {
  if (name.empty() || name == "auto") name = options_.default_solver;
  for (SolveBackend* backend : backends_) {
    if (backend->name() == name) return backend;
  }
  return nullptr;
}

void BatchRunner::LogError(std::string_view event, const absl::Status& status) const {
  if (!options_.log) return;
  Json fields;
  fields.Set("error", Message(status));
  options_.log(LogLevel::kError, event, fields);
}

bool BatchRunner::MayStart(const Batch& batch, const Batch* freed) const {
  return !batch.halted && batch.HasNext() &&
         batch.in_flight - (&batch == freed ? 1 : 0) < batch.info.parallelism;
}

// Of the organization that waits longest, the execution that waits longest.
BatchRunner::Batch* BatchRunner::NextBatch(const Batch* freed) {
  if (stopping_) return nullptr;
  Batch* best = nullptr;
  std::tuple<uint64_t, uint64_t> best_turn;
  for (auto& [k, batch] : batches_) {
    if (!MayStart(*batch, freed)) continue;
    std::tuple<uint64_t, uint64_t> turn(queue_.turns().LastServed(batch->info.organization_id),
                                        batch->served);
    if (best == nullptr || turn < best_turn) {
      best = batch.get();
      best_turn = turn;
    }
  }
  return best;
}

std::optional<std::string> BatchRunner::NextOrganization() {
  Lock lock(mutex_);
  Batch* batch = NextBatch(nullptr);
  if (batch == nullptr) return std::nullopt;
  return batch->info.organization_id;
}

BatchRunner::FlightPtr BatchRunner::Take(const Batch* freed) {
  Lock lock(mutex_);
  Batch* batch = NextBatch(freed);
  if (batch == nullptr) return nullptr;
  auto flight = std::make_shared<Flight>();
  flight->batch = batches_.at(batch->info.k);
  if (!batch->ready.empty()) {
    flight->task = std::move(batch->ready.front().task);
    flight->prepared = std::move(batch->ready.front().prepared);
    batch->ready.pop_front();
  } else {
    flight->task = std::move(batch->waiting.front());
    batch->waiting.pop_front();
  }
  ++batch->in_flight;
  batch->served = ++served_;
  batch->flights.insert(flight.get());
  queue_.turns().Serve(batch->info.organization_id);
  changed_.SignalAll();  // the feeder may go on
  return flight;
}

void BatchRunner::Send(const std::shared_ptr<Chain>& chain, std::optional<AttemptEnd> end,
                       FlightPtr next) {
  if (!end && next == nullptr) return;
  auto step = std::make_shared<AttemptStep>();
  step->owner = queue_.owner();
  step->now = SystemNow();
  step->end = std::move(end);
  if (next != nullptr) {
    next->begin = SteadySeconds();
    step->start = TaskStart{next->task.execution, next->task.index, next->task.attempts + 1};
  }
  {
    Lock lock(chain->mutex);
    ++chain->on_their_way;
  }
  auto settle = [this, next](Flight::Start how) {
    if (next == nullptr || !next->Settle(how)) return;
    Lock lock(mutex_);
    orphans_.push_back(next->task);
    changed_.SignalAll();
  };
  auto refused = [settle] { settle(Flight::Start::kRefused); };
  ports_.jobs->Step(step, refused,
                    [this, chain, step, settle](absl::StatusOr<AttemptStepDone> done) {
                      bool started = done.ok() && done->started;
                      settle(started ? Flight::Start::kOnDisk : Flight::Start::kRefused);
                      if (done.ok() && done->ended) {
                        Lock lock(mutex_);
                        if (done->state == TaskState::kReconciling) WakeAt(done->due);
                        if (done->execution_completed) {
                          dirty_ = true;
                          changed_.SignalAll();
                        }
                      }
                      if (!done.ok()) LogError("batch.step_failed", done.status());
                      Lock lock(chain->mutex);
                      if (!done.ok() && step->end.has_value()) {
                        chain->failed.push_back({step, done.status()});
                      }
                      --chain->on_their_way;
                      chain->changed.SignalAll();
                    });
}

void BatchRunner::Work(const std::function<bool()>& go_on) {
  {
    Lock lock(mutex_);
    if (stopping_) return;
    ++working_;
  }
  auto chain = std::make_shared<Chain>();
  FlightPtr flight = Take(nullptr);
  Send(chain, std::nullopt, flight);
  while (flight != nullptr) {
    std::optional<AttemptEnd> end = Attempt(*flight);
    FlightPtr next;
    if (go_on()) next = Take(flight->batch.get());
    Send(chain, std::move(end), next);
    Land(flight, next == nullptr);
    flight = std::move(next);
    chain->AwaitAtMost(kMostOnTheirWay);
    Recover(*chain);
  }
  chain->AwaitAtMost(0);
  Recover(*chain);
  Lock lock(mutex_);
  --working_;
  changed_.SignalAll();
}

std::optional<AttemptEnd> BatchRunner::Attempt(Flight& flight) {
  std::shared_ptr<const FrozenBatch> frozen;
  std::shared_ptr<const StartBasis> basis;
  {
    Lock lock(mutex_);
    frozen = flight.batch->frozen;
    basis = flight.batch->basis;
  }
  if (flight.prepared == nullptr) {
    if (flight.task.careful && flight.Await() == Flight::Start::kRefused) return std::nullopt;
    double begin = SteadySeconds();
    flight.prepared = PrepareTask(*frozen, flight.task, flight.stop.get_token());
    Lock lock(mutex_);
    Average(flight.batch->prepare_seconds, SteadySeconds() - begin);
  }
  double solve_begin = SteadySeconds();
  const std::string& solver = flight.prepared->run.solver_name;
  AttemptOutput output =
      RunAttempt({flight.task, *flight.prepared, FindBackend(solver), solve_begin - flight.begin,
                  frozen->memory_mb, basis.get(), flight.stop.get_token(), options_.find_conflict});
  {
    Lock lock(mutex_);
    Average(flight.batch->solve_seconds, SteadySeconds() - solve_begin);
    if (options_.warm_start && output.basis != nullptr) flight.batch->basis = output.basis;
  }
  if (flight.Refused()) return std::nullopt;
  AttemptEnd& end = output.end;
  // When the execution was stopped, the task has ended already and this changes nothing.
  if (output.stopped) end.outcome = AttemptOutcome::kPutBack;
  end.run.id = flight.task.run_id;
  end.execution = flight.task.execution;
  end.index = flight.task.index;
  end.attempt = flight.task.attempts + 1;
  end.jitter = Jitter();
  return std::move(end);
}

void BatchRunner::Land(const FlightPtr& flight, bool last) {
  {
    Lock lock(mutex_);
    Batch& batch = *flight->batch;
    --batch.in_flight;
    batch.flights.erase(flight.get());
    if (flight->Land()) {
      // Another process may have taken the place: not again at once.
      batch.reserve_not_before = SystemNow() + 100'000;
      orphans_.push_back(flight->task);
      changed_.SignalAll();
    }
  }
  // Its place may be another slot's.
  if (last) queue_.AnnounceOtherWork();
}

// Ends that could not be written are tried again until they are: their results cost hours perhaps.
// What was started on top of them was refused by the failure. A slot waits only for failures that
// may pass; others are the feeder's, which goes on with them at leisure.
void BatchRunner::Recover(Chain& chain) {
  double logged = SteadySeconds();  // by Send
  while (true) {
    std::vector<Unwritten> failed;
    {
      Lock lock(chain.mutex);
      if (chain.failed.empty()) return;
      while (chain.on_their_way > 0) chain.changed.Wait(chain.mutex);
      failed.swap(chain.failed);
    }
    std::vector<Unwritten> again;
    bool wait = false;
    for (Unwritten& end : failed) {
      if (MayPass(end.why)) {
        wait = true;
        again.push_back(std::move(end));
      } else if (!end.lean) {
        again.push_back(WithoutResult(end));
      } else {
        Lock lock(mutex_);
        if (unwritten_.empty()) {
          retry_after_ = kFirstRetrySeconds;
          retry_at_ = SteadySeconds() + retry_after_;
        }
        unwritten_.push_back(std::move(end));
      }
    }
    if (wait) {
      if (SteadySeconds() - logged > kLogEverySeconds) {
        LogError("batch.step_failed", again.front().why);
        logged = SteadySeconds();
      }
      Lock lock(mutex_);
      auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
      while (!stopping_ && changed_.WaitUntil(mutex_, until)) {
      }
    }
    Resend(chain, again);
    Lock lock(mutex_);
    // The attempt counts as interrupted then.
    if (stopping_) return;
  }
}

BatchRunner::Unwritten BatchRunner::WithoutResult(const Unwritten& end) {
  auto step = std::make_shared<AttemptStep>(*end.step);
  AttemptEnd& lean = *step->end;
  lean.outcome = AttemptOutcome::kFailed;
  lean.reason = TaskReason::kInternalError;
  lean.message = kNotStorable;
  lean.problem.clear();
  const int64_t micros = lean.run.execution_time_micros;
  lean.run = FinishRun{.id = lean.run.id};
  lean.run.state = RunState::kFailed;
  lean.run.error_message = lean.message;
  lean.run.execution_time_micros = micros;
  return {std::move(step), end.why, true};
}

void BatchRunner::Resend(Chain& chain, const std::vector<Unwritten>& ends) {
  for (const Unwritten& end : ends) {
    auto step = std::make_shared<AttemptStep>(*end.step);
    step->start.reset();
    {
      Lock lock(chain.mutex);
      ++chain.on_their_way;
    }
    ports_.jobs->Step(step, nullptr,
                      [&chain, step, lean = end.lean](absl::StatusOr<AttemptStepDone> done) {
                        Lock lock(chain.mutex);
                        if (!done.ok()) chain.failed.push_back({step, done.status(), lean});
                        --chain.on_their_way;
                        chain.changed.SignalAll();
                      });
  }
  chain.AwaitAtMost(0);
  if (!ends.empty()) Wake();  // what follows from these ends is in the database
}

}  // namespace solvent
