// What runs cost, and that nobody is solved for who cannot pay.
#include "solvent/credits.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "solvent/error.h"
#include "test_engine.h"

using namespace solvent;
using namespace std::chrono_literals;

TEST_CASE("the price of a solve follows the published table") {
  struct Row {
    int64_t columns, integers, rows;
    double limit;
    double raw;
    int64_t credits;
  };
  for (const Row& row :
       {Row{0, 0, 0, 60, 1.00, 1}, Row{2, 0, 1, 60, 1.25, 1}, Row{2, 2, 1, 60, 4.08, 4},
        Row{5, 0, 0, 60, 1.50, 2}, Row{10, 5, 8, 120, 7.87, 8}, Row{10, 10, 10, 120, 9.82, 10},
        Row{15, 0, 0, 60, 2.50, 2}, Row{100, 0, 0, 60, 11.00, 11}, Row{100, 70, 80, 60, 32.97, 33},
        Row{101, 0, 51, 61, 16.50, 16}, Row{10000, 7000, 8000, 600, 383.66, 384},
        Row{100000, 200000, 100000, 3600, 1599.11, 500}}) {
    CAPTURE(row.columns);
    CAPTURE(row.rows);
    CHECK(EstimateCredits(row.columns, row.integers, row.rows, row.limit) == row.credits);
    SolvePrice price = PriceSolve(row.columns, row.integers, row.rows, row.limit);
    CHECK(std::round(price.raw * 100) / 100 == row.raw);
    CHECK(price.raw ==
          price.base + price.variables + price.integrality + price.constraints + price.time);
    CHECK(price.capped == (row.raw > 500));
    CHECK(price.credits == row.credits);
  }
  // A begun minute counts whole.
  CHECK(EstimateCredits(0, 0, 0, 60.5) == 2);
  CHECK(EstimateCredits(0, 0, 0, 120.5) == 3);
  CHECK(EstimateCredits(0, 0, 0, 1e9) == 500);
}

namespace {

// A queue on books with `grant` credits for the tester.
struct PaidEngine : TestEngine {
  PaidEngine(const std::string& database, int64_t grant, int slots = 1)
      : TestEngine(database, slots), ledger(*store, Options(grant)) {}
  static CreditOptions Options(int64_t grant) {
    CreditOptions options;
    options.initial_grant = grant;
    return options;
  }
  int64_t balance() {
    auto balance = ledger.Balance(caller.organization_id);
    REQUIRE(balance.ok());
    return balance->balance;
  }
  CreditLedger ledger;
};

Submission Priced(std::optional<int64_t> price) {
  Submission submission = SmallSubmission();
  submission.price = price;
  return submission;
}

}  // namespace

TEST_CASE("a run costs what its submission says, else what its size and limit do") {
  TemporaryFolder folder;
  PaidEngine engine(folder.File("a.db"), 100);
  auto price_of = [&](Submission submission) {
    auto submitted = engine.queue->Submit(engine.caller, std::move(submission));
    REQUIRE(submitted.ok());
    return submitted->execution.credits_used;
  };
  CHECK(price_of(Priced(std::nullopt)) == 1);
  CHECK(price_of(Priced(17)) == 17);
  CHECK(price_of(Priced(0)) == 0);
  ProblemBuilder builder;
  builder.AddColumn("x", 0, 1, ColumnType::kBinary, 1);
  builder.AddColumn("y", 0, 1, ColumnType::kInteger, 1);
  Submission integers;
  integers.problem = *std::move(builder).Build();
  integers.options.time_limit_seconds = 1e9;   // cut to the queue's 3600
  CHECK(price_of(std::move(integers)) == 63);  // 1 + 0.2 + 2 * sqrt(2) + 59
  CHECK(engine.balance() == 100 - 1 - 17 - 63);
  CHECK(GetErrorInfo(engine.queue->Submit(engine.caller, Priced(-1)).status()).code ==
        "validation_error");
}

TEST_CASE("nobody is solved for who cannot pay") {
  TemporaryFolder folder;
  PaidEngine engine(folder.File("a.db"), 10);
  REQUIRE(engine.queue->Start().ok());
  for (bool wait : {true, false}) {
    absl::Status refused =
        wait ? engine.queue->SubmitAndWait(engine.caller, Priced(11), 20s).status()
             : engine.queue->Submit(engine.caller, Priced(11)).status();
    ErrorInfo info = GetErrorInfo(refused);
    CHECK(info.code == "insufficient_credits");
    CHECK(info.extra["credits_needed"].as_int() == 11);
    CHECK(info.extra["credits_available"].as_int() == 10);
  }
  CHECK(engine.backend.solves() == 0);
  CHECK(engine.balance() == 10);
  CHECK(engine.queue->List(engine.caller.organization_id, {}, {})->total == 0);
  // The slot that was kept for the refused one is free again.
  auto paid = engine.queue->SubmitAndWait(engine.caller, Priced(10), 20s);
  REQUIRE(paid.ok());
  CHECK(paid->execution.state == RunState::kCompleted);
  CHECK(paid->execution.credits_used == 10);
  CHECK(engine.balance() == 0);
}

TEST_CASE("of two that start at once and could each pay alone, one is told and stopped") {
  TemporaryFolder folder;
  PaidEngine engine(folder.File("a.db"), 10, 2);
  REQUIRE(engine.balance() == 10);
  // Both are being solved before either is written; then nothing but a stop ends the loser.
  std::atomic<int> begun{0}, stopped{0};
  engine.backend.SetScript([&](const Problem& problem, const SolveOptions& options,
                               const SolveMonitor& monitor) -> absl::StatusOr<SolveResult> {
    ++begun;
    auto result = ScriptedBackend::UntilStopped(problem, options, monitor);
    ++stopped;
    return result;
  });
  REQUIRE(engine.queue->Start().ok());
  std::atomic<int> refused{0}, accepted{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      auto submitted = engine.queue->SubmitAndWait(engine.caller, Priced(10), 1s);
      if (GetErrorInfo(submitted.status()).code == "insufficient_credits") ++refused;
      if (submitted.ok() && !IsEndState(submitted->execution.state)) ++accepted;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(refused == 1);
  CHECK(accepted == 1);
  CHECK(engine.balance() == 0);
  auto left = engine.queue->List(engine.caller.organization_id, {}, {});
  REQUIRE(left->total == 1);
  CHECK(engine.queue->Cancel(engine.caller.organization_id, left->items[0].id).ok());
  auto ended = engine.queue->Wait(engine.caller.organization_id, left->items[0].id, 20s);
  REQUIRE(ended.ok());
  CHECK(ended->state == RunState::kCancelled);
  engine.queue->Stop();
  CHECK(stopped == begun);  // Stop returned: nothing is being solved any more
  CHECK(engine.balance() == 0);
}

TEST_CASE("a failing run leaves the balance as it was, with charge and refund in the books") {
  TemporaryFolder folder;
  PaidEngine engine(folder.File("a.db"), 10);
  engine.backend.SetScript([](const auto&, const auto&, const auto&) {
    return absl::StatusOr<SolveResult>(absl::InternalError("broken"));
  });
  REQUIRE(engine.queue->Start().ok());
  auto failed = engine.queue->SubmitAndWait(engine.caller, Priced(4), 20s);
  REQUIRE(failed.ok());
  CHECK(failed->execution.state == RunState::kFailed);
  CHECK(failed->execution.credits_used == 0);
  CHECK(engine.balance() == 10);
  auto entries = engine.ledger.Entries(engine.caller.organization_id);
  REQUIRE(entries.ok());
  REQUIRE(entries->size() == 3);
  CHECK((*entries)[0].amount == 4);
  CHECK((*entries)[1].amount == -4);
  CHECK((*entries)[0].execution_id == failed->execution.id);
}

TEST_CASE("without a limit prices are noted and nothing is charged") {
  TemporaryFolder folder;
  TestEngine engine(folder.File("a.db"));
  CreditOptions options;
  options.unlimited = true;
  CreditLedger ledger(*engine.store, options);
  REQUIRE(engine.queue->Start().ok());
  auto done = engine.queue->SubmitAndWait(engine.caller, Priced(1'000'000), 20s);
  REQUIRE(done.ok());
  CHECK(done->execution.credits_used == 1'000'000);
  auto balance = ledger.Balance(engine.caller.organization_id);
  REQUIRE(balance.ok());
  CHECK(balance->unlimited);
  CHECK(ledger.Entries(engine.caller.organization_id)->empty());
}

TEST_CASE("a ledger refuses what cannot be meant") {
  TemporaryFolder folder;
  PaidEngine engine(folder.File("a.db"), 10);
  const std::string& org = engine.caller.organization_id;
  for (int64_t amount : {int64_t{0}, INT64_MAX, INT64_MIN, int64_t{1'000'000'000'001}}) {
    CHECK(GetErrorInfo(engine.ledger.Adjust(org, amount, "").status()).code == "validation_error");
  }
  CHECK(GetErrorInfo(engine.ledger.Adjust(org, 1, std::string(501, 'x')).status()).code ==
        "validation_error");
  CHECK(engine.ledger.Adjust(org, 1, "  é ").ok());
  CHECK(GetErrorInfo(engine.ledger.SetBalance(org, -1, "").status()).code == "validation_error");
  CHECK(engine.ledger.SetBalance(org, 7, "")->balance == 7);
  CHECK(absl::IsNotFound(engine.ledger.Adjust("org_nobody", 1, "").status()));
  CreditEntryFilter filter;
  filter.limit = 0;
  CHECK(engine.ledger.Entries(org, filter).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("requests that mean the same have the same hash") {
  CHECK(HashRequest(R"({"a":1,"b":[1,{"c":2,"d":3}]})") ==
        HashRequest(" { \"b\" : [1.0, {\"d\":3,\"c\":2e0}], \"a\":1 } "));
  CHECK(HashRequest(R"({"a":1})") != HashRequest(R"({"a":2})"));
  CHECK(HashRequest(R"({"a":[1,2]})") != HashRequest(R"({"a":[2,1]})"));
  CHECK(HashRequest("no json") == HashRequest("no json"));
}
