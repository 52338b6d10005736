package library

import (
	"context"
	"encoding/json"

	"showreel/media"
	"showreel/platform/httpd"
)

// noteView is an annotation as the API shows it: milliseconds and, where the frame rate is known, frames and timecode.
type noteView struct {
	ID         string      `json:"id"`
	Version    int         `json:"version"`
	Track      media.Track `json:"track"`
	StartMS    int64       `json:"startMs"`
	EndMS      int64       `json:"endMs"`
	StartFrame *int64      `json:"startFrame,omitempty"`
	EndFrame   *int64      `json:"endFrame,omitempty" doc:"the first frame after it"`
	Timecode   string      `json:"timecode,omitempty" doc:"of the start; SMPTE ST 12-1, drop-frame with a semicolon"`
	Label      string      `json:"label,omitempty"`
	Text       string      `json:"text,omitempty"`
	Lang       string      `json:"lang,omitempty"`
	Score      float64     `json:"score"`
	Box        *media.Box  `json:"box,omitempty" doc:"of a thing that moves: where it is seen best"`
	Path       []spotView  `json:"path,omitempty" doc:"of a thing that moves, in straight lines between the spots"`
	Words      []wordView  `json:"words,omitempty" doc:"of speech, in order"`
	Person     string      `json:"person,omitempty"`
	Model      string      `json:"model" doc:"who says so; person for people"`
	Source     string      `json:"source,omitempty" doc:"the ability it came from"`
	Run        string      `json:"run,omitempty"`
	LockedBy   string      `json:"lockedBy,omitempty" doc:"the person whose value this is; no machine overwrites it"`
}

// spotView is where something is at one instant.
type spotView struct {
	AtMS int64     `json:"atMs"`
	Box  media.Box `json:"box"`
}

// wordView is one spoken word.
type wordView struct {
	Text    string  `json:"text" doc:"with its punctuation"`
	StartMS int64   `json:"startMs"`
	EndMS   int64   `json:"endMs"`
	Score   float64 `json:"score" doc:"0..1, the model's confidence"`
}

func viewOf(a media.Annotation, rate media.Rate) noteView {
	v := noteView{
		ID: a.ID, Version: a.Version, Track: a.Track, StartMS: a.Range.Start.MS(), EndMS: a.Range.End.MS(), Label: a.Label,
		Text: a.Text, Lang: a.Lang, Score: a.Score, Box: a.Box, Person: a.Person, Model: a.Model, Run: a.Run, LockedBy: a.LockedBy, Source: a.Source,
	}
	for _, w := range a.Words {
		v.Words = append(v.Words, wordView{Text: w.Text, StartMS: w.Start.MS(), EndMS: w.End.MS(), Score: w.Score})
	}
	for _, s := range a.Path {
		v.Path = append(v.Path, spotView{AtMS: s.At.MS(), Box: s.Box})
	}
	if rate.Known() {
		start, end := rate.Frame(a.Range.Start), rate.Frame(a.Range.End)
		v.StartFrame, v.EndFrame, v.Timecode = &start, &end, rate.Timecode(a.Range.Start)
	}
	return v
}

// rateOf returns the frame rate of a version, unknown if it has no constant one.
func rateOf(v Version) media.Rate {
	if main := v.Info.Main("video"); main != nil && !main.VFR && v.Info.Kind == media.Video {
		return main.Rate
	}
	return media.Rate{}
}

type notesIn struct {
	VersionQuery
	Track []string `query:"track" doc:"only these tracks; several by comma"`
}

type notesOut struct{ Body httpd.Page[noteView] }
type noteOut struct{ Body noteView }

type noteBody struct {
	Track   *media.Track `json:"track,omitempty" doc:"marker when left out"`
	StartMS *int64       `json:"startMs,omitempty" minimum:"0" maximum:"1000000000000"`
	EndMS   *int64       `json:"endMs,omitempty" minimum:"0" maximum:"1000000000000" doc:"the start when left out: a point"`
	Label   *string      `json:"label,omitempty"`
	Text    *string      `json:"text,omitempty"`
	Lang    *string      `json:"lang,omitempty" doc:"BCP 47"`
	Box     *media.Box   `json:"box,omitempty" doc:"in fractions of the upright picture"`
}

func (b noteBody) in() NoteIn {
	in := NoteIn{Track: b.Track, Label: b.Label, Text: b.Text, Lang: b.Lang, Box: b.Box}
	if b.StartMS != nil {
		end := *b.StartMS
		if b.EndMS != nil {
			end = *b.EndMS
		}
		in.Range = &media.Range{Start: media.FromMS(*b.StartMS), End: media.FromMS(end)}
	}
	return in
}

type newNoteIn struct {
	VersionQuery
	Body noteBody
}

type editNoteIn struct {
	ID         string `path:"id"`
	Annotation string `path:"annotation"`
	Body       noteBody
}

type oneNoteIn struct {
	ID         string `path:"id"`
	Annotation string `path:"annotation"`
}

// importBytes bounds the body of an import.
const importBytes = 64 << 20

type importIn struct {
	VersionQuery
	Body struct {
		Annotations []media.Annotation         `json:"annotations,omitempty" doc:"as an export lists them"`
		Corrections []Correction               `json:"corrections,omitempty" doc:"as an export lists them"`
		Rooms       map[string]json.RawMessage `json:"rooms,omitempty" doc:"as an export lists them: decisions about people"`
	}
}

type imported struct {
	Put       int `json:"put" doc:"how many annotations were put"`
	Decisions int `json:"decisions" doc:"how many decisions of other rooms were put, about people"`
}

type importOut struct{ Body imported }

func (s *Service) annotationRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/annotations", "annotations", "What is known about a version's timeline, ordered by start"), "asset:read",
		func(ctx context.Context, in *notesIn) (*notesOut, error) {
			views, err := s.views(ctx, in.ref(), in.Track)
			return &notesOut{Body: whole(views)}, err
		})
	httpd.Register(srv, created(operation("POST", "/v1/assets/{id}/annotations", "annotate", "Add an annotation of one's own")), "asset:annotate",
		func(ctx context.Context, in *newNoteIn) (*noteOut, error) {
			a, err := s.Annotate(ctx, in.ref(), in.Body.in())
			return s.view(ctx, a, err)
		})
	httpd.Register(srv, operation("PATCH", "/v1/assets/{id}/annotations/{annotation}", "edit-annotation", "Change an annotation; no machine overwrites it again"), "asset:annotate",
		func(ctx context.Context, in *editNoteIn) (*noteOut, error) {
			a, err := s.EditAnnotation(ctx, in.ID, in.Annotation, in.Body.in())
			return s.view(ctx, a, err)
		})
	httpd.Register(srv, operation("DELETE", "/v1/assets/{id}/annotations/{annotation}", "remove-annotation", "Remove an annotation; a machine's stays away"), "asset:annotate",
		func(ctx context.Context, in *oneNoteIn) (*nothing, error) {
			return &nothing{}, s.RemoveAnnotation(ctx, in.ID, in.Annotation)
		})
	takeIn := operation("POST", "/v1/assets/{id}/annotations/import", "import-annotations", "Put exported annotations and people's corrections onto a version")
	takeIn.MaxBodyBytes = importBytes
	httpd.Register(srv, takeIn, "asset:annotate",
		func(ctx context.Context, in *importIn) (*importOut, error) {
			n, err := s.Import(ctx, in.ref(), in.Body.Annotations, in.Body.Corrections)
			if err != nil {
				return nil, err
			}
			decisions, err := s.ImportParts(ctx, in.ref(), in.Body.Rooms)
			return &importOut{Body: imported{Put: n, Decisions: decisions}}, err
		})
}

func (s *Service) views(ctx context.Context, ref media.Ref, tracks []string) ([]noteView, error) {
	var only []media.Track
	for _, t := range tracks {
		only = append(only, media.Track(t))
	}
	list, err := s.Annotations(ctx, ref, only...)
	if err != nil || len(list) == 0 {
		return []noteView{}, err
	}
	v, err := s.Version(ctx, list[0].Ref)
	if err != nil {
		return nil, err
	}
	out := make([]noteView, len(list))
	for n := range list {
		out[n] = viewOf(list[n], rateOf(v))
	}
	return out, nil
}

func (s *Service) view(ctx context.Context, a media.Annotation, err error) (*noteOut, error) {
	if err != nil {
		return nil, err
	}
	v, err := s.Version(ctx, a.Ref)
	if err != nil {
		return nil, err
	}
	return &noteOut{Body: viewOf(a, rateOf(v))}, nil
}
