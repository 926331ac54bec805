// What the server counts, for /metrics and /health/metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace solvent::http {

// Upper bounds of the duration buckets in seconds; one more bucket holds the rest.
inline constexpr std::array<double, 14> kDurationBounds = {
    0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 120};

// A copy of the counters at one moment.
struct Metrics {
  struct Route {
    std::string method;
    std::string pattern;
    std::string route_class;
    std::array<uint64_t, kDurationBounds.size() + 1> buckets{};  // not cumulative
    uint64_t count = 0;
    double seconds = 0;
  };
  std::array<uint64_t, 6> by_class{};  // [2]: answers 200 to 299; [0]: no answer could be sent
  int64_t in_flight = 0;
  int64_t connections = 0;  // without WebSockets and event streams
  int64_t websockets = 0;
  int64_t event_streams = 0;
  int64_t request_threads = 0;
  std::vector<Route> routes;
  // Answers by class of their route and by status; only those that there were. The class is the
  // route's rate class, "unlimited" without one, and "unrouted" for requests that met no route.
  struct Answers {
    std::string route_class;
    int status = 0;
    uint64_t count = 0;
  };
  std::vector<Answers> answers;
};

// The live counters; every member is atomic.
struct Counters {
  struct RouteCounters {
    std::array<std::atomic<uint64_t>, kDurationBounds.size() + 1> buckets{};
    std::atomic<uint64_t> count{0};
    std::atomic<uint64_t> microseconds{0};
    size_t route_class = 0;  // index of by_status
  };
  static constexpr int kStatuses = 600;
  struct StatusCounters {
    std::string route_class;
    std::array<std::atomic<uint64_t>, kStatuses> counts{};
  };
  std::array<std::atomic<uint64_t>, 6> by_class{};
  std::atomic<int64_t> in_flight{0};
  std::atomic<int64_t> connections{0};
  std::atomic<int64_t> websockets{0};
  std::atomic<int64_t> event_streams{0};
  std::atomic<int64_t> request_threads{0};
  // Fixed at start.
  std::vector<std::unique_ptr<RouteCounters>> routes;      // by index of the router
  std::vector<std::unique_ptr<StatusCounters>> by_status;  // the first one: unrouted
};

}  // namespace solvent::http
