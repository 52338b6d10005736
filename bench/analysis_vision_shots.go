package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"showreel/engine/vision"
)

// benchShots finds the changes of a film whose changes are known, with TransNetV2 and with ffmpeg's scdet, each alone, and
// with the detectors of PySceneDetect.
func benchShots(ctx context.Context, b *bench, e *eyes, film string) error {
	shots := 63
	if b.quick {
		shots = 41
	}
	path := filepath.Join(b.dir, "shots.mp4")
	truth, count, err := shotFilm(ctx, b, film, path, shots, reportSeed)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d generated changes in %.0f s: %s; with flashes, fast pans, dimming", len(truth), float64(count)/shotRate, kinds(truth))
	b.on = about{ability: "shots", test: what, synthetic: true, model: "ffmpeg scdet"}
	b.searched("shots", what)
	found, err := scdet(ctx, path)
	if err != nil {
		return err
	}
	s := scored(truth, found)
	b.atLeast("shots: hard cuts, scdet", s.cuts(), "F1", 0, "no target: a part of the whole", s.String())
	b.atLeast("shots: all, scdet", s.all(), "F1", 0, "no target: a part of the whole", s.String())
	found, cpu, err := netBoundaries(ctx, e, path, 12.5)
	if err != nil {
		return err
	}
	s = scored(truth, found)
	b.on.model = "transnetv2 1.0.5"
	note := fmt.Sprintf("%s; %s; 12.5 frames a second, %.0f CPU-s", what, s, cpu)
	b.atLeast("shots: hard cuts, TransNetV2", s.cuts(), "F1", .93, "generated truth", note)
	b.atLeast("shots: all, TransNetV2", s.all(), "F1", .9, "generated truth", note)
	if err := fusedShots(ctx, b, e, path, truth); err != nil {
		return err
	}
	b.on.model = "PySceneDetect 0.7.2"
	return peerShots(ctx, b, path, truth)
}

func kinds(truth []transition) string {
	n := map[string]int{}
	for _, t := range truth {
		n[t.kind]++
	}
	return fmt.Sprintf("%d cuts, %d dissolves, %d fades", n["cut"], n["dissolve"], n["fade"])
}

// netBoundaries returns the frames (of the film's rate) at which the network sees a shot begin, and what that took.
func netBoundaries(ctx context.Context, e *eyes, path string, rate float64) ([]float64, float64, error) {
	raw, err := ffmpegOut(ctx, "-i", path, "-vf", fmt.Sprintf("fps=%g:round=down:start_time=0,scale=%d:%d:flags=area", rate, vision.BoundaryWidth, vision.BoundaryHeight), "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
	if err != nil {
		return nil, 0, err
	}
	var p []float32
	cpu, _, err := e.spent(func() error { p, err = e.Boundaries(ctx, raw); return err })
	if err != nil {
		return nil, 0, err
	}
	var found []float64
	for n := 0; n < len(p); n++ {
		if p[n] <= 0.5 {
			continue
		}
		from := n
		for n+1 < len(p) && p[n+1] > 0.5 {
			n++
		}
		found = append(found, float64(from+n)/2*shotRate/rate)
	}
	return found, cpu.Seconds(), nil
}

var scdTime = regexp.MustCompile(`lavfi\.scd\.time=([0-9.]+)`)

// scdet returns the frames at which ffmpeg's filter sees a change, with its default threshold.
func scdet(ctx context.Context, path string) ([]float64, error) {
	out, err := ffmpegOut(ctx, "-i", path, "-an", "-vf", "scdet=threshold=10,metadata=print:file=-", "-f", "null", "-")
	if err != nil {
		return nil, err
	}
	var found []float64
	for _, m := range scdTime.FindAllSubmatch(out, -1) {
		s, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return nil, err
		}
		found = append(found, s*shotRate)
	}
	return found, nil
}

// score counts changes found and missed.
type score struct {
	hit, missed map[string]int
	alarms      int
	wrong       []string // what was missed and what is none, in words
}

// reportSeed makes the film that figures are reported on. The detectors' thresholds were chosen on films of other seeds.
const reportSeed = 3

const nearFrames = 2.5 // a cut may be off by this, a dissolve or fade by this beyond its ends

// scored matches what was found with the truth, each at most once.
func scored(truth []transition, found []float64) score {
	s := score{hit: map[string]int{}, missed: map[string]int{}}
	used := make([]bool, len(found))
	for _, t := range truth {
		best := -1
		for n, f := range found {
			if !used[n] && f >= float64(t.from)-nearFrames && f <= float64(t.to)+nearFrames {
				if mid := float64(t.from+t.to) / 2; best < 0 || math.Abs(f-mid) < math.Abs(found[best]-mid) {
					best = n
				}
			}
		}
		if best < 0 {
			s.missed[t.kind]++
			s.wrong = append(s.wrong, fmt.Sprintf("missed: a %s at %.2f s, %d frames", t.kind, float64(t.from)/shotRate, t.to-t.from))
		} else {
			s.hit[t.kind]++
			used[best] = true
		}
	}
	for n, u := range used {
		if !u {
			s.alarms++
			s.wrong = append(s.wrong, fmt.Sprintf("false: a change at %.2f s", found[n]/shotRate))
		}
	}
	return s
}

func f1(hit, missed, alarms int) float64 {
	if hit == 0 {
		return 0
	}
	return 2 * float64(hit) / float64(2*hit+missed+alarms)
}

// cuts is F1 over hard cuts: what was found elsewhere counts against it, unless it is a dissolve or fade.
func (s score) cuts() float64 { return f1(s.hit["cut"], s.missed["cut"], s.alarms) }

func (s score) all() float64 {
	hit, missed := 0, 0
	for _, k := range []string{"cut", "dissolve", "fade"} {
		hit, missed = hit+s.hit[k], missed+s.missed[k]
	}
	return f1(hit, missed, s.alarms)
}

// String tells the counts.
func (s score) String() string {
	var out []string
	for _, k := range []string{"cut", "dissolve", "fade"} {
		out = append(out, fmt.Sprintf("%s %d of %d", k, s.hit[k], s.hit[k]+s.missed[k]))
	}
	return strings.Join(out, ", ") + fmt.Sprintf(", %d false", s.alarms)
}

// peerScript prints the first frames of the scenes that each detector finds, with default settings.
const peerScript = `
import json, sys
from scenedetect import detect, AdaptiveDetector, ContentDetector, HashDetector, HistogramDetector, ThresholdDetector
make = {"adaptive": AdaptiveDetector, "content": ContentDetector, "hash": HashDetector, "histogram": HistogramDetector, "threshold": ThresholdDetector}
out = {}
for name, new in make.items():
    out[name] = [int(s[0].frame_num) for s in detect(sys.argv[1], new())][1:]
print(json.dumps(out))
`

// peerShots runs PySceneDetect's detectors over the same film.
func peerShots(ctx context.Context, b *bench, path string, truth []transition) error {
	python := filepath.Join(cacheDir(), "peers", "scenedetect", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		b.missing("shots: all, PySceneDetect", "", python+" is missing: make a venv there with scenedetect==0.7.2 and opencv-python-headless")
		return nil
	}
	cmd := exec.CommandContext(ctx, python, "-c", peerScript, path)
	cmd.Stderr = b.log
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("PySceneDetect: %w", err)
	}
	var found map[string][]float64
	if err := json.Unmarshal(out, &found); err != nil {
		return err
	}
	var names []string
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s := scored(truth, found[name])
		b.atLeast("shots: hard cuts, PySceneDetect "+name, s.cuts(), "F1", 0, "a peer, for comparison", s.String())
		b.atLeast("shots: all, PySceneDetect "+name, s.all(), "F1", 0, "a peer, for comparison", s.String())
	}
	return nil
}
