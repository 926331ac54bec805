#include "resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "mutex.h"

namespace solvent {
namespace {

std::optional<IpAddress> FromSocketAddress(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    return IpAddress::V4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return IpAddress::V6(bytes);
  }
  return std::nullopt;
}

Resolver::Addresses LookUpBySystem(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (code != 0) {
    return absl::NotFoundError("the name could not be resolved: " +
                               std::string(::gai_strerror(code)));
  }
  std::vector<IpAddress> addresses;
  for (addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    std::optional<IpAddress> address = FromSocketAddress(entry->ai_addr);
    if (address.has_value() &&
        std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) return absl::NotFoundError("the name has no address");
  return addresses;
}

}  // namespace

// One name that is being looked up, and all who wait for it.
struct Resolver::Pending {
  Mutex mutex;
  CondVar changed;
  std::optional<Addresses> result ABSL_GUARDED_BY(mutex);
};

struct Resolver::Shared {
  LookUp look_up;
  int most = 0;
  Mutex mutex;
  int sparing ABSL_GUARDED_BY(mutex) = 0;  // callers with a `spare` that wait
  std::unordered_map<std::string, std::shared_ptr<Pending>> running ABSL_GUARDED_BY(mutex);
};

Resolver::Resolver(LookUp look_up, int most) : shared_(std::make_shared<Shared>()) {
  shared_->look_up = std::move(look_up);
  shared_->most = most;
}

void Resolver::Run(std::shared_ptr<Shared> shared, std::shared_ptr<Pending> pending,
                   std::string name) {
  Addresses result = shared->look_up(name);
  {
    Lock lock(shared->mutex);
    shared->running.erase(name);
  }
  Lock lock(pending->mutex);
  pending->result = std::move(result);
  pending->changed.SignalAll();
}

Resolver::Addresses Resolver::Resolve(const std::string& name,
                                      std::chrono::steady_clock::time_point deadline,
                                      std::stop_token stop, int spare) {
  std::shared_ptr<Pending> pending;
  const int counts = spare > 0 ? 1 : 0;
  absl::Cleanup leave = [this, counts] {
    Lock lock(shared_->mutex);
    shared_->sparing -= counts;
  };
  {
    Lock lock(shared_->mutex);
    const bool has_room = counts == 0 || shared_->sparing < shared_->most - spare;
    shared_->sparing += counts;
    if (!has_room) return absl::ResourceExhaustedError("too many wait for names");
    std::shared_ptr<Pending>& entry = shared_->running[name];
    if (entry == nullptr) {
      const int others = static_cast<int>(shared_->running.size()) - 1;
      if (others >= shared_->most - spare) {
        shared_->running.erase(name);
        return absl::ResourceExhaustedError("too many names are being resolved");
      }
      entry = std::make_shared<Pending>();
      try {
        std::thread(Run, shared_, entry, name).detach();
      } catch (const std::system_error&) {
        shared_->running.erase(name);
        return absl::ResourceExhaustedError("no thread to resolve the name with");
      }
    }
    pending = entry;
  }
  std::stop_callback wake(stop, [&pending] {
    Lock lock(pending->mutex);
    pending->changed.SignalAll();
  });
  Lock lock(pending->mutex);
  while (!pending->result.has_value()) {
    if (stop.stop_requested()) return absl::CancelledError("stopped while resolving the name");
    if (!pending->changed.WaitUntil(pending->mutex, deadline) && !pending->result.has_value()) {
      return absl::DeadlineExceededError("the name was not resolved in time");
    }
  }
  return *pending->result;
}

Resolver& SystemResolver() {
  // Never destroyed, because threads may still be in it when the process ends.
  static Resolver& resolver = *new Resolver(LookUpBySystem, kMostLookUps);
  return resolver;
}

}  // namespace solvent
