#include "solvent/webhook.h"

namespace solvent {

std::string_view ToString(WebhookState state) {
  switch (state) {
    case WebhookState::kOpen: return "open";
    case WebhookState::kDelivered: return "delivered";
    case WebhookState::kFailed: return "failed";
    case WebhookState::kDropped: return "dropped";
  }
  return "open";
}

}  // namespace solvent
