// How fast the SQLite store is: durable submissions against bare SQLite with the same sync and
// group size, point reads, list pages and totals at growing numbers of executions.
//   bench_store [--long] [--directory DIR]
// prints one JSON object a line. --long adds ten million executions (about 5 GB of disk).
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "clock.h"
#include "ids.h"
#include "solvent/json.h"
#include "solvent/sqlite_store.h"
#include "store_ports.h"

namespace solvent {
namespace {

constexpr int kClients = 32;
constexpr int kRounds = 4;
constexpr double kRoundSeconds = 1;
constexpr int kProblemBytes = 800;

void Print(std::string_view name, Json fields) {
  Json line;
  line.Set("bench", "store");
  line.Set("name", name);
  for (Json::Member& member : fields.mutable_object()) {
    line.Set(member.name, std::move(member.value));
  }
  std::printf("%s\n", line.Dump().c_str());
  std::fflush(stdout);
}

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "bench_store: %s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) Die(value.status().ToString());
  return *std::move(value);
}

void MustRun(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Die(sqlite3_errmsg(db));
}

sqlite3* MustOpen(const std::string& path) {
  sqlite3* db = nullptr;
  if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) Die(sqlite3_errmsg(db));
  return db;
}

std::atomic<int64_t> commits{0};

// Counts the commits of connections opened from now on.
int CountCommits(sqlite3* db, const char**, const void*) {
  sqlite3_commit_hook(
      db, [](void*) { return ++commits, 0; }, nullptr);
  return 0;
}

struct Rate {
  int64_t rows = 0;
  double seconds = 0;
  double per_second() const { return static_cast<double>(rows) / seconds; }
};

void SubmitThroughStore(RunPort& runs, Rate& rate, std::vector<double>& latencies) {
  std::vector<std::vector<double>> each(kClients);
  std::vector<std::thread> threads;
  double start = SteadySeconds();
  for (int t = 0; t < kClients; ++t) {
    threads.emplace_back([&, t] {
      while (SteadySeconds() < start + kRoundSeconds) {
        NewRun run;
        run.execution.id = NewId("exe");
        run.execution.organization_id = "org_0123456789abcdef";
        run.execution.user_id = "usr_0123456789abcdef";
        run.execution.origin = "manual";
        run.execution.solver_name = "cbc";
        run.problem.assign(kProblemBytes, 'p');
        run.now = SystemNow();
        double before = SteadySeconds();
        Must(runs.Insert(std::move(run), INT64_MAX));
        each[t].push_back(SteadySeconds() - before);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  rate.seconds += SteadySeconds() - start;
  for (const auto& one : each) {
    rate.rows += static_cast<int64_t>(one.size());
    latencies.insert(latencies.end(), one.begin(), one.end());
  }
}

// One thread, one table, one text key: what SQLite itself can do with groups of this size.
void SubmitBare(sqlite3* db, int group, Rate& rate) {
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO runs VALUES (?1, ?2, ?3, ?4)", -1, &insert, nullptr);
  std::string org = "org_0123456789abcdef", problem(kProblemBytes, 'p');
  double start = SteadySeconds();
  while (SteadySeconds() < start + kRoundSeconds) {
    MustRun(db, "BEGIN IMMEDIATE");
    for (int i = 0; i < group; ++i, ++rate.rows) {
      std::string id = NewId("exe");
      sqlite3_bind_text(insert, 1, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
      sqlite3_bind_text(insert, 2, org.data(), static_cast<int>(org.size()), SQLITE_STATIC);
      sqlite3_bind_int64(insert, 3, SystemNow());
      sqlite3_bind_blob(insert, 4, problem.data(), kProblemBytes, SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) Die(sqlite3_errmsg(db));
      sqlite3_reset(insert);
    }
    MustRun(db, "COMMIT");
  }
  rate.seconds += SteadySeconds() - start;
  sqlite3_finalize(insert);
}

// Both have the same settings and take turns, since a disk's syncs cost more at one time than at
// another.
void BenchSubmissions(const std::string& directory) {
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(&CountCommits));
  std::unique_ptr<Store> store = Must(OpenSqliteStore(directory + "/submit.db"));
  sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&CountCommits));
  sqlite3* db = MustOpen(directory + "/bare.db");
  MustRun(db,
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"
          "PRAGMA wal_autocheckpoint = 4000; PRAGMA secure_delete = OFF;"
          "CREATE TABLE runs (id TEXT PRIMARY KEY, org TEXT, created_at INTEGER, problem BLOB)");
  commits = 0;
  Rate through_store, bare;
  std::vector<double> latencies;
  double group = 1;
  for (int round = 0; round < kRounds; ++round) {
    SubmitThroughStore(*store->ports().runs, through_store, latencies);
    group = static_cast<double>(through_store.rows) / static_cast<double>(commits.load());
    SubmitBare(db, std::max(1, static_cast<int>(group + 0.5)), bare);
  }
  sqlite3_close(db);
  std::sort(latencies.begin(), latencies.end());
  Json fields;
  fields.Set("clients", kClients);
  fields.Set("per_second", through_store.per_second());
  fields.Set("median_ms", latencies[latencies.size() / 2] * 1e3);
  fields.Set("p99_ms", latencies[latencies.size() * 99 / 100] * 1e3);
  fields.Set("runs_per_commit", group);
  fields.Set("bare_sqlite_per_second", bare.per_second());
  fields.Set("ratio", through_store.per_second() / bare.per_second());
  Print("durable_submissions", std::move(fields));
}

// Most runs have completed, 2 % failed, 0.1 % timed out, a hundred are waiting.
void Fill(const std::string& path, int64_t runs) {
  Must(OpenSqliteStore(path));
  sqlite3* db = MustOpen(path);
  MustRun(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -1500000; PRAGMA journal_mode = OFF");
  MustRun(db, "CREATE TEMP TABLE size (runs INTEGER)");
  MustRun(db, ("INSERT INTO size VALUES (" + std::to_string(runs) + ")").c_str());
  MustRun(db, R"(
    BEGIN;
    INSERT INTO run_facets (k, org, kind, value, last_seq, last_created_at)
      SELECT 1, 0, 1, 'org_a', runs, runs FROM size;
    INSERT INTO run_facets (k, org, kind, value) VALUES (2, 1, 2, 'manual'), (3, 1, 2, 'triggered');
    WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i, size WHERE n < runs)
    INSERT INTO executions (n, id, org, seq, state, priority, origin, model, "trigger", created_at,
      started_at, completed_at, user_id, name, catalog_id, model_name, run_id, version_id,
      solver_name, "columns", "rows", time_limit_seconds, solver_status, objective_value,
      credits_used)
    SELECT n, 'exe_' || lower(hex(randomblob(8))), 1, n,
      CASE WHEN n > runs - 100 THEN 0 WHEN n % 49 = 7 THEN 3 WHEN n % 1000 = 9 THEN 4 ELSE 2 END,
      0, iif(n % 10 = 0, 3, 2), 0, 0, n, n, n, 'usr_0123456789abcdef', 'plan', '', '', '', '',
      'cbc', 10, 10, 60, 'optimal', n * 0.5, 1 FROM i, size;
    INSERT INTO run_inputs SELECT n, x'00', '', zeroblob(16) FROM executions;
    INSERT INTO run_outputs SELECT n, '', '', '{"status":"optimal","objective_value":12.5}'
      FROM executions WHERE state = 2;
    INSERT INTO run_blocks (facet, block, n0, n2, n3, n4)
      SELECT f.k, seq >> 12, sum(state = 0), sum(state = 2), sum(state = 3), sum(state = 4)
      FROM executions e JOIN run_facets f ON f.k IN (0, 1, e.origin) GROUP BY 1, 2;
    UPDATE run_facets SET (n0, n2, n3, n4) =
      (SELECT sum(n0), sum(n2), sum(n3), sum(n4) FROM run_blocks WHERE facet = run_facets.k);
    COMMIT;)");
  sqlite3_close(db);
}

void BenchLatency(std::string_view name, int64_t runs, int repeats,
                  const std::function<void()>& work) {
  work();  // the caches
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    double start = SteadySeconds();
    work();
    times.push_back((SteadySeconds() - start) * 1e3);
  }
  std::sort(times.begin(), times.end());
  Json fields;
  fields.Set("executions", runs);
  fields.Set("median_ms", times[times.size() / 2]);
  fields.Set("p99_ms", times[times.size() * 99 / 100]);
  Print(name, std::move(fields));
}

void BenchPointReads(Store& store, int64_t runs, const std::vector<std::string>& ids) {
  for (int clients : {1, 4}) {
    std::atomic<int64_t> reads{0};
    std::vector<std::thread> threads;
    double start = SteadySeconds();
    for (int t = 0; t < clients; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        while (SteadySeconds() < start + 1) {
          for (int i = 0; i < 50; ++i) {
            Must(store.ports().runs->Get("org_a", ids[random() % ids.size()]));
          }
          reads += 50;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    Json fields;
    fields.Set("executions", runs);
    fields.Set("clients", clients);
    fields.Set("per_second", static_cast<double>(reads) / (SteadySeconds() - start));
    Print("point_reads", std::move(fields));
  }
}

void BenchReads(const std::string& directory, int64_t runs) {
  std::string path = directory + "/runs_" + std::to_string(runs) + ".db";
  double start = SteadySeconds();
  Fill(path, runs);
  Json filled;
  filled.Set("executions", runs);
  filled.Set("seconds", SteadySeconds() - start);
  filled.Set("megabytes", static_cast<int64_t>(std::filesystem::file_size(path) >> 20));
  Print("fill", std::move(filled));

  std::unique_ptr<Store> store = Must(OpenSqliteStore(path));
  RunPort& port = *store->ports().runs;
  std::vector<std::string> ids;
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    PageRequest request{static_cast<int64_t>(random() % runs) + 1, 1};
    ids.push_back(Must(port.List("org_a", {}, request)).items.at(0).id);
  }
  BenchPointReads(*store, runs, ids);

  struct Case {
    const char* name;
    std::optional<RunState> state;
    const char* origin;
    const char* organization;
  };
  const Case cases[] = {{"all", std::nullopt, "", "org_a"},
                        {"completed", RunState::kCompleted, "", "org_a"},
                        {"failed", RunState::kFailed, "", "org_a"},
                        {"timeout", RunState::kTimeout, "", "org_a"},
                        {"origin", std::nullopt, "manual", "org_a"},
                        {"origin_failed", RunState::kFailed, "triggered", "org_a"},
                        {"any_organization_failed", RunState::kFailed, "", ""}};
  for (const Case& c : cases) {
    ExecutionFilter filter;
    filter.state = c.state;
    filter.origin = c.origin;
    int64_t total = Must(port.List(c.organization, filter, {1, 1})).total;
    int64_t last = std::max<int64_t>(1, (total + 49) / 50);
    std::pair<const char*, int64_t> places[] = {
        {"first", 1}, {"middle", std::max<int64_t>(1, last / 2)}, {"last", last}};
    for (auto [place, number] : places) {
      BenchLatency("list_" + std::string(c.name) + "_" + place, runs, 200, [&, number = number] {
        Must(port.List(c.organization, filter, {number, 50}));
      });
    }
    // A page beyond the end is a total and nothing else.
    BenchLatency("total_" + std::string(c.name), runs, 200, [&] {
      Page<Execution> page = Must(port.List(c.organization, filter, {last + 1, 50}));
      if (page.total != total || !page.items.empty()) Die("the total changed");
    });
  }
  BenchLatency("stats", runs, 200, [&] { Must(port.Stats()); });
  store.reset();
  std::filesystem::remove(path);
}

int Main(int argc, char** argv) {
  bool is_long = false;
  std::string parent = std::filesystem::temp_directory_path();
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--long") == 0) {
      is_long = true;
    } else if (std::strcmp(argv[i], "--directory") == 0 && i + 1 < argc) {
      parent = argv[++i];
    } else {
      Die("usage: bench_store [--long] [--directory DIR]");
    }
  }
  std::string directory = parent + "/solvent-bench-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) Die("cannot make a directory in " + parent);
  BenchSubmissions(directory);
  BenchReads(directory, 10'000);
  BenchReads(directory, 1'000'000);
  if (is_long) BenchReads(directory, 10'000'000);
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace solvent

int main(int argc, char** argv) { return solvent::Main(argc, argv); }
