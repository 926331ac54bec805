// WebSocket frames from hostile bytes, through the loop that serves real sockets.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "socket_loop.h"

namespace {

using namespace solvent::http;

class Echo : public WebSocketSession {
 public:
  Echo(std::shared_ptr<Peer> peer, std::atomic<int>& closed)
      : peer_(std::move(peer)), closed_(closed) {}
  ~Echo() override {
    if (closed_count_ != 1) std::abort();
  }

  std::string OnOpen(std::shared_ptr<Peer>, Request&,
                     const std::vector<std::string>&) override {
    return "";
  }
  void OnMessage(std::string_view text) override {
    if (closed_count_ != 0 || text.size() > 4096) std::abort();
    peer_->SendText(text);
  }
  void OnClose(uint16_t) override {
    ++closed_count_;
    ++closed_;
  }

 private:
  std::shared_ptr<Peer> peer_;
  std::atomic<int>& closed_;
  int closed_count_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::atomic<int64_t> open{0};
  static std::atomic<int64_t> streams{0};
  static SocketLoop& loop = *[] {
    auto* made = new SocketLoop(WebSocketOptions(), EventStreamOptions(), open, streams);
    if (!made->Start().ok()) std::abort();
    return made;
  }();
  if (size == 0 || size > 32 * 1024) return 0;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 0;
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  // The first byte says how much comes with the handshake, the rest through the socket.
  const char* bytes = reinterpret_cast<const char*>(data) + 1;
  size_t left = size - 1;
  size_t early = left * data[0] / 255;
  std::atomic<int> closed{0};
  auto peer = loop.NewPeer();
  loop.AdoptWebSocket(pair[0], std::string(bytes, early), peer,
                      std::make_unique<Echo>(peer, closed));
  send(pair[1], bytes + early, left - early, MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(pair[1], SHUT_WR);
  char scrap[4096];
  while (read(pair[1], scrap, sizeof scrap) > 0) {
  }
  close(pair[1]);
  // The loop closes its end before it ends the count.
  while (open > 0) usleep(1);
  if (closed != 1) std::abort();
  return 0;
}
