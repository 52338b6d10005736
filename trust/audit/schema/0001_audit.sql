-- +goose Up
CREATE TABLE audit_entry (
    id         TEXT   NOT NULL PRIMARY KEY,
    tenant     TEXT   NOT NULL,
    at_ms      BIGINT NOT NULL,
    actor      TEXT   NOT NULL,
    actor_kind TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    data       TEXT   NOT NULL,
    hash       TEXT   NOT NULL, -- leaf hash, base64
    leaf       BIGINT           -- position in the tree from 0; null until sealed
);
CREATE UNIQUE INDEX audit_entry_leaf ON audit_entry (leaf);
CREATE INDEX audit_entry_unsealed ON audit_entry (id) WHERE leaf IS NULL;
CREATE INDEX audit_entry_tenant ON audit_entry (tenant, id);
CREATE INDEX audit_entry_subject ON audit_entry (tenant, subject, id);

-- The stored hashes of the tree, by tlog.StoredHashIndex.
CREATE TABLE audit_node (
    idx  BIGINT NOT NULL PRIMARY KEY,
    hash TEXT   NOT NULL
);

CREATE TABLE audit_checkpoint (
    size  BIGINT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    note  TEXT   NOT NULL
);

-- One row: the number of sealed entries. Locking it makes one sealer at a time.
CREATE TABLE audit_head (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    size BIGINT  NOT NULL
);
INSERT INTO audit_head (one, size) VALUES (1, 0);

-- +goose Down
DROP TABLE audit_head;
DROP TABLE audit_checkpoint;
DROP TABLE audit_node;
DROP TABLE audit_entry;
