// Sliding windows of a minute and a day, in memory, per class of routes and per caller.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace solvent::api {

struct RateLimit {
  int per_minute = 0;  // 0: no limit
  int per_day = 0;
};

struct RateLimits {
  RateLimit solve;        // POST that solves
  RateLimit read;         // everything else with a credential
  RateLimit public_route;  // without one, per client address
};

struct RateDecision {
  bool allowed = true;
  int limit = 0;  // of the window that is closest to full; 0 when there is no limit
  int remaining = 0;
  int64_t reset_at = 0;      // unix seconds: when that window has room again
  int64_t retry_after = 0;   // seconds, at least 1, when refused
};

// Exactly N requests pass in any window; refused ones are not counted. Thread-safe.
class RateLimiter {
 public:
  using Clock = std::function<double()>;  // unix seconds
  RateLimiter(RateLimits limits, Clock clock);

  // `rate_class` is "solve", "read" or "public"; any other is not limited.
  RateDecision Take(std::string_view rate_class, std::string_view who);

 private:
  const RateLimit* Find(std::string_view rate_class) const;
  void DropIdle(double now);

  const RateLimits limits_;
  const Clock clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::deque<double>> taken_;  // times, oldest first
  double next_sweep_ = 0;
};

}  // namespace solvent::api
