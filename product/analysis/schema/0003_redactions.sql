-- +goose Up
CREATE TABLE analysis_redactions (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,               -- making, draft, approved, rejected or failed
  ask TEXT NOT NULL,                 -- JSON: what to hide, and how
  report TEXT NOT NULL,              -- JSON: what was hidden, and what detectors still find
  blob_key TEXT NOT NULL,            -- of the rendition; '' while there is none
  captions_key TEXT NOT NULL,
  problem TEXT NOT NULL,             -- why it failed, for people
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_name TEXT NOT NULL,        -- as the person signed
  decided_ms BIGINT NOT NULL
);
CREATE INDEX analysis_redactions_asset ON analysis_redactions (tenant, asset, version);

-- +goose Down
DROP TABLE analysis_redactions;
