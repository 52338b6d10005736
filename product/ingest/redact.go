package ingest

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/budget"
	"showreel/platform/sqldb"
)

// lookAtOnce is how many pictures are handed over at once.
const lookAtOnce = 32

// Redacted is a rendition in which something is hidden. It is an alias of a plain struct so that room analysis can spell
// the same type.
type Redacted = struct {
	Key           string
	Bytes         int64
	SHA256        string
	Width, Height int
	Tool          string // transcoder and version
	SourceKey     string // of the original
}

// closely is a version's original, or a rendition made of it, opened for tasks of its own.
type closely struct {
	work
	plan   transcode.Plan
	sha    string
	source string
}

// close removes the working files.
func (c closely) close() { _ = c.s.wipe(c.in.Job) } // a leftover goes with the next sweep

// openClosely prepares tasks on the original of a version, or on the rendition under of.
func (s *Service) openClosely(ctx context.Context, ref media.Ref, of string) (closely, error) {
	var c closely
	v, err := s.deps.Library.Version(ctx, ref)
	if err != nil {
		return c, err
	}
	if v.Info.Kind != media.Video && v.Info.Kind != media.Audio {
		return c, fault.Say("ingest.redact", ref.Asset, fault.Unsupported, "nothing-to-decode", "Only films and sounds can be looked at closely.")
	}
	c.work = work{s: s, in: start{Job: sqldb.NewID(), Tenant: ref.Tenant, Asset: ref.Asset, Version: ref.Version, SHA256: v.SHA256, Bytes: v.Bytes, Name: v.Name}}
	if err := os.MkdirAll(s.jobDir(c.in.Job), 0o700); err != nil {
		return c, blob.FileFault("ingest.redact", ref.Asset, err)
	}
	info := v.Info
	c.sha = v.SHA256
	if of == "" {
		c.source, err = c.work.source(ctx)
	} else {
		info, err = c.fetch(ctx, of)
	}
	if err != nil {
		c.close()
		return c, err
	}
	t, err := s.template(ctx, ref.Tenant, "", 0)
	if err == nil {
		c.plan, err = Plan(t, info)
	}
	if err != nil {
		c.close()
		return c, err
	}
	c.plan = bare(c.plan)
	return c, nil
}

// fetch brings a rendition here and reads what it is.
func (c *closely) fetch(ctx context.Context, key string) (media.Info, error) {
	st, err := c.s.deps.Blobs.Processed.Stat(ctx, key)
	if err != nil {
		return media.Info{}, err
	}
	if c.sha = st.SHA256; len(c.sha) != 64 {
		c.sha = fmt.Sprintf("%064x", st.Size)
	}
	path, ok := c.s.deps.Blobs.Processed.Local(ctx, key)
	if !ok {
		path = filepath.Join(c.s.jobDir(c.in.Job), "rendition.mp4")
		if err := c.s.deps.Blobs.Processed.Fetch(ctx, key, path); err != nil {
			return media.Info{}, err
		}
	}
	c.source = path
	return c.s.deps.Transcode.ProbeAs(ctx, path, "rendition.mp4")
}

// bare leaves of a plan only the time grid and how the picture is made upright.
func bare(p transcode.Plan) transcode.Plan {
	p.Picture.Fit, p.Picture.Width, p.Picture.Height = "", 0, 0
	p.Rungs, p.Audios, p.Analysis, p.Proxy, p.Poster, p.Sampling, p.Subtitles, p.Images, p.WaveformPPS, p.Speech = nil, nil, transcode.Analysis{}, nil, false, nil, nil, nil, 0, false
	return p
}

// do runs one task under a lease and hands its result over before its files go.
func (c closely) do(ctx context.Context, t transcode.Task, why string, take func(transcode.Result) error) error {
	lease, err := c.s.deps.Budget.Lease(ctx, budget.Ask{Lane: budget.Normal, Tenant: c.in.Tenant, Key: "redact/" + c.in.Job, Why: why, Cores: t.Cores, MemMB: t.MemMB})
	if err != nil {
		return err
	}
	defer lease.Release()
	dir := filepath.Join(c.s.jobDir(c.in.Job), "work", t.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return blob.FileFault("ingest.redact", c.in.Asset, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the folder goes at the end anyway
	result, err := c.s.deps.Transcode.Run(ctx, c.plan, t, transcode.Env{Source: c.source, WorkDir: dir})
	if err != nil {
		return err
	}
	return take(result)
}

// each splits the plan and does the tasks of a kind.
func (c closely) each(ctx context.Context, kind, why string, take func(transcode.Result) error) error {
	tasks, err := c.s.deps.Transcode.Split(c.plan, c.sha)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.Kind == kind {
			if err := c.do(ctx, t, why, take); err != nil {
				return err
			}
		}
	}
	return nil
}

// Look gives see pictures of stretches of a version's original, or of the rendition under the key of: about fps a second,
// at most so many pixels wide, a few dozen at a time in order, with the times that they are shown at. step is the distance
// of two pictures.
func (s *Service) Look(ctx context.Context, ref media.Ref, of string, fps float64, width int, ranges []media.Range, see func(at []media.Time, jpegs [][]byte) error) (step media.Time, err error) {
	ctx = asSystem(ctx, ref.Tenant)
	c, err := s.openClosely(ctx, ref, of)
	if err != nil {
		return 0, err
	}
	defer c.close()
	v := c.plan.Info.Main("video")
	if v == nil || !c.plan.Rate.Known() {
		return 0, fault.Say("ingest.look", ref.Asset, fault.Unavailable, "no-pictures", "This asset has no moving picture.")
	}
	w, _ := v.Shown()
	every := max(1, int(math.Round(c.plan.Rate.FPS()/fps)))
	c.plan.Look = &transcode.Look{Every: every, Width: even(min(w, width)), Ranges: ranges}
	err = c.each(ctx, transcode.KindLook, "looking closely at "+c.in.Name, func(r transcode.Result) error {
		for first := 0; first < len(r.Files); first += lookAtOnce {
			var at []media.Time
			var pics [][]byte
			for _, f := range r.Files[first:min(len(r.Files), first+lookAtOnce)] {
				raw, err := os.ReadFile(f.Path)
				if err != nil {
					return blob.FileFault("ingest.look", ref.Asset, err)
				}
				at, pics = append(at, f.At), append(pics, raw)
			}
			if err := see(at, pics); err != nil {
				return err
			}
		}
		return nil
	})
	return c.plan.Rate.At(int64(every)), err
}

// Listen returns the 16 kHz mono samples of the rendition under a key; none where it has no sound.
func (s *Service) Listen(ctx context.Context, ref media.Ref, of string) (wav []byte, err error) {
	ctx = asSystem(ctx, ref.Tenant)
	c, err := s.openClosely(ctx, ref, of)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if c.plan.Info.Main("audio") == nil {
		return nil, nil
	}
	c.plan.Speech = true
	err = c.each(ctx, transcode.KindSpeech, "listening to "+c.in.Name+" again", func(r transcode.Result) error {
		for _, f := range r.Files {
			if f.Role != transcode.RoleWAV {
				continue
			}
			in, err := os.Open(f.Path)
			if err != nil {
				return blob.FileFault("ingest.listen", ref.Asset, err)
			}
			defer in.Close()
			if wav, err = io.ReadAll(in); err != nil {
				return fault.E("ingest.listen", ref.Asset, "", err)
			}
		}
		return nil
	})
	return wav, err
}

// mostSide is the shorter side of a redacted picture at most.
const mostSide = 1080

// Redact makes a rendition of a version in which r's sound and boxes are hidden, and stores it under the version's folder
// by r.Name. Nobody is told of it: who may see it is its maker's to say.
func (s *Service) Redact(ctx context.Context, ref media.Ref, r transcode.Redaction) (Redacted, error) {
	ctx = asSystem(ctx, ref.Tenant)
	var out Redacted
	c, err := s.openClosely(ctx, ref, "")
	if err != nil {
		return out, err
	}
	defer c.close()
	caps := s.deps.Transcode.Caps()
	out.Tool, out.SourceKey, out.Key = caps.Name+" "+caps.Version, rawKey(c.in.Tenant, c.in.SHA256), c.processedKey("redacted/"+r.Name+".mp4")
	r.Kbps = 160
	if v := c.plan.Info.Main("video"); v != nil && c.plan.Rate.Known() {
		w, h := v.Shown()
		w, h, _ = fit(max(w, 2), max(h, 2), mostSide)
		r.Rung = &transcode.Rung{Name: r.Name, Width: w, Height: h, Codec: "avc", Preset: "veryfast", CRF: 20}
	}
	c.plan.Redaction = &r
	err = c.each(ctx, transcode.KindRedact, "hiding parts of "+c.in.Name, func(result transcode.Result) error {
		for _, f := range result.Files {
			if _, err := s.deps.Blobs.Processed.PutFile(ctx, out.Key, f.Path, blob.PutOptions{Size: -1, SHA256: f.SHA256}); err != nil {
				return err
			}
			out.Bytes, out.SHA256, out.Width, out.Height = f.Bytes, f.SHA256, f.Width, f.Height
		}
		return nil
	})
	return out, err
}
