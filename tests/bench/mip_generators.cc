#include "mip_generators.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace solvent::bench {
namespace {

constexpr ColumnType kContinuous = ColumnType::kContinuous;
constexpr ColumnType kBinary = ColumnType::kBinary;

// SplitMix64, the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 99) {}
  int Int(int low, int high) {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return low + static_cast<int>((z ^ (z >> 31)) % static_cast<uint64_t>(high - low + 1));
  }

 private:
  uint64_t state_;
};

Problem Finish(ProblemBuilder builder, const char* name) {
  builder.SetName(name);
  return *std::move(builder).Build();
}

}  // namespace

// Several products share a machine; setups cost money and time, stock costs money.
Problem LotSizing(int products, int periods, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  const int n = products * periods;
  auto at = [&](int p, int t) { return p * periods + t; };
  std::vector<double> demand(n);
  for (double& d : demand) d = random.Int(0, 4) == 0 ? 0 : random.Int(20, 100);
  for (int i = 0; i < n; ++i) b.AddColumn("", 0, kInfinity, kContinuous, 1);                 // make
  for (int i = 0; i < n; ++i) b.AddColumn("", 0, kInfinity, kContinuous, random.Int(1, 4));  // keep
  for (int i = 0; i < n; ++i) b.AddColumn("", 0, 1, kBinary, random.Int(100, 400));  // set up
  for (int p = 0; p < products; ++p) {
    double rest = 0;
    for (int t = periods - 1; t >= 0; --t) {
      rest += demand[at(p, t)];
      b.BeginRow("", demand[at(p, t)], demand[at(p, t)]);
      b.AddTerm(at(p, t), 1);
      if (t > 0) b.AddTerm(n + at(p, t - 1), 1);
      b.AddTerm(n + at(p, t), -1);
      b.BeginRow("", -kInfinity, 0);
      b.AddTerm(at(p, t), 1);
      b.AddTerm(2 * n + at(p, t), -rest);
    }
  }
  for (int t = 0; t < periods; ++t) {
    b.BeginRow("", -kInfinity, 95.0 * products);
    for (int p = 0; p < products; ++p) {
      b.AddTerm(at(p, t), 1);
      b.AddTerm(2 * n + at(p, t), 20);
    }
  }
  return Finish(std::move(b), "lot_sizing");
}

Problem FacilityLocation(int facilities, int customers, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  std::vector<std::pair<int, int>> where(facilities + customers);
  for (auto& [x, y] : where) x = random.Int(0, 100), y = random.Int(0, 100);
  std::vector<double> demand(customers);
  for (double& d : demand) d = random.Int(5, 35);
  const double total = std::accumulate(demand.begin(), demand.end(), 0.0);
  std::vector<double> capacity(facilities);
  for (int f = 0; f < facilities; ++f) {
    capacity[f] = std::round(total / facilities * random.Int(20, 40) / 10.0);
    b.AddColumn("", 0, 1, kBinary, random.Int(300, 900));
  }
  for (int f = 0; f < facilities; ++f) {
    for (int c = 0; c < customers; ++c) {
      const auto [x, y] = where[f];
      const auto [u, v] = where[facilities + c];
      b.AddColumn("", 0, 1, kContinuous, std::round(std::hypot(x - u, y - v) * demand[c]) / 10);
    }
  }
  auto share = [&](int f, int c) { return facilities + f * customers + c; };
  for (int c = 0; c < customers; ++c) {
    b.BeginRow("", 1, 1);
    for (int f = 0; f < facilities; ++f) b.AddTerm(share(f, c), 1);
  }
  for (int f = 0; f < facilities; ++f) {
    b.BeginRow("", -kInfinity, 0);
    for (int c = 0; c < customers; ++c) b.AddTerm(share(f, c), demand[c]);
    b.AddTerm(f, -capacity[f]);
    for (int c = 0; c < customers; ++c) {
      b.BeginRow("", -kInfinity, 0);
      b.AddTerm(share(f, c), 1);
      b.AddTerm(f, -1);
    }
  }
  return Finish(std::move(b), "facility_location");
}

Problem MultiKnapsack(int rows, int columns, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  std::vector<std::vector<int>> weight(rows, std::vector<int>(columns));
  for (auto& row : weight) {
    for (int& w : row) w = random.Int(10, 100);
  }
  for (int j = 0; j < columns; ++j) {
    int sum = 0;
    for (int i = 0; i < rows; ++i) sum += weight[i][j];
    b.AddColumn("", 0, 1, kBinary, std::round(static_cast<double>(sum) / rows) + random.Int(0, 50));
  }
  for (int i = 0; i < rows; ++i) {
    b.BeginRow("", -kInfinity, std::accumulate(weight[i].begin(), weight[i].end(), 0) / 2);
    for (int j = 0; j < columns; ++j) b.AddTerm(j, weight[i][j]);
  }
  b.SetSense(Sense::kMaximize);
  return Finish(std::move(b), "multi_knapsack");
}

Problem GeneralizedAssignment(int agents, int tasks, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  std::vector<int> work(agents * tasks);
  for (int a = 0; a < agents; ++a) {
    for (int t = 0; t < tasks; ++t) {
      const int w = random.Int(5, 25);
      work[a * tasks + t] = w;
      b.AddColumn("", 0, 1, kBinary, 30 - w + random.Int(0, 12));
    }
  }
  for (int t = 0; t < tasks; ++t) {
    b.BeginRow("", 1, 1);
    for (int a = 0; a < agents; ++a) b.AddTerm(a * tasks + t, 1);
  }
  for (int a = 0; a < agents; ++a) {
    int sum = 0;
    for (int t = 0; t < tasks; ++t) sum += work[a * tasks + t];
    b.BeginRow("", -kInfinity, std::floor(0.8 * sum / agents));
    for (int t = 0; t < tasks; ++t) b.AddTerm(a * tasks + t, work[a * tasks + t]);
  }
  return Finish(std::move(b), "generalized_assignment");
}

Problem SetCovering(int rows, int columns, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  for (int j = 0; j < columns; ++j) b.AddColumn("", 0, 1, kBinary, random.Int(1, 100));
  for (int i = 0; i < rows; ++i) {
    b.BeginRow("", 1, kInfinity);
    std::vector<bool> taken(columns);
    const int size = random.Int(columns / 40 + 2, columns / 20 + 3);
    for (int k = 0; k < size; ++k) {
      const int j = random.Int(0, columns - 1);
      if (taken[j]) continue;
      taken[j] = true;
      b.AddTerm(j, 1);
    }
  }
  return Finish(std::move(b), "set_covering");
}

Problem FixedChargeNetwork(int nodes, int arcs_per_node, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  struct Arc {
    int from, to;
    double capacity;
  };
  std::vector<Arc> arcs;
  for (int v = 0; v < nodes; ++v) {
    arcs.push_back({v, (v + 1) % nodes, static_cast<double>(random.Int(60, 120))});
    for (int k = 1; k < arcs_per_node; ++k) {
      int to = random.Int(0, nodes - 2);
      if (to >= v) ++to;
      arcs.push_back({v, to, static_cast<double>(random.Int(20, 60))});
    }
  }
  const int m = static_cast<int>(arcs.size());
  for (int a = 0; a < m; ++a) b.AddColumn("", 0, arcs[a].capacity, kContinuous, random.Int(1, 9));
  for (int a = 0; a < m; ++a) b.AddColumn("", 0, 1, kBinary, random.Int(30, 120));
  std::vector<double> supply(nodes, 0.0);
  for (int k = 0; k < nodes / 2; ++k) {
    const int from = random.Int(0, nodes - 1), to = random.Int(0, nodes - 1);
    const double amount = random.Int(2, 10);
    supply[from] += amount;
    supply[to] -= amount;
  }
  for (int v = 0; v < nodes; ++v) {
    b.BeginRow("", supply[v], supply[v]);
    for (int a = 0; a < m; ++a) {
      if (arcs[a].from == v) b.AddTerm(a, 1);
      if (arcs[a].to == v) b.AddTerm(a, -1);
    }
  }
  for (int a = 0; a < m; ++a) {
    b.BeginRow("", -kInfinity, 0);
    b.AddTerm(a, 1);
    b.AddTerm(m + a, -arcs[a].capacity);
  }
  return Finish(std::move(b), "fixed_charge_network");
}

Problem BinPacking(int items, int bins, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  for (int k = 0; k < bins; ++k) b.AddColumn("", 0, 1, kBinary, 100 + random.Int(0, 40));
  for (int i = 0; i < items * bins; ++i) b.AddColumn("", 0, 1, kBinary, random.Int(0, 9));
  for (int i = 0; i < items; ++i) {
    b.BeginRow("", 1, 1);
    for (int k = 0; k < bins; ++k) b.AddTerm(bins + i * bins + k, 1);
  }
  std::vector<int> size(items);
  for (int& s : size) s = random.Int(15, 50);
  for (int k = 0; k < bins; ++k) {
    b.BeginRow("", -kInfinity, 0);
    for (int i = 0; i < items; ++i) b.AddTerm(bins + i * bins + k, size[i]);
    b.AddTerm(k, -100);
  }
  return Finish(std::move(b), "bin_packing");
}

Problem JobShop(int jobs, int machines, uint64_t seed) {
  Random random(seed);
  ProblemBuilder b;
  const int n = jobs * machines;
  std::vector<int> length(n), order(n);
  double horizon = 0;
  for (int j = 0; j < jobs; ++j) {
    for (int m = 0; m < machines; ++m) {
      order[j * machines + m] = m;
      horizon += length[j * machines + m] = random.Int(2, 20);
    }
    for (int m = machines - 1; m > 0; --m)
      std::swap(order[j * machines + m], order[j * machines + random.Int(0, m)]);
  }
  for (int i = 0; i < n; ++i) b.AddColumn("", 0, horizon, kContinuous, 0);  // start, by machine
  const int makespan = b.AddColumn("", 0, horizon, kContinuous, 1);
  for (int j = 0; j < jobs; ++j) {
    for (int k = 0; k < machines; ++k) {
      const int now = j * machines + order[j * machines + k];
      const int next = k + 1 < machines ? j * machines + order[j * machines + k + 1] : makespan;
      b.BeginRow("", length[now], kInfinity);
      b.AddTerm(next, 1);
      b.AddTerm(now, -1);
    }
  }
  for (int m = 0; m < machines; ++m) {
    for (int i = 0; i < jobs; ++i) {
      for (int j = i + 1; j < jobs; ++j) {
        const int first = i * machines + m, second = j * machines + m;
        const int before = b.AddColumn("", 0, 1, kBinary, 0);
        b.BeginRow("", length[first] - horizon, kInfinity);
        b.AddTerm(second, 1);
        b.AddTerm(first, -1);
        b.AddTerm(before, -horizon);
        b.BeginRow("", length[second], kInfinity);
        b.AddTerm(first, 1);
        b.AddTerm(second, -1);
        b.AddTerm(before, horizon);
      }
    }
  }
  return Finish(std::move(b), "job_shop");
}

std::vector<Instance> BenchInstances() {
  std::vector<Instance> list;
  auto add = [&list](Problem problem) {
    std::string name = problem.name;
    list.push_back({std::move(name), std::move(problem)});
  };
  add(LotSizing(6, 24, 1));
  add(FacilityLocation(30, 90, 2));
  add(MultiKnapsack(5, 140, 3));
  add(GeneralizedAssignment(8, 40, 4));
  add(SetCovering(450, 3000, 5));
  add(FixedChargeNetwork(30, 4, 6));
  add(BinPacking(18, 8, 7));
  add(JobShop(6, 5, 8));
  return list;
}

}  // namespace solvent::bench
