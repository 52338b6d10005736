-- +goose Up
CREATE TABLE outbox_events (
  seq BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX outbox_events_tenant ON outbox_events (tenant, seq);
CREATE TABLE outbox_counter (one INTEGER PRIMARY KEY, seq BIGINT NOT NULL);
INSERT INTO outbox_counter (one, seq) VALUES (1, 0);
CREATE TABLE outbox_cursors (
  consumer TEXT PRIMARY KEY,
  seq BIGINT NOT NULL,
  at_ms BIGINT NOT NULL
);

-- +goose Down
DROP TABLE outbox_cursors;
DROP TABLE outbox_counter;
DROP TABLE outbox_events;
