#include "prometheus.h"

#include <charconv>
#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process_figures.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

// The text exposition format, version 0.0.4.
class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  void Head(std::string_view name, std::string_view kind, std::string_view help) {
    Append({"# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"});
  }
  template <typename Value>
  void Sample(std::string_view name, const Labels& labels, Value value) {
    text_ += name;
    if (!labels.empty()) {
      char separator = '{';
      for (const auto& [label, text] : labels) {
        text_ += std::exchange(separator, ',');
        Append({label, "=\""});
        for (char c : text) {
          if (c == '\\' || c == '"') text_ += '\\';
          c == '\n' ? text_ += "\\n" : text_ += c;
        }
        text_ += '"';
      }
      text_ += '}';
    }
    Append({" ", Number(value), "\n"});
  }
  template <typename Value>
  void Gauge(std::string_view name, std::string_view help, Value value) {
    Head(name, "gauge", help);
    Sample(name, {}, value);
  }
  template <typename Value>
  void Counter(std::string_view name, std::string_view help, Value value) {
    Head(name, "counter", help);
    Sample(name, {}, value);
  }
  // `counts` has one bucket more than there are bounds, and is not cumulative.
  template <typename Count>
  void Histogram(const std::string& name, Labels labels, std::span<const double> bounds,
                 std::span<const Count> counts, double sum) {
    Count total = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      total += counts[i];
      const std::string bound = i < bounds.size() ? Number(bounds[i]) : "+Inf";
      labels.emplace_back("le", bound);
      Sample(name + "_bucket", labels, total);
      labels.pop_back();
    }
    Sample(name + "_sum", labels, sum);
    Sample(name + "_count", labels, total);
  }
  void Histogram(const std::string& name, Labels labels, const DurationHistogram& histogram) {
    Histogram<int64_t>(name, std::move(labels), DurationHistogram::kBounds, histogram.counts,
                       histogram.sum_seconds);
  }

  std::string Take() { return std::move(text_); }

 private:
  template <typename Value>
  static std::string Number(Value value) {
    char buffer[32];
    auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
    return std::string(buffer, end);
  }
  void Append(std::initializer_list<std::string_view> parts) {
    for (std::string_view part : parts) text_ += part;
  }

  std::string text_;
};

void AddRuns(Exposition& e, const Figures& f) {
  e.Head("solvent_runs", "gauge", "Recorded runs by state, tasks of batches included.");
  for (int i = 0; i < kRunStates; ++i) {
    e.Sample("solvent_runs", {{"state", ToString(static_cast<RunState>(i))}}, f.queue.runs[i]);
  }
  e.Gauge("solvent_queue_runs", "Runs that wait for a slot, without tasks of batches.",
          f.waiting.count);
  e.Gauge("solvent_queue_oldest_seconds", "Age of the oldest of these.", f.waiting.oldest_seconds);
  e.Gauge("solvent_slots", "Solves that may run at once.", f.queue.slots);
  e.Gauge("solvent_slots_busy", "Slots in use.", f.queue.busy);

  e.Head("solvent_runs_ended_total", "counter", "Runs that this process has ended, by outcome.");
  for (const auto& [outcome, ended] : f.ended.by_outcome) {
    e.Sample("solvent_runs_ended_total", {{"outcome", outcome}}, ended.ended);
  }
  e.Head("solvent_run_solve_seconds", "histogram",
         "Time that a solver had each of these runs, as far as they began.");
  for (const auto& [outcome, ended] : f.ended.by_outcome) {
    e.Histogram("solvent_run_solve_seconds", {{"outcome", outcome}}, ended.solve_seconds);
  }
  e.Head("solvent_run_wait_seconds", "histogram",
         "From the recording of a run to the beginning of its solve.");
  e.Histogram("solvent_run_wait_seconds", {{"kind", "single"}}, f.ended.wait_seconds);
  e.Histogram("solvent_run_wait_seconds", {{"kind", "batch"}}, f.ended.batch_wait_seconds);

  e.Gauge("solvent_batches_open", "Executions of jobs that have not ended.", f.batches.executions);
  e.Head("solvent_batch_tasks", "gauge", "Tasks of these, by state.");
  e.Sample("solvent_batch_tasks", {{"state", "pending"}}, f.batches.tasks_pending);
  e.Sample("solvent_batch_tasks", {{"state", "running"}}, f.batches.tasks_running);
}

void AddWebhooks(Exposition& e, const WebhookStatus& hooks) {
  e.Gauge("solvent_webhooks_open", "Deliveries that have not ended.", hooks.open);
  e.Gauge("solvent_webhooks_oldest_open_seconds", "Age of the oldest of these.",
          hooks.oldest_seconds);
  e.Gauge("solvent_webhooks_oldest_due_seconds", "How late the most overdue delivery is.",
          hooks.oldest_due_seconds);
  e.Gauge("solvent_webhooks_in_flight", "Attempts under way.", hooks.in_flight);
  e.Head("solvent_webhook_attempts_total", "counter", "Attempts that have ended.");
  e.Sample("solvent_webhook_attempts_total", {{"outcome", "delivered"}}, hooks.delivered);
  e.Sample("solvent_webhook_attempts_total", {{"outcome", "failed"}}, hooks.failed);
  e.Counter("solvent_webhooks_given_up_total", "Deliveries that no further attempt is made for.",
            hooks.given_up);
}

void AddWorkers(Exposition& e, const WorkerStats& workers) {
  e.Gauge("solvent_workers_alive", "Worker processes.", workers.alive);
  e.Gauge("solvent_workers_busy", "Worker processes that solve.", workers.busy);
  e.Counter("solvent_workers_started_total", "Worker processes started.", workers.started);
  const char* name = "solvent_worker_restarts_total";
  e.Head(name, "counter", "Worker processes that were replaced, by reason.");
  e.Sample(name, {{"reason", "crashed"}}, workers.crashed);
  e.Sample(name, {{"reason", "out_of_memory"}}, workers.out_of_memory);
  e.Sample(name, {{"reason", "killed"}}, workers.killed);
  e.Sample(name, {{"reason", "recycled"}}, workers.recycled);
}

void AddStore(Exposition& e, const StoreSize& store) {
  e.Gauge("solvent_database_bytes", "Size of the database file.", store.bytes);
  e.Gauge("solvent_database_free_bytes", "Of these, free for new content.", store.free_bytes);
  e.Gauge("solvent_database_journal_bytes", "Size of the journal (WAL) beside it.",
          store.journal_bytes);
}

void AddHttp(Exposition& e, const http::Metrics& metrics) {
  e.Head("solvent_http_requests_total", "counter",
         "Answers by class of route and status; status 0: none could be sent.");
  for (const http::Metrics::Answers& answers : metrics.answers) {
    const std::string status = std::to_string(answers.status);
    e.Sample("solvent_http_requests_total",
             {{"route_class", answers.route_class}, {"status", status}}, answers.count);
  }
  e.Head("solvent_http_request_seconds", "histogram", "Time to answer, by route.");
  for (const http::Metrics::Route& route : metrics.routes) {
    if (route.count == 0) continue;
    e.Histogram<uint64_t>(
        "solvent_http_request_seconds",
        {{"route_class", route.route_class}, {"method", route.method}, {"route", route.pattern}},
        http::kDurationBounds, route.buckets, route.seconds);
  }
  e.Gauge("solvent_http_in_flight", "Requests being answered.", metrics.in_flight);
  e.Gauge("solvent_http_connections", "Open connections without WebSockets and event streams.",
          metrics.connections);
  e.Gauge("solvent_http_threads", "Threads that answer requests.", metrics.request_threads);
  e.Gauge("solvent_websockets", "Open WebSockets.", metrics.websockets);
  e.Gauge("solvent_event_streams", "Open event streams.", metrics.event_streams);
}

void AddProcess(Exposition& e, const ProcessFigures& process) {
  e.Counter("process_cpu_seconds_total", "Processor time of the server, without its workers.",
            process.cpu_seconds);
  e.Gauge("process_start_time_seconds", "When the server started, in seconds since 1970.",
          process.start_time_seconds);
  e.Gauge("process_resident_memory_bytes", "Memory of the server in use, without its workers.",
          process.resident_bytes);
  e.Gauge("process_virtual_memory_bytes", "Address space of the server.", process.virtual_bytes);
  e.Gauge("process_open_fds", "Open files and connections.", process.open_descriptors);
  e.Gauge("process_max_fds", "How many there may be.", process.max_descriptors);
}

}  // namespace

absl::StatusOr<Response> Prometheus(Context& context, Request& request) {
  using Clock = std::chrono::steady_clock;
  if (request.may_wait) context.last_read.Keep({context.engine.figures(), Clock::now()});
  const LastRead::Reading reading = context.last_read.reading();
  const absl::StatusOr<Figures>& figures = reading.figures;
  Exposition e;
  e.Gauge("solvent_up", "1 when the database answers; most of the rest is missing otherwise.",
          figures.ok() ? 1 : 0);
  e.Head("solvent_build_info", "gauge", "The version that runs; the value is always 1.");
  e.Sample("solvent_build_info", {{"version", context.config.version}}, 1);
  e.Gauge("solvent_figures_age_seconds",
          "How long ago the database was read for this; 0 unless all request threads are taken.",
          request.may_wait ? 0 : std::chrono::duration<double>(Clock::now() - reading.at).count());
  if (figures.ok()) {
    AddRuns(e, *figures);
    AddWebhooks(e, figures->webhooks);
    AddStore(e, figures->store);
  }
  AddWorkers(e, context.engine.worker_stats());
  AddHttp(e, context.http_metrics());
  AddProcess(e, ReadProcess());
  Response response = Response::Text(200, e.Take());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

}  // namespace solvent::api
