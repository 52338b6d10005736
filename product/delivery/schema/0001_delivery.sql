-- +goose Up
-- Which keys sign play tokens. The secrets are derived by the key ring from the id.
CREATE TABLE delivery_token_keys (
    id         TEXT   PRIMARY KEY,
    created_ms BIGINT NOT NULL,
    retired_ms BIGINT NOT NULL DEFAULT 0 -- from then on its tokens are refused; 0 is never
);

-- +goose Down
DROP TABLE delivery_token_keys;
