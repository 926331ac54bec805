-- Builder documents. A deleted one stays, so that the versions that triggers pin stay too.
CREATE TABLE documents (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id TEXT NOT NULL,
  created_by TEXT NOT NULL,
  name TEXT NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1,
  last_sequence INTEGER NOT NULL DEFAULT 0,  -- of its versions
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  canvas_json TEXT NOT NULL,
  model_json TEXT
) STRICT;
CREATE INDEX documents_list
  ON documents (organization_id, updated_at DESC, id DESC) WHERE is_active = 1;

-- The payloads are last, because lists are read without them.
CREATE TABLE document_versions (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  document INTEGER NOT NULL REFERENCES documents (n),
  sequence INTEGER NOT NULL,
  is_named INTEGER NOT NULL DEFAULT 0,
  version_name TEXT,
  version_description TEXT,
  content_hash BLOB NOT NULL,  -- of canvas and model, however they are spelled
  change_summary TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  canvas_json TEXT NOT NULL,
  model_json TEXT,
  UNIQUE (document, sequence)
) STRICT;
-- Retention takes the oldest of these.
CREATE INDEX document_versions_unnamed ON document_versions (document, sequence)
  WHERE is_named = 0;
