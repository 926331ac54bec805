// /health…, /healthz, /readyz and /metrics.
#include <sys/statvfs.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "api.h"
#include "prometheus.h"
#include "solvent/json.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

struct SystemReading {
  double cpu_percent = 0;
  double memory_percent = 0;
  double memory_available_mb = 0;
  double disk_percent = 0;
  bool disk_full = false;
};

constexpr uint64_t kLeastRoom = 32 << 20;  // bytes; with less nothing can be relied on

// Cheap: three small reads. The load of the last minute stands for the CPU, because measuring its
// use would take a pause.
SystemReading ReadSystem(const Context& context) {
  SystemReading reading;
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  reading.cpu_percent = std::min(100.0, 100.0 * load / cores);
  std::ifstream memory("/proc/meminfo");
  std::string name;
  double total_kb = 0;
  for (double kb = 0; memory >> name >> kb;) {
    if (name == "MemTotal:") total_kb = kb;
    if (name == "MemAvailable:") {
      reading.memory_available_mb = kb / 1024;
      reading.memory_percent = total_kb > 0 ? 100.0 * (1 - kb / total_kb) : 0;
      break;
    }
    memory.ignore(64, '\n');
  }
  struct statvfs disk {};
  if (::statvfs(context.config.data_folder.c_str(), &disk) == 0 && disk.f_blocks > 0) {
    reading.disk_percent =
        100.0 * (1 - static_cast<double>(disk.f_bavail) / static_cast<double>(disk.f_blocks));
    reading.disk_full = disk.f_bavail * disk.f_frsize < kLeastRoom;
  }
  return reading;
}

double Uptime(const Context& context) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - context.started).count();
}

// Whether the store answers; when there is no time to ask, what was found last.
bool StoreAnswers(Context& context, const Request& request) {
  if (request.may_wait) context.last_read.store_answers = context.engine.CheckStore().ok();
  return context.last_read.store_answers;
}

absl::StatusOr<Response> Health(Context& context, Request& request) {
  SystemReading system = ReadSystem(context);
  bool up = StoreAnswers(context, request);
  Json body;
  Json readings;
  readings.Set("cpu_percent", system.cpu_percent)
      .Set("memory_percent", system.memory_percent)
      .Set("memory_available_mb", system.memory_available_mb)
      .Set("disk_usage_percent", system.disk_percent);
  body.Set("status", up ? "ok" : "down")
      .Set("version", context.config.version)
      .Set("solver", context.engine.solvers().front().name)
      .Set("system", std::move(readings))
      .Set("uptime_seconds", Uptime(context));
  return Response::Json(up ? 200 : 503, body.Dump());
}

absl::StatusOr<Response> HealthStatus(Context& context, Request& request) {
  SystemReading system = ReadSystem(context);
  Json::Array components;
  int passed = 0;
  bool degraded = false;
  bool down = false;
  auto add = [&](std::string_view name, std::string_view status, double latency_ms,
                 std::string message) {
    Json component;
    component.Set("name", name)
        .Set("status", status)
        .Set("latency_ms", latency_ms)
        .Set("message", std::move(message));
    components.push_back(std::move(component));
    if (status == "healthy") ++passed;
    degraded = degraded || status == "degraded";
    down = down || status == "down";
  };
  auto begin = std::chrono::steady_clock::now();
  const bool store_up = StoreAnswers(context, request);
  double store_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  add("database", store_up ? "healthy" : "down", store_ms, store_up ? "reachable" : "not readable");
  WorkerStats workers = context.engine.worker_stats();
  bool solver_up = workers.alive > 0 || workers.started == 0;
  add("solver", solver_up ? "healthy" : "down", 0,
      std::to_string(workers.alive) + " workers, " + std::to_string(workers.busy) + " busy");
  auto percent = [](double value) { return std::to_string(static_cast<int>(value)) + " % used"; };
  add("memory",
      system.memory_percent > 95   ? "down"
      : system.memory_percent > 85 ? "degraded"
                                   : "healthy",
      0, percent(system.memory_percent));
  add("disk",
      system.disk_full           ? "down"
      : system.disk_percent > 85 ? "degraded"
                                 : "healthy",
      0, percent(system.disk_percent));
  Json body;
  auto total = static_cast<int64_t>(components.size());
  body.Set("status", down       ? "down"
                     : degraded ? "degraded"
                                : "healthy")
      .Set("version", context.config.version)
      .Set("uptime_seconds", Uptime(context))
      .Set("components", std::move(components))
      .Set("sla_target", 99.9)
      .Set("checks_passed", passed)
      .Set("checks_total", total);
  return Response::Json(down ? 503 : 200, body.Dump());
}

absl::StatusOr<Response> HealthMetrics(Context& context, Request&) {
  http::Metrics metrics = context.http_metrics();
  absl::StatusOr<QueueStatus> queue = context.engine.executions().Status();
  if (!queue.ok()) return queue.status();
  Json requests;
  uint64_t total = 0;
  for (size_t i = 1; i < metrics.by_class.size(); ++i) {
    total += metrics.by_class[i];
    requests.Set(std::to_string(i) + "xx", metrics.by_class[i]);
  }
  requests.Set("total", total).Set("in_flight", metrics.in_flight);
  Json solves;
  for (int i = 0; i < kRunStates; ++i) {
    solves.Set(ToString(static_cast<RunState>(i)), queue->runs[i]);
  }
  Json body;
  body.Set("uptime_seconds", Uptime(context))
      .Set("requests", std::move(requests))
      .Set("executions", std::move(solves))
      .Set("queue_oldest_seconds", queue->oldest_pending_seconds)
      .Set("connections", metrics.connections)
      .Set("websockets", metrics.websockets)
      .Set("event_streams", metrics.event_streams);
  return Response::Json(200, body.Dump());
}

absl::StatusOr<Response> Healthz(Context&, Request&) { return Response::Text(200, "ok\n"); }

absl::StatusOr<Response> Readyz(Context& context, Request& request) {
  bool ready = StoreAnswers(context, request);
  return Response::Text(ready ? 200 : 503, ready ? "ready\n" : "database not reachable\n");
}

}  // namespace

absl::Status AddHealthRoutes(http::HttpServer& server, Context& context) {
  struct Entry {
    std::string pattern;
    absl::StatusOr<Response> (*handler)(Context&, Request&);
  };
  std::string base(kBase);
  for (const Entry& entry :
       {Entry{base + "/health", Health}, Entry{base + "/health/status", HealthStatus},
        Entry{base + "/health/metrics", HealthMetrics}, Entry{"/metrics", Prometheus},
        Entry{"/healthz", Healthz}, Entry{"/readyz", Readyz}}) {
    http::Route route{.method = "GET", .pattern = entry.pattern};
    route.auth = http::Auth::kPublic;
    // The counts of runs are the store's alone; /metrics has them as they were last read.
    route.answers_when_full = entry.handler != HealthMetrics;
    route.handler = [&context, handler = entry.handler](Request& request) {
      return handler(context, request);
    };
    if (absl::Status status = server.AddRoute(std::move(route)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace solvent::api
