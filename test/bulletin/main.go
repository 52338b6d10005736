// Command bulletin renders the news bulletin of the sample library from script.yaml: packaged voices speak it in turn over
// sample pictures that move slowly, with lower thirds, a sign in the scene, cuts, dissolves, fades, and music under the
// speech. Beside the film it writes truth.json: every word with its time, the turns, the captions and the boundaries of
// shots, exact because they were made, not measured. The film is synthetic and says so; it is no measure of real news.
//
//	go run ./test/bulletin -samples DIR -ai PATH/showreel-ai -out DIR
//
// The same script, samples and voices give the same film; a film that is there already is left as it is.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"showreel/platform/child"
)

// edition changes when the program renders differently.
const edition = "1"

type options struct {
	samples, ai, models, native, out string
	await                            time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bulletin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	s, err := readScript()
	if err != nil {
		return err
	}
	made, err := awaited(ctx, o, s)
	if err != nil {
		return err
	}
	if there(o, made) {
		fmt.Println("The bulletin is there already.")
		return nil
	}
	return render(ctx, o, s, made)
}

func parse(args []string) (options, error) {
	cache := os.Getenv("SHOWREEL_CACHE")
	if dir, err := os.UserCacheDir(); cache == "" && err == nil {
		cache = filepath.Join(dir, "showreel")
	}
	var o options
	set := flag.NewFlagSet("bulletin", flag.ContinueOnError)
	set.StringVar(&o.samples, "samples", filepath.Join(cache, "samples"), "folder of the sample library")
	set.StringVar(&o.ai, "ai", "bin/showreel-ai", "the program that speaks")
	set.StringVar(&o.models, "models", filepath.Join(cache, "models"), "folder of models")
	set.StringVar(&o.native, "native", filepath.Join(cache, "native"), "folder of native libraries")
	set.StringVar(&o.out, "out", "", "folder for bulletin.mp4 and bulletin.truth.json; \"\" is the samples'")
	set.DurationVar(&o.await, "await", 0, "how long to wait for voices and samples that are still being brought")
	err := set.Parse(args)
	if o.out == "" {
		o.out = o.samples
	}
	for _, p := range []*string{&o.samples, &o.ai, &o.models, &o.native, &o.out} {
		if abs, e := filepath.Abs(*p); e == nil {
			*p = abs
		}
	}
	return o, err
}

func (o options) film() string  { return filepath.Join(o.out, "bulletin.mp4") }
func (o options) facts() string { return filepath.Join(o.out, "bulletin.truth.json") }

// awaited is the fingerprint, as soon as everything it needs is there.
func awaited(ctx context.Context, o options, s script) (string, error) {
	for end := time.Now().Add(o.await); ; {
		made, err := fingerprint(o, s)
		if err == nil || !errors.Is(err, os.ErrNotExist) || time.Now().After(end) {
			return made, err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

// fingerprint is the hash of the script, this program's edition, the pictures and the voices.
func fingerprint(o options, s script) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, edition, sha256.Sum256(source))
	var files []string
	for _, m := range s.Music {
		files = append(files, filepath.Join(o.samples, m))
	}
	for _, st := range s.Stories {
		files = append(files, filepath.Join(o.models, s.Voices[st.Speaker].Voice, "model.onnx"))
		for _, p := range st.Pictures {
			if p.File != "studio" {
				files = append(files, filepath.Join(o.samples, p.File))
			}
		}
	}
	done := map[string]bool{}
	for _, path := range files {
		if done[path] {
			continue
		}
		done[path] = true
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("%w: the sample library and the voices come first", err)
		}
		_, err = io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// there reports a whole film made from the same things.
func there(o options, made string) bool {
	raw, err := os.ReadFile(o.facts())
	var t truth
	if err != nil || json.Unmarshal(raw, &t) != nil || t.Made != made {
		return false
	}
	_, err = os.Stat(o.film())
	return err == nil
}

func render(ctx context.Context, o options, s script, made string) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	said, credits, err := speakAll(ctx, o, s)
	if err != nil {
		return err
	}
	bed, err := music(ctx, o.samples, s.Music)
	if err != nil {
		return err
	}
	l, err := openLetters()
	if err != nil {
		return err
	}
	t := &truth{Made: made, Title: s.Title, FPS: fps, Voices: credits, Frames: said[len(said)-1].first + said[len(said)-1].frames,
		Synthetic: "spoken by synthetic voices, pictures and captions put together by a program", Licence: "script and editing CC0-1.0; pictures, music and voices by their own terms, so the film as a whole CC-BY-3.0"}
	f := &film{o: o, letters: l, title: s.Title, shots: plan(s, said), truth: t}
	f.speech(s, said)
	f.bandsOf(s, said)
	sound := filepath.Join(o.out, ".bulletin.s16")
	defer os.Remove(sound)
	if err := os.WriteFile(sound, bytesOf(mix(said, bed)), 0o600); err != nil {
		return err
	}
	if err := encode(ctx, o, f, sound); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.facts()+".tmp", append(raw, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %.1f s, %d words, %d boundaries, %d captions\n", o.film(), float64(t.Frames)/fps, len(t.Words), len(t.Boundaries), len(t.Captions))
	return os.Rename(o.facts()+".tmp", o.facts())
}

// encode paints the film into ffmpeg. One thread and bitexact flags: the same pictures give the same file.
func encode(ctx context.Context, o options, f *film, sound string) error {
	r, w, err := os.Pipe() // the frames' 11 GB go to the encoder without a copy in between
	if err != nil {
		return err
	}
	painted := make(chan error, 1)
	go func() { painted <- errors.Join(f.paint(ctx, w, f.truth.Frames), w.Close()) }()
	part := o.film() + ".part.mp4"
	defer os.Remove(part)
	_, err = child.Run(ctx, child.Spec{Path: "ffmpeg", NoNetwork: true, Stdin: r, Wall: 30 * time.Minute, Args: []string{"-v", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "rgba", "-s", fmt.Sprintf("%dx%d", wide, high), "-r", strconv.Itoa(fps), "-i", "-",
		"-f", "s16le", "-ar", strconv.Itoa(soundRate), "-ac", "1", "-i", sound,
		"-vf", "scale=out_color_matrix=bt709:flags=fast_bilinear,format=yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "23", "-threads", "1", "-g", "50", "-c:a", "aac", "-b:a", "128k",
		"-map_metadata", "-1", "-metadata", "title=" + f.title, "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart", part}})
	_ = r.Close() // if the encoder ended early, so does the painting
	if err = errors.Join(<-painted, err); err != nil {
		return err
	}
	return os.Rename(part, o.film())
}

// samples gathers little-endian signed 16 bit samples.
type samples struct{ raw []byte }

// Write implements io.Writer.
func (s *samples) Write(p []byte) (int, error) { s.raw = append(s.raw, p...); return len(p), nil }

func (s *samples) floats() []float32 {
	out := make([]float32, len(s.raw)/2)
	for n := range out {
		out[n] = float32(int16(binary.LittleEndian.Uint16(s.raw[2*n:]))) / 32_768
	}
	return out
}

func bytesOf(pcm []int16) []byte {
	out := make([]byte, 2*len(pcm))
	for n, v := range pcm {
		binary.LittleEndian.PutUint16(out[2*n:], uint16(v))
	}
	return out
}
