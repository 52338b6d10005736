-- +goose Up
CREATE TABLE analysis_examples (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,                -- what it shows
  asset TEXT NOT NULL,               -- the picture that it was marked on
  version INTEGER NOT NULL,
  at_ms BIGINT NOT NULL,
  box TEXT NOT NULL,                 -- JSON, fractions of the picture
  features TEXT NOT NULL,            -- JSON, of the marked part
  model TEXT NOT NULL,               -- that made them
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX analysis_examples_tenant ON analysis_examples (tenant, name);

-- +goose Down
DROP TABLE analysis_examples;
