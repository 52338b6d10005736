package house

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"showreel/engine/meter"
	"showreel/fault"
	"showreel/platform/run"
	"showreel/product/ingest"
)

// Report is what doctor says.
type Report struct {
	Well      bool          `json:"well" doc:"Nothing that is switched on is missing"`
	Abilities []run.Ability `json:"abilities" nullable:"false"`
	Machine   Machine       `json:"machine"`
}

// Machine is what this computer can carry. Zero means not measured.
type Machine struct {
	Cores          float64 `json:"cores"`
	MemoryMB       int64   `json:"memoryMb" doc:"Memory that work may use"`
	DiskFreeBytes  int64   `json:"diskFreeBytes"`
	DiskTotalBytes int64   `json:"diskTotalBytes"`
	EncodeSpeed    float64 `json:"encodeSpeed,omitempty" doc:"Seconds of 1080p film a second of wall time makes with the web ladder"`
	HoursPerDay    float64 `json:"hoursPerDay,omitempty" doc:"Hours of 1080p film this machine takes in a day"`
	DaysUntilFull  float64 `json:"daysUntilFull,omitempty" doc:"At the last seven days' pace of growth; absent when nothing grows"`
}

// Sentences renders the machine for people.
func (m Machine) Sentences() []string {
	out := []string{fmt.Sprintf("%g cores, %d MB of memory for work, %.1f of %.1f GB disk free.", m.Cores, m.MemoryMB, float64(m.DiskFreeBytes)/1e9, float64(m.DiskTotalBytes)/1e9)}
	if m.HoursPerDay > 0 {
		out = append(out, fmt.Sprintf("Takes in about %.0f hours of 1080p film a day (%.2f times real time).", m.HoursPerDay, m.EncodeSpeed))
	}
	if m.DaysUntilFull > 0 {
		out = append(out, fmt.Sprintf("At the last week's pace the disk is full in %.0f days.", m.DaysUntilFull))
	}
	return out
}

// Doctor asks every engine and room what it can do here, and measures the machine when asked to (some seconds of work).
func (h *House) Doctor(ctx context.Context, measure, playback bool) (Report, error) {
	r := Report{Well: true}
	r.Abilities = append(r.Abilities, h.engineAbilities(ctx)...)
	for _, room := range h.abilities() {
		for _, a := range room(ctx) {
			if h.works() || a.Name != ingest.AbilityTranscoding {
				r.Abilities = append(r.Abilities, a)
			}
		}
	}
	if playback {
		r.Abilities = append(r.Abilities, h.playbackAbility(ctx))
	}
	for _, a := range r.Abilities {
		r.Well = r.Well && a.State != run.Missing
	}
	var err error
	r.Machine, err = h.machine(ctx)
	if err == nil && measure && h.coder != nil {
		r.Machine.EncodeSpeed, err = h.encodeSpeed(ctx)
		r.Machine.HoursPerDay = 24 * r.Machine.EncodeSpeed
	}
	return r, err
}

func (h *House) engineAbilities(ctx context.Context) []run.Ability {
	answer := func(name string, err error, ok string) run.Ability {
		if err != nil {
			return run.Ability{Name: name, State: run.Missing, Text: fault.TextOf(err)}
		}
		return run.Ability{Name: name, State: run.OK, Text: ok}
	}
	out := []run.Ability{answer("database", h.db.Ping(ctx), "answers ("+string(h.db.Dialect())+")")}
	for _, s := range []struct {
		name string
		err  error
	}{{"store of originals", probeStore(ctx, h.blobs.Raw)}, {"store of renditions", probeStore(ctx, h.blobs.Processed)}, {"store of generated files", probeStore(ctx, h.blobs.Generated)}} {
		out = append(out, answer(s.name, s.err, "reads and writes"))
	}
	if !h.works() {
		return out
	}
	caps := h.coder.Caps()
	if caps.Version == "" {
		return append(out, run.Ability{Name: "ffmpeg", State: run.Missing, Text: "ffmpeg was not found. Install it (Debian: apt-get install ffmpeg) or set transcode.ffmpeg."})
	}
	out = append(out, run.Ability{Name: "ffmpeg", State: run.OK, Text: "version " + caps.Version})
	for _, need := range []struct{ encoder, says string }{{"libx264", "H.264 video"}, {"aac", "AAC sound"}, {"libsvtav1", "AV1 video (optional)"}, {"libx265", "HEVC video (optional)"}} {
		a := run.Ability{Name: need.says, State: run.OK, Text: "ffmpeg has " + need.encoder}
		if !caps.Encoders[need.encoder] {
			a.State, a.Text = run.Degraded, "This ffmpeg lacks "+need.encoder+"."
			if !strings.Contains(need.says, "optional") {
				a.State = run.Missing
			}
		}
		out = append(out, a)
	}
	return out
}

// machine reads cores, memory and disk, and how fast the disk filled in the last week.
func (h *House) machine(ctx context.Context) (Machine, error) {
	m := Machine{Cores: cores(h.cfg.Work.Cores), MemoryMB: memoryMB(h.cfg.Work.MemoryMB)}
	var err error
	if m.DiskFreeBytes, m.DiskTotalBytes, err = disk(h.cfg.Data); err != nil {
		return m, err
	}
	now := time.Now()
	past, err := h.samples.Series(ctx, diskFreeMetric, now.Add(-7*24*time.Hour).UnixMilli(), now.UnixMilli())
	if err != nil {
		return m, err
	}
	m.DaysUntilFull = daysUntilFull(past, m.DiskFreeBytes, now)
	return m, nil
}

// leastHistory is how long the disk must have been watched before its pace means anything.
const leastHistory = 6 * time.Hour

// daysUntilFull goes on at the pace from the oldest sample to now; 0 when there is too little history or no growth.
func daysUntilFull(past []meter.Sample, free int64, now time.Time) float64 {
	if len(past) == 0 {
		return 0
	}
	watched := now.Sub(time.UnixMilli(past[0].AtMS))
	used := past[0].Value - float64(free)
	if watched < leastHistory || used <= 0 {
		return 0
	}
	return float64(free) / used * watched.Hours() / 24
}

// disk returns the free and total bytes of the file system that holds path.
func disk(path string) (free, total int64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return 0, 0, fault.E("house.disk", path, fault.Unavailable, err)
	}
	return int64(fs.Bavail) * fs.Bsize, int64(fs.Blocks) * fs.Bsize, nil
}

const diskFreeMetric = "showreel_disk_free_bytes"

// watchDisk keeps the free space of the data folder among the measurements.
func (h *House) watchDisk(ctx context.Context) error {
	gauge := h.meter.Gauge(diskFreeMetric, "Free bytes where the data folder lies.")
	for {
		if free, _, err := disk(h.cfg.Data); err == nil {
			gauge.Set(float64(free))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(30 * time.Second):
		}
	}
}
