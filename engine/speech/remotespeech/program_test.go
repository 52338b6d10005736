package remotespeech_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/speech"
	"showreel/engine/speech/remotespeech"
	"showreel/engine/speech/speechtest"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sidecar"
	"showreel/platform/sidecar/sidecartest"
)

// TestProgram runs the suite on the real program, which the client starts by itself.
func TestProgram(t *testing.T) {
	speechtest.Run(t, remotespeech.New(sidecartest.Program(t, "speech", "whisper-base")))
}

// fixed answers the same always and remembers what it was asked.
type fixed struct {
	pcm     []int16
	options speech.Options
	windows []media.Range
}

var said = speech.Transcript{Language: "en", Languages: map[string]float64{"en": 0.9}, Model: "m 1", CPUms: 12, Utterances: []speech.Utterance{
	{Range: media.Range{Start: 1, End: 5}, Text: "Hé!", Silent: 0.25, Words: []media.Word{{Text: "Hé!", Start: 1, End: 5, Score: 0.5}}}}}

func (f *fixed) Transcribe(_ context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	f.pcm, f.options = pcm, o
	return said, nil
}

func (f *fixed) Activity(context.Context, []int16) ([]media.Range, error) {
	return []media.Range{{Start: 3, End: 9}}, nil
}

func (f *fixed) Voices(_ context.Context, _ []int16, windows []media.Range) ([][]float32, error) {
	f.windows = windows
	return [][]float32{{1, -0.5}, {0.25}}, nil
}

func (f *fixed) Caps(context.Context) (speech.Caps, error) {
	return speech.Caps{}, fault.Say("caps", "", fault.Unavailable, "model-missing", "Run something.")
}

func wire(t *testing.T, d speech.Driver) speech.Driver {
	t.Helper()
	mux := http.NewServeMux()
	remotespeech.Mount(mux, d)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	reach, err := sidecar.NewRemote("", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return remotespeech.New(sidecar.New(reach))
}

func TestWireCarriesEverything(t *testing.T) {
	f := &fixed{}
	d := wire(t, f)
	pcm := make([]int16, 4000)
	pcm[0], pcm[1], pcm[3999] = -32768, 32767, -1
	o := speech.Options{Language: "en", Tier: speech.Fast, Prompt: "Zoë", Translate: true}
	got, err := d.Transcribe(t.Context(), pcm, o)
	if err != nil || !cmp.Equal(got, said) || !cmp.Equal(f.pcm, pcm) || f.options != o {
		t.Errorf("%v, %v: %s", err, f.options, cmp.Diff(said, got))
	}
	ranges, err := d.Activity(t.Context(), pcm)
	if err != nil || !cmp.Equal(ranges, []media.Range{{Start: 3, End: 9}}) {
		t.Errorf("%v, %v", ranges, err)
	}
	windows := []media.Range{{Start: 0, End: media.Second / 8}, {Start: media.Second / 8, End: media.Second / 4}}
	vectors, err := d.Voices(t.Context(), pcm, windows)
	if err != nil || !cmp.Equal(vectors, [][]float32{{1, -0.5}, {0.25}}) || !cmp.Equal(f.windows, windows) {
		t.Errorf("%v, %v, asked %v", vectors, err, f.windows)
	}
	if _, err = d.Caps(t.Context()); !fault.Is(err, fault.Unavailable) || fault.TextOf(err) != "Run something." {
		t.Errorf("caps: %v", err)
	}
}

// A helper on another machine does not trust who calls it.
func TestHelperChecksRequests(t *testing.T) {
	mux := http.NewServeMux()
	remotespeech.Mount(mux, &fixed{})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	reach, err := sidecar.NewRemote("", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := sidecar.New(reach)
	for name, call := range map[string]struct {
		path  string
		head  any
		parts [][]byte
	}{
		"no sound":     {"/v1/speech/activity", nil, nil},
		"half sample":  {"/v1/speech/activity", nil, [][]byte{{1, 2, 3}}},
		"two sounds":   {"/v1/speech/transcribe", speech.Options{}, [][]byte{{}, {}}},
		"not options":  {"/v1/speech/transcribe", []int{1}, [][]byte{make([]byte, 8000)}},
		"unknown tier": {"/v1/speech/transcribe", speech.Options{Tier: "x"}, [][]byte{make([]byte, 8000)}},
		"bad window":   {"/v1/speech/voices", []media.Range{{Start: 0, End: media.Second}}, [][]byte{make([]byte, 800)}},
	} {
		if _, err := c.Call(t.Context(), call.path, call.head, call.parts, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, errors.Unwrap(err))
		}
	}
}
