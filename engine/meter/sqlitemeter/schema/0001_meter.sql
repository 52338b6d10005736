-- +goose Up
CREATE TABLE meter_sample (
    name   TEXT             NOT NULL,
    at_ms  BIGINT           NOT NULL, -- start of the minute
    labels TEXT             NOT NULL,
    node   TEXT             NOT NULL,
    value  DOUBLE PRECISION NOT NULL,
    count  BIGINT           NOT NULL,
    PRIMARY KEY (name, at_ms, labels, node)
);
CREATE INDEX meter_sample_age ON meter_sample (at_ms);

CREATE TABLE meter_cost (
    tenant  TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    step    TEXT   NOT NULL,
    hour_ms  BIGINT NOT NULL, -- start of the UTC hour
    cpu_ms  BIGINT NOT NULL,
    wall_ms BIGINT NOT NULL,
    read    BIGINT NOT NULL, -- bytes
    written BIGINT NOT NULL, -- bytes
    count   BIGINT NOT NULL, -- steps
    PRIMARY KEY (tenant, subject, step, hour_ms)
);
CREATE INDEX meter_cost_time ON meter_cost (tenant, hour_ms);

-- +goose Down
DROP TABLE meter_cost;
DROP TABLE meter_sample;
