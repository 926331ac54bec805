-- A box holds what one user was told in one organization. Its counters change with its rows, so
-- that a badge costs one look; times in a box grow, so that its order is that of n.
CREATE TABLE notification_boxes (
  k INTEGER PRIMARY KEY,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  total INTEGER NOT NULL,
  unread INTEGER NOT NULL,
  last_created_at INTEGER NOT NULL,
  UNIQUE (organization_id, user_id)
) STRICT;

-- AUTOINCREMENT: subscribers remember the last n that they saw, which must not come twice.
CREATE TABLE notifications (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  box INTEGER NOT NULL,
  is_read INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  once_key TEXT NOT NULL,
  title TEXT NOT NULL,
  message TEXT NOT NULL,
  data TEXT NOT NULL,  -- a JSON object, or ''
  link TEXT NOT NULL
) STRICT;
CREATE INDEX notifications_box ON notifications (box, n);
CREATE INDEX notifications_unread ON notifications (box, n) WHERE is_read = 0;
CREATE INDEX notifications_age ON notifications (created_at);
CREATE INDEX notifications_once ON notifications (box, once_key, created_at) WHERE once_key <> '';

-- How much of it is kept: one row.
CREATE TABLE notification_limits (
  k INTEGER PRIMARY KEY CHECK (k = 1),
  most_per_user INTEGER NOT NULL,
  keep_micros INTEGER NOT NULL
) STRICT;
INSERT INTO notification_limits (k, most_per_user, keep_micros) VALUES (1, 1000, 7776000000000);

-- Whether somebody is told of a run's end (NotifyEnd).
ALTER TABLE executions ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;
