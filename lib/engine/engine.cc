#include "solvent/engine.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "batch_runner.h"
#include "catalog_impl.h"
#include "clock.h"
#include "dispatcher.h"
#include "document_store_impl.h"
#include "explainer_impl.h"
#include "host_call.h"
#include "job_runner_impl.h"
#include "notification_center_impl.h"
#include "organization_model_impl.h"
#include "prepared_models.h"
#include "run_queue.h"
#include "solvent/cbc_backend.h"
#include "solvent/checked_backend.h"
#include "solvent/error.h"
#include "solvent/explain.h"
#include "status_macros.h"
#include "store_ports.h"
#include "trigger_engine_impl.h"

namespace solvent {
namespace {

// A larger problem is not searched through in the time that a result may take for it, and a result
// is no place for more parts.
constexpr int64_t kMostConflictSize = 200'000;  // rows and columns
constexpr size_t kMostConflictParts = 1000;

constexpr int kMostSlots = 4096;  // each is a thread

absl::StatusOr<Json> FindConflictForResult(const Problem& problem, SolveBackend& backend,
                                           double seconds, std::stop_token stop) {
  if (int64_t{problem.num_rows()} + problem.num_columns() > kMostConflictSize) return Json();
  const ExplainOptions options{.time_limit_seconds = seconds, .stop = std::move(stop)};
  ASSIGN_OR_RETURN(const Conflict conflict, FindConflict(problem, backend, options));
  const bool shown = !conflict.parts.empty() && conflict.parts.size() <= kMostConflictParts;
  return shown ? ConflictToJson(conflict) : Json();
}

// Analyses get a worker of their own, so that they wait for no run and no run for them.
BackendMaker AnalysisBackend(const EngineOptions& options) {
  if (options.solve_in_process) {
    return [] { return absl::StatusOr<std::unique_ptr<SolveBackend>>(MakeCbcBackend()); };
  }
  WorkerOptions worker = options.worker;
  worker.workers = 1;
  return [worker]() -> absl::StatusOr<std::unique_ptr<SolveBackend>> {
    return MakeWorkerBackend(worker);
  };
}

// Those that have not been seen yet too, with zeros.
void NameOutcomes(EndedRuns& ended) {
  for (SolveStatus status :
       {SolveStatus::kOptimal, SolveStatus::kFeasible, SolveStatus::kInfeasible,
        SolveStatus::kUnbounded, SolveStatus::kTimeLimit}) {
    ended.by_outcome[std::string(ToString(status))];
  }
  for (RunState state : {RunState::kFailed, RunState::kTimeout, RunState::kCancelled}) {
    ended.by_outcome[std::string(ToString(state))];
  }
}

class EngineImpl : public Engine {
 public:
  EngineImpl(std::unique_ptr<Store> store, std::vector<std::unique_ptr<SolveBackend>> backends,
             WorkerBackend* workers, EngineOptions& options)
      : store_(std::move(store)),
        backends_(std::move(backends)),
        workers_(workers),
        identity_(*store_, std::move(options.identity)),
        credits_(*store_, options.credits),
        notifications_(*store_->ports().notifications, options.notifications, SystemNow,
                       options.log),
        catalog_(*store_->ports().models, prepared_),
        documents_(*store_->ports().documents) {
    std::vector<SolveBackend*> borrowed;
    for (const auto& backend : backends_) borrowed.push_back(backend.get());
    RunQueueOptions queue;
    queue.slots = options.slots > 0 ? options.slots : std::max(1, options.worker.workers);
    queue.max_pending = options.max_pending;
    queue.max_time_limit_seconds = options.max_time_limit_seconds;
    queue.default_solver = options.default_solver;
    queue.restore_reporter = [this](const Execution& execution, const std::string& key) {
      return RestoreReporter(*store_->ports().models, prepared_, execution, key);
    };
    queue.find_conflict = FindConflictForResult;
    queue.log = options.log;
    BatchRunnerOptions batches;
    batches.default_solver = options.default_solver;
    batches.warm_start = options.jobs.warm_start;
    batches.retention_seconds = options.jobs.retention_seconds;
    batches.find_conflict = FindConflictForResult;
    batches.log = options.log;
    queue_ = std::make_unique<RunQueue>(store_->ports(), borrowed, std::move(queue));
    batches_ = std::make_unique<BatchRunner>(store_->ports(), *queue_, prepared_,
                                             std::move(borrowed), std::move(batches));
    queue_->ShareSlots(batches_.get());
    JobRunnerLimits limits;
    if (workers_ != nullptr) limits.worker_memory_mb = options.worker.memory_limit_bytes >> 20;
    limits.secrets = SecretBox(options.secret_key);
    limits.check_webhook_url = [this](std::string_view url) { return webhooks_->CheckUrl(url); };
    jobs_ = std::make_unique<JobRunnerImpl>(store_->ports(), *queue_, *batches_, prepared_,
                                            options.jobs, std::move(limits));
    models_ = std::make_unique<OrganizationModelImpl>(*store_->ports().models, *queue_, prepared_);
    explainer_ = std::make_unique<ExplainerImpl>(*queue_, AnalysisBackend(options));
    SecretBox secrets(options.secret_key);
    webhooks_ = std::make_unique<WebhookDispatcher>(
        *store_->ports().webhooks, std::move(options.webhooks), queue_->owner(),
        [secrets](std::string_view sealed) { return secrets.Open(sealed); }, options.log);
    TriggerEngineOptions triggers;
    triggers.secrets = secrets;
    triggers.check_webhook_url = [this](const std::string& url) {
      return webhooks_->CheckUrl(url);
    };
    triggers.log = options.log;
    triggers_ = std::make_unique<TriggerEngineImpl>(store_->ports(), *queue_, prepared_,
                                                    std::move(triggers));
  }
  ~EngineImpl() override { EngineImpl::Stop(); }

  absl::Status Start() override {
    RETURN_IF_ERROR(catalog_.Seed());
    RETURN_IF_ERROR(notifications_.Start());
    RETURN_IF_ERROR(queue_->Start());
    RETURN_IF_ERROR(batches_->Start());
    webhooks_->Start();
    triggers_->Start();
    return absl::OkStatus();
  }
  void Stop() override {
    prepared_.StopGenerating();
    triggers_->Stop();
    webhooks_->Stop();  // gives its claims back in the name that the queue signs off with
    batches_->Stop();
    queue_->Stop();
    notifications_.Stop();
  }
  ExecutionStore& executions() override { return *queue_; }
  ModelCatalog& catalog() override { return catalog_; }
  OrganizationModel& models() override { return *models_; }
  JobRunner& jobs() override { return *jobs_; }
  DocumentStore& documents() override { return documents_; }
  Explainer& explainer() override { return *explainer_; }
  NotificationCenter& notifications() override { return notifications_; }
  TriggerEngine& triggers() override { return *triggers_; }
  Webhooks& webhooks() override { return *webhooks_; }
  Identity& identity() override { return identity_; }
  CreditLedger& credits() override { return credits_; }
  std::vector<SolverInfo> solvers() const override {
    std::vector<SolverInfo> list;
    for (const auto& backend : backends_) {
      list.push_back({std::string(backend->name()), backend->version(), backend->description(),
                      backend->capabilities()});
    }
    return list;
  }
  WorkerStats worker_stats() const override {
    return workers_ == nullptr ? WorkerStats{} : workers_->stats();
  }
  absl::StatusOr<Figures> figures() const override {
    FiguresPort& port = *store_->ports().figures;
    Figures figures;
    ASSIGN_OR_RETURN(figures.queue, queue_->Status());
    ASSIGN_OR_RETURN(FiguresPort::Waiting waiting, port.WaitingRuns());
    figures.waiting.count = waiting.count;
    if (waiting.oldest_created_at != 0) {
      Micros age = SystemNow() - waiting.oldest_created_at;
      figures.waiting.oldest_seconds = static_cast<double>(std::max<Micros>(age, 0)) * 1e-6;
    }
    ASSIGN_OR_RETURN(figures.batches, port.Batches());
    ASSIGN_OR_RETURN(figures.store, port.Size());
    ASSIGN_OR_RETURN(figures.webhooks, webhooks_->Status());
    figures.ended = port.Ended();
    NameOutcomes(figures.ended);
    figures.workers = worker_stats();
    return figures;
  }
  absl::Status CheckStore() const override { return store_->ports().health->Ping(); }

 private:
  // Destroyed from the last to the first: the queue stops before what it borrows goes.
  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<SolveBackend>> backends_;
  WorkerBackend* workers_;
  Identity identity_;
  CreditLedger credits_;
  NotificationCenterImpl notifications_;
  PreparedModels prepared_;
  CatalogImpl catalog_;
  DocumentStoreImpl documents_;
  std::unique_ptr<BatchRunner> batches_;  // outlives the queue, which borrows it
  std::unique_ptr<RunQueue> queue_;
  std::unique_ptr<JobRunnerImpl> jobs_;
  std::unique_ptr<OrganizationModelImpl> models_;
  std::unique_ptr<ExplainerImpl> explainer_;
  std::unique_ptr<WebhookDispatcher> webhooks_;
  std::unique_ptr<TriggerEngineImpl> triggers_;
};

absl::Status CheckLimits(const EngineOptions& options) {
  auto need = [](bool good, const char* what) {
    return good ? absl::OkStatus() : absl::InvalidArgumentError(what);
  };
  const JobOptions& jobs = options.jobs;
  RETURN_IF_ERROR(need(options.slots >= 0 && options.slots <= kMostSlots,
                       "slots must be 0 to 4096, 0 for one per worker"));
  RETURN_IF_ERROR(need(options.max_pending >= 0, "max_pending must be 0 or more"));
  RETURN_IF_ERROR(
      need(options.max_time_limit_seconds > 0, "max_time_limit_seconds must be above 0"));
  RETURN_IF_ERROR(
      need(options.credits.initial_grant >= 0, "the initial grant of credits is 0 or more"));
  RETURN_IF_ERROR(need(options.credits.low_threshold.value_or(0) >= 0,
                       "credits.low_threshold must be 0 or more"));
  RETURN_IF_ERROR(need(options.identity.max_keys_per_user >= 0,
                       "identity.max_keys_per_user must be 0 or more"));
  RETURN_IF_ERROR(need(jobs.max_tasks >= 1, "jobs.max_tasks must be 1 or more"));
  RETURN_IF_ERROR(
      need(jobs.max_parallel_executions >= 1, "jobs.max_parallel_executions must be 1 or more"));
  return need(jobs.retention_seconds >= 0, "jobs.retention_seconds must be 0 or more");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(std::unique_ptr<Store> store,
                                                       EngineOptions options) {
  if (store == nullptr) return absl::InvalidArgumentError("an engine needs a store");
  RETURN_IF_ERROR(CheckLimits(options));
  if (options.log) {
    // A log that fails has nobody left to tell.
    options.log = [log = std::move(options.log)](LogLevel level, std::string_view event,
                                                 const Json& fields) {
      HostCall("the log", [&] { log(level, event, fields); }).IgnoreError();
    };
  }
  RETURN_IF_ERROR(CheckNotificationOptions(options.notifications));
  RETURN_IF_ERROR(CheckWebhookOptions(options.webhooks));
  std::vector<std::unique_ptr<SolveBackend>> backends;
  WorkerBackend* workers = nullptr;
  if (options.solve_in_process) {
    backends.push_back(MakeCbcBackend());
  } else {
    ASSIGN_OR_RETURN(std::unique_ptr<WorkerBackend> worker_backend,
                     MakeWorkerBackend(options.worker));
    workers = worker_backend.get();
    backends.push_back(std::move(worker_backend));
  }
  // What a solver of the host says is checked: nobody reads a record with its solver in mind.
  for (auto& backend : options.backends) {
    ASSIGN_OR_RETURN(backends.emplace_back(), MakeCheckedBackend(std::move(backend)));
  }
  bool has_default = false;
  for (size_t i = 0; i < backends.size(); ++i) {
    has_default = has_default || backends[i]->name() == options.default_solver;
    for (size_t k = 0; k < i; ++k) {
      if (backends[k]->name() == backends[i]->name()) {
        return absl::InvalidArgumentError("two solvers are named \"" +
                                          std::string(backends[i]->name()) + "\"");
      }
    }
  }
  if (!has_default) {
    return absl::InvalidArgumentError("the default solver \"" + options.default_solver +
                                      "\" is not among the solvers");
  }
  return std::unique_ptr<Engine>(
      std::make_unique<EngineImpl>(std::move(store), std::move(backends), workers, options));
}

}  // namespace solvent
