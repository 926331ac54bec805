// What the HTTP shell costs: requests a second of a constant 200-byte JSON over eight kept
// connections, through our server and through a bare cpp-httplib. Prints one JSON line.
#include <httplib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "http_server.h"
#include "solvent/json.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kConnections = 8;

std::string Body() { return "{\"text\":\"" + std::string(189, 'x') + "\"}"; }

int Connect(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

// Requests answered until `stop`, one after the other.
int64_t Drive(int port, const std::atomic<bool>& stop, std::vector<float>& micros) {
  const std::string request = "GET /constant HTTP/1.1\r\nHost: x\r\n\r\n";
  int fd = Connect(port);
  std::string buffer;
  char bytes[4096];
  int64_t count = 0;
  while (!stop && fd >= 0) {
    auto begin = Clock::now();
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) break;
    buffer.clear();
    size_t end = std::string::npos;
    while (end == std::string::npos || buffer.size() < end + 4 + Body().size()) {
      ssize_t got = recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return count;
      buffer.append(bytes, static_cast<size_t>(got));
      end = buffer.find("\r\n\r\n");
    }
    micros.push_back(std::chrono::duration<float, std::micro>(Clock::now() - begin).count());
    ++count;
  }
  if (fd >= 0) close(fd);
  return count;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

solvent::Json Measure(int port, double seconds) {
  std::atomic<bool> stop{false};
  std::vector<std::vector<float>> micros(kConnections);
  std::atomic<int64_t> total{0};
  double cpu = CpuSeconds();
  auto begin = Clock::now();
  std::vector<std::thread> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.emplace_back([&, i] { total += Drive(port, stop, micros[static_cast<size_t>(i)]); });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (std::thread& client : clients) client.join();
  double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  cpu = CpuSeconds() - cpu;
  std::vector<float> all;
  for (auto& part : micros) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  solvent::Json result;
  result.Set("requests_per_second", static_cast<double>(total) / elapsed);
  result.Set("p50_us", all.empty() ? 0.0 : double{all[all.size() / 2]});
  result.Set("p99_us", all.empty() ? 0.0 : double{all[all.size() * 99 / 100]});
  result.Set("cpu_us_with_client", cpu * 1e6 / static_cast<double>(std::max<int64_t>(total, 1)));
  return result;
}

solvent::Json Ours(double seconds) {
  solvent::http::Options options;
  options.port = 0;
  solvent::http::HttpServer server(options);
  solvent::http::Route route;
  route.method = "GET";
  route.pattern = "/constant";
  route.auth = solvent::http::Auth::kPublic;
  route.handler = [](solvent::http::Request&) {
    return solvent::http::Response::Json(200, Body());
  };
  if (!server.AddRoute(std::move(route)).ok() || !server.Start().ok()) return {};
  return Measure(server.port(), seconds);
}

solvent::Json Bare(double seconds) {
  httplib::Server server;
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000'000);
  server.new_task_queue = [] { return new httplib::ThreadPool(kConnections); };
  server.Get("/constant", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(Body(), "application/json");
  });
  int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();
  solvent::Json result = Measure(port, seconds);
  server.stop();
  serving.join();
  return result;
}

}  // namespace

// Optional argument: seconds for each server.
int main(int argc, char** argv) {
  double seconds = argc > 1 ? std::atof(argv[1]) : 3.0;
  solvent::Json line;
  line.Set("bench", "http_shell");
  line.Set("connections", kConnections);
  line.Set("solvent", Ours(seconds));
  line.Set("httplib", Bare(seconds));
  line.Set("ratio", line["solvent"]["requests_per_second"].as_double() /
                        line["httplib"]["requests_per_second"].as_double());
  std::printf("%s\n", line.Dump().c_str());
  return 0;
}
