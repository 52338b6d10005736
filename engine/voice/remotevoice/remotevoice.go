// Package remotevoice is both sides of engine/voice on the wire of platform/sidecar: a driver that asks the helper program
// and the handlers by which the program answers. Sound travels as one part of little-endian signed 16 bit samples.
package remotevoice

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"

	"showreel/engine/voice"
	"showreel/fault"
	"showreel/platform/sidecar"
)

const (
	sayPath    = "/v1/voice/say"
	voicesPath = "/v1/voice/voices"
)

// driver asks a helper.
type driver struct{ c *sidecar.Client }

// New returns a driver that asks the helper behind the client.
func New(c *sidecar.Client) voice.Driver { return driver{c} }

// Say implements voice.Driver.
func (d driver) Say(ctx context.Context, r voice.Request) (voice.Speech, error) {
	var s voice.Speech
	parts, err := d.c.Call(ctx, sayPath, r, nil, &s)
	if err != nil {
		return voice.Speech{}, err
	}
	if len(parts) != 1 || len(parts[0])%2 != 0 {
		return voice.Speech{}, fault.Say("voice.say", r.Voice, fault.Corrupt, "bad-answer", "The helper program answered without sound; it is of another version than the server.")
	}
	s.PCM = make([]int16, len(parts[0])/2)
	for n := range s.PCM {
		s.PCM[n] = int16(binary.LittleEndian.Uint16(parts[0][2*n:]))
	}
	return s, nil
}

// Voices implements voice.Driver.
func (d driver) Voices(ctx context.Context) (all []voice.Voice, err error) {
	_, err = d.c.Call(ctx, voicesPath, struct{}{}, nil, &all)
	return all, err
}

// Mount lets a driver answer on mux.
func Mount(mux *http.ServeMux, d voice.Driver) {
	service := voice.New(d)
	sidecar.Handle(mux, sayPath, func(ctx context.Context, head json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		var r voice.Request
		if err := json.Unmarshal(head, &r); err != nil {
			return sidecar.Answer{}, fault.E(sayPath, "", fault.Invalid, err)
		}
		s, err := service.Say(ctx, r)
		if err != nil {
			return sidecar.Answer{}, err
		}
		pcm := make([]byte, 2*len(s.PCM))
		for n, v := range s.PCM {
			binary.LittleEndian.PutUint16(pcm[2*n:], uint16(v))
		}
		return sidecar.Answer{Head: s, Parts: [][]byte{pcm}}, nil
	})
	sidecar.Handle(mux, voicesPath, func(ctx context.Context, _ json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		all, err := service.Voices(ctx)
		return sidecar.Answer{Head: all}, err
	})
}
