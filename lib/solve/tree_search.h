// An exhaustive search that trusts nobody: branch and bound whose every leaf is closed by a
// certificate checked in extended precision, or by integer reasoning on bounds. Slow on large
// models and meant for small ones, where it settles what a solver claims.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "certificate.h"
#include "lp_engine.h"
#include "min_form.h"
#include "point_polish.h"
#include "propagation.h"

namespace solvent {

struct TreeOptions {
  double relative_gap = 0;  // leaves closed when no point in them is better by more than this
  double absolute_gap = 0;
  int64_t node_limit = INT64_MAX;
};

struct TreeResult {
  bool complete = false;             // every leaf is closed: the rest below is proven
  bool root_unbounded = false;       // the relaxation has a checked ray: the search was given up
  std::optional<CheckedPoint> best;  // the incumbent handed in, or a better one
  bool undecided = false;            // numerical trouble, not time, kept some leaf from closing
  bool improved = false;             // `best` is not the one handed in
  double bound = -kInfinity;         // when complete: no point costs less; +inf when none exists
  int64_t nodes = 0;
  int64_t iterations = 0;
};

class TreeSearch {
 public:
  // Borrows `form` and `polisher`.
  TreeSearch(const MinForm& form, const LpEngineFactory& factory, PointPolisher& polisher,
             TreeOptions options);

  TreeResult Run(std::optional<CheckedPoint> incumbent, const StopControl& control);

 private:
  struct Node {
    std::vector<double> lower;
    std::vector<double> upper;
  };
  enum class Verdict { kClosed, kBranched, kOpen };

  Verdict Process(Node& node, const StopControl& control);
  Verdict Branch(const Node& node, const std::vector<double>& x, const StopControl& control);
  Verdict CloseFixed(const Node& node, const StopControl& control);
  double NodeBound(const Node& node, std::vector<double>* reduced = nullptr);
  bool FindRay(const StopControl& control);  // of the whole problem; looks once
  bool ProvenEmpty(const Node& node, const StopControl& control);
  bool CloseByBound(double bound);
  bool FixByReducedCost(Node& node, double bound, const std::vector<double>& reduced) const;
  double Slack() const;
  void Offer(const std::vector<double>& x, const StopControl& control);

  const MinForm& form_;
  PointPolisher& polisher_;
  const TreeOptions options_;
  Propagator propagator_;
  ImpliedBounds implied_;
  const LpEngineFactory& factory_;
  std::unique_ptr<LpEngine> engine_;
  double grid_ = 0;  // every point's cost is a multiple of it, or 0 when there is no such number
  bool sought_ray_ = false;
  std::vector<Node> stack_;
  TreeResult result_;
  double weakest_ = kInfinity;  // least bound of a leaf that was closed by the gap alone
};

}  // namespace solvent
