// The whole service against its peers, in one run: small solves over HTTP against the cbc program,
// durable submissions, reads against a bare HTTP server with a constant, memory and start.
//
//   bench_service SERVER
//
// Prints one JSON object a line.
#include <httplib.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "service_bench.h"
#include "solvent/solvent.h"

namespace {

using solvent::Json;
using solvent::bench::BareSqlite;
using solvent::bench::Connection;
using solvent::bench::Die;
using solvent::bench::Folder;
using solvent::bench::Median;
using solvent::bench::Now;
using solvent::bench::Percentile;
using solvent::bench::Print;
using solvent::bench::Rate;
using solvent::bench::Server;
using solvent::bench::Transportation;

double ResidentMb(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (file >> word) {
    if (word == "VmRSS:") {
      double kb = 0;
      file >> kb;
      return kb / 1024;
    }
  }
  return 0;
}

std::vector<int> Children(int pid) {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    int child = std::atoi(entry.path().filename().c_str());
    if (child == 0) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string text;
    std::getline(stat, text);
    size_t at = text.rfind(')');
    if (at != std::string::npos && at + 4 < text.size() &&
        std::atoi(text.c_str() + at + 4) == pid) {
      found.push_back(child);
    }
  }
  return found;
}

void SmallSolves(const Server& server, const std::string& folder) {
  solvent::Problem problem = Transportation(5, 8);
  std::string body = solvent::WriteFlatJson(problem);
  std::string mps = folder + "/small.mps";
  std::ofstream(mps) << solvent::WriteMps(problem);
  auto backend = solvent::MakeCbcBackend();
  Connection connection(server.port(), server.key());
  std::vector<double> http, bare, program;
  double objective = 0;
  for (int round = 0; round < 30; ++round) {
    double begin = Now();
    auto result = backend->Solve(problem, {});
    bare.push_back(Now() - begin);
    if (!result.ok() || !result->has_point) Die("the bare solve failed");
    objective = result->objective;
    for (int k = 0; k < 10; ++k) {
      begin = Now();
      if (connection.Send("POST", "/api/v2/solve", body) != 200) Die(connection.body());
      http.push_back(Now() - begin);
    }
    begin = Now();
    std::string command = "cbc " + mps + " solve > /dev/null";
    if (std::system(command.c_str()) != 0) Die("cbc failed");
    program.push_back(Now() - begin);
  }
  auto answer = solvent::ParseJson(connection.body());
  if (!answer.ok() || std::abs((*answer)["objective_value"].as_double() - objective) > 1e-6) {
    Die("answers differ");
  }
  Json line;
  line.Set("bench", "small_lp_over_http")
      .Set("http_ms", Median(http) * 1e3)
      .Set("cbc_program_ms", Median(program) * 1e3)
      .Set("bare_solve_ms", Median(bare) * 1e3)
      .Set("times_faster_than_cbc", Median(program) / Median(http))
      .Set("ms_over_bare_solve", (Median(http) - Median(bare)) * 1e3);
  Print(line);
}

constexpr char kTemplate[] = R"(
set PLANTS; set MARKETS;
param supply{PLANTS} >= 0; param demand{MARKETS} >= 0; param cost{PLANTS, MARKETS} >= 0;
var ship{p in PLANTS, m in MARKETS} >= 0;
minimize total: sum{p in PLANTS, m in MARKETS} cost[p,m] * ship[p,m];
s.t. limit{p in PLANTS}: sum{m in MARKETS} ship[p,m] <= supply[p];
s.t. meet{m in MARKETS}: sum{p in PLANTS} ship[p,m] >= demand[m];
end;
)";

// The same small LP, written as a template: what binding, generating and reporting cost.
void SmallTemplate(const Server& server) {
  Json::Array plants, markets, supply, demand, cost;
  for (int i = 0; i < 5; ++i) {
    plants.emplace_back("plant " + std::to_string(i));
    supply.emplace_back(500 + 10 * i);
    Json::Array row;
    for (int j = 0; j < 8; ++j) row.emplace_back((7 * i + 13 * j) % 17 + 1);
    cost.emplace_back(std::move(row));
  }
  for (int j = 0; j < 8; ++j) {
    markets.emplace_back("market " + std::to_string(j));
    demand.emplace_back(40 + 3 * j);
  }
  Json input;
  input.Set("PLANTS", std::move(plants))
      .Set("MARKETS", std::move(markets))
      .Set("supply", std::move(supply))
      .Set("demand", std::move(demand))
      .Set("cost", std::move(cost));
  solvent::MathProgCompiled compiled = solvent::MathProgModel::Compile(kTemplate);
  solvent::MathProgGenerated generated = compiled.model->Generate({.json = &input});
  if (generated.run == nullptr) Die("the template does not generate");
  auto backend = solvent::MakeCbcBackend();
  Json model;
  model.Set("name", "bench")
      .Set("generator_type", "template")
      .Set("model", kTemplate)
      .Set("example_input", input);
  Connection connection(server.port(), server.key());
  const Json made = connection.Must(200, "POST", "/api/v2/models", model.Dump());
  const std::string path = "/api/v2/models/" + made["id"].as_string() + "/execute";
  Json request;
  request.Set("input_data", std::move(input));
  const std::string body = request.Dump();
  std::vector<double> http, bare;
  double objective = 0;
  for (int round = 0; round < 30; ++round) {
    double begin = Now();
    auto result = backend->Solve(generated.run->problem(), {});
    bare.push_back(Now() - begin);
    if (!result.ok() || !result->has_point) Die("the bare solve failed");
    objective = result->objective;
    for (int k = 0; k < 10; ++k) {
      begin = Now();
      if (connection.Send("POST", path, body) != 200) Die(connection.body());
      http.push_back(Now() - begin);
    }
  }
  auto answer = solvent::ParseJson(connection.body());
  if (!answer.ok() || connection.body().find("\"objective_value\":" + Json(objective).Dump()) ==
                          std::string::npos) {
    Die("answers differ: " + connection.body());
  }
  Json line;
  line.Set("bench", "small_template_over_http")
      .Set("http_ms", Median(http) * 1e3)
      .Set("bare_solve_ms", Median(bare) * 1e3)
      .Set("ms_over_bare_solve", (Median(http) - Median(bare)) * 1e3);
  Print(line);
}

// Runs pile up faster than they are solved; what counts is the acknowledgement. The two take turns,
// since a disk's syncs cost more at one time than at another.
void Submissions(const Server& server, const std::string& folder) {
  constexpr int kClients = 32;
  constexpr int kRounds = 4;
  constexpr double kRoundSeconds = 1.5;
  const std::string body = solvent::WriteFlatJson(Transportation(2, 2));
  BareSqlite bare(folder + "/bare.db");
  std::vector<double> submissions, grouped, single;
  for (int round = 0; round < kRounds; ++round) {
    submissions.push_back(Rate(
        kClients, kRoundSeconds,
        [&body](Connection& c, int) { c.Must(202, "POST", "/api/v2/solve/async", body); },
        server.port(), server.key()));
    grouped.push_back(bare.Rate(kClients, body, kRoundSeconds));
    single.push_back(bare.Rate(1, body, kRoundSeconds));
  }
  Json line;
  line.Set("bench", "durable_submissions_over_http")
      .Set("clients", kClients)
      .Set("per_second", Median(submissions))
      .Set("bare_sqlite_32_a_commit", Median(grouped))
      .Set("bare_sqlite_1_a_commit", Median(single))
      .Set("ratio_to_bare_32_a_commit", Median(submissions) / Median(grouped));
  Print(line);
}

// What each of `count` requests took, one after the other.
std::vector<double> Latencies(Connection& connection, const std::string& path, int count) {
  std::vector<double> seconds;
  for (int i = 0; i < count; ++i) {
    double begin = Now();
    if (connection.Send("GET", path) != 200) Die(connection.body());
    seconds.push_back(Now() - begin);
  }
  return seconds;
}

// The peer: cpp-httplib as it comes, answering a constant of the same size.
double ConstantRate(size_t size, int threads) {
  httplib::Server peer;
  std::string text(size, 'x');
  peer.Get("/", [&text](const httplib::Request&, httplib::Response& response) {
    response.set_content(text, "application/json");
  });
  peer.set_tcp_nodelay(true);
  peer.set_keep_alive_max_count(1'000'000'000);
  int port = peer.bind_to_any_port("127.0.0.1");
  std::thread thread([&peer] { peer.listen_after_bind(); });
  double rate = Rate(
      threads, 3, [](Connection& c, int) { c.Send("GET", "/"); }, port, "");
  peer.stop();
  thread.join();
  return rate;
}

void Reads(const Server& server) {
  Connection connection(server.port(), server.key());
  std::string body = solvent::WriteFlatJson(Transportation(2, 3));
  std::string last;
  for (int i = 0; i < 30; ++i) {
    last = connection.Must(200, "POST", "/api/v2/solve", body)["execution_id"].as_string();
  }
  struct Case {
    const char* name;
    std::string path;
  };
  for (const Case& c : {Case{"status_read", "/api/v2/solve/async/" + last},
                        Case{"execution_read", "/api/v2/models/executions/" + last},
                        Case{"list_page_of_20", "/api/v2/models/executions/all"}}) {
    if (connection.Send("GET", c.path) != 200) Die(connection.body());
    size_t size = connection.body().size();
    double rate = Rate(
        8, 3,
        [&c](Connection& one, int) {
          if (one.Send("GET", c.path) != 200) Die(one.body());
        },
        server.port(), server.key());
    double constant = ConstantRate(size, 8);
    const std::vector<double> alone = Latencies(connection, c.path, 2000);
    Json line;
    line.Set("bench", c.name)
        .Set("bytes", static_cast<int64_t>(size))
        .Set("one_client_p50_ms", Median(alone) * 1e3)
        .Set("one_client_p99_ms", Percentile(alone, 0.99) * 1e3)
        .Set("per_second", rate)
        .Set("constant_per_second", constant)
        .Set("ratio_to_constant", rate / constant);
    Print(line);
  }
}

// Status reads beside a thousand idle connections and two hundred open WebSockets.
void Crowd(const std::string& program, const std::string& folder) {
  constexpr int kIdle = 1000;
  constexpr int kWebSockets = 200;
  constexpr int kReads = 4000;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  Server server(program, folder + "/crowd.db");
  Connection connection(server.port(), server.key());
  const std::string body = solvent::WriteFlatJson(Transportation(2, 3));
  const std::string path =
      "/api/v2/solve/async/" +
      connection.Must(200, "POST", "/api/v2/solve", body)["execution_id"].as_string();
  const std::vector<double> alone = Latencies(connection, path, kReads);

  // A run that lasts and takes no processor: its worker is held.
  const std::vector<int> workers = Children(server.pid());
  for (int worker : workers) ::kill(worker, SIGSTOP);
  const Json held = connection.Must(202, "POST", "/api/v2/solve/async", body);
  std::vector<std::unique_ptr<Connection>> crowd;
  for (int i = 0; i < kIdle + kWebSockets; ++i) {
    crowd.push_back(std::make_unique<Connection>(server.port(), server.key()));
    if (i < kIdle) {
      if (crowd.back()->Send("GET", path) != 200) Die(crowd.back()->body());
    } else {
      crowd.back()->Upgrade("/api/v2/ws/executions/" + held["task_id"].as_string());
    }
  }
  const std::vector<double> beside = Latencies(connection, path, kReads);
  for (int worker : workers) ::kill(worker, SIGCONT);
  Json line;
  line.Set("bench", "status_read_beside_idle_clients")
      .Set("idle_connections", kIdle)
      .Set("websockets", kWebSockets)
      .Set("p50_ms", Median(beside) * 1e3)
      .Set("p99_ms", Percentile(beside, 0.99) * 1e3)
      .Set("alone_p50_ms", Median(alone) * 1e3)
      .Set("alone_p99_ms", Percentile(alone, 0.99) * 1e3);
  Print(line);
}

void Footprint(const std::string& program, const std::string& folder) {
  Server server(program, folder + "/fresh.db");
  double begin = Now();
  Connection connection(server.port(), server.key());
  if (connection.Send("POST", "/api/v2/solve", solvent::WriteFlatJson(Transportation(2, 2))) !=
      200) {
    Die(connection.body());
  }
  double first_answer = server.listening_seconds() + Now() - begin;
  double workers = 0;
  std::vector<int> children = Children(server.pid());
  for (int child : children) workers += ResidentMb(child);
  Json line;
  line.Set("bench", "footprint")
      .Set("start_to_first_answer_ms", first_answer * 1e3)
      .Set("server_resident_mb", ResidentMb(server.pid()))
      .Set("workers", static_cast<int64_t>(children.size()))
      .Set("workers_resident_mb", workers);
  Print(line);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) Die("usage: bench_service SERVER");
  std::string program = std::filesystem::absolute(argv[1]).string();
  Folder folder;
  Footprint(program, folder.path());
  {
    Server server(program, folder.path() + "/solves.db");
    SmallSolves(server, folder.path());
    SmallTemplate(server);
    Reads(server);
    Submissions(server, folder.path());
  }
  Crowd(program, folder.path());
  return 0;
}
