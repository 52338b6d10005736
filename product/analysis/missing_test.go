package analysis_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"showreel/engine/language"
	"showreel/engine/language/locallanguage"
	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/fault"
	"showreel/platform/run"
	"showreel/product/analysis"
	"showreel/trust/access"
)

// without are engines of which some models are not installed.
type without struct {
	*ears
	*eyes
	gone atomic.Pointer[[]string]
}

func (w *without) lacks(name string) bool { return slices.Contains(*w.gone.Load(), name) }

func tell(name string) string { return "Run showreel models install " + name + "." }

// lacking are the ears and the eyes of without.
type lackingEars struct{ *without }

func (e lackingEars) Caps(context.Context) (speech.Caps, error) {
	c := speech.Caps{Missing: map[string]string{}}
	for name, to := range map[string]*string{"transcribe": &c.Transcribe, "activity": &c.Activity, "voices": &c.Voices} {
		if *to = name + " 1"; e.lacks(name) {
			*to, c.Missing[name] = "", tell(name)
		}
	}
	return c, nil
}

type lackingEyes struct{ *without }

func (e lackingEyes) Caps(context.Context) (vision.Caps, error) {
	c := vision.Caps{Models: map[string]string{}, Missing: map[string]string{}}
	for _, name := range []string{"labels", "objects", "text", "faces", "moderate"} {
		if c.Models[name] = name + " 1"; e.lacks(name) {
			delete(c.Models, name)
			c.Missing[name] = tell(name)
		}
	}
	return c, nil
}

// lackingWords embed unless their model is missing.
type lackingWords struct{ *without }

func (e lackingWords) Embed(ctx context.Context, texts []string) (language.Vectors, error) {
	if e.lacks("embed") {
		return language.Vectors{}, fault.Say("language.embed", "", fault.Unavailable, "model-missing", "%s", tell("embed"))
	}
	return bags{}.Embed(ctx, texts)
}

func (w *without) plug(t *testing.T) func(*analysis.Deps) {
	return func(d *analysis.Deps) {
		reads, err := locallanguage.New()
		must(t, err)
		d.Speech, d.Vision, d.Embed, d.Analyze = speech.New(lackingEars{w}), vision.New(lackingEyes{w}), lackingWords{w}, reads
	}
}

// hit is which abilities each model takes with it.
var hit = map[string][]string{
	"transcribe": {"speech"},
	"activity":   {"sound", "speakers"},
	"voices":     {"speakers"},
	"labels":     {"labels", "scenes", "examples"},
	"objects":    {"objects"},
	"text":       {"text"},
	"faces":      {"faces"},
	"moderate":   {"moderation"},
	"embed":      {"structure"},
}

// TestWhatIsMissingSaysSoAndTheRestWorks removes one model after the other, and then all of them: exactly the abilities that
// need it say which command brings it, in their state and in doctor's words; every other one is done.
func TestWhatIsMissingSaysSoAndTheRestWorks(t *testing.T) {
	all := slices.Sorted(maps.Keys(hit))
	for _, gone := range append(singles(all), all) {
		t.Run(strings.Join(gone, "+"), func(t *testing.T) {
			w := &without{ears: &ears{}, eyes: &eyes{}}
			w.gone.Store(&gone)
			s := open(t, t.TempDir(), w.plug(t))
			ref := s.film(t, 4)
			_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
			must(t, err)
			want := map[string]bool{}
			for _, model := range gone {
				for _, ability := range hit[model] {
					want[ability] = true
				}
			}
			title := map[string]bool{}
			for _, st := range s.ended(t, ref).Abilities {
				if st.OnRequest {
					continue
				}
				switch {
				case want[st.Ability]:
					title["analysis: "+st.Title] = true
					if st.State != analysis.Unavailable || !strings.Contains(st.Text, "showreel models install") && st.Code != "no-activity" && st.Code != "no-labels" {
						t.Errorf("%s without its model: %s %q (%s)", st.Ability, st.State, st.Text, st.Code)
					}
				case st.State != analysis.Done:
					t.Errorf("%s, which has its model: %s %q", st.Ability, st.State, st.Text)
				}
			}
			for _, a := range s.Abilities(t.Context()) {
				if a.State != run.OK && (!strings.Contains(a.Text, "does not work: ") || !strings.Contains(a.Text, "showreel models install")) {
					t.Errorf("doctor of %s: %q", a.Name, a.Text)
				}
				if a.State == run.OK && strings.HasPrefix(a.Name, "analysis: ") && !strings.Contains(a.Text, "works") {
					t.Errorf("doctor of %s: %q", a.Name, a.Text)
				}
			}
			none := []string{}
			w.gone.Store(&none)
			must(t, s.TakeUp(system(t)))
			for _, st := range s.ended(t, ref).Abilities {
				if !st.OnRequest && st.State != analysis.Done {
					t.Errorf("%s once everything is there: %s %q", st.Ability, st.State, st.Text)
				}
			}
		})
	}
}

func singles(list []string) (out [][]string) {
	for _, x := range list {
		out = append(out, []string{x})
	}
	return out
}
