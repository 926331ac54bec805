// A simplex code as the proofs use it: one linear problem, solved again and again under changing
// bounds and costs. Everything that comes out is a claim to be checked (certificate.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "solvent/solution.h"
#include "stop_control.h"

namespace solvent {

// Always a minimization. The spans need to live only while an engine is made from them.
struct LpModel {
  int32_t rows = 0;
  int32_t columns = 0;
  std::span<const int64_t> start;
  std::span<const int32_t> index;
  std::span<const double> value;
  std::span<const double> cost;
  std::span<const double> lower;
  std::span<const double> upper;
  std::span<const double> row_lower;
  std::span<const double> row_upper;
};

enum class LpStatus : uint8_t { kOptimal, kInfeasible, kUnbounded, kStopped, kFailed };

// Ways to solve the same problem that fail differently. kUsual presolves where that pays and works
// to the solver's usual tolerances, the others without presolve and to tight ones; kDual goes on
// from the last basis, kFromBasis from the one that was set, to the usual tolerances. kFine goes on
// from the last basis too, with the costs magnified until the least of them counts; kFar starts
// with all sides and bounds shrunk until the largest is within a solver's reach. Both may fail.
enum class LpMethod : uint8_t {
  kUsual,
  kFromBasis,
  kDual,
  kDualFromScratch,
  kPrimalFromScratch,
  kPrimalUnscaled,
  kFine,
  kFar
};
inline constexpr LpMethod kFreshMethods[] = {
    LpMethod::kDualFromScratch, LpMethod::kPrimalFromScratch, LpMethod::kPrimalUnscaled};

class LpEngine {
 public:
  virtual ~LpEngine() = default;

  virtual void SetColumnBounds(std::span<const double> lower, std::span<const double> upper) = 0;
  virtual void SetRowBounds(std::span<const double> lower, std::span<const double> upper) = 0;
  virtual void SetCost(std::span<const double> cost) = 0;
  // False, and nothing changed, when it does not fit.
  virtual bool SetBasis(std::span<const BasisStatus> columns,
                        std::span<const BasisStatus> rows) = 0;
  virtual LpStatus Solve(LpMethod method, const StopControl& control) = 0;

  // Of the last solve.
  virtual std::vector<double> Point() const = 0;
  virtual std::vector<double> RowDuals() const = 0;
  virtual std::vector<double> FarkasRay() const = 0;     // may be empty
  virtual std::vector<double> UnboundedRay() const = 0;  // may be empty
  virtual void Basis(std::vector<BasisStatus>& columns, std::vector<BasisStatus>& rows) const = 0;
  virtual int64_t iterations() const = 0;  // of all solves

  // Keeps the last solve's basis at hand for Step, until the next call of this. False when that is
  // not to be had.
  virtual bool BeginSteps() { return false; }
  // How all columns move when a column, or a row's activity, that is not basic moves by 1 and the
  // others that are not basic stay. Empty when there is no such step.
  virtual std::vector<double> Step(bool /*row*/, int32_t /*index*/) { return {}; }
};

using LpEngineFactory = std::function<std::unique_ptr<LpEngine>(const LpModel& model)>;

}  // namespace solvent
