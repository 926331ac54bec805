#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

#include "countdown.h"
#include "elastic_rows.h"
#include "farkas_parts.h"
#include "feasibility_test.h"
#include "linear_core.h"
#include "min_form.h"
#include "parts.h"
#include "row_major.h"
#include "solvent/error.h"
#include "solvent/explain.h"
#include "status_macros.h"

namespace solvent {
namespace {

using Answer = FeasibilityVerdict::Answer;

// Up to so many parts are left out one by one from the start.
constexpr size_t kFew = 12;

class ConflictSearch {
 public:
  ConflictSearch(const Problem& problem, SolveBackend& backend, const Countdown& countdown)
      : problem_(problem),
        backend_(backend),
        countdown_(countdown),
        test_(problem, backend, countdown) {}

  Conflict Run() {
    kept_ = PartsOf(problem_);
    if (!EmptyIntegerRange()) Search();
    Finish();
    return std::move(conflict_);
  }

 private:
  // A chunk of parts is left out at once; `remove` says whether the rest still contradicts itself.
  // What it refuses is halved, down to `least` parts.
  void LeaveOut(size_t chunk, size_t least,
                const std::function<bool(const std::vector<Part>& rest,
                                         const std::vector<Part>& left_out)>& remove) {
    std::deque<std::vector<Part>> chunks;
    for (size_t at = 0; at < kept_.size(); at += chunk) {
      const size_t end = std::min(kept_.size(), at + chunk);
      chunks.emplace_back(kept_.begin() + static_cast<long>(at),
                          kept_.begin() + static_cast<long>(end));
    }
    while (!chunks.empty() && !countdown_.Over()) {
      std::vector<Part> left_out = std::move(chunks.front());
      chunks.pop_front();
      // What a certificate did without is gone already. Both are in the problem's order.
      auto at = kept_.begin();
      std::erase_if(left_out, [this, &at](const Part& part) {
        const auto found = std::find(at, kept_.end(), part);
        if (found != kept_.end()) at = found;
        return found == kept_.end();
      });
      if (left_out.empty()) continue;
      std::vector<Part> rest;
      auto out = left_out.begin();  // in the order of kept_
      for (const Part& part : kept_) {
        if (out != left_out.end() && *out == part) {
          ++out;
        } else {
          rest.push_back(part);
        }
      }
      if (remove(rest, left_out)) {
        kept_ = CutDown(std::move(rest));
        continue;
      }
      if (left_out.size() <= least) continue;
      const auto middle = left_out.begin() + static_cast<long>(left_out.size() / 2);
      chunks.emplace_front(middle, left_out.end());
      chunks.emplace_front(left_out.begin(), middle);
    }
  }

  // A contradiction, or of its relaxation's what a certificate rests on.
  std::vector<Part> CutDown(std::vector<Part> parts) {
    if (!cut_down_) return parts;
    cut_down_ = false;
    LinearCore core = FindLinearCore(problem_, parts, backend_, countdown_);
    test_.Count(core.tests);
    if (core.parts.empty()) return parts;
    conflict_.trust = Trust::kProven;
    return std::move(core.parts);
  }

  bool EmptyIntegerRange() {
    const MinForm form(problem_);
    if (!form.empty_integer_range) return false;
    for (int32_t j = 0; j < form.columns; ++j) {
      if (form.lower[j] <= form.upper[j]) continue;
      kept_ = {{ConflictPart::Kind::kLowerBound, j}, {ConflictPart::Kind::kUpperBound, j}};
      break;
    }
    conflict_.method = "integer_range";
    conflict_.trust = Trust::kProven;
    conflict_.outcome = Conflict::Outcome::kIrreducible;
    conflict_.needs_integers = true;
    conflict_.note = "no whole number lies between the bounds";
    return true;
  }

  void Search() {
    if (test_.Propagates(kept_)) {
      Confirm(Trust::kProven, "propagation");
      LeaveOut(std::max<size_t>(1, kept_.size() / 4), 1,
               [this](const std::vector<Part>& rest, const std::vector<Part>&) {
                 return test_.Propagates(rest);
               });
      TakeLinearCore();
    } else if (!Narrow()) {
      return;
    }
    const size_t chunk = kept_.size() <= kFew || conflict_.method != "deletion"
                             ? 1
                             : std::max<size_t>(1, kept_.size() / 4);
    // Where whole numbers are hard to decide, what the relaxation needs is at least known.
    if (conflict_.method == "farkas" && problem_.is_mip() && !relaxed_irreducible_)
      LeaveOutRelaxed();
    bool all_needed = false;
    if (problem_.is_mip() || !relaxed_irreducible_) {
      LeaveOut(chunk, 1, [this](const std::vector<Part>& rest, const std::vector<Part>& left_out) {
        return StillContradicts(rest, left_out);
      });
      all_needed = std::all_of(kept_.begin(), kept_.end(),
                               [this](const Part& part) { return IsNecessary(part); });
    } else {
      all_needed = true;
    }
    conflict_.outcome =
        all_needed ? Conflict::Outcome::kIrreducible : Conflict::Outcome::kInfeasibleSubset;
    if (!all_needed) conflict_.note = WhyNotIrreducible();
    if (problem_.is_mip()) {
      conflict_.needs_integers = test_.Run(kept_, /*relaxed=*/true).answer == Answer::kSatisfiable;
    }
  }

  // Cuts the parts down to a core of their relaxation, if that has no point.
  InfeasibleCore::Outcome TakeLinearCore() {
    LinearCore core = FindLinearCore(problem_, kept_, backend_, countdown_);
    test_.Count(core.tests);
    if (core.parts.empty()) return core.outcome;
    kept_ = std::move(core.parts);
    conflict_.trust = Trust::kProven;
    relaxed_irreducible_ = core.outcome == InfeasibleCore::Outcome::kIrreducible;
    if (relaxed_irreducible_) relaxed_needs_ = kept_.size();
    return core.outcome;
  }

  std::string WhyNotIrreducible() const {
    if (!trouble_.empty()) return "an infeasible subset, not proven irreducible: " + trouble_;
    if (kept_.size() == relaxed_needs_) {
      return "irreducible as a linear problem; for some of its parts it was not settled in time "
             "whether whole numbers need them";
    }
    return "an infeasible subset, not proven irreducible: some of its parts were not settled in "
           "time";
  }

  void LeaveOutRelaxed() {
    LeaveOut(1, 1, [this](const std::vector<Part>& rest, const std::vector<Part>&) {
      const FeasibilityVerdict verdict = test_.Run(rest, /*relaxed=*/true);
      relaxed_needs_ += verdict.answer == Answer::kSatisfiable;
      return verdict.answer == Answer::kContradictory && verdict.trust == Trust::kProven;
    });
  }

  // By a certificate of the relaxation, else by a solve of the whole. False: no conflict is known.
  bool Narrow() {
    using Outcome = InfeasibleCore::Outcome;
    const Outcome core = TakeLinearCore();
    if (core == Outcome::kIrreducible || core == Outcome::kInfeasible) {
      Confirm(Trust::kProven, "farkas");
      return true;
    }
    if (core == Outcome::kUnknown && NarrowByElasticDuals()) return true;
    FeasibilityVerdict verdict = test_.Run(kept_);
    if (verdict.answer == Answer::kContradictory) Confirm(verdict.trust, "deletion");
    if (problem_.is_mip() && verdict.answer != Answer::kSatisfiable) {
      FeasibilityVerdict of_few;
      std::vector<Part> few = ElasticRows(problem_, kept_, backend_, countdown_, test_, of_few);
      if (!few.empty() && of_few.trust >= Trust::kCrossChecked) {
        kept_ = std::move(few);
        Confirm(of_few.trust, "deletion");
        return true;
      }
    }
    switch (verdict.answer) {
      case Answer::kContradictory: return true;
      case Answer::kSatisfiable:
        conflict_.outcome = Conflict::Outcome::kFeasible;
        conflict_.note = "the problem has a point";
        break;
      case Answer::kUnknown:
        conflict_.note = verdict.trouble.empty()
                             ? "whether the problem is infeasible was not settled in time"
                             : verdict.trouble;
        break;
    }
    kept_.clear();
    return false;
  }

  bool NarrowByElasticDuals() {
    std::vector<Part> all = std::exchange(kept_, FarkasParts(problem_, backend_, countdown_));
    if (!kept_.empty()) {
      const FeasibilityVerdict verdict = test_.Run(kept_);
      if (verdict.answer == Answer::kContradictory) {
        Confirm(verdict.trust, "farkas");
        return true;
      }
    }
    kept_ = std::move(all);
    return false;
  }

  bool StillContradicts(const std::vector<Part>& rest, const std::vector<Part>& left_out) {
    if (left_out.size() == 1 && IsNecessary(left_out[0])) return false;
    const FeasibilityVerdict verdict = test_.Run(rest);
    if (!verdict.trouble.empty()) trouble_ = verdict.trouble;
    switch (verdict.answer) {
      case Answer::kContradictory:
        // A bare word may be false: better a part too many than a conflict that is none.
        if (verdict.trust < Trust::kCrossChecked) return false;
        conflict_.trust = verdict.trust;
        cut_down_ = verdict.linear && HasLinearCores(backend_);
        return true;
      case Answer::kUnknown: return false;
      case Answer::kSatisfiable: break;
    }
    // A point that only one part forbids shows that the rest needs it.
    const std::vector<double> activity = problem_.Activity(verdict.x);
    std::vector<Part> violated;
    for (const Part& part : left_out) {
      if (Violates(problem_, part, verdict.x, activity)) violated.push_back(part);
    }
    if (left_out.size() == 1) violated = left_out;
    if (violated.size() == 1 && !IsNecessary(violated[0])) necessary_.push_back(violated[0]);
    return false;
  }

  bool IsNecessary(const Part& part) const {
    return std::find(necessary_.begin(), necessary_.end(), part) != necessary_.end();
  }

  void Confirm(Trust trust, const char* method) {
    conflict_.trust = trust;
    conflict_.method = method;
    conflict_.outcome = Conflict::Outcome::kInfeasibleSubset;
  }

  void Finish() {
    const RowMajor rows = ByRows(problem_);
    for (const Part& part : kept_) conflict_.parts.push_back(Describe(problem_, rows, part));
    conflict_.tests = test_.count();
    conflict_.seconds = countdown_.Elapsed();
  }

  const Problem& problem_;
  SolveBackend& backend_;
  const Countdown& countdown_;
  FeasibilityTest test_;
  std::vector<Part> kept_;
  std::vector<Part> necessary_;
  bool relaxed_irreducible_ = false;  // kept_, when it was last cut down to a core
  bool cut_down_ = false;             // the contradiction just found is one of the relaxation
  size_t relaxed_needs_ = 0;  // parts without which the relaxation of the others has a point
  std::string trouble_;
  Conflict conflict_;
};

}  // namespace

absl::StatusOr<Conflict> FindConflict(const Problem& problem, SolveBackend& backend,
                                      const ExplainOptions& options) {
  RETURN_IF_ERROR(problem.Check());
  if (!(options.time_limit_seconds > 0)) return BadRequest("the time limit must be positive");
  const Countdown countdown(options.time_limit_seconds, options.stop);
  return ConflictSearch(problem, backend, countdown).Run();
}

}  // namespace solvent
