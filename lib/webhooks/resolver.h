// Names to addresses, by the system's resolver but with a time limit.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ip_address.h"

namespace solvent {

// Thread-safe. A look-up cannot be interrupted, so each has a thread that may outlive whoever waits
// for it, and this object; those who ask for a name that is being looked up already share the
// answer, so that a name whose servers hang keeps one thread however often it is asked for.
class Resolver {
 public:
  using Addresses = absl::StatusOr<std::vector<IpAddress>>;
  // Called from several threads at once, and after the Resolver is gone.
  using LookUp = std::function<Addresses(const std::string& name)>;

  // At most `most` look-ups run at a time.
  Resolver(LookUp look_up, int most);

  // NotFound: no such name, or no resolver that knows. DeadlineExceeded, Cancelled: no answer until
  // then. ResourceExhausted: too many names are being looked up; at once when fewer than `spare`
  // further ones would be left to others, or when that many less than all wait with a `spare`
  // already, were it for the same name.
  Addresses Resolve(const std::string& name, std::chrono::steady_clock::time_point deadline,
                    std::stop_token stop = {}, int spare = 0);

 private:
  struct Pending;
  struct Shared;

  static void Run(std::shared_ptr<Shared> shared, std::shared_ptr<Pending> pending,
                  std::string name);

  std::shared_ptr<Shared> shared_;
};

// The process's own, over getaddrinfo().
Resolver& SystemResolver();
inline constexpr int kMostLookUps = 256;

}  // namespace solvent
