package analysis

import (
	"context"
	"slices"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/redact"
	"showreel/trust/access"
)

// RedactionMark is one thing that is hidden, or would be, as people see it.
type RedactionMark struct {
	ID      string     `json:"id"`
	In      string     `json:"in" enum:"sound,picture"`
	Kind    string     `json:"kind" doc:"face, person, text, word, range, or the kind of personal data"`
	Text    string     `json:"text,omitempty"`
	Score   float64    `json:"score"`
	Model   string     `json:"model"`
	StartMS int64      `json:"startMs"`
	EndMS   int64      `json:"endMs"`
	Spots   []MarkSpot `json:"spots,omitempty" doc:"where it was found; it is hidden more widely"`
	Dropped bool       `json:"dropped,omitempty" doc:"a person said that it need not be hidden"`
}

// MarkSpot is a box at a time.
type MarkSpot struct {
	AtMS int64     `json:"atMs"`
	Box  media.Box `json:"box"`
}

// MarkEdit is what a person changes of what will be hidden.
type MarkEdit struct {
	Drop []string    `json:"drop,omitempty" maxItems:"2000" doc:"ids of marks that need not be hidden"`
	Keep []string    `json:"keep,omitempty" maxItems:"2000" doc:"ids of marks that were dropped and are hidden after all"`
	Add  []HideRange `json:"add,omitempty" maxItems:"500"`
}

// Marks lists what a redaction hides. The spots of a mark are thinned to one every so many milliseconds; 0 gives all.
// Checks "asset:update". fault.Conflict "no-marks" where it has not been found out yet.
func (s *Service) Marks(ctx context.Context, asset, id string, everyMS int64) ([]RedactionMark, error) {
	_, m, _, err := s.markedOf(ctx, "asset:update", asset, id)
	if err != nil {
		return nil, err
	}
	return viewMarks(m, everyMS), nil
}

func viewMarks(m marked, everyMS int64) []RedactionMark {
	out := []RedactionMark{}
	for _, x := range m.Marks {
		v := RedactionMark{ID: x.ID, In: x.In, Kind: x.Kind, Text: x.Text, Score: x.Score, Model: x.Model, StartMS: x.Range.Start.MS(), EndMS: x.Range.End.MS(), Dropped: x.Dropped}
		for n, spot := range x.Spots {
			if k := len(v.Spots); k == 0 || n == len(x.Spots)-1 || spot.At.MS()-v.Spots[k-1].AtMS >= everyMS {
				v.Spots = append(v.Spots, MarkSpot{AtMS: spot.At.MS(), Box: spot.Box})
			}
		}
		out = append(out, v)
	}
	return out
}

// markedOf reads a redaction and its marks.
func (s *Service) markedOf(ctx context.Context, action, asset, id string) (Redaction, marked, *target, error) {
	a, v, err := s.version(ctx, action, asset, 0)
	if err != nil {
		return Redaction{}, marked{}, nil, err
	}
	list, err := redactionsOf(ctx, s.deps.DB.Read(), a.Tenant, asset, id)
	if err == nil && (len(list) == 0 || id == "") {
		err = noRedaction(id)
	}
	if err != nil {
		return Redaction{}, marked{}, nil, err
	}
	t := &target{s: s, ref: list[0].ref(), kind: v.Info.Kind, run: "redaction/" + id, lane: LaneAsked}
	m, err := t.marks(ctx, id)
	if fault.Is(err, fault.NotFound) {
		err = fault.Say("analysis.marks", id, fault.Conflict, "no-marks", "What is to be hidden is still being looked for.")
	}
	return list[0], m, t, err
}

const mostMarks = 20_000 // of one redaction

// EditMarks changes what a redaction will hide, before it is made. Checks "asset:process". Kinds: fault.Conflict
// "not-marked" in another state, fault.Invalid "redact-what" for a bad range, fault.NotFound "no-mark".
func (s *Service) EditMarks(ctx context.Context, asset, id string, edit MarkEdit) ([]RedactionMark, error) {
	const op = "analysis.marks"
	if len(edit.Add) > 0 {
		if err := (HideAsk{What: []string{HideRanges}, Ranges: edit.Add}).check(asset); err != nil {
			return nil, err
		}
	}
	s.hiding.Lock() // one at a time in this process: a file is read, changed and written
	defer s.hiding.Unlock()
	r, m, t, err := s.markedOf(ctx, "asset:process", asset, id)
	if err != nil {
		return nil, err
	}
	if r.State != RedactionMarked {
		return nil, fault.Say(op, id, fault.Conflict, "not-marked", "It is %s; marks can be changed before it is made.", r.State)
	}
	for _, x := range append(slices.Clone(edit.Drop), edit.Keep...) {
		n := slices.IndexFunc(m.Marks, func(o redactedMark) bool { return o.ID == x })
		if n < 0 {
			return nil, fault.Say(op, x, fault.NotFound, "no-mark", "There is no such mark.")
		}
		m.Marks[n].Dropped = slices.Contains(edit.Drop, x)
	}
	if len(m.Marks)+len(edit.Add) > mostMarks {
		return nil, fault.Say(op, id, fault.TooLarge, "too-many-marks", "A redaction has at most %d marks; hide parts of the film one after another.", mostMarks)
	}
	m.add(rangeMarks(edit.Add))
	if err := t.putJSON(ctx, t.redactionKey(id, "marks.json"), m); err != nil {
		return nil, err
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return s.redactionAudit(ctx, tx, r, "asset:process", map[string]any{"redaction": id, "dropped": edit.Drop, "kept": edit.Keep, "added": len(edit.Add)})
	})
	return viewMarks(m, 0), err
}

// MakeRedaction makes the rendition of a redaction whose marks a person has looked at. Checks "asset:process".
// fault.Conflict "not-marked" in another state.
func (s *Service) MakeRedaction(ctx context.Context, asset, id string) (Redaction, error) {
	a, v, err := s.version(ctx, "asset:process", asset, 0)
	if err != nil {
		return Redaction{}, err
	}
	var r Redaction
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if r, err = lockRedaction(ctx, tx, a.Tenant, asset, id); err != nil {
			return err
		}
		if r.State != RedactionMarked {
			return fault.Say("analysis.redact", id, fault.Conflict, "not-marked", "It is %s; it is made once, from its marks.", r.State)
		}
		r.State = RedactionMaking
		if err := putRedaction(ctx, tx, r); err != nil {
			return err
		}
		if err := s.redactionAudit(ctx, tx, r, "asset:process", map[string]any{"redaction": id, "made": access.WhoFrom(ctx).ID}); err != nil {
			return err
		}
		if err := s.redactionEvent(ctx, tx, r); err != nil {
			return err
		}
		return s.deps.Flow.StartIn(ctx, tx, flowRedaction, "redaction/"+id+"/make", redactionStart{ID: id, Ref: r.ref(), Kind: v.Info.Kind, Marked: true})
	})
	return r, err
}

// rangeMarks are marks of what a person names.
func rangeMarks(ranges []HideRange) []redact.Mark {
	var out []redact.Mark
	for _, r := range ranges {
		m := redact.Mark{In: redact.InSound, Kind: "range", Range: media.Range{Start: media.FromMS(r.StartMS), End: media.FromMS(r.EndMS)}, Score: 1, Model: "person"}
		if r.Sound {
			out = append(out, m)
		}
		if r.Box != nil {
			m.In, m.Spots = redact.InPicture, []media.Spot{{At: m.Range.Start, Box: *r.Box}, {At: m.Range.End, Box: *r.Box}}
			out = append(out, m)
		}
	}
	return out
}
