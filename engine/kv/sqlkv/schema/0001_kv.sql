-- +goose Up
-- Keys are kept in hexadecimal, so that every engine and locale sorts and ranges them bytewise.
CREATE TABLE kv_record (
    key_hex    TEXT   NOT NULL PRIMARY KEY,
    value      TEXT   NOT NULL, -- base64
    rev        BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL  -- 0 is never
);
CREATE INDEX kv_record_expiry ON kv_record (expires_ms) WHERE expires_ms > 0;

-- +goose Down
DROP TABLE kv_record;
