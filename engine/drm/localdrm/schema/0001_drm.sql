-- +goose Up
CREATE TABLE drm_keys (
    tenant     TEXT   NOT NULL,
    content    TEXT   NOT NULL,
    class      TEXT   NOT NULL,
    kid        TEXT   NOT NULL, -- hex, public
    sealed     TEXT   NOT NULL, -- base64 of the AES-256-GCM sealed key, bound to tenant, content, class and kid
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, content, class)
);

-- +goose Down
DROP TABLE drm_keys;
