package transcode

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"showreel/fault"
	"showreel/media"
)

// Service is the transcoder that the rest of the program sees: a driver with the checks every driver shares.
type Service struct{ d Driver }

// New wraps a driver.
func New(d Driver) *Service { return &Service{d: d} }

// Caps says what the transcoder can do on this machine.
func (s *Service) Caps() Caps { return s.d.Caps() }

// Probe says what the file at path is; its base name counts as its name. The file is treated as hostile.
//
// Errors (kind, code): Invalid "empty-file", "not-media", "truncated", "no-moov", "no-frames"; Unsupported
// "playlist-refused", "too-many-pixels", "too-many-streams", "unsupported-format"; NotFound when there is no file;
// Unavailable when the transcoder is not installed.
func (s *Service) Probe(ctx context.Context, path string) (media.Info, error) {
	return s.ProbeAs(ctx, path, filepath.Base(path))
}

// ProbeAs is Probe for a file that its owner knows by another name: a stored file has no extension, and text is told
// from not-media by extension.
func (s *Service) ProbeAs(ctx context.Context, path, name string) (media.Info, error) {
	st, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return media.Info{}, fault.E("transcode.probe", name, fault.NotFound, err)
	case err != nil:
		return media.Info{}, fault.E("transcode.probe", name, fault.Internal, err)
	case !st.Mode().IsRegular():
		return media.Info{}, fault.Say("transcode.probe", name, fault.Invalid, "not-media", "This is not a regular file. Send a media file.")
	case st.Size() == 0:
		return media.Info{}, fault.Say("transcode.probe", name, fault.Invalid, "empty-file", "The file is empty. Upload it again from a complete copy.")
	}
	return s.d.Probe(ctx, path, name)
}

// Split cuts the plan into tasks, the ones people wait for first: proxy, poster, then the rest. sourceSHA is the hex
// sha256 of the source. Errors: Invalid "bad-plan"; Unsupported when the driver cannot make something the plan asks.
func (s *Service) Split(p Plan, sourceSHA string) ([]Task, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if len(sourceSHA) != 64 {
		return nil, fault.Say("transcode.split", sourceSHA, fault.Invalid, "bad-plan", "The source's sha256 is missing from the plan.")
	}
	return s.d.Split(p, sourceSHA)
}

// Run does one task. Files of the result lie under env.WorkDir and are synced. Errors: Canceled; Corrupt with code
// "source-damaged" when the source does not decode; Full when the disk is full; Internal with the transcoder's last words.
func (s *Service) Run(ctx context.Context, p Plan, t Task, env Env) (Result, error) {
	if !filepath.IsAbs(env.Source) || !filepath.IsAbs(env.WorkDir) {
		return Result{}, fault.E("transcode.run", t.ID, fault.Internal, fmt.Errorf("source and work folder must be absolute paths"))
	}
	if env.Progress == nil {
		env.Progress = func(Progress) {}
	}
	if env.Emit == nil {
		env.Emit = func(context.Context, Part) error { return nil }
	}
	if err := os.MkdirAll(env.WorkDir, 0o700); err != nil {
		return Result{}, fault.E("transcode.run", t.ID, "", err)
	}
	return s.d.Run(ctx, p, t, env)
}
