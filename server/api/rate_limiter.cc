#include "rate_limiter.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include "solvent/error.h"

namespace solvent::api {
namespace {

constexpr double kMinute = 60;
constexpr double kDay = 86'400;
constexpr double kSweepEvery = 600;

}  // namespace

absl::Status ApplyRateDecision(http::Request& request, const RateDecision& decision) {
  if (decision.limit == 0) return absl::OkStatus();
  auto header = [&request](const char* name, int64_t value) {
    request.response_headers.push_back({name, std::to_string(value)});
  };
  header("X-RateLimit-Limit", decision.limit);
  header("X-RateLimit-Remaining", decision.remaining);
  header("X-RateLimit-Reset", decision.reset_at);
  if (decision.allowed) return absl::OkStatus();
  Json extra;
  extra.Set("limit", decision.limit)
      .Set("remaining", 0)
      .Set("reset_at", decision.reset_at)
      .Set("retry_after", decision.retry_after);
  return MakeError(absl::StatusCode::kResourceExhausted, "rate_limit_exceeded",
                   "Too many requests; try again in " + std::to_string(decision.retry_after) + " s",
                   {}, std::move(extra));
}

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

RateLimiter::RateLimiter(RateLimits limits, Clock clock)
    : limits_(limits), clock_(std::move(clock)) {}

const RateLimit* RateLimiter::Find(std::string_view rate_class) const {
  if (rate_class == "solve") return &limits_.solve;
  if (rate_class == "read") return &limits_.read;
  if (rate_class == "public") return &limits_.public_route;
  if (rate_class == "fire") return &limits_.fire;
  if (rate_class == "fire_failures") return &limits_.fire_failures;
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
  return Decide(rate_class, who, Kind::kTake);
}

RateDecision RateLimiter::Look(std::string_view rate_class, std::string_view who) {
  return Decide(rate_class, who, Kind::kLook);
}

RateDecision RateLimiter::Decide(std::string_view rate_class, std::string_view who, Kind kind) {
  RateDecision decision;
  const RateLimit* limit = Find(rate_class);
  if (limit == nullptr || (limit->per_minute <= 0 && limit->per_day <= 0)) return decision;
  double now = clock_();
  std::string key(rate_class);
  key += '\n';
  key += who;

  std::lock_guard<std::mutex> lock(mutex_);
  DropIdle(now);
  // A look leaves nothing behind.
  if (kind == Kind::kLook && taken_.find(key) == taken_.end()) return decision;
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
  if (decision.allowed && kind == Kind::kTake) {
    times.push_back(now);
    --decision.remaining;
  }
  return decision;
}

}  // namespace solvent::api
