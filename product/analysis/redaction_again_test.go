package analysis_test

import (
	"bytes"
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"showreel/engine/speech"
	"showreel/engine/transcode"
	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// shop takes signed redactions in as ingest does: the same file gives the same asset.
type shop struct {
	stack *stack
	got   map[string]string
	about library.NewAsset
}

func (p *shop) Derive(ctx context.Context, key, name string, about library.NewAsset) (string, error) {
	if id, ok := p.got[key]; ok {
		return id, nil
	}
	p.about = about
	about.Name, about.Kind = name, media.Video
	sha := "ab" + key[len(key)-20:len(key)-4]
	for len(sha) < 64 {
		sha += "0"
	}
	about.Original = &library.VersionIn{SHA256: clean(sha), Key: key, Bytes: 4, Info: media.Info{Kind: media.Video, Duration: 4 * media.Second}}
	a, err := p.stack.lib.Create(ctx, about)
	p.got[key] = a.ID
	return a.ID, err
}

// clean makes a hexadecimal number of anything.
func clean(s string) string {
	return string(bytes.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
			return r
		}
		return '0'
	}, []byte(s)))
}

// seconds are pictures as the film has them, so that crowdEyes know which second they see.
type seconds struct {
	studio
	t *testing.T
}

func (r *seconds) Look(_ context.Context, _ media.Ref, _ string, fps float64, _ int, ranges []media.Range, see func([]media.Time, [][]byte) error) (media.Time, error) {
	step := media.Time(float64(media.Second) / fps)
	for _, x := range ranges {
		for at := x.Start; at < x.End; at += step {
			if err := see([]media.Time{at}, [][]byte{picture(r.t, int(at/media.Second))}); err != nil {
				return step, err
			}
		}
	}
	return step, nil
}

func openCast(t *testing.T, more ...func(*registry, *analysis.Deps)) (*registry, *seconds, *shop) {
	t.Helper()
	studio, market := &seconds{t: t}, &shop{got: map[string]string{}}
	r := &registry{eyes: &crowdEyes{eyes: &eyes{}}, dir: t.TempDir()}
	show := alone(0, 0.02)
	r.eyes.show.Store(&show)
	r.stack = open(t, r.dir, func(d *analysis.Deps) {
		r.plug(d)
		d.Now, d.Renderer, d.Publish = nil, studio, market
		for _, change := range more {
			change(r, d)
		}
	})
	studio.stack, market.stack = r.stack, r.stack
	r.turnOn(t)
	return r, studio, market
}

func (r *registry) signed(t *testing.T, x analysis.Redaction) analysis.Redaction {
	t.Helper()
	if x = r.settled(t, x); x.State != analysis.RedactionDraft {
		t.Fatal(x.State, x.Problem)
	}
	_, err := r.ApproveRedaction(as(t, access.RoleEditor), x.Asset, x.ID, analysis.Signature{Name: "Grace", Anyway: true})
	must(t, err)
	return r.eventually(t, x, func(x analysis.Redaction) bool { return x.Published != "" })
}

func (r *registry) eventually(t *testing.T, x analysis.Redaction, done func(analysis.Redaction) bool) analysis.Redaction {
	t.Helper()
	patiently(t, "redaction "+x.ID, func() bool {
		list, err := r.Redactions(as(t, access.RoleEditor), x.Asset, x.ID)
		must(t, err)
		x = list[0]
		return done(x)
	})
	return x
}

// TestASignatureMakesAnAsset follows a redaction to the asset that plays it.
func TestASignatureMakesAnAsset(t *testing.T) {
	r, _, market := openCast(t)
	ref := r.shoot(t, alone(0, 0.02))
	x, err := r.Redact(as(t, access.RoleEditor), ref.Asset, 0, analysis.HideAsk{What: []string{"faces"}})
	must(t, err)
	if x = r.settled(t, x); x.Published != "" || len(market.got) != 0 {
		t.Fatal("something is published before anybody has signed")
	}
	x = r.signed(t, x)
	a, err := r.lib.Get(as(t, access.RoleViewer), x.Published)
	must(t, err)
	if a.ID == ref.Asset || a.Fields[analysis.FieldSource] != ref.Asset || a.Fields["signed by"] != "Grace" || len(a.Tags) != 1 || a.Tags[0] != analysis.TagRedacted {
		t.Errorf("%+v", a)
	}
	ledger, err := r.lib.Ledger(system(t), a.ID)
	must(t, err)
	if len(ledger) != 1 || ledger[0].Inputs[0] != ref.Asset || ledger[0].Settings["redaction"] != x.ID {
		t.Errorf("%+v", ledger)
	}
}

// TestMarksAreCorrectedBeforeItIsMade drops a mark, adds one, and makes the rest.
func TestMarksAreCorrectedBeforeItIsMade(t *testing.T) {
	r, studio, _ := openCast(t)
	ref := r.shoot(t, alone(0, 0.02))
	editor := as(t, access.RoleEditor)
	x, err := r.Redact(editor, ref.Asset, 0, analysis.HideAsk{What: []string{"faces"}, Preview: true, Cover: "pixelate"})
	must(t, err)
	if x = r.settled(t, x); x.State != analysis.RedactionMarked || studio.asked.Name != "" {
		t.Fatal(x.State, x.Problem)
	}
	marks, err := r.Marks(editor, ref.Asset, x.ID, 0)
	must(t, err)
	thin, err := r.Marks(editor, ref.Asset, x.ID, 1000)
	must(t, err)
	if len(marks) != 1 || marks[0].Kind != "face" || len(thin[0].Spots) >= len(marks[0].Spots) || len(thin[0].Spots) < 4 {
		t.Fatalf("%+v", marks)
	}
	for name, bad := range map[string]analysis.MarkEdit{"no-mark": {Drop: []string{"m9"}}, "redact-what": {Add: []analysis.HideRange{{StartMS: 5, EndMS: 4, Sound: true}}}} {
		if _, err := r.EditMarks(editor, ref.Asset, x.ID, bad); fault.CodeOf(err) != name {
			t.Error(name, err)
		}
	}
	if _, err := r.EditMarks(as(t, access.RoleViewer), ref.Asset, x.ID, analysis.MarkEdit{}); !fault.Is(err, fault.Denied) {
		t.Error("a spectator changes marks:", err)
	}
	marks, err = r.EditMarks(editor, ref.Asset, x.ID, analysis.MarkEdit{Drop: []string{marks[0].ID},
		Add: []analysis.HideRange{{StartMS: 1000, EndMS: 2000, Sound: true, Box: &media.Box{X: 0.5, Y: 0.5, W: 0.1, H: 0.1}}}})
	must(t, err)
	if len(marks) != 3 || !marks[0].Dropped || marks[1].In != "sound" || marks[2].In != "picture" {
		t.Fatalf("%+v", marks)
	}
	x, err = r.MakeRedaction(editor, ref.Asset, x.ID)
	must(t, err)
	if x = r.settled(t, x); x.State != analysis.RedactionDraft {
		t.Fatal(x.State, x.Problem)
	}
	if len(studio.asked.Covers) != 1 || len(studio.asked.Sound) != 1 || !studio.asked.Pixels || len(x.Report.Marks) != 2 {
		t.Errorf("%+v", studio.asked)
	}
	if _, err := r.MakeRedaction(editor, ref.Asset, x.ID); fault.CodeOf(err) != "not-marked" {
		t.Error("made twice:", err)
	}
	if _, err := r.EditMarks(editor, ref.Asset, x.ID, analysis.MarkEdit{}); fault.CodeOf(err) != "not-marked" {
		t.Error("changed too late:", err)
	}
}

// TestSomebodyByName hides one of two people, by name; nobody of that name is refused.
func TestSomebodyByName(t *testing.T) {
	r, studio, _ := openCast(t)
	ref := r.shoot(t, func(int) []vision.Face { return []vision.Face{seenFace(0, 0.02, 0.1), seenFace(1, 0.02, 0.6)} })
	for _, f := range r.faces(t, ref) {
		if f.Box.X < 0.3 {
			r.decide(t, f.ID, analysis.Decision{Name: "Ada"})
		}
	}
	editor := as(t, access.RoleEditor)
	if _, err := r.Redact(editor, ref.Asset, 0, analysis.HideAsk{What: []string{"person"}, People: []string{"Bob"}}); fault.CodeOf(err) != "redact-what" {
		t.Error("nobody is called Bob:", err)
	}
	x, err := r.Redact(editor, ref.Asset, 0, analysis.HideAsk{What: []string{"person"}, People: []string{"ada"}})
	must(t, err)
	if x = r.settled(t, x); x.State != analysis.RedactionDraft {
		t.Fatal(x.State, x.Problem)
	}
	covered(t, studio.asked, media.Box{X: 0.1, Y: 0.2, W: 0.2, H: 0.3}, 4)
	for _, c := range studio.asked.Covers {
		if box, ok := c.At(media.Second); ok && box.X+box.W > 0.65 {
			t.Errorf("somebody else is hidden: %+v", box)
		}
	}
}

// crew are eyes that see a body as well.
type crew struct {
	*crowdEyes
	body media.Box
}

func (e *crew) Objects(_ context.Context, p [][]byte) ([][]vision.Object, error) {
	out := make([][]vision.Object, len(p))
	for n := range out {
		out[n] = []vision.Object{{Name: "dog", Score: 0.9, Box: media.Box{X: 0.7, Y: 0.7, W: 0.1, H: 0.1}}, {Name: "person", Score: 0.4, Box: e.body}}
	}
	return out, nil
}

// patiently waits for what comes by itself.
func patiently(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatal("it does not come: ", what)
}

// covered fails unless a box is hidden all along.
func covered(t *testing.T, r transcode.Redaction, b media.Box, secs int) {
	t.Helper()
	for at := media.Time(0); at < media.Time(secs)*media.Second; at += media.Second / 5 {
		hidden := false
		for _, c := range r.Covers {
			if box, ok := c.At(at); ok && box.X <= b.X && box.Y <= b.Y && box.X+box.W >= b.X+b.W && box.Y+box.H >= b.Y+b.H {
				hidden = true
			}
		}
		if !hidden {
			t.Fatalf("it shows at %v", at)
		}
	}
}

// TestBodiesAreHidden hides everybody from head to foot.
func TestBodiesAreHidden(t *testing.T) {
	r, studio, _ := openCast(t, func(r *registry, d *analysis.Deps) {
		d.Vision = vision.New(&crew{r.eyes, media.Box{X: 0.2, Y: 0.1, W: 0.2, H: 0.8}})
	})
	ref := r.shoot(t, alone(0, 0.02))
	x, err := r.Redact(as(t, access.RoleEditor), ref.Asset, 0, analysis.HideAsk{What: []string{"people"}})
	must(t, err)
	if x = r.settled(t, x); x.State != analysis.RedactionDraft {
		t.Fatal(x.State, x.Problem)
	}
	covered(t, studio.asked, media.Box{X: 0.2, Y: 0.1, W: 0.2, H: 0.8}, 4)
	covered(t, studio.asked, media.Box{X: 0.3, Y: 0.2, W: 0.2, H: 0.3}, 4)
}

// TestWhoWithdrawsIsBlurredWhereAsked ends a consent, lists what shows the person, and makes it again.
func TestWhoWithdrawsIsBlurredWhereAsked(t *testing.T) {
	r, studio, _ := openCast(t)
	editor, admin := as(t, access.RoleEditor), as(t, access.RoleAdmin)
	hers, also, his := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(0, 0.03)), r.shoot(t, alone(1, 0.02))
	r.decide(t, r.faces(t, hers)[0].ID, analysis.Decision{Name: "Ada"})
	ada := r.faces(t, hers)[0].Person
	old, err := r.Redact(editor, hers.Asset, 0, analysis.HideAsk{What: []string{"ranges"}, Ranges: []analysis.HideRange{{EndMS: 500, Box: &media.Box{X: 0.8, Y: 0.8, W: 0.1, H: 0.1}}}})
	must(t, err)
	old = r.signed(t, old)
	if _, err := r.Shown(editor, ada); fault.CodeOf(err) != "not-withdrawn" {
		t.Error("she has not withdrawn:", err)
	}
	_, err = r.RevokeConsent(admin, ada, false)
	must(t, err)
	shown, err := r.Shown(editor, ada)
	must(t, err)
	if len(shown) != 3 {
		t.Fatalf("%+v", shown)
	}
	for _, x := range shown {
		if x.Asset == his.Asset || x.Remade != "" {
			t.Errorf("%+v", x)
		}
	}
	if _, err := r.Reblur(as(t, access.RoleViewer), ada, analysis.Again{}); !fault.Is(err, fault.Denied) {
		t.Error("a spectator has films made:", err)
	}
	made, err := r.Reblur(admin, ada, analysis.Again{Cover: "fill"})
	must(t, err)
	byOld := map[string]string{}
	for _, x := range made {
		if x.Remade != "" {
			byOld[x.Asset+x.Redaction] = x.Remade
		}
	}
	if len(byOld) != 2 || byOld[hers.Asset+old.ID] == "" || byOld[also.Asset] == "" {
		t.Fatalf("%+v", made)
	}
	repeat, err := r.Reblur(admin, ada, analysis.Again{})
	must(t, err)
	for _, x := range repeat {
		if x.Remade != "" && byOld[x.Asset+x.Redaction] != x.Remade {
			t.Errorf("made twice: %+v", x)
		}
	}
	again := r.signed(t, analysis.Redaction{Asset: hers.Asset, ID: byOld[hers.Asset+old.ID]})
	if again.Replaces != old.ID || again.Reason != analysis.ReasonWithdrawn {
		t.Errorf("%+v", again)
	}
	r.eventually(t, old, func(x analysis.Redaction) bool { return x.State == analysis.RedactionReplaced })
	a, err := r.lib.Get(system(t), old.Published)
	must(t, err)
	if a.State != library.Trashed {
		t.Error("what shows her is still played:", a.State)
	}
	r.settled(t, analysis.Redaction{Asset: also.Asset, ID: byOld[also.Asset]})
	covered(t, studio.asked, media.Box{X: 0.3, Y: 0.2, W: 0.2, H: 0.3}, 4)
	r.proves(t, "that it was made again", `"takeDown":false`)
	r.proves(t, "what took its place", `"replacedBy":"`+again.ID)
	// whatever is hidden from now on, she is too
	studio.asked = transcode.Redaction{}
	next, err := r.Redact(editor, hers.Asset, 0, analysis.HideAsk{What: []string{"ranges"}, Ranges: []analysis.HideRange{{EndMS: 500, Sound: true}}})
	must(t, err)
	r.settled(t, next)
	covered(t, studio.asked, media.Box{X: 0.3, Y: 0.2, W: 0.2, H: 0.3}, 4)
}

// TestTakenDownAtOnce takes down what shows somebody before the new one is signed.
func TestTakenDownAtOnce(t *testing.T) {
	r, _, _ := openCast(t)
	editor, admin := as(t, access.RoleEditor), as(t, access.RoleAdmin)
	hers := r.shoot(t, alone(0, 0.02))
	r.decide(t, r.faces(t, hers)[0].ID, analysis.Decision{Name: "Ada"})
	ada := r.faces(t, hers)[0].Person
	old, err := r.Redact(editor, hers.Asset, 0, analysis.HideAsk{What: []string{"ranges"}, Ranges: []analysis.HideRange{{EndMS: 500, Sound: true}}})
	must(t, err)
	old = r.signed(t, old)
	_, err = r.RevokeConsent(admin, ada, false)
	must(t, err)
	made, err := r.Reblur(admin, ada, analysis.Again{TakeDown: true})
	must(t, err)
	raw, err := json.Marshal(made)
	must(t, err)
	list, err := r.Redactions(editor, hers.Asset, old.ID)
	must(t, err)
	if list[0].State != analysis.RedactionReplaced {
		t.Errorf("%s: %s", list[0].State, raw)
	}
	if a, err := r.lib.Get(system(t), old.Published); err != nil || a.State != library.Trashed {
		t.Error("what shows her is still played:", a.State, err)
	}
}

// TestARecogniserThatDiesLeavesADraft: what was hidden is measured by its level, and the report says that nobody listened.
func TestARecogniserThatDiesLeavesADraft(t *testing.T) {
	dead := &atomic.Bool{}
	r, _, _ := openCast(t, func(_ *registry, d *analysis.Deps) {
		d.Speech = speech.New(&ears{fail: func() error {
			if dead.Load() {
				return fault.Say("sidecar.call", "", fault.Unavailable, "helper-died", "The helper program ended while it worked on this.")
			}
			return nil
		}})
	})
	ref := r.film(t, 4)
	_, err := r.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speech, analysis.Text}})
	must(t, err)
	r.ended(t, ref)
	dead.Store(true)
	x, err := r.Redact(as(t, access.RoleEditor), ref.Asset, 0, analysis.HideAsk{What: []string{"words"}, Words: []string{"W1"}})
	must(t, err)
	if x = r.settled(t, x); x.State != analysis.RedactionDraft || !x.Report.Deaf || len(x.Report.Silences) == 0 {
		t.Fatalf("%s %s %+v", x.State, x.Problem, x.Report)
	}
}
