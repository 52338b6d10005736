-- +goose Up
CREATE TABLE quality_findings (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    asset      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    check_name TEXT NOT NULL,
    severity   TEXT NOT NULL,
    state      TEXT NOT NULL,
    start_t    BIGINT NOT NULL,
    end_t      BIGINT NOT NULL,
    rendition  TEXT NOT NULL,
    thumb      TEXT NOT NULL DEFAULT '',
    body       TEXT NOT NULL,
    waived_by  TEXT NOT NULL DEFAULT '',
    waived_ms  BIGINT NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    created_ms BIGINT NOT NULL
);
CREATE INDEX quality_findings_asset ON quality_findings (tenant, asset, version, start_t, id);
CREATE INDEX quality_findings_open ON quality_findings (tenant, state, severity);

-- +goose Down
DROP TABLE quality_findings;
