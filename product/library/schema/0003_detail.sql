-- +goose Up
ALTER TABLE library_annotations ADD COLUMN source TEXT NOT NULL DEFAULT '';  -- whose result it is: a run replaces only what its own source wrote
ALTER TABLE library_annotations ADD COLUMN detail TEXT NOT NULL DEFAULT '';  -- JSON of words, path and what the machine said before a person changed it, or ''

-- +goose Down
ALTER TABLE library_annotations DROP COLUMN detail;
ALTER TABLE library_annotations DROP COLUMN source;
