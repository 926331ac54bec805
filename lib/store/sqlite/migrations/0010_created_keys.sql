-- Idempotency keys of calls that create something other than a run (those are in run_keys).
CREATE TABLE created_keys (
  organization_id TEXT NOT NULL,
  route TEXT NOT NULL,
  "key" TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  created TEXT NOT NULL,  -- how the room finds it: an id, or a number of the organization's
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, route, "key")
) STRICT, WITHOUT ROWID;
