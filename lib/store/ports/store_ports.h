// Everything that a database driver provides.
#pragma once

#include "absl/status/status.h"
#include "credit_port.h"
#include "document_port.h"
#include "figures_port.h"
#include "identity_port.h"
#include "job_port.h"
#include "model_port.h"
#include "notification_port.h"
#include "run_port.h"
#include "trigger_port.h"
#include "webhook_port.h"

namespace solvent {

class HealthPort {
 public:
  virtual ~HealthPort() = default;
  // A cheap read of the real database.
  virtual absl::Status Ping() = 0;
};

struct StorePorts {
  RunPort* runs = nullptr;
  WebhookPort* webhooks = nullptr;
  IdentityPort* identity = nullptr;
  ModelPort* models = nullptr;
  CreditPort* credits = nullptr;
  DocumentPort* documents = nullptr;
  JobPort* jobs = nullptr;
  NotificationPort* notifications = nullptr;
  TriggerPort* triggers = nullptr;
  FiguresPort* figures = nullptr;
  HealthPort* health = nullptr;
};

}  // namespace solvent
