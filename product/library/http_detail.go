package library

import (
	"context"

	"showreel/media"
	"showreel/platform/httpd"
)

// VersionQuery is the path and query of what belongs to a version. It is exported because huma binds the fields of
// exported embedded types only.
type VersionQuery struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
}

func (in VersionQuery) ref() media.Ref { return media.Ref{Asset: in.ID, Version: in.Version} }

type versionsOut struct{ Body httpd.Page[Version] }
type renditionsOut struct{ Body httpd.Page[Rendition] }
type ledgerOut struct{ Body httpd.Page[LedgerEntry] }
type tagsOut struct{ Body httpd.Page[TagCount] }

type exportOut struct {
	Disposition string `header:"Content-Disposition"`
	Body        Exported
}

type tagsIn struct {
	Prefix string `query:"prefix" maxLength:"64" doc:"how the tag begins"`
	Limit  int    `query:"limit" minimum:"0" maximum:"1000" doc:"200 when left out"`
}

// whole is a list that has no further pages.
func whole[T any](items []T) httpd.Page[T] {
	total := int64(len(items))
	return httpd.Page[T]{Items: items, Total: &total}
}

func (s *Service) detailRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/versions", "versions", "An asset's originals, newest first"), "asset:read",
		func(ctx context.Context, in *assetIn) (*versionsOut, error) {
			list, err := s.Versions(ctx, in.ID)
			return &versionsOut{Body: whole(list)}, err
		})
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/renditions", "renditions", "The files made from a version"), "asset:read",
		func(ctx context.Context, in *VersionQuery) (*renditionsOut, error) {
			list, err := s.Renditions(ctx, in.ref())
			return &renditionsOut{Body: whole(list)}, err
		})
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/ledger", "ledger", "What was made of what, by which tool, with which settings"), "asset:read",
		func(ctx context.Context, in *assetIn) (*ledgerOut, error) {
			list, err := s.Ledger(ctx, in.ID)
			return &ledgerOut{Body: whole(list)}, err
		})
	httpd.Register(srv, operation("GET", "/v1/assets/{id}/export", "export-asset", "Everything the library knows about an asset"), "asset:export",
		func(ctx context.Context, in *assetIn) (*exportOut, error) {
			all, err := s.Export(ctx, in.ID)
			return &exportOut{Disposition: `attachment; filename="showreel-` + in.ID + `.json"`, Body: all}, err
		})
	httpd.Register(srv, operation("GET", "/v1/tags", "tags", "The tags in use, the commonest first"), "asset:read",
		func(ctx context.Context, in *tagsIn) (*tagsOut, error) {
			list, err := s.Tags(ctx, in.Prefix, in.Limit)
			return &tagsOut{Body: whole(list)}, err
		})
}

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
	Box        *media.Box  `json:"box,omitempty"`
	Person     string      `json:"person,omitempty"`
	Model      string      `json:"model" doc:"who says so; person for people"`
	Run        string      `json:"run,omitempty"`
	LockedBy   string      `json:"lockedBy,omitempty" doc:"the person whose value this is; no machine overwrites it"`
}

func viewOf(a media.Annotation, rate media.Rate) noteView {
	v := noteView{
		ID: a.ID, Version: a.Version, Track: a.Track, StartMS: a.Range.Start.MS(), EndMS: a.Range.End.MS(), Label: a.Label,
		Text: a.Text, Lang: a.Lang, Score: a.Score, Box: a.Box, Person: a.Person, Model: a.Model, Run: a.Run, LockedBy: a.LockedBy,
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
