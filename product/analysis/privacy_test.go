package analysis_test

import (
	"context"
	"strings"
	"testing"

	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/media"
	"showreel/product/analysis"
	"showreel/trust/access"
)

// voicey are ears that hear two voices whose vectors a search of the disk can tell from anything else.
type voicey struct{ *ears }

func (e voicey) Voices(_ context.Context, pcm []int16, windows []media.Range) ([][]float32, error) {
	var out [][]float32
	for _, w := range windows {
		out = append(out, voiceOf(int(pcm[w.Start.Ticks(speech.SampleRate)]%8/4)))
	}
	return out, nil
}

func voiceOf(who int) []float32 { return like(11+who, 0.03) }

// nowhere fails where one of the vectors lies in plain in any file below the folder, in any of five forms.
func nowhere(t *testing.T, dir, when string, vectors ...[]float32) {
	t.Helper()
	for _, v := range vectors {
		for n, form := range bytesOf(v) {
			if files := within(t, dir, form); len(files) > 0 {
				t.Errorf("%s: a plain vector, form %d, is in %v", when, n, files)
			}
		}
	}
}

// TestNoVectorIsLeftOnDisk takes faces and voices through their whole life: every byte of the data folder (databases, their
// logs, the workflows', the blobs) is searched while they are compared, when they are only sealed there, and after biometrics
// were turned off, when nothing is left of them nor of the key that could open a copy.
func TestNoVectorIsLeftOnDisk(t *testing.T) {
	r := openRegistry(t, false)
	r.stop()
	r.stack = open(t, r.dir, func(d *analysis.Deps) {
		r.plug(d)
		d.Speech, d.Vision = speech.New(voicey{&ears{}}), vision.New(r.eyes)
	})
	r.turnOn(t)
	show := alone(0, 0.02)
	r.eyes.show.Store(&show)
	ref := r.film(t, 8)
	all := func() {
		t.Helper()
		_, err := r.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Faces, analysis.Speakers}, Mode: analysis.All})
		must(t, err)
		r.ended(t, ref)
	}
	all()
	all() // what the first analysis kept was replaced; nothing of it may stay behind either
	plain := [][]float32{like(0, 0.02), voiceOf(0), voiceOf(1)}
	sealed := texts(t, r.stack, `SELECT sealed FROM analysis_vectors`)
	kinds := strings.Join(texts(t, r.stack, `SELECT kind FROM analysis_vectors ORDER BY kind`), " ")
	if kinds != "face face voice voice" {
		t.Fatalf("vectors are kept of: %s", kinds)
	}
	keys := texts(t, r.stack, `SELECT wrapped FROM analysis_keys`)
	if len(keys) != 1 {
		t.Fatalf("%d keys: those of runs go with them", len(keys))
	}
	for _, s := range append(sealed, keys...) {
		if len(within(t, r.dir, []byte(s)[10:50])) == 0 {
			t.Fatal("the search does not find what is there")
		}
	}
	nowhere(t, r.dir, "while they are compared", plain...)
	r.decide(t, r.voice(t, ref, "S1").ID, analysis.Decision{Name: "Grace"})
	_, err := r.TurnBiometrics(as(t, access.RoleAdmin), analysis.Turn{})
	must(t, err)
	for _, s := range append(sealed, keys...) {
		if files := within(t, r.dir, []byte(s)[10:50]); len(files) > 0 {
			t.Errorf("turned off: a sealed vector or a key is still in %v", files)
		}
	}
	nowhere(t, r.dir, "turned off", plain...)
	if v := r.voice(t, ref, "S1"); v.PersonName != "" || v.Group != "" {
		t.Errorf("turned off: S1 is %q in group %q", v.PersonName, v.Group)
	}
	all()
	if n := len(texts(t, r.stack, `SELECT sealed FROM analysis_vectors`)); n != 0 {
		t.Errorf("analysed again: %d vectors are kept", n)
	}
	nowhere(t, r.dir, "analysed again", plain...)
	r.proves(t, "what was erased", `"vectorsErased":4`)
	r.proves(t, "that keys were destroyed", `"keysDestroyed":["`)
}

// TestRevokingAVoice erases one person's voice alone.
func TestRevokingAVoice(t *testing.T) {
	r := openRegistry(t, false)
	r.stop()
	r.stack = open(t, r.dir, func(d *analysis.Deps) {
		r.plug(d)
		d.Speech = speech.New(voicey{&ears{}})
	})
	r.turnOn(t)
	ref := r.film(t, 8)
	_, err := r.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Speakers}})
	must(t, err)
	r.ended(t, ref)
	r.decide(t, r.voice(t, ref, "S1").ID, analysis.Decision{Name: "Grace"})
	r.decide(t, r.voice(t, ref, "S2").ID, analysis.Decision{Name: "Alan"})
	hers := r.voice(t, ref, "S1")
	before := texts(t, r.stack, `SELECT sealed FROM analysis_vectors`)
	_, err = r.RevokeConsent(as(t, access.RoleAdmin), hers.Person, false)
	must(t, err)
	for _, s := range before { // his too: it is sealed anew under another key
		if files := within(t, r.dir, []byte(s)[10:50]); len(files) > 0 {
			t.Errorf("still in %v", files)
		}
	}
	nowhere(t, r.dir, "revoked", voiceOf(0), voiceOf(1))
	if a, b := r.voice(t, ref, "S1").PersonName, r.voice(t, ref, "S2").PersonName; a != "" || b != "Alan" {
		t.Errorf("S1 is %q, S2 is %q", a, b)
	}
	if n := len(texts(t, r.stack, `SELECT sealed FROM analysis_vectors`)); n != 1 {
		t.Errorf("%d vectors stay, want his", n)
	}
}
