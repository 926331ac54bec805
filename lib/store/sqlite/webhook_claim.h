// Which deliveries are sent next. On the writing thread, but for NextWebhookDue.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "db.h"
#include "webhook_port.h"

namespace solvent {

// WebhookPort::Claim.
absl::StatusOr<ClaimedWebhooks> ClaimWebhooks(Db& db, const WebhookClaim& claim);
// When the first delivery is due; 0 when there is none.
absl::StatusOr<int64_t> NextWebhookDue(Db& db);

}  // namespace solvent
