CREATE TABLE catalog_models (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  short_description TEXT NOT NULL,
  description TEXT NOT NULL,
  scenario_description TEXT NOT NULL,
  category TEXT NOT NULL,
  tags TEXT NOT NULL,  -- a JSON array
  status TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  is_official INTEGER NOT NULL,
  is_featured INTEGER NOT NULL,
  credits_per_execution INTEGER NOT NULL,
  author_organization_id TEXT NOT NULL,
  content_hash BLOB NOT NULL,
  total_activations INTEGER NOT NULL DEFAULT 0,
  total_executions INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  definition TEXT NOT NULL  -- a JSON object; last, because lists are read without it
) STRICT;
CREATE INDEX catalog_models_popular
  ON catalog_models (total_executions DESC, created_at DESC, id) WHERE status = 'published';
CREATE INDEX catalog_models_newest
  ON catalog_models (created_at DESC, id) WHERE status = 'published';
CREATE INDEX catalog_models_category
  ON catalog_models (category, total_executions DESC, created_at DESC, id)
  WHERE status = 'published';
-- Substrings of three characters and more; rowid is catalog_models.n.
CREATE VIRTUAL TABLE catalog_search USING fts5 (
  name, display_name, description, tags, tokenize = 'trigram'
);

-- An activated listing (catalog_id is set, the listing's texts are read from it) or a private model
-- (its texts and definition are here).
CREATE TABLE organization_models (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id TEXT NOT NULL,
  catalog_id TEXT REFERENCES catalog_models (id),
  custom_name TEXT,
  name TEXT NOT NULL DEFAULT '',
  display_name TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  category TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '[]',
  credits_per_execution INTEGER NOT NULL DEFAULT 1,
  is_active INTEGER NOT NULL DEFAULT 1,
  is_favorite INTEGER NOT NULL DEFAULT 0,
  total_executions INTEGER NOT NULL DEFAULT 0,
  total_credits_used INTEGER NOT NULL DEFAULT 0,
  last_executed_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  custom_config TEXT,  -- a JSON object
  definition TEXT NOT NULL DEFAULT '{}',
  UNIQUE (organization_id, catalog_id)
) STRICT;
CREATE INDEX organization_models_list
  ON organization_models (organization_id, last_executed_at DESC, created_at DESC, id);
CREATE INDEX organization_models_catalog ON organization_models (catalog_id);

-- Definitions as they were executed, by their SHA-256.
CREATE TABLE model_documents (
  hash BLOB PRIMARY KEY,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
