// Explanations of recorded runs.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "mutex.h"
#include "solvent/execution_store.h"
#include "solvent/explain.h"
#include "solvent/solve_backend.h"

namespace solvent {

using BackendMaker = std::function<absl::StatusOr<std::unique_ptr<SolveBackend>>()>;

class ExplainerImpl : public Explainer {
 public:
  // Borrows `executions`. `make_backend` is called when the first analysis needs one.
  ExplainerImpl(const ExecutionStore& executions, BackendMaker make_backend);

  absl::StatusOr<Conflict> ExplainInfeasible(std::string_view organization,
                                             std::string_view execution_id) override;
  absl::StatusOr<Json> ExactAnalysis(std::string_view organization, std::string_view execution_id,
                                     bool sensitivity) override;

 private:
  absl::StatusOr<SolveBackend*> Backend();
  // Counts one analysis under way until its end, or refuses it.
  absl::StatusOr<std::shared_ptr<void>> Enter();
  absl::Status AddSensitivity(const Problem& problem, std::span<const double> x, Json& analysis);

  const ExecutionStore& executions_;
  const BackendMaker make_backend_;
  Mutex mutex_;
  std::unique_ptr<SolveBackend> backend_ ABSL_GUARDED_BY(mutex_);
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  // The latest conflicts by execution, newest first.
  std::deque<std::pair<std::string, Conflict>> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace solvent
