// Each way that is known to hurt an unprotected cpp-httplib, and the answer it gets here.

#include <deque>
#include <thread>

#include "test_server.h"

namespace solvent::http::test {
namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

// Sends until the server has had enough, as far as that goes.
void Flood(RawClient& client, std::string_view piece, size_t times) {
  for (size_t i = 0; i < times && client.Send(piece); ++i) {
  }
}

void CheckStillServes(TestServer& server) {
  RawClient client(server.port());
  CHECK(client.Ask(Get("/hello")).status == 200);
}

TEST_CASE("an endless chunked body is cut at the limit") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string chunk = "10000\r\n" + std::string(0x10000, 'a') + "\r\n";
  Flood(client, chunk, 20'000'000 / chunk.size());
  Answer answer = client.Read();
  CHECK(answer.status == 413);
  CHECK(answer.body.find(R"("error":"payload_too_large")") != std::string::npos);
  CHECK(answer.Header("Connection") == "close");
  CheckStillServes(server);
}

TEST_CASE("a body announced too large is refused unread, and the client sees the answer") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  std::string body(10 << 20, 'a');
  CHECK(client.Send(Post("/echo", body)));
  Answer answer = client.Read();
  CHECK(answer.status == 413);
  client.FinishSending();
  CHECK(client.Closes());
}

TEST_CASE("compressed bodies that are none, or are coded in ways not known here, are refused") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  CHECK(client.Ask(Post("/echo", "\x1f\x8b...", "Content-Encoding: gzip\r\n")).status == 400);
  CHECK(client.Ask(Post("/echo", "\x1f\x8b...", "Content-Encoding: br\r\n")).status == 415);
}

TEST_CASE("a request line without an end is refused with 431") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  Flood(client, std::string(64 * 1024, 'A'), 100);
  CHECK(client.Read().status == 431);
  CheckStillServes(server);
}

TEST_CASE("bad heads get their status and the connection's end") {
  TestServer server;
  server.Start();
  std::string many_headers = "GET /hello HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 200; ++i) many_headers += "X-" + std::to_string(i) + ": 1\r\n";
  struct Row {
    std::string bytes;
    int status;
  } rows[] = {
      {Get("/hello", "REMOTE_ADDR: 6.6.6.6\r\n"), 400},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
       "0\r\n\r\n",
       400},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nabcde",
       400},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +5abc\r\n\r\nabcde", 400},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
      {many_headers + "\r\n", 431},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nX: " + std::string(40'000, 'b') + "\r\n\r\n", 431},
      {Get("/" + std::string(9000, 'u')), 414},
      {"GET /hello HTTP/1.1\nHost: x\n\n", 400},
      {"\x16\x03\x01\x02\r\n\r\n", 400},
      {"GET /hello HTTP/3.0\r\nHost: x\r\n\r\n", 505},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes.substr(0, 80));
    RawClient client(server.port());
    Answer answer = client.Ask(row.bytes);
    CHECK(answer.status == row.status);
    CHECK(answer.Header("Connection") == "close");
    CHECK(answer.Header("X-Request-ID").size() > 4);
    CHECK(answer.body.find("\"status_code\":" + std::to_string(row.status)) != std::string::npos);
    client.FinishSending();
    CHECK(client.Closes());
  }
  CheckStillServes(server);
}

TEST_CASE("malformed chunks are a bad request") {
  TestServer server;
  server.Start();
  for (std::string_view body : {"-1\r\n", "5 \r\nhello\r\n0\r\n\r\n", "3\r\nhello\r\n0\r\n\r\n"}) {
    CAPTURE(body);
    RawClient client(server.port());
    CHECK(client
              .Ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   std::string(body))
              .status == 400);
  }
}

TEST_CASE("percent signs in headers stay percent signs") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  Answer answer = client.Ask(Get("/things/1", "X-Test: a%0d%0aSet-Cookie:..\r\n"));
  CHECK(answer.body.find(R"("h":"a%0d%0aSet-Cookie:..")") != std::string::npos);
}

TEST_CASE("a POST without any length has an empty body") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  auto begin = SteadyClock::now();
  CHECK(client.Ask("POST /count HTTP/1.1\r\nHost: x\r\n\r\n").body == "0");
  // Well below the time that a body may take.
  CHECK(SteadyClock::now() - begin < Milliseconds(20'000));
}

TEST_CASE("a GET may have a body, which does not become the next request") {
  TestServer server;
  server.Start();
  RawClient client(server.port());
  const std::string smuggled = Get("/fails");
  client.Send("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: " +
              std::to_string(smuggled.size()) + "\r\n\r\n" + smuggled + Get("/things/9"));
  CHECK(client.Read().status == 200);
  CHECK(client.Read().body.find(R"("id":"9")") != std::string::npos);
}

TEST_CASE("a head that drips in is given up with 408 and costs no thread") {
  Options options;
  options.head_timeout = Milliseconds(200);
  options.min_request_threads = 1;
  options.max_request_threads = 1;
  options.idle_timeout = Milliseconds(60'000);
  TestServer server(options);
  server.Start();
  RawClient slow(server.port()), silent(server.port());
  std::thread dripping([&] {
    for (char c : std::string("GET /hello HTTP/1.1\r\nHost: example.com\r\n")) {
      if (!slow.Send(std::string_view(&c, 1))) return;
      poll(nullptr, 0, 20);
    }
  });
  RawClient quick(server.port());
  for (int i = 0; i < 10; ++i) CHECK(quick.Ask(Get("/healthz")).status == 200);
  Answer answer = slow.Read();
  dripping.join();
  CHECK(answer.status == 408);
  CHECK(answer.Header("Connection") == "close");
  CHECK_FALSE(silent.Closes(50));
}

TEST_CASE("a body that drips in is given up with 408") {
  Options options;
  options.body_timeout = Milliseconds(100);
  TestServer server(options);
  server.Add("POST", "/small", [](Request& request) -> absl::StatusOr<Response> {
    request.body_limit = 1000;
    auto body = request.Body();
    if (!body.ok()) return body.status();
    return Response::Json(200, "1");
  });
  server.Start();
  RawClient client(server.port());
  Answer answer = client.Ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  CHECK(answer.status == 408);
  CHECK(answer.body.find("did not arrive in time") != std::string::npos);
}

TEST_CASE("silent connections are closed when their time is over") {
  Options options;
  options.idle_timeout = Milliseconds(50);
  TestServer server(options);
  server.Start();
  RawClient silent(server.port()), once(server.port());
  CHECK(once.Ask(Get("/hello")).status == 200);
  CHECK(silent.Closes());
  CHECK(once.Closes());
  CHECK(Eventually([&] { return server->metrics().connections == 0; }));
}

TEST_CASE("a client that never reads its answers does not keep a thread for ever") {
  Options options;
  options.write_timeout = Milliseconds(100);
  TestServer server(options);
  server.Add("GET", "/large",
             [](Request&) { return Response::Json(200, std::string(900'000, 'z')); });
  server.Start();
  RawClient client(server.port(), 4096);
  for (int i = 0; i < 20; ++i) client.Send(Get("/large"));
  CHECK(Eventually([&] { return server->metrics().by_class[0] == 1; }));
  CHECK(Eventually([&] { return server->metrics().in_flight == 0; }));
  CheckStillServes(server);
}

TEST_CASE("above the limit of connections the oldest idle one makes room") {
  Options options;
  options.max_connections = 3;
  // A connection is idle a little after its answer is read, which a loaded machine makes longer:
  // the next one may go then.
  bool oldest_went = false;
  for (int tries = 0; tries < 5 && !oldest_went; ++tries) {
    TestServer server(options);
    server.Start();
    RawClient a(server.port()), b(server.port()), c(server.port());
    CHECK(a.Ask(Get("/hello")).status == 200);
    CHECK(b.Ask(Get("/hello")).status == 200);
    CHECK(c.Ask(Get("/hello")).status == 200);
    RawClient d(server.port());
    CHECK(d.Ask(Get("/hello")).status == 200);
    oldest_went = a.Closes(1000);
    const int left = (b.Ask(Get("/hello")).status == 200) + (c.Ask(Get("/hello")).status == 200);
    CHECK(left == (oldest_went ? 2 : 1));
  }
  CHECK(oldest_went);
}

TEST_CASE("connections above the limit are turned away while all others are at work") {
  Options options;
  options.max_connections = 2;
  TestServer server(options);
  server.Start();
  RawClient a(server.port()), b(server.port());
  a.Send(Get("/waits"));
  b.Send(Get("/waits"));
  CHECK(Eventually([&] { return server.gate.waiting() == 2; }));
  RawClient c(server.port());
  CHECK(c.Closes());
  server.gate.Open();
  CHECK(a.Read().status == 200);
  CHECK(b.Ask(Get("/hello")).status == 200);
}

TEST_CASE("bodies that do not come leave threads for others") {
  Options options;
  options.max_request_threads = 8;
  TestServer server(options);
  server.Start();
  std::deque<RawClient> slow;
  for (int i = 0; i < 12; ++i) {
    slow.emplace_back(server.port());
    slow.back().Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  }
  // Those that come before the first ones have given up find all threads taken.
  int refused = 0, given_up = 0;
  CHECK(Eventually([&] {
    for (RawClient& client : slow) {
      const int status = client.Read(false, 0).status;
      given_up += status == 408;
      refused += status == 408 || status == 503;
    }
    return refused == 8;
  }));
  CHECK(given_up > 0);
  RawClient other(server.port());
  CHECK(other.Ask(Get("/hello")).status == 200);
}

TEST_CASE("large bodies above what all together may take are refused") {
  Options options;
  options.max_body_bytes = 4 << 20;
  TestServer server(options);
  server.Start();
  RawClient client(server.port());
  CHECK(client.Ask(Post("/count", std::string(5 << 19, ' '))).status == 200);
  // What was taken is given back.
  CHECK(client.Ask(Post("/count", std::string(5 << 19, ' '))).status == 200);
  Answer answer = client.Ask(Post("/count", std::string(7 << 19, ' ')));
  CHECK(answer.status == 503);
  CHECK(answer.body.find("too many large bodies") != std::string::npos);
}

TEST_CASE("a connection that is over is forgotten though another process holds its descriptor") {
  Options options;
  options.min_request_threads = 1;  // one waits for events, and all hangs on that
  options.idle_timeout = Milliseconds(200);
  TestServer server(options);
  server.Start();
  RawClient old(server.port());
  REQUIRE(Eventually([&] { return server->metrics().connections == 1; }));
  DescriptorHolder holder;
  REQUIRE(Eventually([&] { return server->metrics().connections == 0; }));
  // Takes the place of the one that is over.
  RawClient busy(server.port());
  busy.Send(Get("/waits"));
  REQUIRE(Eventually([&] { return server.gate.waiting() == 1; }));
  old.Send("late");
  CheckStillServes(server);
  server.gate.Open();
  CHECK(busy.Read().status == 200);
}

}  // namespace
}  // namespace solvent::http::test
