package analysis_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// shelf is where captions are served from: renditions in the library, cues in memory.
type shelf struct {
	lib     *library.Service
	mu      sync.Mutex
	tracks  map[string]analysis.MachineCaptions
	rewrote []string
}

func (s *shelf) PutMachineCaptions(ctx context.Context, ref media.Ref, c analysis.MachineCaptions) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.Cues) == 0 {
		delete(s.tracks, c.Name)
		return true, s.lib.DropRendition(ctx, ref, c.Name)
	}
	s.tracks[c.Name] = c
	return true, s.lib.PutRendition(ctx, ref, library.Rendition{Name: c.Name, Role: "caption", Codec: "wvtt", Lang: c.Lang, Title: c.Title, Key: "k/" + c.Name, State: library.RenditionReady})
}

func (s *shelf) RewriteCaptions(_ context.Context, _ media.Ref, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rewrote = append(s.rewrote, name)
	return nil
}

// said is the text of a track, "" without it.
func (s *shelf) said(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.tracks[name].Cues {
		out = append(out, c.Text)
	}
	return strings.Join(out, " ")
}

func (s *shelf) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.tracks))
}

// openCaptions is the room with a shelf.
func openCaptions(t *testing.T, change func(*analysis.Deps)) (*stack, *shelf) {
	t.Helper()
	sh := &shelf{tracks: map[string]analysis.MachineCaptions{}}
	return open(t, t.TempDir(), func(d *analysis.Deps) {
		sh.lib, d.Captions = d.Library, sh
		if change != nil {
			change(d)
		}
	}), sh
}

// publish makes a version visible, as ingest does at the end of its job.
func (s *stack) publish(t *testing.T, ref media.Ref) {
	t.Helper()
	ctx := system(t)
	must(t, s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.lib.InTx(tx).SetState(ctx, ref, library.Ready, nil); err != nil {
			return err
		}
		return s.out.Write(ctx, tx, ref.Tenant, "asset.published", ref.Asset, map[string]any{"version": ref.Version})
	}))
}

// comes waits until something holds.
func comes(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatal("it never came to this: " + what)
}

func TestATranscriptIsServedAsCaptions(t *testing.T) {
	s, sh := openCaptions(t, nil)
	ref := s.film(t, 10)
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speech, analysis.Speakers}})
	must(t, err)
	s.ended(t, ref)
	time.Sleep(200 * time.Millisecond)
	if got := sh.names(); len(got) != 0 {
		t.Fatalf("captions of what is not published: %v", got)
	}
	s.publish(t, ref)
	comes(t, "captions after publishing", func() bool { return strings.Contains(sh.said("t-en-auto"), "w9") })
	c := sh.tracks["t-en-auto"]
	if c.Title != "English (automatic)" || c.Lang != "en" || c.Model != "ears 1" || c.Translated || c.Corrected != 0 {
		t.Errorf("%+v", c)
	}
	// A person's correction is what is served.
	tr, err := s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	text := "Brücke"
	_, err = s.lib.EditAnnotation(as(t, access.RoleEditor), ref.Asset, tr.Utterances[1].Annotation, library.NoteIn{Text: &text})
	must(t, err)
	comes(t, "the correction", func() bool {
		said := sh.said("t-en-auto")
		return strings.Contains(said, "Brücke") && !strings.Contains(said, "w1 ")
	})
	// Hearing it all again keeps it.
	_, err = s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speech}, Mode: analysis.All})
	must(t, err)
	s.ended(t, ref)
	comes(t, "the correction after another run", func() bool {
		return strings.Contains(sh.said("t-en-auto"), "Brücke") && strings.Contains(sh.said("t-en-auto"), "w9")
	})
}

func TestAutomaticCaptionsAreTurnedOff(t *testing.T) {
	s, sh := openCaptions(t, nil)
	ref := s.film(t, 10)
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speech}})
	must(t, err)
	s.ended(t, ref)
	s.publish(t, ref)
	there := func() bool { return len(sh.names()) == 1 }
	gone := func() bool { return len(sh.names()) == 0 }
	comes(t, "captions", there)
	admin := as(t, access.RoleAdmin)
	set := func(collection, automatic string) {
		t.Helper()
		list, err := s.SetCaptions(admin, collection, automatic)
		must(t, err)
		if len(list) == 0 || list[0].Collection != "" {
			t.Errorf("%+v", list)
		}
	}
	set("", analysis.CaptionsOff)
	comes(t, "off for the tenant", gone)
	c, err := s.lib.CreateCollection(admin, "News", "")
	must(t, err)
	set(c.ID, analysis.CaptionsOn)
	_, err = s.lib.AddToCollection(admin, c.ID, []string{ref.Asset})
	must(t, err)
	comes(t, "on in a collection", there)
	_, err = s.lib.RemoveFromCollection(admin, c.ID, []string{ref.Asset})
	must(t, err)
	comes(t, "out of the collection", gone)
	set("", analysis.CaptionsOn)
	comes(t, "on again", there)
	set(c.ID, analysis.CaptionsOff)
	_, err = s.lib.AddToCollection(admin, c.ID, []string{ref.Asset})
	must(t, err)
	comes(t, "off in a collection", gone)
	must(t, s.lib.DeleteCollection(admin, c.ID))
	comes(t, "without the collection", there)
	if list, err := s.CaptionSettings(admin); err != nil || len(list) != 1 || list[0].Automatic != analysis.CaptionsOn {
		t.Errorf("%+v %v", list, err)
	}
	for code, try := range map[string]func() error{
		"bad-setting":          func() error { _, err := s.SetCaptions(admin, "", "maybe"); return err },
		"collection-not-found": func() error { _, err := s.SetCaptions(admin, "nothing", analysis.CaptionsOff); return err },
		"denied":               func() error { _, err := s.SetCaptions(as(t, access.RoleViewer), "", analysis.CaptionsOff); return err },
	} {
		if err := try(); err == nil || !strings.HasPrefix(fault.CodeOf(err), code) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// french hears French and can translate it.
type french struct{ ears }

func (f *french) Transcribe(ctx context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	tr, err := f.ears.Transcribe(ctx, pcm, o)
	tr.Language = "fr"
	if o.Translate {
		for n := range tr.Utterances {
			u := &tr.Utterances[n]
			u.Text = "english-" + u.Text
			u.Words[0].Text = u.Text
		}
	}
	return tr, err
}

func (f *french) Caps(ctx context.Context) (speech.Caps, error) {
	c, err := f.ears.Caps(ctx)
	c.Translate = true
	return c, err
}

func TestTranslationIsATrackOfItsOwn(t *testing.T) {
	s, sh := openCaptions(t, func(d *analysis.Deps) { d.Speech = speech.New(&french{}) })
	ref := s.film(t, 10)
	s.publish(t, ref)
	editor := as(t, access.RoleEditor)
	_, err := s.Analyze(editor, ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speech}})
	must(t, err)
	s.ended(t, ref)
	if _, err := s.Translated(editor, ref.Asset, 0); fault.CodeOf(err) != "no-transcript" {
		t.Errorf("a translation that nobody asked for: %v", err)
	}
	_, err = s.Translate(editor, ref.Asset, 0, "en-GB")
	must(t, err)
	s.ended(t, ref)
	comes(t, "both tracks", func() bool { return slices.Equal(sh.names(), []string{"t-en-translated", "t-fr-auto"}) })
	if c := sh.tracks["t-en-translated"]; c.Title != "English (machine translation)" || !c.Translated || !strings.Contains(sh.said(c.Name), "english-w4") {
		t.Errorf("%+v", c)
	}
	if c := sh.tracks["t-fr-auto"]; c.Title != "Français (automatic)" || strings.Contains(sh.said(c.Name), "english") {
		t.Errorf("%+v", c)
	}
	tr, err := s.Translated(editor, ref.Asset, 0)
	must(t, err)
	if !tr.Translated || tr.Lang != "en" || len(tr.Utterances) != 8 {
		t.Errorf("%+v", tr)
	}
	for to, kind := range map[string]fault.Kind{"de": fault.Unavailable, "x": fault.Invalid} {
		if _, err := s.Translate(editor, ref.Asset, 0, to); !fault.Is(err, kind) {
			t.Errorf("into %s: %v", to, err)
		}
	}
}

func TestEnglishIsNotTranslatedIntoEnglish(t *testing.T) {
	able := &french{}
	s, _ := openCaptions(t, func(d *analysis.Deps) { d.Speech = speech.New(&translating{able}) })
	ref := s.film(t, 5)
	_, err := s.Translate(as(t, access.RoleEditor), ref.Asset, 0, "en")
	must(t, err)
	o := s.ended(t, ref)
	for _, st := range o.Abilities {
		if st.Ability == analysis.Translation && (st.State != analysis.Failed || st.Code != "nothing-to-translate") {
			t.Errorf("%+v", st)
		}
	}
}

// translating hears English and says that it can translate.
type translating struct{ *french }

func (e *translating) Transcribe(ctx context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	return e.ears.Transcribe(ctx, pcm, o)
}

// cuesOf puts captions of a person's on a film, a word a second and so much late.
func (s *stack) cuesOf(t *testing.T, ref media.Ref, late media.Time, texts map[int]string) {
	t.Helper()
	var list []media.Annotation
	for _, n := range slices.Sorted(maps.Keys(texts)) {
		at := media.Time(n)*media.Second + late
		list = append(list, media.Annotation{Range: media.Range{Start: at, End: at + media.Second*8/10}, Text: texts[n], Lang: "en"})
	}
	must(t, s.lib.PutCues(as(t, access.RoleEditor), ref, library.CaptionsOf("en"), list))
}

func TestLateCaptionsAreToldAndAligned(t *testing.T) {
	s, sh := openCaptions(t, nil)
	ref := s.film(t, 20)
	editor := as(t, access.RoleEditor)
	if _, err := s.CaptionTiming(editor, ref.Asset, 0, "en"); fault.CodeOf(err) != "no-captions" {
		t.Errorf("without captions: %v", err)
	}
	if _, err := s.CaptionTiming(editor, ref.Asset, 0, "no language"); fault.CodeOf(err) != "bad-language" {
		t.Errorf("no language: %v", err)
	}
	texts := map[int]string{}
	for n := range 20 {
		if n%4 != 3 {
			texts[n] = fmt.Sprintf("W%d!", n)
		}
	}
	texts[11] = "(applause)"
	s.cuesOf(t, ref, 2400*media.Millisecond, texts)
	if _, err := s.CaptionTiming(editor, ref.Asset, 0, "en"); fault.CodeOf(err) != "no-transcript" {
		t.Errorf("without a transcript: %v", err)
	}
	_, err := s.Analyze(editor, ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speech}})
	must(t, err)
	s.ended(t, ref)
	told, err := s.CaptionTiming(editor, ref.Asset, 0, "en")
	must(t, err)
	if told.Verdict != analysis.TimingLate || told.Text != "The captions come 2.4 s late. Align them?" || told.Aligned || told.FoundCues != 15 || told.Cues != 16 {
		t.Fatalf("%+v", told)
	}
	if _, err := s.AlignCaptions(as(t, access.RoleViewer), ref.Asset, 0, "en"); !fault.Is(err, fault.Denied) {
		t.Errorf("a viewer aligned captions: %v", err)
	}
	told, err = s.AlignCaptions(editor, ref.Asset, 0, "en")
	must(t, err)
	if !told.Aligned || !slices.Equal(sh.rewrote, []string{"t-en-person"}) {
		t.Errorf("%+v, rewritten %v", told, sh.rewrote)
	}
	list, err := s.lib.Annotations(editor, ref, media.TrackCaption)
	must(t, err)
	for _, a := range list {
		if want := texts[int(a.Range.Start.Seconds()+0.5)]; a.Text != want || a.LockedBy != "u-"+access.RoleEditor {
			t.Errorf("at %v: %q of %q, want %q", a.Range.Start.Seconds(), a.Text, a.LockedBy, want)
		}
	}
	if told, err = s.CaptionTiming(editor, ref.Asset, 0, "en"); err != nil || told.Verdict != analysis.TimingFits {
		t.Errorf("afterwards: %+v %v", told, err)
	}
	s.cuesOf(t, ref, 0, map[int]string{1: "etwas", 2: "ganz", 3: "anderes", 4: "steht", 5: "hier", 6: "nun"})
	if _, err := s.AlignCaptions(editor, ref.Asset, 0, "en"); fault.CodeOf(err) != "captions-differ" {
		t.Errorf("another film's captions: %v", err)
	}
}

// TestLanguageSwitchesAreShown: a transcript in two languages says where the second begins, in every form that can.
func TestLanguageSwitchesAreShown(t *testing.T) {
	say := func(at int64, lang, text string) analysis.Utterance {
		u := analysis.Utterance{StartMS: at, EndMS: at + 2000, Text: text, Lang: lang}
		words := strings.Fields(text)
		for n, w := range words {
			from := at + 2000*int64(n)/int64(len(words))
			u.Words = append(u.Words, analysis.SpokenWord{Text: w, StartMS: from, EndMS: from + 100})
		}
		return u
	}
	tr := analysis.Transcript{Lang: "en", Languages: []string{"en", "fr"}, Utterances: []analysis.Utterance{
		say(0, "en", "The minister said today."), say(2100, "fr", "Nous allons ouvrir le pont."), say(4200, "en", "Nobody asked when.")}}
	for format, want := range map[string]string{
		"vtt": "<lang fr>Nous allons ouvrir le pont.</lang>", "ttml": `<p xml:lang="fr" `, "txt": "\n\n(français) Nous allons ouvrir le pont.\n\n(English) Nobody asked when.",
		"srt": "\nNous allons ouvrir le pont.\n", "ass": ",Nous allons ouvrir le pont.",
	} {
		if b, err := tr.Write(format); err != nil || strings.Count(string(b), want) != 1 {
			t.Errorf("%s: %v\n%s", format, err, b)
		}
	}
}
