-- +goose Up
-- Assets whose words have to be found anew, because what is searched has changed: since this version the values of custom
-- fields are searched too. Service.Run works them off.
CREATE TABLE library_reindex (
  asset TEXT PRIMARY KEY REFERENCES library_assets (id) ON DELETE CASCADE,
  tenant TEXT NOT NULL
);
INSERT INTO library_reindex (asset, tenant) SELECT id, tenant FROM library_assets WHERE fields NOT IN ('', '{}', 'null');
