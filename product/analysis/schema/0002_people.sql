-- +goose Up
CREATE TABLE analysis_persons (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  note TEXT NOT NULL,
  withdrawn TEXT NOT NULL,           -- '' or why they are not compared any more: revoked, expired
  withdrawn_ms BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);
CREATE INDEX analysis_persons_tenant ON analysis_persons (tenant, name);

CREATE TABLE analysis_consents (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  person TEXT NOT NULL,
  basis TEXT NOT NULL,               -- in words
  document TEXT NOT NULL,            -- where it is written
  given_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,        -- 0 never
  ended_ms BIGINT NOT NULL,          -- 0 while it stands
  ended_why TEXT NOT NULL,           -- revoked, expired or replaced
  created_by TEXT NOT NULL
);
CREATE INDEX analysis_consents_person ON analysis_consents (tenant, person);
CREATE INDEX analysis_consents_expiry ON analysis_consents (ended_ms, expires_ms);

CREATE TABLE analysis_biometrics (
  tenant TEXT PRIMARY KEY,
  enabled INTEGER NOT NULL,
  basis TEXT NOT NULL,
  document TEXT NOT NULL,
  each_person INTEGER NOT NULL,      -- only people with a consent of their own are recognised
  expires_ms BIGINT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_ms BIGINT NOT NULL
);

CREATE TABLE analysis_keys (
  tenant TEXT NOT NULL,
  scope TEXT NOT NULL,               -- 'vectors', or the run whose unfinished pieces it seals
  wrapped TEXT NOT NULL,             -- by the key ring
  PRIMARY KEY (tenant, scope)
);

CREATE TABLE analysis_tracks (
  id TEXT PRIMARY KEY,               -- stays the same when the asset is analysed again
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,                -- face or voice
  start_at BIGINT NOT NULL,
  end_at BIGINT NOT NULL,
  person TEXT NOT NULL,
  how TEXT NOT NULL,                 -- '', confirmed or matched
  grp TEXT NOT NULL,                 -- the first track of those that look alike
  score DOUBLE PRECISION NOT NULL,   -- how good a likeness it is, 0..1
  detail TEXT NOT NULL               -- JSON: where it is seen, second by second; a voice's turns
);
CREATE INDEX analysis_tracks_asset ON analysis_tracks (tenant, asset, version, kind);
CREATE INDEX analysis_tracks_person ON analysis_tracks (tenant, person);

CREATE TABLE analysis_vectors (
  track TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  model TEXT NOT NULL,
  sealed TEXT NOT NULL               -- base64, AES-256-GCM under the tenant's key
);
CREATE INDEX analysis_vectors_tenant ON analysis_vectors (tenant, kind);

CREATE TABLE analysis_links (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  verdict TEXT NOT NULL,             -- is, not, withheld: of a person; together, apart: of two places
  kind TEXT NOT NULL,
  asset TEXT NOT NULL,               -- the place: which version, when, where in the picture
  version INTEGER NOT NULL,
  start_at BIGINT NOT NULL,
  end_at BIGINT NOT NULL,
  box TEXT NOT NULL,
  other TEXT NOT NULL,               -- JSON: the second place
  person TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX analysis_links_tenant ON analysis_links (tenant, kind);
CREATE INDEX analysis_links_asset ON analysis_links (tenant, asset);

-- +goose Down
DROP TABLE analysis_links;
DROP TABLE analysis_vectors;
DROP TABLE analysis_tracks;
DROP TABLE analysis_keys;
DROP TABLE analysis_biometrics;
DROP TABLE analysis_consents;
DROP TABLE analysis_persons;
