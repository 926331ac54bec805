// Batches against the bare solves that they consist of: what a task costs beside its solve, with
// one worker and with two, and how lists of batches are read.
//
//   bench_jobs SERVER
//
// SERVER is the program whose worker mode is used. Prints one JSON object a line.
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "job_json.h"
#include "solvent/mathprog.h"
#include "solvent/solvent.h"

namespace {

using solvent::Json;

constexpr int kTasks = 1000;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "bench_jobs: %s\n", message.c_str());
  std::exit(1);
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) Die(std::string(solvent::Message(value.status())));
  return *std::move(value);
}

void Print(Json row) { std::printf("%s\n", row.Dump().c_str()); }

// A small knapsack with a covering row, as a template whose data are the input.
constexpr char kModel[] =
    "set I; param gain{I}; param weight{I}; param room >= 0;"
    "table t IN \"JSON\" \"items\": I <- [name], gain, weight;"
    "var take{i in I} binary;"
    "maximize worth: sum{i in I} gain[i]*take[i];"
    "s.t. fits: sum{i in I} weight[i]*take[i] <= room;"
    "s.t. some: sum{i in I} take[i] >= 3;"
    "end;";

Json Scenario(int seed) {
  unsigned state = 2463534242u + static_cast<unsigned>(seed) * 977u;
  auto next = [&state](int most) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return static_cast<int>(state % static_cast<unsigned>(most)) + 1;
  };
  Json::Array items;
  int sum = 0;
  for (int i = 0; i < 25; ++i) {
    int weight = next(100);
    sum += weight;
    Json item;
    item.Set("name", "i" + std::to_string(i)).Set("gain", weight + next(20)).Set("weight", weight);
    items.push_back(std::move(item));
  }
  Json input;
  input.Set("items", std::move(items)).Set("room", sum / 2);
  return input;
}

struct Instance {
  Instance(const std::string& server, int workers, bool warm = true, const char* text = kModel,
           Json example = Scenario(1))
      : folder(Folder()) {
    solvent::EngineOptions options;
    options.worker.command = {server, "--solvent-worker"};
    options.worker.workers = workers;
    options.jobs.max_tasks = 100'000;
    options.jobs.warm_start = warm;
    options.jobs.max_parallel_executions = 100;
    options.credits.unlimited = true;
    engine = Must(solvent::Engine::Create(
        Must(solvent::OpenSqliteStore((folder / "bench.db").string())), std::move(options)));
    if (!engine->Start().ok()) Die("the engine does not start");
    auto member = Must(engine->identity().EnsureMember("bench", "bench"));
    caller.organization_id = member.organization_id;
    caller.user_id = member.user_id;
    solvent::NewOrgModel model;
    model.name = "knapsack";
    model.definition.generator_type = "template";
    model.definition.model = text;
    model.definition.example_input = std::move(example);
    model_id = Must(engine->models().Create(caller, std::move(model))).id;
    MakeJob("bench");
  }
  ~Instance() {
    engine.reset();
    std::filesystem::remove_all(folder);
  }
  static std::filesystem::path Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "solvent-bench-XXXXXX").string();
    return ::mkdtemp(pattern.data());
  }

  void MakeJob(const std::string& name) {
    solvent::JobDefinition job;
    job.name = name;
    job.model_id = model_id;
    job.runtime.max_concurrent_tasks = 64;
    Must(engine->jobs().Create(caller, job));
  }
  // Starts a batch of `tasks` and returns its id.
  std::string Start(int tasks, int first_seed, const std::string& job = "bench") {
    solvent::JobStart start;
    for (int i = 0; i < tasks; ++i) start.tasks.push_back({Scenario(first_seed + i), "", {}, {}});
    return Must(engine->jobs().Start(caller, job, std::move(start))).execution_id;
  }
  void Await(const std::string& id, const std::string& job = "bench") {
    while (!solvent::IsEndState(
        Must(engine->jobs().Execution(caller.organization_id, job, id, false)).state)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  solvent::JobSummary Summary(const std::string& id) {
    return Must(engine->jobs().Summary(caller.organization_id, "bench", id));
  }

  std::filesystem::path folder;
  std::unique_ptr<solvent::Engine> engine;
  solvent::Caller caller;
  std::string model_id;
};

// The solves alone, one after the other in one worker.
double BareSeconds(const std::string& server) {
  solvent::WorkerOptions options;
  options.command = {server, "--solvent-worker"};
  auto backend = Must(solvent::MakeWorkerBackend(std::move(options)));
  auto compiled = solvent::MathProgModel::Compile(kModel);
  std::vector<solvent::Problem> problems;
  for (int i = 0; i < kTasks; ++i) {
    Json input = Scenario(i);
    solvent::MathProgInput given;
    given.json = &input;
    auto generated = compiled.model->Generate(given);
    if (generated.run == nullptr) Die("the model does not generate");
    problems.push_back(generated.run->problem());
  }
  double begin = Now();
  for (const solvent::Problem& problem : problems) Must(backend->Solve(problem, {}));
  return Now() - begin;
}

struct BatchCost {
  double seconds = 0;
  double solves = 0;  // seconds within its own solves
};

BatchCost CostOfBatch(const std::string& server, int workers) {
  Instance instance(server, workers);
  instance.Await(instance.Start(20, 5000));  // warms workers and caches
  double begin = Now();
  std::string id = instance.Start(kTasks, 0);
  instance.Await(id);
  double seconds = Now() - begin;
  solvent::JobSummary summary = instance.Summary(id);
  if (summary.stats.success != kTasks) Die("not every task succeeded");
  return {seconds, summary.solve_seconds};
}

void BenchTasks(const std::string& server) {
  double bare = BareSeconds(server);
  BatchCost one = CostOfBatch(server, 1);
  BatchCost two = CostOfBatch(server, 2);
  double bare_again = BareSeconds(server);
  bare = (bare + bare_again) / 2;
  Json row;
  row.Set("bench", "1,000 small tasks, per task")
      .Set("bare_ms", bare)
      .Set("one_worker_ms", one.seconds)
      .Set("its_solves_ms", one.solves)
      .Set("two_workers_ms", two.seconds)
      .Set("over_bare_ms", one.seconds - bare)
      .Set("over_its_solves_ms", one.seconds - one.solves)
      .Set("two_over_one", one.seconds / two.seconds);
  for (const char* name : {"bare_ms", "one_worker_ms", "its_solves_ms", "two_workers_ms",
                           "over_bare_ms", "over_its_solves_ms"}) {
    row.Set(name, row[name].as_double() / kTasks * 1e3);
  }
  Print(std::move(row));
}

// Linear problems with other right-hand sides, with and without the basis of the task before.
constexpr char kTransport[] =
    "set I := 1..60; set J := 1..80; param d{J}; param s{I};"
    "table a IN \"JSON\" \"demand\": [j], d; table b IN \"JSON\" \"supply\": [i], s;"
    "var x{I, J} >= 0;"
    "minimize cost: sum{i in I, j in J} (1 + (i*7919 + j*104729 + i*j*31) mod 97) * x[i,j];"
    "s.t. meet{j in J}: sum{i in I} x[i,j] >= d[j];"
    "s.t. give{i in I}: sum{j in J} x[i,j] <= s[i];"
    "end;";

Json Transport(int seed) {
  Json::Array demand, supply;
  for (int j = 1; j <= 80; ++j) {
    Json row;
    row.Set("j", j).Set("d", 50 + (j * 37 + seed * 11) % 40);
    demand.push_back(std::move(row));
  }
  for (int i = 1; i <= 60; ++i) {
    Json row;
    row.Set("i", i).Set("s", 130 + (i * 53 + seed * 7) % 30);
    supply.push_back(std::move(row));
  }
  Json input;
  input.Set("demand", std::move(demand)).Set("supply", std::move(supply));
  return input;
}

// A plan of production over time, of 2,050 rows and 4,000 columns, with other demands.
constexpr char kPlan[] =
    "set P := 1..40; set T := 1..50; param d{P, T};"
    "table a IN \"JSON\" \"demand\": [p, t], d;"
    "var make{P, T} >= 0; var stock{P, T} >= 0;"
    "minimize cost: sum{p in P, t in T} ((3 + p mod 7 + t mod 5) * make[p,t] + stock[p,t]);"
    "s.t. balance{p in P, t in T}:"
    " (if t > 1 then stock[p,t-1] else 0) + make[p,t] - stock[p,t] = d[p,t];"
    "s.t. room{t in T}: sum{p in P} (1 + p mod 3) * make[p,t] <= 3200;"
    "end;";

Json Plan(int seed) {
  Json::Array demand;
  for (int p = 1; p <= 40; ++p) {
    for (int t = 1; t <= 50; ++t) {
      Json row;
      row.Set("p", p).Set("t", t).Set("d", 20 + (p * 31 + t * 17 + (p * t * seed) % 23) % 30);
      demand.push_back(std::move(row));
    }
  }
  Json input;
  input.Set("demand", std::move(demand));
  return input;
}

// Linear problems of one batch that differ in their right-hand sides.
struct LinearBatch {
  const char* title;
  const char* model;
  Json (*input)(int seed);
};
constexpr LinearBatch kLinear[] = {
    {"200 linear tasks of 140 rows and 4,800 columns, other right-hand sides", kTransport,
     Transport},
    {"200 linear tasks of 2,050 rows and 4,000 columns, other right-hand sides", kPlan, Plan},
};

struct LinearCost {
  double seconds = 0;
  double solve = 0;
  double mean = 0;  // of the optima
};

LinearCost CostOfLinear(const std::string& server, const LinearBatch& batch, bool warm) {
  constexpr int kCount = 200;
  Instance instance(server, 1, warm, batch.model, batch.input(1));
  solvent::JobStart start;
  for (int i = 0; i < kCount; ++i) start.tasks.push_back({batch.input(i), "", {}, {}});
  std::string id =
      Must(instance.engine->jobs().Start(instance.caller, "bench", std::move(start))).execution_id;
  double begin = Now();
  instance.Await(id);
  LinearCost cost;
  cost.seconds = Now() - begin;
  solvent::JobSummary summary = instance.Summary(id);
  if (summary.stats.success != kCount) Die("not every linear task succeeded");
  cost.solve = summary.solve_seconds / kCount;
  cost.mean = summary.mean;
  return cost;
}

void BenchBases(const std::string& server) {
  for (const LinearBatch& batch : kLinear) {
    LinearCost cold = CostOfLinear(server, batch, false);
    LinearCost warm = CostOfLinear(server, batch, true);
    Json row;
    row.Set("bench", batch.title)
        .Set("solve_ms_cold", cold.solve * 1e3)
        .Set("solve_ms_from_basis", warm.solve * 1e3)
        .Set("batch_s_cold", cold.seconds)
        .Set("batch_s_from_basis", warm.seconds)
        .Set("batch_gain", cold.seconds / warm.seconds)
        .Set("optima_differ_by", std::abs(cold.mean - warm.mean));
    Print(std::move(row));
  }
}

struct ListCost {
  double median = 0;
  double best = 0;
  size_t bytes = 0;
};

// What `GET /jobs/{job}/executions?limit=20` costs, down to the text that is sent.
ListCost CostOfList(Instance& instance, const std::string& job, bool with_tasks) {
  ListCost cost;
  std::vector<double> seconds;
  for (int i = 0; i < 15; ++i) {
    double begin = Now();
    auto found = Must(instance.engine->jobs().Executions(instance.caller.organization_id, job, 20,
                                                         0, with_tasks));
    std::string text;
    for (const auto& execution : found.items) {
      solvent::api::AppendJobExecution(text, execution, instance.engine->jobs().options().cluster);
    }
    seconds.push_back(Now() - begin);
    cost.bytes = text.size();
  }
  std::sort(seconds.begin(), seconds.end());
  cost.median = seconds[seconds.size() / 2];
  cost.best = seconds.front();
  return cost;
}

// With all tasks and without.
Json CostOfLists(Instance& instance, const char* title) {
  ListCost full = CostOfList(instance, "bench", true);
  ListCost none = CostOfList(instance, "bench", false);
  Json row;
  row.Set("bench", title)
      .Set("list_ms", full.median * 1e3)
      .Set("list_best_ms", full.best * 1e3)
      .Set("list_mb", static_cast<double>(full.bytes) / 1e6)
      .Set("tasks_none_ms", none.median * 1e3)
      .Set("tasks_none_best_ms", none.best * 1e3);
  return row;
}

void BenchLists(const std::string& server) {
  Instance instance(server, 2);
  double begin = Now();
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(instance.Start(1000, 1000 * i));
  double created = Now() - begin;
  Json row = CostOfLists(instance, "20 executions of 1,000 tasks, while they run");
  row.Set("create_ms_each", created / 20 * 1e3);
  Print(std::move(row));
  for (const std::string& id : ids) {
    Must(instance.engine->jobs().Cancel(instance.caller.organization_id, "bench", id, true, false));
  }
  Print(CostOfLists(instance, "the same when they have ended"));
}

// The list of one job with 20 executions of 10 tasks, alone and beside 10,000 tasks of another.
void BenchCrowd(const std::string& server) {
  Instance instance(server, 2);
  instance.MakeJob("small");
  for (int i = 0; i < 20; ++i) instance.Await(instance.Start(10, 10 * i, "small"), "small");
  ListCost alone = CostOfList(instance, "small", true);
  ListCost alone_none = CostOfList(instance, "small", false);
  std::string id = instance.Start(10'000, 0);
  Must(instance.engine->jobs().Cancel(instance.caller.organization_id, "bench", id, true, false));
  ListCost crowd = CostOfList(instance, "small", true);
  ListCost crowd_none = CostOfList(instance, "small", false);
  Json row;
  row.Set("bench", "list of 20 executions of 10 tasks, alone and beside 10,000 other tasks")
      .Set("list_ms_alone", alone.median * 1e3)
      .Set("list_ms_beside", crowd.median * 1e3)
      .Set("tasks_none_ms_alone", alone_none.median * 1e3)
      .Set("tasks_none_ms_beside", crowd_none.median * 1e3);
  Print(std::move(row));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) Die("usage: bench_jobs SERVER");
  BenchTasks(argv[1]);
  BenchBases(argv[1]);
  BenchLists(argv[1]);
  BenchCrowd(argv[1]);
  return 0;
}
