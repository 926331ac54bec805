// solvent serve: the HTTP server over one database.
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>

#include "commands.h"
#include "console.h"
#include "http_server.h"
#include "service_manager.h"
#include "solvent/engine.h"
#include "solvent/error.h"
#include "solvent/sqlite_store.h"
#include "version.h"

namespace solvent::cli {
namespace {

constexpr std::chrono::seconds kStopGrace{10};

// An empty database gets an organization and a key: the configured one, or a new one that is
// printed once, unless what is printed goes to the journal of a service manager.
absl::Status Bootstrap(Identity& identity, const std::string& bootstrap_key, bool may_print) {
  auto any = identity.AnyOrganization();
  if (!any.ok()) return any.status();
  if (*any && bootstrap_key.empty()) return absl::OkStatus();
  if (bootstrap_key.empty() && !may_print) {
    std::printf("A new database without API keys: make one with \"solvent keys create\".\n");
    return absl::OkStatus();
  }
  auto member = identity.EnsureMember("default", "owner");
  if (!member.ok()) return member.status();
  if (!bootstrap_key.empty()) {
    return identity.ImportKey(member->organization_id, member->user_id, bootstrap_key, "bootstrap");
  }
  KeyRequest request;
  request.name = "first key";
  auto made = identity.CreateKey(member->organization_id, member->user_id, request);
  if (!made.ok()) return made.status();
  std::printf(
      "A new database. Organization \"default\" has this API key; it is not shown again:\n"
      "\n    %s\n\n"
      "Programs send it as a bearer token; people sign in with it at the address below.\n\n",
      made->secret.c_str());
  return absl::OkStatus();
}

absl::Status RateLimited(api::RateLimiter& limiter, http::Request& request,
                         std::string_view rate_class) {
  bool known = request.identity.has_value();
  std::string who =
      known ? std::any_cast<Caller>(&request.identity)->organization_id : request.remote_address;
  api::RateDecision decision = limiter.Take(rate_class, who);
  return api::ApplyRateDecision(request, decision);
}

// Waits for one of the signals; meanwhile tells the manager that the process lives, and that
// reading the database comes back, with whatever outcome: a full disk is no reason for a restart.
int WaitForSignal(const sigset_t& signals, const ServiceManager& manager, Engine& engine) {
  const std::chrono::microseconds interval = manager.watchdog_interval();
  if (interval.count() <= 0) {
    int signal = 0;
    sigwait(&signals, &signal);
    return signal;
  }
  constexpr int64_t kMicros = 1'000'000;
  timespec wait{};
  wait.tv_sec = interval.count() / kMicros;
  wait.tv_nsec = interval.count() % kMicros * 1000;
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal > 0) return signal;
    if (errno != EAGAIN) continue;
    (void)engine.CheckStore();
    manager.Tell("WATCHDOG=1");
  }
}

// Whether the address is ours and free at the moment.
absl::Status CanListen(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string number = std::to_string(port);
  const std::string where = host + ":" + number;
  if (const int error = ::getaddrinfo(host.c_str(), number.c_str(), &hints, &found); error != 0) {
    return absl::InvalidArgumentError("cannot listen on " + where + ": " + ::gai_strerror(error));
  }
  int error = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const int fd = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) {
      error = errno;
      continue;
    }
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    error = ::bind(fd, at->ai_addr, at->ai_addrlen) == 0 && ::listen(fd, 1) == 0 ? 0 : errno;
    ::close(fd);
    if (error == 0) break;
  }
  ::freeaddrinfo(found);
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError("cannot listen on " + where + ": " + std::strerror(error));
}

// Every connection is a descriptor; the usual soft limit of 1024 is a legacy of select(2).
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Otherwise what large answers and bodies took stays with the process: the allocator would keep
// blocks of up to 32 MB once some were freed, in one heap a thread.
void GiveLargeMemoryBack() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  ::mallopt(M_ARENA_MAX, 8);
#endif
}

}  // namespace

int Serve(const ServeOptions& options) {
  GiveLargeMemoryBack();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  ServiceManager manager;
  const LogLevel least = ParseLogLevel(options.log_level).value_or(LogLevel::kInfo);
  LogSink log = options.log_format == "text" ? TextLog(2, least) : JsonLinesLog(2, least);

  // Before a database is made, and a key printed that is not shown again.
  if (absl::Status status = CanListen(options.host, options.port); !status.ok()) {
    return Complain(status);
  }
  auto store = OpenSqliteStore(options.database);
  if (!store.ok()) return Complain(store.status());
  EngineOptions engine_options;
  engine_options.worker.command = WorkerCommand();
  engine_options.worker.workers = options.workers;
  engine_options.worker.memory_limit_bytes = options.worker_memory_mb << 20;
  engine_options.max_pending = options.max_pending;
  engine_options.max_time_limit_seconds = options.max_time_limit;
  engine_options.identity.jwt_secret = options.jwt_secret;
  engine_options.secret_key = options.secret_key;
  engine_options.notifications = options.notifications;
  engine_options.credits.unlimited = options.credits == kUnlimited;
  if (options.credits != kUnlimited)
    engine_options.credits.initial_grant = std::stoll(options.credits);
  engine_options.credits.low_threshold = options.credits_low;
  engine_options.jobs = options.jobs;
  engine_options.jobs.retention_seconds = options.batch_retention_days * 86400;
  engine_options.webhooks = options.webhooks;
  engine_options.webhooks.user_agent = std::string("Solvent/") + kVersion;
  engine_options.log = log;
  auto engine = Engine::Create(*std::move(store), std::move(engine_options));
  if (!engine.ok()) return Complain(engine.status());
  api::Config config;
  config.sync_wait = std::chrono::milliseconds(static_cast<int64_t>(options.sync_wait * 1e3));
  config.notify_sync_solves = options.notify_sync == "all";
  config.notify_sync_models = options.notify_sync != "none";
  config.rate_limits = options.rate_limits;
  config.allowed_origins = options.allowed_origins;
  config.version = kVersion;
  config.data_folder = std::filesystem::path(options.database).parent_path().string();
  if (config.data_folder.empty()) config.data_folder = ".";
  api::Context context{**engine, config, log};
  api::RateLimiter limiter(options.rate_limits, api::UnixSeconds);

  http::Options http_options;
  http_options.host = options.host;
  http_options.port = options.port;
  http_options.allowed_origins = options.allowed_origins;
  absl::StatusOr<http::TrustedProxies> proxies =
      http::TrustedProxies::Parse(options.trusted_proxies);
  if (!proxies.ok()) return Complain(proxies.status());
  http_options.trusted_proxies = *std::move(proxies);
  http_options.log = log;
  http::HttpServer server(std::move(http_options));
  server.SetAuthenticator([&context](http::Request& request, const http::Route& route) {
    return api::Authenticate(context, request, route.token_in_query);
  });
  server.SetRateLimiter([&limiter](http::Request& request, const http::Route& route) {
    return RateLimited(limiter, request, route.rate_class);
  });
  context.rate_limiter = [&limiter](http::Request& request, std::string_view rate_class) {
    return RateLimited(limiter, request, rate_class);
  };
  context.http_metrics = [&server] { return server.metrics(); };
  if (absl::Status status = api::AddRoutes(server, context); !status.ok()) {
    return Complain(status);
  }
  if (absl::Status status = console::AddRoutes(server); !status.ok()) return Complain(status);
  if (absl::Status status = (*engine)->Start(); !status.ok()) return Complain(status);
  if (absl::Status status = server.Start(); !status.ok()) return Complain(status);
  if (absl::Status status =
          Bootstrap((*engine)->identity(), options.bootstrap_key, !manager.present());
      !status.ok()) {
    return Complain(status);
  }
  std::printf("solvent %s listening on http://%s:%d (database %s, %d workers)\n", kVersion,
              options.host.c_str(), server.port(), options.database.c_str(), options.workers);
  std::fflush(stdout);

  Json started;
  started.Set("version", kVersion)
      .Set("host", std::string_view(options.host))
      .Set("port", server.port())
      .Set("database", std::string_view(options.database))
      .Set("workers", options.workers);
  log(LogLevel::kInfo, "server.started", started);
  manager.Tell("READY=1");

  const int signal = WaitForSignal(signals, manager, **engine);
  manager.Tell("STOPPING=1");
  Json fields;
  fields.Set("signal", signal == SIGINT ? "SIGINT" : "SIGTERM");
  log(LogLevel::kInfo, "server.stopping", fields);
  // Ending the solves first lets the requests that wait for them be answered.
  std::thread stop_engine([&engine] { (*engine)->Stop(); });
  server.Stop(kStopGrace);
  stop_engine.join();
  log(LogLevel::kInfo, "server.stopped", Json(Json::Object{}));
  return kDone;
}

}  // namespace solvent::cli
