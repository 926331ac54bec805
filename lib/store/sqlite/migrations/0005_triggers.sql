CREATE TABLE triggers (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id TEXT NOT NULL,
  created_by TEXT NOT NULL,  -- the user who is told of its runs
  workspace_id TEXT,
  name TEXT NOT NULL,
  description TEXT,
  document_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  secret_hash BLOB NOT NULL,  -- SHA-256
  secret_prefix TEXT NOT NULL,
  override_schema TEXT,  -- a JSON array; null: any key
  webhook_url TEXT,
  webhook_secret BLOB,  -- as SecretBox seals it
  is_enabled INTEGER NOT NULL DEFAULT 1,
  total_runs INTEGER NOT NULL DEFAULT 0,  -- also the seq of the newest run
  last_fired_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX triggers_organization ON triggers (organization_id, created_at DESC, id DESC);
CREATE INDEX triggers_document
  ON triggers (organization_id, document_id, created_at DESC, id DESC);

-- One row a fire. A run that has an execution has no state of its own: it is the execution's
-- (executions.run_id leads back). One without an execution was over when it was recorded; status
-- says how. A trigger numbers its runs without gaps.
CREATE TABLE trigger_runs (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  "trigger" INTEGER NOT NULL REFERENCES triggers (n),
  seq INTEGER NOT NULL,
  execution_id TEXT,
  status TEXT,  -- null with an execution, else validation_failed, skipped_overlap, skipped_credits
  source TEXT NOT NULL,  -- manual, rerun, cron
  rerun_of TEXT,
  due_at INTEGER,  -- which due time of the schedule this is
  error_message TEXT NOT NULL DEFAULT '',
  webhook_delivered INTEGER,  -- null while open, or when there is nowhere to deliver to
  webhook_attempts INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  override_data TEXT,  -- a JSON object, as the caller sent it
  UNIQUE ("trigger", seq),
  CHECK ((execution_id IS NULL) <> (status IS NULL))
) STRICT;
CREATE INDEX trigger_runs_without_execution ON trigger_runs ("trigger", status, seq)
  WHERE status IS NOT NULL;
-- A due time fires once.
CREATE UNIQUE INDEX trigger_runs_due ON trigger_runs ("trigger", due_at) WHERE due_at IS NOT NULL;

CREATE TABLE trigger_schedules (
  "trigger" INTEGER PRIMARY KEY REFERENCES triggers (n),
  cron TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  overlap TEXT NOT NULL,  -- skip, queue
  missed TEXT NOT NULL,  -- catch_up, skip
  override_data TEXT,
  is_enabled INTEGER NOT NULL,
  next_due INTEGER NOT NULL,  -- 0: never again
  last_due INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,  -- in a row
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX trigger_schedules_due ON trigger_schedules (next_due)
  WHERE is_enabled = 1 AND next_due > 0;
