// solvent serve: the HTTP server over one database.
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <sys/random.h>
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
#include "secret_mask.h"
#include "service_manager.h"
#include "solvent/engine.h"
#include "solvent/error.h"
#include "solvent/sqlite_store.h"
#include "version.h"

namespace solvent::cli {
namespace {

constexpr std::chrono::seconds kStopGrace{10};
constexpr std::string_view kFirstOrganization = "default";
constexpr size_t kLeastJwtSecret = 32;  // bytes: that of the hash in HS256 (RFC 7518, 3.2)

// Whether nobody has got a key yet. An earlier first start may have made the organization and then
// been refused or killed.
absl::StatusOr<bool> IsFirstStart(Identity& identity) {
  auto any = identity.AnyOrganization();
  if (!any.ok()) return any.status();
  if (!*any) return true;
  auto organization = identity.FindOrganization(kFirstOrganization);
  if (absl::IsNotFound(organization.status())) return false;
  if (!organization.ok()) return organization.status();
  KeyFilter filter;
  filter.organization_id = *organization;
  auto keys = identity.ListKeys(filter, PageRequest{1, 1});
  if (!keys.ok()) return keys.status();
  return keys->total == 0;
}

absl::StatusOr<std::string> NewKey() {
  unsigned char bytes[32];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    return absl::UnavailableError("the system gives no random numbers for an API key");
  }
  std::string key = "ok_live_";
  for (unsigned char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    key += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return key;
}

// False unless all of it has arrived.
bool Print(const std::string& text) {
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
}

// An empty database gets an organization and a key: the configured one, or a new one that is
// printed once, unless what is printed goes to the journal of a service manager.
absl::Status Bootstrap(Identity& identity, const std::string& chosen_key, bool may_print) {
  std::string key = chosen_key;
  if (key.empty()) {
    auto first = IsFirstStart(identity);
    if (!first.ok()) return first.status();
    if (!*first) return absl::OkStatus();
    if (!may_print) {
      std::printf("A new database without API keys: make one with \"solvent keys create\".\n");
      return absl::OkStatus();
    }
    auto made = NewKey();
    if (!made.ok()) return made.status();
    key = *made;
    // Before it is kept: a key that nobody has seen must not count as the first one.
    if (!Print("A new database. Organization \"default\" has this API key; it is not shown again:\n"
               "\n    " +
               key +
               "\n\n"
               "Programs send it as a bearer token; people sign in with it at the address below."
               "\n\n")) {
      return absl::UnavailableError(
          "cannot write the first API key to standard output; no key was made");
    }
  }
  auto member = identity.EnsureMember(kFirstOrganization, "owner");
  if (!member.ok()) return member.status();
  absl::Status kept = identity.ImportKey(member->organization_id, member->user_id, key,
                                         chosen_key.empty() ? "first key" : "bootstrap");
  const ErrorInfo info = GetErrorInfo(kept);
  if (!absl::IsInvalidArgument(kept) || info.fields.empty()) return kept;
  return absl::InvalidArgumentError("SOLVENT_BOOTSTRAP_KEY " + info.fields.front().message);
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

// "[::1]:8001": an IPv6 address stands in brackets.
std::string HostAndPort(const std::string& host, int port) {
  const bool bare_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// Whether the address is ours and free at the moment.
absl::Status CanListen(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string number = std::to_string(port);
  const std::string where = HostAndPort(host, port);
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
  const LogSink log = http::WithoutSecrets(options.log_format == "text" ? TextLog(2, least)
                                                                        : JsonLinesLog(2, least));

  // Before a database is made, and a key printed that is not shown again.
  if (absl::Status status = CanListen(options.host, options.port); !status.ok()) {
    return Complain(status);
  }
  if (!options.jwt_secret.empty() && options.jwt_secret.size() < kLeastJwtSecret) {
    Json fields;
    fields.Set("variable", "SOLVENT_JWT_SECRET")
        .Set("message",
             "shorter than 32 bytes, which HS256 needs (RFC 7518, 3.2): tokens may be "
             "forged by who guesses it");
    log(LogLevel::kWarning, "server.weak_secret", fields);
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
  std::printf("solvent %s listening on http://%s (database %s, %d workers)\n", kVersion,
              HostAndPort(options.host, server.port()).c_str(), options.database.c_str(),
              options.workers);
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
