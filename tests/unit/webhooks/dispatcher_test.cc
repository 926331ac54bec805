#include "dispatcher.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "clock.h"
#include "crypto.h"
#include "receiver.h"
#include "solvent/json.h"
#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

constexpr double kNow = 0.001;    // a pause that is over at once
constexpr double kNever = 86400;  // one that no test sees the end of

std::string Ok(const ReceivedRequest&, std::stop_token) { return Reply(200); }

WebhookOptions Options(std::vector<double> retries = {kNow, kNow, kNow}) {
  WebhookOptions options;
  options.policy.allow_networks = {"127.0.0.0/8"};
  options.retry_seconds = std::move(retries);
  options.user_agent = "Solvent/test";
  return options;
}

// A process: a store on a shared file, an owner, a dispatcher.
struct Process {
  Process(const std::string& file, const std::string& name, WebhookOptions options)
      : store(MustOpen(file)), owner(name) {
    MustRegister(*store, owner);
    auto open = [](std::string_view sealed) -> absl::StatusOr<std::string> {
      if (sealed == "locked") return absl::FailedPreconditionError("sealed with another key");
      return std::string(sealed);
    };
    dispatcher = std::make_unique<WebhookDispatcher>(*store->ports().webhooks, std::move(options),
                                                     owner, open, LogSink());
  }
  std::unique_ptr<Store> store;
  std::string owner;
  std::unique_ptr<WebhookDispatcher> dispatcher;
};

struct Fixture {
  explicit Fixture(WebhookOptions options = Options()) : main(file, "own", std::move(options)) {}

  void Trigger(const std::string& id, const std::string& url,
               const std::string& organization = "org_a") {
    AddTrigger(file, id, url, organization);
  }
  void EndRun(const std::string& run, const std::string& trigger = "trg_1") {
    AddTriggerRun(file, trigger, run, "exe_" + run);
    NewRun wanted = MakeRun("exe_" + run, "org_a");
    wanted.execution.trigger_id = trigger;
    wanted.execution.run_id = run;
    MustInsert(*main.store, std::move(wanted));
    REQUIRE(main.store->ports().runs->Claim("own", 2000)->has_value());
    FinishRun finish = MakeFinish("exe_" + run, "own", RunState::kCompleted, SystemNow());
    finish.result_json = R"({"status":"optimal"})";
    REQUIRE(MustFinish(*main.store, std::move(finish)).applied);
  }
  WebhookDelivery Only(const std::string& run, const std::string& trigger = "trg_1") {
    auto list = main.dispatcher->List("org_a", trigger, run);
    REQUIRE(list.ok());
    REQUIRE(list->size() == 1);
    return list->front();
  }
  // Waits until the delivery satisfies `condition`; how long is the test runner's affair.
  WebhookDelivery WaitFor(const std::string& run,
                          const std::function<bool(const WebhookDelivery&)>& condition) {
    while (true) {
      WebhookDelivery delivery = Only(run);
      if (condition(delivery)) return delivery;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  WebhookDelivery WaitForState(const std::string& run, WebhookState state) {
    return WaitFor(run, [state](const WebhookDelivery& d) { return d.state == state; });
  }

  TemporaryDirectory directory;
  std::string file = directory.File("s.db");
  Process main;
};

TEST_CASE("a run's end is delivered, signed") {
  Receiver receiver(Ok);
  Fixture f;
  f.Trigger("trg_1", receiver.Url());
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  ReceivedRequest request = receiver.WaitForRequests(1)[0];
  WebhookDelivery delivery = f.WaitForState("run_1", WebhookState::kDelivered);
  CHECK(request.body == f.main.store->ports().webhooks->Payload(delivery.id).value());
  CHECK(request.Header("content-type") == "application/json");
  CHECK(request.Header("user-agent") == "Solvent/test");
  CHECK(request.Header("x-jaot-event") == "trigger.run.completed");
  CHECK(request.Header("x-jaot-delivery") == delivery.id);
  CHECK(request.Header("webhook-id") == delivery.id);
  CHECK(request.Header("webhook-timestamp") == request.Header("x-jaot-delivery-timestamp"));
  CHECK(request.Header("x-jaot-signature") == HexEncode(HmacSha256("s3cret", request.body)));
  CHECK(request.Header("x-jaot-signature-256") == "sha256=" + request.Header("x-jaot-signature"));
  CHECK(request.Header("webhook-signature") ==
        "v1," + Base64Encode(HmacSha256(
                    "s3cret",
                    delivery.id + "." + request.Header("webhook-timestamp") + "." + request.body)));
  REQUIRE(delivery.attempts.size() == 1);
  CHECK(delivery.attempts[0].status == 200);
  CHECK(delivery.attempts[0].error.empty());
  auto status = f.main.dispatcher->Status();
  REQUIRE(status.ok());
  CHECK(status->open == 0);
  CHECK(status->oldest_due_seconds == 0);
}

TEST_CASE("a receiver that fails is tried four times, with the same bytes and id, then given up") {
  Receiver receiver([](const ReceivedRequest&, std::stop_token) { return Reply(500); });
  Fixture f;
  f.Trigger("trg_1", receiver.Url());
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  WebhookDelivery delivery = f.WaitForState("run_1", WebhookState::kFailed);
  auto requests = receiver.requests();
  REQUIRE(requests.size() == 4);
  for (const ReceivedRequest& request : requests) {
    CHECK(request.body == requests[0].body);
    CHECK(request.Header("webhook-id") == delivery.id);
  }
  REQUIRE(delivery.attempts.size() == 4);
  CHECK(delivery.attempts[3].error == "the receiver answered 500");
  CHECK(RawDb(f.file).Value("SELECT webhook_delivered, webhook_attempts FROM trigger_runs") ==
        "0|4");
  CHECK(RawDb(f.file).Value("SELECT count(*) FROM notifications WHERE type = 'system'") == "1");

  SUBCASE("and once more when it is asked for") {
    REQUIRE(f.main.dispatcher->Redeliver("org_a", "trg_1", "run_1", delivery.id).ok());
    receiver.WaitForRequests(8);
    delivery = f.WaitForState("run_1", WebhookState::kFailed);
    CHECK(delivery.attempts.size() == 8);
  }
}

TEST_CASE("redirects and closed connections are failures, and a later success is one") {
  std::atomic<int> count{0};
  Receiver receiver([&](const ReceivedRequest&, std::stop_token) {
    switch (count++) {
      case 0: return Reply(302, "Location: http://127.0.0.1:1/\r\n");
      case 1: return std::string();
      default: return Reply(204);
    }
  });
  Fixture f;
  f.Trigger("trg_1", receiver.Url());
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  WebhookDelivery delivery = f.WaitForState("run_1", WebhookState::kDelivered);
  REQUIRE(delivery.attempts.size() == 3);
  CHECK(delivery.attempts[0].status == 302);
  CHECK(delivery.attempts[1].status == 0);
  CHECK(delivery.attempts[1].error.find("without an answer") != std::string::npos);
  CHECK(receiver.requests().size() == 3);
}

TEST_CASE("pauses and Retry-After are kept, and cut to the limit") {
  WebhookOptions options = Options({100, kNever});
  options.max_retry_after_seconds = 1000;
  double asked = 500;
  options.sender = [&](const WebhookRequest&, std::stop_token) -> absl::StatusOr<WebhookResponse> {
    return WebhookResponse{503, asked < 0 ? std::nullopt : std::optional<double>(asked)};
  };
  double least = 500, most = 500;
  SUBCASE("as asked for") {}
  SUBCASE("no longer than allowed") {
    asked = 1e9;
    least = most = 1000;
  }
  SUBCASE("no shorter than the pause") {
    asked = 1;
    least = most = 100;
  }
  SUBCASE("without it") {
    asked = -1;
    least = most = 100;
  }
  Fixture f(options);
  f.Trigger("trg_1", "http://127.0.0.1:9/");
  Micros before = SystemNow();
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  WebhookDelivery delivery = f.WaitFor("run_1", [](const WebhookDelivery& d) {
    return d.attempts.size() == 1 && d.attempts[0].ended;
  });
  Micros after = SystemNow();
  CHECK(delivery.next_attempt_at >= before + static_cast<Micros>(least * 1e6));
  CHECK(delivery.next_attempt_at <= after + static_cast<Micros>(most * 1.1e6));
}

TEST_CASE("410 ends it and takes the URL away") {
  Receiver receiver([](const ReceivedRequest&, std::stop_token) { return Reply(410); });
  Fixture f;
  f.Trigger("trg_1", receiver.Url());
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  CHECK(f.WaitForState("run_1", WebhookState::kFailed).attempts.size() == 1);
  CHECK(RawDb(f.file).Value("SELECT webhook_url IS NULL FROM triggers") == "1");
  f.EndRun("run_2");
  CHECK(f.main.dispatcher->List("org_a", "trg_1", "run_2")->empty());
}

TEST_CASE("a hanging receiver does not delay another, however much waits for it") {
  Receiver hanging(Never);
  Receiver other(Ok);
  WebhookOptions options = Options();
  options.max_parallel = 8;
  options.max_parallel_per_host = 2;
  Fixture f(options);
  f.Trigger("trg_1", hanging.Url());
  f.Trigger("trg_2", other.Url());
  f.main.dispatcher->Start();
  for (int i = 0; i < 30; ++i) f.EndRun("run_h" + std::to_string(i));
  hanging.WaitForRequests(2);
  for (int i = 0; i < 10; ++i) f.EndRun("run_o" + std::to_string(i), "trg_2");
  other.WaitForRequests(10);
  CHECK(hanging.requests().size() == 2);
  f.main.dispatcher->Stop();
}

TEST_CASE("receivers that do not answer get half of the senders together") {
  // Three that fail without an answer, then hang: the fourth is served nevertheless.
  std::atomic<bool> hang{false};
  auto silent = [&](const ReceivedRequest& request, std::stop_token stop) {
    return hang ? Never(request, stop) : std::string();
  };
  Receiver a(silent), b(silent), c(silent);
  Receiver other(Ok);
  WebhookOptions options = Options({});
  options.max_parallel = 4;
  options.max_parallel_per_host = 4;
  Fixture f(options);
  int number = 0;
  for (Receiver* receiver : {&a, &b, &c}) {
    std::string trigger = "trg_" + std::to_string(++number);
    f.Trigger(trigger, receiver->Url(), "org_" + std::to_string(number));
  }
  f.Trigger("trg_o", other.Url());
  f.main.dispatcher->Start();
  for (int i = 1; i <= 3; ++i) f.EndRun("run_f" + std::to_string(i), "trg_" + std::to_string(i));
  while (f.main.dispatcher->Status()->failed < 3) std::this_thread::yield();
  hang = true;
  for (int i = 0; i < 12; ++i) {
    f.EndRun("run_h" + std::to_string(i), "trg_" + std::to_string(1 + i % 3));
  }
  while (a.requests().size() + b.requests().size() + c.requests().size() < 5) {
    std::this_thread::yield();
  }
  for (int i = 0; i < 5; ++i) f.EndRun("run_o" + std::to_string(i), "trg_o");
  other.WaitForRequests(5);
  CHECK(a.requests().size() + b.requests().size() + c.requests().size() == 5);
  f.main.dispatcher->Stop();
}

TEST_CASE("receivers that answer are served however many new ones hang") {
  Receiver other(Ok);
  std::vector<std::unique_ptr<Receiver>> hanging;
  WebhookOptions options = Options({});
  options.max_parallel = 4;
  options.max_parallel_per_host = 4;
  Fixture f(options);
  f.Trigger("trg_1", other.Url());
  for (int i = 0; i < 8; ++i) {
    hanging.push_back(std::make_unique<Receiver>(Never));
    f.Trigger("trg_h" + std::to_string(i), hanging.back()->Url(), "org_h" + std::to_string(i));
  }
  f.main.dispatcher->Start();
  f.EndRun("run_first", "trg_1");
  f.WaitForState("run_first", WebhookState::kDelivered);
  for (int i = 0; i < 8; ++i) f.EndRun("run_h" + std::to_string(i), "trg_h" + std::to_string(i));
  auto asked = [&] {
    size_t requests = 0;
    for (const auto& receiver : hanging) requests += receiver->requests().size();
    return requests;
  };
  while (asked() < 3) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) f.EndRun("run_o" + std::to_string(i), "trg_1");
  other.WaitForRequests(6);
  CHECK(asked() == 3);
  f.main.dispatcher->Stop();
}

TEST_CASE("an organization whose receivers answer first and hang then leaves senders to others") {
  std::atomic<bool> hang{false};
  std::vector<std::unique_ptr<Receiver>> hanging;
  WebhookOptions options = Options({});
  options.max_parallel = 8;
  Fixture f(options);
  f.main.dispatcher->Start();
  for (int i = 0; i < 8; ++i) {
    hanging.push_back(
        std::make_unique<Receiver>([&](const ReceivedRequest& request, std::stop_token stop) {
          return hang ? Never(request, stop) : Reply(200);
        }));
    const std::string number = std::to_string(i);
    f.Trigger("trg_h" + number, hanging.back()->Url(), "org_h");
    f.EndRun("run_first" + number, "trg_h" + number);
  }
  while (f.main.dispatcher->Status()->delivered < 8) std::this_thread::yield();
  hang = true;
  for (int i = 0; i < 16; ++i) {
    f.EndRun("run_h" + std::to_string(i), "trg_h" + std::to_string(i % 8));
  }
  auto asked = [&] {
    size_t requests = 0;
    for (const auto& receiver : hanging) requests += receiver->requests().size();
    return requests;
  };
  while (asked() < 8 + 4) std::this_thread::yield();
  Receiver other(Ok);
  f.Trigger("trg_1", other.Url());
  for (int i = 0; i < 5; ++i) f.EndRun("run_o" + std::to_string(i), "trg_1");
  other.WaitForRequests(5);
  CHECK(asked() == 8 + 4);
  f.main.dispatcher->Stop();
}

TEST_CASE("what a stop interrupts is delivered by the next process, under its id") {
  std::atomic<bool> hang{true};
  Receiver receiver([&](const ReceivedRequest& request, std::stop_token stop) {
    return hang ? Never(request, stop) : Reply(200);
  });
  Fixture f(Options({kNever}));
  f.Trigger("trg_1", receiver.Url());
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  receiver.WaitForRequests(1);
  f.main.dispatcher->Stop();
  WebhookDelivery delivery = f.Only("run_1");
  CHECK(delivery.state == WebhookState::kOpen);
  REQUIRE(delivery.attempts.size() == 1);
  CHECK(delivery.attempts[0].ended);
  hang = false;
  Process next(f.file, "next", Options({kNever}));
  next.dispatcher->Start();
  auto requests = receiver.WaitForRequests(2);
  CHECK(requests[1].Header("webhook-id") == delivery.id);
  CHECK(f.WaitForState("run_1", WebhookState::kDelivered).attempts.size() == 2);
}

TEST_CASE("two processes share the work, and nothing is sent twice") {
  Receiver receiver(Ok);
  Fixture f;
  f.Trigger("trg_1", receiver.Url());
  constexpr int kRuns = 60;
  for (int i = 0; i < kRuns; ++i) f.EndRun("run_" + std::to_string(i));
  Process other(f.file, "other", Options());
  f.main.dispatcher->Start();
  other.dispatcher->Start();
  auto requests = receiver.WaitForRequests(kRuns);
  for (int i = 0; i < kRuns; ++i) {
    f.WaitForState("run_" + std::to_string(i), WebhookState::kDelivered);
  }
  std::set<std::string> ids;
  for (const ReceivedRequest& request : receiver.requests())
    ids.insert(request.Header("webhook-id"));
  CHECK(ids.size() == kRuns);
  CHECK(receiver.requests().size() == kRuns);
  other.dispatcher->Stop();
  f.main.dispatcher->Stop();
  CheckInvariants(f.file);
}

TEST_CASE("what another process records is found") {
  Receiver receiver(Ok);
  Fixture f;
  f.Trigger("trg_1", receiver.Url());
  Process other(f.file, "other", Options());
  other.dispatcher->Start();
  f.EndRun("run_1");  // the dispatcher of this process is not started
  receiver.WaitForRequests(1);
  f.WaitForState("run_1", WebhookState::kDelivered);
}

TEST_CASE("the policy holds when a trigger was saved before it was made stricter") {
  Receiver receiver(Ok);
  WebhookOptions options = Options({});
  options.policy.allow_networks.clear();
  Fixture f(options);
  f.Trigger("trg_1", receiver.Url());
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  WebhookDelivery delivery = f.WaitForState("run_1", WebhookState::kFailed);
  CHECK(delivery.attempts[0].error.find("loopback") != std::string::npos);
  CHECK(receiver.requests().empty());
}

TEST_CASE("a host's own sender is used, and may throw") {
  std::atomic<int> calls{0};
  WebhookOptions options = Options({kNow});
  options.header_prefix = "X-Acme-";
  options.sender = [&](const WebhookRequest& request,
                       std::stop_token) -> absl::StatusOr<WebhookResponse> {
    if (calls++ == 0) throw std::runtime_error("out of luck");
    bool mine = false;
    for (const auto& [name, value] : request.headers) mine = mine || name == "X-Acme-Signature";
    return WebhookResponse{mine ? 200 : 500, std::nullopt};
  };
  Fixture f(options);
  f.Trigger("trg_1", "http://10.0.0.1/anywhere");
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  WebhookDelivery delivery = f.WaitForState("run_1", WebhookState::kDelivered);
  CHECK(delivery.attempts[0].error.find("out of luck") != std::string::npos);
}

TEST_CASE("what this side could not try is tried again and is no failure") {
  std::atomic<int> calls{0};
  WebhookOptions options = Options({});  // one failure would be the last
  options.sender = [&](const WebhookRequest&, std::stop_token) -> absl::StatusOr<WebhookResponse> {
    if (calls++ == 0) return absl::ResourceExhaustedError("too many names are being resolved");
    return WebhookResponse{204, std::nullopt};
  };
  Fixture f(options);
  f.Trigger("trg_1", "https://example.com/");
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  WebhookDelivery delivery = f.WaitForState("run_1", WebhookState::kDelivered);
  REQUIRE(delivery.attempts.size() == 2);
  CHECK(delivery.attempts[0].error == "too many names are being resolved");
}

TEST_CASE("a secret that cannot be read is a failure, not an unsigned request") {
  Receiver receiver(Ok);
  Fixture f(Options({}));
  f.Trigger("trg_1", receiver.Url());
  RawDb(f.file).Run("UPDATE triggers SET webhook_secret = CAST('locked' AS BLOB)");
  f.main.dispatcher->Start();
  f.EndRun("run_1");
  WebhookDelivery delivery = f.WaitForState("run_1", WebhookState::kFailed);
  CHECK(delivery.attempts[0].error.find("another key") != std::string::npos);
  CHECK(receiver.requests().empty());
}

TEST_CASE("options that make no sense are refused") {
  CHECK(CheckWebhookOptions({}).ok());
  auto refused = [](auto change) {
    WebhookOptions options;
    change(options);
    return absl::IsInvalidArgument(CheckWebhookOptions(options));
  };
  CHECK(refused([](WebhookOptions& o) { o.policy.allow_networks = {"10/8"}; }));
  CHECK(refused([](WebhookOptions& o) { o.header_prefix = "X:"; }));
  CHECK(refused([](WebhookOptions& o) { o.header_prefix = "X-\r\n"; }));
  CHECK(refused([](WebhookOptions& o) { o.user_agent = ""; }));
  CHECK(refused([](WebhookOptions& o) { o.user_agent = "a\nb"; }));
  CHECK(refused([](WebhookOptions& o) { o.retry_seconds = {-1}; }));
  CHECK(refused([](WebhookOptions& o) { o.retry_seconds = {std::nan("")}; }));
  CHECK(refused([](WebhookOptions& o) { o.max_retry_after_seconds = 1e12; }));
  CHECK(refused([](WebhookOptions& o) { o.max_parallel = 0; }));
  CHECK(refused([](WebhookOptions& o) { o.max_parallel_per_host = 0; }));
  CHECK(refused([](WebhookOptions& o) { o.retention_days = 0; }));
}

TEST_CASE("a dispatcher that was not started stops at once") {
  Fixture f;
  f.main.dispatcher->Stop();
  f.main.dispatcher->Start();
  f.main.dispatcher->Stop();
}

}  // namespace
}  // namespace solvent
