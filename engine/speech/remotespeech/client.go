package remotespeech

import (
	"context"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sidecar"
)

// Driver asks a helper program. It adds to the driver's errors those of sidecar.Client.Call.
type Driver struct{ c *sidecar.Client }

// New returns a driver over a client, which stays the caller's to close.
func New(c *sidecar.Client) *Driver { return &Driver{c} }

var _ speech.Driver = (*Driver)(nil)

// Transcribe implements speech.Driver.
func (d *Driver) Transcribe(ctx context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	var out speech.Transcript
	_, err := d.c.Call(ctx, pathTranscribe, o, [][]byte{soundBytes(pcm)}, &out)
	return out, err
}

// Activity implements speech.Driver.
func (d *Driver) Activity(ctx context.Context, pcm []int16) ([]media.Range, error) {
	var out []media.Range
	_, err := d.c.Call(ctx, pathActivity, struct{}{}, [][]byte{soundBytes(pcm)}, &out)
	return out, err
}

// Voices implements speech.Driver.
func (d *Driver) Voices(ctx context.Context, pcm []int16, windows []media.Range) ([][]float32, error) {
	parts, err := d.c.Call(ctx, pathVoices, windows, [][]byte{soundBytes(pcm)}, nil)
	if err != nil {
		return nil, err
	}
	if len(parts) != len(windows) {
		return nil, fault.Say("remotespeech.voices", "", fault.Corrupt, "bad-answer", "%d windows came back as %d vectors; run the same version of server and helper program.", len(windows), len(parts))
	}
	out := make([][]float32, len(parts))
	for n, p := range parts {
		if out[n], err = floats(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Caps implements speech.Driver.
func (d *Driver) Caps(ctx context.Context) (speech.Caps, error) {
	var out speech.Caps
	_, err := d.c.Call(ctx, pathCaps, struct{}{}, nil, &out)
	return out, err
}
