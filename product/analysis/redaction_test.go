package analysis_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/trust/access"
)

// studio renders nothing but remembers what it was asked to hide. Its rendition is as long as the film and silent.
type studio struct {
	stack *stack
	asked transcode.Redaction
	fail  error
}

func (r *studio) Look(_ context.Context, _ media.Ref, _ string, fps float64, _ int, ranges []media.Range, see func([]media.Time, [][]byte) error) (media.Time, error) {
	step := media.Time(float64(media.Second) / fps)
	for _, x := range ranges {
		for at := x.Start; at < x.End; at += step {
			if err := see([]media.Time{at}, [][]byte{{1}}); err != nil {
				return step, err
			}
		}
	}
	return step, nil
}

func (r *studio) Listen(context.Context, media.Ref, string) ([]byte, error) {
	w := wav(10)
	clear(w[44:])
	return w, nil
}

func (r *studio) Redact(ctx context.Context, ref media.Ref, x transcode.Redaction) (analysis.Redacted, error) {
	r.asked = x
	if r.fail != nil {
		return analysis.Redacted{}, r.fail
	}
	key := ref.Tenant + "/r/" + ref.Asset + "/1/redacted/" + x.Name + ".mp4"
	_, err := r.stack.blobs.Processed.Put(ctx, key, bytes.NewReader([]byte("film")), blob.PutOptions{Size: 4})
	return analysis.Redacted{Key: key, Bytes: 4, SHA256: "x", Width: 64, Height: 36, Tool: "studio 1", SourceKey: "main/src"}, err
}

func (s *stack) settled(t *testing.T, r analysis.Redaction) analysis.Redaction {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		list, err := s.Redactions(as(t, access.RoleEditor), r.Asset, r.ID)
		must(t, err)
		if list[0].State != analysis.RedactionMaking {
			return list[0]
		}
	}
	t.Fatal("the redaction does not end")
	return r
}

func studioStack(t *testing.T) (*stack, *studio) {
	r := &studio{}
	r.stack = open(t, t.TempDir(), func(d *analysis.Deps) { d.Renderer = r })
	return r.stack, r
}

// TestARedactionWaitsForAPerson follows a redaction from the wish to the signature.
func TestARedactionWaitsForAPerson(t *testing.T) {
	s, studio := studioStack(t)
	ref := s.film(t, 10)
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{})
	must(t, err)
	s.ended(t, ref)
	r, err := s.Redact(as(t, access.RoleEditor), ref.Asset, 0, analysis.HideAsk{What: []string{"words", "faces", "ranges"}, Words: []string{"W1"},
		Ranges: []analysis.HideRange{{StartMS: 8000, EndMS: 9000, Sound: true, Box: &media.Box{X: 0.5, Y: 0.5, W: 0.2, H: 0.2}}}})
	must(t, err)
	if r = s.settled(t, r); r.State != analysis.RedactionDraft {
		t.Fatal(r.State, r.Problem)
	}
	second := media.Second
	if diff := cmp.Diff([]media.Range{{Start: second - second/4, End: 2*second + second/10}, {Start: 8*second - second/4, End: 9*second + 3*second/10}}, studio.asked.Sound); diff != "" {
		t.Error(diff)
	}
	if len(studio.asked.Covers) != 2 || !studio.asked.Bleep || studio.asked.Fill { // one face all along, and the range
		t.Errorf("%d covers", len(studio.asked.Covers))
	}
	if len(r.Report.Marks) != 4 || len(r.Report.Left) == 0 || !r.Report.Left[0].Hidden || r.Report.Silences[0].LeftDB > -60 || len(r.Report.Rates) == 0 {
		t.Errorf("%+v", r.Report)
	}
	machine := access.With(t.Context(), access.Who{Tenant: "main", ID: "k", Kind: access.KindKey, Roles: []string{access.RoleAdmin}})
	for name, x := range map[string]struct {
		ctx  context.Context
		sign analysis.Signature
		code string
	}{
		"a key":       {machine, analysis.Signature{Name: "Ada", Anyway: true}, "person-needed"},
		"no name":     {as(t, access.RoleEditor), analysis.Signature{Name: " ", Anyway: true}, "no-name"},
		"unlooked":    {as(t, access.RoleEditor), analysis.Signature{Name: "Ada"}, "still-found"},
		"a spectator": {as(t, access.RoleViewer), analysis.Signature{Name: "Ada", Anyway: true}, ""},
	} {
		if _, err := s.ApproveRedaction(x.ctx, ref.Asset, r.ID, x.sign); err == nil || x.code != "" && fault.CodeOf(err) != x.code {
			t.Error(name, err)
		}
	}
	for _, state := range []int{0, 1} {
		list, err := s.lib.Renditions(system(t), ref)
		must(t, err)
		if len(list) != state {
			t.Fatalf("%d renditions, %d wanted", len(list), state)
		}
		if state == 0 {
			r, err = s.ApproveRedaction(as(t, access.RoleEditor), ref.Asset, r.ID, analysis.Signature{Name: "Ada", Anyway: true})
			must(t, err)
		}
	}
	if r.State != analysis.RedactionApproved || r.DecidedName != "Ada" || r.DecidedBy != "u-"+access.RoleEditor {
		t.Errorf("%+v", r)
	}
	if _, err := s.RejectRedaction(as(t, access.RoleEditor), ref.Asset, r.ID, "Ada"); fault.CodeOf(err) != "no-draft" {
		t.Error(err)
	}
	ledger, err := s.lib.Ledger(system(t), ref.Asset)
	must(t, err)
	if len(ledger) == 0 {
		t.Error("the ledger does not know it")
	}
}

func TestRedactionsThatAreRefused(t *testing.T) {
	s, studio := studioStack(t)
	ref := s.film(t, 10)
	for name, x := range map[string]struct {
		ask  analysis.HideAsk
		code string
	}{
		"nothing":        {analysis.HideAsk{}, "redact-what"},
		"something else": {analysis.HideAsk{What: []string{"dogs"}}, "redact-what"},
		"no words":       {analysis.HideAsk{What: []string{"words"}}, "redact-what"},
		"an empty range": {analysis.HideAsk{What: []string{"ranges"}, Ranges: []analysis.HideRange{{StartMS: 5, EndMS: 5, Sound: true}}}, "redact-what"},
		"a box outside":  {analysis.HideAsk{What: []string{"ranges"}, Ranges: []analysis.HideRange{{EndMS: 5, Box: &media.Box{X: 0.9, W: 0.2, H: 0.1}}}}, "redact-what"},
		"not yet looked": {analysis.HideAsk{What: []string{"pii"}}, "analysis-missing"},
		"another bleep":  {analysis.HideAsk{What: []string{"faces"}, Sound: "quack"}, "redact-what"},
	} {
		if _, err := s.Redact(as(t, access.RoleEditor), ref.Asset, 0, x.ask); fault.CodeOf(err) != x.code {
			t.Error(name, err)
		}
	}
	if _, err := s.Redact(as(t, access.RoleViewer), ref.Asset, 0, analysis.HideAsk{What: []string{"faces"}}); !fault.Is(err, fault.Denied) {
		t.Error("a spectator may not", err)
	}
	studio.fail = errors.New("no ffmpeg")
	r, err := s.Redact(as(t, access.RoleEditor), ref.Asset, 0, analysis.HideAsk{What: []string{"faces"}, Cover: "fill", Sound: "mute"})
	must(t, err)
	if r = s.settled(t, r); r.State != analysis.RedactionFailed || r.Problem == "" {
		t.Errorf("%+v", r)
	}
	if !studio.asked.Fill || studio.asked.Bleep {
		t.Error("it is hidden otherwise than asked")
	}
}
