package analysis

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"slices"
	"strings"
	"unicode/utf8"

	xdraw "golang.org/x/image/draw"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// Example is a part of a picture that a person marked, to find what looks like it.
type Example struct {
	ID        string    `json:"id"`
	Name      string    `json:"name" doc:"what it shows"`
	Asset     string    `json:"asset"`
	Version   int       `json:"version"`
	AtMS      int64     `json:"atMs"`
	Box       media.Box `json:"box" doc:"in fractions of the picture"`
	Model     string    `json:"model" doc:"that looked at it"`
	CreatedMS int64     `json:"createdMs"`

	features []float32
}

// Limits of examples, and how alike a part of a picture must be to count. The score is a cosine of the features of a
// classifier: it tells things apart that look different as a whole, not one face or word from another.
const (
	mostExamples  = 200
	leastExample  = 0.7
	exampleColumn = `id, name, asset, version, at_ms, box, features, model, created_ms`
)

func scanExample(row scanner) (Example, error) {
	var e Example
	var box, features string
	if err := row.Scan(&e.ID, &e.Name, &e.Asset, &e.Version, &e.AtMS, &box, &features, &e.Model, &e.CreatedMS); err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(box), &e.Box); err != nil {
		return e, fault.E("analysis.examples", e.ID, fault.Corrupt, err)
	}
	if err := json.Unmarshal([]byte(features), &e.features); err != nil {
		return e, fault.E("analysis.examples", e.ID, fault.Corrupt, err)
	}
	return e, nil
}

func (s *Service) examplesOf(ctx context.Context, tenant string) ([]Example, error) {
	out, err := collect(ctx, s.deps.DB.Read(), scanExample, `SELECT `+exampleColumn+` FROM analysis_examples WHERE tenant = $1 ORDER BY name, created_ms, id`, tenant)
	if err != nil {
		return nil, fault.E("analysis.examples", "", "", err)
	}
	return out, nil
}

// Examples lists the tenant's examples by name.
func (s *Service) Examples(ctx context.Context) ([]Example, error) {
	if err := s.deps.Access.Check(ctx, "glossary:read", access.Resource{Kind: "example"}); err != nil {
		return nil, err
	}
	return s.examplesOf(ctx, access.WhoFrom(ctx).Tenant)
}

// AddExample keeps what a marked part of a picture looks like. Films analysed from now on are searched for it. Kinds:
// fault.Invalid, fault.TooLarge above 200, fault.NotFound, fault.Unavailable without the model of labels or the picture.
func (s *Service) AddExample(ctx context.Context, e Example) (Example, error) {
	const op = "analysis.example"
	who := access.WhoFrom(ctx)
	if err := s.deps.Access.Check(ctx, "glossary:write", access.Resource{Kind: "example"}); err != nil {
		return e, err
	}
	e.Name = strings.Join(strings.Fields(strings.ToValidUTF8(e.Name, "")), " ")
	if n := utf8.RuneCountInString(e.Name); n < 1 || n > termRunes {
		return e, fault.Say(op, e.Name, fault.Invalid, "bad-example", "An example has a name of 1 to %d characters.", termRunes)
	}
	if b := e.Box; b.X < 0 || b.Y < 0 || b.W < 0.01 || b.H < 0.01 || b.X+b.W > 1.0001 || b.Y+b.H > 1.0001 {
		return e, fault.Say(op, e.Name, fault.Invalid, "bad-example", "The box lies outside the picture, or is smaller than a hundredth of it.")
	}
	a, v, err := s.version(ctx, "asset:read", e.Asset, e.Version)
	if err != nil {
		return e, err
	}
	t := &target{s: s, ref: a.At(v.Number), kind: v.Info.Kind}
	pics, err := t.pictures(ctx, []int64{e.AtMS / 1000})
	if fault.Is(err, fault.NotFound) {
		return e, fault.Say(op, e.Asset, fault.Unavailable, "no-pictures", "There is no picture of that second; analyse the asset first.")
	}
	if err != nil {
		return e, err
	}
	all, model, err := s.regions(ctx, pics[0], []media.Box{e.Box})
	if err != nil {
		return e, err
	}
	e.ID, e.Version, e.Model, e.CreatedMS, e.features = sqldb.NewID(), v.Number, model, sqldb.NowMS(), all[0]
	return e, s.keepExample(ctx, who, e)
}

func (s *Service) keepExample(ctx context.Context, who access.Who, e Example) error {
	box, err := json.Marshal(e.Box)
	if err != nil {
		return fault.E("analysis.example", e.Name, fault.Internal, err)
	}
	features, err := json.Marshal(e.features)
	if err != nil {
		return fault.E("analysis.example", e.Name, fault.Internal, err)
	}
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM analysis_examples WHERE tenant = $1`, who.Tenant).Scan(&n); err != nil {
			return err
		}
		if n >= mostExamples {
			return fault.Say("analysis.example", e.Name, fault.TooLarge, "too-many-examples", "There are %d examples already; remove some.", mostExamples)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO analysis_examples (tenant, created_by, `+exampleColumn+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
			who.Tenant, who.ID, e.ID, e.Name, e.Asset, e.Version, e.AtMS, string(box), string(features), e.Model, e.CreatedMS); err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "glossary:write", Subject: e.ID, Data: map[string]any{"example": e.Name}})
	})
}

// RemoveExample removes an example; what it found stays until the next run. fault.NotFound.
func (s *Service) RemoveExample(ctx context.Context, id string) error {
	who := access.WhoFrom(ctx)
	if err := s.deps.Access.Check(ctx, "glossary:write", access.Resource{Kind: "example", ID: id}); err != nil {
		return err
	}
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM analysis_examples WHERE tenant = $1 AND id = $2`, who.Tenant, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.Say("analysis.example", id, fault.NotFound, "no-example", "There is no such example.")
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "glossary:write", Subject: id, Data: map[string]any{"removed": true}})
	})
}

// regions gives the features of parts of a picture.
func (s *Service) regions(ctx context.Context, raw []byte, boxes []media.Box) ([][]float32, string, error) {
	model, err := s.seeing("labels")(ctx)
	if err != nil {
		return nil, "", err
	}
	img, err := decodePicture(raw)
	if err != nil {
		return nil, "", err
	}
	b := img.Bounds()
	var parts [][]byte
	for _, x := range boxes {
		r := image.Rect(b.Min.X+int(x.X*float64(b.Dx())), b.Min.Y+int(x.Y*float64(b.Dy())), b.Min.X+int((x.X+x.W)*float64(b.Dx())+.5), b.Min.Y+int((x.Y+x.H)*float64(b.Dy())+.5)).Intersect(b)
		part := image.NewRGBA(image.Rect(0, 0, max(1, r.Dx()), max(1, r.Dy())))
		xdraw.Draw(part, part.Bounds(), img, r.Min, xdraw.Src)
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, part, &jpeg.Options{Quality: 90}); err != nil {
			return nil, "", fault.E("analysis.example", "", fault.Internal, err)
		}
		parts = append(parts, buf.Bytes())
	}
	scenes, err := s.deps.Vision.Labels(ctx, parts)
	if err != nil {
		return nil, "", err
	}
	var out [][]float32
	for _, x := range scenes {
		out = append(out, x.Features)
	}
	return out, model, nil
}

// windows are the parts of a picture that are compared with examples: all of it, halves and thirds that overlap.
func windows() []media.Box {
	out := []media.Box{{W: 1, H: 1}}
	for _, side := range []float64{1.0 / 2, 1.0 / 3} {
		step := side / 2
		for y := 0.0; y+side <= 1.0001; y += step {
			for x := 0.0; x+side <= 1.0001; x += step {
				out = append(out, media.Box{X: x, Y: y, W: side, H: side})
			}
		}
	}
	return out
}

// spotted is the part of a picture that is most like an example of a name.
type spotted struct {
	Second int64     `json:"second"`
	Name   string    `json:"name"`
	Score  float64   `json:"score"`
	Box    media.Box `json:"box"`
}

// cutExamples takes the key frames, where there is anything to look for.
func (s *Service) cutExamples(ctx context.Context, t *target) ([]piece, error) {
	all, err := s.examplesOf(ctx, t.ref.Tenant)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	seconds := []int64{0}
	if t.kind != media.Image {
		keys, err := t.notes(ctx, media.TrackKeyframe)
		if err != nil {
			return nil, err
		}
		seconds = nil
		for _, k := range keys {
			seconds = append(seconds, int64(k.Range.Start/media.Second))
		}
		slices.Sort(seconds)
		seconds = slices.Compact(seconds)
	}
	var out []piece
	for part := range slices.Chunk(seconds, 8) {
		out = append(out, piece{Seconds: part, Range: media.Range{Start: at(part[0]), End: at(part[len(part)-1] + 1)}})
	}
	return out, nil
}

// findExamples compares the parts of each key frame with every example of the same model.
func (s *Service) findExamples(ctx context.Context, t *target, p piece) (f found, err error) {
	examples, err := s.examplesOf(ctx, t.ref.Tenant)
	if err != nil {
		return f, err
	}
	boxes := windows()
	for _, sec := range p.Seconds {
		pics, err := t.pictures(ctx, []int64{sec})
		if err != nil {
			return f, err
		}
		parts, model, err := s.regions(ctx, pics[0], boxes)
		if err != nil {
			return f, err
		}
		f.Model = model
		best := map[string]spotted{}
		for _, e := range examples {
			for n, v := range parts {
				if score := dot(e.features, v); e.Model == model && score >= leastExample && score > best[e.Name].Score {
					best[e.Name] = spotted{Second: sec, Name: e.Name, Score: min(1, score), Box: boxes[n]}
				}
			}
		}
		for _, x := range best {
			f.Spotted = append(f.Spotted, x)
		}
	}
	slices.SortFunc(f.Spotted, func(a, b spotted) int { return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.Name, b.Name)) })
	return f, nil
}

// joinExamples writes where something like an example was seen, once a key frame, over its shot.
func (s *Service) joinExamples(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	shots, err := t.shots(ctx)
	if err != nil {
		return nil, err
	}
	out := []media.Annotation{}
	for _, f := range all {
		for _, x := range f.Spotted {
			box := x.Box
			out = append(out, media.Annotation{Range: shown(shots, x.Second), Label: x.Name, Text: x.Name, Score: x.Score, Box: &box, Model: f.Model})
		}
	}
	return map[media.Track][]media.Annotation{media.TrackExample: out}, nil
}
