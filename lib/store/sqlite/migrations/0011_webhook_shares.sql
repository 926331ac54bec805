-- A lane is one organization's receiver (host and port), so that no organization waits for what
-- others have to send. It stays when nothing is open, with what its last attempt told of it.
DROP TABLE webhook_lanes;
CREATE TABLE webhook_lanes (
  organization_id TEXT NOT NULL,
  lane TEXT NOT NULL,
  kind INTEGER NOT NULL DEFAULT 0,  -- new, answers, silent
  judged_at INTEGER NOT NULL DEFAULT 0,
  next_due INTEGER,  -- NULL: nothing is open
  PRIMARY KEY (organization_id, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_lanes_due ON webhook_lanes (organization_id, kind, next_due)
  WHERE next_due IS NOT NULL;
CREATE INDEX webhook_lanes_idle ON webhook_lanes (judged_at) WHERE next_due IS NULL;

-- The first due time of an organization's lanes of a kind: a claim passes over all of them at once.
CREATE TABLE webhook_queues (
  organization_id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  next_due INTEGER NOT NULL,
  PRIMARY KEY (organization_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_queues_due ON webhook_queues (kind, next_due);

DROP INDEX webhook_deliveries_due;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (organization_id, lane, due)
  WHERE state = 0;
INSERT INTO webhook_lanes (organization_id, lane, next_due)
  SELECT organization_id, lane, min(due) FROM webhook_deliveries WHERE state = 0 GROUP BY 1, 2;
INSERT INTO webhook_queues (organization_id, kind, next_due)
  SELECT organization_id, 0, min(next_due) FROM webhook_lanes GROUP BY 1;
