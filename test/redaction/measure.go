package redaction

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"showreel/engine/voice"
	"showreel/engine/voice/remotevoice"
	"showreel/media"
	"showreel/platform/sidecar"
	"showreel/test/world"
)

// Outcome is what became of one case.
type Outcome struct {
	Case
	Asset, ID string
	Missed    bool     // the secret was not marked: a detector's miss
	Left      []string // what is left where something was marked
	Leaks     []string // parts of a marked secret that lie outside its marks
	Marks     int
	Models    []string      // that marked something
	Heard     string        // of speech: what was written down
	Spent     time.Duration // from upload to draft
}

// Setup is where the product and its models are.
type Setup struct {
	Server  *world.Server
	Dir     string // for films
	Samples string
	Voice   *voice.Service // nil leaves speech out
}

// Voices starts the helper that speaks; call the second result at the end.
func Voices(program, models, native, dir string) (*voice.Service, func()) {
	local := sidecar.NewLocal(sidecar.LocalOptions{Name: "voice", Path: program, Dir: dir, MemMB: 2000, Start: 30 * time.Second,
		Args: []string{"serve", "--roles", "voice", "--models", models, "--native", native, "--listen", "unix:%SOCKET%"}})
	client := sidecar.New(local)
	return voice.New(remotevoice.New(client)), func() { _ = client.Close() }
}

type report struct {
	ID      string
	State   string
	Problem string
	Report  struct {
		Marks []struct {
			In, Kind, Model string
			StartMS, EndMS  int64
		}
		Silences []struct {
			StartMS, EndMS int64
			LeftDB         float64
		}
		Left []struct {
			In, Kind, Text string
			StartMS        int64
			Box            *media.Box
			Hidden         bool
		}
	}
}

// Measure makes a case's film, has the product hide what is in it, and counts what is left.
func (s Setup) Measure(ctx context.Context, c Case) (Outcome, error) {
	o := Outcome{Case: c}
	path, truth, err := c.Make(ctx, s.Dir, s.Samples, s.Voice)
	if err != nil {
		return o, err
	}
	defer os.Remove(path)
	began := time.Now()
	var added, analysed struct{ Asset string }
	if err := s.Command(ctx, &added, "add", path, "--template", smallTemplate, "--wait"); err != nil {
		return o, err
	}
	// Everything else that is told of a film by itself would take most of the time. Where it is done already there is nothing to end.
	if res, err := s.Server.Do(ctx, "POST", "/v1/assets/"+added.Asset+"/analysis/cancel", nil); err == nil {
		_ = res.Body.Close() // its status tells whether there was something to end
	}
	only := map[string]string{Speech: "speech,text,pii", Writing: "text,pii", Face: "shots"}[c.Family]
	if err := s.Command(ctx, &analysed, "analyze", added.Asset, "--only", only, "--wait"); err != nil {
		return o, err
	}
	o.Asset = analysed.Asset
	if c.Family == Speech {
		if err := s.heard(ctx, &o); err != nil {
			return o, err
		}
	}
	var r report
	what := "pii"
	if c.Family == Face {
		what = "faces"
	}
	if err := s.Command(ctx, &r, "redact", o.Asset, "--what", what, "--wait"); err != nil && !strings.Contains(err.Error(), "nothing was hidden") {
		return o, err
	}
	o.ID, o.Marks, o.Spent = r.ID, len(r.Report.Marks), time.Since(began)
	for _, m := range r.Report.Marks {
		if !slices.Contains(o.Models, m.Model) {
			o.Models = append(o.Models, m.Model)
		}
	}
	if r.State == "failed" {
		o.Missed = true
		if !strings.Contains(r.Problem, "nothing was hidden") {
			return o, fmt.Errorf("%s: %s", c.Name, r.Problem)
		}
		return o, nil
	}
	draft := path + ".draft.mp4"
	defer os.Remove(draft)
	if err := s.fetch(ctx, o.Asset, o.ID, draft); err != nil {
		return o, err
	}
	if c.Family == Speech {
		return o, o.hear(ctx, draft, r, truth)
	}
	return o, s.see(ctx, &o, path, draft, r, truth)
}

// heard keeps the transcript, which says why something was missed.
func (s Setup) heard(ctx context.Context, o *Outcome) error {
	var notes struct{ Items []struct{ Text string } }
	err := s.Server.JSON(ctx, "GET", "/v1/assets/"+o.Asset+"/annotations?track=speech", nil, &notes)
	for _, n := range notes.Items {
		o.Heard += n.Text + " / "
	}
	return err
}

// fetch brings a draft here.
func (s Setup) fetch(ctx context.Context, asset, id, path string) error {
	res, err := s.Server.Do(ctx, "GET", "/v1/assets/"+asset+"/redactions/"+id+"/file", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		return fmt.Errorf("the draft cannot be fetched: %s %w", res.Status, err)
	}
	return os.WriteFile(path, raw, 0o600)
}

// MeasureAll measures cases, two at a time, and tells of each as it is done.
func (s Setup) MeasureAll(ctx context.Context, cases []Case, did func(Outcome, error)) {
	type done struct {
		Outcome
		err error
	}
	next, results := make(chan Case, len(cases)), make(chan done)
	for _, c := range cases {
		next <- c
	}
	close(next)
	for range 2 {
		go func() {
			for c := range next {
				o, err := s.Measure(ctx, c)
				results <- done{o, err}
			}
		}()
	}
	for range cases {
		o := <-results
		did(o.Outcome, o.err)
	}
}

// smallTemplate is that of films which are only looked at closely.
const smallTemplate = "redaction-test"

// Prepare makes what cases need on the server.
func (s Setup) Prepare(ctx context.Context) error {
	var t map[string]any
	if err := s.Server.JSON(ctx, "GET", "/v1/templates/mobile", nil, &t); err != nil {
		return err
	}
	t["name"] = smallTemplate
	if video, ok := t["video"].(map[string]any); ok {
		video["preset"], video["rungs"] = "ultrafast", []map[string]any{{"size": 240, "maxKbps": 350}}
	}
	return s.Server.JSON(ctx, "PUT", "/v1/templates/"+smallTemplate, t, nil)
}

// Command runs a command of the product against the server and decodes what it prints.
func (s Setup) Command(ctx context.Context, out any, args ...string) error {
	stdout, stderr, err := world.Run(ctx, append([]string{"--server", s.Server.URL, "--key", s.Server.Key, "--json"}, args...)...)
	if jsonErr := json.Unmarshal([]byte(stdout), out); jsonErr != nil && err == nil {
		return fmt.Errorf("%s: %w: %s", args[0], jsonErr, stdout)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", args[0], err, stderr)
	}
	return nil
}

// quietDB is the level in dBFS below which nothing is left in a stretch of hidden sound.
const quietDB = -45

// hear judges what was said by the energy in the finished sound.
func (o *Outcome) hear(ctx context.Context, path string, r report, truth Truth) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-i", path, "-map", "0:a", "-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:1")
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return err
	}
	for _, q := range r.Report.Silences {
		if l := level(out.Bytes(), float64(q.StartMS)/1000+0.02, float64(q.EndMS)/1000-0.02); l > quietDB {
			o.Left = append(o.Left, fmt.Sprintf("%.0f dBFS in %d-%d ms", l, q.StartMS, q.EndMS))
		}
	}
	o.Missed = true
	for _, t := range truth.Said {
		for _, q := range r.Report.Silences {
			if q.StartMS < t.End.MS() && q.EndMS > t.Start.MS() {
				o.Missed = false
			}
		}
	}
	for _, t := range truth.Said {
		if l := level(out.Bytes(), t.Start.Seconds(), t.End.Seconds()); !o.Missed && l > quietDB {
			o.Leaks = append(o.Leaks, fmt.Sprintf("%.0f dBFS in the secret at %d-%d ms, hidden %v", l, t.Start.MS(), t.End.MS(), r.Report.Silences))
		}
	}
	return nil
}

// level is that of the loudest fiftieth of a second besides a tone of 1 kHz.
func level(pcm []byte, from, to float64) float64 {
	const rate, block = 16000, 320
	worst := 0.0
	for at := int(from * rate); at+block <= int(to*rate) && 2*(at+block) <= len(pcm); at += block {
		var a, b, sum float64
		for n := range block {
			v := float64(int16(binary.LittleEndian.Uint16(pcm[2*(at+n):]))) / 32768
			sin, cos := math.Sincos(2 * math.Pi * 1000 * float64(n) / rate)
			a, b, sum = a+v*sin, b+v*cos, sum+v*v
		}
		worst = max(worst, (sum-2*(a*a+b*b)/block)/block)
	}
	return 10 * math.Log10(max(worst, 1e-10))
}
