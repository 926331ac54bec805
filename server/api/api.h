// The documented HTTP routes over an Engine. A handler parses, calls the library and writes the
// answer; what the rules are is the library's business.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http_server.h"
#include "message.h"
#include "rate_limiter.h"
#include "router.h"
#include "solvent/engine.h"
#include "solvent/figures.h"
#include "solvent/log.h"

namespace solvent::api {

struct Config {
  std::chrono::milliseconds sync_wait{120'000};  // most that a synchronous solve keeps its caller
  int max_sync_waiters = 256;                    // callers beyond these are answered at once
  // Whether users are told of runs that were answered with their end.
  bool notify_sync_solves = false;
  bool notify_sync_models = true;
  RateLimits rate_limits;
  // Web origins whose pages may use the server; "*": all.
  std::vector<std::string> allowed_origins;
  std::string version;
  std::string data_folder = ".";  // whose disk must not fill up: where the database is
};

// What was last read of the store, for requests that may not wait for it.
class LastRead {
 public:
  // The last figures, or why there are none; and when they were read.
  struct Reading {
    absl::StatusOr<Figures> figures;
    std::chrono::steady_clock::time_point at;
  };
  void Keep(Reading reading) {
    std::lock_guard lock(mutex_);
    reading_ = std::move(reading);
  }
  Reading reading() const {
    std::lock_guard lock(mutex_);
    return reading_;
  }
  std::atomic<bool> store_answers{true};

 private:
  mutable std::mutex mutex_;
  Reading reading_{absl::UnavailableError("not read yet"), std::chrono::steady_clock::now()};
};

// What all handlers share. Outlives the server.
struct Context {
  Engine& engine;
  const Config config;
  LogSink log;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::atomic<int> sync_waiters{0};
  LastRead last_read;
  std::function<http::Metrics()> http_metrics;  // set once the server exists
  // Counts a request against a further class of limits (rate_limiter.h); empty: no limits.
  std::function<absl::Status(http::Request&, std::string_view rate_class)> rate_limiter;
};

// While it lives, its request counts as one that waits for the end of a run.
class SyncWaiter {
 public:
  explicit SyncWaiter(Context& context)
      : context_(context),
        may_wait_(context.sync_waiters.fetch_add(1) < context.config.max_sync_waiters) {}
  ~SyncWaiter() { context_.sync_waiters.fetch_sub(1); }
  SyncWaiter(const SyncWaiter&) = delete;
  SyncWaiter& operator=(const SyncWaiter&) = delete;

  bool may_wait() const { return may_wait_; }  // false when too many wait already

 private:
  Context& context_;
  const bool may_wait_;
};

inline constexpr std::string_view kBase = "/api/v2";

// A line of a table of routes.
struct RouteRow {
  const char* method;
  const char* path;  // below the table's base
  absl::StatusOr<http::Response> (*handler)(Context&, http::Request&);
  const char* rate_class = "read";
  http::Auth auth = http::Auth::kRequired;
  size_t body_limit = http::kDefaultBodyLimit;
};
// Adds a table; `adjust` may change what its lines cannot say. Bodies must be JSON, except those of
// DELETE, which are ignored.
absl::Status AddTable(http::HttpServer& server, Context& context, std::string_view base,
                      std::span<const RouteRow> rows,
                      const std::function<void(http::Route&)>& adjust = {});

// All routes. OK, or what is wrong with the table.
absl::Status AddRoutes(http::HttpServer& server, Context& context);
absl::Status AddSolveRoutes(http::HttpServer& server, Context& context);
absl::Status AddExecutionRoutes(http::HttpServer& server, Context& context);
absl::Status AddMathProgRoutes(http::HttpServer& server, Context& context);
absl::Status AddExplainRoutes(http::HttpServer& server, Context& context);
absl::Status AddModelRoutes(http::HttpServer& server, Context& context);
absl::Status AddCreditRoutes(http::HttpServer& server, Context& context);
absl::Status AddDocumentRoutes(http::HttpServer& server, Context& context);
absl::Status AddKeyRoutes(http::HttpServer& server, Context& context);
absl::Status AddNotificationRoutes(http::HttpServer& server, Context& context);
absl::Status AddTriggerRoutes(http::HttpServer& server, Context& context);
absl::Status AddWebhookRoutes(http::HttpServer& server, Context& context);
absl::Status AddHealthRoutes(http::HttpServer& server, Context& context);
absl::Status AddLiveRoutes(http::HttpServer& server, Context& context);
absl::Status AddJobRoutes(http::HttpServer& server, Context& context);
absl::Status AddMcpRoutes(http::HttpServer& server, Context& context);

// The page of executions that the request's query asks for; of one model unless `model_id` is "".
absl::StatusOr<http::Response> ListExecutions(Context& context, http::Request& request,
                                              std::string model_id);

// The request's credential, by a header or, an access token, by the cookie "jaot_access_token".
// Unauthenticated: there is none of a known form. PermissionDenied: the cookie, of a foreign page.
absl::StatusOr<std::string> BearerOf(const Context& context, const http::Request& request,
                                     bool token_in_query);

// Sets request.identity to the Caller, or says no. With `token_in_query` the credential may also be
// the query's "token", for clients that cannot set headers.
absl::Status Authenticate(Context& context, http::Request& request, bool token_in_query = false);

}  // namespace solvent::api
