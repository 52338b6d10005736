-- +goose Up
CREATE TABLE analysis_hashes (
  tenant TEXT NOT NULL,
  asset TEXT NOT NULL,
  version INTEGER NOT NULL,
  at_ms BIGINT NOT NULL,             -- of the key frame
  hash TEXT NOT NULL,                -- perceptual, 64 bits in hex
  PRIMARY KEY (tenant, asset, version, at_ms)
);

-- +goose Down
DROP TABLE analysis_hashes;
