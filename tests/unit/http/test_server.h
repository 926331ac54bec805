// A running server with a few routes that tests can tell apart.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "http_server.h"
#include "raw_client.h"
#include "solvent/error.h"

namespace solvent::http::test {

// Lets a handler wait until the test has seen what it wants to see.
class Gate {
 public:
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [this] { return open_; });
  }
  int waiting() {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

struct LogLines {
  std::mutex mutex;
  std::string text;

  LogSink Sink() {
    return [this](LogLevel, std::string_view event, const Json& fields) {
      std::lock_guard lock(mutex);
      text += std::string(event) + " " + fields.Dump() + "\n";
    };
  }
  bool Has(std::string_view part) {
    std::lock_guard lock(mutex);
    return text.find(part) != std::string::npos;
  }
};

// Holds all open descriptors as a process does that starts a program, between its fork and exec.
class DescriptorHolder {
 public:
  DescriptorHolder() : pid_(fork()) {
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // in case the test crashes
      pause();
      _exit(0);
    }
    REQUIRE(pid_ > 0);
  }
  ~DescriptorHolder() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  DescriptorHolder(const DescriptorHolder&) = delete;
  DescriptorHolder& operator=(const DescriptorHolder&) = delete;

 private:
  const pid_t pid_;
};

class TestServer {
 public:
  explicit TestServer(Options options = {}) : server_(Prepared(std::move(options), log_)) {
    Add("GET", "/hello", [](Request&) { return Response::Json(200, R"({"hello":"world"})"); });
    Add("GET", "/things/{id}", [](Request& request) {
      Json json;
      json.Set("id", request.Parameter("id"));
      json.Set("q", request.FindQuery("q").value_or("none"));
      json.Set("h", request.FindHeader("X-Test").value_or("none"));
      json.Set("remote", std::string_view(request.remote_address));
      return Response::JsonValue(200, json);
    });
    Add("POST", "/echo", [](Request& request) -> absl::StatusOr<Response> {
      auto body = request.Body();
      if (!body.ok()) return body.status();
      return Response::Json(200, std::string(*body));
    });
    Add("POST", "/count", [](Request& request) -> absl::StatusOr<Response> {
      auto body = request.Body();
      if (!body.ok()) return body.status();
      return Response::Json(200, std::to_string(body->size()));
    });
    Add("GET", "/throws",
        [](Request&) -> absl::StatusOr<Response> { throw std::runtime_error("secret text"); });
    Add("GET", "/fails",
        [](Request&) -> absl::StatusOr<Response> { return absl::InternalError("secret cause"); });
    Add("GET", "/waits", [this](Request&) {
      gate.Wait();
      return Response::Json(200, "\"done\"");
    });
    Add("GET", "/injects", [](Request& request) {
      Response response = Response::Json(200, "1");
      response.Set("X-Copy", request.FindQuery("v").value_or(""));
      response.Set("X-Bad\r\nName", "1");
      return response;
    });
    Add("DELETE", "/things/{id}", [](Request&) { return Response::Empty(204); });
    Route health;
    health.method = "GET";
    health.pattern = "/healthz";
    health.auth = Auth::kPublic;
    health.answers_when_full = true;
    health.handler = [](Request& request) {
      return Response::Json(200, request.may_wait ? "\"ok\"" : "\"ok, and full\"");
    };
    REQUIRE(server_.AddRoute(std::move(health)).ok());
  }

  void Add(std::string method, std::string pattern, Handler handler, Auth auth = Auth::kPublic,
           std::string rate_class = "") {
    Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.handler = std::move(handler);
    route.auth = auth;
    route.rate_class = std::move(rate_class);
    if (route.pattern == "/count") route.body_limit = 8 << 20;
    REQUIRE(server_.AddRoute(std::move(route)).ok());
  }

  void Start() {
    absl::Status status = server_.Start();
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  HttpServer& operator*() { return server_; }
  HttpServer* operator->() { return &server_; }
  int port() const { return server_.port(); }

  Gate gate;
  LogLines log_;

 private:
  static Options Prepared(Options options, LogLines& log) {
    options.port = 0;
    options.log = log.Sink();
    return options;
  }
  HttpServer server_;
};

}  // namespace solvent::http::test
