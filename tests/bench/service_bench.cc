#include "service_bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

extern char** environ;

namespace solvent::bench {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  size_t place = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(place, values.size() - 1)];
}

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.5); }

void Die(const std::string& message) {
  std::fprintf(stderr, "bench: %s\n", message.c_str());
  std::exit(1);
}

void Print(const Json& row) {
  std::printf("%s\n", row.Dump().c_str());
  std::fflush(stdout);
}

Connection::Connection(int port, std::string credential) : credential_(std::move(credential)) {
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

Connection::~Connection() { ::close(socket_); }

int Connection::Send(std::string_view method, std::string_view path, std::string_view content) {
  std::string text;
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  if (!credential_.empty())
    text.append("Authorization: Bearer ").append(credential_).append("\r\n");
  if (!content.empty()) text.append("Content-Type: application/json\r\n");
  if (method != "GET") {
    text.append("Content-Length: ").append(std::to_string(content.size())).append("\r\n");
  }
  text.append("\r\n").append(content);
  SendText(text);
  const size_t head_end = ReceiveHead();
  size_t at = buffer_.find("Content-Length: ");
  if (at == std::string::npos || at > head_end) Die("answer without length: " + buffer_);
  size_t length = static_cast<size_t>(std::atoll(buffer_.c_str() + at + 16));
  while (buffer_.size() < head_end + 4 + length) Receive();
  body_ = buffer_.substr(head_end + 4, length);
  return std::atoi(buffer_.c_str() + 9);
}

Json Connection::Must(int expected, std::string_view method, std::string_view path,
                      std::string_view content) {
  int status = Send(method, path, content);
  absl::StatusOr<Json> answer = ParseJson(body_);
  if (status != expected || !answer.ok()) Die(std::string(path) + " answered " + body_);
  return *std::move(answer);
}

void Connection::Upgrade(std::string_view path) {
  std::string text;
  text.append("GET ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ");
  text.append(credential_)
      .append(
          "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  SendText(text);
  ReceiveHead();
  if (std::atoi(buffer_.c_str() + 9) != 101) Die("no WebSocket: " + buffer_);
}

void Connection::SendText(std::string_view text) {
  if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size())) {
    Die("cannot send");
  }
}

size_t Connection::ReceiveHead() {
  size_t end = std::string::npos;
  buffer_.clear();
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) Receive();
  return end;
}

void Connection::Receive() {
  char chunk[1 << 16];
  ssize_t size = ::recv(socket_, chunk, sizeof(chunk), 0);
  if (size <= 0) Die("connection lost");
  buffer_.append(chunk, static_cast<size_t>(size));
}

BareSqlite::BareSqlite(const std::string& file) {
  if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) Die("no database");
  Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
      "CREATE TABLE runs (id INTEGER PRIMARY KEY, problem BLOB)");
}

BareSqlite::~BareSqlite() { sqlite3_close(db_); }

void BareSqlite::Run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Die(sqlite3_errmsg(db_));
}

double BareSqlite::Rate(int group, const std::string& row, double seconds) {
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db_, "INSERT INTO runs (problem) VALUES (?1)", -1, &insert, nullptr);
  double begin = Now();
  int64_t rows = 0;
  while (Now() - begin < seconds) {
    Run("BEGIN IMMEDIATE");
    for (int i = 0; i < group; ++i, ++rows) {
      sqlite3_bind_blob(insert, 1, row.data(), static_cast<int>(row.size()), nullptr);
      if (sqlite3_step(insert) != SQLITE_DONE) Die(sqlite3_errmsg(db_));
      sqlite3_reset(insert);
    }
    Run("COMMIT");
  }
  sqlite3_finalize(insert);
  return static_cast<double>(rows) / (Now() - begin);
}

Folder::Folder() {
  path_ = (std::filesystem::temp_directory_path() / "solvent-bench-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) Die("no folder");
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

Server::Server(const std::string& program, const std::string& database,
               const std::vector<std::string>& flags) {
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
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  double begin = Now();
  if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ) != 0) {
    Die("cannot start " + program);
  }
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  output_ = ::fdopen(out[0], "r");
  char line[512];
  while (std::fgets(line, sizeof(line), output_) != nullptr) {
    std::string text = line;
    if (size_t at = text.find("ok_live_"); at != std::string::npos) key_ = text.substr(at, 72);
    if (size_t at = text.find("http://127.0.0.1:"); at != std::string::npos) {
      port_ = std::atoi(text.c_str() + at + 17);
      break;
    }
  }
  if (port_ == 0) Die("the server did not start");
  listening_seconds_ = Now() - begin;
}

Server::~Server() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  std::fclose(output_);
}

double Rate(int threads, double seconds, const std::function<void(Connection&, int)>& request,
            int port, const std::string& credential) {
  std::atomic<int64_t> done{0};
  std::vector<std::thread> pool;
  double begin = Now();
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      Connection connection(port, credential);
      while (Now() - begin < seconds) {
        request(connection, t);
        done.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : pool) thread.join();
  return static_cast<double>(done.load()) / (Now() - begin);
}

Problem Transportation(int from, int to) {
  ProblemBuilder builder;
  std::vector<int32_t> flow;
  for (int i = 0; i < from; ++i) {
    for (int j = 0; j < to; ++j) {
      flow.push_back(builder.AddColumn("f_" + std::to_string(i) + "_" + std::to_string(j), 0,
                                       kInfinity, ColumnType::kContinuous,
                                       1 + (i * 7 + j * 13) % 17));
    }
  }
  for (int i = 0; i < from; ++i) {
    builder.BeginRow("supply_" + std::to_string(i), -kInfinity, 100 + 10 * i);
    for (int j = 0; j < to; ++j) builder.AddTerm(flow[static_cast<size_t>(i * to + j)], 1);
  }
  for (int j = 0; j < to; ++j) {
    builder.BeginRow("demand_" + std::to_string(j), 40 + 3 * j, kInfinity);
    for (int i = 0; i < from; ++i) builder.AddTerm(flow[static_cast<size_t>(i * to + j)], 1);
  }
  auto problem = std::move(builder).Build();
  if (!problem.ok()) Die("bad problem");
  return *std::move(problem);
}

}  // namespace solvent::bench
