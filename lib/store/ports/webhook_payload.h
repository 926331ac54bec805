// The body of a webhook. A function of the run's record alone: every attempt sends the same bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "solvent/execution.h"

namespace solvent {

namespace webhook_event {
inline constexpr std::string_view kCompleted = "trigger.run.completed";
inline constexpr std::string_view kFailed = "trigger.run.failed";
inline constexpr std::string_view kValidationFailed = "trigger.run.validation_failed";
}  // namespace webhook_event

struct WebhookPayload {
  std::string event;
  std::string organization_id;
  std::string trigger_id;
  std::string trigger_name;
  std::string run_id;
  std::string status;        // of the run: "completed", "timeout", "validation_failed", ...
  std::string execution_id;  // "" without an execution
  int64_t ended_at = 0;
  std::string result_json;    // of a completed run
  std::string error_message;  // of the others
  std::string override_data;  // JSON, or ""
  int64_t credits_used = 0;
  std::optional<int64_t> credits_remaining;
  int64_t execution_time_micros = 0;
};

std::string RenderWebhookPayload(const WebhookPayload& payload);

// The event that announces the end of a run.
std::string_view EventOf(RunState end_state);

// Deliveries to one receiver share a lane: its host and port, as the URL has them.
std::string WebhookLane(std::string_view url);

}  // namespace solvent
