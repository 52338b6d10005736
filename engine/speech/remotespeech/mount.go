package remotespeech

import (
	"context"
	"encoding/json"
	"net/http"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sidecar"
)

// Mount lets a driver answer on the paths of this port. Requests pass the port's own checks, since a helper on another
// machine does not trust its callers. Kinds: fault.Invalid for a request that is none, beside those of the driver.
func Mount(mux *http.ServeMux, d speech.Driver) {
	s := speech.New(d)
	sidecar.Handle(mux, pathTranscribe, func(ctx context.Context, head json.RawMessage, parts [][]byte) (sidecar.Answer, error) {
		var o speech.Options
		pcm, err := request(head, parts, &o)
		if err != nil {
			return sidecar.Answer{}, err
		}
		t, err := s.Transcribe(ctx, pcm, o)
		return sidecar.Answer{Head: t}, err
	})
	sidecar.Handle(mux, pathActivity, func(ctx context.Context, head json.RawMessage, parts [][]byte) (sidecar.Answer, error) {
		pcm, err := request(head, parts, nil)
		if err != nil {
			return sidecar.Answer{}, err
		}
		ranges, err := s.Activity(ctx, pcm)
		return sidecar.Answer{Head: ranges}, err
	})
	sidecar.Handle(mux, pathVoices, func(ctx context.Context, head json.RawMessage, parts [][]byte) (sidecar.Answer, error) {
		var windows []media.Range
		pcm, err := request(head, parts, &windows)
		if err != nil {
			return sidecar.Answer{}, err
		}
		vectors, err := s.Voices(ctx, pcm, windows)
		out := sidecar.Answer{Head: struct{}{}}
		for _, v := range vectors {
			out.Parts = append(out.Parts, floatBytes(v))
		}
		return out, err
	})
	sidecar.Handle(mux, pathCaps, func(ctx context.Context, _ json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		c, err := s.Caps(ctx)
		return sidecar.Answer{Head: c}, err
	})
}

// request decodes a head into what it should be (nil ignores it) and the one part into sound.
func request(head json.RawMessage, parts [][]byte, into any) ([]int16, error) {
	if into != nil {
		if err := json.Unmarshal(head, into); err != nil {
			return nil, fault.Say("remotespeech.request", "", fault.Invalid, "bad-request", "The request cannot be read: %v.", err)
		}
	}
	if len(parts) != 1 {
		return nil, fault.Say("remotespeech.request", "", fault.Invalid, "bad-request", "A request carries one part of sound, not %d.", len(parts))
	}
	return sound(parts[0])
}
