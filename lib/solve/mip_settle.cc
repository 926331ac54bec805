#include "mip_settle.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "farkas.h"
#include "lp_settle.h"
#include "tree_search.h"

namespace solvent {
namespace {

// Up to this size the exact optimum is sought whatever gap was asked for: it costs nothing.
constexpr int32_t kTinyColumns = 60;
constexpr int32_t kTinyRows = 60;
// Up to so many integer columns the exhaustive search has a fair chance.
constexpr int32_t kTreeIntegers = 200;
constexpr int64_t kTreeNonzeros = 20000;
// Shares of the budget of second opinions, and what the search gets of it.
constexpr double kShortSolve = 0.2;   // seconds
constexpr double kLeastBudget = 0.1;  // seconds
constexpr double kLongSolve = 1.0;    // seconds
constexpr double kLongShare = 0.03;
constexpr double kInfeasibleLeast = 1.0;  // seconds
// What a second opinion on a claim of infeasibility gets at most: without it there is no answer.
constexpr double kInfeasiblePatience = 10;  // seconds, or times the first solve
constexpr double kLoosePatience = 3;        // the same of the look at loose rows
constexpr double kTreeShare = 0.6;
// CBC aborts on some problems whose relaxation is unbounded, most of which the search settles soon.
constexpr double kFirstLook = 0.5;  // seconds
constexpr double kFirstLookShare = 0.1;
// A second solve given less than this share of the first one's time will not get through.
constexpr double kHopelessShare = 0.3;
// Costs closer than that, relatively, are the same answer.
constexpr double kSameCost = 1e-7;

bool IsTiny(const MinForm& form) { return form.columns <= kTinyColumns && form.rows <= kTinyRows; }

// Rows that are multiples of each other but for so much of their largest term, as they are and with
// each column measured by its own largest one: a large coefficient that rows share ("x <= 20000 y")
// makes no copies. It makes them alike.
constexpr double kNearCopy = 1e-6;
constexpr double kNearScaledCopy = 1e-4;
constexpr double kAlikeRow = 1e-3;
constexpr double kCopy = 1e-15;
// Terms compared at most, where there is no answer without and where only its trust hangs on it.
constexpr double kMostCompared = 5e7;
constexpr double kFewCompared = 2e6;

// How much two rows of the problem are copies of each other, the two that are most. A basis of both
// is next to singular. None where more than `most` terms had to be compared.
enum class Likeness : uint8_t { kNone, kAlike, kNearCopies };

Likeness LikenessOfRows(const MinForm& form, double most) {
  if (static_cast<double>(form.rows) * static_cast<double>(form.row_value.size()) > most)
    return Likeness::kNone;
  Likeness likeness = Likeness::kNone;
  std::vector<double> unit(form.columns, 0);
  for (size_t k = 0; k < form.row_value.size(); ++k) {
    double& largest = unit[form.column_index[k]];
    largest = std::max(largest, std::abs(form.row_value[k]));
  }
  std::vector<double> value(form.row_value.size(), 0);
  for (size_t k = 0; k < value.size(); ++k) {
    if (form.row_value[k] != 0) value[k] = form.row_value[k] / unit[form.column_index[k]];
  }
  std::vector<double> row(form.columns, 0);
  std::vector<int64_t> seen(form.columns, 0);  // in which comparison
  int64_t comparison = 0;
  for (int32_t i = 0; i < form.rows; ++i) {
    double largest = 0, largest_scaled = 0;
    for (int64_t k = form.row_start[i]; k < form.row_start[i + 1]; ++k) {
      row[form.column_index[k]] = value[k];
      largest = std::max(largest, std::abs(form.row_value[k]));
      largest_scaled = std::max(largest_scaled, std::abs(value[k]));
    }
    for (int32_t l = i + 1; l < form.rows; ++l) {
      ++comparison;
      int64_t pivot = -1;
      for (int64_t k = form.row_start[l]; k < form.row_start[l + 1]; ++k) {
        seen[form.column_index[k]] = comparison;
        if (pivot < 0 || std::abs(value[k]) > std::abs(value[pivot])) pivot = k;
      }
      if (pivot < 0 || value[pivot] == 0) continue;
      const double times = row[form.column_index[pivot]] / value[pivot];
      if (times == 0) continue;
      double off = 0, off_scaled = 0;
      auto differ = [&](int32_t column, double by) {
        off = std::max(off, by * unit[column]);
        off_scaled = std::max(off_scaled, by);
      };
      for (int64_t k = form.row_start[l]; k < form.row_start[l + 1]; ++k) {
        const int32_t column = form.column_index[k];
        differ(column, std::abs(row[column] - times * value[k]));
      }
      for (int64_t k = form.row_start[i]; k < form.row_start[i + 1]; ++k) {
        const int32_t column = form.column_index[k];
        if (seen[column] != comparison) differ(column, std::abs(value[k]));
      }
      if (off_scaled <= kCopy * largest_scaled) continue;
      if (off_scaled < kNearScaledCopy * largest_scaled && off < kNearCopy * largest)
        return Likeness::kNearCopies;
      if (off_scaled < kAlikeRow * largest_scaled || off < kAlikeRow * largest)
        likeness = Likeness::kAlike;
    }
    for (int64_t k = form.row_start[i]; k < form.row_start[i + 1]; ++k)
      row[form.column_index[k]] = 0;
  }
  return likeness;
}

bool TreeFits(const MinForm& form) {
  return form.integers <= kTreeIntegers && form.problem.num_nonzeros() <= kTreeNonzeros;
}

// Without such a column there is no ray.
bool MayImproveForEver(const MinForm& form) {
  for (int32_t j = 0; j < form.columns; ++j) {
    const double towards = form.cost[j] > 0 ? form.lower[j] : form.upper[j];
    if (form.cost[j] != 0 && std::isinf(towards)) return true;
  }
  return false;
}

bool Better(const MinForm& form, double a, double b) {
  return std::isinf(b) ? a < b : a < b - kSameCost * std::max(form.cost_unit, std::abs(b));
}

}  // namespace

MipSettler::MipSettler(const MinForm& form, const SolveOptions& options, const LpEngineFactory& lp,
                       const MipSolver& mip, const StopControl& control, ProgressTracker& tracker,
                       bool careful)
    : form_(form),
      options_(options),
      lp_(lp),
      mip_(mip),
      control_(control),
      tracker_(tracker),
      careful_(careful),
      polisher_(form, lp),
      gap_(IsTiny(form) ? 0 : options.gap_tolerance),
      absolute_gap_(IsTiny(form) ? 0 : options.absolute_gap) {}

void MipSettler::Consider(std::optional<CheckedPoint> point) {
  if (!point) return;
  if (verdict_.point && verdict_.point->cost <= point->cost) return;
  tracker_.Incumbent(point->cost);
  verdict_.point = std::move(point);
}

bool MipSettler::WithinGap(double cost, double bound) const {
  const double slack = std::max({absolute_gap_, gap_ * std::abs(form_.ToOriginal(cost)),
                                 1e-6 * std::max(form_.cost_unit, std::abs(cost))});
  return bound >= cost - slack;
}

bool MipSettler::Refutes(double cost, double bound) const {
  return form_.wide_costs && cost < bound - 1e-6 * std::max(form_.cost_unit, std::abs(cost));
}

void MipSettler::FirstSolve() {
  run_.gap = gap_;
  run_.absolute_gap = absolute_gap_;
  run_.node_limit = options_.node_limit;
  run_.seed = options_.seed;
  if (!options_.warm_start.empty()) {
    Consider(polisher_.Complete(options_.warm_start, control_));
    if (verdict_.point) {
      verdict_.warm_start_used = true;
      run_.start = verdict_.point->x;
    }
  }
  if (careful_) {
    claim_.error = "the solver ended its process, and no other way led to an answer";
    verdict_.note = "the solver ended its process at first; ";
    return;
  }
  const double began = control_.Elapsed();
  const std::vector<double> start(run_.start.begin(), run_.start.end());
  run_.start = start;
  claim_ = mip_(run_, control_);
  run_.start = {};
  first_seconds_ = control_.Elapsed() - began;
  verdict_.nodes = claim_.nodes;
  verdict_.iterations = claim_.iterations;
  if (claim_.x.empty()) return;
  // Looking at a point that was found in time may take a moment longer than the time allows.
  StopControl grace(std::stop_token(), 0.2);
  std::optional<CheckedPoint> polished = polisher_.Polish(claim_.x, grace);
  if (!polished) {
    verdict_.note = "the solver's point does not satisfy the problem and was dropped; ";
  }
  Consider(std::move(polished));
}

MipVerdict MipSettler::Run(const std::function<void(const MipVerdict&)>& on_preliminary) {
  if (form_.empty_integer_range) {
    verdict_.status = SolveStatus::kInfeasible;
    verdict_.trust = Trust::kProven;
    verdict_.method = "tree";
    verdict_.note = "an integer column, or a row of such, has no value between its bounds";
    return std::move(verdict_);
  }
  FirstSolve();
  const double began = control_.Elapsed();
  tracker_.Bound(verdict_.point ? std::min(claim_.bound, verdict_.point->cost) : claim_.bound);

  switch (claim_.status) {
    case MipStatus::kOptimal:
      verdict_.status = SolveStatus::kOptimal;
      refuted_ = !verdict_.point || !WithinGap(verdict_.point->cost, claim_.bound) ||
                 Refutes(verdict_.point->cost, claim_.bound);
      // A solver that measures the gap in another way is asked for none.
      if (refuted_) run_.gap = run_.absolute_gap = 0;
      break;
    case MipStatus::kInfeasible:
      verdict_.status = SolveStatus::kInfeasible;
      refuted_ = verdict_.point.has_value();
      break;
    case MipStatus::kUnbounded:
      verdict_.status = SolveStatus::kUnbounded;
      refuted_ = true;  // it means "the relaxation is unbounded", which settles nothing yet
      break;
    case MipStatus::kFailed: refuted_ = true; break;
    case MipStatus::kTimeLimit:
    case MipStatus::kStopped:
      verdict_.status = control_.Cancelled() ? SolveStatus::kCancelled : SolveStatus::kTimeLimit;
      break;
    case MipStatus::kNodeLimit:
      verdict_.status = verdict_.point ? SolveStatus::kFeasible : SolveStatus::kTimeLimit;
      absl::StrAppend(&verdict_.note, "stopped at the node limit; ");
      break;
  }
  const bool ended_early = verdict_.status == SolveStatus::kCancelled ||
                           verdict_.status == SolveStatus::kTimeLimit ||
                           verdict_.status == SolveStatus::kFeasible;
  if (verdict_.point)
    verdict_.bound = std::min(claim_.bound, verdict_.point->cost);
  else
    verdict_.bound = claim_.bound;
  if (!ended_early) {
    verdict_.trust = Trust::kSolverWord;
    // That there is no point is never the solver's word alone.
    const bool infeasible = claim_.status == MipStatus::kInfeasible;
    if (!refuted_ && !infeasible && on_preliminary) on_preliminary(verdict_);
    if (refuted_ || infeasible || options_.verify) {
      tracker_.SetPhase(SolvePhase::kVerify);
      tracker_.StartRun();
      Settle(on_preliminary);
    }
  }
  HoldToGap();
  verdict_.verify_seconds = control_.Elapsed() - began;
  if (verdict_.note.ends_with("; ")) verdict_.note.resize(verdict_.note.size() - 2);
  return std::move(verdict_);
}

void MipSettler::Settle(const std::function<void(const MipVerdict&)>& on_preliminary) {
  const bool passed_on = !refuted_;  // the claim, as the verdict so far
  const double share = first_seconds_ < kShortSolve ? first_seconds_ : kLongShare * first_seconds_;
  // On a tiny problem, where codes err most and the search gets far, it is worth more.
  const bool generous = first_seconds_ < (IsTiny(form_) ? kLongSolve : kShortSolve);
  double budget = generous ? std::max(kLeastBudget, share) : share;
  if (claim_.status == MipStatus::kInfeasible) budget = std::max(kInfeasibleLeast, first_seconds_);
  if (refuted_) budget = control_.Remaining();
  StopControl within = control_.Within(budget);

  if (claim_.status != MipStatus::kOptimal || refuted_) {
    if (SettleByRelaxation(within)) return;
  }
  if (claim_.status == MipStatus::kInfeasible && !refuted_) {
    if (SettleInfeasible(within)) return;
    within = control_;
  }
  const bool tree_fits = TreeFits(form_);
  if (tree_fits && SettleByTree(within.Within(kTreeShare * within.Remaining()))) return;
  // The search looks for a ray by itself.
  if (!tree_fits && claim_.status == MipStatus::kOptimal && MayImproveForEver(form_) &&
      FindUnboundedRay(form_, lp_, within) && SettleUnbounded(control_))
    return;
  if ((careful_ || (passed_on && refuted_)) && verdict_.point && on_preliminary) {
    // The process may end in the other way, too, and what was passed on is known to be false.
    MipVerdict so_far = verdict_;
    so_far.status = SolveStatus::kFeasible;
    so_far.trust = Trust::kNone;
    so_far.bound = -kInfinity;
    on_preliminary(so_far);
  }
  if (refuted_ || within.Remaining() >= kHopelessShare * first_seconds_) {
    SettleBySecondSolve(within);
  } else if (verdict_.trust == Trust::kSolverWord) {
    absl::StrAppend(&verdict_.note, "too large for a second opinion in the time allowed for it; ");
  }
  if (refuted_) Fail();
}

bool MipSettler::SettleByRelaxation(const StopControl& control) {
  LpVerdict root = SettleLp(form_, lp_, control, true, {}, careful_);
  if (root.status == LpStatus::kInfeasible && root.proven && !verdict_.point) {
    verdict_.corrected =
        claim_.status != MipStatus::kInfeasible && claim_.status != MipStatus::kFailed;
    verdict_.status = SolveStatus::kInfeasible;
    verdict_.trust = Trust::kProven;
    verdict_.method = "farkas";
    refuted_ = false;
    return true;
  }
  if (root.status == LpStatus::kUnbounded && root.proven) return SettleUnbounded(control);
  return false;
}

// The relaxation improves for ever along a rational ray: so does the problem, if it has a point.
bool MipSettler::SettleUnbounded(const StopControl& control) {
  auto unbounded = [this] {
    verdict_.corrected = claim_.status != MipStatus::kUnbounded;
    verdict_.status = SolveStatus::kUnbounded;
    verdict_.trust = Trust::kProven;
    verdict_.method = "ray";
    verdict_.bound = -kInfinity;
    refuted_ = false;
    return true;
  };
  if (verdict_.point) return unbounded();
  Existence exists = Existence::kUnknown;
  auto search = [&](double seconds) { exists = SearchAny(control.Within(seconds)); };
  auto settle = [&] {
    if (exists == Existence::kPoint) return unbounded();
    CallInfeasible(Trust::kProven, "tree");
    return true;
  };
  if (TreeFits(form_)) search(std::min(kFirstLook, kFirstLookShare * control.Remaining()));
  if (exists != Existence::kUnknown) return settle();
  const Existence first = careful_ ? Existence::kUnknown : AskAny(Way::kFirst, control);
  if (first == Existence::kPoint) return unbounded();
  search(kTreeShare * control.Remaining());
  if (exists != Existence::kUnknown) return settle();
  const Existence second = AskAny(Way::kSecond, control);
  if (second == Existence::kPoint) return unbounded();
  if (first != Existence::kNone || second != Existence::kNone) return false;
  const Existence settled = CrossCheckNone(control);
  return settled == Existence::kPoint ? unbounded() : settled == Existence::kNone;
}

// Where rows nearly depend on each other, two of them or more, both solves fail alike: what the
// search could neither close nor fill for that reason may hold a point, and so may what is no
// contradiction any more once the rows are loose.
MipSettler::Existence MipSettler::CrossCheckNone(const StopControl& control) {
  const double patience = kLoosePatience * std::max(kInfeasibleLeast, first_seconds_);
  const Existence loose = AskAny(Way::kLoose, control.Within(patience));
  if (loose == Existence::kPoint) return loose;
  const Likeness likeness = LikenessOfRows(form_, kMostCompared);
  if (undecided_ || likeness == Likeness::kNearCopies) return Existence::kUnknown;
  if (likeness == Likeness::kAlike && loose == Existence::kUnknown) return loose;
  CallInfeasible(Trust::kCrossChecked, "second_solve");
  return Existence::kNone;
}

// For the same reason two solves that agree on an optimum there are worth no more than one.
void MipSettler::CrossCheckedOptimal() {
  if (undecided_ || LikenessOfRows(form_, kFewCompared) == Likeness::kNearCopies) {
    absl::StrAppend(&verdict_.note,
                    "rows nearly depend on each other, beside which solves fail alike; ");
    return;
  }
  verdict_.trust = Trust::kCrossChecked;
  verdict_.method = "second_solve";
}

void MipSettler::CallInfeasible(Trust trust, const char* method) {
  verdict_.corrected |= claim_.status == MipStatus::kOptimal;
  verdict_.status = SolveStatus::kInfeasible;
  verdict_.trust = trust;
  verdict_.method = method;
  verdict_.bound = kInfinity;
  refuted_ = false;
}

void MipSettler::MakeAny() {
  if (any_) return;
  any_.emplace(form_);
  std::fill(any_->cost.begin(), any_->cost.end(), 0.0);
  any_->wide_costs = false;
  any_polisher_.emplace(*any_, lp_);
}

void MipSettler::TakeAny(CheckedPoint point) {
  // The best that its integers allow is a better start.
  Consider(polisher_.Complete(point.x, control_));
  point.cost = form_.Cost(point.x);
  Consider(std::move(point));
}

MipSettler::Existence MipSettler::SearchAny(const StopControl& control) {
  MakeAny();
  TreeSearch tree(*any_, lp_, *any_polisher_, {});
  TreeResult searched = tree.Run(std::nullopt, control);
  verdict_.nodes += searched.nodes;
  verdict_.iterations += searched.iterations;
  undecided_ |= searched.undecided;
  if (!searched.best) return searched.complete ? Existence::kNone : Existence::kUnknown;
  TakeAny(*std::move(searched.best));
  return Existence::kPoint;
}

MipSettler::Existence MipSettler::AskAny(Way way, const StopControl& control) {
  MakeAny();
  MipRun run;
  run.ignore_objective = true;
  run.second_opinion = way == Way::kSecond;
  run.loose_rows = way == Way::kLoose;
  MipClaim claim = mip_(run, control);
  verdict_.nodes += claim.nodes;
  verdict_.iterations += claim.iterations;
  if (!claim.x.empty()) {
    if (std::optional<CheckedPoint> point = any_polisher_->Polish(claim.x, control)) {
      TakeAny(*std::move(point));
      return Existence::kPoint;
    }
  }
  return claim.status == MipStatus::kInfeasible ? Existence::kNone : Existence::kUnknown;
}

// Where all points cost the same any of them is the best.
bool MipSettler::SettleConstant() {
  if (!verdict_.point ||
      !std::all_of(form_.cost.begin(), form_.cost.end(), [](double c) { return c == 0; }))
    return false;
  verdict_.status = SolveStatus::kOptimal;
  verdict_.trust = Trust::kProven;
  verdict_.method = "dual_bound";
  verdict_.bound = verdict_.point->cost;
  refuted_ = false;
  return true;
}

// That there is no point must be proven, or be found in two ways that fail differently. False when
// there is one: what is the best is open then.
bool MipSettler::SettleInfeasible(const StopControl& control) {
  Existence exists = Existence::kUnknown;
  if (TreeFits(form_)) {
    exists = SearchAny(control.Within(kTreeShare * control.Remaining()));
    if (exists == Existence::kNone) {
      CallInfeasible(Trust::kProven, "tree");
      return true;
    }
  }
  if (exists == Existence::kUnknown) {
    const double patience = kInfeasiblePatience * std::max(kInfeasibleLeast, first_seconds_);
    exists = AskAny(Way::kSecond, control_.Within(patience));
    if (exists == Existence::kNone) exists = CrossCheckNone(control_);
    if (exists == Existence::kNone) return true;
  }
  refuted_ = true;
  if (exists == Existence::kPoint) {
    verdict_.corrected = true;
    verdict_.bound = -kInfinity;
    return SettleConstant();
  }
  claim_.error = "the solver calls the problem infeasible, which nothing confirms";
  Fail();
  return true;
}

bool MipSettler::SettleByTree(const StopControl& control) {
  TreeSearch tree(form_, lp_, polisher_, {.relative_gap = gap_, .absolute_gap = absolute_gap_});
  const bool had_point = verdict_.point.has_value();
  const double before = had_point ? verdict_.point->cost : kInfinity;
  TreeResult searched = tree.Run(verdict_.point, control);
  verdict_.nodes += searched.nodes;
  verdict_.iterations += searched.iterations;
  undecided_ |= searched.undecided;
  if (searched.root_unbounded) {
    refuted_ = true;
    Consider(std::move(searched.best));
    return SettleUnbounded(control_);
  }
  if (searched.improved) {
    const double cost = searched.best->cost;
    const bool false_claim = claim_.status == MipStatus::kInfeasible ||
                             (claim_.status == MipStatus::kOptimal && Better(form_, cost, before) &&
                              !(had_point && WithinGap(before, cost)));
    verdict_.corrected |= false_claim;
    refuted_ |= false_claim && !searched.complete;
    Consider(std::move(searched.best));
    verdict_.status = SolveStatus::kOptimal;
    verdict_.bound = std::min(claim_.bound, cost);
    if (claim_.status == MipStatus::kInfeasible) verdict_.bound = -kInfinity;
  }
  if (!searched.complete) return false;
  verdict_.trust = Trust::kProven;
  verdict_.method = "tree";
  refuted_ = false;
  if (verdict_.point) {
    verdict_.status = SolveStatus::kOptimal;
    verdict_.bound = searched.bound;
  } else {
    verdict_.corrected |= claim_.status == MipStatus::kOptimal;
    verdict_.status = SolveStatus::kInfeasible;
    verdict_.bound = kInfinity;
  }
  return true;
}

void MipSettler::SettleBySecondSolve(const StopControl& control) {
  MipRun run = run_;
  run.second_opinion = true;
  run.node_limit.reset();
  std::vector<double> start;
  if (refuted_ && verdict_.point) {
    start = verdict_.point->x;
    run.start = start;
  }
  MipClaim second = mip_(run, control);
  verdict_.nodes += second.nodes;
  verdict_.iterations += second.iterations;
  if (second.status == MipStatus::kUnbounded && SettleByRelaxation(control)) return;
  std::optional<CheckedPoint> point;
  if (!second.x.empty()) point = polisher_.Polish(second.x, control_);
  const bool first_optimal = claim_.status == MipStatus::kOptimal && !refuted_;
  const bool second_optimal = second.status == MipStatus::kOptimal && point.has_value() &&
                              !Refutes(point->cost, second.bound);

  if (!verdict_.point && !point) {
    // One opinion so far. The other way also has to find no point, whatever it costs.
    if (second.status != MipStatus::kInfeasible || careful_) return;
    if (AskAny(Way::kFirst, control) == Existence::kNone) CrossCheckNone(control);
    return;
  }
  const double before = verdict_.point ? verdict_.point->cost : kInfinity;
  const bool improved = point && Better(form_, point->cost, before);
  const double second_cost = point ? point->cost : kInfinity;
  Consider(std::move(point));
  const double cost = verdict_.point->cost;
  if (improved && (claim_.status == MipStatus::kInfeasible || !WithinGap(before, cost))) {
    verdict_.corrected = verdict_.corrected || claim_.status != MipStatus::kFailed;
    absl::StrAppend(&verdict_.note, "a second solve found a better point than the first; ");
    refuted_ = true;
  }
  if (second_optimal && !Better(form_, cost, second_cost) && WithinGap(cost, second.bound)) {
    verdict_.status = SolveStatus::kOptimal;
    verdict_.bound = std::min(second.bound, cost);
    verdict_.trust = Trust::kSolverWord;
    if (first_optimal && !refuted_) CrossCheckedOptimal();
    refuted_ = false;
  } else if (second_optimal && Better(form_, cost, second_cost)) {
    absl::StrAppend(&verdict_.note, "a second solve ended with a worse point; ");
    if (first_optimal && WithinGap(second_cost, cost)) CrossCheckedOptimal();
  } else if (second.status == MipStatus::kInfeasible) {
    absl::StrAppend(&verdict_.note, "a second solve called the problem infeasible, falsely; ");
  }
}

// Whoever came to call it optimal: it is only within the gap that was asked for.
void MipSettler::HoldToGap() {
  if (!verdict_.point || verdict_.status != SolveStatus::kOptimal) return;
  verdict_.bound = std::min(verdict_.bound, verdict_.point->cost);
  if (WithinGap(verdict_.point->cost, verdict_.bound)) return;
  verdict_.trust = Trust::kNone;
  verdict_.method.clear();
  verdict_.status = control_.Stopped() ? SolveStatus::kTimeLimit : SolveStatus::kFeasible;
  absl::StrAppend(&verdict_.note, "the gap asked for was not reached; ");
}

// The solver's word is known to be false and nothing better was found in time.
void MipSettler::Fail() {
  if (SettleConstant()) return;
  verdict_.trust = Trust::kNone;
  verdict_.method.clear();
  verdict_.bound = -kInfinity;
  if (control_.Stopped()) {
    verdict_.status = control_.Cancelled() ? SolveStatus::kCancelled : SolveStatus::kTimeLimit;
    return;
  }
  if (verdict_.point) {
    verdict_.status = SolveStatus::kFeasible;
    absl::StrAppend(&verdict_.note, "the solver's claim of ",
                    claim_.status == MipStatus::kInfeasible ? "infeasibility" : "optimality",
                    " was found false; ");
    return;
  }
  verdict_.status = SolveStatus::kError;
  verdict_.error =
      claim_.error.empty() ? "the solver's answers contradict each other" : claim_.error;
}

}  // namespace solvent
