// Keeps bodies that are slow or large from taking all threads and all memory: each body that is
// still on its way holds a thread, and what has come of it holds memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "steady_clock.h"

namespace solvent::http {

// Thread-safe. Addresses are told apart, so that what one takes is first taken from that one.
class BodyGate {
 public:
  struct Limits {
    size_t most_waiting = 256;    // bodies whose clients keep a thread waiting
    size_t most_bytes = 1 << 30;  // of all bodies that requests under way have
  };

  // One body, from its first byte until its request is answered.
  class Pass {
   public:
    Pass(BodyGate& gate, std::string_view address) : gate_(gate), address_(address) {}
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

    // `bytes` of the body are here in all. False: there is no room for so much now.
    bool Hold(size_t bytes);
    // The thread has to wait for the client. Where too many do, the slowest one of the address that
    // has most of them is told to give up.
    void BeginWait();
    void EndWait();
    bool cut() const { return cut_.load(std::memory_order_relaxed); }

   private:
    friend class BodyGate;
    BodyGate& gate_;
    const std::string address_;
    std::atomic<bool> cut_{false};
    std::atomic<size_t> bytes_{0};
    size_t charged_ = 0;
    bool waiting_ = false;
    SteadyClock::time_point began_ = SteadyClock::now();
    std::list<Pass*>::iterator place_;
  };

  explicit BodyGate(Limits limits) : limits_(limits) {}

 private:
  bool Charge(const std::string& address, size_t bytes);
  void Return(const std::string& address, size_t bytes);
  void CutOne();

  const Limits limits_;
  std::mutex mutex_;
  std::list<Pass*> waiting_;  // not yet cut
  size_t bytes_ = 0;
  std::unordered_map<std::string, size_t> bytes_of_;  // by address, without zeros
};

}  // namespace solvent::http
