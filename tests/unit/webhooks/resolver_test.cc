#include "resolver.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "mutex.h"

namespace solvent {
namespace {

using std::chrono::steady_clock;

// Looks names up when it is told to.
struct HangingServers {
  struct State {
    Mutex mutex;
    CondVar changed;
    bool answering ABSL_GUARDED_BY(mutex) = false;
    int asked ABSL_GUARDED_BY(mutex) = 0;
  };
  std::shared_ptr<State> state = std::make_shared<State>();

  Resolver::LookUp LookUp() {
    return [state = state](const std::string&) -> Resolver::Addresses {
      Lock lock(state->mutex);
      ++state->asked;
      state->changed.SignalAll();
      while (!state->answering) state->changed.Wait(state->mutex);
      return std::vector<IpAddress>{IpAddress::V4(0x01020304)};
    };
  }
  void WaitUntilAsked(int times) {
    Lock lock(state->mutex);
    while (state->asked < times) state->changed.Wait(state->mutex);
  }
  int asked() {
    Lock lock(state->mutex);
    return state->asked;
  }
  void Answer() {
    Lock lock(state->mutex);
    state->answering = true;
    state->changed.SignalAll();
  }
};

steady_clock::time_point Past() { return steady_clock::now() - std::chrono::seconds(1); }
steady_clock::time_point Later() { return steady_clock::now() + std::chrono::minutes(10); }

TEST_CASE("a name is not waited for beyond its time, nor after a stop") {
  HangingServers servers;
  {
    Resolver resolver(servers.LookUp(), 10);
    CHECK(absl::IsDeadlineExceeded(resolver.Resolve("a.example", Past()).status()));
    std::stop_source stop;
    auto waiting = std::async(std::launch::async, [&] {
      return resolver.Resolve("b.example", Later(), stop.get_token()).status();
    });
    servers.WaitUntilAsked(2);
    stop.request_stop();
    CHECK(absl::IsCancelled(waiting.get()));
    CHECK(absl::IsCancelled(resolver.Resolve("c.example", Later(), stop.get_token()).status()));
  }
  servers.Answer();  // to threads that outlive the resolver
}

TEST_CASE("those who ask for the same name share one look-up") {
  HangingServers servers;
  Resolver resolver(servers.LookUp(), 1);
  for (int i = 0; i < 20; ++i) {
    CHECK(absl::IsDeadlineExceeded(resolver.Resolve("a.example", Past()).status()));
  }
  auto waiting =
      std::async(std::launch::async, [&] { return resolver.Resolve("a.example", Later()); });
  servers.WaitUntilAsked(1);
  CHECK(servers.asked() == 1);
  servers.Answer();
  REQUIRE(waiting.get().ok());
  // An answer is not kept: the next one asks again.
  CHECK(resolver.Resolve("a.example", Later()).ok());
}

TEST_CASE("names that hang leave room for others, and are refused at once when there is none") {
  HangingServers servers;
  Resolver resolver(servers.LookUp(), 5);
  auto try_name = [&](const std::string& name, int spare) {
    return resolver.Resolve(name, Past(), {}, spare).status();
  };
  CHECK(absl::IsDeadlineExceeded(try_name("1", 3)));
  CHECK(absl::IsDeadlineExceeded(try_name("2", 3)));
  CHECK(absl::IsResourceExhausted(try_name("3", 3)));
  CHECK(absl::IsDeadlineExceeded(try_name("1", 3)));  // runs already
  for (const char* name : {"3", "4", "5"}) CHECK(absl::IsDeadlineExceeded(try_name(name, 0)));
  CHECK(absl::IsResourceExhausted(try_name("6", 0)));
  servers.Answer();
  // The look-ups end one by one.
  while (!resolver.Resolve("6", Later()).ok()) std::this_thread::yield();
}

TEST_CASE("few wait for a name that others may do without, however many ask") {
  HangingServers servers;
  Resolver resolver(servers.LookUp(), 4);
  std::stop_source stop;
  auto waiting = std::async(std::launch::async, [&] {
    return resolver.Resolve("a.example", Later(), stop.get_token(), 3).status();
  });
  servers.WaitUntilAsked(1);
  CHECK(absl::IsResourceExhausted(resolver.Resolve("a.example", Past(), {}, 3).status()));
  CHECK(absl::IsDeadlineExceeded(resolver.Resolve("a.example", Past()).status()));
  stop.request_stop();
  CHECK(absl::IsCancelled(waiting.get()));
  CHECK(absl::IsDeadlineExceeded(resolver.Resolve("a.example", Past(), {}, 3).status()));
  servers.Answer();
}

TEST_CASE("the system knows addresses, and names that it does not know") {
  auto literal = SystemResolver().Resolve("127.0.0.1", Later());
  REQUIRE(literal.ok());
  CHECK(literal->at(0) == IpAddress::V4(0x7f000001));
  CHECK(absl::IsNotFound(SystemResolver().Resolve("no..name", Later()).status()));
}

}  // namespace
}  // namespace solvent
