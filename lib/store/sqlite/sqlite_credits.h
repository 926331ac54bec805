// The books of credits, and the charging of runs as they begin and end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "credit_port.h"
#include "readers.h"
#include "run_effects.h"
#include "writer.h"

namespace solvent {

class SqliteCredits : public CreditPort, public RunEffects {
 public:
  SqliteCredits(Writer& writer, Readers& readers) : writer_(writer), readers_(readers) {}

  void SetPolicy(const CreditPolicy& policy) override { policy_ = policy; }
  absl::Status CheckFunds(std::string_view organization, int64_t credits) override;
  absl::StatusOr<CreditAccount> FindAccount(std::string_view organization) override;
  absl::Status EnsureGrant(std::string_view organization, int64_t now) override;
  absl::StatusOr<std::vector<CreditEntry>> ListEntries(std::string_view organization,
                                                       const CreditEntryFilter& filter) override;
  absl::StatusOr<CreditEntry> Adjust(const CreditChange& change,
                                     Repeatable* repeatable = nullptr) override;
  absl::StatusOr<CreditAccount> SetBalance(const CreditChange& change) override;

  // For a driver that adds several runs in one transaction and refuses all or none: call it first,
  // with the sum, so that the refusal names the whole. Each run is charged as it is added.
  absl::Status RequireFunds(Db& db, std::string_view organization, int64_t credits, int64_t now);

  // Charges execution.credits_used.
  absl::Status BeforeAdd(Db& db, NewRun& run) override;
  // Sets execution.credits_used to 0, and gives the charge back, when the run has no answer to show
  // for it.
  absl::Status BeforeEnd(Db& db, const FinishRun& finish, Execution& execution) override;

 private:
  absl::Status DoEnsureGrant(Db& db, std::string_view organization, int64_t now) const;
  absl::StatusOr<CreditEntry> DoAdjust(Db& db, const CreditChange& change) const;

  Writer& writer_;
  Readers& readers_;
  CreditPolicy policy_;
};

}  // namespace solvent
