#include "websocket.h"

#include <thread>
#include <vector>

#include "handshake.h"
#include "loop_socket.h"
#include "test_server.h"

namespace solvent::http::test {
namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

struct Seen {
  std::mutex mutex;
  std::vector<std::shared_ptr<Peer>> peers;
  std::vector<uint16_t> closed;

  size_t closed_count() {
    std::lock_guard lock(mutex);
    return closed.size();
  }
  std::shared_ptr<Peer> peer(size_t i) {
    std::lock_guard lock(mutex);
    return i < peers.size() ? peers[i] : nullptr;
  }
};

class EchoSession : public WebSocketSession {
 public:
  explicit EchoSession(Seen& seen) : seen_(seen) {}

  std::string OnOpen(std::shared_ptr<Peer> peer, Request& request,
                     const std::vector<std::string>& offered) override {
    peer_ = peer;
    {
      std::lock_guard lock(seen_.mutex);
      seen_.peers.push_back(peer);
    }
    if (request.Parameter("id") == "refused") {
      peer->SendText(R"({"type":"error"})");
      peer->Close(4004, "no such thing");
    } else if (request.Parameter("id") == "greeted") {
      peer->SendText("hello " + std::string(request.FindQuery("token").value_or("nobody")));
    }
    return offered.empty() ? "not offered" : offered[0];
  }
  void OnMessage(std::string_view text) override { peer_->SendText(text); }
  void OnClose(uint16_t code) override {
    std::lock_guard lock(seen_.mutex);
    seen_.closed.push_back(code);
  }

 private:
  Seen& seen_;
  std::shared_ptr<Peer> peer_;
};

struct Frame {
  int opcode = -1;  // -1: the connection ended
  bool final = true;
  std::string payload;
  int close_code() const {
    if (opcode != 8 || payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
  }
};

std::string MakeFrame(int first_byte, std::string_view payload, bool masked = true) {
  std::string frame(1, static_cast<char>(first_byte));
  const char mask_bit = masked ? '\x80' : '\0';
  if (payload.size() < 126) {
    frame += static_cast<char>(mask_bit | static_cast<char>(payload.size()));
  } else {
    frame += static_cast<char>(mask_bit | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 255);
  }
  const char mask[] = {1, 2, 3, 4};
  if (masked) frame.append(mask, 4);
  for (size_t i = 0; i < payload.size(); ++i) {
    frame += masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i];
  }
  return frame;
}

std::string Text(std::string_view payload) { return MakeFrame(0x81, payload); }

class SocketClient : public RawClient {
 public:
  SocketClient(int port, std::string_view target, std::string_view headers = "",
               std::string_view more = "", int receive_buffer = 0)
      : RawClient(port, receive_buffer) {
    Send(Get(target,
             "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                 std::string(headers)) +
         std::string(more));
    answer = Read(true);
  }

  // A whole message, or a control frame before it.
  Frame ReadFrame(int timeout_ms = kPatience) {
    Frame frame = ReadOne(timeout_ms);
    while (!frame.final && frame.opcode < 8) {
      Frame next = ReadOne(timeout_ms);
      if (next.opcode != 0) return Frame();
      frame.payload += next.payload;
      frame.final = next.final;
    }
    return frame;
  }

  Answer answer;

 private:
  Frame ReadOne(int timeout_ms) {
    Frame frame;
    std::string head = ReadBytes(2, timeout_ms);
    if (head.size() < 2) return frame;
    size_t size = static_cast<unsigned char>(head[1]) & 127;
    if (size >= 126) {
      std::string length = ReadBytes(size == 126 ? 2 : 8);
      size = 0;
      for (char c : length) size = size * 256 + static_cast<unsigned char>(c);
    }
    frame.opcode = head[0] & 15;
    frame.final = (head[0] & 0x80) != 0;
    frame.payload = ReadBytes(size);
    return frame;
  }
};

class SocketServer : public TestServer {
 public:
  explicit SocketServer(Options options = {}) : TestServer(std::move(options)) {
    REQUIRE((*this)
                ->AddWebSocket("/ws/{id}", [this] { return std::make_unique<EchoSession>(seen); })
                .ok());
    Start();
  }
  ~SocketServer() { (*this)->Stop(Milliseconds(0)); }
  Seen seen;
};

TEST_CASE("the accept key is the one of the protocol's example") {
  CHECK(AcceptKey("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("messages are echoed, and what follows the handshake at once is not lost") {
  SocketServer server;
  SocketClient client(server.port(), "/ws/1", "", Text("early"));
  REQUIRE(client.answer.status == 101);
  CHECK(client.answer.Header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(client.ReadFrame().payload == "early");
  client.Send(Text("a") + Text("b"));
  CHECK(client.ReadFrame().payload == "a");
  CHECK(client.ReadFrame().payload == "b");
  CHECK(server->metrics().websockets == 1);
  CHECK(server->metrics().connections == 0);
  client.Send(MakeFrame(0x88, std::string("\x03\xe8", 2)));
  CHECK(client.ReadFrame().close_code() == 1000);
  client.FinishSending();
  CHECK(client.Closes());
  REQUIRE(Eventually([&] { return server.seen.closed_count() == 1; }));
  CHECK(server.seen.closed[0] == 1000);
  CHECK(Eventually([&] { return server->metrics().websockets == 0; }));
}

TEST_CASE("fragmented messages arrive whole, with pings in between answered") {
  SocketServer server;
  SocketClient client(server.port(), "/ws/1");
  client.Send(MakeFrame(0x01, "he") + MakeFrame(0x89, "are you there") + MakeFrame(0x00, "ll") +
              MakeFrame(0x80, "o"));
  Frame pong = client.ReadFrame();
  CHECK(pong.opcode == 10);
  CHECK(pong.payload == "are you there");
  Frame text = client.ReadFrame();
  CHECK(text.opcode == 1);
  CHECK(text.payload == "hello");
}

TEST_CASE("binary messages are ignored") {
  SocketServer server;
  SocketClient client(server.port(), "/ws/1");
  client.Send(MakeFrame(0x82, "binary") + Text("text"));
  CHECK(client.ReadFrame().payload == "text");
}

TEST_CASE("broken frames close the socket with their code") {
  SocketServer server;
  struct Row {
    std::string bytes;
    int code;
  } rows[] = {
      {Text(std::string(4097, 'x')), 1009},
      {MakeFrame(0x01, std::string(3000, 'x')) + MakeFrame(0x80, std::string(3000, 'x')), 1009},
      {Text("\xff\xfe"), 1007},
      {Text("\xed\xa0\x80"), 1007},
      {MakeFrame(0x81, "unmasked", false), 1002},
      {MakeFrame(0xf1, "reserved bits"), 1002},
      {MakeFrame(0x83, "unknown opcode"), 1002},
      {MakeFrame(0x80, "continues nothing"), 1002},
      {MakeFrame(0x89, std::string(126, 'p')), 1002},
      {MakeFrame(0x09, "a part of a ping"), 1002},
      {MakeFrame(0x8a, "pong") + MakeFrame(0x08, ""), 1002},
      {std::string("\x81\xfe\x00\x05", 4) + "maskhello", 1002},  // a length in too many bytes
      {MakeFrame(0x88, "\x03"), 1002},
      {MakeFrame(0x88, std::string("\x03\xed", 2)), 1002},  // 1005, which nobody may send
      {MakeFrame(0x88, ""), 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.code);
    CAPTURE(row.bytes.size());
    SocketClient client(server.port(), "/ws/1");
    client.Send(row.bytes);
    Frame frame = client.ReadFrame();
    CHECK(frame.opcode == 8);
    CHECK(frame.close_code() == row.code);
    client.FinishSending();
    CHECK(client.Closes());
  }
  SocketClient exact(server.port(), "/ws/1");
  exact.Send(Text(std::string(4096, 'x')));
  CHECK(exact.ReadFrame().payload.size() == 4096);
}

TEST_CASE("a session may refuse after the handshake") {
  SocketServer server;
  SocketClient client(server.port(), "/ws/refused");
  REQUIRE(client.answer.status == 101);
  CHECK(client.ReadFrame().payload == R"({"type":"error"})");
  Frame close = client.ReadFrame();
  CHECK(close.close_code() == 4004);
  CHECK(close.payload.substr(2) == "no such thing");
}

TEST_CASE("a broken frame after the server's close frame is not answered by a second one") {
  SocketServer server;
  for (const std::string& broken :
       {MakeFrame(0x88, std::string(126, 'r')), MakeFrame(0x09, "a part of a ping")}) {
    SocketClient client(server.port(), "/ws/refused");
    REQUIRE(client.ReadFrame().opcode == 1);
    REQUIRE(client.ReadFrame().close_code() == 4004);
    client.Send(broken);
    CHECK(client.ReadFrame().opcode == -1);
    CHECK(client.Closes());
  }
}

TEST_CASE("the session sees the query and chooses the subprotocol") {
  SocketServer server;
  SocketClient client(server.port(), "/ws/greeted?token=quite-secret",
                      "Sec-WebSocket-Protocol: bearer, abc\r\n");
  CHECK(client.answer.Header("Sec-WebSocket-Protocol") == "bearer");
  CHECK(client.ReadFrame().payload == "hello quite-secret");
  SocketClient plain(server.port(), "/ws/1");
  CHECK(plain.answer.Header("Sec-WebSocket-Protocol") == "");
  CHECK_FALSE(server.log_.Has("quite-secret"));
}

TEST_CASE("improper handshakes are refused") {
  SocketServer server;
  RawClient plain(server.port());
  Answer answer = plain.Ask(Get("/ws/1"));
  CHECK(answer.status == 426);
  CHECK(answer.Header("Upgrade") == "websocket");
  CHECK(answer.head.substr(0, 29) == "HTTP/1.1 426 Upgrade Required");
  const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  RawClient old(server.port());
  answer = old.Ask(Get("/ws/1", upgrade + key + "Sec-WebSocket-Version: 8\r\n"));
  CHECK(answer.status == 426);
  CHECK(answer.Header("Sec-WebSocket-Version") == "13");
  RawClient keyless(server.port());
  CHECK(keyless.Ask(Get("/ws/1", upgrade + "Sec-WebSocket-Version: 13\r\n")).status == 400);
  RawClient elsewhere(server.port());
  CHECK(elsewhere.Ask(Get("/hello", upgrade + key)).status == 200);
  CHECK(server.seen.peer(0) == nullptr);
}

TEST_CASE("a client that does not read is dropped with 1013 and delays nobody") {
  Options options;
  options.websocket.close_timeout = Milliseconds(60'000);
  SocketServer server(options);
  SocketClient slow(server.port(), "/ws/slow", "", "", 4096);
  SocketClient quick(server.port(), "/ws/quick");
  auto peer = server.seen.peer(0);
  REQUIRE(peer);
  const std::string message(16 * 1024, 'm');
  int accepted = 0;
  while (peer->SendText(message)) REQUIRE(++accepted < 100'000);
  quick.Send(Text("still here"));
  CHECK(quick.ReadFrame().payload == "still here");
  Frame frame;
  int received = 0;
  while ((frame = slow.ReadFrame()).opcode == 1) {
    CHECK(frame.payload == message);
    ++received;
  }
  CHECK(frame.close_code() == 1013);
  CHECK(received <= accepted);
  CHECK_FALSE(peer->SendText("too late"));
}

TEST_CASE("a message larger than the queue's bound passes, and so does the farewell after it") {
  Options options;
  options.websocket.close_timeout = Milliseconds(60'000);
  SocketServer server(options);
  SocketClient client(server.port(), "/ws/1");
  auto peer = server.seen.peer(0);
  REQUIRE(peer);
  const std::string large(3 << 20, 'r');
  CHECK(peer->SendText(large));
  CHECK(peer->SendText(large));
  peer->Close(1000);
  CHECK(client.ReadFrame().payload == large);
  CHECK(client.ReadFrame().payload == large);
  CHECK(client.ReadFrame().close_code() == 1000);
}

TEST_CASE("what waits beside the largest message has the whole bound") {
  WebSocketOptions options;
  options.max_queued_bytes = 1000;
  auto mailbox = std::make_shared<Mailbox>(options);
  auto peer = std::make_shared<QueuedPeer>(mailbox);
  CHECK(peer->SendText("retry: 2000"));
  CHECK(peer->SendText(std::string(5000, 'a')));
  CHECK(peer->SendText(std::string(5000, 'b')));
  CHECK_FALSE(peer->SendText("more"));
  mailbox->End();
}

TEST_CASE("a peer that outlives the loop is freed with its last owner") {
  auto mailbox = std::make_shared<Mailbox>(WebSocketOptions());
  auto waiting = std::make_shared<QueuedPeer>(mailbox),
       late = std::make_shared<QueuedPeer>(mailbox);
  std::weak_ptr<QueuedPeer> first = waiting, second = late;
  waiting->SendText("before the end");
  mailbox->End();
  late->SendText("after it");
  waiting.reset();
  late.reset();
  CHECK(first.expired());
  CHECK(second.expired());
}

TEST_CASE("a flood of pings that nobody reads answers to ends the socket") {
  Options options;
  options.websocket.close_timeout = Milliseconds(50);
  SocketServer server(options);
  SocketClient client(server.port(), "/ws/1", "", "", 4096);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += MakeFrame(0x89, std::string(125, 'p'));
  for (int i = 0; i < 2000 && server.seen.closed_count() == 0; ++i) {
    if (!client.Send(pings)) break;
  }
  CHECK(Eventually([&] { return server.seen.closed_count() == 1; }));
}

TEST_CASE("silent peers are pinged and then closed") {
  Options options;
  options.websocket.ping_interval = Milliseconds(40);
  options.websocket.silence_timeout = Milliseconds(1000);
  options.websocket.close_timeout = Milliseconds(50);
  // A loaded machine may keep this thread from answering for as long as a silent peer is silent:
  // such a round says nothing.
  bool in_time = false;
  for (int tries = 0; tries < 20 && !in_time; ++tries) {
    SocketServer server(options);
    auto answered = SteadyClock::now();
    SocketClient alive(server.port(), "/ws/1"), silent(server.port(), "/ws/2");
    in_time = true;
    int pings = 0;
    while (in_time && server.seen.closed_count() == 0 && pings < 1000) {
      Frame frame = alive.ReadFrame();
      in_time = SteadyClock::now() - answered < Milliseconds(500);
      if (!in_time) break;
      REQUIRE(frame.opcode == 9);
      ++pings;
      alive.Send(MakeFrame(0x8a, frame.payload));
      answered = SteadyClock::now();
    }
    if (!in_time) continue;
    CHECK(pings >= 2);
    REQUIRE(server.seen.closed_count() == 1);
    Frame frame = silent.ReadFrame();
    CHECK(frame.opcode == 9);
    while ((frame = silent.ReadFrame()).opcode == 9) {
    }
    CHECK(frame.close_code() == 1008);
    CHECK(silent.Closes());
    alive.Send(Text("x"));
    while ((frame = alive.ReadFrame()).opcode == 9) {
    }
    in_time = SteadyClock::now() - answered < Milliseconds(500);
    if (in_time) CHECK(frame.payload == "x");
  }
  CHECK(in_time);
}

TEST_CASE("stopping closes sockets with 1001 and does not wait for silent ones") {
  Options options;
  options.websocket.close_timeout = Milliseconds(200);
  SocketServer server(options);
  SocketClient polite(server.port(), "/ws/1"), silent(server.port(), "/ws/2");
  // Both must have passed from the request thread to the socket thread.
  polite.Send(Text("1"));
  silent.Send(Text("2"));
  CHECK(polite.ReadFrame().payload == "1");
  CHECK(silent.ReadFrame().payload == "2");
  auto begin = SteadyClock::now();
  std::thread stopper([&] { server->Stop(Milliseconds(120'000)); });
  Frame frame = polite.ReadFrame();
  CHECK(frame.close_code() == 1001);
  polite.Send(MakeFrame(0x88, frame.payload.substr(0, 2)));
  stopper.join();
  CHECK(SteadyClock::now() - begin < Milliseconds(60'000));
  CHECK(silent.ReadFrame().close_code() == 1001);
  CHECK(server.seen.closed_count() == 2);
  CHECK_FALSE(server.seen.peer(0)->SendText("into the void"));
}

TEST_CASE("a thousand idle connections and two hundred open sockets do not delay a request") {
  SocketServer server;
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    idle.back()->Send(Get("/hello"));
  }
  for (auto& client : idle) REQUIRE(client->Read().status == 200);
  std::vector<std::unique_ptr<SocketClient>> sockets;
  for (int i = 0; i < 200; ++i) {
    sockets.push_back(std::make_unique<SocketClient>(server.port(), "/ws/1"));
    REQUIRE(sockets.back()->answer.status == 101);
  }
  auto begin = SteadyClock::now();
  RawClient fresh(server.port());
  CHECK(fresh.Ask(Get("/hello")).status == 200);
  // Far below what waiting for any of them to end would take.
  CHECK(SteadyClock::now() - begin < Milliseconds(20'000));
  sockets[100]->Send(Text("echo"));
  CHECK(sockets[100]->ReadFrame().payload == "echo");
  // Some may still be on their way from the thread that has answered the handshake.
  CHECK(Eventually([&] { return server->metrics().websockets == 200; }));
}

}  // namespace
}  // namespace solvent::http::test
