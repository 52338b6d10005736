-- +goose Up
-- Whether automatic captions are offered. Where nothing is set they are.
CREATE TABLE analysis_captions (
  tenant TEXT NOT NULL,
  collection TEXT NOT NULL,          -- '' is everything of the tenant
  automatic INTEGER NOT NULL,        -- 1 offered, 0 not
  created_by TEXT NOT NULL,
  changed_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant, collection)
);

-- +goose Down
DROP TABLE analysis_captions;
