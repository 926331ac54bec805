#include "body_gate.h"

#include <algorithm>
#include <chrono>

namespace solvent::http {
namespace {

constexpr size_t kFree = 1 << 20;  // of each body: there are not that many threads
constexpr size_t kStep = 1 << 20;  // charged at once
constexpr size_t kShares = 2;      // an address gets one of so many

}  // namespace

BodyGate::Pass::~Pass() {
  EndWait();
  if (charged_ > 0) gate_.Return(address_, charged_);
}

bool BodyGate::Pass::Hold(size_t bytes) {
  bytes_.store(bytes, std::memory_order_relaxed);
  if (bytes <= kFree + charged_) return true;
  const size_t more = (bytes - kFree - charged_ + kStep - 1) / kStep * kStep;
  if (!gate_.Charge(address_, more)) return false;
  charged_ += more;
  return true;
}

void BodyGate::Pass::BeginWait() {
  if (waiting_) return;
  waiting_ = true;
  std::lock_guard lock(gate_.mutex_);
  if (gate_.waiting_.size() >= gate_.limits_.most_waiting) gate_.CutOne();
  place_ = gate_.waiting_.insert(gate_.waiting_.end(), this);
}

void BodyGate::Pass::EndWait() {
  if (!waiting_) return;
  waiting_ = false;
  std::lock_guard lock(gate_.mutex_);
  if (!cut()) gate_.waiting_.erase(place_);
}

bool BodyGate::Charge(const std::string& address, size_t bytes) {
  std::lock_guard lock(mutex_);
  auto of = bytes_of_.find(address);
  const size_t own = of == bytes_of_.end() ? 0 : of->second;
  if (bytes_ + bytes > limits_.most_bytes || own + bytes > limits_.most_bytes / kShares)
    return false;
  bytes_ += bytes;
  bytes_of_[address] = own + bytes;
  return true;
}

void BodyGate::Return(const std::string& address, size_t bytes) {
  std::lock_guard lock(mutex_);
  bytes_ -= bytes;
  auto of = bytes_of_.find(address);
  of->second -= bytes;
  if (of->second == 0) bytes_of_.erase(of);
}

// With mutex_ held.
void BodyGate::CutOne() {
  std::unordered_map<std::string_view, size_t> count;
  size_t highest = 0;
  for (const Pass* pass : waiting_) highest = std::max(highest, ++count[pass->address_]);
  const auto now = SteadyClock::now();
  auto rate = [now](const Pass* pass) {
    // A new one is not slow yet: it is taken for half a second old and given some bytes.
    const double seconds = std::chrono::duration<double>(now - pass->began_).count() + 0.5;
    return (static_cast<double>(pass->bytes_.load(std::memory_order_relaxed)) + 4096) / seconds;
  };
  auto slowest = waiting_.end();
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    if (count[(*at)->address_] < highest) continue;
    if (slowest == waiting_.end() || rate(*at) < rate(*slowest)) slowest = at;
  }
  if (slowest == waiting_.end()) return;
  (*slowest)->cut_.store(true, std::memory_order_relaxed);
  waiting_.erase(slowest);
}

}  // namespace solvent::http
