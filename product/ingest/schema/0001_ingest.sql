-- +goose Up
CREATE TABLE ingest_jobs (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    asset      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    state      TEXT NOT NULL,
    lane       TEXT NOT NULL,
    priority   INTEGER NOT NULL,
    wanted     TEXT NOT NULL DEFAULT '',
    body       TEXT NOT NULL,
    rev        BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);
CREATE INDEX ingest_jobs_list ON ingest_jobs (tenant, id);
CREATE INDEX ingest_jobs_state ON ingest_jobs (tenant, state, id);
CREATE INDEX ingest_jobs_asset ON ingest_jobs (tenant, asset);

-- One row per distinct original of a tenant: the unique key is what makes parallel uploads of one file find each other.
CREATE TABLE ingest_sources (
    tenant     TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    asset      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    job        TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, sha256)
);
CREATE INDEX ingest_sources_asset ON ingest_sources (tenant, asset);

CREATE TABLE ingest_templates (
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, name, version)
);

-- The chunk ledger: a content-addressed cache of finished tasks. It leases nothing.
CREATE TABLE ingest_chunks (
    tenant     TEXT NOT NULL,
    chunk      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    result     TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    cpu_ms     BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    used_ms    BIGINT NOT NULL,
    PRIMARY KEY (tenant, chunk)
);
CREATE INDEX ingest_chunks_used ON ingest_chunks (used_ms);

CREATE TABLE ingest_uploads (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    owner      TEXT NOT NULL,
    name       TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    state      TEXT NOT NULL,
    asset      TEXT NOT NULL DEFAULT '',
    job        TEXT NOT NULL DEFAULT '',
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE INDEX ingest_uploads_open ON ingest_uploads (state, expires_ms);
CREATE INDEX ingest_uploads_tenant ON ingest_uploads (tenant, state);

CREATE TABLE ingest_pulls (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    body       TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);
CREATE INDEX ingest_pulls_tenant ON ingest_pulls (tenant, id);

-- What the watch folders have taken in, so that a restart takes nothing twice.
CREATE TABLE ingest_watched (
    tenant     TEXT NOT NULL,
    path       TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    mod_ms     BIGINT NOT NULL,
    asset      TEXT NOT NULL,
    job        TEXT NOT NULL,
    error      TEXT NOT NULL DEFAULT '',
    taken_ms   BIGINT NOT NULL,
    PRIMARY KEY (tenant, path)
);

-- +goose Down
DROP TABLE ingest_watched;
DROP TABLE ingest_pulls;
DROP TABLE ingest_uploads;
DROP TABLE ingest_chunks;
DROP TABLE ingest_templates;
DROP TABLE ingest_sources;
DROP TABLE ingest_jobs;
