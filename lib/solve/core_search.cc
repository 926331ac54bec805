#include "core_search.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "certificate.h"
#include "exact_sum.h"
#include "min_form.h"
#include "point_polish.h"
#include "solvent/error.h"

namespace solvent {
namespace {

// Multipliers below that, relative to the largest, and sums below that, relative to their terms,
// are taken for noise of the simplex code first, and for part of the proof when that fails.
constexpr double kNoise[] = {1e-9, 1e-12};

// The rows that hold at some moment of the search and the columns in them.
struct Extract {
  Problem problem;
  std::vector<int32_t> row;     // of the whole problem
  std::vector<int32_t> column;  // likewise
  std::unique_ptr<MinForm> form;
  std::unique_ptr<LpEngine> engine;
  // Of the last contradiction.
  std::vector<BasisStatus> column_basis, row_basis;
};

// The side that a point misses most, and by how much it has to move.
struct Side {
  bool row = false;
  size_t index = 0;
  double by = 0;

  void Consider(bool is_row, size_t at, double value, double lower, double upper) {
    const double move = value < lower ? lower - value : value > upper ? upper - value : 0;
    if (std::abs(move) > std::abs(by)) *this = {is_row, at, move};
  }
};

class CoreSearch {
 public:
  CoreSearch(const Problem& problem, std::span<const CorePart> parts,
             const LpEngineFactory& factory, const StopControl& control)
      : whole_(problem),
        parts_(parts),
        factory_(factory),
        control_(control),
        kept_(parts.size(), true),
        row_part_(whole_.rows, kAlways),
        lower_part_(whole_.columns, kAlways),
        upper_part_(whole_.columns, kAlways) {
    for (size_t p = 0; p < parts.size(); ++p) {
      std::vector<int64_t>& of = parts[p].kind == CorePart::Kind::kRow          ? row_part_
                                 : parts[p].kind == CorePart::Kind::kLowerBound ? lower_part_
                                                                                : upper_part_;
      of[parts[p].index] = static_cast<int64_t>(p);
    }
  }

  InfeasibleCore Run() {
    using Outcome = InfeasibleCore::Outcome;
    if (whole_.empty_integer_range) return {};
    TakeOut();
    switch (Try()) {
      case Verdict::kSatisfiable: core_.outcome = Outcome::kFeasible; break;
      case Verdict::kContradictory: core_.outcome = Filter(); break;
      case Verdict::kOpen: break;
    }
    core_.iterations += now_.engine->iterations();
    if (core_.outcome != Outcome::kIrreducible && core_.outcome != Outcome::kInfeasible)
      return std::move(core_);
    for (size_t p = 0; p < parts_.size(); ++p) {
      if (kept_[p]) core_.parts.push_back(parts_[p]);
    }
    return std::move(core_);
  }

 private:
  enum class Verdict { kSatisfiable, kContradictory, kOpen };
  static constexpr int64_t kAlways = -1;

  bool Holds(int64_t part) const { return part == kAlways || kept_[static_cast<size_t>(part)]; }

  InfeasibleCore::Outcome Filter() {
    bool all_settled = true;
    // The extract may be a new one.
    if (now_.row_basis.empty() && Try() != Verdict::kContradictory)
      return InfeasibleCore::Outcome::kInfeasible;
    const std::vector<bool> needed = SeenNecessary();
    for (size_t p = 0; p < parts_.size(); ++p) {
      if (!kept_[p] || needed[p]) continue;
      kept_[p] = false;
      const Verdict verdict = Try();
      if (verdict == Verdict::kContradictory) continue;
      kept_[p] = true;
      if (verdict == Verdict::kOpen) all_settled = false;
      if (control_.Stopped()) return InfeasibleCore::Outcome::kInfeasible;
    }
    return all_settled ? InfeasibleCore::Outcome::kIrreducible
                       : InfeasibleCore::Outcome::kInfeasible;
  }

  // Whether the kept parts contradict each other. When they do, they are cut down to a support of a
  // checked certificate.
  Verdict Try() {
    Lift();
    if (!now_.row_basis.empty()) now_.engine->SetBasis(now_.column_basis, now_.row_basis);
    for (LpMethod method : {LpMethod::kDual, LpMethod::kDualFromScratch,
                            LpMethod::kPrimalFromScratch, LpMethod::kPrimalUnscaled}) {
      ++core_.solves;
      const LpStatus status = now_.engine->Solve(method, control_);
      if (status == LpStatus::kStopped) return Verdict::kOpen;
      if (status == LpStatus::kInfeasible && CutDown(now_.engine->FarkasRay())) {
        now_.engine->Basis(now_.column_basis, now_.row_basis);
        const auto held = std::count_if(now_.row.begin(), now_.row.end(),
                                        [this](int32_t i) { return Holds(row_part_[i]); });
        if (2 * static_cast<size_t>(held) < now_.row.size()) TakeOut();
        return Verdict::kContradictory;
      }
      if (status == LpStatus::kOptimal && PointHolds(now_.engine->Point()))
        return Verdict::kSatisfiable;
    }
    return Verdict::kOpen;
  }

  // The parts without which the others have a point that lies one step from the contradiction's
  // basis: there all parts but one are satisfied, and a step along any other moves that one to its
  // side. Of a certificate that the dual simplex method found these are mostly all.
  std::vector<bool> SeenNecessary() {
    std::vector<bool> needed(parts_.size());
    Lift();
    const std::vector<double> x = now_.engine->Point();
    const std::vector<double> activity = now_.problem.Activity(x);
    const MinForm& form = *now_.form;
    Side missed;
    for (size_t r = 0; r < now_.row.size(); ++r)
      missed.Consider(true, r, activity[r], form.row_lower[r], form.row_upper[r]);
    for (size_t c = 0; c < now_.column.size(); ++c)
      missed.Consider(false, c, x[c], form.lower[c], form.upper[c]);
    if (missed.by == 0 || !now_.engine->BeginSteps()) return needed;

    auto see = [&](int64_t part, bool row, size_t index) {
      if (part == kAlways || !kept_[static_cast<size_t>(part)] || control_.Stopped()) return;
      const auto p = static_cast<size_t>(part);
      std::vector<double> moved = x;
      if (row != missed.row || index != missed.index) {
        const std::vector<double> step = now_.engine->Step(row, static_cast<int32_t>(index));
        if (step.empty()) return;
        const double along = missed.row ? RowStep(step, missed.index) : step[missed.index];
        if (along == 0) return;
        for (size_t c = 0; c < moved.size(); ++c) moved[c] += step[c] * (missed.by / along);
      }
      kept_[p] = false;
      row ? LiftRow(index) : LiftColumn(index);
      needed[p] = PointHolds(std::move(moved));
      kept_[p] = true;
      row ? LiftRow(index) : LiftColumn(index);
    };
    for (size_t r = 0; r < now_.row.size(); ++r) see(row_part_[now_.row[r]], true, r);
    for (size_t c = 0; c < now_.column.size(); ++c) {
      see(lower_part_[now_.column[c]], false, c);
      see(upper_part_[now_.column[c]], false, c);
    }
    return needed;
  }

  double RowStep(const std::vector<double>& step, size_t row) const {
    double sum = 0;
    for (int64_t k = now_.form->row_start[row]; k < now_.form->row_start[row + 1]; ++k)
      sum += now_.form->row_value[k] * step[now_.form->column_index[k]];
    return sum;
  }

  void TakeOut() {
    if (now_.engine != nullptr) core_.iterations += now_.engine->iterations();
    Extract next;
    const Problem& whole = whole_.problem;
    std::vector<int32_t> new_row(whole_.rows, -1);
    for (int32_t i = 0; i < whole_.rows; ++i) {
      if (!Holds(row_part_[i])) continue;
      new_row[i] = static_cast<int32_t>(next.row.size());
      next.row.push_back(i);
    }
    Problem& p = next.problem;
    for (int32_t j = 0; j < whole_.columns; ++j) {
      const size_t before = p.value.size();
      for (int64_t k = whole.column_start[j]; k < whole.column_start[j + 1]; ++k) {
        const int32_t row = new_row[whole.row_index[k]];
        if (row < 0) continue;
        p.row_index.push_back(row);
        p.value.push_back(whole.value[k]);
      }
      if (p.value.size() == before) continue;
      p.column_start.push_back(static_cast<int64_t>(p.value.size()));
      next.column.push_back(j);
    }
    const size_t columns = next.column.size(), rows = next.row.size();
    p.objective.assign(columns, 0.0);
    p.column_type.assign(columns, ColumnType::kContinuous);
    p.column_lower.assign(columns, -kInfinity);
    p.column_upper.assign(columns, kInfinity);
    p.row_lower.assign(rows, -kInfinity);
    p.row_upper.assign(rows, kInfinity);
    now_ = std::move(next);
    now_.form = std::make_unique<MinForm>(now_.problem);
    now_.engine = factory_(ModelOf(*now_.form));
  }

  // Gives the extract the sides that hold now.
  void Lift() {
    for (size_t r = 0; r < now_.row.size(); ++r) LiftRow(r);
    for (size_t c = 0; c < now_.column.size(); ++c) LiftColumn(c);
    now_.engine->SetRowBounds(now_.form->row_lower, now_.form->row_upper);
    now_.engine->SetColumnBounds(now_.form->lower, now_.form->upper);
  }
  void LiftRow(size_t r) {
    const int32_t i = now_.row[r];
    const bool holds = Holds(row_part_[i]);
    now_.problem.row_lower[r] = now_.form->row_lower[r] = holds ? whole_.row_lower[i] : -kInfinity;
    now_.problem.row_upper[r] = now_.form->row_upper[r] = holds ? whole_.row_upper[i] : kInfinity;
  }
  void LiftColumn(size_t c) {
    const int32_t j = now_.column[c];
    now_.problem.column_lower[c] = now_.form->lower[c] =
        Holds(lower_part_[j]) ? whole_.lower[j] : -kInfinity;
    now_.problem.column_upper[c] = now_.form->upper[c] =
        Holds(upper_part_[j]) ? whole_.upper[j] : kInfinity;
  }

  bool PointHolds(std::vector<double> x) const {
    for (size_t c = 0; c < x.size(); ++c) {
      if (!std::isfinite(x[c])) return false;
      x[c] = std::clamp(x[c], now_.form->lower[c], now_.form->upper[c]);
    }
    return IsSolution(CheckPoint(now_.problem, x));
  }

  // Keeps only what the combination `y` of rows rests on, if that alone is a contradiction.
  bool CutDown(const std::vector<double>& y) {
    if (y.size() != now_.row.size()) return false;
    for (double noise : kNoise) {
      for (double sign : {1.0, -1.0}) {
        const std::vector<bool> before = kept_;
        const std::vector<double> used = KeepSupport(y, sign, noise);
        Lift();
        if (IsFarkasProof(*now_.form, now_.form->lower, now_.form->upper, used)) {
          core_.proof.assign(whole_.rows, 0.0);
          for (size_t r = 0; r < used.size(); ++r) core_.proof[now_.row[r]] = used[r];
          return true;
        }
        kept_ = before;
        Lift();
      }
    }
    return false;
  }

  // The multipliers that count, and in kept_ no more than the sides that they lean on when all
  // points of the rows have y'Ax >= something that the bounds keep it below.
  std::vector<double> KeepSupport(const std::vector<double>& y, double sign, double noise) {
    double largest = 0;
    for (double v : y) largest = std::max(largest, std::abs(v));
    std::vector<double> used(y.size());
    for (size_t r = 0; r < y.size(); ++r) {
      const bool sided =
          std::isfinite(sign * y[r] > 0 ? now_.form->row_lower[r] : now_.form->row_upper[r]);
      if (sided && std::abs(y[r]) > noise * largest) used[r] = sign * y[r];
    }
    std::vector<bool> needed(parts_.size());
    auto need = [&needed](int64_t part) {
      if (part != kAlways) needed[static_cast<size_t>(part)] = true;
    };
    for (size_t r = 0; r < used.size(); ++r) {
      if (used[r] != 0) need(row_part_[now_.row[r]]);
    }
    const Problem& p = now_.problem;
    for (size_t c = 0; c < now_.column.size(); ++c) {
      ExactSum sum;
      for (int64_t k = p.column_start[c]; k < p.column_start[c + 1]; ++k)
        sum.AddProduct(p.value[k], used[p.row_index[k]]);
      if (std::abs(sum.value()) <= noise * sum.magnitude()) continue;
      need((sum.value() > 0 ? upper_part_ : lower_part_)[now_.column[c]]);
    }
    for (size_t k = 0; k < kept_.size(); ++k) kept_[k] = kept_[k] && needed[k];
    return used;
  }

  const MinForm whole_;
  const std::span<const CorePart> parts_;
  const LpEngineFactory& factory_;
  const StopControl& control_;
  std::vector<bool> kept_;
  std::vector<int64_t> row_part_, lower_part_, upper_part_;  // which part a side is, or kAlways
  Extract now_;
  InfeasibleCore core_;
};

}  // namespace

absl::Status CheckCoreParts(const Problem& problem, std::span<const CorePart> parts) {
  for (const CorePart& part : parts) {
    const int32_t end =
        part.kind == CorePart::Kind::kRow ? problem.num_rows() : problem.num_columns();
    if (part.index < 0 || part.index >= end) return BadRequest("a part does not exist");
  }
  return absl::OkStatus();
}

InfeasibleCore SearchCore(const Problem& problem, std::span<const CorePart> parts,
                          const LpEngineFactory& factory, const StopControl& control) {
  return CoreSearch(problem, parts, factory, control).Run();
}

}  // namespace solvent
