package library

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

// ModelPerson is the model of annotations that people make.
const ModelPerson = "person"

const annotationColumns = `id, tenant, asset, version, track, start_at, end_at, label, body, lang, score, box, person, model, source, run,
	inputs, supersedes, locked_by`

// note is an annotation with what the store alone knows.
type note struct {
	media.Annotation
	wasStart, wasEnd media.Time // the machine's range before a person changed it; -1 for what a person made
	was              said       // what the machine said then
	hidden           bool
	rev              int64
}

// said is what a machine said, kept so that a person's correction is recognised when the machine says it again.
type said struct {
	Label string     `json:"label,omitempty"`
	Text  string     `json:"text,omitempty"`
	Box   *media.Box `json:"box,omitempty"`
}

// detail is the column of the parts that are read whole or not at all.
type detail struct {
	Words []media.Word `json:"words,omitempty"`
	Path  []media.Spot `json:"path,omitempty"`
	Was   *said        `json:"was,omitempty"`
}

func scanNote(row scanner) (note, error) {
	var n note
	var box, inputs, more string
	err := row.Scan(&n.ID, &n.Tenant, &n.Asset, &n.Version, &n.Track, &n.Range.Start, &n.Range.End, &n.Label, &n.Text, &n.Lang,
		&n.Score, &box, &n.Person, &n.Model, &n.Source, &n.Run, &inputs, &n.Supersedes, &n.LockedBy, &n.wasStart, &n.wasEnd, &n.hidden, &n.rev, &more)
	if err != nil {
		return n, err
	}
	var d detail
	for _, f := range []struct {
		text string
		into any
	}{{box, &n.Box}, {inputs, &n.Inputs}, {more, &d}} {
		if f.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(f.text), f.into); err != nil {
			return n, fault.E("library.annotation", n.ID, fault.Corrupt, err)
		}
	}
	n.Words, n.Path = d.Words, d.Path
	n.was = said{Label: n.Label, Text: n.Text, Box: n.Box}
	if d.Was != nil {
		n.was = *d.Was
	}
	return n, nil
}

// detail is the column's text; what the machine said is kept only where it differs from what stands there now.
func (n note) detail() string {
	d := detail{Words: n.Words, Path: n.Path}
	sameBox := (n.was.Box == nil) == (n.Box == nil) && (n.Box == nil || *n.was.Box == *n.Box)
	if n.wasStart >= 0 && (n.was.Label != n.Label || n.was.Text != n.Text || !sameBox) {
		d.Was = &n.was
	}
	if d.Words == nil && d.Path == nil && d.Was == nil {
		return ""
	}
	return text(d)
}

func selectNotes(ctx context.Context, q sqldb.Querier, rest string, args ...any) ([]note, error) {
	return collect(ctx, q, scanNote, `SELECT `+annotationColumns+`, was_start, was_end, hidden, rev, detail FROM library_annotations `+rest, args...)
}

func (c *change) insertNote(ctx context.Context, n note) error {
	box, inputs := "", ""
	if n.Box != nil {
		box = text(n.Box)
	}
	if len(n.Inputs) > 0 {
		inputs = text(n.Inputs)
	}
	hidden := 0
	if n.hidden {
		hidden = 1
	}
	_, err := c.ExecContext(ctx, `INSERT INTO library_annotations (`+annotationColumns+`, was_start, was_end, hidden, rev, detail, updated_ms)
		VALUES (`+places(1, 25)+`)
		ON CONFLICT (id) DO UPDATE SET start_at = EXCLUDED.start_at, end_at = EXCLUDED.end_at, label = EXCLUDED.label,
		body = EXCLUDED.body, lang = EXCLUDED.lang, box = EXCLUDED.box, person = EXCLUDED.person, locked_by = EXCLUDED.locked_by,
		hidden = EXCLUDED.hidden, rev = EXCLUDED.rev, detail = EXCLUDED.detail, updated_ms = EXCLUDED.updated_ms`,
		n.ID, n.Tenant, n.Asset, n.Version, string(n.Track), int64(n.Range.Start), int64(n.Range.End), n.Label, n.Text, n.Lang,
		n.Score, box, n.Person, n.Model, n.Source, n.Run, inputs, n.Supersedes, n.LockedBy, int64(n.wasStart), int64(n.wasEnd), hidden,
		n.rev, n.detail(), c.now)
	return err
}
