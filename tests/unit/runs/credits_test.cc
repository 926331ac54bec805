#include <doctest/doctest.h>

#include "solvent/engine.h"
#include "solvent/execution_store.h"

using namespace solvent;

TEST_CASE("the price of a solve follows the published table") {
  struct Row {
    int64_t columns, integers, rows;
    double limit;
    int64_t credits;
  };
  for (const Row& row :
       {Row{0, 0, 0, 60, 1}, Row{2, 0, 1, 60, 1}, Row{2, 2, 1, 60, 4}, Row{5, 0, 0, 60, 2},
        Row{10, 5, 8, 120, 8}, Row{10, 10, 10, 120, 10}, Row{15, 0, 0, 60, 2},
        Row{100, 0, 0, 60, 11}, Row{100, 70, 80, 60, 33}, Row{101, 0, 51, 61, 16},
        Row{10000, 7000, 8000, 600, 384}, Row{100000, 200000, 100000, 3600, 500}}) {
    CAPTURE(row.columns);
    CAPTURE(row.rows);
    CHECK(EstimateCredits(row.columns, row.integers, row.rows, row.limit) == row.credits);
  }
}

TEST_CASE("requests that mean the same have the same hash") {
  CHECK(HashRequest(R"({"a":1,"b":[1,{"c":2,"d":3}]})") ==
        HashRequest(" { \"b\" : [1.0, {\"d\":3,\"c\":2e0}], \"a\":1 } "));
  CHECK(HashRequest(R"({"a":1})") != HashRequest(R"({"a":2})"));
  CHECK(HashRequest(R"({"a":[1,2]})") != HashRequest(R"({"a":[2,1]})"));
  CHECK(HashRequest("no json") == HashRequest("no json"));
}
