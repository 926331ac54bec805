// What the benchmarks of the running service share: a server of their own, connections that do
// nothing but send and read, and figures. Whatever goes wrong ends the program.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "solvent/json.h"
#include "solvent/problem.h"

struct sqlite3;

namespace solvent::bench {

double Now();  // seconds, steady
double Median(std::vector<double> values);
double Percentile(std::vector<double> values, double share);  // share: 0..1
[[noreturn]] void Die(const std::string& message);
void Print(const Json& row);  // one line

// A keep-alive connection to 127.0.0.1.
class Connection {
 public:
  // The credential goes with every request unless it is "".
  Connection(int port, std::string credential);
  ~Connection();
  Connection(const Connection&) = delete;

  // Returns the status; the body is in body().
  int Send(std::string_view method, std::string_view path, std::string_view content = {});
  // The same; dies unless the status is `expected`.
  Json Must(int expected, std::string_view method, std::string_view path,
            std::string_view content = {});
  const std::string& body() const { return body_; }

  // Becomes a WebSocket that is never read from again.
  void Upgrade(std::string_view path);

 private:
  void SendText(std::string_view text);
  size_t ReceiveHead();  // returns where it ends
  void Receive();

  int socket_ = -1;
  std::string credential_;
  std::string buffer_;
  std::string body_;
};

// Bare SQLite, a table of one blob a row, with the same journal and the same syncs as the store's.
class BareSqlite {
 public:
  explicit BareSqlite(const std::string& file);
  ~BareSqlite();
  BareSqlite(const BareSqlite&) = delete;

  // Rows a second of one thread that inserts `group` of them a commit.
  double Rate(int group, const std::string& row, double seconds);

 private:
  void Run(const char* sql);

  sqlite3* db_ = nullptr;
};

// A folder that goes away with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A server process on a free port, with charged runs as in a server at work.
class Server {
 public:
  Server(const std::string& program, const std::string& database,
         const std::vector<std::string>& flags = {});
  ~Server();
  Server(const Server&) = delete;

  int port() const { return port_; }
  const std::string& key() const { return key_; }
  double listening_seconds() const { return listening_seconds_; }
  int pid() const { return pid_; }

 private:
  int pid_ = 0;
  int port_ = 0;
  std::string key_;
  std::FILE* output_ = nullptr;
  double listening_seconds_ = 0;
};

// Requests a second of `threads` connections that each repeat `request` for `seconds`.
double Rate(int threads, double seconds, const std::function<void(Connection&, int)>& request,
            int port, const std::string& credential);

// A transportation problem of `from` x `to` flows.
Problem Transportation(int from, int to);

}  // namespace solvent::bench
