#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock.h"
#include "executed_definitions.h"
#include "pinned_model.h"
#include "prepared_models.h"
#include "run_queue.h"
#include "schedule_loop.h"
#include "secret_box.h"
#include "solvent/log.h"
#include "solvent/trigger_engine.h"
#include "store_ports.h"

namespace solvent {

struct TriggerEngineOptions {
  SecretBox secrets;
  // Whether a webhook may go there: OK, or ValidationError on "/webhook_url". Unset: any URL of
  // http or https.
  std::function<absl::Status(const std::string& url)> check_webhook_url;
  Clock clock = SystemNow;
  LogSink log;
};

class TriggerEngineImpl : public TriggerEngine {
 public:
  // Borrows all three.
  TriggerEngineImpl(StorePorts& ports, RunQueue& queue, PreparedModels& prepared,
                    TriggerEngineOptions options);

  // Schedules fire between these two.
  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  // Without Start(): fires what is due now; returns when the next is due, 0 when none is.
  absl::StatusOr<int64_t> RunDueSchedules() { return loop_.RunDue(); }

  absl::StatusOr<CreatedTrigger> Create(const Caller& caller, NewTrigger trigger,
                                        Repeatable* repeatable = nullptr) override;
  absl::StatusOr<Trigger> Get(std::string_view organization, std::string_view id) override;
  absl::StatusOr<std::vector<Trigger>> List(std::string_view organization,
                                            std::string_view document_id) override;
  absl::StatusOr<Trigger> Patch(std::string_view organization, std::string_view id,
                                TriggerPatch patch) override;
  absl::StatusOr<Trigger> SetEnabled(std::string_view organization, std::string_view id,
                                     bool enabled) override;
  absl::Status Delete(std::string_view organization, std::string_view id) override;
  absl::StatusOr<CreatedTrigger> RotateSecret(std::string_view organization, std::string_view id,
                                              Repeatable* repeatable = nullptr) override;
  absl::StatusOr<Fired> Fire(std::string_view trigger_id, FireRequest request) override;
  absl::StatusOr<Fired> Rerun(std::string_view organization, std::string_view trigger_id,
                              std::string_view run_id, std::string_view idempotency_key) override;
  absl::StatusOr<TriggerRun> GetRun(std::string_view organization, std::string_view trigger_id,
                                    std::string_view run_id) override;
  absl::StatusOr<Page<TriggerRun>> ListRuns(std::string_view organization,
                                            std::string_view trigger_id,
                                            std::optional<TriggerRunStatus> status,
                                            const PageRequest& page) override;
  absl::StatusOr<TriggerSchedule> SetSchedule(std::string_view organization,
                                              std::string_view trigger_id,
                                              TriggerSchedule schedule) override;
  absl::StatusOr<TriggerSchedule> GetSchedule(std::string_view organization,
                                              std::string_view trigger_id) override;
  absl::Status DeleteSchedule(std::string_view organization, std::string_view trigger_id) override;

 private:
  // Where a fire comes from.
  struct Cause {
    std::string source;
    std::string rerun_of;
    std::optional<ScheduleClaim> claim;
    std::string idempotency_route;
    std::string idempotency_key;
  };

  absl::StatusOr<Trigger> Update(std::string_view organization, std::string_view id,
                                 const ChangedTrigger& change, Repeatable* repeatable = nullptr);
  absl::Status CheckWebhook(const std::optional<std::string>& url,
                            const std::optional<std::string>& secret) const;
  // Queues a run with these data, or records that they were refused.
  absl::StatusOr<Fired> Launch(const Trigger& trigger, const Json& data, const Cause& cause);
  absl::StatusOr<BuiltRun> Build(const Trigger& trigger, const Json& data);
  static Repeatable RepeatableOf(const Cause& cause, const Json& data);
  // The error that tells of a recorded refusal.
  static absl::Status RefusedAs(const TriggerRun& recorded, const absl::Status& reason,
                                bool replayed);
  absl::Status Refuse(const Trigger& trigger, const Json& data, const Cause& cause,
                      const absl::Status& reason);
  NewTriggerRun MakeRun(const Trigger& trigger, const Json& data, const Cause& cause) const;

  ScheduleLoop::Work ScheduleWork();
  absl::Status FollowClock(Micros now);
  absl::Status FireDue(const DueSchedule& due);
  // Records that a due time was skipped.
  absl::Status Skip(const Trigger& trigger, const Json& data, const Cause& cause,
                    TriggerRunStatus status, std::string_view reason);
  void Log(LogLevel level, std::string_view event, const Trigger& trigger,
           const absl::Status& status) const;

  StorePorts& ports_;
  TriggerPort& port_;
  RunQueue& queue_;
  PreparedModels& prepared_;
  const TriggerEngineOptions options_;
  ExecutedDefinitions executed_;
  PinnedModels pinned_;
  std::atomic<Micros> latest_look_{0};
  ScheduleLoop loop_;  // last: its threads use all of the above
};

}  // namespace solvent
