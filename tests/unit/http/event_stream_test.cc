#include "event_stream.h"

#include <sys/resource.h>

#include <thread>
#include <vector>

#include "test_server.h"

namespace solvent::http::test {
namespace {

using Milliseconds = std::chrono::milliseconds;

// Streams that the test sends on by itself.
class StreamServer : public TestServer {
 public:
  explicit StreamServer(Options options = {}) : TestServer(std::move(options)) {
    Add("GET", "/stream", [this](Request&) {
      Response response;
      response.content_type = "text/event-stream";
      response.Set("Cache-Control", "no-store");
      response.stream = [this](std::shared_ptr<Peer> peer) {
        peer->SendText("data: hello\n\n");
        std::lock_guard lock(mutex_);
        peers_.push_back(peer);
        return std::shared_ptr<void>(this, [this](void*) {
          std::lock_guard guard(mutex_);
          ++gone_;
        });
      };
      return response;
    });
    Add("GET", "/fails-late", [](Request&) {
      Response response;
      response.content_type = "text/event-stream";
      response.stream = [](std::shared_ptr<Peer>) -> std::shared_ptr<void> {
        throw std::runtime_error("secret");
      };
      return response;
    });
    Start();
  }
  ~StreamServer() { (*this)->Stop(Milliseconds(0)); }

  std::shared_ptr<Peer> peer(size_t i) {
    std::lock_guard lock(mutex_);
    return i < peers_.size() ? peers_[i] : nullptr;
  }
  size_t gone() {
    std::lock_guard lock(mutex_);
    return gone_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Peer>> peers_;
  size_t gone_ = 0;
};

class StreamClient : public RawClient {
 public:
  explicit StreamClient(int port, std::string_view request = Get("/stream"), int receive_buffer = 0)
      : RawClient(port, receive_buffer) {
    Send(request);
    answer = Read(true);
  }

  // One chunk; "" for the last one; nullopt when the connection ends without it.
  std::optional<std::string> Chunk() {
    std::string line;
    while (!line.ends_with("\r\n")) {
      std::string byte = ReadBytes(1);
      if (byte.empty()) return std::nullopt;
      line += byte;
    }
    size_t size = std::stoul(line, nullptr, 16);
    std::string chunk = ReadBytes(size);
    if (chunk.size() < size || ReadBytes(2) != "\r\n") return std::nullopt;
    return chunk;
  }

  Answer answer;
};

TEST_CASE("events come as chunks behind the head, and the end is told") {
  StreamServer server;
  StreamClient client(server.port());
  CHECK(client.answer.status == 200);
  CHECK(client.answer.Header("Content-Type") == "text/event-stream");
  CHECK(client.answer.Header("Transfer-Encoding") == "chunked");
  CHECK(client.answer.Header("Cache-Control") == "no-store");
  CHECK(client.answer.Header("X-Request-ID").substr(0, 4) == "req_");
  CHECK(client.answer.Header("Content-Length").empty());
  CHECK(client.Chunk() == "data: hello\n\n");
  auto peer = server.peer(0);
  REQUIRE(peer);
  CHECK(peer->SendText("data: 1\n\n"));
  CHECK(client.Chunk() == "data: 1\n\n");
  const std::string large(3 << 20, 'x');
  CHECK(peer->SendText(large));
  CHECK(peer->SendText("data: 2\n\n"));
  CHECK(client.Chunk() == large);
  CHECK(client.Chunk() == "data: 2\n\n");
  CHECK(server->metrics().event_streams == 1);
  CHECK(server->metrics().connections == 0);
  peer->Close(1000);
  CHECK(client.Chunk() == "");
  CHECK(client.Closes());
  CHECK(Eventually([&] { return server.gone() == 1; }));
  CHECK_FALSE(peer->SendText("too late"));
  CHECK(Eventually([&] { return server->metrics().event_streams == 0; }));
}

TEST_CASE("an old client gets bare bytes up to the end of the connection") {
  StreamServer server;
  StreamClient client(server.port(), "GET /stream HTTP/1.0\r\n\r\n");
  CHECK(client.answer.status == 200);
  CHECK(client.answer.Header("Transfer-Encoding").empty());
  CHECK(client.answer.Header("Connection") == "close");
  server.peer(0)->SendText("data: 1\n\n");
  server.peer(0)->Close(1000);
  CHECK(client.ReadBytes(100) == "data: hello\n\ndata: 1\n\n");
  CHECK(client.Closes());
}

TEST_CASE("HEAD gets the head of a stream and keeps its connection") {
  StreamServer server;
  RawClient client(server.port());
  client.Send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  Answer answer = client.Read(true);
  CHECK(answer.status == 200);
  CHECK(answer.Header("Content-Type") == "text/event-stream");
  CHECK(client.Ask(Get("/hello")).status == 200);
  CHECK(server.peer(0) == nullptr);
}

TEST_CASE("a stream that cannot begin ends at once") {
  StreamServer server;
  StreamClient client(server.port(), Get("/fails-late"));
  CHECK(client.answer.status == 200);
  CHECK(client.Chunk() == "");
  CHECK(client.Closes());
}

TEST_CASE("quiet streams are kept alive by comments") {
  Options options;
  options.event_stream.heartbeat = Milliseconds(20);
  StreamServer server(options);
  StreamClient client(server.port());
  CHECK(client.Chunk() == "data: hello\n\n");
  for (int i = 0; i < 3; ++i) {
    std::string comment = client.Chunk().value_or("");
    CHECK(comment.front() == ':');
    CHECK(comment.ends_with("\n\n"));
  }
  server.peer(0)->SendText("data: 1\n\n");
  std::optional<std::string> chunk;
  while ((chunk = client.Chunk()) && chunk->starts_with(":")) {
  }
  CHECK(chunk == "data: 1\n\n");
}

TEST_CASE("a client that does not read is cut off without an end and delays nobody") {
  StreamServer server;
  StreamClient slow(server.port(), Get("/stream"), 4096);
  StreamClient quick(server.port());
  CHECK(quick.Chunk() == "data: hello\n\n");
  auto peer = server.peer(0);
  REQUIRE(peer);
  const std::string message(16 * 1024, 'm');
  int accepted = 0;
  while (peer->SendText(message)) REQUIRE(++accepted < 100'000);
  server.peer(1)->SendText("data: still here\n\n");
  CHECK(quick.Chunk() == "data: still here\n\n");
  CHECK(Eventually([&] { return server.gone() == 1; }));
  CHECK(slow.Chunk() == "data: hello\n\n");
  std::optional<std::string> chunk;
  while ((chunk = slow.Chunk())) CHECK(chunk == message);
}

TEST_CASE("a client that stops within a message is cut off when more waits than may") {
  StreamServer server;
  StreamClient client(server.port(), Get("/stream"), 4096);
  CHECK(client.Chunk() == "data: hello\n\n");
  auto peer = server.peer(0);
  REQUIRE(peer);
  // More than all buffers on the way hold, and on the way once its first bytes are here.
  CHECK(peer->SendText(std::string(32 << 20, 'x')));
  CHECK(client.ReadBytes(100).ends_with("xxx"));
  int accepted = 0;
  while (peer->SendText("data: 1\n\n")) REQUIRE(++accepted < 100'000);
  CHECK(Eventually([&] { return server.gone() == 1; }));
}

TEST_CASE("a client that takes nothing at all is cut off after a while") {
  Options options;
  options.event_stream.stall_timeout = Milliseconds(50);
  StreamServer server(options);
  StreamClient client(server.port(), Get("/stream"), 4096);
  REQUIRE(server.peer(0));
  server.peer(0)->SendText(std::string(32 << 20, 'x'));
  CHECK(Eventually([&] { return server.gone() == 1; }));
}

TEST_CASE("a client that goes away ends its subscription") {
  StreamServer server;
  {
    StreamClient client(server.port());
    CHECK(client.Chunk() == "data: hello\n\n");
  }
  CHECK(Eventually([&] { return server.gone() == 1; }));
  CHECK_FALSE(server.peer(0)->SendText("anybody?"));
}

TEST_CASE("a stream that is over is forgotten though another process holds its descriptor") {
  StreamServer server;
  StreamClient leaving(server.port()), staying(server.port());
  REQUIRE(leaving.Chunk() == "data: hello\n\n");
  REQUIRE(staying.Chunk() == "data: hello\n\n");
  DescriptorHolder holder;
  leaving.FinishSending();
  REQUIRE(Eventually([&] { return server->metrics().event_streams == 1; }));
  // Each of these takes the loop through one turn at least.
  for (int i = 0; i < 20; ++i) {
    const std::string text = "data: " + std::to_string(i) + "\n\n";
    server.peer(0)->SendText(text);
    server.peer(1)->SendText(text);
    CHECK(staying.Chunk() == text);
  }
}

TEST_CASE("stopping ends the streams") {
  StreamServer server;
  StreamClient client(server.port());
  CHECK(client.Chunk() == "data: hello\n\n");
  std::thread stopper([&] { server->Stop(Milliseconds(60'000)); });
  CHECK(client.Chunk() == "");
  CHECK(client.Closes());
  stopper.join();
  CHECK(server.gone() == 1);
}

TEST_CASE("there is a limit to open streams") {
  Options options;
  options.websocket.max_sockets = 2;
  StreamServer server(options);
  StreamClient first(server.port()), second(server.port());
  CHECK(first.Chunk() == "data: hello\n\n");
  CHECK(second.Chunk() == "data: hello\n\n");
  RawClient third(server.port());
  Answer answer = third.Ask(Get("/stream"));
  CHECK(answer.status == 503);
  CHECK_FALSE(answer.Header("X-Request-ID").empty());
}

TEST_CASE("a thousand idle streams cost no threads, and all hear of the end") {
  Options options;
  options.thread_idle_timeout = Milliseconds(50);
  options.event_stream.heartbeat = Milliseconds(600'000);  // none between the events, that is
  StreamServer server(options);
  std::vector<std::unique_ptr<StreamClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<StreamClient>(server.port()));
    REQUIRE(clients.back()->answer.status == 200);
  }
  CHECK(Eventually([&] { return server->metrics().request_threads == 4; }));
  auto farewell = std::make_shared<const std::string>("data: the end\n\n");
  for (size_t i = 0; i < clients.size(); ++i) {
    CHECK(server.peer(i)->Send(farewell));
    server.peer(i)->Close(1000);
  }
  for (auto& client : clients) {
    CHECK(client->Chunk() == "data: hello\n\n");
    CHECK(client->Chunk() == *farewell);
    CHECK(client->Chunk() == "");
  }
}

}  // namespace
}  // namespace solvent::http::test
