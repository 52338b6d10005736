package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"showreel/test/world"
)

// wholeSeconds is the length of the clip that goes the whole way.
const wholeSeconds = 60

// benchWhole sends a clip the whole way through the real server with the real helpers: from the upload until its words
// can be read and everything is analysed, the ladder beside it; and once more, everything again, with the machine for itself.
func benchWhole(ctx context.Context, b *bench) error {
	b.on = about{ability: "whole", test: fmt.Sprintf("%d s of 1080p25: a bulletin of ours and Big Buck Bunny under its speech", wholeSeconds), synthetic: true}
	film := sampleFilm(b)
	bulletin := filepath.Join(cacheDir(), "samples", "bulletin.mp4")
	program := helperProgram()
	for _, path := range []string{film, bulletin, program} {
		if _, err := os.Stat(path); err != nil {
			b.missing("clip fully analysed", "<= 75", fmt.Sprintf("%q is missing (make build; make bulletin)", filepath.Base(path)))
			return nil
		}
	}
	load := settledLoad(ctx)
	clip := filepath.Join(b.dir, "whole.mp4")
	if err := wholeClip(ctx, film, bulletin, clip); err != nil {
		return err
	}
	for name, value := range map[string]string{"SHOWREEL_AI_PROGRAM": program, "SHOWREEL_AI_NATIVE": filepath.Join(cacheDir(), "native"), "SHOWREEL_MODELS_DIR": filepath.Join(cacheDir(), "models")} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
		defer os.Unsetenv(name)
	}
	s, stop, err := serve(ctx, filepath.Join(b.dir, "whole"))
	if err != nil {
		return err
	}
	defer stop()
	rounds := 3
	if b.quick {
		rounds = 1
	}
	w := wholeRun{b: b, s: s, clip: clip, load: load}
	if err := w.fresh(ctx); err != nil {
		return err
	}
	if err := w.again(ctx, rounds); err != nil {
		return err
	}
	return stop()
}

// helperProgram is the built showreel-ai.
func helperProgram() string {
	if path := os.Getenv("SHOWREEL_AI"); path != "" {
		return path
	}
	return filepath.Join(world.Root(), "bin", "showreel-ai")
}

// wholeClip is half a minute of the bulletin and half a minute of the film, 1080p, under a minute of the bulletin's sound.
func wholeClip(ctx context.Context, film, bulletin, path string) error {
	const fit = "fps=25,scale=1920:1080:flags=bicubic,setsar=1,format=yuv420p,setpts=PTS-STARTPTS"
	half := fmt.Sprint(wholeSeconds / 2)
	return ffmpeg(ctx, "-i", bulletin, "-i", film, "-filter_complex",
		"[0:v]trim=0:"+half+","+fit+"[a];[1:v]trim=0:"+half+","+fit+",tpad=stop_mode=clone:stop_duration=1,trim=0:"+half+"[b];[a][b]concat=n=2:v=1[v]",
		"-map", "[v]", "-map", "0:a", "-t", fmt.Sprint(wholeSeconds), "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "50", "-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart", path)
}

// standingsOf is what the bench reads of an asset's analysis.
type standingsOf struct {
	Run *struct {
		State string `json:"state"`
	} `json:"run"`
	Abilities []struct {
		Ability   string `json:"ability"`
		State     string `json:"state"`
		OnRequest bool   `json:"onRequest"` // not of the default set
		Text      string `json:"text"`
		CPUMS     int64  `json:"cpuMs"`
		WallMS    int64  `json:"wallMs"`
		StartedMS int64  `json:"startedMs"`
		EndedMS   int64  `json:"endedMs"`
		Found     int    `json:"found"`
	} `json:"abilities"`
}

// open reports whether something is still to be done.
func (o standingsOf) open() bool {
	if o.Run == nil || o.Run.State == "open" {
		return true
	}
	for _, a := range o.Abilities {
		if a.State == "" && !a.OnRequest || a.State == "waiting" || a.State == "running" {
			return true // pictures are asked for later than sound
		}
	}
	return false
}

type wholeRun struct {
	b     *bench
	s     *world.Server
	clip  string
	asset string
	load  float64 // of the machine before the clip was made
}

// await asks until everything is analysed. seen is called with each answer.
func (w *wholeRun) await(ctx context.Context, seen func(standingsOf)) (standingsOf, error) {
	for {
		var o standingsOf
		if err := w.s.JSON(ctx, http.MethodGet, "/v1/assets/"+w.asset+"/analysis", nil, &o); err != nil {
			return o, err
		}
		seen(o)
		if !o.open() {
			return o, nil
		}
		select {
		case <-ctx.Done():
			return o, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// fresh uploads the clip and measures when its words can be read and when all is analysed.
func (w *wholeRun) fresh(ctx context.Context) error {
	stop := watchHelpers(w.s.Pid())
	up, err := upload(ctx, w.s, w.clip, "whole.mp4")
	if err != nil {
		return err
	}
	w.asset = up.asset
	var words time.Duration
	o, err := w.await(ctx, func(o standingsOf) {
		for _, a := range o.Abilities {
			if a.Ability == "speech" && a.State == "done" && words == 0 {
				words = time.Since(up.end)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, w.s.Log())
	}
	all := time.Since(up.end)
	use := stop()
	_, at, err := waitJob(ctx, w.s, up.job, isDone)
	if err != nil {
		return err
	}
	failed := w.tell(o)
	if words == 0 {
		return fmt.Errorf("the words were never there: %s", failed)
	}
	note := fmt.Sprintf("the ladder beside it, which was ready after %.0f s", at.Sub(up.end).Seconds())
	w.b.on.cpu, w.b.on.wall = use.cpu, all
	w.clock("transcript of the clip visible after its upload", words.Seconds(), 15, "all of its words; "+note)
	w.clock("clip analysed after its upload, ladder and all", all.Seconds(), 150, note+failed)
	w.b.atMost("peak memory of all helpers", use.peakMB/1000, "GB", 1.5, "limit", "proportional set size of all showreel-ai processes at once, from the upload on: "+use.at)
	return nil
}

// again analyses everything again, with nothing beside it.
func (w *wholeRun) again(ctx context.Context, rounds int) error {
	var took []float64
	var cpu, peak float64
	var last standingsOf
	for range rounds {
		stop := watchHelpers(w.s.Pid())
		begun := time.Now()
		if err := w.s.JSON(ctx, http.MethodPost, "/v1/assets/"+w.asset+"/analysis", map[string]any{"mode": "all"}, nil); err != nil {
			return err
		}
		o, err := w.await(ctx, func(standingsOf) {})
		if err != nil {
			return fmt.Errorf("%w\n%s", err, w.s.Log())
		}
		took, last = append(took, time.Since(begun).Seconds()), o
		use := stop()
		cpu, peak = use.cpu.Seconds(), max(peak, use.peakMB)
	}
	failed := w.tell(last)
	w.b.on.cpu, w.b.on.wall = time.Duration(cpu*float64(time.Second)), time.Duration(median(took)*float64(time.Second))
	w.clock("clip fully analysed", median(took), 75, fmt.Sprintf("every default ability, again on the ready asset, median of %s; helpers %.0f CPU-s%s", listed(took), cpu, failed))
	w.b.atMost("clip fully analysed, processor time of the helpers", cpu, "CPU-s", 110, "limit", "of the 150 that two cores have in the 75 s that it may take"+failed)
	w.b.atMost("peak memory of all helpers, analysed again", peak/1000, "GB", 1.5, "limit", "the same, over the later runs")
	return nil
}

// clock reports a time on the clock, which says something on an idle machine only.
func (w *wholeRun) clock(name string, took, limit float64, note string) {
	if w.load > idleLoad {
		w.b.missing(name, fmt.Sprintf("<= %g", limit), fmt.Sprintf("the machine had other work (load %.0f), under which it took %.0f s; %s", w.load, took, note))
		return
	}
	w.b.atMost(name, took, "s", limit, "limit", note)
}

// idleLoad is the load average of the last minute up to which a machine counts as idle.
const idleLoad = 1.0

// settledLoad is the load once it is that of an idle machine, or after two minutes: what was built just before is still told.
func settledLoad(ctx context.Context) float64 {
	for end := time.Now().Add(2 * time.Minute); loadNow() > idleLoad && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return loadNow()
		case <-time.After(2 * time.Second):
		}
	}
	return loadNow()
}

// loadNow is the load average of the last minute (proc_loadavg(5)).
func loadNow() float64 {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// tell prints each ability's receipt and returns what did not work.
func (w *wholeRun) tell(o standingsOf) string {
	var failed []string
	first := int64(0)
	for _, a := range o.Abilities {
		if a.StartedMS > 0 && (first == 0 || a.StartedMS < first) {
			first = a.StartedMS
		}
	}
	for _, a := range o.Abilities {
		w.b.say("  %-11s %-11s from %5.1f to %5.1f s, pieces %5.1f s, told CPU %5.1f s, found %d %s", a.Ability, a.State, float64(a.StartedMS-first)/1000, float64(a.EndedMS-first)/1000,
			float64(a.WallMS)/1000, float64(a.CPUMS)/1000, a.Found, a.Text)
		if a.State != "done" && !(a.OnRequest && a.State == "") {
			failed = append(failed, a.Ability+" "+a.State)
		}
	}
	if len(failed) == 0 {
		return ""
	}
	slices.Sort(failed)
	return "; not done: " + strings.Join(failed, ", ")
}
