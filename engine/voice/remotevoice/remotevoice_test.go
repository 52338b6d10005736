package remotevoice_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/voice"
	"showreel/engine/voice/remotevoice"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sidecar"
)

// echo says one sample a byte.
type echo struct{}

func (echo) Say(_ context.Context, r voice.Request) (voice.Speech, error) {
	if r.Voice != "echo" {
		return voice.Speech{}, fault.Say("voice.say", r.Voice, fault.NotFound, "no-such-voice", "There is no voice %q.", r.Voice)
	}
	s := voice.Speech{Rate: 22_050, Model: "echo 1", CPUms: 7, Words: []media.Word{{Text: r.Text, Start: 1, End: media.Second, Score: 1}}}
	for _, b := range []byte(r.Text) {
		s.PCM = append(s.PCM, -256*int16(b)+3)
	}
	return s, nil
}

func (echo) Voices(context.Context) ([]voice.Voice, error) {
	return []voice.Voice{{ID: "echo", Name: "Echo", Language: "en", Licence: "ours", Model: "echo 1", Missing: "nothing"}}, nil
}

func TestTheWireChangesNothing(t *testing.T) {
	mux := http.NewServeMux()
	remotevoice.Mount(mux, echo{})
	server := httptest.NewServer(sidecar.RequireToken("secret", mux))
	defer server.Close()
	reach, err := sidecar.NewRemote("secret", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer reach.Close()
	d := remotevoice.New(sidecar.New(reach))
	r := voice.Request{Text: "Grüße, 世界", Voice: "echo", Speed: 1.5}
	want, _ := echo{}.Say(t.Context(), r)
	got, err := d.Say(t.Context(), r)
	if err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	all, err := d.Voices(t.Context())
	wantVoices, _ := echo{}.Voices(t.Context())
	if err != nil || cmp.Diff(wantVoices, all) != "" {
		t.Errorf("%v\n%s", err, cmp.Diff(wantVoices, all))
	}
	_, err = d.Say(t.Context(), voice.Request{Text: "a", Voice: "nobody"})
	if !fault.Is(err, fault.NotFound) || fault.CodeOf(err) != "no-such-voice" || fault.TextOf(err) != `There is no voice "nobody".` {
		t.Errorf("%v", err)
	}
	if _, err = d.Say(t.Context(), voice.Request{Text: "", Voice: "echo"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v: the program's own side checks too", err)
	}
}
