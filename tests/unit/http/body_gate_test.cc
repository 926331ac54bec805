#include "body_gate.h"

#include <doctest/doctest.h>

#include <optional>

namespace solvent::http::test {
namespace {

constexpr size_t kMega = 1 << 20;

TEST_CASE("of too many waiting bodies the slowest is cut") {
  BodyGate gate({.most_waiting = 2, .most_bytes = 1 << 30});
  BodyGate::Pass slow(gate, "10.0.0.1"), quick(gate, "10.0.0.1"), next(gate, "10.0.0.1");
  CHECK(slow.Hold(10));
  CHECK(quick.Hold(1'000'000));
  quick.BeginWait();
  slow.BeginWait();
  CHECK_FALSE(slow.cut());
  next.BeginWait();
  CHECK(slow.cut());
  CHECK_FALSE(quick.cut());
  CHECK_FALSE(next.cut());
}

TEST_CASE("the address that has most of the waiting bodies pays for one more") {
  BodyGate gate({.most_waiting = 3, .most_bytes = 1 << 30});
  BodyGate::Pass first(gate, "10.0.0.1"), second(gate, "10.0.0.1"), other(gate, "10.0.0.2"),
      next(gate, "10.0.0.3");
  CHECK(first.Hold(2'000'000));
  CHECK(second.Hold(1'000'000));
  CHECK(other.Hold(1));
  other.BeginWait();
  first.BeginWait();
  second.BeginWait();
  next.BeginWait();
  CHECK(second.cut());
  CHECK_FALSE(first.cut());
  CHECK_FALSE(other.cut());
}

TEST_CASE("a body that came in leaves its place among those that wait") {
  BodyGate gate({.most_waiting = 1, .most_bytes = 1 << 30});
  BodyGate::Pass first(gate, "10.0.0.1"), second(gate, "10.0.0.1");
  first.BeginWait();
  first.EndWait();
  second.BeginWait();
  CHECK_FALSE(first.cut());
}

TEST_CASE("an address gets half of the room for large bodies") {
  BodyGate gate({.most_waiting = 9, .most_bytes = 4 * kMega});
  std::optional<BodyGate::Pass> first(std::in_place, gate, "10.0.0.1");
  BodyGate::Pass second(gate, "10.0.0.2"), third(gate, "10.0.0.3");
  CHECK(first->Hold(3 * kMega));
  CHECK_FALSE(first->Hold(3 * kMega + 1));
  CHECK(second.Hold(3 * kMega));
  CHECK(third.Hold(kMega));  // the first megabyte is free
  CHECK_FALSE(third.Hold(kMega + 1));
  first.reset();
  CHECK(third.Hold(kMega + 1));
}

}  // namespace
}  // namespace solvent::http::test
