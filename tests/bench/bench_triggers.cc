// What triggers cost: fires accepted durably beside durable submissions of the same model and bare
// SQLite, and how long a result takes from the fire to the receiver's hands beside its bare solve.
//
//   bench_triggers SERVER
//
// Prints one JSON object a line.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
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

constexpr int kClients = 32;
constexpr int kRounds = 4;
constexpr double kRoundSeconds = 1.5;
constexpr int kWatched = 400;  // fires whose way is timed
constexpr int kBurst = 2000;

// Answers every POST with 204 and remembers when each run's first one was complete.
class Receiver {
 public:
  Receiver() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 512) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      Die("no receiver");
    }
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Serve(); });
  }
  ~Receiver() {
    ::shutdown(listener_, SHUT_RDWR);
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  // When the run's result had arrived.
  double Await(const std::string& run) {
    std::unique_lock lock(mutex_);
    while (arrived_.find(run) == arrived_.end()) {
      if (changed_.wait_for(lock, std::chrono::seconds(60)) == std::cv_status::timeout) {
        Die("a webhook did not come");
      }
    }
    return arrived_[run];
  }

 private:
  static constexpr int kThreads = 8;

  void Serve() {
    while (true) {
      int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      std::string text;
      char chunk[1 << 16];
      size_t end = std::string::npos, wanted = 0;
      while (end == std::string::npos || text.size() < wanted) {
        ssize_t got = ::recv(socket, chunk, sizeof(chunk), 0);
        if (got <= 0) break;
        text.append(chunk, static_cast<size_t>(got));
        if (end != std::string::npos || (end = text.find("\r\n\r\n")) == std::string::npos)
          continue;
        size_t at = text.find("Content-Length: ");
        if (at == std::string::npos || at > end) Die("a webhook without a length");
        wanted = end + 4 + static_cast<size_t>(std::atoll(text.c_str() + at + 16));
      }
      double now = Now();
      static constexpr std::string_view kAnswer =
          "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
      (void)::send(socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      ::close(socket);
      size_t at = text.find("\"run_id\":\"", end);
      if (at == std::string::npos) continue;
      at += 10;
      std::lock_guard lock(mutex_);
      arrived_.emplace(text.substr(at, text.find('"', at) - at), now);
      changed_.notify_all();
    }
  }

  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::string, double> arrived_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

struct Made {
  std::string path;
  std::string secret;
};

Made MakeTrigger(const Server& server, const std::string& model, const std::string& webhook) {
  Connection api(server.port(), server.key());
  Json document = api.Must(201, "POST", "/api/v2/builder", R"({"model_json":)" + model + "}");
  std::string id = document["id"].as_string();
  Json version =
      api.Must(201, "POST", "/api/v2/builder/" + id + "/versions", R"({"canvas_json":{}})");
  Json body;
  body.Set("name", "Bench").Set("document_id", id).Set("version_id", version["id"].as_string());
  if (!webhook.empty()) body.Set("webhook_url", webhook).Set("webhook_secret", "secret");
  Json made = api.Must(201, "POST", "/api/v2/triggers", body.Dump());
  return {"/api/v2/triggers/" + made["id"].as_string() + "/fire",
          made["trigger_secret"].as_string()};
}

std::vector<std::string> Flags() {
  return {"--rate-limit-fire", "0", "--rate-limit-fire-day", "0", "--webhook-allow", "127.0.0.0/8"};
}

// They take turns, since a disk's syncs cost more at one time than at another.
void Fires(const std::string& program, const std::string& folder) {
  Server server(program, folder + "/fires.db", Flags());
  std::string model = solvent::WriteFlatJson(solvent::bench::Transportation(2, 2));
  Made trigger = MakeTrigger(server, model, "");
  BareSqlite bare(folder + "/bare.db");
  std::vector<double> fires, submissions, grouped, single;
  auto post = [](const std::string& path, const std::string& body) {
    return [&path, &body](Connection& c, int) {
      if (c.Send("POST", path, body) != 202) Die(c.body());
    };
  };
  const std::string async = "/api/v2/solve/async", empty = "{}";
  for (int round = 0; round < kRounds; ++round) {
    fires.push_back(
        Rate(kClients, kRoundSeconds, post(trigger.path, empty), server.port(), trigger.secret));
    submissions.push_back(
        Rate(kClients, kRoundSeconds, post(async, model), server.port(), server.key()));
    grouped.push_back(bare.Rate(kClients, model, kRoundSeconds));
    single.push_back(bare.Rate(1, model, kRoundSeconds));
  }
  Json line;
  line.Set("bench", "fires_accepted_durably")
      .Set("clients", kClients)
      .Set("per_second", Median(fires))
      .Set("submissions_per_second", Median(submissions))
      .Set("ratio_to_submissions", Median(fires) / Median(submissions))
      .Set("bare_sqlite_32_a_commit", Median(grouped))
      .Set("bare_sqlite_1_a_commit", Median(single));
  Print(line);
}

void Latency(const std::string& program, const std::string& folder) {
  Server server(program, folder + "/latency.db", Flags());
  Receiver receiver;
  solvent::Problem problem = solvent::bench::Transportation(5, 8);
  Made trigger = MakeTrigger(server, solvent::WriteFlatJson(problem), receiver.url());
  auto backend = solvent::MakeCbcBackend();
  Connection connection(server.port(), trigger.secret);
  std::vector<double> whole, bare;
  for (int i = 0; i < kWatched; ++i) {
    double begin = Now();
    auto solved = backend->Solve(problem, {});
    bare.push_back(Now() - begin);
    if (!solved.ok() || !solved->has_point) Die("the bare solve failed");
    begin = Now();
    Json fired = connection.Must(202, "POST", trigger.path, "{}");
    whole.push_back(receiver.Await(fired["run_id"].as_string()) - begin);
  }
  Json line;
  line.Set("bench", "fire_to_webhook")
      .Set("fires", kWatched)
      .Set("median_ms", Median(whole) * 1e3)
      .Set("p99_ms", Percentile(whole, 0.99) * 1e3)
      .Set("bare_solve_median_ms", Median(bare) * 1e3)
      .Set("bare_solve_p99_ms", Percentile(bare, 0.99) * 1e3)
      .Set("median_over_bare_ms", (Median(whole) - Median(bare)) * 1e3)
      .Set("p99_over_bare_ms", (Percentile(whole, 0.99) - Percentile(bare, 0.99)) * 1e3);
  Print(line);

  // All at once: how fast results leave.
  std::vector<std::vector<std::string>> runs(kClients);
  double begin = Now();
  std::vector<std::thread> clients;
  for (std::vector<std::string>& mine : runs) {
    clients.emplace_back([&server, &trigger, &mine] {
      Connection api(server.port(), trigger.secret);
      for (int i = 0; i < kBurst / kClients; ++i) {
        mine.push_back(api.Must(202, "POST", trigger.path, "{}")["run_id"].as_string());
      }
    });
  }
  for (std::thread& client : clients) client.join();
  double accepted = Now() - begin, last = 0;
  int count = 0;
  for (const auto& mine : runs) {
    for (const std::string& run : mine) {
      last = std::max(last, receiver.Await(run) - begin);
      ++count;
    }
  }
  Json burst;
  burst.Set("bench", "burst_of_fires")
      .Set("fires", count)
      .Set("accepted_s", accepted)
      .Set("all_delivered_s", last)
      .Set("delivered_per_second", count / last)
      .Set("bare_solves_per_second_one_core", 1 / Median(bare));
  Print(burst);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) Die("usage: bench_triggers SERVER");
  std::string program = std::filesystem::absolute(argv[1]).string();
  Folder folder;
  Fires(program, folder.path());
  Latency(program, folder.path());
  return 0;
}
