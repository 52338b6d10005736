-- +goose Up
CREATE TABLE analysis_runs (
  id TEXT PRIMARY KEY,               -- the flow's key
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL,
  version INTEGER NOT NULL,
  slot TEXT NOT NULL UNIQUE,         -- asset/version while the run is open, its own id afterwards: one open run a version
  lane TEXT NOT NULL,                -- fresh, asked or batch
  state TEXT NOT NULL,               -- open, done, failed or cancelled
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  ended_ms BIGINT NOT NULL
);
CREATE INDEX analysis_runs_asset ON analysis_runs (tenant, asset, version);

CREATE TABLE analysis_states (
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL,
  version INTEGER NOT NULL,
  ability TEXT NOT NULL,
  state TEXT NOT NULL,               -- waiting, running, done, failed, unavailable or cancelled
  run TEXT NOT NULL,
  model TEXT NOT NULL,
  code TEXT NOT NULL,                -- of the fault
  body TEXT NOT NULL,                -- why, for people
  pieces INTEGER NOT NULL,
  pieces_done INTEGER NOT NULL,
  found INTEGER NOT NULL,            -- annotations written
  cpu_ms BIGINT NOT NULL,
  wall_ms BIGINT NOT NULL,
  started_ms BIGINT NOT NULL,
  ended_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant, asset, version, ability)
);
CREATE INDEX analysis_states_run ON analysis_states (run);
CREATE INDEX analysis_states_state ON analysis_states (state, ability);

CREATE TABLE analysis_glossary (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  collection TEXT NOT NULL,          -- '' is the whole tenant
  term TEXT NOT NULL,
  term_key TEXT NOT NULL,            -- folded
  sounds TEXT NOT NULL,              -- JSON array: how it is misheard
  lang TEXT NOT NULL,                -- '' is every language
  created_by TEXT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (tenant, collection, term_key)
);

-- +goose Down
DROP TABLE analysis_glossary;
DROP TABLE analysis_states;
DROP TABLE analysis_runs;
