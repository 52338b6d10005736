-- +goose Up
CREATE TABLE showreel_flow_carry (
  run    TEXT NOT NULL,
  path   TEXT NOT NULL,
  output TEXT NOT NULL,
  PRIMARY KEY (run, path)
);
CREATE TABLE showreel_flow_workers (
  id      TEXT   PRIMARY KEY,
  seen_ms BIGINT NOT NULL
);

-- +goose Down
DROP TABLE showreel_flow_workers;
DROP TABLE showreel_flow_carry;
