// Generating problems from MathProg models: processor seconds per million nonzeros and bytes per
// nonzero, both as the run meters them and as the process holds them at its peak, next to a
// hand-written loop that fills the same matrix in the same run, and `glpsol --check` where it is
// installed; reading data; binding JSON.
//   bench_mathprog [--nonzeros N] [--only NAME] [--no-glpsol]
// Without a size, from 10^4 to 10^7 nonzeros, with the growth of the time per nonzero from 10^6 to
// 10^7, whose rounds take turns. Prints one JSON object a line.
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "solvent/json.h"
#include "solvent/mathprog.h"

namespace {

using namespace solvent;
// Of processor time: all that is measured runs in one thread, and other work disturbs it less.
double Now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double Since(double start) { return Now() - start; }

double ChildrenSeconds() {
  rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Rows into an arena, then one transposition: what a programmer would write for one model.
class HandLoop {
 public:
  explicit HandLoop(int columns) : columns_(columns), objective_(static_cast<size_t>(columns)) {}
  void Cost(int column, double v) { objective_[static_cast<size_t>(column)] += v; }
  void Term(int column, double v) {
    index_.push_back(column);
    value_.push_back(v);
  }
  void EndRow(double lower, double upper) {
    start_.push_back(static_cast<int64_t>(index_.size()));
    lower_.push_back(lower);
    upper_.push_back(upper);
  }
  Problem Build() {
    Problem p;
    p.objective = std::move(objective_);
    p.column_lower.assign(p.objective.size(), 0);
    p.column_upper.assign(p.objective.size(), kInfinity);
    p.column_type.assign(p.objective.size(), ColumnType::kContinuous);
    p.row_lower = std::move(lower_);
    p.row_upper = std::move(upper_);
    p.column_start.assign(static_cast<size_t>(columns_) + 1, 0);
    for (int32_t j : index_) ++p.column_start[static_cast<size_t>(j) + 1];
    for (size_t j = 0; j < static_cast<size_t>(columns_); ++j) {
      p.column_start[j + 1] += p.column_start[j];
    }
    p.row_index.resize(index_.size());
    p.value.resize(index_.size());
    std::vector<int64_t> fill(p.column_start.begin(), p.column_start.end() - 1);
    for (size_t r = 0; r + 1 < start_.size(); ++r) {
      for (auto i = static_cast<size_t>(start_[r]); i < static_cast<size_t>(start_[r + 1]); ++i) {
        const auto at = static_cast<size_t>(fill[static_cast<size_t>(index_[i])]++);
        p.row_index[at] = static_cast<int32_t>(r);
        p.value[at] = value_[i];
      }
    }
    return p;
  }

 private:
  int columns_;
  std::vector<double> objective_;
  std::vector<int64_t> start_{0};
  std::vector<int32_t> index_;
  std::vector<double> value_, lower_, upper_;
};

struct Family {
  const char* name;
  bool sliced;
  // Model text with its data, for about `nonzeros` nonzeros; and the hand-written loop.
  std::function<std::string(int64_t nonzeros)> model;
  std::function<Problem(int64_t nonzeros)> hand;
};

std::string N(int64_t n) { return std::to_string(n); }
int Root(double x) { return std::max(2, static_cast<int>(std::sqrt(x))); }

std::vector<Family> Families() {
  std::vector<Family> list;
  list.push_back({"transportation", false,
                  [](int64_t nz) {
                    const int n = Root(static_cast<double>(nz) / 3);
                    return "param n := " + N(n) +
                           ";\nset I := 1..n; set J := 1..n;\n"
                           "param c{i in I, j in J} := (7*i + 13*j) mod 97 + 1;\n"
                           "param a{i in I} := 100 + i mod 7; param b{j in J} := 50 + j mod 5;\n"
                           "var x{I,J} >= 0;\nminimize cost: sum{i in I, j in J} c[i,j]*x[i,j];\n"
                           "s.t. supply{i in I}: sum{j in J} x[i,j] <= a[i];\n"
                           "s.t. demand{j in J}: sum{i in I} x[i,j] >= b[j];\nend;\n";
                  },
                  [](int64_t nz) {
                    const int n = Root(static_cast<double>(nz) / 3);
                    HandLoop h(n * n);
                    for (int i = 0; i < n; ++i) {
                      for (int j = 0; j < n; ++j)
                        h.Cost(i * n + j, (7 * (i + 1) + 13 * (j + 1)) % 97 + 1);
                    }
                    for (int i = 0; i < n; ++i) {
                      for (int j = 0; j < n; ++j) h.Term(i * n + j, 1);
                      h.EndRow(-kInfinity, 100 + (i + 1) % 7);
                    }
                    for (int j = 0; j < n; ++j) {
                      for (int i = 0; i < n; ++i) h.Term(i * n + j, 1);
                      h.EndRow(50 + (j + 1) % 5, kInfinity);
                    }
                    return h.Build();
                  }});
  list.push_back({"assignment", false,
                  [](int64_t nz) {
                    const int n = Root(static_cast<double>(nz) / 3);
                    std::string agents, tasks;
                    for (int i = 1; i <= n; ++i) agents += " agent" + N(i), tasks += " task" + N(i);
                    return "set A; set T;\nparam cost{a in A, t in T} default 3;\n"
                           "var x{a in A, t in T} binary;\n"
                           "minimize total: sum{a in A, t in T} cost[a,t]*x[a,t];\n"
                           "s.t. one_task{a in A}: sum{t in T} x[a,t] = 1;\n"
                           "s.t. one_agent{t in T}: sum{a in A} x[a,t] = 1;\n"
                           "data;\nset A :=" +
                           agents + ";\nset T :=" + tasks + ";\nend;\n";
                  },
                  [](int64_t nz) {
                    const int n = Root(static_cast<double>(nz) / 3);
                    HandLoop h(n * n);
                    for (int k = 0; k < n * n; ++k) h.Cost(k, 3);
                    for (int i = 0; i < n; ++i) {
                      for (int j = 0; j < n; ++j) h.Term(i * n + j, 1);
                      h.EndRow(1, 1);
                    }
                    for (int j = 0; j < n; ++j) {
                      for (int i = 0; i < n; ++i) h.Term(i * n + j, 1);
                      h.EndRow(1, 1);
                    }
                    return h.Build();
                  }});
  list.push_back(
      {"knapsack", false,
       [](int64_t nz) {
         return "param m := 100; param n := " + N(std::max<int64_t>(2, nz / 101)) +
                ";\nparam w{i in 1..m, j in 1..n} := 1 + (i*j) mod 50;\n"
                "var x{1..n} binary;\nmaximize profit: sum{j in 1..n} (1 + j mod 100)*x[j];\n"
                "s.t. room{i in 1..m}: sum{j in 1..n} w[i,j]*x[j] <= 10*n;\nend;\n";
       },
       [](int64_t nz) {
         const int m = 100, n = static_cast<int>(std::max<int64_t>(2, nz / 101));
         HandLoop h(n);
         for (int j = 1; j <= n; ++j) h.Cost(j - 1, 1 + j % 100);
         for (int i = 1; i <= m; ++i) {
           for (int j = 1; j <= n; ++j) {
             h.Term(j - 1, 1 + static_cast<double>(static_cast<int64_t>(i) * j % 50));
           }
           h.EndRow(-kInfinity, 10.0 * n);
         }
         return h.Build();
       }});
  list.push_back(
      {"lot_sizing", false,
       [](int64_t nz) {
         return "param P := " + N(std::max<int64_t>(2, nz / (10 * 100))) +
                "; param T := 100;\nparam d{p in 1..P, t in 1..T} := (p + 3*t) mod 20;\n"
                "var x{1..P,1..T} >= 0; var s{1..P,0..T} >= 0; var y{1..P,1..T} binary;\n"
                "minimize cost: sum{p in 1..P, t in 1..T} (x[p,t] + 2*s[p,t] + 50*y[p,t]);\n"
                "s.t. start{p in 1..P}: s[p,0] = 0;\n"
                "s.t. balance{p in 1..P, t in 1..T}: s[p,t-1] + x[p,t] = d[p,t] + s[p,t];\n"
                "s.t. setup{p in 1..P, t in 1..T}: x[p,t] <= 1000*y[p,t];\n"
                "s.t. capacity{t in 1..T}: sum{p in 1..P} (x[p,t] + 5*y[p,t]) <= 30*P;\nend;\n";
       },
       [](int64_t nz) {
         const int P = static_cast<int>(std::max<int64_t>(2, nz / 1000)), T = 100;
         HandLoop h(P * T * 3 + P);
         auto x = [&](int p, int t) { return p * T + t; };
         auto y = [&](int p, int t) { return P * T + p * T + t; };
         auto s = [&](int p, int t) { return 2 * P * T + p * (T + 1) + t + 1; };
         for (int p = 0; p < P; ++p) {
           for (int t = 0; t < T; ++t) h.Cost(x(p, t), 1), h.Cost(s(p, t), 2), h.Cost(y(p, t), 50);
         }
         for (int p = 0; p < P; ++p) h.Term(s(p, -1), 1), h.EndRow(0, 0);
         for (int p = 0; p < P; ++p) {
           for (int t = 0; t < T; ++t) {
             h.Term(s(p, t - 1), 1), h.Term(x(p, t), 1), h.Term(s(p, t), -1);
             const double d = (p + 1 + 3 * (t + 1)) % 20;
             h.EndRow(d, d);
           }
         }
         for (int p = 0; p < P; ++p) {
           for (int t = 0; t < T; ++t) {
             h.Term(x(p, t), 1), h.Term(y(p, t), -1000), h.EndRow(-kInfinity, 0);
           }
         }
         for (int t = 0; t < T; ++t) {
           for (int p = 0; p < P; ++p) h.Term(x(p, t), 1), h.Term(y(p, t), 5);
           h.EndRow(-kInfinity, 30.0 * P);
         }
         return h.Build();
       }});
  list.push_back({"facility_location", true,
                  [](int64_t nz) {
                    const int n = Root(static_cast<double>(nz) / 5 * 4);
                    return "param n := " + N(n) +
                           ";\nset S := 1..n; set C := 1..n;\n"
                           "param dist{s in S, c in C} := (s*17 + c*31) mod 100;\n"
                           "set LANES := {s in S, c in C: dist[s,c] < 25};\n"
                           "var open{S} binary; var share{LANES} >= 0, <= 1;\n"
                           "minimize total: sum{s in S} 100*open[s] + sum{(s,c) in LANES} "
                           "dist[s,c]*share[s,c];\n"
                           "s.t. serve{c in C}: sum{(s,c) in LANES} share[s,c] = 1;\n"
                           "s.t. limit{s in S}: sum{(s,c) in LANES} share[s,c] <= 20*open[s];\n"
                           "s.t. link{(s,c) in LANES}: share[s,c] <= open[s];\nend;\n";
                  },
                  [](int64_t nz) {
                    const int n = Root(static_cast<double>(nz) / 5 * 4);
                    std::vector<std::vector<std::pair<int, int>>> by_site(static_cast<size_t>(n)),
                        by_customer(static_cast<size_t>(n));
                    int lanes = 0;
                    std::vector<double> cost;
                    for (int s = 1; s <= n; ++s) {
                      for (int c = 1; c <= n; ++c) {
                        const int d = (s * 17 + c * 31) % 100;
                        if (d >= 25) continue;
                        by_site[static_cast<size_t>(s - 1)].emplace_back(c - 1, lanes);
                        by_customer[static_cast<size_t>(c - 1)].emplace_back(s - 1, lanes);
                        cost.push_back(d);
                        ++lanes;
                      }
                    }
                    HandLoop h(n + lanes);
                    for (int s = 0; s < n; ++s) h.Cost(s, 100);
                    for (int l = 0; l < lanes; ++l) h.Cost(n + l, cost[static_cast<size_t>(l)]);
                    for (auto& lanes_in : by_customer) {
                      for (auto [s, l] : lanes_in) h.Term(n + l, 1);
                      h.EndRow(1, 1);
                    }
                    for (size_t s = 0; s < by_site.size(); ++s) {
                      for (auto [c, l] : by_site[s]) h.Term(n + l, 1);
                      h.Term(static_cast<int>(s), -20);
                      h.EndRow(-kInfinity, 0);
                    }
                    for (size_t s = 0; s < by_site.size(); ++s) {
                      for (auto [c, l] : by_site[s]) {
                        h.Term(n + l, 1), h.Term(static_cast<int>(s), -1), h.EndRow(-kInfinity, 0);
                      }
                    }
                    return h.Build();
                  }});
  list.push_back({"multicommodity_flow", true,
                  [](int64_t nz) {
                    const int nodes = std::max(100, Root(static_cast<double>(nz) / 40));
                    const auto k = std::max<int64_t>(1, nz / (nodes * 8 * 4));
                    return "param n := " + N(nodes) + "; param k := " + N(k) +
                           ";\nset V := 1..n; set K := 1..k;\n"
                           "set A := setof{i in V, d in 1..8} (i, (i + d*d) mod n + 1);\n"
                           "param cap{(i,j) in A} := 10 + (i + j) mod 7;\n"
                           "var f{K, A} >= 0;\n"
                           "minimize cost: sum{h in K, (i,j) in A} ((i + j) mod 9 + 1)*f[h,i,j];\n"
                           "s.t. balance{h in K, v in V}:\n"
                           "  sum{(v,j) in A} f[h,v,j] - sum{(i,v) in A} f[h,i,v]\n"
                           "  = if v = 1 then 5 else if v = n then -5 else 0;\n"
                           "s.t. capacity{(i,j) in A}: sum{h in K} f[h,i,j] <= cap[i,j];\nend;\n";
                  },
                  [](int64_t nz) {
                    const int n = std::max(100, Root(static_cast<double>(nz) / 40));
                    const int k = static_cast<int>(std::max<int64_t>(1, nz / (n * 8 * 4)));
                    std::vector<std::vector<int>> out(static_cast<size_t>(n)),
                        in(static_cast<size_t>(n));
                    std::vector<std::pair<int, int>> arcs;
                    for (int i = 1; i <= n; ++i) {
                      for (int d = 1; d <= 8; ++d) {
                        const int j = (i + d * d) % n + 1;
                        out[static_cast<size_t>(i - 1)].push_back(static_cast<int>(arcs.size()));
                        in[static_cast<size_t>(j - 1)].push_back(static_cast<int>(arcs.size()));
                        arcs.emplace_back(i, j);
                      }
                    }
                    const int a = static_cast<int>(arcs.size());
                    HandLoop h(k * a);
                    for (int c = 0; c < k; ++c) {
                      for (int e = 0; e < a; ++e) {
                        const auto [i, j] = arcs[static_cast<size_t>(e)];
                        h.Cost(c * a + e, (i + j) % 9 + 1);
                      }
                    }
                    for (int c = 0; c < k; ++c) {
                      for (int v = 0; v < n; ++v) {
                        for (int e : out[static_cast<size_t>(v)]) h.Term(c * a + e, 1);
                        for (int e : in[static_cast<size_t>(v)]) h.Term(c * a + e, -1);
                        const double b = v == 0 ? 5 : v == n - 1 ? -5 : 0;
                        h.EndRow(b, b);
                      }
                    }
                    for (int e = 0; e < a; ++e) {
                      for (int c = 0; c < k; ++c) h.Term(c * a + e, 1);
                      h.EndRow(-kInfinity, 20);
                    }
                    return h.Build();
                  }});
  return list;
}

// Of `glpsol --check` on the model, with its data in a file of its own when there is one; negative
// when it is not installed, fails or takes over a minute.
double GlpsolSeconds(const std::string& text, const std::string& data = "") {
  const std::string name = "/tmp/bench_mathprog_" + N(static_cast<int64_t>(::getpid()));
  const std::string model = name + ".mod", file = name + ".dat";
  std::ofstream(model) << text;
  if (!data.empty()) std::ofstream(file) << data;
  const std::string command = "timeout 60 glpsol --check -m " + model +
                              (data.empty() ? "" : " -d " + file) + " > /dev/null 2>&1";
  const double start = ChildrenSeconds();
  const int rc = std::system(command.c_str());
  const double seconds = ChildrenSeconds() - start;
  std::remove(model.c_str());
  std::remove(file.c_str());
  return rc == 0 ? seconds : -1;
}

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "bench_mathprog: %s\n", message.c_str());
  std::exit(1);
}

void Print(const Json& line) {
  std::printf("%s\n", line.Dump().c_str());
  std::fflush(stdout);
}

MathProgRunOptions Generous() {
  MathProgRunOptions options;
  options.limits.max_nonzeros = 100'000'000;
  options.limits.max_columns = 50'000'000;
  options.limits.max_rows = 50'000'000;
  options.limits.max_set_members = 50'000'000;
  options.limits.max_total_members = 200'000'000;
  return options;
}

std::shared_ptr<const MathProgModel> Compiled(const std::string& text) {
  MathProgCompiled compiled = MathProgModel::Compile(text);
  if (!compiled.model) Die(compiled.diagnostics[0].ToString());
  return compiled.model;
}

// A line of /proc/self/status, "VmHWM" or "VmRSS", in bytes.
int64_t Resident(std::string_view key) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(key)) return std::atoll(line.c_str() + key.size() + 1) * 1024;
  }
  return 0;
}

// Generation of one family at one size, measured round by round.
class Measured {
 public:
  Measured(const Family& family, int64_t nonzeros)
      : family_(family), nonzeros_(nonzeros), model_(Compiled(family.model(nonzeros))) {}

  void Round() {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts anew
    const int64_t before = Resident("VmRSS");
    double start = Now();
    MathProgGenerated g = model_->Generate({}, Generous());
    best_ = std::min(best_, Since(start));
    resident_ = std::max(resident_, Resident("VmHWM") - before);
    if (!g.run) Die(g.diagnostics[0].ToString());
    count_ = g.run->stats().nonzeros;
    metered_ = g.run->stats().peak_bytes;
    start = Now();
    const Problem p = family_.hand(nonzeros_);
    hand_ = std::min(hand_, Since(start));
    const Problem& ours = g.run->problem();
    if (p.num_rows() != ours.num_rows() || p.num_nonzeros() != ours.num_nonzeros()) {
      Die(std::string(family_.name) + ": the hand-written loop makes another matrix");
    }
  }

  double SecondsPerMillion() const { return best_ / Millions(); }

  Json Line() const {
    const auto count = static_cast<double>(count_);
    Json line;
    line.Set("bench", family_.name)
        .Set("nonzeros", count_)
        .Set("seconds_per_million", SecondsPerMillion())
        .Set("hand_seconds_per_million", hand_ / Millions())
        .Set("times_the_hand_loop", best_ / hand_)
        .Set("bytes_per_nonzero", static_cast<double>(metered_) / count)
        .Set("resident_bytes_per_nonzero", static_cast<double>(resident_) / count);
    return line;
  }

 private:
  double Millions() const { return static_cast<double>(count_) / 1e6; }

  const Family& family_;
  int64_t nonzeros_;
  std::shared_ptr<const MathProgModel> model_;
  double best_ = 1e9;
  double hand_ = 1e9;
  int64_t count_ = 0;
  int64_t metered_ = 0;
  int64_t resident_ = 0;
};

constexpr int64_t kMedium = 1'000'000, kLarge = 10'000'000;

void Generation(const Family& family, const std::vector<int64_t>& sizes, bool with_glpsol) {
  std::vector<Measured> measured;
  for (const int64_t nonzeros : sizes) measured.emplace_back(family, nonzeros);
  for (int r = 0; r < 5; ++r) {
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] <= kMedium * 5 || r < 3) measured[i].Round();
    }
  }
  double medium = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    Json line = measured[i].Line();
    if (sizes[i] == kMedium) {
      medium = measured[i].SecondsPerMillion();
      // Where glpsol is quadratic, a tenth of the size is to its favour and still ends.
      const int64_t theirs = family.sliced ? kMedium / 10 : kMedium;
      const double glpsol = with_glpsol ? GlpsolSeconds(family.model(theirs)) : -1;
      if (glpsol > 0) {
        const double per_million = glpsol / (static_cast<double>(theirs) / 1e6);
        line.Set("glpsol_seconds_per_million", per_million)
            .Set("glpsol_nonzeros", theirs)
            .Set("glpsol_times_ours", per_million / medium);
      }
    }
    if (sizes[i] == kLarge && medium > 0) {
      line.Set("times_the_time_at_a_million", measured[i].SecondsPerMillion() / medium);
    }
    Print(line);
  }
}

struct DataCase {
  const char* name;
  std::string model;
  std::string data;
};

std::vector<DataCase> DataCases() {
  std::vector<DataCase> list;
  const char* last = "param total := sum{i in I, j in J} p[i,j];\nvar x >= total;\nend;\n";
  std::string heads, plain = "param p :=\n", table, names = "set I :=";
  for (int j = 1; j <= 1000; ++j) heads += " " + N(j);
  table = "param p :" + heads + " :=\n";
  for (int i = 1; i <= 1000; ++i) {
    table += N(i);
    for (int j = 1; j <= 1000; ++j) {
      const std::string value = N((i * 37 + j * 11) % 1000) + "." + N(i % 10);
      plain += N(i) + " " + N(j) + " " + value + "\n";
      table += " " + value;
    }
    table += "\n";
  }
  const std::string numbers = "set I := 1..1000; set J := 1..1000; param p{I,J};\n";
  list.push_back({"data_lists_of_numbers", numbers + last, plain + ";\nend;\n"});
  list.push_back({"data_tables_of_numbers", numbers + last, table + ";\nend;\n"});
  std::string texts = "param : A : p :=\n";
  for (int i = 0; i < 1000; ++i) {
    for (int j = 0; j < 500; ++j) {
      texts += "warehouse_" + N(i) + " product_" + N(j) + " " + N((i * j) % 977) + ".25\n";
    }
  }
  list.push_back({"data_records_of_names",
                  "set A dimen 2; param p{A};\nparam total := sum{(i,j) in A} p[i,j];\n"
                  "var x >= total;\nend;\n",
                  texts + ";\nend;\n"});
  return list;
}

// The whole of Generate, for a model that is nearly nothing but its data.
void Data(const DataCase& c, bool with_glpsol) {
  const auto model = Compiled(c.model);
  MathProgInput input;
  input.data = {c.data};
  double best = 1e9;
  for (int r = 0; r < 5; ++r) {
    const double start = Now();
    MathProgGenerated g = model->Generate(input, Generous());
    best = std::min(best, Since(start));
    if (!g.run) Die(g.diagnostics[0].ToString());
  }
  const double megabytes = static_cast<double>(c.data.size()) / 1e6;
  Json line;
  line.Set("bench", c.name).Set("megabytes", megabytes).Set("mb_per_second", megabytes / best);
  const double glpsol = with_glpsol ? GlpsolSeconds(c.model, c.data) : -1;
  if (glpsol > 0) line.Set("glpsol_mb_per_second", megabytes / glpsol);
  Print(line);
}

void JsonBinding() {
  constexpr int kRecords = 100'000;
  const auto model = Compiled(
      "set SITES; param capacity{SITES}; param cost{SITES};\n"
      "table t IN \"JSON\" \"sites\": SITES <- [name], capacity, cost;\n"
      "var open{SITES} >= 0;\n"
      "minimize total: sum{s in SITES} cost[s] * open[s];\n"
      "s.t. limit{s in SITES}: open[s] <= capacity[s];\nend;\n");
  std::string text = "{\"sites\":[";
  for (int i = 0; i < kRecords; ++i) {
    text += i == 0 ? "{" : ",{";
    text += "\"name\":\"site " + N(i) + "\",\"capacity\":" + N(100 + i % 50) +
            ",\"cost\":" + N(i % 97) + ".5}";
  }
  text += "]}";
  double parse = 1e9, bind = 1e9, all = 1e9;
  for (int r = 0; r < 5; ++r) {
    double start = Now();
    absl::StatusOr<Json> document = ParseJson(text);
    parse = std::min(parse, Since(start));
    if (!document.ok()) Die(document.status().ToString());
    MathProgInput input;
    input.json = &*document;
    start = Now();
    MathProgGenerated g = model->Generate(input, Generous());
    all = std::min(all, Since(start));
    if (!g.run) Die(g.diagnostics[0].ToString());
    bind = std::min(bind, g.run->stats().bind_ms / 1e3);
  }
  Json line;
  line.Set("bench", "json_binding")
      .Set("records", kRecords)
      .Set("parse_seconds", parse)
      .Set("bind_seconds", bind)
      .Set("bind_and_generate_seconds", all);
  Print(line);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int64_t> sizes = {10'000, 100'000, kMedium, kLarge};
  std::string only;
  bool glpsol = true;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--no-glpsol") glpsol = false;
    if (i + 1 < argc && arg == "--nonzeros") sizes = {std::atoll(argv[i + 1])};
    if (i + 1 < argc && arg == "--only") only = argv[i + 1];
  }
  for (const Family& family : Families()) {
    if (only.empty() || only == family.name) Generation(family, sizes, glpsol);
  }
  if (only.empty() || only == "data") {
    for (const DataCase& c : DataCases()) Data(c, glpsol);
  }
  if (only.empty() || only == "json") JsonBinding();
  return 0;
}
