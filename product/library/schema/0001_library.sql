-- +goose Up
CREATE TABLE library_assets (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  title TEXT NOT NULL,
  title_key TEXT NOT NULL,           -- folded title, for sorting
  description TEXT NOT NULL,
  tags TEXT NOT NULL,                -- JSON array
  fields TEXT NOT NULL,              -- JSON object
  source TEXT NOT NULL,
  licence TEXT NOT NULL,
  credit TEXT NOT NULL,
  territories TEXT NOT NULL,         -- JSON array
  platforms TEXT NOT NULL,           -- JSON array
  from_ms BIGINT NOT NULL,
  to_ms BIGINT NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL,
  published INTEGER NOT NULL,
  duration_ms BIGINT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  bytes BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  trashed_ms BIGINT NOT NULL,
  bin INTEGER NOT NULL,              -- 1 in the trash
  created_by TEXT NOT NULL,
  rev BIGINT NOT NULL,
  error TEXT NOT NULL                -- JSON object or ''
);
-- Each order of a list has an index that also holds kind and state, so that filters are answered without the row.
CREATE INDEX library_assets_created ON library_assets (tenant, bin, created_ms, id, kind, state);
CREATE INDEX library_assets_updated ON library_assets (tenant, bin, updated_ms, id, kind, state);
CREATE INDEX library_assets_title ON library_assets (tenant, bin, title_key, id, kind, state);
CREATE INDEX library_assets_duration ON library_assets (tenant, bin, duration_ms, id, kind, state);
CREATE INDEX library_assets_bytes ON library_assets (tenant, bin, bytes, id, kind, state);
CREATE INDEX library_assets_kind ON library_assets (tenant, bin, kind, state, created_ms, id, bytes); -- bytes for the statistics
CREATE INDEX library_assets_state ON library_assets (tenant, bin, state, created_ms, id);
CREATE INDEX library_assets_trashed ON library_assets (bin, trashed_ms);

CREATE TABLE library_versions (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL REFERENCES library_assets (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  blob_key TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  info TEXT NOT NULL,                -- JSON of media.Info
  state TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  error TEXT NOT NULL,
  UNIQUE (asset, number)
);
CREATE INDEX library_versions_sha ON library_versions (tenant, sha256);
CREATE INDEX library_versions_key ON library_versions (tenant, blob_key);

CREATE TABLE library_renditions (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL REFERENCES library_assets (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  codec TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  kbps INTEGER NOT NULL,
  lang TEXT NOT NULL,
  title TEXT NOT NULL,
  blob_key TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  state TEXT NOT NULL,
  meta TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  UNIQUE (asset, version, name)
);

CREATE TABLE library_annotations (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL REFERENCES library_assets (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  track TEXT NOT NULL,
  start_at BIGINT NOT NULL,          -- flicks
  end_at BIGINT NOT NULL,
  label TEXT NOT NULL,
  body TEXT NOT NULL,
  lang TEXT NOT NULL,
  score DOUBLE PRECISION NOT NULL,
  box TEXT NOT NULL,                 -- JSON or ''
  person TEXT NOT NULL,
  model TEXT NOT NULL,
  run TEXT NOT NULL,
  inputs TEXT NOT NULL,              -- JSON array or ''
  supersedes TEXT NOT NULL,
  locked_by TEXT NOT NULL,
  was_start BIGINT NOT NULL,         -- the machine's range before a person changed it; -1 if a person made it
  was_end BIGINT NOT NULL,
  hidden INTEGER NOT NULL,           -- 1: a person removed what a machine wrote
  updated_ms BIGINT NOT NULL,
  rev BIGINT NOT NULL
);
CREATE INDEX library_annotations_track ON library_annotations (asset, version, track, start_at, id);

CREATE TABLE library_ledger (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL REFERENCES library_assets (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  output TEXT NOT NULL,
  inputs TEXT NOT NULL,              -- JSON array
  tool TEXT NOT NULL,
  settings TEXT NOT NULL,            -- JSON object
  actor TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  UNIQUE (asset, version, output)
);
CREATE TABLE library_ledger_inputs (
  entry TEXT NOT NULL REFERENCES library_ledger (id) ON DELETE CASCADE,
  tenant TEXT NOT NULL,
  input TEXT NOT NULL,
  PRIMARY KEY (tenant, input, entry)
);
CREATE INDEX library_ledger_inputs_entry ON library_ledger_inputs (entry);

CREATE TABLE library_tags (
  tenant TEXT NOT NULL,
  tag TEXT NOT NULL,                 -- folded
  label TEXT NOT NULL,               -- as the person wrote it
  asset TEXT NOT NULL REFERENCES library_assets (id) ON DELETE CASCADE,
  PRIMARY KEY (tenant, tag, asset)
);
CREATE INDEX library_tags_asset ON library_tags (asset);

-- The words people search by. Their code is digits only (see terms.go), so that every collation orders them alike.
CREATE TABLE library_terms (
  tenant TEXT NOT NULL,
  term TEXT NOT NULL,
  asset TEXT NOT NULL REFERENCES library_assets (id) ON DELETE CASCADE,
  PRIMARY KEY (tenant, term, asset)
);
CREATE INDEX library_terms_asset ON library_terms (asset, term);

CREATE TABLE library_collections (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  description TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  rev BIGINT NOT NULL,
  UNIQUE (tenant, name_key)
);
CREATE TABLE library_members (
  collection TEXT NOT NULL REFERENCES library_collections (id) ON DELETE CASCADE,
  asset TEXT NOT NULL REFERENCES library_assets (id) ON DELETE CASCADE,
  tenant TEXT NOT NULL,
  added_ms BIGINT NOT NULL,
  PRIMARY KEY (collection, asset)
);
CREATE INDEX library_members_asset ON library_members (asset, collection);

-- Files whose last owner was purged; they are deleted after after_ms unless a new version claims them first.
CREATE TABLE library_garbage (
  tenant TEXT NOT NULL,
  store TEXT NOT NULL,               -- raw | processed
  blob_key TEXT NOT NULL,            -- a key, or a prefix that ends in /
  after_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant, store, blob_key)
);
CREATE INDEX library_garbage_due ON library_garbage (after_ms);

-- +goose Down
DROP TABLE library_garbage;
DROP TABLE library_members;
DROP TABLE library_collections;
DROP TABLE library_terms;
DROP TABLE library_tags;
DROP TABLE library_ledger_inputs;
DROP TABLE library_ledger;
DROP TABLE library_annotations;
DROP TABLE library_renditions;
DROP TABLE library_versions;
DROP TABLE library_assets;
