package analysis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// byState lists the abilities of an overview by their state.
func byState(o analysis.Overview) map[analysis.State][]string {
	out := map[analysis.State][]string{}
	for _, st := range o.Abilities {
		out[st.State] = append(out[st.State], st.Ability)
	}
	return out
}

func onTrack(lines []string, track media.Track) []string {
	var out []string
	for _, l := range lines {
		if strings.HasPrefix(l, string(track)+" ") {
			out = append(out, l)
		}
	}
	return out
}

func TestAFilmIsUnderstood(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ref := s.film(t, 10)
	o, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	if o.Run == nil {
		t.Fatal("no run began")
	}
	o = s.ended(t, ref)
	states := byState(o)
	if diff := cmp.Diff([]string{"pii", "meaning", "structure"}, states[analysis.Unavailable]); diff != "" || len(states[analysis.Failed]) > 0 {
		t.Fatal(diff, states)
	}
	lines := s.timeline(t, ref)
	want := map[media.Track][]string{
		media.TrackObject:     {"object 0-5000 dog|dog|eyes 1 0.90 true 0 words 5 spots", "object 5000-10000 dog|dog|eyes 1 0.90 true 0 words 5 spots"},
		media.TrackText:       {"text 0-10000 text|BREAKING NEWS|eyes 1 0.90 true 0 words 10 spots"},
		media.TrackLabel:      {"label 0-5000 n1|park|eyes 1 0.60 false 0 words 0 spots", "label 5000-10000 n1|park|eyes 1 0.60 false 0 words 0 spots"},
		media.TrackScene:      {"scene 0-10000 scene||eyes 1 1.00 false 0 words 0 spots"},
		media.TrackModeration: {"moderation 0-10000 nudity|nudity|eyes 1 0.80 false 0 words 0 spots"},
		media.TrackSpeaker: {"speaker 0-2900 S1||ears 1 1.00 false 0 words 0 spots", "speaker 4000-6900 S2||ears 1 1.00 false 0 words 0 spots",
			"speaker 8000-9900 S1||ears 1 1.00 false 0 words 0 spots"},
	}
	for track, list := range want {
		if diff := cmp.Diff(list, onTrack(lines, track)); diff != "" {
			t.Error(track, diff)
		}
	}
	tr, err := s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	var words []string
	for _, u := range tr.Utterances {
		words = append(words, fmt.Sprintf("%s:%s@%d", u.Speaker, u.Text, u.StartMS))
	}
	if diff := cmp.Diff([]string{"S1:w0@0", "S1:w1@1000", "S1:w2@2000", "S2:w4@4000", "S2:w5@5000", "S2:w6@6000", "S1:w8@8000", "S1:w9@9000"}, words); diff != "" {
		t.Error("words where nobody speaks are dropped, the others have their speaker:", diff)
	}
	for format, want := range map[string]string{"srt": "00:00:00,000 --> 00:00:0", "vtt": "<v S1>", "txt": "S2: w4 w5 w6", "ttml": "<tt", "ass": "[Script Info]"} {
		if body, err := tr.Write(format); err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %v\n%s", format, err, body)
		}
	}
	for _, st := range o.Abilities {
		if st.Ability == analysis.Speech && (st.CPUMS < 7 || st.CPUMS > 5000 || st.Model != "ears 1" || st.Found != 8 || st.Pieces != 1 || st.PiecesDone != 1) {
			t.Errorf("the receipt of speech: %+v", st)
		}
	}
}

func TestASilentFilmIsDoneWithoutListening(t *testing.T) {
	e := &ears{}
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Speech = speech.New(e) })
	ref := s.filmOf(t, 4, media.Stream{Type: "video"})
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	states := byState(s.ended(t, ref))
	if diff := cmp.Diff([]string{"pii", "meaning", "structure"}, states[analysis.Unavailable]); diff != "" || e.calls.Load() != 0 {
		t.Error(diff, e.calls.Load())
	}
	_, err = s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	if !fault.Is(err, fault.NotFound) || fault.TextOf(err) != "Nothing is said in this asset." {
		t.Error(err)
	}
}

func TestRequestsAtOnceMeetInOneRun(t *testing.T) {
	e := &ears{pause: 300 * time.Millisecond}
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Speech = speech.New(e) })
	ref := s.film(t, 4)
	runs := make([]string, 6)
	var wg sync.WaitGroup
	for n := range runs {
		wg.Go(func() {
			o, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{[]string{"speech", "labels"}[n%2]}, Mode: analysis.All})
			if err != nil {
				t.Error(err)
				return
			}
			runs[n] = o.Run.ID
		})
	}
	wg.Wait()
	if len(slices.Compact(slices.Sorted(slices.Values(runs)))) != 1 {
		t.Errorf("several runs began: %v", runs)
	}
	done := byState(s.ended(t, ref))[analysis.Done]
	for _, name := range []string{"sound", "speech", "shots", "labels"} {
		if !slices.Contains(done, name) {
			t.Errorf("%s is not done: %v", name, done)
		}
	}
	if n := e.calls.Load(); n != 1 {
		t.Errorf("transcribed %d times", n)
	}
}

func TestWhatIsDoneIsNotDoneAgainUnlessAsked(t *testing.T) {
	e := &ears{}
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Speech = speech.New(e) })
	ref := s.film(t, 4)
	for n, c := range []struct {
		mode string
		want int64
	}{{analysis.Missing, 1}, {analysis.Missing, 1}, {analysis.All, 2}} {
		_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{"speech"}, Mode: c.mode})
		must(t, err)
		s.ended(t, ref)
		if got := e.calls.Load(); got != c.want {
			t.Errorf("after request %d: transcribed %d times, want %d", n+1, got, c.want)
		}
	}
}

func TestADeadHelperFailsItsAbilityOnly(t *testing.T) {
	v := &eyes{}
	v.dead.Store(true)
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Vision = vision.New(v) })
	ref := s.film(t, 4)
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	o := s.ended(t, ref)
	if diff := cmp.Diff([]string{"objects"}, byState(o)[analysis.Failed]); diff != "" {
		t.Error(diff)
	}
	for _, st := range o.Abilities {
		if st.Ability == "objects" && !strings.Contains(st.Text, "ended while it worked") {
			t.Errorf("the state does not say why: %+v", st)
		}
	}
	v.dead.Store(false)
	_, err = s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	if failed := byState(s.ended(t, ref))[analysis.Failed]; len(failed) > 0 {
		t.Errorf("still failed: %v", failed)
	}
}

func TestWhatWasMissingRunsWhenItAppears(t *testing.T) {
	e := &ears{}
	e.gone.Store(true)
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Speech = speech.New(e) })
	ref := s.film(t, 4)
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	s.ended(t, ref)
	_, err = s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	if !fault.Is(err, fault.NotFound) || !strings.Contains(fault.TextOf(err), "models install whisper-base") {
		t.Errorf("the transcript's absence is not explained: %v", err)
	}
	e.gone.Store(false)
	must(t, s.TakeUp(t.Context()))
	s.ended(t, ref)
	tr, err := s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	if len(tr.Utterances) != 3 {
		t.Errorf("%d utterances", len(tr.Utterances))
	}
}

func TestACorrectionStaysThroughARun(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ref := s.film(t, 6)
	ask := func() {
		t.Helper()
		_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{"speech", "speakers"}, Mode: analysis.All})
		must(t, err)
		s.ended(t, ref)
	}
	ask()
	tr, err := s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	text, wide := "two words", media.Range{Start: media.Second, End: 3 * media.Second}
	_, err = s.lib.EditAnnotation(as(t, access.RoleEditor), ref.Asset, tr.Utterances[1].Annotation, library.NoteIn{Text: &text, Range: &wide})
	must(t, err)
	must(t, s.lib.RemoveAnnotation(as(t, access.RoleEditor), ref.Asset, tr.Utterances[2].Annotation))
	ask()
	tr, err = s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	var got []string
	for _, u := range tr.Utterances {
		got = append(got, u.Text)
	}
	if diff := cmp.Diff([]string{"w0", "two words", "w4", "w5"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCancelEndsTheRun(t *testing.T) {
	e := &ears{pause: time.Minute}
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Speech = speech.New(e) })
	ref := s.film(t, 4)
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{"speech"}})
	must(t, err)
	for e.calls.Load() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	_, err = s.Cancel(as(t, access.RoleViewer), ref.Asset, 0)
	if !fault.Is(err, fault.Denied) {
		t.Errorf("a viewer may cancel: %v", err)
	}
	o, err := s.Cancel(as(t, access.RoleEditor), ref.Asset, 0)
	must(t, err)
	if diff := cmp.Diff([]string{"speech"}, byState(o)[analysis.Cancelled]); diff != "" || !o.Over() {
		t.Error(diff, o.Run)
	}
}

func TestEventsStartAnalyses(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ref := s.film(t, 4)
	write := func(name string) {
		t.Helper()
		must(t, s.db.Write(t.Context(), func(tx *sqldb.Tx) error {
			return s.out.Write(t.Context(), tx, ref.Tenant, name, ref.Asset, map[string]any{"version": 1})
		}))
	}
	write("asset.heard")
	if done := byState(s.ended(t, ref))[analysis.Done]; !slices.Equal(done, []string{"sound", "speech", "speakers"}) {
		t.Errorf("after the sound is there: %v", done)
	}
	write("asset.decoded")
	for end := time.Now().Add(30 * time.Second); len(byState(s.ended(t, ref))[analysis.Done]) < 13 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	if done := byState(s.ended(t, ref))[analysis.Done]; len(done) != 13 {
		t.Errorf("after everything is there: %v", done)
	}
}

func TestGlossaryIsUsed(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ref := s.film(t, 4)
	_, err := s.PutTerm(as(t, access.RoleViewer), analysis.GlossaryTerm{Text: "Wanda"})
	if !fault.Is(err, fault.Denied) {
		t.Errorf("a viewer may write the glossary: %v", err)
	}
	_, err = s.PutTerm(as(t, access.RoleEditor), analysis.GlossaryTerm{Text: "Wanda", Sounds: []string{"w1"}})
	must(t, err)
	_, err = s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{"speech"}})
	must(t, err)
	s.ended(t, ref)
	tr, err := s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	if got := tr.Plain(); got != "w0 Wanda w2\n" {
		t.Errorf("%q", got)
	}
}

// TestStore runs the room's tables on both engines: asking, joining, listing, forgetting.
func TestStore(t *testing.T) {
	sqldbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		dir, url := t.TempDir(), ""
		if db.Dialect() == sqldb.Postgres {
			url = sqldbtest.PostgresURL(t)
		}
		s := (*stack)(nil)
		if url == "" {
			s = open(t, dir, nil)
		} else {
			s = openOn(t, dir, url, "sqlite:"+dir+"/flow.db", nil)
		}
		ref := s.film(t, 4)
		_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
		must(t, err)
		s.ended(t, ref)
		first, err := s.PutTerm(as(t, access.RoleEditor), analysis.GlossaryTerm{Text: "Showreel"})
		must(t, err)
		again, err := s.PutTerm(as(t, access.RoleEditor), analysis.GlossaryTerm{Text: "SHOWREEL", Sounds: []string{"show real"}})
		must(t, err)
		list, err := s.Glossary(as(t, access.RoleViewer))
		must(t, err)
		if len(list) != 1 || first.ID != again.ID || list[0].Text != "SHOWREEL" {
			t.Errorf("glossary %+v", list)
		}
		must(t, s.RemoveTerm(as(t, access.RoleEditor), first.ID))
		_, err = s.lib.Trash(as(t, access.RoleAdmin), ref.Asset)
		must(t, err)
		must(t, s.lib.Purge(as(t, access.RoleAdmin), ref.Asset))
		for _, table := range []string{"analysis_states", "analysis_runs", "analysis_glossary"} {
			var n int
			must(t, s.db.Read().QueryRowContext(context.Background(), "SELECT COUNT(*) FROM "+table).Scan(&n))
			if n != 0 {
				t.Errorf("%s keeps %d rows", table, n)
			}
		}
	})
}
