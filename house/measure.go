package house

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/child"
	"showreel/product/ingest"
)

// testFilm is how long the film is that the machine is measured with.
const testFilm = 4 * time.Second

// encodeSpeed transcodes a generated 1080p film with the web template and returns seconds of film a second.
func (h *House) encodeSpeed(ctx context.Context) (float64, error) {
	dir, err := os.MkdirTemp(h.path("tmp"), "doctor-")
	if err != nil {
		return 0, fault.E("house.measure", "", fault.Unavailable, err)
	}
	defer os.RemoveAll(dir)
	film := filepath.Join(dir, "film.mp4")
	if err := h.generateFilm(ctx, film); err != nil {
		return 0, err
	}
	info, err := h.coder.Probe(ctx, film)
	if err != nil {
		return 0, err
	}
	plan, err := h.webPlan(info)
	if err != nil {
		return 0, err
	}
	tasks, err := h.coder.Split(plan, fmt.Sprintf("%064d", 0))
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for i, t := range tasks {
		if t.Kind != transcode.KindChunk {
			continue
		}
		work := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(work, 0o700); err != nil {
			return 0, fault.E("house.measure", "", fault.Unavailable, err)
		}
		began = time.Now()
		if _, err := h.coder.Run(ctx, plan, t, transcode.Env{Source: film, WorkDir: work}); err != nil {
			return 0, err
		}
		at := time.Since(began).Seconds()
		parallel := max(1, cores(h.cfg.Work.Cores)/max(1, t.Cores))
		return testFilm.Seconds() / at * parallel, nil
	}
	return 0, fault.E("house.measure", "", fault.Internal, nil)
}

func (h *House) generateFilm(ctx context.Context, path string) error {
	_, err := child.Run(ctx, child.Spec{Path: h.cfg.Transcode.FFmpeg, NoNetwork: true, Wall: time.Minute, Args: []string{"-v", "error", "-f", "lavfi",
		"-i", fmt.Sprintf("testsrc2=size=1920x1080:rate=24:duration=%g", testFilm.Seconds()),
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", path}})
	return err
}

// webPlan is what ingest's own template makes of the measuring film.
func (h *House) webPlan(info media.Info) (transcode.Plan, error) {
	all, err := ingest.BuiltIn()
	if err != nil {
		return transcode.Plan{}, err
	}
	for _, t := range all {
		if t.Name == ingest.DefaultTemplate {
			return ingest.Plan(t, info)
		}
	}
	return transcode.Plan{}, fault.E("house.measure", ingest.DefaultTemplate, fault.Internal, nil)
}
