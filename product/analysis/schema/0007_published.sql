-- +goose Up
ALTER TABLE analysis_redactions ADD COLUMN published TEXT NOT NULL DEFAULT ''; -- the asset that plays it, once it is signed
ALTER TABLE analysis_redactions ADD COLUMN replaces TEXT NOT NULL DEFAULT '';  -- the redaction whose place it takes when it is signed
ALTER TABLE analysis_redactions ADD COLUMN reason TEXT NOT NULL DEFAULT '';    -- why it was made, where nobody asked for it here
CREATE INDEX analysis_redactions_published ON analysis_redactions (tenant, published);

-- +goose Down
DROP INDEX analysis_redactions_published;
ALTER TABLE analysis_redactions DROP COLUMN reason;
ALTER TABLE analysis_redactions DROP COLUMN replaces;
ALTER TABLE analysis_redactions DROP COLUMN published;
