// The whole service against its peers, in one run: small solves over HTTP against the cbc program,
// durable submissions, reads against a bare HTTP server with a constant, memory and start.
//
//   bench_service SERVER
//
// Prints one JSON object a line.
#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "solvent/solvent.h"

extern char** environ;

namespace {

using solvent::Json;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "bench_service: %s\n", message.c_str());
  std::exit(1);
}

// A keep-alive connection that does nothing but send and read.
class Connection {
 public:
  Connection(int port, std::string key) : key_(std::move(key)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      Die("cannot connect");
    }
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;

  // Returns the status; the body is in body().
  int Send(std::string_view method, std::string_view path, std::string_view content = {}) {
    std::string text;
    text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
    if (!key_.empty()) text.append("Authorization: Bearer ").append(key_).append("\r\n");
    if (!content.empty()) text.append("Content-Type: application/json\r\n");
    if (method == "POST") {
      text.append("Content-Length: ").append(std::to_string(content.size())).append("\r\n");
    }
    text.append("\r\n").append(content);
    if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
      Die("cannot send");
    }
    size_t head_end = std::string::npos;
    buffer_.clear();
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) Receive();
    size_t at = buffer_.find("Content-Length: ");
    if (at == std::string::npos || at > head_end) Die("answer without length: " + buffer_);
    size_t length = static_cast<size_t>(std::atoll(buffer_.c_str() + at + 16));
    while (buffer_.size() < head_end + 4 + length) Receive();
    body_ = buffer_.substr(head_end + 4, length);
    return std::atoi(buffer_.c_str() + 9);
  }
  const std::string& body() const { return body_; }

 private:
  void Receive() {
    char chunk[1 << 16];
    ssize_t size = ::recv(socket_, chunk, sizeof(chunk), 0);
    if (size <= 0) Die("connection lost");
    buffer_.append(chunk, static_cast<size_t>(size));
  }
  int socket_ = -1;
  std::string key_;
  std::string buffer_;
  std::string body_;
};

class Server {
 public:
  Server(const std::string& program, const std::string& database) {
    int out[2];
    if (::pipe(out) != 0) Die("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    // Runs are charged, as in a server at work.
    std::vector<std::string> arguments = {program,      "serve",     "--port",      "0",
                                          "--database", database,    "--log-level", "warning",
                                          "--credits",  "1000000000"};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    double begin = Now();
    if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ) != 0) {
      Die("cannot start " + program);
    }
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    std::FILE* stream = ::fdopen(out[0], "r");
    char line[512];
    while (std::fgets(line, sizeof(line), stream) != nullptr) {
      std::string text = line;
      if (size_t at = text.find("ok_live_"); at != std::string::npos) key_ = text.substr(at, 72);
      if (size_t at = text.find("http://127.0.0.1:"); at != std::string::npos) {
        port_ = std::atoi(text.c_str() + at + 17);
        break;
      }
    }
    stream_ = stream;
    if (port_ == 0) Die("the server did not start");
    listening_seconds_ = Now() - begin;
  }
  ~Server() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    std::fclose(stream_);
  }
  int port() const { return port_; }
  const std::string& key() const { return key_; }
  double listening_seconds() const { return listening_seconds_; }
  int pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  int port_ = 0;
  std::string key_;
  std::FILE* stream_ = nullptr;
  double listening_seconds_ = 0;
};

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
    if (at != std::string::npos && at + 4 < text.size() && std::atoi(text.c_str() + at + 4) == pid) {
      found.push_back(child);
    }
  }
  return found;
}

// Requests a second of `threads` connections that each repeat `request` for `seconds`.
double Rate(int threads, double seconds, const std::function<void(Connection&, int)>& request,
            int port, const std::string& key) {
  std::atomic<int64_t> done{0};
  std::vector<std::thread> pool;
  double begin = Now();
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      Connection connection(port, key);
      while (Now() - begin < seconds) {
        request(connection, t);
        done.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : pool) thread.join();
  return static_cast<double>(done.load()) / (Now() - begin);
}

// A transportation problem: `from` x `to` flows.
solvent::Problem Transportation(int from, int to) {
  solvent::ProblemBuilder builder;
  std::vector<int32_t> flow;
  for (int i = 0; i < from; ++i) {
    for (int j = 0; j < to; ++j) {
      flow.push_back(builder.AddColumn("f_" + std::to_string(i) + "_" + std::to_string(j), 0,
                                       solvent::kInfinity, solvent::ColumnType::kContinuous,
                                       1 + (i * 7 + j * 13) % 17));
    }
  }
  for (int i = 0; i < from; ++i) {
    builder.BeginRow("supply_" + std::to_string(i), -solvent::kInfinity, 100 + 10 * i);
    for (int j = 0; j < to; ++j) builder.AddTerm(flow[static_cast<size_t>(i * to + j)], 1);
  }
  for (int j = 0; j < to; ++j) {
    builder.BeginRow("demand_" + std::to_string(j), 40 + 3 * j, solvent::kInfinity);
    for (int i = 0; i < from; ++i) builder.AddTerm(flow[static_cast<size_t>(i * to + j)], 1);
  }
  auto problem = std::move(builder).Build();
  if (!problem.ok()) Die("bad problem");
  return *std::move(problem);
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
  std::printf("%s\n", line.Dump().c_str());
  std::fflush(stdout);
}

void Submissions(const Server& server) {
  // Runs pile up faster than they are solved; what counts is the acknowledgement.
  std::string body = solvent::WriteFlatJson(Transportation(2, 2));
  double rate = Rate(
      32, 4,
      [&body](Connection& c, int) {
        if (c.Send("POST", "/api/v2/solve/async", body) != 202) Die(c.body());
      },
      server.port(), server.key());
  Json line;
  line.Set("bench", "durable_submissions_over_http").Set("clients", 32).Set("per_second", rate);
  std::printf("%s\n", line.Dump().c_str());
  std::fflush(stdout);
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
    if (connection.Send("POST", "/api/v2/solve", body) != 200) Die(connection.body());
    last = (*solvent::ParseJson(connection.body()))["execution_id"].as_string();
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
    Json line;
    line.Set("bench", c.name)
        .Set("bytes", static_cast<int64_t>(size))
        .Set("per_second", rate)
        .Set("constant_per_second", constant)
        .Set("ratio_to_constant", rate / constant);
    std::printf("%s\n", line.Dump().c_str());
    std::fflush(stdout);
  }
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
  std::printf("%s\n", line.Dump().c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) Die("usage: bench_service SERVER");
  std::string program = std::filesystem::absolute(argv[1]).string();
  std::string pattern = (std::filesystem::temp_directory_path() / "solvent-bench-XXXXXX").string();
  std::string folder = ::mkdtemp(pattern.data());
  Footprint(program, folder);
  {
    Server server(program, folder + "/solves.db");
    SmallSolves(server, folder);
    Reads(server);
    Submissions(server);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
