-- +goose Up
CREATE TABLE access_tenants (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
INSERT INTO access_tenants (id, name, created_ms) VALUES ('main', 'Main', 0);
CREATE TABLE access_users (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES access_tenants (id),
  email TEXT NOT NULL UNIQUE,        -- lower case; unique over all tenants, for signing in names no tenant
  name TEXT NOT NULL,
  password TEXT NOT NULL,            -- argon2id, PHC string
  roles TEXT NOT NULL,               -- JSON array
  disabled INTEGER NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  seen_ms BIGINT NOT NULL,
  rev BIGINT NOT NULL
);
CREATE INDEX access_users_tenant ON access_users (tenant, created_ms);
CREATE TABLE access_sessions (
  hash TEXT PRIMARY KEY,             -- SHA-256 of the cookie's value
  id TEXT NOT NULL,                  -- public id
  tenant TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES access_users (id) ON DELETE CASCADE,
  created_ms BIGINT NOT NULL,
  seen_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX access_sessions_user ON access_sessions (user_id);
CREATE INDEX access_sessions_expiry ON access_sessions (expires_ms);
CREATE TABLE access_keys (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES access_tenants (id),
  prefix TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,                -- SHA-256 of the whole key
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  owner TEXT NOT NULL,               -- a user's id; empty: made by the command line
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,        -- 0: never
  used_ms BIGINT NOT NULL
);
CREATE INDEX access_keys_tenant ON access_keys (tenant, created_ms);
CREATE INDEX access_keys_owner ON access_keys (owner);
CREATE TABLE access_setup (
  one INTEGER PRIMARY KEY,           -- always 1
  hash TEXT NOT NULL,                -- SHA-256 of the token in the link; empty once it was used
  created_ms BIGINT NOT NULL,
  used_ms BIGINT NOT NULL
);
CREATE TABLE access_attempts (
  bucket TEXT PRIMARY KEY,           -- hash of an account or an address
  fails INTEGER NOT NULL,
  first_ms BIGINT NOT NULL,
  until_ms BIGINT NOT NULL
);

-- +goose Down
DROP TABLE access_attempts;
DROP TABLE access_setup;
DROP TABLE access_keys;
DROP TABLE access_sessions;
DROP TABLE access_users;
DROP TABLE access_tenants;
