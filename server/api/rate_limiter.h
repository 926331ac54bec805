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

#include "absl/status/status.h"
#include "message.h"

namespace solvent::api {

struct RateLimit {
  int per_minute = 0;  // 0: no limit
  int per_day = 0;
};

struct RateLimits {
  RateLimit solve;                 // POST that solves
  RateLimit read;                  // everything else with a credential
  RateLimit public_route;          // without one, per client address
  RateLimit fire{10, 500};         // per trigger: fires with the right secret
  RateLimit fire_failures{30, 0};  // per client address: fires refused for their secret
};

struct RateDecision {
  bool allowed = true;
  int limit = 0;  // of the window that is closest to full; 0 when there is no limit
  int remaining = 0;
  int64_t reset_at = 0;     // unix seconds: when that window has room again
  int64_t retry_after = 0;  // seconds, at least 1, when refused
};

// Sends the X-RateLimit headers with the request's answer; rate_limit_exceeded when refused.
absl::Status ApplyRateDecision(http::Request& request, const RateDecision& decision);
double UnixSeconds();

// Exactly N requests pass in any window; refused ones are not counted. Thread-safe.
class RateLimiter {
 public:
  using Clock = std::function<double()>;  // unix seconds
  RateLimiter(RateLimits limits, Clock clock);

  // `rate_class` is "solve", "read", "public", "fire" or "fire_failures"; any other is not limited.
  RateDecision Take(std::string_view rate_class, std::string_view who);
  // What Take would say, without taking.
  RateDecision Look(std::string_view rate_class, std::string_view who);

 private:
  enum class Kind { kTake, kLook };
  RateDecision Decide(std::string_view rate_class, std::string_view who, Kind kind);
  const RateLimit* Find(std::string_view rate_class) const;
  void DropIdle(double now);

  const RateLimits limits_;
  const Clock clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::deque<double>> taken_;  // times, oldest first
  double next_sweep_ = 0;
};

}  // namespace solvent::api
