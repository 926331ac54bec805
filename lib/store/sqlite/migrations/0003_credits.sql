-- The checks are the books' own: no statement can leave them wrong.
CREATE TABLE credit_accounts (
  k INTEGER PRIMARY KEY,
  organization_id TEXT NOT NULL UNIQUE,
  balance INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0),
  granted INTEGER NOT NULL DEFAULT 0,
  adjusted INTEGER NOT NULL DEFAULT 0,
  used INTEGER NOT NULL DEFAULT 0,
  has_grant INTEGER NOT NULL DEFAULT 0,
  told_low INTEGER NOT NULL DEFAULT 0,  -- since credits were last added
  last_seq INTEGER NOT NULL DEFAULT 0,
  CHECK (balance = granted + adjusted - used)
) STRICT;

-- seq numbers an account's entries without gaps. type: CreditEntryType.
CREATE TABLE credit_entries (
  account INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  type INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  balance_after INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;
-- Charges (type 1) are most of the entries, and have no index: every one is a page that each commit
-- would write. A run holds the number of its charge, so that it has one at most.
CREATE INDEX credit_entries_type ON credit_entries (account, type, seq) WHERE type <> 1;
CREATE UNIQUE INDEX credit_entries_refund ON credit_entries (account, execution_id) WHERE type = 2;
ALTER TABLE executions ADD COLUMN charge INTEGER NOT NULL DEFAULT 0;

-- Operators' keys.
ALTER TABLE api_keys ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0;
