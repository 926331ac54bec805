#include "rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace solvent::api {
namespace {

constexpr double kMinute = 60;
constexpr double kDay = 86'400;
constexpr double kSweepEvery = 600;

}  // namespace

RateLimiter::RateLimiter(RateLimits limits, Clock clock)
    : limits_(limits), clock_(std::move(clock)) {}

const RateLimit* RateLimiter::Find(std::string_view rate_class) const {
  if (rate_class == "solve") return &limits_.solve;
  if (rate_class == "read") return &limits_.read;
  if (rate_class == "public") return &limits_.public_route;
  return nullptr;
}

void RateLimiter::DropIdle(double now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepEvery;
  std::erase_if(taken_, [now](const auto& entry) {
    return entry.second.empty() || entry.second.back() <= now - kDay;
  });
}

RateDecision RateLimiter::Take(std::string_view rate_class, std::string_view who) {
  RateDecision decision;
  const RateLimit* limit = Find(rate_class);
  if (limit == nullptr || (limit->per_minute <= 0 && limit->per_day <= 0)) return decision;
  double now = clock_();
  std::string key(rate_class);
  key += '\n';
  key += who;

  std::lock_guard<std::mutex> lock(mutex_);
  DropIdle(now);
  std::deque<double>& times = taken_[key];
  double longest = limit->per_day > 0 ? kDay : kMinute;
  while (!times.empty() && times.front() <= now - longest) times.pop_front();

  auto consider = [&](int most, double window) {
    if (most <= 0) return;
    auto first = std::upper_bound(times.begin(), times.end(), now - window);
    int used = static_cast<int>(times.end() - first);
    int left = most - used;
    bool closest = decision.limit == 0 || left < decision.remaining;
    if (closest) {
      decision.limit = most;
      decision.remaining = std::max(left, 0);
      double reset = used == 0 ? now + window : *first + window;
      decision.reset_at = static_cast<int64_t>(std::ceil(reset));
      decision.retry_after = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(reset - now)));
    }
    if (left <= 0) decision.allowed = false;
  };
  consider(limit->per_minute, kMinute);
  consider(limit->per_day, kDay);
  if (decision.allowed) {
    times.push_back(now);
    --decision.remaining;
  }
  return decision;
}

}  // namespace solvent::api
