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

#include "mutex.h"

namespace solvent {
namespace {

// getaddrinfo() cannot be interrupted: each look-up has a thread that may outlive its caller.
constexpr int kMaxLookups = 64;

struct Lookup {
  Mutex mutex;
  CondVar done;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::optional<absl::StatusOr<std::vector<IpAddress>>> result ABSL_GUARDED_BY(mutex);
};

// Never destroyed, because threads may still be in it when the process ends.
struct LookupCount {
  Mutex mutex;
  int running ABSL_GUARDED_BY(mutex) = 0;

  bool Begin() {
    Lock lock(mutex);
    if (running >= kMaxLookups) return false;
    ++running;
    return true;
  }
  void End() {
    Lock lock(mutex);
    --running;
  }
};

LookupCount& Lookups() {
  static LookupCount& count = *new LookupCount;
  return count;
}

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

absl::StatusOr<std::vector<IpAddress>> LookUp(const std::string& name) {
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

absl::StatusOr<std::vector<IpAddress>> ResolveName(const std::string& name,
                                                   std::chrono::steady_clock::time_point deadline,
                                                   std::stop_token stop) {
  if (!Lookups().Begin()) {
    return absl::ResourceExhaustedError("too many names are being resolved");
  }
  auto lookup = std::make_shared<Lookup>();
  try {
    std::thread([lookup, name] {
      absl::StatusOr<std::vector<IpAddress>> result = LookUp(name);
      {
        Lock lock(lookup->mutex);
        lookup->result = std::move(result);
      }
      lookup->done.SignalAll();
      Lookups().End();
    }).detach();
  } catch (const std::system_error& error) {
    Lookups().End();
    return absl::ResourceExhaustedError("no thread to resolve the name with");
  }
  std::stop_callback wake(stop, [&lookup] {
    Lock lock(lookup->mutex);
    lookup->stopped = true;
    lookup->done.SignalAll();
  });
  Lock lock(lookup->mutex);
  while (!lookup->result.has_value()) {
    if (lookup->stopped) return absl::CancelledError("stopped while resolving the name");
    if (!lookup->done.WaitUntil(lookup->mutex, deadline) && !lookup->result.has_value()) {
      return absl::DeadlineExceededError("the name was not resolved in time");
    }
  }
  return *lookup->result;
}

}  // namespace solvent
