// What the thread that serves all pushed-to clients knows of each of them, and the queue through
// which other threads send.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "peer.h"
#include "websocket.h"

namespace solvent::http {

class LoopSocket;
class QueuedPeer;

// What other threads leave for the loop. Peers share it, since they may outlive the loop.
class Mailbox {
 public:
  explicit Mailbox(const WebSocketOptions& options);
  ~Mailbox();

  // Leaves it for the loop. False, and nothing was taken, once the loop is stopping.
  bool Adopt(std::unique_ptr<LoopSocket>& socket);
  void Add(std::shared_ptr<QueuedPeer> peer);
  void Stop();
  // The loop is gone: drops what is left for it, and what comes later. Without it, a peer that
  // waits here and the mailbox would keep each other alive.
  void End();

  struct Content {
    std::vector<std::shared_ptr<QueuedPeer>> dirty;
    std::vector<std::unique_ptr<LoopSocket>> adopted;
    bool stop = false;
    bool end = false;
  };
  Content Take();
  int wake_fd() const { return wake_fd_; }  // readable when there is something

  const WebSocketOptions options;

 private:
  void Wake();

  const int wake_fd_;
  std::mutex mutex_;
  Content content_;
};

class QueuedPeer : public Peer, public std::enable_shared_from_this<QueuedPeer> {
 public:
  explicit QueuedPeer(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

  bool Send(std::shared_ptr<const std::string> message) override;
  void Close(uint16_t code, std::string_view reason) override;

  // For the loop. The next message, or null; the previous one counts as sent.
  std::shared_ptr<const std::string> TakeNext();
  bool CloseWanted(uint16_t& code, std::string& reason);
  void Shut();
  void TakeDirty() { dirty_ = false; }

  LoopSocket* socket = nullptr;  // touched by the loop only

 private:
  void Notify();

  const std::shared_ptr<Mailbox> mailbox_;
  std::atomic<bool> dirty_{false};
  std::mutex mutex_;
  std::deque<std::shared_ptr<const std::string>> queue_;
  size_t queued_bytes_ = 0;  // with the message in flight
  size_t largest_ = 0;       // since the queue was empty
  size_t in_flight_bytes_ = 0;
  size_t in_flight_ = 0;  // 1 while a message is being written
  bool closing_ = false;
  uint16_t close_code_ = 0;
  std::string close_reason_;
};

// All calls come from the loop's thread.
class LoopSocket {
 public:
  // `open` counts the sockets of its kind while this one is open; it is borrowed.
  LoopSocket(int fd, std::shared_ptr<Peer> peer, std::atomic<int64_t>& open);
  virtual ~LoopSocket();  // closes the descriptor
  LoopSocket(const LoopSocket&) = delete;
  LoopSocket& operator=(const LoopSocket&) = delete;

  virtual bool Begin() = 0;  // false: it cannot be served
  virtual void Read() = 0;   // there is something to read, or the connection has ended
  virtual void Write() = 0;  // as much as the client takes; moves the closing on
  virtual bool wants_write() const = 0;
  virtual void Tick(SteadyClock::time_point now) = 0;  // a few times a second
  // The client is gone, or refused; `code` is the client's close code. Once.
  virtual void EndSession(uint16_t code) = 0;

  // The connection is gone: the socket is destroyed at the end of the loop's turn.
  bool lost() const { return lost_; }
  void Lose();

  int fd() const { return fd_; }
  QueuedPeer& peer() { return *peer_; }
  uint32_t interest = 0;  // what epoll watches

 protected:
  // Reads and forgets. Notes when the connection has ended.
  void Discard(size_t most);

  const int fd_;
  const std::shared_ptr<QueuedPeer> peer_;
  bool lost_ = false;

 private:
  std::atomic<int64_t>& open_;
};

inline constexpr uint16_t kNoCloseFrame = 1006;
inline constexpr uint16_t kGoingAway = 1001;
inline constexpr uint16_t kTryAgainLater = 1013;

}  // namespace solvent::http
