#include "webhook_payload.h"

#include "absl/strings/ascii.h"
#include "clock.h"
#include "solvent/json.h"
#include "string_bridge.h"

namespace solvent {
namespace {

void TextOrNull(JsonWriter& w, std::string_view text) {
  if (text.empty()) {
    w.Null();
  } else {
    w.String(text);
  }
}

void JsonOrNull(JsonWriter& w, std::string_view json) { w.Raw(json.empty() ? "null" : json); }

// The stored result, with the credits in front of its own members.
std::string ResultWithCredits(const WebhookPayload& payload) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("execution_id").String(payload.execution_id);
  w.Key("credits_used").Int(payload.credits_used);
  w.Key("credits_remaining");
  if (payload.credits_remaining.has_value()) {
    w.Int(*payload.credits_remaining);
  } else {
    w.Null();
  }
  std::string_view members = payload.result_json;
  members.remove_prefix(1);
  if (members != "}") text += ',';
  text += members;
  return text;
}

}  // namespace

std::string RenderWebhookPayload(const WebhookPayload& payload) {
  std::string text;
  text.reserve(payload.result_json.size() + payload.override_data.size() + 600);
  JsonWriter w(text);
  w.BeginObject();
  w.Key("event").String(payload.event);
  w.Key("organization_id").String(payload.organization_id);
  w.Key("trigger_id").String(payload.trigger_id);
  w.Key("run_id").String(payload.run_id);
  w.Key("timestamp").String(FormatTime(payload.ended_at));
  w.Key("data").BeginObject();
  w.Key("status").String(payload.status);
  w.Key("trigger_name").String(payload.trigger_name);
  w.Key("execution_id");
  TextOrNull(w, payload.execution_id);
  w.Key("execution_time_ms").Double(static_cast<double>(payload.execution_time_micros) / 1e3);
  w.Key("credits_used").Int(payload.credits_used);
  if (payload.event == webhook_event::kCompleted) {
    w.Key("result");
    if (payload.result_json.empty()) {
      w.Null();
    } else {
      w.Raw(ResultWithCredits(payload));
    }
  } else {
    w.Key("error");
    TextOrNull(w, payload.error_message);
  }
  w.Key("override_data");
  JsonOrNull(w, payload.override_data);
  w.EndObject();
  w.EndObject();
  return text;
}

std::string_view EventOf(RunState end_state) {
  return end_state == RunState::kCompleted ? webhook_event::kCompleted : webhook_event::kFailed;
}

std::string WebhookLane(std::string_view url) {
  size_t begin = url.find("://");
  begin = begin == std::string_view::npos ? 0 : begin + 3;
  std::string_view rest = url.substr(begin);
  return absl::AsciiStrToLower(A(rest.substr(0, rest.find_first_of("/?#"))));
}

}  // namespace solvent
