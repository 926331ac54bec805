// One client of an event stream: a socket of the loop that is only written to.
#pragma once

#include <memory>
#include <string>

#include "event_stream.h"
#include "loop_socket.h"

namespace solvent::http {

class EventStreamSocket : public LoopSocket {
 public:
  // `head` is sent first. Chunked: each message is a chunk, as HTTP/1.1 has it; else bare bytes up
  // to the end of the connection.
  EventStreamSocket(int fd, std::string head, bool chunked, std::shared_ptr<Peer> peer,
                    std::shared_ptr<void> subscriber, const EventStreamOptions& options,
                    std::chrono::milliseconds close_timeout, std::atomic<int64_t>& open);

  bool Begin() override { return true; }
  void Read() override;
  void Write() override;
  bool wants_write() const override { return sent_ < size_; }
  void Tick(SteadyClock::time_point now) override;
  void EndSession(uint16_t code) override;

 private:
  // Makes `message` what is being written.
  void Frame(std::shared_ptr<const std::string> message);
  // Writes it; false when the client takes no more for now, or is gone.
  bool Flush();

  const EventStreamOptions options_;
  const std::chrono::milliseconds close_timeout_;
  const bool chunked_;
  std::shared_ptr<void> subscriber_;

  // What is being written: three parts in a row, of which `sent_` bytes are out.
  std::string before_;
  std::shared_ptr<const std::string> message_;  // null: nothing between the other two
  std::string_view after_;
  size_t size_ = 0;
  size_t sent_ = 0;

  bool ending_ = false;    // the last chunk is being written
  bool draining_ = false;  // our side is shut; waiting for the client to close
  SteadyClock::time_point last_write_ = SteadyClock::now();
};

}  // namespace solvent::http
