-- An execution's number is never used again: deliveries name it, and outlive it. New numbers lie
-- above all that any row remembers.
CREATE TABLE job_executions_new (
  k INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  job INTEGER NOT NULL REFERENCES jobs (k),
  job_name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  total INTEGER NOT NULL,
  parallelism INTEGER NOT NULL,
  timeout_seconds INTEGER NOT NULL,
  memory_mb INTEGER NOT NULL,
  memory_override_mb INTEGER,
  masked_env TEXT,
  frozen TEXT NOT NULL,  -- what every attempt runs with: a JSON object
  webhook_url TEXT NOT NULL,
  webhook_secret BLOB NOT NULL,
  request_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  admitted_at INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL DEFAULT 0,
  completed_at INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  stop_cause INTEGER NOT NULL DEFAULT 0,
  stop_force INTEGER NOT NULL DEFAULT 0,
  UNIQUE (organization_id, id),
  UNIQUE (organization_id, request_key)
) STRICT;
INSERT INTO job_executions_new
  SELECT k, id, organization_id, job, job_name, user_id, total, parallelism, timeout_seconds,
    memory_mb, memory_override_mb, masked_env, frozen, webhook_url, webhook_secret, request_key,
    request_hash, created_at, admitted_at, started_at, completed_at, updated_at, stop_cause,
    stop_force
  FROM job_executions;
DROP TABLE job_executions;
ALTER TABLE job_executions_new RENAME TO job_executions;
DELETE FROM sqlite_sequence WHERE name = 'job_executions';
INSERT INTO sqlite_sequence (name, seq) SELECT 'job_executions', max(
  coalesce((SELECT max(k) FROM job_executions), 0),
  coalesce((SELECT max(batch) FROM webhook_deliveries), 0),
  coalesce((SELECT max(batch) FROM executions), 0));
CREATE INDEX job_executions_list
  ON job_executions (organization_id, job_name, created_at DESC, id DESC);
CREATE INDEX job_executions_open
  ON job_executions (organization_id, admitted_at, created_at) WHERE completed_at = 0;
CREATE INDEX job_executions_of_job ON job_executions (job) WHERE completed_at = 0;
CREATE INDEX job_executions_ended ON job_executions (completed_at) WHERE completed_at <> 0;

-- What an open delivery needs is kept: an execution is removed after its deliveries have ended.
CREATE INDEX webhook_deliveries_of_batch ON webhook_deliveries (batch) WHERE state = 0 AND batch <> 0;

-- Deliveries whose execution was removed, and its number given to another one, are dropped: they
-- would go to that one's receiver.
UPDATE webhook_deliveries SET state = 3, claimed_by = 0, completed_at = unixepoch() * 1000000
  WHERE state = 0 AND batch <> 0 AND NOT EXISTS (
    SELECT 1 FROM job_executions x WHERE x.k = webhook_deliveries.batch
      AND webhook_deliveries.run_id = x.organization_id || '/' || x.id
      AND webhook_deliveries.created_at >= x.created_at);
UPDATE webhook_lanes SET next_due = (SELECT min(d.due) FROM webhook_deliveries d
  WHERE d.state = 0 AND d.organization_id = webhook_lanes.organization_id
    AND d.lane = webhook_lanes.lane);
DELETE FROM webhook_queues;
INSERT INTO webhook_queues (organization_id, kind, next_due)
  SELECT organization_id, kind, min(next_due) FROM webhook_lanes
  WHERE next_due IS NOT NULL GROUP BY 1, 2;
