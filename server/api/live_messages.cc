#include "live_messages.h"

#include <chrono>

#include "execution_json.h"
#include "requests.h"
#include "solvent/json.h"

namespace solvent::api {
namespace {

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void WriteProgress(JsonWriter& w, const RunEvent& event) {
  const Progress& p = event.progress;
  w.Key("progress").Double(event.fraction);
  w.Key("objective_value").Double(p.incumbent);
  w.Key("bound").Double(p.bound);
  w.Key("gap").Double(p.gap);
  w.Key("iteration").Int(p.iterations);
  w.Key("nodes").Int(p.nodes);
  w.Key("phase").String(ToString(p.phase));
  w.Key("elapsed_seconds").Double(p.elapsed_seconds);
}

}  // namespace

std::string ProgressMessage(std::string_view id, const RunEvent& event) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("type").String("progress");
  w.Key("execution_id").String(id);
  w.Key("status").String("running");
  WriteProgress(w, event);
  w.Key("message").String(event.progress.improved ? "a better solution was found" : "solving");
  w.Key("timestamp");
  WriteTime(w, NowMicros());
  w.EndObject();
  return text;
}

std::string StatusMessage(const Execution& e, const std::optional<RunEvent>& last) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("type").String("status");
  w.Key("execution_id").String(e.id);
  w.Key("status").String(ToString(e.state));
  w.Key("progress_data");
  if (last && last->kind == RunEvent::Kind::kProgress) {
    w.BeginObject();
    WriteProgress(w, *last);
    w.EndObject();
  } else {
    w.Raw(e.progress_json.empty() ? "null" : std::string_view(e.progress_json));
  }
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
    case RunState::kCompleted: w.Key("type").String("completed"); break;
    case RunState::kCancelled: w.Key("type").String("cancelled"); break;
    default: w.Key("type").String("failed");
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

std::string ErrorMessage(std::string_view code, std::string_view message) {
  Json json;
  json.Set("type", "error").Set("code", code).Set("message", message);
  return json.Dump();
}

}  // namespace solvent::api
