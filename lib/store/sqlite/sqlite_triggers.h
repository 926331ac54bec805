#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "readers.h"
#include "run_effects.h"
#include "sqlite_runs.h"
#include "trigger_port.h"
#include "writer.h"

namespace solvent {

class SqliteTriggers : public TriggerPort {
 public:
  SqliteTriggers(Writer& writer, Readers& readers, SqliteRuns& runs, RunEffectList effects)
      : writer_(writer), readers_(readers), runs_(runs), effects_(std::move(effects)) {}

  absl::StatusOr<std::optional<std::string>> Insert(const NewTriggerRow& row,
                                                    Repeatable* repeatable = nullptr) override;
  absl::StatusOr<std::optional<TriggerRow>> Find(std::string_view organization,
                                                 std::string_view id) override;
  absl::StatusOr<std::vector<Trigger>> List(std::string_view organization,
                                            std::string_view document_id) override;
  absl::StatusOr<std::optional<Trigger>> Update(std::string_view organization, std::string_view id,
                                                const ChangedTrigger& change, int64_t now,
                                                Repeatable* repeatable = nullptr) override;
  absl::StatusOr<std::optional<std::vector<std::string>>> Delete(std::string_view organization,
                                                                 std::string_view id,
                                                                 int64_t now) override;
  absl::StatusOr<std::string> PinnedModel(std::string_view version_id) override;
  absl::StatusOr<TriggerRun> InsertEnded(const NewTriggerRun& run, Repeatable* repeatable) override;
  absl::StatusOr<std::optional<TriggerRun>> FindFired(const Trigger& trigger,
                                                      const Repeatable& repeatable) override;
  absl::StatusOr<std::optional<TriggerRun>> FindRun(std::string_view organization,
                                                    std::string_view trigger_id,
                                                    std::string_view run_id) override;
  absl::StatusOr<std::optional<Page<TriggerRun>>> ListRuns(std::string_view organization,
                                                           std::string_view trigger_id,
                                                           std::optional<TriggerRunStatus> status,
                                                           const PageRequest& page) override;
  absl::StatusOr<bool> SetSchedule(std::string_view organization, std::string_view trigger_id,
                                   const TriggerSchedule& schedule, int64_t now) override;
  absl::StatusOr<std::optional<TriggerSchedule>> FindSchedule(std::string_view organization,
                                                              std::string_view trigger_id) override;
  absl::StatusOr<bool> DeleteSchedule(std::string_view organization,
                                      std::string_view trigger_id) override;
  absl::StatusOr<std::vector<DueSchedule>> DueSchedules(
      int64_t now, int most, const std::vector<std::string>& but_of) override;
  absl::StatusOr<int64_t> NextDue() override;
  absl::StatusOr<bool> PassDue(std::string_view trigger_id, const ScheduleClaim& claim) override;

 private:
  using DeletedRuns = std::optional<std::vector<std::string>>;
  absl::StatusOr<DeletedRuns> DoDelete(Db& db, std::string_view organization, std::string_view id,
                                       int64_t now);

  Writer& writer_;
  Readers& readers_;
  SqliteRuns& runs_;
  const RunEffectList effects_;
};

}  // namespace solvent
