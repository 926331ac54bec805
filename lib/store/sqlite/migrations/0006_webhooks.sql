-- Replaced by what follows.
DROP TABLE outbox;

-- What a trigger's receiver is to be told: one row a run. `due` is the time of the next attempt;
-- while an attempt is under way it is the end of the claim.
CREATE TABLE webhook_deliveries (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  event TEXT NOT NULL,
  -- As they were when the run ended, so that all attempts send the same bytes.
  trigger_name TEXT NOT NULL,
  credits_remaining INTEGER,
  lane TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,  -- open, delivered, failed, dropped
  due INTEGER NOT NULL,
  claimed_by INTEGER NOT NULL DEFAULT 0,  -- run_owners.k
  attempts INTEGER NOT NULL DEFAULT 0,  -- begun
  failures INTEGER NOT NULL DEFAULT 0,  -- since it was made, or asked for again
  created_at INTEGER NOT NULL,
  completed_at INTEGER NOT NULL DEFAULT 0,
  UNIQUE (run_id, event)
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (lane, due) WHERE state = 0;
CREATE INDEX webhook_deliveries_claimed ON webhook_deliveries (claimed_by) WHERE claimed_by <> 0;
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (completed_at) WHERE state <> 0;
CREATE INDEX webhook_deliveries_trigger ON webhook_deliveries (trigger_id);

-- One row a receiver (host and port) with open deliveries: a receiver that has its fill of attempts
-- is passed over without a look at what waits for it.
CREATE TABLE webhook_lanes (
  lane TEXT PRIMARY KEY,
  next_due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_lanes_due ON webhook_lanes (next_due);

CREATE TABLE webhook_attempts (
  delivery INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0,
  duration_micros INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
