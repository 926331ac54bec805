// WS /ws/executions/{execution_id}: a run's progress and its end, as they happen.
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "api.h"
#include "execution_json.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::WebSocketPeer;

constexpr uint16_t kNormal = 1000;
constexpr uint16_t kBadCredential = 4001;
constexpr uint16_t kNoSuchExecution = 4004;
constexpr std::chrono::milliseconds kLeastInterval{200};  // between two progress messages

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string ErrorMessage(std::string_view code, std::string_view message) {
  Json json;
  json.Set("type", "error").Set("code", code).Set("message", message);
  return json.Dump();
}

std::string ProgressMessage(const std::string& id, const RunEvent& event) {
  const Progress& p = event.progress;
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("type").String("progress");
  w.Key("execution_id").String(id);
  w.Key("status").String("running");
  w.Key("progress").Double(event.fraction);
  w.Key("objective_value").Double(p.incumbent);
  w.Key("bound").Double(p.bound);
  w.Key("gap").Double(p.gap);
  w.Key("iteration").Int(p.iterations);
  w.Key("nodes").Int(p.nodes);
  w.Key("phase").String(ToString(p.phase));
  w.Key("elapsed_seconds").Double(p.elapsed_seconds);
  w.Key("message").String(p.improved ? "a better solution was found" : "solving");
  w.Key("timestamp");
  WriteTime(w, NowMicros());
  w.EndObject();
  return text;
}

std::string StatusMessage(const Execution& e) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("type").String("status");
  w.Key("execution_id").String(e.id);
  w.Key("status").String(ToString(e.state));
  w.Key("progress_data").Raw(e.progress_json.empty() ? "null" : std::string_view(e.progress_json));
  w.Key("result").Raw(e.result_json.empty() ? "null" : std::string_view(e.result_json));
  w.Key("objective_value");
  if (e.objective_value) {
    w.Double(*e.objective_value);
  } else {
    w.Null();
  }
  w.Key("solver_status");
  WriteTextOrNull(w, e.solver_status);
  w.Key("error");
  WriteTextOrNull(w, e.error_message);
  w.EndObject();
  return text;
}

std::string EndMessage(Context& context, const Execution& e) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  switch (e.state) {
    case RunState::kCompleted:
      w.Key("type").String("completed");
      break;
    case RunState::kCancelled:
      w.Key("type").String("cancelled");
      break;
    default:
      w.Key("type").String("failed");
  }
  w.Key("execution_id").String(e.id);
  w.Key("status").String(ToString(e.state));
  if (e.state == RunState::kCompleted) {
    w.Key("result").Raw(SolveAnswer(context, e, false));
  } else {
    w.Key("result").Null();
  }
  if (e.state == RunState::kFailed || e.state == RunState::kTimeout) {
    w.Key("error").String(e.error_message);
  }
  w.EndObject();
  return text;
}

// Outlives its session for as long as the run's watch may call it.
class Listener {
 public:
  Listener(Context& context, std::string id, std::shared_ptr<WebSocketPeer> peer)
      : context_(context), id_(std::move(id)), peer_(std::move(peer)) {}

  void OnEvent(const RunEvent& event) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (over_) return;
    switch (event.kind) {
      case RunEvent::Kind::kState:
        SendProgress(event);
        break;
      case RunEvent::Kind::kProgress: {
        auto now = std::chrono::steady_clock::now();
        if (now - last_progress_ >= kLeastInterval) {
          last_progress_ = now;
          SendProgress(event);
        }
        break;
      }
      case RunEvent::Kind::kEnded:
        SendEnd(*event.execution);
        break;
    }
  }

  void SendSnapshot(const Execution& execution, const std::optional<RunEvent>& last) {
    std::lock_guard<std::mutex> lock(mutex_);
    peer_->SendText(StatusMessage(execution));
    if (IsEndState(execution.state)) {
      SendEnd(execution);
    } else if (last) {
      SendProgress(*last);
    }
  }

 private:
  void SendProgress(const RunEvent& event) {
    if (event.state == RunState::kRunning) peer_->SendText(ProgressMessage(id_, event));
  }
  void SendEnd(const Execution& execution) {
    if (std::exchange(over_, true)) return;
    peer_->SendText(EndMessage(context_, execution));
    peer_->Close(kNormal);
  }

  Context& context_;
  const std::string id_;
  const std::shared_ptr<WebSocketPeer> peer_;
  std::mutex mutex_;
  bool over_ = false;
  std::chrono::steady_clock::time_point last_progress_{};
};

class LiveSession : public http::WebSocketSession {
 public:
  explicit LiveSession(Context& context) : context_(context) {}

  std::string OnOpen(std::shared_ptr<WebSocketPeer> peer, Request& request,
                     const std::vector<std::string>& offered) override {
    peer_ = peer;
    // A browser cannot set a header: it may name the key in the query or as a second subprotocol.
    bool by_subprotocol = offered.size() >= 2 && http::EqualsIgnoreCase(offered[0], "bearer");
    std::string accepted = by_subprotocol ? offered[0] : "";
    absl::StatusOr<Caller> caller = FindCaller(request, by_subprotocol ? offered[1] : "");
    if (!caller.ok()) {
      Refuse(kBadCredential, "unauthorized", "Missing, invalid or expired credential");
      return accepted;
    }
    std::string id(request.Parameter("execution_id"));
    ExecutionStore& executions = context_.engine.executions();
    absl::StatusOr<Execution> execution = executions.Get(caller->organization_id, id);
    if (!execution.ok()) {
      Refuse(kNoSuchExecution, "not_found", "Execution not found");
      return accepted;
    }
    auto listener = std::make_shared<Listener>(context_, id, peer);
    listener->SendSnapshot(*execution, executions.LatestProgress(id));
    if (IsEndState(execution->state)) return accepted;
    absl::StatusOr<std::unique_ptr<Watch>> watch =
        executions.WatchRun(caller->organization_id, id,
                            [listener](const RunEvent& event) { listener->OnEvent(event); });
    if (!watch.ok()) {
      Refuse(kNoSuchExecution, "not_found", "Execution not found");
      return accepted;
    }
    watch_ = *std::move(watch);
    return accepted;
  }

  void OnMessage(std::string_view text) override {
    if (text == "ping") peer_->SendText("pong");
  }

  void OnClose(uint16_t) override { watch_.reset(); }

 private:
  absl::StatusOr<Caller> FindCaller(Request& request, const std::string& subprotocol_token) {
    std::string token = QueryText(request, "token");
    if (token.empty()) token = subprotocol_token;
    if (!token.empty()) return context_.engine.identity().Authenticate(token);
    if (absl::Status status = Authenticate(context_, request); !status.ok()) return status;
    return CallerOf(request);
  }

  void Refuse(uint16_t code, std::string_view word, std::string_view message) {
    peer_->SendText(ErrorMessage(word, message));
    peer_->Close(code, word);
  }

  Context& context_;
  std::shared_ptr<WebSocketPeer> peer_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace

absl::Status AddLiveRoutes(http::HttpServer& server, Context& context) {
  return server.AddWebSocket(std::string(kBase) + "/ws/executions/{execution_id}",
                             [&context] { return std::make_unique<LiveSession>(context); });
}

}  // namespace solvent::api
