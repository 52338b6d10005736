package analysis

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"showreel/media"
	"showreel/platform/httpd"
)

// Suggestion is a title or a description that is put together from what is on the timeline, with where each part is from.
// Nothing in it is made up: every word stands in a source.
type Suggestion struct {
	Text    string       `json:"text"`
	How     string       `json:"how" doc:"which way it was made: chapters, names, writing, summary, pictures"`
	Score   float64      `json:"score" doc:"0..1, how much of the timeline speaks for it"`
	Sources []SourceNote `json:"sources" nullable:"false"`
}

// SourceNote is an annotation that a suggestion was taken from.
type SourceNote struct {
	Annotation string      `json:"annotation"`
	Track      media.Track `json:"track"`
	StartMS    int64       `json:"startMs"`
	EndMS      int64       `json:"endMs"`
	Text       string      `json:"text"`
	Model      string      `json:"model"`
}

// Suggestions are for an asset that has no title or description of a person's yet; a person takes one or none.
type Suggestions struct {
	Asset        string       `json:"asset"`
	Version      int          `json:"version"`
	Titles       []Suggestion `json:"titles" nullable:"false" doc:"best first"`
	Descriptions []Suggestion `json:"descriptions" nullable:"false" doc:"best first"`
}

const (
	longestTitle       = 80  // characters
	longestDescription = 400 //
)

// Suggest puts titles and descriptions together from the timeline of a version, 0 the newest. What was not analysed adds
// nothing; without anything there are no suggestions.
func (s *Service) Suggest(ctx context.Context, asset string, version int) (Suggestions, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return Suggestions{}, err
	}
	notes, err := s.deps.Library.Annotations(ctx, a.At(v.Number), media.TrackChapter, media.TrackSummary, media.TrackEntity, media.TrackPhrase, media.TrackText, media.TrackLabel, media.TrackObject)
	if err != nil {
		return Suggestions{}, err
	}
	b := board{length: v.Info.Duration, by: map[media.Track][]media.Annotation{}}
	for _, n := range notes {
		b.by[n.Track] = append(b.by[n.Track], n)
	}
	out := Suggestions{Asset: asset, Version: v.Number, Titles: []Suggestion{}, Descriptions: []Suggestion{}}
	for _, try := range []func() (Suggestion, bool){b.written, b.chapters, b.named} {
		if x, ok := try(); ok && !slices.ContainsFunc(out.Titles, func(o Suggestion) bool { return strings.EqualFold(o.Text, x.Text) }) {
			out.Titles = append(out.Titles, x)
		}
	}
	for _, try := range []func() (Suggestion, bool){b.summary, b.contents, b.pictures} {
		if x, ok := try(); ok {
			out.Descriptions = append(out.Descriptions, x)
		}
	}
	for _, list := range [][]Suggestion{out.Titles, out.Descriptions} {
		slices.SortStableFunc(list, func(a, b Suggestion) int { return cmp.Compare(b.Score, a.Score) })
	}
	return out, nil
}

// board is a timeline by track.
type board struct {
	length media.Time
	by     map[media.Track][]media.Annotation
}

func sourced(list ...media.Annotation) []SourceNote {
	out := []SourceNote{}
	for _, a := range list {
		out = append(out, SourceNote{Annotation: a.ID, Track: a.Track, StartMS: a.Range.Start.MS(), EndMS: a.Range.End.MS(), Text: thingText(a), Model: a.Model})
	}
	return out
}

// group is annotations that say the same, however they are cased.
type group struct {
	text  string
	list  []media.Annotation
	score float64
}

// most groups annotations by text and gives those with the greatest sum of scores, at most n.
func most(list []media.Annotation, n int, weight func(media.Annotation) float64) []group {
	all := map[string]*group{}
	for _, a := range list {
		text := strings.TrimSpace(thingText(a))
		key := strings.ToLower(text)
		if key == "" {
			continue
		}
		if all[key] == nil {
			all[key] = &group{text: text}
		}
		g := all[key]
		g.list, g.score = append(g.list, a), g.score+weight(a)
	}
	var out []group
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[key])
	}
	slices.SortStableFunc(out, func(a, b group) int { return cmp.Compare(b.score, a.score) })
	return out[:min(n, len(out))]
}

// written is a programme's name: writing that comes back in at least three places, or fills much of the picture's height.
func (b board) written() (Suggestion, bool) {
	big := func(a media.Annotation) float64 {
		if a.Box == nil || len([]rune(a.Text)) < 4 || len([]rune(a.Text)) > longestTitle || !slices.ContainsFunc([]rune(a.Text), unicode.IsLetter) {
			return 0
		}
		return a.Score * a.Box.H * min(3, a.Range.Len().Seconds())
	}
	list := most(b.by[media.TrackText], 1, big)
	if len(list) == 0 || list[0].score == 0 {
		return Suggestion{}, false
	}
	g := list[0]
	tall := 0.0
	for _, a := range g.list {
		tall = max(tall, a.Box.H)
	}
	if len(g.list) < 3 && tall < 0.12 {
		return Suggestion{}, false
	}
	return Suggestion{Text: g.text, How: "writing", Score: min(0.9, 0.4+0.1*float64(len(g.list))+tall), Sources: sourced(g.list[:min(5, len(g.list))]...)}, true
}

// chapters strings the titles of the longest chapters together, in their order.
func (b board) chapters() (Suggestion, bool) {
	list := slices.Clone(b.by[media.TrackChapter])
	list = slices.DeleteFunc(list, func(a media.Annotation) bool { return a.Text == "" })
	if len(list) == 0 {
		return Suggestion{}, false
	}
	slices.SortStableFunc(list, func(x, y media.Annotation) int { return cmp.Compare(y.Range.Len(), x.Range.Len()) })
	list = list[:min(3, len(list))]
	slices.SortStableFunc(list, func(x, y media.Annotation) int { return cmp.Compare(x.Range.Start, y.Range.Start) })
	covered, text, used := media.Time(0), "", []media.Annotation{}
	for _, a := range list {
		next := a.Text
		if text != "" {
			next = text + ", " + a.Text
		}
		if len([]rune(next)) <= longestTitle {
			text, used, covered = next, append(used, a), covered+a.Range.Len()
		}
	}
	if text == "" {
		return Suggestion{}, false
	}
	return Suggestion{Text: sentenceCase(text), How: "chapters", Score: 0.3 + 0.4*share(covered, b.length), Sources: sourced(used...)}, true
}

// named is who and where is named most, with what is talked about most.
func (b board) named() (Suggestion, bool) {
	names := most(slices.DeleteFunc(slices.Clone(b.by[media.TrackEntity]), func(a media.Annotation) bool {
		return a.Label != "person" && a.Label != "place" && a.Label != "organisation"
	}), 2, func(a media.Annotation) float64 { return a.Score })
	if len(names) == 0 || len(names[0].list) < 2 {
		return Suggestion{}, false
	}
	text, used := names[0].text, names[0].list[:1]
	if len(names) > 1 && len(names[1].list) > 1 {
		text, used = text+" and "+names[1].text, append(used, names[1].list[0])
	}
	topic := most(b.by[media.TrackPhrase], 3, func(a media.Annotation) float64 { return a.Score })
	for _, p := range topic {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(p.text)) && len([]rune(text+": "+p.text)) <= longestTitle {
			text, used = text+": "+p.text, append(used, p.list[0])
			break
		}
	}
	return Suggestion{Text: text, How: "names", Score: min(0.6, 0.2+0.05*float64(len(names[0].list))), Sources: sourced(used...)}, true
}

// summary is the sentences of the summary, in their order, as many as fit.
func (b board) summary() (Suggestion, bool) {
	text, used := "", []media.Annotation{}
	for _, a := range b.by[media.TrackSummary] {
		if next := strings.TrimSpace(text + " " + a.Text); len([]rune(next)) <= longestDescription {
			text, used = next, append(used, a)
		}
	}
	return Suggestion{Text: text, How: "summary", Score: 0.8, Sources: sourced(used...)}, text != ""
}

// contents lists the chapters.
func (b board) contents() (Suggestion, bool) {
	var titles []string
	var used []media.Annotation
	for _, a := range b.by[media.TrackChapter] {
		if a.Text != "" && len([]rune(strings.Join(append(titles, a.Text), "; "))) <= longestDescription {
			titles, used = append(titles, sentenceCase(a.Text)), append(used, a)
		}
	}
	if len(titles) < 2 {
		return Suggestion{}, false
	}
	return Suggestion{Text: strings.Join(titles, "; ") + ".", How: "chapters", Score: 0.5, Sources: sourced(used...)}, true
}

// pictures says what is seen, where nothing is said.
func (b board) pictures() (Suggestion, bool) {
	things := most(append(slices.Clone(b.by[media.TrackObject]), b.by[media.TrackLabel]...), 5, func(a media.Annotation) float64 {
		return a.Score * max(0.1, share(a.Range.Len(), b.length))
	})
	if len(things) == 0 {
		return Suggestion{}, false
	}
	var words []string
	var used []media.Annotation
	for _, g := range things {
		words, used = append(words, g.text), append(used, g.list[0])
	}
	return Suggestion{Text: "Shows " + list(words) + ".", How: "pictures", Score: 0.2, Sources: sourced(used...)}, true
}

func share(part, whole media.Time) float64 {
	if whole <= 0 {
		return 0
	}
	return min(1, float64(part)/float64(whole))
}

// sentenceCase begins with a capital letter.
func sentenceCase(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

type suggestionsOut struct{ Body Suggestions }

// suggestRoutes adds the route over suggestions.
func (s *Service) suggestRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/suggestions", "suggestions", "Titles and descriptions put together from the timeline, each with its sources"), "asset:read",
		func(ctx context.Context, in *versionIn) (*suggestionsOut, error) {
			out, err := s.Suggest(ctx, in.ID, in.Version)
			return &suggestionsOut{Body: out}, err
		})
}
