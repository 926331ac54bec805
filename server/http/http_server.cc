#include "http_server.h"

#include "front_end.h"
#include "pipeline.h"
#include "socket_loop.h"

namespace solvent::http {
namespace {

std::string RouteClass(const Route& route) {
  return route.rate_class.empty() ? "unlimited" : route.rate_class;
}

void MakeCounters(const Router& router, Counters& counters) {
  auto class_index = [&counters](const std::string& name) {
    auto& classes = counters.by_status;
    for (size_t i = 0; i < classes.size(); ++i) {
      if (classes[i]->route_class == name) return i;
    }
    classes.push_back(std::make_unique<Counters::StatusCounters>());
    classes.back()->route_class = name;
    return classes.size() - 1;
  };
  class_index("unrouted");
  for (const auto& route : router.routes()) {
    counters.routes.push_back(std::make_unique<Counters::RouteCounters>());
    counters.routes.back()->route_class = class_index(RouteClass(*route));
  }
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(Options o)
      : options(std::move(o)),
        pipeline(options),
        sockets(options.websocket, options.event_stream, counters.websockets,
                counters.event_streams),
        front_end(options, router, pipeline, sockets, counters) {}

  Options options;
  Router router;
  Counters counters;
  Pipeline pipeline;
  SocketLoop sockets;
  FrontEnd front_end;
};

HttpServer::HttpServer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpServer::~HttpServer() { Stop(std::chrono::milliseconds(0)); }

absl::Status HttpServer::AddRoute(Route route) { return impl_->router.Add(std::move(route)); }

absl::Status HttpServer::AddWebSocket(std::string pattern, WebSocketFactory factory) {
  Route route;
  route.method = "GET";
  route.pattern = std::move(pattern);
  route.auth = Auth::kPublic;
  route.websocket = std::move(factory);
  return impl_->router.Add(std::move(route));
}

void HttpServer::SetAuthenticator(Authenticator authenticator) {
  impl_->pipeline.authenticator = std::move(authenticator);
}

void HttpServer::SetRateLimiter(RateLimiter limiter) {
  impl_->pipeline.rate_limiter = std::move(limiter);
}

const Router& HttpServer::router() const { return impl_->router; }

absl::Status HttpServer::Start() {
  MakeCounters(impl_->router, impl_->counters);
  if (absl::Status status = impl_->sockets.Start(); !status.ok()) return status;
  return impl_->front_end.Start();
}

int HttpServer::port() const { return impl_->front_end.port(); }

void HttpServer::Stop(std::chrono::milliseconds grace) {
  impl_->front_end.BeginStop();
  impl_->sockets.Stop();
  impl_->front_end.FinishStop(grace);
}

bool HttpServer::stopping() const { return impl_->front_end.stopping(); }

Metrics HttpServer::metrics() const {
  const Counters& counters = impl_->counters;
  Metrics metrics;
  for (size_t i = 0; i < metrics.by_class.size(); ++i) metrics.by_class[i] = counters.by_class[i];
  metrics.in_flight = counters.in_flight;
  metrics.connections = counters.connections;
  metrics.websockets = counters.websockets;
  metrics.event_streams = counters.event_streams;
  metrics.request_threads = counters.request_threads;
  for (size_t i = 0; i < counters.routes.size(); ++i) {
    const Route& route = *impl_->router.routes()[i];
    const Counters::RouteCounters& from = *counters.routes[i];
    Metrics::Route& to = metrics.routes.emplace_back();
    to.method = route.method;
    to.pattern = route.pattern;
    to.route_class = RouteClass(route);
    for (size_t b = 0; b < to.buckets.size(); ++b) to.buckets[b] = from.buckets[b];
    to.count = from.count;
    to.seconds = static_cast<double>(from.microseconds) * 1e-6;
  }
  for (const auto& of_class : counters.by_status) {
    for (int status = 0; status < Counters::kStatuses; ++status) {
      uint64_t count = of_class->counts[static_cast<size_t>(status)];
      if (count > 0) metrics.answers.push_back({of_class->route_class, status, count});
    }
  }
  return metrics;
}

}  // namespace solvent::http
