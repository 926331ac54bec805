-- Facets: what runs are counted and listed by. Facet 0 is "every run"; an organization is a facet
-- of kind 1 (org 0); an organization's origins, models and triggers are kinds 2, 3 and 4.
-- n0..n5 count the facet's runs by state.
CREATE TABLE run_facets (
  k INTEGER PRIMARY KEY,
  org INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  value TEXT NOT NULL,
  last_seq INTEGER NOT NULL DEFAULT 0,
  last_created_at INTEGER NOT NULL DEFAULT 0,
  last_served INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  n0 INTEGER NOT NULL DEFAULT 0,
  n1 INTEGER NOT NULL DEFAULT 0,
  n2 INTEGER NOT NULL DEFAULT 0,
  n3 INTEGER NOT NULL DEFAULT 0,
  n4 INTEGER NOT NULL DEFAULT 0,
  n5 INTEGER NOT NULL DEFAULT 0,
  UNIQUE (org, kind, value)
) STRICT;
INSERT INTO run_facets (k, org, kind, value) VALUES (0, 0, 0, '');
-- The turn of the organizations: only those that may have pending runs.
CREATE INDEX run_facets_turn ON run_facets (last_served) WHERE waiting = 1;
CREATE INDEX run_facets_served ON run_facets (last_served) WHERE kind = 1;

-- The same counts by stretches of 4096 sequence numbers, so that a page deep in a filtered list
-- is found by adding up instead of by walking.
CREATE TABLE run_blocks (
  facet INTEGER NOT NULL,
  block INTEGER NOT NULL,
  n0 INTEGER NOT NULL DEFAULT 0,
  n1 INTEGER NOT NULL DEFAULT 0,
  n2 INTEGER NOT NULL DEFAULT 0,
  n3 INTEGER NOT NULL DEFAULT 0,
  n4 INTEGER NOT NULL DEFAULT 0,
  n5 INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (facet, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_owners (
  k INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  pid_start INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT;

-- org, origin, model and trigger are facets (0: none). seq numbers an organization's runs without
-- gaps. Payloads live elsewhere to keep this table small.
CREATE TABLE executions (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  org INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  model INTEGER NOT NULL,
  "trigger" INTEGER NOT NULL,
  owner INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  crashes INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL DEFAULT 0,
  completed_at INTEGER NOT NULL DEFAULT 0,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  catalog_id TEXT NOT NULL,
  model_name TEXT NOT NULL,
  run_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  solver_name TEXT NOT NULL,
  "columns" INTEGER NOT NULL,
  "rows" INTEGER NOT NULL,
  time_limit_seconds REAL NOT NULL,
  solver_status TEXT NOT NULL DEFAULT '',
  objective_value REAL,
  error_message TEXT NOT NULL DEFAULT '',
  credits_used INTEGER NOT NULL,
  execution_time_micros INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX executions_org_seq ON executions (org, seq);
CREATE INDEX executions_state ON executions (state);
CREATE INDEX executions_org_state ON executions (org, state, seq);
CREATE INDEX executions_origin_state ON executions (origin, state, seq) WHERE origin <> 0;
CREATE INDEX executions_model_state ON executions (model, state, seq) WHERE model <> 0;
CREATE INDEX executions_trigger_state ON executions ("trigger", state, seq) WHERE "trigger" <> 0;
CREATE INDEX executions_queue ON executions (org, priority DESC, seq) WHERE state = 0;
CREATE INDEX executions_owner ON executions (owner, cancel_requested) WHERE state = 1;

-- Before the large last column come those that are read without it.
CREATE TABLE run_inputs (
  n INTEGER PRIMARY KEY,
  options BLOB NOT NULL,
  input_json TEXT NOT NULL,
  problem BLOB NOT NULL
) STRICT;
CREATE TABLE run_outputs (
  n INTEGER PRIMARY KEY,
  progress_json TEXT NOT NULL,
  preview_json TEXT NOT NULL DEFAULT '',
  result_json TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE run_keys (
  org INTEGER NOT NULL,
  route TEXT NOT NULL,
  "key" TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  execution INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (org, route, "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  topic TEXT NOT NULL,
  payload BLOB NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_due ON outbox (topic, due);

CREATE TABLE organizations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  is_active INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  UNIQUE (organization_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  prefix TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_organization ON api_keys (organization_id, created_at, id);
CREATE INDEX api_keys_user ON api_keys (organization_id, user_id, created_at, id);
