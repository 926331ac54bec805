// What every store must do about credits.
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "store_contract.h"
#include "store_tools.h"

namespace solvent {
namespace {

NewRun PricedRun(std::string id, int64_t credits, std::string organization = "org_a") {
  NewRun run = MakeRun(std::move(id), std::move(organization));
  run.execution.credits_used = credits;
  return run;
}

CreditAccount MustFindAccount(Store& store, std::string_view organization = "org_a") {
  auto account = store.ports().credits->FindAccount(organization);
  REQUIRE_MESSAGE(account.ok(), account.status().ToString());
  CHECK(account->balance == account->granted + account->adjusted - account->used);
  return *account;
}

int64_t BalanceOf(Store& store, std::string_view organization = "org_a") {
  return MustFindAccount(store, organization).balance;
}

std::vector<CreditEntry> MustListEntries(Store& store, CreditEntryFilter filter = {},
                                         std::string_view organization = "org_a") {
  auto entries = store.ports().credits->ListEntries(organization, filter);
  REQUIRE_MESSAGE(entries.ok(), entries.status().ToString());
  return *std::move(entries);
}

// The entries of an organization add up to its balance, one after the other.
void CheckBooks(Store& store, std::string_view organization = "org_a") {
  CreditEntryFilter all;
  all.limit = 1'000'000;
  int64_t sum = 0;
  std::vector<CreditEntry> entries = MustListEntries(store, all, organization);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    sum += entry->amount;
    CHECK(entry->balance_after == sum);
  }
  CHECK(BalanceOf(store, organization) == sum);
}

void CheckRefused(const absl::Status& status, int64_t needed, int64_t available) {
  CHECK(absl::IsFailedPrecondition(status));
  ErrorInfo info = GetErrorInfo(status);
  CHECK(info.code == "insufficient_credits");
  CHECK(info.extra["credits_needed"].as_int() == needed);
  CHECK(info.extra["credits_available"].as_int() == available);
}

absl::StatusOr<CreditEntry> Adjust(Store& store, int64_t amount,
                                   std::string organization = "org_a") {
  return store.ports().credits->Adjust({"txn_x", std::move(organization), amount, "why", 77});
}

void CheckCharges(Store& store) {
  RunPort& runs = *store.ports().runs;
  CreditPort& credits = *store.ports().credits;

  SUBCASE("a store that was not told charges nothing") {
    MustInsert(store, PricedRun("exe_1", 7));
    CHECK(MustGet(store, "org_a", "exe_1").credits_used == 7);
    CHECK(MustListEntries(store).empty());
    CHECK(credits.CheckFunds("org_a", 1'000'000).ok());
  }

  SUBCASE("a run is charged as it is added, from a grant that is made once") {
    credits.SetPolicy({true, 10, 1});
    MustInsert(store, PricedRun("exe_1", 7));
    CHECK(BalanceOf(store) == 3);
    std::vector<CreditEntry> entries = MustListEntries(store);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].type == CreditEntryType::kExecution);
    CHECK(entries[0].amount == -7);
    CHECK(entries[0].balance_after == 3);
    CHECK(entries[0].execution_id == "exe_1");
    CHECK(entries[0].organization_id == "org_a");
    CHECK(entries[0].created_at == 1000);
    CHECK(entries[0].id.substr(0, 4) == "txn_");
    CHECK(entries[1].type == CreditEntryType::kAdjustment);
    CHECK(entries[1].amount == 10);
    CHECK(entries[1].execution_id == "");
    MustInsert(store, PricedRun("exe_2", 3));
    CHECK(BalanceOf(store) == 0);
    CHECK(BalanceOf(store, "org_b") == 0);
    MustInsert(store, PricedRun("exe_3", 0));  // what costs nothing can always be had
    CHECK(MustListEntries(store).size() == 3);
    CheckBooks(store);
  }

  SUBCASE("what cannot be paid is refused, with what is missing, and leaves nothing behind") {
    credits.SetPolicy({true, 10, 1});
    MustRegister(store, "own");
    CheckRefused(credits.CheckFunds("org_a", 11), 11, 10);
    CHECK(credits.CheckFunds("org_a", 10).ok());
    CheckRefused(runs.Insert(PricedRun("exe_1", 11), 100).status(), 11, 10);
    MustInsert(store, PricedRun("exe_2", 8));
    CheckRefused(runs.Insert(PricedRun("exe_3", 3), 100).status(), 3, 2);
    CheckRefused(credits.CheckFunds("org_a", 3), 3, 2);
    absl::Status heard;
    std::future<absl::Status> written = runs.InsertRunning(
        PricedRun("exe_4", 3), "own", [&](const absl::Status& status) { heard = status; });
    CheckRefused(written.get(), 3, 2);
    CheckRefused(heard, 3, 2);
    CHECK(Ids(MustList(store, "org_a")) == std::vector<std::string>{"exe_2"});
    CHECK(BalanceOf(store) == 2);
    CheckBooks(store);
  }

  SUBCASE("of several who need the whole balance one gets it") {
    credits.SetPolicy({true, 10, 1});
    MustRegister(store, "own");
    std::atomic<int> taken{0}, refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        NewRun run = PricedRun("exe_" + std::to_string(t), 10);
        absl::Status status = t % 2 == 0 ? runs.Insert(std::move(run), 100).status()
                                         : runs.InsertRunning(std::move(run), "own").get();
        if (status.ok()) ++taken;
        if (GetErrorInfo(status).code == "insufficient_credits") ++refused;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(taken == 1);
    CHECK(refused == 7);
    CHECK(BalanceOf(store) == 0);
    CHECK(MustList(store, "org_a").total == 1);
  }

  SUBCASE("a repeated request is charged once") {
    credits.SetPolicy({true, 10, 1});
    NewRun run = PricedRun("exe_1", 6);
    run.idempotency_key = "key";
    MustInsert(store, run);
    run.execution.id = "exe_2";
    auto again = runs.Insert(run, 100);
    REQUIRE(again.ok());
    CHECK(again->replayed);
    CHECK(again->execution.credits_used == 6);
    CHECK(BalanceOf(store) == 4);
  }
}

void CheckRefunds(Store& store) {
  RunPort& runs = *store.ports().runs;
  store.ports().credits->SetPolicy({true, 100, 10});
  MustRegister(store, "own");
  MustInsert(store, PricedRun("exe_1", 7));

  SUBCASE("an answer is paid for, and its absence is given back") {
    struct Case {
      RunState state;
      int64_t kept;
    };
    int n = 1;
    int64_t left = 93;
    for (const Case& c : {Case{RunState::kCompleted, 7}, Case{RunState::kFailed, 0},
                          Case{RunState::kTimeout, 0}, Case{RunState::kCancelled, 7}}) {
      CAPTURE(ToString(c.state));
      std::string id = "exe_" + std::to_string(n);
      CHECK(ClaimedId(store, "own") == id);
      CHECK(BalanceOf(store) == left);
      FinishedRun ended = MustFinish(store, MakeFinish(id, "own", c.state));
      CHECK(ended.applied);
      CHECK(ended.execution.credits_used == c.kept);
      CHECK(MustGet(store, "org_a", id).credits_used == c.kept);
      left += 7 - c.kept;
      CHECK(BalanceOf(store) == left);
      std::vector<CreditEntry> entries = MustListEntries(store);
      if (c.kept == 0) {
        CHECK(entries[0].type == CreditEntryType::kRefund);
        CHECK(entries[0].amount == 7);
        CHECK(entries[0].execution_id == id);
        CHECK(entries[0].description != "");
        CHECK(entries[0].created_at == 3000);
        CHECK(entries[1].execution_id == id);
      } else {
        CHECK(entries[0].type == CreditEntryType::kExecution);
      }
      // Ending it again gives nothing back again.
      CHECK_FALSE(MustFinish(store, MakeFinish(id, "own", RunState::kFailed)).applied);
      CHECK(BalanceOf(store) == left);
      MustInsert(store, PricedRun("exe_" + std::to_string(++n), 7));
      left -= 7;
    }
    CheckBooks(store);
  }

  SUBCASE("a cancel is free until the run was started") {
    CHECK(runs.RequestCancel("org_a", "exe_1", 5).value() == CancelOutcome::kCancelled);
    CHECK(MustGet(store, "org_a", "exe_1").credits_used == 0);
    CHECK(BalanceOf(store) == 100);
    CHECK(runs.RequestCancel("org_a", "exe_1", 6).value() == CancelOutcome::kAlreadyEnded);
    CHECK(BalanceOf(store) == 100);

    MustInsert(store, PricedRun("exe_2", 7));
    CHECK(ClaimedId(store, "own") == "exe_2");
    CHECK(runs.RequestCancel("org_a", "exe_2", 5).value() == CancelOutcome::kRequested);
    CHECK(runs.TakeBack("own", 6).ok());
    CHECK(MustGet(store, "org_a", "exe_2").state == RunState::kCancelled);
    CHECK(MustGet(store, "org_a", "exe_2").credits_used == 7);
    CHECK(BalanceOf(store) == 93);
  }

  SUBCASE("a run that is started over is not charged again") {
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(runs.TakeBack("own", 5).value() == 1);
    MustRegister(store, "own");
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(BalanceOf(store) == 93);
    CHECK(runs.Release("own", "exe_1", 5).value());
    CHECK(runs.RequestCancel("org_a", "exe_1", 6).value() == CancelOutcome::kCancelled);
    CHECK(BalanceOf(store) == 100);
    CheckBooks(store);
  }

  SUBCASE("the books know what was charged, whatever the policy is by then") {
    store.ports().credits->SetPolicy({});
    MustInsert(store, PricedRun("exe_2", 7));
    CHECK(ClaimedId(store, "own") == "exe_1");
    CHECK(ClaimedId(store, "own") == "exe_2");
    MustFinish(store, MakeFinish("exe_1", "own", RunState::kFailed));
    CHECK(BalanceOf(store) == 100);
    store.ports().credits->SetPolicy({true, 100, 10});
    MustFinish(store, MakeFinish("exe_2", "own", RunState::kFailed));
    CHECK(MustGet(store, "org_a", "exe_2").credits_used == 0);
    CHECK(BalanceOf(store) == 100);
    CheckBooks(store);
  }
}

void CheckAdjustments(Store& store) {
  CreditPort& credits = *store.ports().credits;

  SUBCASE("an operator adds and takes, but never below nothing") {
    CHECK(absl::IsNotFound(Adjust(store, 5).status()));
    credits.SetPolicy({true, 10, 1});
    CHECK(absl::IsNotFound(Adjust(store, 5).status()));
    auto member = store.ports().identity->EnsureMember("A", "u", "org_a", "usr_1", 1);
    REQUIRE(member.ok());
    auto added = Adjust(store, 5);
    REQUIRE(added.ok());
    CHECK(added->id == "txn_x");
    CHECK(added->amount == 5);
    CHECK(added->balance_after == 15);  // with the grant, which came first
    CHECK(added->description == "why");
    CHECK(added->created_at == 77);
    CHECK(Adjust(store, -15)->balance_after == 0);
    absl::Status refused = Adjust(store, -1).status();
    CHECK(GetErrorInfo(refused).code == "bad_request");
    CHECK(Adjust(store, INT64_MAX / 2).status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(MustListEntries(store).size() == 3);
    CHECK(MustFindAccount(store).adjusted == -10);
    CheckBooks(store);
  }

  SUBCASE("what is adjusted before the grant comes on top of it") {
    REQUIRE(store.ports().identity->EnsureMember("A", "u", "org_a", "usr_1", 1).ok());
    CHECK(Adjust(store, 5)->balance_after == 5);
    credits.SetPolicy({true, 10, 1});
    CHECK(credits.CheckFunds("org_a", 15).ok());
    CHECK(credits.EnsureGrant("org_a", 2).ok());
    CHECK(credits.EnsureGrant("org_a", 3).ok());
    CHECK(BalanceOf(store) == 15);
    CheckBooks(store);
  }

  SUBCASE("a balance that an operator has set is not added to") {
    REQUIRE(store.ports().identity->EnsureMember("A", "u", "org_a", "usr_1", 1).ok());
    auto set = credits.SetBalance({"txn_1", "org_a", 4, "", 5});
    REQUIRE(set.ok());
    CHECK(set->balance == 4);
    credits.SetPolicy({true, 10, 1});
    CHECK(credits.EnsureGrant("org_a", 6).ok());
    CHECK(BalanceOf(store) == 4);
    CHECK(credits.SetBalance({"txn_2", "org_a", 0, "", 7})->balance == 0);
    CHECK(credits.SetBalance({"txn_3", "org_a", 0, "", 8})->balance == 0);
    CHECK(MustListEntries(store).size() == 2);
    CHECK(absl::IsNotFound(credits.SetBalance({"txn_4", "org_z", 3, "", 9}).status()));
    CheckBooks(store);
  }

  SUBCASE("entries are listed newest first, in part, by type") {
    credits.SetPolicy({true, 1000, 1});
    MustRegister(store, "own");
    for (int i = 0; i < 6; ++i) MustInsert(store, PricedRun("exe_" + std::to_string(i), 1 + i));
    MustFinish(store, MakeFinish(ClaimedId(store, "own"), "own", RunState::kFailed));
    auto amounts = [&](CreditEntryFilter filter) {
      std::vector<int64_t> list;
      for (const CreditEntry& entry : MustListEntries(store, filter)) list.push_back(entry.amount);
      return list;
    };
    using Amounts = std::vector<int64_t>;
    CHECK(amounts({}) == Amounts{1, -6, -5, -4, -3, -2, -1, 1000});
    CHECK(amounts({std::nullopt, 2, 3}) == Amounts{-5, -4, -3});
    CHECK(amounts({std::nullopt, 7, 3}) == Amounts{1000});
    CHECK(amounts({std::nullopt, 8, 3}).empty());
    CHECK(amounts({std::nullopt, INT64_MAX / 2, 3}).empty());
    CHECK(amounts({CreditEntryType::kExecution, 1, 2}) == Amounts{-5, -4});
    CHECK(amounts({CreditEntryType::kRefund, 0, 50}) == Amounts{1});
    CHECK(MustListEntries(store, {}, "org_b").empty());
  }
}

// Random operations beside a model of two numbers.
void CheckAgainstModel(Store& store) {
  CreditPort& credits = *store.ports().credits;
  RunPort& runs = *store.ports().runs;
  constexpr int64_t kGrant = 50;
  CreditPolicy policy{true, kGrant, 5};
  credits.SetPolicy(policy);
  REQUIRE(credits.EnsureGrant("org_a", 1).ok());
  MustRegister(store, "own");
  std::mt19937 random(11);
  int64_t adjusted = 0, used = 0;
  std::map<std::string, int64_t> charged;  // of runs that have not ended
  std::vector<std::string> held;
  std::set<std::string> asked_to_stop;  // of those held: they will end as cancelled
  for (int step = 0; step < 600; ++step) {
    CAPTURE(step);
    int what = static_cast<int>(random() % 10);
    if (what < 5) {
      std::string id = "exe_" + std::to_string(step);
      int64_t price = random() % 12;
      int64_t balance = kGrant + adjusted - used;
      absl::Status status = runs.Insert(PricedRun(id, price), INT64_MAX).status();
      bool pays = policy.charging && price > 0;
      CHECK(status.ok() == (!pays || balance >= price));
      if (status.ok()) {
        charged[id] = pays ? price : 0;
        used += charged[id];
      }
    } else if (what < 6) {
      if (auto claimed = MustClaim(store, "own")) held.push_back(claimed->execution.id);
    } else if (what < 8 && !held.empty()) {
      std::string id = held.back();
      held.pop_back();
      auto state = static_cast<RunState>(2 + random() % 4);
      MustFinish(store, MakeFinish(id, "own", state));
      bool kept = state == RunState::kCompleted || state == RunState::kCancelled ||
                  asked_to_stop.count(id) > 0;
      if (!kept) used -= charged[id];
      charged.erase(id);
    } else if (what < 9 && !charged.empty()) {
      std::string id = charged.begin()->first;
      if (runs.RequestCancel("org_a", id, 9).value() == CancelOutcome::kCancelled) {
        used -= charged[id];
        charged.erase(id);
      } else {
        asked_to_stop.insert(id);
      }
    } else if (random() % 4 == 0) {
      policy.charging = !policy.charging;
      credits.SetPolicy(policy);
    } else {
      int64_t amount = static_cast<int64_t>(random() % 40) - 12;
      bool possible = amount != 0 && kGrant + adjusted - used + amount >= 0;
      if (amount != 0) {
        CHECK(Adjust(store, amount).ok() == possible);
        if (possible) adjusted += amount;
      }
    }
    CreditAccount account = MustFindAccount(store);
    CHECK(account.balance == kGrant + adjusted - used);
    CHECK(account.used == used);
    CHECK(account.adjusted == adjusted);
    if (step % 50 == 0) CheckBooks(store);
  }
  CheckBooks(store);
}

}  // namespace

void CheckCreditContract(const OpenStore& open) {
  std::unique_ptr<Store> store = open();
  SUBCASE("charges") { CheckCharges(*store); }
  SUBCASE("refunds") { CheckRefunds(*store); }
  SUBCASE("adjustments") { CheckAdjustments(*store); }
  SUBCASE("the balance is grant and adjustments less what was used, at every moment") {
    CheckAgainstModel(*store);
  }
}

}  // namespace solvent
