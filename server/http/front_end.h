// Accepts connections, collects request heads without spending a thread on slow ones, and runs
// requests.
//
// All request threads wait on one epoll instance; whoever gets an event reads the head and, once it
// is complete, runs the request itself, which saves a hand-over between threads. When the last
// waiting thread turns to a request, another one is started.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "body_gate.h"
#include "connection.h"
#include "http_server.h"
#include "metrics.h"
#include "pipeline.h"
#include "router.h"
#include "socket_loop.h"

namespace solvent::http {

class FrontEnd {
 public:
  // Everything is borrowed.
  FrontEnd(const Options& options, const Router& router, const Pipeline& pipeline,
           SocketLoop& sockets, Counters& counters);
  ~FrontEnd();

  absl::Status Start();
  int port() const { return port_; }
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }

  // First no more connections and requests are taken, then those in flight are waited for.
  void BeginStop();
  void FinishStop(std::chrono::milliseconds grace);

 private:
  absl::Status Listen();
  bool AddThread();
  void ThreadMain(std::list<std::thread>::iterator self);
  bool MayRetire();
  // A connection whose work throws is closed.
  template <typename Work>
  void Guard(Connection& connection, const Work& work);

  void Accept();
  void ArmListener();
  Connection* NewConnection(int fd, std::string remote_address);
  // Closes one that nobody needs now, see Options::max_connections. False when there is none.
  bool MakeRoom();
  void Rearm(Connection& connection);
  void Close(Connection& connection);
  void Linger(Connection& connection);

  void OnReadable(Connection& connection);
  // Runs the requests in the buffer. `was_empty` before what came last.
  void ServeBuffer(Connection& connection, bool was_empty);
  // Keeps its request until a thread is free for it, see Options::full_patience. False when it has
  // waited so long, when enough others wait, and when the server stops.
  bool Park(Connection& connection);
  // The one that waits longest, when the calling thread may run a request. Null otherwise.
  Connection* Unpark();
  // Runs the request at the front of the buffer. False when the connection is no longer ours.
  bool ServeOne(Connection& connection, std::string_view head_text, size_t head_end);
  void Serve(Connection& connection, RequestHead& head);
  std::string ClientOf(const Connection& connection, const RequestHead& head) const;
  bool Upgrade(Connection& connection, RequestHead& head, Router::Match& match,
               std::chrono::milliseconds write_timeout);
  // Hands the connection over to the socket loop, which writes the head and the stream.
  void StartStream(Connection& connection, const Request& request, Response& response,
                   bool http_1_0, const Router::Match& match, SteadyClock::time_point begin);
  bool MayOpenSocket() const;
  // Takes the descriptor out of the connection, which is free afterwards.
  int Detach(Connection& connection, std::string* received);
  // For what is no request at all, and what is not looked at. Never waits for the client.
  void AnswerFault(Connection& connection, int status, const std::string& message);
  // The same, and the connection ends.
  void Refuse(Connection& connection, int status, const std::string& message);
  void Report(const Request& request, const Router::Match& match, int status, size_t bytes,
              SteadyClock::time_point begin);

  void SweeperMain();
  void Sweep();
  void EndPatience();
  void RefuseParked();

  const Options& options_;
  const Router& router_;
  const Pipeline& pipeline_;
  SocketLoop& sockets_;
  Counters& counters_;
  BodyGate bodies_;

  int epoll_ = -1;
  int stop_event_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> listener_idle_{false};  // out of descriptors; the sweeper arms it again
  std::atomic<int> waiting_{0};             // threads that are not running a request

  std::mutex parked_mutex_;
  std::deque<Connection*> parked_;  // busy ones; the first has waited longest

  std::mutex listener_mutex_;
  int listener_ = -1;

  std::mutex connections_mutex_;        // for the containers, and around closing a descriptor
  std::deque<Connection> connections_;  // never shrinks: epoll refers to its elements
  std::vector<Connection*> free_;

  std::mutex threads_mutex_;
  std::condition_variable threads_done_;
  std::list<std::thread> threads_;
  std::list<std::thread> retired_;  // to be joined
  int alive_ = 0;
  int leaving_ = 0;  // of them, allowed to end by MayRetire

  std::mutex sweeper_mutex_;
  std::condition_variable sweeper_wake_;
  std::thread sweeper_;
};

}  // namespace solvent::http
