package analysis_test

import (
	"context"
	"strings"
	"testing"

	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// choosy are ears that can be asked for a second model, and for none other.
type choosy struct {
	*ears
	inUse *string
}

func (e choosy) Transcribe(ctx context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	out, err := e.ears.Transcribe(ctx, pcm, o)
	out.Model = *e.inUse + " 1.0"
	switch {
	case o.Model == "":
	case o.Model != "second":
		return out, fault.Say("speech.model", o.Model, fault.Unavailable, "model-missing", "The model %s is not installed: showreel models install %s", o.Model, o.Model)
	default:
		out.Model = "second 2.0"
	}
	if out.Model == "second 2.0" {
		for n := range out.Utterances { // it mishears one word and hears none at 4 s
			u := &out.Utterances[n]
			if u.Text = strings.Replace(u.Text, "w5", "we five", 1); u.Text == "w4" {
				u.Text, u.Words = "", nil
				continue
			}
			u.Words[0].Text = u.Text
		}
	}
	return out, err
}

func (e choosy) Caps(context.Context) (speech.Caps, error) {
	return speech.Caps{Transcribe: *e.inUse + " 1.0", Activity: "ears 1", Voices: "ears 1"}, nil
}

// choosyEyes have a second model for objects.
type choosyEyes struct {
	*eyes
	model string
}

func (e choosyEyes) With(model string) vision.Driver { return choosyEyes{e.eyes, model} }

func (e choosyEyes) Objects(ctx context.Context, p [][]byte) ([][]vision.Object, error) {
	out, err := e.eyes.Objects(ctx, p)
	if e.model != "" {
		for n := range out {
			out[n] = append(out[n], vision.Object{Name: "ball", Score: 0.7, Box: media.Box{X: 0.7, Y: 0.7, W: 0.1, H: 0.1}})
		}
	}
	return out, err
}

func (e choosyEyes) Caps(ctx context.Context) (vision.Caps, error) {
	c, err := e.eyes.Caps(ctx)
	if e.model != "" {
		c.Models = map[string]string{"objects": e.model + " 2.0"}
	}
	return c, err
}

func heard(t *testing.T, s *stack, ref media.Ref) string {
	t.Helper()
	tr, err := s.Transcript(as(t, access.RoleViewer), ref.Asset, 0)
	must(t, err)
	var out []string
	for _, u := range tr.Utterances {
		out = append(out, u.Speaker+":"+u.Text)
	}
	return strings.Join(out, " ")
}

// TestTwoModelsSideBySide runs a second model beside the one in use, compares them, uses its results, and goes back; what a
// person decided stands through all of it.
func TestTwoModelsSideBySide(t *testing.T) {
	name := "first"
	s := open(t, t.TempDir(), func(d *analysis.Deps) {
		d.Speech, d.Vision = speech.New(choosy{&ears{}, &name}), vision.New(choosyEyes{&eyes{}, ""})
	})
	ref, editor := s.film(t, 8), as(t, access.RoleEditor)
	ask := func(a analysis.Ask) {
		t.Helper()
		_, err := s.Analyze(editor, ref.Asset, 0, a)
		must(t, err)
		s.ended(t, ref)
	}
	ask(analysis.Ask{Only: []string{analysis.Speech, analysis.Speakers, analysis.Objects}})
	before := heard(t, s, ref)
	ask(analysis.Ask{Only: []string{analysis.Speech}, Model: "second"})
	ask(analysis.Ask{Only: []string{analysis.Objects}, Model: "second"})
	if now := heard(t, s, ref); now != before || before != "S1:w0 S1:w1 S1:w2 S2:w4 S2:w5 S2:w6" {
		t.Fatalf("a model beside changed the transcript: %s, then %s", before, now)
	}
	list, err := s.Models(editor, ref.Asset, 0)
	must(t, err)
	if len(list) != 4 || list[2].Model != "first 1.0" || !list[2].Current || list[2].Found != 6 || list[3].Model != "second 2.0" || list[3].Current || list[3].Found != 5 || list[3].State != analysis.Done {
		t.Fatalf("%+v", list)
	}
	c, err := s.Compare(editor, ref.Asset, 0, analysis.Speech, "second", "")
	must(t, err)
	if c.Unit != "words" || c.CountA != 6 || c.Same != 4 || len(c.List) != 1 || c.List[0].A != "w4 w5" || c.List[0].B != "we five" || c.List[0].StartMS != 4000 {
		t.Errorf("words: %+v", c)
	}
	if c, err = s.Compare(editor, ref.Asset, 0, analysis.Objects, "second", ""); err != nil || c.Same != 2 || len(c.List) != 2 || c.List[0].B != "ball" || c.List[0].A != "" {
		t.Errorf("objects: %+v, %v", c, err)
	}
	besideIsUsedAndGoesBack(t, s, ref)
	for want, a := range map[string]analysis.Ask{"in-use": {Only: []string{analysis.Speech}, Model: "first"}, "one-ability": {Only: []string{analysis.Faces}, Model: "second"}} {
		if _, err := s.Analyze(editor, ref.Asset, 0, a); fault.CodeOf(err) != want {
			t.Errorf("%+v: %v, want %s", a, err, want)
		}
	}
	ask(analysis.Ask{Only: []string{analysis.Speech}, Model: "third"})
	if _, err := s.UseModel(editor, ref.Asset, 0, analysis.Speech, "third"); fault.CodeOf(err) != "not-done" {
		t.Errorf("a model that is not installed was used: %v", err)
	}
	list, err = s.Models(editor, ref.Asset, 0)
	must(t, err)
	if list[len(list)-1].State != analysis.Unavailable || !strings.Contains(list[len(list)-1].Text, "showreel models install third") {
		t.Errorf("what is missing is not told: %+v", list)
	}
	must(t, s.ForgetModel(editor, ref.Asset, 0, analysis.Speech, "third"))
	if _, err := s.Compare(editor, ref.Asset, 0, analysis.Speech, "third", ""); fault.CodeOf(err) != "no-results" {
		t.Errorf("forgotten results: %v", err)
	}
}

func besideIsUsedAndGoesBack(t *testing.T, s *stack, ref media.Ref) {
	editor := as(t, access.RoleEditor)
	tr, err := s.Transcript(editor, ref.Asset, 0)
	must(t, err)
	right := "one, she said"
	_, err = s.lib.EditAnnotation(editor, ref.Asset, tr.Utterances[1].Annotation, library.NoteIn{Text: &right})
	must(t, err)
	list, err := s.UseModel(editor, ref.Asset, 0, analysis.Speech, "second")
	must(t, err)
	if now := heard(t, s, ref); now != "S1:w0 S1:one, she said S1:w2 S2:we five S2:w6" {
		t.Errorf("the second model's words, with their speakers and the person's: %s", now)
	}
	if list[2].Model != "second 2.0" || !list[2].Current || list[3].Model != "first 1.0" {
		t.Errorf("%+v", list)
	}
	_, err = s.UseModel(editor, ref.Asset, 0, analysis.Speech, "first 1.0")
	must(t, err)
	if now := heard(t, s, ref); now != "S1:w0 S1:one, she said S1:w2 S2:w4 S2:w5 S2:w6" {
		t.Errorf("back: %s", now)
	}
	o, err := s.Analysis(editor, ref.Asset, 0)
	must(t, err)
	for _, st := range o.Abilities {
		if st.Ability == analysis.Speech && (st.Model != "first 1.0" || st.CPUMS == 0) {
			t.Errorf("its receipt: %+v", st)
		}
	}
	if len(o.Beside) != 2 {
		t.Errorf("beside: %+v", o.Beside)
	}
}

// TestAnotherModelInUseKeepsTheOldResults chooses another model and analyses again: the old results are kept and come back.
func TestAnotherModelInUseKeepsTheOldResults(t *testing.T) {
	name := "first"
	s := open(t, t.TempDir(), func(d *analysis.Deps) { d.Speech = speech.New(choosy{&ears{}, &name}) })
	ref, editor := s.film(t, 8), as(t, access.RoleEditor)
	for _, now := range []string{"first", "first", "other"} { // the same again leaves nothing beside
		name = now
		_, err := s.Analyze(editor, ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speech}, Mode: analysis.All})
		must(t, err)
		s.ended(t, ref)
	}
	list, err := s.Models(editor, ref.Asset, 0)
	must(t, err)
	if len(list) != 2 || list[0].Model != "other 1.0" || list[1].Model != "first 1.0" || list[0].Found != 6 || list[1].Found != 6 || list[1].CPUMS == 0 {
		t.Fatalf("%+v", list)
	}
	_, err = s.UseModel(editor, ref.Asset, 0, analysis.Speech, "first")
	must(t, err)
	tr, err := s.Transcript(editor, ref.Asset, 0)
	must(t, err)
	if len(tr.Models) != 1 || tr.Models[0] != "first 1.0" || len(tr.Utterances) != 6 {
		t.Errorf("%+v", tr)
	}
}
