-- Runs that are tasks of a batch are handed out by job_tasks, not by the queue. batch is the
-- execution of the job; 0 for all other runs.
ALTER TABLE executions ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
DROP INDEX executions_queue;
CREATE INDEX executions_queue ON executions (org, priority DESC, seq)
  WHERE state = 0 AND batch = 0;

CREATE TABLE jobs (
  k INTEGER PRIMARY KEY,
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  definition TEXT NOT NULL,  -- a JSON object
  webhook_secret BLOB NOT NULL,
  created_by TEXT NOT NULL,
  updated_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX jobs_name ON jobs (organization_id, name) WHERE deleted_at = 0;
CREATE INDEX jobs_list ON jobs (organization_id, created_at DESC, k DESC) WHERE deleted_at = 0;

-- No state and no counter is kept here: they are computed from the tasks.
CREATE TABLE job_executions (
  k INTEGER PRIMARY KEY,
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
CREATE INDEX job_executions_list
  ON job_executions (organization_id, job_name, created_at DESC, id DESC);
CREATE INDEX job_executions_open
  ON job_executions (organization_id, admitted_at, created_at) WHERE completed_at = 0;
CREATE INDEX job_executions_of_job ON job_executions (job) WHERE completed_at = 0;
CREATE INDEX job_executions_ended ON job_executions (completed_at) WHERE completed_at <> 0;

-- holder is the owner (run_owners) that has set the task aside or is running it. run is the
-- executions row behind it. failures are the attempts that used up a retry. careful: a process that
-- was preparing the task has died.
CREATE TABLE job_tasks (
  execution INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  name TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  holder INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL,
  run INTEGER NOT NULL,
  max_retries INTEGER NOT NULL,
  timeout_seconds INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL DEFAULT 0,
  attempt_started_at INTEGER NOT NULL DEFAULT 0,
  completed_at INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  interruptions INTEGER NOT NULL DEFAULT 0,
  retried INTEGER NOT NULL DEFAULT 0,
  careful INTEGER NOT NULL DEFAULT 0,
  last_reason INTEGER NOT NULL DEFAULT 0,
  reason INTEGER NOT NULL DEFAULT 0,
  ended_by INTEGER NOT NULL DEFAULT 0,
  message TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (execution, idx)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX job_tasks_name ON job_tasks (execution, name);
-- Counts by state, and the line of those that may start.
CREATE INDEX job_tasks_line ON job_tasks (execution, state, holder, due, idx);
CREATE INDEX job_tasks_retried ON job_tasks (execution) WHERE retried = 1;
CREATE INDEX job_tasks_held ON job_tasks (holder) WHERE holder <> 0;

-- Attempts that are over.
CREATE TABLE job_attempts (
  execution INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  completed_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  reason INTEGER NOT NULL,
  message TEXT NOT NULL,
  solve_micros INTEGER NOT NULL,
  PRIMARY KEY (execution, idx, number)
) STRICT, WITHOUT ROWID;

-- Deliveries of a batch's end: batch is its execution, body what is sent.
ALTER TABLE webhook_deliveries ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_deliveries ADD COLUMN body TEXT;
