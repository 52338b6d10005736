-- +goose Up
CREATE TABLE flow_starts (
  key        TEXT   PRIMARY KEY,
  name       TEXT   NOT NULL,
  input      TEXT   NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX flow_starts_created ON flow_starts (created_ms, key);

-- +goose Down
DROP TABLE flow_starts;
