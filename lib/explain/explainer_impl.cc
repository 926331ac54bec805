#include "explainer_impl.h"

#include <vector>

#include "result_json.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr int kMostUnderWay = 8;
constexpr size_t kMostKept = 100;
constexpr int32_t kMostRows = 5000;  // of an exact analysis over HTTP
constexpr double kSensitivitySeconds = 20;

Json NotComputed(const char* note) {
  Json out;
  out.Set("computed", false)
      .Set("note", note)
      .Set("objective_value", Json())
      .Set("total_constraints", 0)
      .Set("binding_count", 0)
      .Set("constraints", Json::Array{})
      .Set("contributions", Json::Array{});
  return out;
}

}  // namespace

ExplainerImpl::ExplainerImpl(const ExecutionStore& executions, BackendMaker make_backend)
    : executions_(executions), make_backend_(std::move(make_backend)) {}

absl::StatusOr<SolveBackend*> ExplainerImpl::Backend() {
  Lock lock(mutex_);
  if (backend_ == nullptr) {
    ASSIGN_OR_RETURN(backend_, make_backend_());
  }
  return backend_.get();
}

absl::StatusOr<std::shared_ptr<void>> ExplainerImpl::Enter() {
  Lock lock(mutex_);
  if (under_way_ >= kMostUnderWay)
    return MakeError(absl::StatusCode::kUnavailable, error_code::kUnavailable,
                     "too many analyses are under way; try again in a few seconds");
  ++under_way_;
  return std::shared_ptr<void>(nullptr, [this](void*) {
    Lock leave(mutex_);
    --under_way_;
  });
}

absl::StatusOr<Conflict> ExplainerImpl::ExplainInfeasible(std::string_view organization,
                                                          std::string_view execution_id) {
  ASSIGN_OR_RETURN(const Execution execution, executions_.Get(organization, execution_id));
  if (execution.solver_status != ToString(SolveStatus::kInfeasible))
    return ValidationError("execution_id", "the run did not end as infeasible");
  {
    Lock lock(mutex_);
    for (const auto& [id, conflict] : kept_) {
      if (id == execution_id) return conflict;
    }
  }
  ASSIGN_OR_RETURN(const Problem problem, executions_.GetProblem(organization, execution_id));
  ASSIGN_OR_RETURN(const std::shared_ptr<void> entered, Enter());
  ASSIGN_OR_RETURN(SolveBackend * backend, Backend());
  ASSIGN_OR_RETURN(Conflict conflict, FindConflict(problem, *backend));
  if (conflict.outcome != Conflict::Outcome::kUnknown) {
    Lock lock(mutex_);
    kept_.emplace_front(std::string(execution_id), conflict);
    if (kept_.size() > kMostKept) kept_.pop_back();
  }
  return conflict;
}

absl::Status ExplainerImpl::AddSensitivity(const Problem& problem, std::span<const double> x,
                                           Json& analysis) {
  ASSIGN_OR_RETURN(const std::shared_ptr<void> entered, Enter());
  ASSIGN_OR_RETURN(SolveBackend * backend, Backend());
  const ExplainOptions options{.time_limit_seconds = kSensitivitySeconds, .stop = {}};
  if (x.empty()) {
    ASSIGN_OR_RETURN(const Ray ray, FindUnboundedDirection(problem, *backend, options));
    analysis.Set("ray", RayToJson(ray));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Sensitivity sensitivity,
                   AnalyzeSensitivity(problem, x, *backend, options));
  analysis.Set("sensitivity", SensitivityToJson(problem, sensitivity));
  return absl::OkStatus();
}

absl::StatusOr<Json> ExplainerImpl::ExactAnalysis(std::string_view organization,
                                                  std::string_view execution_id, bool sensitivity) {
  ASSIGN_OR_RETURN(const Execution execution, executions_.Get(organization, execution_id));
  const bool unbounded = execution.solver_status == ToString(SolveStatus::kUnbounded);
  if (!execution.objective_value && !(unbounded && sensitivity)) return NotComputed("no_solution");
  ASSIGN_OR_RETURN(const Problem problem, executions_.GetProblem(organization, execution_id));
  if (unbounded) {
    Json out = NotComputed("no_solution");
    RETURN_IF_ERROR(AddSensitivity(problem, {}, out));
    return out;
  }
  if (problem.num_rows() > kMostRows) {
    Json out = NotComputed("too_large");
    out.Set("total_constraints", problem.num_rows());
    return out;
  }
  const std::vector<double> x = PointFromResult(problem, execution.result_json);
  if (x.empty()) return NotComputed("no_solution");
  ASSIGN_OR_RETURN(const PointAnalysis analysis, AnalyzePoint(problem, x));
  Json out = PointAnalysisToJson(problem, analysis);
  if (sensitivity) RETURN_IF_ERROR(AddSensitivity(problem, x, out));
  return out;
}

}  // namespace solvent
