// Seeded mixed-integer problems of the kinds that people solve, sized to take seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "solvent/problem.h"

namespace solvent::bench {

struct Instance {
  std::string name;
  Problem problem;
};

Problem LotSizing(int products, int periods, uint64_t seed);
Problem FacilityLocation(int facilities, int customers, uint64_t seed);
Problem MultiKnapsack(int rows, int columns, uint64_t seed);
Problem GeneralizedAssignment(int agents, int tasks, uint64_t seed);
Problem SetCovering(int rows, int columns, uint64_t seed);
Problem FixedChargeNetwork(int nodes, int arcs_per_node, uint64_t seed);
Problem BinPacking(int items, int bins, uint64_t seed);
Problem JobShop(int jobs, int machines, uint64_t seed);

// One of each, of one to ten seconds on a machine of 2020.
std::vector<Instance> BenchInstances();

}  // namespace solvent::bench
