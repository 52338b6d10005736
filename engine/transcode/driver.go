package transcode

import (
	"context"

	"showreel/media"
)

// Driver is what a transcoder implements. Every method is safe for concurrent use.
type Driver interface {
	// Probe says what the file at path is. name is the file's name as its owner knows it; the driver may use its
	// extension to tell text apart and must not open it. See Service.Probe for the error codes.
	Probe(ctx context.Context, path, name string) (media.Info, error)

	// Split cuts a valid plan into tasks. It is a pure function of its arguments and of Caps().Version.
	Split(p Plan, sourceSHA string) ([]Task, error)

	// Run does one task of Split and returns once every file it names exists, is complete and synced.
	Run(ctx context.Context, p Plan, t Task, env Env) (Result, error)

	// Caps says what this transcoder can do on this machine.
	Caps() Caps
}

// Caps is what a transcoder can do here.
type Caps struct {
	Name     string          // "ffmpeg"
	Version  string          // "5.1.9"; part of every task key
	Encoders map[string]bool // by ffmpeg's name: libx264, aac, libsvtav1
	Filters  map[string]bool // by ffmpeg's name: scdet, zscale
	Decoders map[string]bool // by codec name: h264, prores
}
