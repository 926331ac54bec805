// Builds everything over a store, starts it and stops it.
//
//   auto store = solvent::OpenSqliteStore("plans.db");
//   auto engine = solvent::Engine::Create(std::move(*store), {});
//   (*engine)->Start();
//   (*engine)->executions().Submit(caller, submission);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/credits.h"
#include "solvent/documents.h"
#include "solvent/execution_store.h"
#include "solvent/explain.h"
#include "solvent/figures.h"
#include "solvent/identity.h"
#include "solvent/job_runner.h"
#include "solvent/log.h"
#include "solvent/model_catalog.h"
#include "solvent/notification_center.h"
#include "solvent/organization_model.h"
#include "solvent/solve_backend.h"
#include "solvent/store.h"
#include "solvent/trigger_engine.h"
#include "solvent/webhook.h"
#include "solvent/worker_backend.h"

namespace solvent {

struct EngineOptions {
  // Where CBC runs. In this process (what that costs: solvent/cbc_backend.h), or in workers.
  bool solve_in_process = false;
  WorkerOptions worker;

  // Further solvers, of unique names. What they answer is checked (solvent/checked_backend.h). The
  // one named `default_solver` is used where a submission names none.
  std::vector<std::unique_ptr<SolveBackend>> backends;
  std::string default_solver = "cbc";

  int slots = 0;                         // solves at once, at most 4096; 0: worker.workers
  int64_t max_pending = 100'000;         // runs waiting, of one organization 3/4; no more
  double max_time_limit_seconds = 3600;  // > 0; longer requests are cut to this
  IdentityOptions identity;
  CreditOptions credits;
  NotificationOptions notifications;
  JobOptions jobs;
  // Encrypts the webhook secrets that are kept; "": they are kept as they are. Losing it loses
  // them.
  std::string secret_key;
  WebhookOptions webhooks;
  LogSink log;  // unset: nothing is logged
};

struct SolverInfo {
  std::string name;
  std::string version;
  std::string description;
  Capabilities capabilities;
};

class Engine {
 public:
  // Starts the worker processes, but no run yet. InvalidArgument: an option that cannot be meant.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(std::unique_ptr<Store> store,
                                                        EngineOptions options);
  virtual ~Engine() = default;  // stops first

  // Lists the models that ship with the library, takes back the runs of processes that died, then
  // begins to solve.
  virtual absl::Status Start() = 0;
  // Stops the solves under way and puts their runs back into the queue. Idempotent. An engine that
  // was stopped cannot be started again: make another one, over the same database.
  virtual void Stop() = 0;

  virtual ExecutionStore& executions() = 0;
  virtual ModelCatalog& catalog() = 0;
  virtual OrganizationModel& models() = 0;
  virtual JobRunner& jobs() = 0;
  virtual DocumentStore& documents() = 0;
  virtual Explainer& explainer() = 0;
  virtual NotificationCenter& notifications() = 0;
  virtual TriggerEngine& triggers() = 0;
  virtual Webhooks& webhooks() = 0;
  virtual Identity& identity() = 0;
  virtual CreditLedger& credits() = 0;
  virtual std::vector<SolverInfo> solvers() const = 0;
  virtual WorkerStats worker_stats() const = 0;  // zeros when solving in process
  // What an operator watches. Cheap enough to be read every few seconds.
  virtual absl::StatusOr<Figures> figures() const = 0;
  // A cheap read of the database.
  virtual absl::Status CheckStore() const = 0;
};

}  // namespace solvent
