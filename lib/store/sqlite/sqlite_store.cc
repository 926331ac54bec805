#include "solvent/sqlite_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "ended_run_counter.h"
#include "migrate.h"
#include "readers.h"
#include "run_counters.h"
#include "run_notifications.h"
#include "sqlite_credits.h"
#include "sqlite_documents.h"
#include "sqlite_figures.h"
#include "sqlite_identity.h"
#include "sqlite_jobs.h"
#include "sqlite_models.h"
#include "sqlite_notifications.h"
#include "sqlite_runs.h"
#include "sqlite_triggers.h"
#include "sqlite_webhooks.h"
#include "status_macros.h"
#include "store_ports.h"
#include "trigger_rows.h"
#include "webhook_rows.h"
#include "writer.h"

namespace solvent {
namespace {

constexpr char kPing[] = "SELECT n0 FROM run_facets WHERE k = 0";

class SqliteStore : public Store, public HealthPort {
 public:
  SqliteStore(const std::string& path, std::unique_ptr<Db> db, std::unique_ptr<Readers> readers)
      : readers_(std::move(readers)),
        writer_(std::move(db), {&counters_, &ended_runs_}),
        credits_(writer_, *readers_),
        runs_(writer_, *readers_, counters_, Effects()),
        webhooks_(writer_, *readers_, webhook_bell_),
        identity_(writer_, *readers_),
        models_(writer_, *readers_),
        documents_(writer_, *readers_),
        jobs_(writer_, *readers_, runs_, credits_, webhook_bell_),
        notifications_(writer_, *readers_),
        triggers_(writer_, *readers_, runs_, Effects()),
        figures_(path, *readers_, ended_runs_),
        ports_{.runs = &runs_,
               .webhooks = &webhooks_,
               .identity = &identity_,
               .models = &models_,
               .credits = &credits_,
               .documents = &documents_,
               .jobs = &jobs_,
               .notifications = &notifications_,
               .triggers = &triggers_,
               .figures = &figures_,
               .health = this} {}

  // What still waits to be written refers to the ports: it is done before they go.
  ~SqliteStore() override { writer_.Stop(); }

  StorePorts& ports() override { return ports_; }

  absl::Status Ping() override {
    Readers::Lease db(*readers_);
    return (*db).QueryInt(kPing).status();
  }

 private:
  // What runs cause, in this order.
  RunEffectList Effects() {
    return {&trigger_run_effects_, &credits_,         &jobs_,
            &run_notifications_,   &webhook_effects_, &ended_runs_};
  }

  std::unique_ptr<Readers> readers_;
  RunCounters counters_;
  EndedRunCounter ended_runs_;
  Writer writer_;
  SqliteCredits credits_;
  RunNotifications run_notifications_;
  WebhookBell webhook_bell_;
  WebhookEffects webhook_effects_{webhook_bell_};
  TriggerRunEffects trigger_run_effects_;
  SqliteRuns runs_;
  SqliteWebhooks webhooks_;
  SqliteIdentity identity_;
  SqliteModels models_;
  SqliteDocuments documents_;
  SqliteJobs jobs_;
  SqliteNotifications notifications_;
  SqliteTriggers triggers_;
  SqliteFigures figures_;
  StorePorts ports_;
};

constexpr int kMostReaders = 256;

absl::Status CheckOptions(const std::string& path, const SqliteOptions& options) {
  if (path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the path of a database holds a zero byte");
  }
  if (options.readers < 1 || options.readers > kMostReaders) {
    return absl::InvalidArgumentError("readers must be 1 to 256");
  }
  if (options.cache_bytes < 0) return absl::InvalidArgumentError("cache_bytes must be 0 or more");
  if (options.busy_timeout_ms < 0) {
    return absl::InvalidArgumentError("busy_timeout_ms must be 0 or more");
  }
  return absl::OkStatus();
}

// The same, with the file named.
absl::Status Of(const std::string& path, const absl::Status& status) {
  absl::Status named(status.code(), absl::StrCat(path, ": ", status.message()));
  status.ForEachPayload([&named](absl::string_view url, const absl::Cord& payload) {
    named.SetPayload(url, payload);
  });
  return named;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path,
                                                       const SqliteOptions& options) {
  if (path.empty()) return absl::NotFoundError("no database file was named");
  RETURN_IF_ERROR(CheckOptions(path, options));
  RETURN_IF_ERROR(CreateFile(path));
  Db::Options connection;
  connection.cache_bytes = options.cache_bytes;
  connection.busy_timeout_ms = options.busy_timeout_ms;
  absl::StatusOr<std::unique_ptr<Db>> opened = Db::Open(path, connection);
  if (!opened.ok()) return Of(path, opened.status());
  std::unique_ptr<Db> db = *std::move(opened);
  if (absl::Status status = Migrate(*db); !status.ok()) return Of(path, status);
  connection.read_only = true;
  ASSIGN_OR_RETURN(std::unique_ptr<Readers> readers,
                   Readers::Open(path, options.readers, connection));
  return std::make_unique<SqliteStore>(path, std::move(db), std::move(readers));
}

}  // namespace solvent
