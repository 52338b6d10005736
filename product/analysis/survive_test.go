package analysis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"showreel/engine/language"
	"showreel/engine/language/locallanguage"
	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// other turns an engine of the tests into another model: other names, scores, words and vectors, times and boxes that are
// off by a little.
type other struct{ on atomic.Bool }

func (o *other) name(of string) string {
	if o.on.Load() {
		return of + " 2"
	}
	return of + " 1"
}

// twoEars are ears that may become another model.
type twoEars struct {
	*ears
	other *other
}

func (e *twoEars) Transcribe(ctx context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	out, err := e.ears.Transcribe(ctx, pcm, o)
	if out.Model = e.other.name("ears"); !e.other.on.Load() {
		return out, err
	}
	for n := range out.Utterances {
		u := &out.Utterances[n]
		u.Text = strings.Replace(u.Text, "w", "v", 1)
		u.Range = media.Range{Start: u.Range.Start + 60*media.Millisecond, End: u.Range.End + 40*media.Millisecond}
		u.Words = []media.Word{{Text: u.Text, Start: u.Range.Start, End: u.Range.End, Score: 0.4}}
	}
	return out, err
}

func (e *twoEars) Voices(ctx context.Context, pcm []int16, windows []media.Range) ([][]float32, error) {
	out, err := e.ears.Voices(ctx, pcm, windows)
	if e.other.on.Load() {
		for n := range out {
			out[n] = []float32{0, out[n][0], out[n][1]}
		}
	}
	return out, err
}

func (e *twoEars) Caps(ctx context.Context) (speech.Caps, error) {
	name := e.other.name("ears")
	return speech.Caps{Transcribe: name, Activity: name, Voices: name}, nil
}

// twoEyes are eyes that may become another model. They see three faces side by side; the third is somebody else after the
// cut.
type twoEyes struct {
	*crowdEyes
	other *other
}

func (e *twoEyes) Faces(ctx context.Context, p [][]byte, o vision.FaceOptions) ([][]vision.Face, error) {
	shift := 0
	if e.other.on.Load() {
		shift = 7
	}
	show := func(second int) []vision.Face {
		return []vision.Face{seenFace(shift, 0.02, 0.05), seenFace(1+shift, 0.02, 0.35), seenFace(2+second/4+shift, 0.02, 0.7)}
	}
	e.show.Store(&show)
	return e.crowdEyes.Faces(ctx, p, o)
}

func (e *twoEyes) Labels(ctx context.Context, p [][]byte) ([]vision.Scene, error) {
	out, err := e.eyes.Labels(ctx, p)
	if e.other.on.Load() {
		for n := range out {
			out[n].Labels[0].Score = 0.4
		}
	}
	return out, err
}

func (e *twoEyes) Objects(ctx context.Context, p [][]byte) ([][]vision.Object, error) {
	out, err := e.eyes.Objects(ctx, p)
	if e.other.on.Load() {
		for n := range out {
			out[n][0].Box.X += 0.03
		}
	}
	return out, err
}

func (e *twoEyes) Moderate(_ context.Context, p [][]byte) ([][]vision.Label, error) {
	score := 0.8
	if e.other.on.Load() {
		score = 0.95
	}
	out := make([][]vision.Label, len(p))
	for n := range out {
		out[n] = []vision.Label{{Name: "nudity", Text: "nudity", Score: score}, {Name: "blood", Text: "blood", Score: score}}
	}
	return out, nil
}

func (e *twoEyes) Caps(context.Context) (vision.Caps, error) {
	m := map[string]string{}
	for _, a := range []string{"labels", "objects", "text", "faces", "moderate"} {
		m[a] = e.other.name("eyes")
	}
	return vision.Caps{Models: m}, nil
}

// twoBags embed as bags do, under two names.
type twoBags struct{ other *other }

func (b twoBags) Embed(ctx context.Context, texts []string) (language.Vectors, error) {
	v, err := bags{}.Embed(ctx, texts)
	v.Model = b.other.name("bags")
	return v, err
}

// openTwo is a registry whose engines may become other models.
func openTwo(t *testing.T) (*registry, *other) {
	t.Helper()
	r, o := &registry{eyes: &crowdEyes{eyes: &eyes{}}, dir: t.TempDir()}, &other{}
	r.ms.Store(1_800_000_000_000)
	r.stack = open(t, r.dir, func(d *analysis.Deps) {
		r.plug(d)
		reads, err := locallanguage.New()
		must(t, err)
		d.Vision, d.Speech = vision.New(&twoEyes{r.eyes, o}), speech.New(&twoEars{&ears{}, o})
		d.Analyze, d.Embed = reads, twoBags{o}
	})
	r.turnOn(t)
	return r, o
}

// everythingAgain analyses all of a film, whatever was found before.
func (r *registry) everythingAgain(t *testing.T, ref media.Ref) {
	t.Helper()
	_, err := r.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Mode: analysis.All})
	must(t, err)
	for _, st := range r.ended(t, ref).Abilities {
		if st.State == analysis.Failed {
			t.Fatalf("%s: %s", st.Ability, st.Text)
		}
	}
}

// of is what lies on a track within a range.
func (r *registry) of(t *testing.T, ref media.Ref, track media.Track, from, to int64) []media.Annotation {
	t.Helper()
	list, err := r.lib.Annotations(system(t), ref, track)
	must(t, err)
	var out []media.Annotation
	for _, a := range list {
		if middle := (a.Range.Start.MS() + a.Range.End.MS()) / 2; middle >= from && middle < to {
			out = append(out, a)
		}
	}
	return out
}

// face is the face of a shot, 0 or 1, at a place: 0 left, 1 in the middle, 2 right.
func (r *registry) face(t *testing.T, ref media.Ref, shot, place int) analysis.FaceView {
	t.Helper()
	for _, f := range r.faces(t, ref) {
		if f.Kind == "face" && int(f.StartMS/4000) == shot && f.Box.X > []float64{0, 0.2, 0.6}[place] && f.Box.X < []float64{0.2, 0.6, 1}[place] {
			return f
		}
	}
	t.Fatalf("there is no face %d in shot %d", place, shot)
	return analysis.FaceView{}
}

func (r *registry) voice(t *testing.T, ref media.Ref, label string) analysis.FaceView {
	t.Helper()
	for _, f := range r.faces(t, ref) {
		if f.Speaker == label {
			return f
		}
	}
	t.Fatalf("there is no speaker %s", label)
	return analysis.FaceView{}
}

// ruling is one kind of decision: how a person makes it and how it shows that it stands.
type ruling struct {
	kind   string
	decide func(t *testing.T, r *registry, ref media.Ref)
	stands func(t *testing.T, r *registry, ref media.Ref) string // "" or what is wrong
}

func edit(t *testing.T, r *registry, a media.Annotation, in library.NoteIn) {
	t.Helper()
	_, err := r.lib.EditAnnotation(as(t, access.RoleEditor), a.Asset, a.ID, in)
	must(t, err)
}

func only(list []media.Annotation, text, label string, locked bool) string {
	if len(list) != 1 || list[0].Text != text || label != "" && list[0].Label != label || (list[0].LockedBy != "") != locked {
		return fmt.Sprintf("%d there, %+v", len(list), list)
	}
	return ""
}

func ptr[T any](v T) *T { return &v }

func rulings() []ruling {
	return []ruling{
		{"transcript words", func(t *testing.T, r *registry, ref media.Ref) {
			edit(t, r, r.of(t, ref, media.TrackSpeech, 1000, 2000)[0], library.NoteIn{Text: ptr("what she said")})
		}, func(t *testing.T, r *registry, ref media.Ref) string {
			return only(r.of(t, ref, media.TrackSpeech, 1000, 2000), "what she said", "", true)
		}},
		{"rejected words", func(t *testing.T, r *registry, ref media.Ref) {
			must(t, r.lib.RemoveAnnotation(as(t, access.RoleEditor), ref.Asset, r.of(t, ref, media.TrackSpeech, 5000, 6000)[0].ID))
		}, func(t *testing.T, r *registry, ref media.Ref) string {
			if list := r.of(t, ref, media.TrackSpeech, 5000, 6000); len(list) > 0 {
				return list[0].Text + " is back"
			}
			return ""
		}},
		{"labels", func(t *testing.T, r *registry, ref media.Ref) {
			edit(t, r, r.of(t, ref, media.TrackLabel, 0, 4000)[0], library.NoteIn{Label: ptr("n7"), Text: ptr("garden")})
		}, func(t *testing.T, r *registry, ref media.Ref) string {
			return only(r.of(t, ref, media.TrackLabel, 0, 4000), "garden", "n7", true)
		}},
		{"objects", func(t *testing.T, r *registry, ref media.Ref) {
			must(t, r.lib.RemoveAnnotation(as(t, access.RoleEditor), ref.Asset, r.of(t, ref, media.TrackObject, 0, 4000)[0].ID))
		}, func(t *testing.T, r *registry, ref media.Ref) string {
			if list := r.of(t, ref, media.TrackObject, 0, 4000); len(list) > 0 {
				return list[0].Label + " is back"
			}
			return only(r.of(t, ref, media.TrackObject, 4000, 8000), "dog", "dog", false)
		}},
		{"moderation", func(t *testing.T, r *registry, ref media.Ref) {
			for _, a := range r.of(t, ref, media.TrackModeration, 0, 8000) {
				if a.Label == "nudity" {
					must(t, r.lib.RemoveAnnotation(as(t, access.RoleEditor), ref.Asset, a.ID))
				} else {
					edit(t, r, a, library.NoteIn{}) // a person agrees
				}
			}
		}, func(t *testing.T, r *registry, ref media.Ref) string {
			return only(r.of(t, ref, media.TrackModeration, 0, 8000), "blood", "blood", true)
		}},
		faceRuling(), {"speakers' names", func(t *testing.T, r *registry, ref media.Ref) {
			r.decide(t, r.voice(t, ref, "S1").ID, analysis.Decision{Name: "Grace"})
		}, func(t *testing.T, r *registry, ref media.Ref) string {
			v := r.voice(t, ref, "S1")
			for _, a := range append(r.of(t, ref, media.TrackSpeaker, 0, 3000), r.of(t, ref, media.TrackSpeech, 0, 1000)...) {
				if v.PersonName != "Grace" || a.Person != v.Person {
					return fmt.Sprintf("%q speaks, %s %q is %q's", v.PersonName, a.Track, a.Text, a.Person)
				}
			}
			return ""
		}},
	}
}

// faceRuling names one face, tells another that it is not her, parts two that look alike and joins two that do not.
func faceRuling() ruling {
	return ruling{"faces", func(t *testing.T, r *registry, ref media.Ref) {
		r.decide(t, r.face(t, ref, 0, 0).ID, analysis.Decision{Name: "Ada"})
		ada := r.face(t, ref, 0, 0).Person
		r.decide(t, r.face(t, ref, 1, 0).ID, analysis.Decision{Verdict: analysis.DecideReject, Person: ada})
		r.decide(t, r.face(t, ref, 0, 1).ID, analysis.Decision{Verdict: analysis.DecideApart, Other: r.face(t, ref, 1, 1).ID})
		r.decide(t, r.face(t, ref, 0, 2).ID, analysis.Decision{Verdict: analysis.DecideTogether, Other: r.face(t, ref, 1, 2).ID})
	}, func(t *testing.T, r *registry, ref media.Ref) string {
		named := r.of(t, ref, media.TrackFace, 0, 4000)[0]
		switch her := r.face(t, ref, 0, 0); {
		case her.PersonName != "Ada" || her.How != "confirmed" || named.Person != her.Person:
			return fmt.Sprintf("the named one is %q (%s)", her.PersonName, her.How)
		case r.face(t, ref, 1, 0).PersonName != "":
			return "who was rejected has the name again"
		case r.face(t, ref, 0, 1).Group == r.face(t, ref, 1, 1).Group:
			return "cannot-link: one group"
		case r.face(t, ref, 0, 2).Group != r.face(t, ref, 1, 2).Group:
			return "must-link: two groups"
		}
		return ""
	}}
}

// TestWhatAPersonDecidedSurvives makes every kind of decision once and looks whether it stands after each thing that could
// undo it.
func TestWhatAPersonDecidedSurvives(t *testing.T) {
	r, model := openTwo(t)
	ref := r.film(t, 8)
	r.everythingAgain(t, ref)
	for _, x := range rulings() {
		if x.stands(t, r, ref) == "" {
			t.Errorf("%s stands before it was decided", x.kind)
		}
	}
	for _, x := range rulings() {
		x.decide(t, r, ref)
	}
	check := func(after string, r *registry, ref media.Ref) {
		for _, x := range rulings() {
			t.Run(after+"/"+x.kind, func(t *testing.T) {
				if wrong := x.stands(t, r, ref); wrong != "" {
					t.Error(wrong)
				}
			})
		}
	}
	check("decided", r, ref)
	r.everythingAgain(t, ref)
	check("analysed again", r, ref)
	must(t, r.Regroup(system(t), "main"))
	check("grouped again", r, ref)
	model.on.Store(true)
	r.everythingAgain(t, ref)
	check("another model", r, ref)
	model.on.Store(false)

	in := r.exported(t, ref)
	there, _ := openTwo(t)
	same := there.film(t, 8)
	there.everythingAgain(t, same) // the machine was there first
	for range 2 {                  // importing twice doubles nothing
		there.imported(t, same, in, false)
		check("imported", there, same)
	}
	there.everythingAgain(t, same)
	check("imported, analysed again", there, same)
	late := there.film(t, 8) // imported first, analysed afterwards
	there.imported(t, late, in, false)
	there.everythingAgain(t, late)
	check("imported, then analysed", there, late)
	if people, err := there.People(as(t, access.RoleEditor)); err != nil || len(people) != 2 {
		t.Errorf("importing doubled people: %+v, %v", people, err)
	}
}

func (r *registry) exported(t *testing.T, ref media.Ref) library.Exported {
	t.Helper()
	out, err := r.lib.Export(as(t, access.RoleEditor), ref.Asset)
	must(t, err)
	wire, err := json.Marshal(out)
	must(t, err)
	var in library.Exported
	must(t, json.Unmarshal(wire, &in))
	return in
}

// imported takes an export in, with what machines found or without.
func (r *registry) imported(t *testing.T, ref media.Ref, in library.Exported, whole bool) {
	t.Helper()
	if !whole {
		in.Annotations = nil
	}
	_, err := r.lib.Import(as(t, access.RoleEditor), ref, in.Annotations, in.Corrections)
	must(t, err)
	_, err = r.lib.ImportParts(as(t, access.RoleEditor), ref, in.Rooms)
	must(t, err)
}

// TestAnImportBringsNoVectorAndNoWithdrawnName exports a film of somebody who withdrew: nobody recognises them elsewhere,
// their faces are to be blurred there as well, and consents come along.
func TestAnImportBringsNoVectorAndNoWithdrawnName(t *testing.T) {
	r := openRegistry(t, true)
	ref := r.shoot(t, func(int) []vision.Face { return []vision.Face{seenFace(0, 0.02, 0.1), seenFace(1, 0.02, 0.65)} })
	r.decide(t, r.face(t, ref, 0, 0).ID, analysis.Decision{Name: "Ada"})
	r.decide(t, r.face(t, ref, 0, 2).ID, analysis.Decision{Name: "Charles"})
	admin := as(t, access.RoleAdmin)
	_, err := r.GiveConsent(admin, r.face(t, ref, 0, 2).Person, analysis.PersonConsent{Basis: "release form", Document: "archive/17"})
	must(t, err)
	_, err = r.RevokeConsent(admin, r.face(t, ref, 0, 0).Person, false)
	must(t, err)
	in := r.exported(t, ref)
	for _, part := range []string{`"vector`, "sealed"} {
		if strings.Contains(string(in.Rooms["people"]), part) {
			t.Errorf("the export holds %s", part)
		}
	}
	there := openRegistry(t, true)
	same := there.shoot(t, func(int) []vision.Face { return []vision.Face{seenFace(0, 0.02, 0.1), seenFace(1, 0.02, 0.65)} })
	_, err = there.lib.ImportParts(admin, same, in.Rooms)
	must(t, err)
	if f := there.face(t, same, 0, 0); f.PersonName != "" {
		t.Errorf("who withdrew is %q elsewhere", f.PersonName)
	}
	blur, err := there.Withheld(system(t), same)
	must(t, err)
	if len(blur) != 2 {
		t.Errorf("%d faces are to be blurred, want hers in both shots", len(blur))
	}
	his := there.face(t, same, 0, 2)
	consents, err := there.Consents(admin, his.Person)
	must(t, err)
	if his.PersonName != "Charles" || len(consents) != 1 || consents[0].Document != "archive/17" || consents[0].EndedMS != 0 {
		t.Errorf("%q with %+v", his.PersonName, consents)
	}
	if _, err := there.lib.ImportParts(admin, same, map[string]json.RawMessage{"people": []byte(`{"format":"other"}`)}); err == nil {
		t.Error("another format was taken in")
	}
}

// TestCorrectedChaptersSurvive names one chapter and rejects the other.
func TestCorrectedChaptersSurvive(t *testing.T) {
	r, model := openTwo(t)
	talk := func(r *registry) media.Ref {
		ref := r.filmOf(t, 120, media.Stream{Index: 0, Type: "video"})
		for n := range 20 {
			text := "The stone bridge over the river carries trams across the river bridge again."
			if n >= 10 {
				text = "Bakers sell fresh bread, and the bakery bread smells of fresh butter."
			}
			at := media.Range{Start: media.Time(n) * 5 * media.Second, End: media.Time(n)*5*media.Second + 4*media.Second}
			_, err := r.lib.Annotate(as(t, access.RoleEditor), ref, library.NoteIn{Track: ptr(media.TrackSpeech), Range: &at, Text: &text, Lang: ptr("en")})
			must(t, err)
		}
		return ref
	}
	again := func(r *registry, ref media.Ref) {
		_, err := r.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Structure}, Mode: analysis.All})
		must(t, err)
		r.ended(t, ref)
	}
	check := func(after string, r *registry, ref media.Ref) {
		t.Helper()
		if wrong := only(r.of(t, ref, media.TrackChapter, 0, 120_000), "The bridge", "topic", true); wrong != "" {
			t.Error(after+":", wrong)
		}
	}
	ref := talk(r)
	again(r, ref)
	list := r.of(t, ref, media.TrackChapter, 0, 120_000)
	if len(list) != 2 {
		t.Fatalf("%d chapters", len(list))
	}
	edit(t, r, list[0], library.NoteIn{Text: ptr("The bridge")})
	must(t, r.lib.RemoveAnnotation(as(t, access.RoleEditor), ref.Asset, list[1].ID))
	again(r, ref)
	check("analysed again", r, ref)
	model.on.Store(true)
	again(r, ref)
	check("another model", r, ref)
	there, _ := openTwo(t)
	same := there.filmOf(t, 120, media.Stream{Index: 0, Type: "video"})
	there.imported(t, same, r.exported(t, ref), true) // what is said comes along, being people's
	again(there, same)
	check("imported", there, same)
}
