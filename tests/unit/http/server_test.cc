#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "http_server.h"
#include "test_server.h"

namespace solvent::http::test {
namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

TEST_CASE("requests are answered over one kept connection") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  for (int i = 0; i < 20; ++i) {
    Answer answer = client.Ask(Get("/hello"));
    REQUIRE(answer.status == 200);
    CHECK(answer.body == R"({"hello":"world"})");
    CHECK(answer.Header("Content-Type") == "application/json");
    CHECK(answer.Header("Connection") == "");
    CHECK(answer.Header("Keep-Alive") == "");
  }
  Answer echoed = client.Ask(Post("/echo", R"({"a":1})"));
  CHECK(echoed.body == R"({"a":1})");
  CHECK(server->metrics().connections == 1);
}

TEST_CASE("parameters, query, headers and the peer's address reach the handler") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  Answer answer = client.Ask(Get("/things/a%20b?q=1%2B1", "X-Test: raw%0d%0a\r\n"));
  CHECK(answer.body == R"({"id":"a b","q":"1+1","h":"raw%0d%0a","remote":"127.0.0.1"})");
}

TEST_CASE("paths, methods and slashes are answered as the router says") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  CHECK(client.Ask(Get("/hello/")).status == 200);
  Answer missing = client.Ask(Get("/nowhere"));
  CHECK(missing.status == 404);
  CHECK(missing.body.find(R"("error":"not_found")") != std::string::npos);
  Answer wrong = client.Ask(Post("/things/1", "{}"));
  CHECK(wrong.status == 405);
  CHECK(wrong.Header("Allow") == "GET, HEAD, DELETE, OPTIONS");
  client.Send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  Answer head = client.Read(true);
  CHECK(head.status == 200);
  CHECK(head.Header("Content-Length") == "17");
  Answer options = client.Ask("OPTIONS /things/1 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(options.status == 204);
  CHECK(options.Header("Allow") == "GET, HEAD, DELETE, OPTIONS");
  CHECK(options.Header("Content-Length") == "");
  CHECK(client.Ask("OPTIONS /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").status == 404);
  CHECK(client.Ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").status == 204);
  CHECK(client.Ask("BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n").status == 405);
  CHECK(client.Ask("DELETE /things/1 HTTP/1.1\r\nHost: x\r\n\r\n").status == 204);
  CHECK(client.Ask(Get("/hello")).status == 200);
}

TEST_CASE("request ids come back, and odd ones are replaced") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  CHECK(client.Ask(Get("/hello", "x-request-id: mine-1\r\n")).Header("X-Request-ID") == "mine-1");
  Answer error = client.Ask(Get("/nowhere", "X-Request-ID: mine-2\r\n"));
  CHECK(error.body.find(R"("request_id":"mine-2")") != std::string::npos);
  std::string too_long(129, 'a');
  std::string generated =
      client.Ask(Get("/hello", "X-Request-ID: " + too_long + "\r\n")).Header("X-Request-ID");
  CHECK(generated.substr(0, 4) == "req_");
  CHECK(generated.size() == 16);
}

TEST_CASE("pipelined requests are answered in order") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  client.Send(Get("/things/1") + Post("/echo", "[2]") + Get("/things/3"));
  CHECK(client.Read().body.find(R"("id":"1")") != std::string::npos);
  CHECK(client.Read().body == "[2]");
  CHECK(client.Read().body.find(R"("id":"3")") != std::string::npos);
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection") {
  TestServer server;
  server.Start();
  RawClient old(server.port());
  Answer answer = old.Ask("GET /hello HTTP/1.0\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.Header("Connection") == "close");
  CHECK(old.Closes());
  RawClient kept(server.port());
  answer = kept.Ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(answer.Header("Connection") == "keep-alive");
  CHECK(kept.Ask(Get("/hello", "Connection: close\r\n")).Header("Connection") == "close");
  CHECK(kept.Closes());
}

TEST_CASE("bodies arrive sized, chunked and after 100 Continue") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  std::string large(6 << 20, 'x');
  CHECK(client.Ask(Post("/count", large)).body == std::to_string(large.size()));
  std::string chunked = "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 1000; ++i) chunked += "400\r\n" + std::string(0x400, 'y') + "\r\n";
  CHECK(client.Ask(chunked + "0\r\n\r\n").body == "1024000");
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.Read(true).status == 100);
  CHECK(client.Ask("{}").body == "{}");
  CHECK(client.Ask(Get("/hello")).status == 200);
}

TEST_CASE("only JSON bodies are taken") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  auto status = [&](std::string_view headers) {
    return client.Ask(Post("/echo", "{}", headers)).status;
  };
  CHECK(status("") == 200);
  CHECK(status("Content-Type: application/json; charset=utf-8\r\n") == 200);
  CHECK(status("Content-Type: Application/Problem+JSON\r\n") == 200);
  CHECK(status("Content-Type: text/plain\r\n") == 415);
  CHECK(status("Content-Encoding: deflate\r\n") == 415);
  Answer form =
      client.Ask(Post("/echo", "{}", "Content-Type: application/x-www-form-urlencoded\r\n"));
  CHECK(form.status == 415);
  CHECK(form.body.find("add the header Content-Type: application/json") != std::string::npos);
}

TEST_CASE("what a handler throws or fails with stays in the log") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  for (std::string_view path : {"/throws", "/fails"}) {
    Answer answer = client.Ask(Get(path));
    CHECK(answer.status == 500);
    CHECK(answer.body.find("internal error") != std::string::npos);
    CHECK((answer.head + answer.body).find("secret") == std::string::npos);
  }
  CHECK(server.log_.Has("secret text"));
  CHECK(server.log_.Has("secret cause"));
  CHECK(client.Ask(Get("/hello")).status == 200);
}

TEST_CASE("answers cannot be split by what a client sends") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  Answer answer = client.Ask(Get("/injects?v=a%0d%0aSet-Cookie:%20x=1"));
  CHECK(answer.status == 200);
  CHECK(answer.Header("X-Copy") == "aSet-Cookie: x=1");
  CHECK(answer.head.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(answer.head.find("X-Bad") == std::string::npos);
  CHECK(answer.body == "1");
}

TEST_CASE("errors take precedence in the documented order") {
  TestServer server;
  std::atomic<int> handled{0};
  auto handler = [&](Request& request) -> absl::StatusOr<Response> {
    ++handled;
    auto body = request.Body();
    if (!body.ok()) return body.status();
    return Response::Json(200, "1");
  };
  server.Add("POST", "/private", handler, Auth::kRequired, "write");
  server.Add("POST", "/either", handler, Auth::kOptional);
  server->SetAuthenticator([](Request& request, const Route&) -> absl::Status {
    if (request.FindHeader("Authorization").value_or("") != "Bearer good") {
      return absl::UnauthenticatedError("invalid credential");
    }
    request.identity = 7;
    request.response_headers.push_back({"X-Organization-Id", "org_1"});
    return absl::OkStatus();
  });
  bool limited = false;
  server->SetRateLimiter([&](Request& request, const Route& route) -> absl::Status {
    CHECK(route.rate_class == "write");
    request.response_headers.push_back({"X-RateLimit-Limit", "1"});
    if (!limited) return absl::OkStatus();
    return MakeError(absl::StatusCode::kResourceExhausted, "rate_limit_exceeded", "slow down");
  });
  server.Start();
  const std::string good = "Authorization: Bearer good\r\n";
  auto ask = [&](std::string_view path, std::string_view headers, size_t size = 2) {
    RawClient client(server.port());
    return client.Ask(Post(path, "{}" + std::string(size - 2, ' '), headers));
  };
  const size_t too_large = (1 << 20) + 1;
  CHECK(ask("/nowhere", "", too_large).status == 404);
  Answer refused = ask("/private", "Content-Type: text/plain\r\n", too_large);
  CHECK(refused.status == 401);
  CHECK(refused.Header("WWW-Authenticate") == "Bearer");
  limited = true;
  Answer slow = ask("/private", good, too_large);
  CHECK(slow.status == 429);
  CHECK(slow.Header("X-RateLimit-Limit") == "1");
  CHECK(slow.Header("X-Organization-Id") == "org_1");
  limited = false;
  CHECK(ask("/private", good + "Content-Type: text/plain\r\n", too_large).status == 413);
  CHECK(ask("/private", good + "Content-Type: text/plain\r\n").status == 415);
  CHECK(handled == 0);
  CHECK(ask("/private", good).status == 200);
  CHECK(ask("/either", "").status == 200);
  CHECK(ask("/either", "Authorization: Bearer bad\r\n").status == 401);
  CHECK(handled == 2);
}

TEST_CASE("a thousand idle connections do not delay a request") {
  Options options;
  options.thread_idle_timeout = Milliseconds(50);
  TestServer server(options);
  server.Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    REQUIRE(idle.back()->connected());
    idle.back()->Send(Get("/hello"));
  }
  for (auto& client : idle) REQUIRE(client->Read().status == 200);
  auto begin = SteadyClock::now();
  RawClient fresh(server.port());
  CHECK(fresh.Ask(Get("/hello")).status == 200);
  // Far below what waiting for any of them to end would take.
  CHECK(SteadyClock::now() - begin < Milliseconds(20'000));
  CHECK(server->metrics().connections == 1001);
  CHECK(Eventually([&] { return server->metrics().request_threads == 4; }));
  begin = SteadyClock::now();
  server->Stop(Milliseconds(60'000));
  CHECK(SteadyClock::now() - begin < Milliseconds(20'000));
  CHECK(server->metrics().connections == 0);
  CHECK(idle[0]->Closes());
}

TEST_CASE("waiting handlers do not hold up others, and their threads end again") {
  Options options;
  options.thread_idle_timeout = Milliseconds(50);
  TestServer server(options);
  server.Start();
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 40; ++i) {
    waiting.push_back(std::make_unique<RawClient>(server.port()));
    waiting.back()->Send(Get("/waits"));
  }
  REQUIRE(Eventually([&] { return server.gate.waiting() == 40; }));
  RawClient other(server.port());
  CHECK(other.Ask(Get("/hello")).status == 200);
  CHECK(Eventually([&] { return server->metrics().in_flight == 40; }));
  server.gate.Open();
  for (auto& client : waiting) CHECK(client->Read().body == "\"done\"");
  CHECK(Eventually([&] { return server->metrics().request_threads == 4; }));
  CHECK(other.Ask(Get("/hello")).status == 200);
}

TEST_CASE("threads that end at the same time leave the least number behind") {
  Options options;
  options.thread_idle_timeout = Milliseconds(2);
  TestServer server(options);
  server.Add("GET", "/naps", [](Request&) {
    poll(nullptr, 0, 20);
    return Response::Json(200, "1");
  });
  server.Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 60; ++i) clients.push_back(std::make_unique<RawClient>(server.port()));
  for (int round = 0; round < 10; ++round) {
    for (auto& client : clients) client->Send(Get("/naps"));
    for (auto& client : clients) REQUIRE(client->Read().status == 200);
    CHECK(Eventually([&] { return server->metrics().request_threads <= 4; }));
    CHECK(server->metrics().request_threads == 4);
  }
}

// All request threads but the last wait in a handler until the gate opens.
class FullServer : public TestServer {
 public:
  FullServer(int threads, Milliseconds patience)
      : TestServer(WithThreads(threads, patience)), threads_(threads) {}

  void Fill() {
    Start();
    while (holders.size() + 1 < static_cast<size_t>(threads_)) {
      holders.emplace_back(port()).Send(Get("/waits"));
    }
    REQUIRE(Eventually([&] { return gate.waiting() == threads_ - 1; }));
  }
  void Empty() {
    gate.Open();
    for (RawClient& client : holders) CHECK(client.Read().status == 200);
  }

  std::deque<RawClient> holders;

 private:
  static Options WithThreads(int threads, Milliseconds patience) {
    Options options;
    options.min_request_threads = 1;
    options.max_request_threads = threads;
    options.full_patience = patience;
    return options;
  }

  int threads_;
};

TEST_CASE("when all threads are taken, requests get 503 and health still answers") {
  FullServer server(3, Milliseconds(1));
  server.Fill();
  RawClient client(server.port());
  Answer answer = client.Ask(Get("/waits"));
  CHECK(answer.status == 503);
  CHECK(answer.Header("Retry-After") == "1");
  // Told that it is on the last thread.
  CHECK(client.Ask(Get("/healthz")).body == "\"ok, and full\"");
  server.Empty();
  REQUIRE(Eventually([&] { return server->metrics().in_flight == 0; }));
  CHECK(client.Ask(Get("/hello")).status == 200);
  CHECK(client.Ask(Get("/healthz")).body == "\"ok\"");
}

TEST_CASE("a client that reads nothing does not hold the last thread for long") {
  FullServer server(2, Milliseconds(1));
  Route route;
  route.method = "GET";
  route.pattern = "/wide";
  route.auth = Auth::kPublic;
  route.answers_when_full = true;
  route.handler = [](Request&) { return Response::Json(200, std::string(100'000, '1')); };
  REQUIRE(server->AddRoute(std::move(route)).ok());
  server.Fill();
  RawClient deaf(server.port(), 4096);
  REQUIRE(deaf.Ask(Get("/healthz")).status == 200);
  std::string many;
  for (int i = 0; i < 300; ++i) many += Get("/wide");
  deaf.Send(many);
  // Cut off as soon as its answers have filled all buffers on the way.
  CHECK(Eventually([&] { return server->metrics().connections == 1; }));
  RawClient other(server.port());
  CHECK(other.Ask(Get("/healthz")).status == 200);
  server.Empty();
}

TEST_CASE("a rush that takes all threads for a while waits for them, and health does not") {
  constexpr int kThreads = 3;
  FullServer server(kThreads, Milliseconds(60'000));
  server.Add("GET", "/naps", [](Request&) {
    poll(nullptr, 0, 1);
    return Response::Json(200, "1");
  });
  server.Fill();
  std::deque<RawClient> rush;
  // Two in one packet: what waits is the connection's first request.
  for (int i = 0; i < kThreads; ++i)
    rush.emplace_back(server.port()).Send(Get("/naps") + Get("/things/" + std::to_string(i)));
  RawClient health(server.port());
  CHECK(health.Ask(Get("/healthz")).body == "\"ok, and full\"");
  CHECK(Eventually([&] { return server->metrics().in_flight == kThreads - 1; }));
  server.Empty();
  for (int i = 0; i < kThreads; ++i) {
    CHECK(rush[i].Read().body == "1");
    CHECK(rush[i].Read().body.find("\"id\":\"" + std::to_string(i) + "\"") != std::string::npos);
  }
}

TEST_CASE("who calls a WebSocket like a page waits for no thread to hear it") {
  FullServer server(2, Milliseconds(60'000));
  Route route;
  route.method = "GET";
  route.pattern = "/ws";
  route.auth = Auth::kPublic;
  route.websocket = [] { return std::unique_ptr<WebSocketSession>(); };
  REQUIRE(server->AddRoute(std::move(route)).ok());
  server.Fill();
  RawClient plain(server.port());
  CHECK(plain.Ask(Get("/ws")).status == 426);
  server.Empty();
}

TEST_CASE("only so many requests wait for threads, the others are refused at once") {
  FullServer server(2, Milliseconds(60'000));
  server.Fill();
  std::deque<RawClient> parked;
  for (int i = 0; i < 2; ++i) parked.emplace_back(server.port()).Send(Get("/hello"));
  RawClient last(server.port());
  REQUIRE(last.Ask(Get("/healthz")).status == 200);
  CHECK(last.Ask(Get("/hello")).status == 503);
  server.Empty();
  for (RawClient& client : parked) CHECK(client.Read().status == 200);
}

TEST_CASE("a server stops while requests wait for threads") {
  FullServer server(2, Milliseconds(60'000));
  server.Fill();
  RawClient parked(server.port()), health(server.port());
  parked.Send(Get("/hello"));
  REQUIRE(health.Ask(Get("/healthz")).status == 200);
  std::thread stopper([&] { server->Stop(Milliseconds(60'000)); });
  // Not only when the grace is over.
  CHECK(parked.Read().status == 503);
  CHECK(parked.Closes());
  CHECK(health.Closes());
  server.Empty();
  stopper.join();
}

TEST_CASE("stopping lets the request in flight finish") {
  TestServer server;
  server.Start();
  RawClient busy(server.port()), idle(server.port());
  REQUIRE(idle.Ask(Get("/hello")).status == 200);
  busy.Send(Get("/waits"));
  REQUIRE(Eventually([&] { return server.gate.waiting() == 1; }));
  std::thread stopper([&] { server->Stop(Milliseconds(10'000)); });
  CHECK(idle.Closes());
  CHECK(server->stopping());
  CHECK_FALSE(RawClient(server.port()).connected());
  server.gate.Open();
  Answer answer = busy.Read();
  CHECK(answer.status == 200);
  CHECK(answer.Header("Connection") == "close");
  busy.FinishSending();
  stopper.join();
  CHECK(server->metrics().connections == 0);
}

TEST_CASE("a server that stops waits for no rest of a body") {
  TestServer server;
  server.Start();
  RawClient sized(server.port()), chunked(server.port()), busy(server.port());
  sized.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
  chunked.Send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
  busy.Send(Get("/waits"));
  REQUIRE(Eventually([&] { return server->metrics().in_flight == 3; }));
  REQUIRE(Eventually([&] { return server.gate.waiting() == 1; }));
  std::thread stopper([&] { server->Stop(Milliseconds(60'000)); });
  for (RawClient* client : {&sized, &chunked}) {
    const Answer answer = client->Read();
    CHECK(answer.status == 503);
    CHECK(answer.Header("Connection") == "close");
    CHECK(answer.body.find("stopping") != std::string::npos);
    client->FinishSending();
    CHECK(client->Closes());
  }
  // What is at work keeps its grace.
  server.gate.Open();
  CHECK(busy.Read().status == 200);
  busy.FinishSending();
  stopper.join();
}

TEST_CASE("a client that sends slowly for ever is cut off when the grace is over") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
  REQUIRE(Eventually([&] { return server->metrics().in_flight == 1; }));
  std::atomic<bool> over = false;
  std::thread sender([&] {
    while (!over && client.Send("d")) std::this_thread::sleep_for(Milliseconds(5));
  });
  auto leave = absl::MakeCleanup([&] {
    over = true;
    sender.join();
  });
  auto begin = SteadyClock::now();
  server->Stop(Milliseconds(50));
  // Well below the time that its body may take.
  CHECK(SteadyClock::now() - begin < Milliseconds(20'000));
  CHECK(server->metrics().in_flight == 0);
}

TEST_CASE("the log names the route and never the query") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  client.Ask(
      Get("/things/7?token=ok_live_1", "X-Request-ID: id-7\r\nAuthorization: Bearer b1\r\n"));
  REQUIRE(Eventually([&] { return server.log_.Has("id-7"); }));
  CHECK(server.log_.Has(R"("route":"/things/{id}","path":"/things/7","status":200)"));
  CHECK_FALSE(server.log_.Has("ok_live_1"));
  CHECK_FALSE(server.log_.Has("b1"));
}

TEST_CASE("metrics count answers by class and by route") {
  TestServer server;
  server.Start();
  {
    RawClient client(server.port());
    client.Ask(Get("/hello"));
    client.Ask(Get("/hello"));
    client.Ask(Get("/nowhere"));
    client.Ask(Get("/fails"));
  }
  REQUIRE(Eventually([&] { return server->metrics().connections == 0; }));
  Metrics metrics = server->metrics();
  CHECK(metrics.by_class[2] == 2);
  CHECK(metrics.by_class[4] == 1);
  CHECK(metrics.by_class[5] == 1);
  CHECK(metrics.in_flight == 0);
  for (const Metrics::Route& route : metrics.routes) {
    uint64_t in_buckets = 0;
    for (uint64_t bucket : route.buckets) in_buckets += bucket;
    CHECK(in_buckets == route.count);
    if (route.pattern == "/hello") CHECK(route.count == 2);
  }
}

TEST_CASE("pages of allowed origins may read answers, others not") {
  Options options;
  options.allowed_origins = {"https://app.example.com"};
  TestServer server(options);
  server.Start();
  RawClient client(server.port());
  Answer allowed = client.Ask(Get("/hello", "Origin: https://app.example.com\r\n"));
  CHECK(allowed.Header("Access-Control-Allow-Origin") == "https://app.example.com");
  Answer other = client.Ask(Get("/hello", "Origin: https://evil.example.com\r\n"));
  CHECK(other.Header("Access-Control-Allow-Origin") == "");
  Answer preflight = client.Ask(
      "OPTIONS /things/1 HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example.com\r\n"
      "Access-Control-Request-Method: DELETE\r\n\r\n");
  CHECK(preflight.Header("Access-Control-Allow-Methods") == "GET, HEAD, DELETE, OPTIONS");
}

TEST_CASE("a port that is taken is an error, not a crash") {
  TestServer server;
  server.Start();
  Options options;
  options.port = server.port();
  HttpServer second(options);
  absl::Status status = second.Start();
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(std::string(Message(status)).find(std::to_string(server.port())) != std::string::npos);
}

}  // namespace
}  // namespace solvent::http::test
