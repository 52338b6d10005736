package analysis_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"showreel/engine/blob"
	"showreel/engine/blob/fileblob"
	"showreel/engine/flow"
	"showreel/engine/flow/dbosflow"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/engine/speech"
	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/budget"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

var schemas = []sqldb.Schema{outbox.Schema(), audit.Schema(), access.Schema(), library.Schema(), flow.Schema(), analysis.Schema()}

// stack is the room on real stores and a real workflow engine, with ears and eyes of its own.
type stack struct {
	*analysis.Service
	db    *sqldb.DB
	lib   *library.Service
	blobs blob.Stores
	flow  *flow.Engine
	out   *outbox.Outbox
	stop  func()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open starts the room over the folder; what an earlier one left there goes on.
func open(t *testing.T, dir string, change func(*analysis.Deps)) *stack {
	t.Helper()
	return openOn(t, dir, "sqlite:"+filepath.Join(dir, "showreel.db"), "sqlite:"+filepath.Join(dir, "flow.db"), change)
}

func openOn(t *testing.T, dir, dbURL, flowURL string, change func(*analysis.Deps)) *stack {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db, err := sqldb.Open(ctx, dbURL)
	must(t, err)
	for _, s := range schemas {
		must(t, db.Migrate(ctx, s))
	}
	store := func(name string) *blob.Store {
		d, err := fileblob.Open(filepath.Join(dir, "blobs", name))
		must(t, err)
		return blob.New(d, name)
	}
	kd, err := filekeys.Open(filepath.Join(dir, "keys"))
	must(t, err)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	trail := audit.New(db, keys.New(kd))
	acc, err := access.New(access.Deps{DB: db, Audit: trail})
	must(t, err)
	out := outbox.New(db)
	lib := library.New(library.Deps{DB: db, Outbox: out, Access: acc, Audit: trail})
	driver, err := dbosflow.Open(ctx, dbosflow.Options{URL: flowURL, Log: log})
	must(t, err)
	engine := flow.New(driver, db, flow.WithLog(log))
	deps := analysis.Deps{DB: db, Outbox: out, Blobs: blob.Stores{Raw: store("raw"), Processed: store("processed"), Generated: store("generated")},
		Flow: engine, Budget: budget.New(budget.Limits{Cores: 2}), Library: lib, Access: acc, Audit: trail,
		Keys: keys.New(kd), Speech: speech.New(&ears{}), Vision: vision.New(&eyes{}), Log: log}
	if change != nil {
		change(&deps)
	}
	s := analysis.New(deps)
	s.Flows(engine)
	lib.AlsoForget(s.Forget)
	lib.AlsoExport(s.PeoplePart())
	must(t, engine.Launch(ctx))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	st := &stack{Service: s, db: db, lib: lib, blobs: deps.Blobs, flow: engine, out: out}
	var stopped atomic.Bool
	st.stop = func() {
		if stopped.Swap(true) {
			return
		}
		closing, free := context.WithTimeout(context.Background(), 20*time.Second)
		defer free()
		if err := engine.Close(closing); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		acc.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(st.stop)
	return st
}

func as(t *testing.T, role string) context.Context {
	return access.With(t.Context(), access.Who{Tenant: "main", ID: "u-" + role, Kind: access.KindUser, Roles: []string{role}})
}

func system(t *testing.T) context.Context { return access.With(t.Context(), access.System("main")) }

// film puts a film of n seconds into the library as ingest leaves it: sound, pictures and two shots.
func (s *stack) film(t *testing.T, seconds int) media.Ref {
	t.Helper()
	return s.filmOf(t, seconds, media.Stream{Index: 0, Type: "video"}, media.Stream{Index: 1, Type: "audio"})
}

func (s *stack) filmOf(t *testing.T, seconds int, streams ...media.Stream) media.Ref {
	t.Helper()
	ctx := system(t)
	sha := fmt.Sprintf("%064d", sqldb.NowMS())
	a, err := s.lib.Create(ctx, library.NewAsset{Kind: media.Video, Name: "film.mp4", Original: &library.VersionIn{SHA256: sha, Key: "main/src/00/" + sha, Bytes: 1,
		Info: media.Info{Kind: media.Video, Duration: media.Time(seconds) * media.Second, Streams: streams}}})
	must(t, err)
	ref := a.Ref()
	prefix := fmt.Sprintf("main/x/%s/1/", a.ID)
	put := func(name string, data []byte) {
		_, err := s.blobs.Processed.Put(ctx, prefix+name, bytes.NewReader(data), blob.PutOptions{Size: int64(len(data))})
		must(t, err)
	}
	put("speech.wav", wav(seconds))
	for n := range seconds {
		put(fmt.Sprintf("frame/%d.jpg", n), picture(t, n))
	}
	half := media.Time(seconds) * media.Second / 2
	must(t, s.lib.PutAnnotations(ctx, ref, media.TrackShot, "job", []media.Annotation{
		{Range: media.Range{End: half}, Label: "shot", Model: "ffmpeg"}, {Range: media.Range{Start: half, End: 2 * half}, Label: "shot", Model: "ffmpeg"}}))
	return ref
}

// wav is a sound whose every sample says in which second it lies.
func wav(seconds int) []byte {
	var b bytes.Buffer
	data := seconds * speech.SampleRate * 2
	b.WriteString("RIFF")
	_ = binary.Write(&b, binary.LittleEndian, uint32(36+data)) // a buffer does not fail
	b.WriteString("WAVEfmt ")
	_ = binary.Write(&b, binary.LittleEndian, []any{uint32(16)}[0])
	for _, v := range []any{uint16(1), uint16(1), uint32(speech.SampleRate), uint32(2 * speech.SampleRate), uint16(2), uint16(16)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	_ = binary.Write(&b, binary.LittleEndian, uint32(data))
	for n := range seconds {
		_ = binary.Write(&b, binary.LittleEndian, bytes.Repeat([]byte{byte(n), byte(n >> 8)}, speech.SampleRate))
	}
	return b.Bytes()
}

func picture(t testing.TB, n int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 36))
	for y := range 36 {
		for x := range 64 {
			img.Set(x, y, color.RGBA{uint8(x*4 + n*40), uint8(y * 7), uint8(n * 30), 255})
		}
	}
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, img, nil))
	return b.Bytes()
}

// ears hear a word a second, but in every fourth.
type ears struct {
	calls atomic.Int64
	fail  func() error
	gone  atomic.Bool
	pause time.Duration
}

func (e *ears) Activity(_ context.Context, pcm []int16) ([]media.Range, error) {
	var out []media.Range
	for n := 0; n*speech.SampleRate < len(pcm); n++ {
		if pcm[n*speech.SampleRate]%4 != 3 {
			out = append(out, media.Range{Start: media.Time(n) * media.Second, End: media.Time(n)*media.Second + 900*media.Millisecond})
		}
	}
	return out, nil
}

func (e *ears) Transcribe(ctx context.Context, pcm []int16, o speech.Options) (speech.Transcript, error) {
	e.calls.Add(1)
	if e.fail != nil {
		if err := e.fail(); err != nil {
			return speech.Transcript{}, err
		}
	}
	select {
	case <-time.After(e.pause):
	case <-ctx.Done():
		return speech.Transcript{}, ctx.Err()
	}
	out := speech.Transcript{Language: "en", Model: "ears 1", CPUms: 7}
	last := int16(-1)
	for n, v := range pcm {
		if v == last || n+speech.SampleRate*3/4 > len(pcm) {
			continue
		}
		last = v
		if pcm[n+speech.SampleRate/2] != v { // the end of what is not meant
			continue
		}
		at := media.FromTicks(int64(n), speech.SampleRate)
		w := media.Word{Text: fmt.Sprintf("w%d", v), Start: at, End: at + 800*media.Millisecond, Score: 0.5}
		out.Utterances = append(out.Utterances, speech.Utterance{Range: media.Range{Start: w.Start, End: w.End}, Text: w.Text, Words: []media.Word{w}})
	}
	return out, nil
}

func (e *ears) Voices(_ context.Context, pcm []int16, windows []media.Range) ([][]float32, error) {
	var out [][]float32
	for _, w := range windows {
		if pcm[w.Start.Ticks(speech.SampleRate)]%8 < 4 {
			out = append(out, []float32{1, 0})
		} else {
			out = append(out, []float32{0, 1})
		}
	}
	return out, nil
}

func (e *ears) Caps(context.Context) (speech.Caps, error) {
	c := speech.Caps{Transcribe: "ears 1", Activity: "ears 1", Voices: "ears 1"}
	if e.gone.Load() {
		c.Transcribe, c.Missing = "", map[string]string{"transcribe": "Run showreel models install whisper-base."}
	}
	return c, nil
}

// eyes see a dog that walks and the label of the picture's brightness.
type eyes struct{ dead atomic.Bool }

func (e *eyes) Labels(_ context.Context, p [][]byte) ([]vision.Scene, error) {
	out := make([]vision.Scene, len(p))
	for n := range out {
		out[n] = vision.Scene{Labels: []vision.Label{{Name: "n1", Text: "park", Score: 0.6}, {Name: "n2", Text: "rare", Score: 0.05}}, Features: []float32{1, 0}}
	}
	return out, nil
}

func (e *eyes) Objects(_ context.Context, p [][]byte) ([][]vision.Object, error) {
	if e.dead.Load() {
		return nil, fault.Say("sidecar.call", "", fault.Unavailable, "helper-died", "The helper program ended while it worked on this.")
	}
	out := make([][]vision.Object, len(p))
	for n := range out {
		out[n] = []vision.Object{{Name: "dog", Score: 0.9, Box: media.Box{X: 0.1 + 0.02*float64(n), Y: 0.2, W: 0.3, H: 0.3}}}
	}
	return out, nil
}

func (e *eyes) Text(_ context.Context, p [][]byte) ([][]vision.Line, error) {
	out := make([][]vision.Line, len(p))
	for n := range out {
		out[n] = []vision.Line{{Text: []string{"BREAKING NEWS", "BREAKING NEW5"}[n%2], Score: 0.9 - 0.1*float64(n%2), Box: media.Box{X: 0.1, Y: 0.8, W: 0.5, H: 0.1}}}
	}
	return out, nil
}

func (e *eyes) Faces(_ context.Context, p [][]byte, o vision.FaceOptions) ([][]vision.Face, error) {
	out := make([][]vision.Face, len(p))
	for n := range out {
		out[n] = []vision.Face{{Box: media.Box{X: 0.4, Y: 0.4, W: 0.1, H: 0.1}, Score: 0.9}}
		if o.Vectors {
			out[n][0].Vector = []float32{1}
		}
	}
	return out, nil
}

func (e *eyes) Moderate(_ context.Context, p [][]byte) ([][]vision.Label, error) {
	out := make([][]vision.Label, len(p))
	for n := range out {
		out[n] = []vision.Label{{Name: "nudity", Text: "nudity", Score: 0.8}}
	}
	return out, nil
}

func (e *eyes) Boundaries(context.Context, []byte) ([]float32, error) { return nil, nil }

func (e *eyes) Caps(context.Context) (vision.Caps, error) {
	m := map[string]string{}
	for _, a := range []string{"labels", "objects", "text", "faces", "moderate"} {
		m[a] = "eyes 1"
	}
	return vision.Caps{Models: m}, nil
}

// ended waits until the version's run has ended.
func (s *stack) ended(t *testing.T, ref media.Ref) analysis.Overview {
	t.Helper()
	var o analysis.Overview
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		o, err = s.Analysis(system(t), ref.Asset, ref.Version)
		must(t, err)
		if o.Run != nil && o.Over() {
			return o
		}
	}
	t.Fatalf("the analysis does not end: %+v", o)
	return o
}

// timeline renders what machines wrote, without ids and runs.
func (s *stack) timeline(t *testing.T, ref media.Ref) []string {
	t.Helper()
	list, err := s.lib.Annotations(system(t), ref)
	must(t, err)
	out := []string{}
	for _, a := range list {
		out = append(out, fmt.Sprintf("%s %d-%d %s|%s|%s %.2f %v %d words %d spots", a.Track, a.Range.Start.MS(), a.Range.End.MS(), a.Label, a.Text, a.Model, a.Score, a.Box != nil, len(a.Words), len(a.Path)))
	}
	return out
}
