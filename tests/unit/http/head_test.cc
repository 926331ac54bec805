#include "head.h"

#include <doctest/doctest.h>

#include "chunked.h"

namespace solvent::http {
namespace {

int FaultOf(std::string_view text) {
  RequestHead head;
  auto fault = ParseHead(text, head);
  return fault ? fault->status : 0;
}

std::string WithHeader(std::string_view header) {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + std::string(header) + "\r\n\r\n";
}

TEST_CASE("a plain head is read into its parts") {
  RequestHead head;
  REQUIRE_FALSE(
      ParseHead("POST /a%2Fb/c?x=1&y=%20 HTTP/1.1\r\nHost: h\r\n"
                "X-Odd:  a%0d%0ab \r\nContent-Length: 17\r\n\r\n",
                head));
  CHECK(head.method == "POST");
  CHECK(head.path == "/a%2Fb/c");
  CHECK(head.query == "x=1&y=%20");
  CHECK(*head.FindHeader("x-oDD") == "a%0d%0ab");
  CHECK(head.content_length == 17u);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.chunked);
}

TEST_CASE("an absolute target loses its scheme and host") {
  RequestHead head;
  REQUIRE_FALSE(ParseHead("GET http://h:80/p?q=1 HTTP/1.1\r\nHost: h\r\n\r\n", head));
  CHECK(head.path == "/p");
  CHECK(head.query == "q=1");
  REQUIRE_FALSE(ParseHead("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", head));
  CHECK(head.path == "/");
}

TEST_CASE("connections stay open as the version and the Connection header say") {
  RequestHead head;
  REQUIRE_FALSE(ParseHead("GET / HTTP/1.0\r\n\r\n", head));
  CHECK_FALSE(head.keep_alive);
  REQUIRE_FALSE(ParseHead("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", head));
  CHECK(head.keep_alive);
  REQUIRE_FALSE(ParseHead("GET / HTTP/1.1\r\nHost: x\r\nConnection: x, CLOSE\r\n\r\n", head));
  CHECK_FALSE(head.keep_alive);
}

TEST_CASE("heads that two readers could read differently are refused") {
  for (std::string_view header : {"Content-Length: 5\r\nContent-Length: 50",
                                  "Content-Length: 5\r\nContent-Length: 5",
                                  "Content-Length: 5, 5",
                                  "Content-Length: +5",
                                  "Content-Length: 5abc",
                                  "Content-Length: -1",
                                  "Content-Length:",
                                  "Content-Length: 99999999999999999999",
                                  "Content-Length: 0x5",
                                  "Content-Length: 5\r\nTransfer-Encoding: chunked",
                                  "Transfer-Encoding: gzip, chunked",
                                  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                                  "Transfer-Encoding: identity",
                                  "Transfer-Encoding : chunked",
                                  "X y: 1",
                                  ": 1",
                                  "no colon",
                                  " folded: 1",
                                  "X: a\r\n folded",
                                  "Host: second",
                                  "X: a\x01"}) {
    CAPTURE(header);
    CHECK(FaultOf(WithHeader(header)) == 400);
  }
  CHECK(FaultOf(WithHeader(std::string("X: a\0b", 6))) == 400);
  CHECK(FaultOf(WithHeader("X: a\rb")) == 400);
  CHECK(FaultOf("GET / HTTP/1.1\r\n\r\n") == 400);  // no host
  CHECK(FaultOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("headers that pose as the server's own variables are refused") {
  for (std::string_view name : {"REMOTE_ADDR", "remote_addr", "Remote-Port", "LOCAL_ADDR"}) {
    CAPTURE(name);
    CHECK(FaultOf(WithHeader(std::string(name) + ": 6.6.6.6")) == 400);
  }
}

TEST_CASE("malformed request lines are refused") {
  for (std::string_view line :
       {"GET", "GET /", "GET  HTTP/1.1", "GET / HTTP/1.1 ", "G(T / HTTP/1.1", "GET a HTTP/1.1",
        "GET /\x7f HTTP/1.1", "GET /\xc3\xa4 HTTP/1.1", "GET / a HTTP/1.1", "GET / FTP/1.1", ""}) {
    CAPTURE(line);
    CHECK(FaultOf(std::string(line) + "\r\nHost: x\r\n\r\n") == 400);
  }
  CHECK(FaultOf("PRI * HTTP/2.0\r\n\r\n") == 505);
  CHECK(FaultOf(WithHeader("Expect: tea")) == 417);
}

TEST_CASE("long targets, many headers and large heads have their own answers") {
  std::string target(kMaxTargetBytes - 1, 'a');
  CHECK(FaultOf("GET /" + target + " HTTP/1.1\r\nHost: x\r\n\r\n") == 0);
  CHECK(FaultOf("GET /a" + target + " HTTP/1.1\r\nHost: x\r\n\r\n") == 414);
  std::string headers = "Host: x";
  for (size_t i = 1; i < kMaxHeaders; ++i) headers += "\r\nX-" + std::to_string(i) + ": 1";
  CHECK(FaultOf("GET / HTTP/1.1\r\n" + headers + "\r\n\r\n") == 0);
  CHECK(FaultOf("GET / HTTP/1.1\r\n" + headers + "\r\nY: 1\r\n\r\n") == 431);
}

TEST_CASE("a head is found wherever its bytes are cut") {
  const std::string bytes = "\r\nGET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\nrest";
  const size_t end = bytes.size() - 4;
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    size_t scanned = 0;
    HeadScan scan = ScanHead(std::string_view(bytes).substr(0, cut), scanned);
    REQUIRE(scan.state == (cut >= end ? HeadScan::kComplete : HeadScan::kIncomplete));
    scan = ScanHead(bytes, scanned);
    REQUIRE(scan.state == HeadScan::kComplete);
    CHECK(scan.begin == 2);
    CHECK(scan.end == end);
  }
}

TEST_CASE("a head without an end or with bare newlines is given up early") {
  size_t scanned = 0;
  CHECK(ScanHead(std::string(kMaxHeadBytes, 'a'), scanned).state == HeadScan::kIncomplete);
  HeadScan scan = ScanHead(std::string(kMaxHeadBytes + 1, 'a'), scanned);
  CHECK(scan.state == HeadScan::kBad);
  CHECK(scan.fault.status == 431);
  scanned = 0;
  scan = ScanHead("GET / HTTP/1.1\nHost: x\n\n", scanned);
  CHECK(scan.state == HeadScan::kBad);
  CHECK(scan.fault.status == 400);
}

TEST_CASE("queries are decoded in order and keep repeated names") {
  auto query = ParseQuery("a=1&b=x+y%26&a=%zz&flag&=v&&");
  REQUIRE(query.size() == 5);
  CHECK(query[0] == std::pair<std::string, std::string>("a", "1"));
  CHECK(query[1].second == "x y&");
  CHECK(query[2].second == "%zz");
  CHECK(query[3] == std::pair<std::string, std::string>("flag", ""));
  CHECK(query[4] == std::pair<std::string, std::string>("", "v"));
}

TEST_CASE("chunked bodies come out the same however they are cut") {
  const std::string coded =
      "5;ext=1\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\nnext";
  for (size_t step = 1; step <= coded.size(); ++step) {
    ChunkedDecoder decoder;
    std::string out;
    size_t at = 0;
    auto state = ChunkedDecoder::State::kMore;
    while (state == ChunkedDecoder::State::kMore) {
      REQUIRE(at < coded.size());
      size_t used = 0;
      state = decoder.Feed(std::string_view(coded).substr(at, step), used, out, 16);
      at += used;
    }
    CHECK(state == ChunkedDecoder::State::kDone);
    CHECK(out == "hello 0123456789");
    CHECK(coded.substr(at) == "next");
  }
}

TEST_CASE("chunked bodies that break the rules are refused") {
  using State = ChunkedDecoder::State;
  auto run = [](std::string_view coded, size_t limit) {
    ChunkedDecoder decoder;
    std::string out;
    size_t used = 0;
    return decoder.Feed(coded, used, out, limit);
  };
  CHECK(run("5\r\nhello\r\n0\r\n\r\n", 4) == State::kTooLarge);
  CHECK(run("FFFFFFFFFFF\r\n", 1 << 20) == State::kTooLarge);
  for (std::string_view bad :
       {"-1\r\n", "+5\r\nhello\r\n", "0x5\r\n", " 5\r\n", "5 \r\n", "\r\n", "5\nhello",
        "5\r\nhelloX\r\n", "1\r\na\n", "FFFFFFFFFFFFFFFF\r\n", "5\rhello", "0\r\n\rX"}) {
    CAPTURE(bad);
    CHECK(run(bad, 100) == State::kMalformed);
  }
  CHECK(run("1;" + std::string(5000, 'e'), 100) == State::kMalformed);
  CHECK(run("0\r\n" + std::string(20'000, 't'), 100) == State::kMalformed);
}

}  // namespace
}  // namespace solvent::http
