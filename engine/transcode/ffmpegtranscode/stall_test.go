package ffmpegtranscode_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/engine/transcode/transcodetest"
	"showreel/fault"
)

// fake is a program that answers questions as the real one does and does script for work.
func fake(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	body := "#!/bin/sh\ncase \"$2\" in -version|-encoders|-decoders|-filters) exec ffmpeg \"$@\";; esac\n" + script + "\n"
	if err := os.WriteFile(path, []byte(body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadEndsOfFFmpeg(t *testing.T) {
	tests := map[string]struct {
		script, code string
		kind         fault.Kind
	}{
		"reports the same frame for ever": {"while :; do echo frame=7; echo out_time_us=1000; echo progress=continue; sleep 0.05; done", "stalled", fault.Unavailable},
		"says nothing for ever":           {"sleep 60", "stalled", fault.Unavailable},
		"disk full":                       {"echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1", "disk-full", fault.Full},
		"damaged source":                  {"echo 'film.mp4: Invalid data found when processing input' >&2; exit 1", "source-damaged", fault.Corrupt},
		"a defect of ours":                {"echo 'Unrecognized option' >&2; exit 1", "child-exit", fault.Internal},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := ffmpegtranscode.New(t.Context(), ffmpegtranscode.Config{FFmpeg: fake(t, tt.script), Limits: ffmpegtranscode.Limits{StallAfter: 300 * time.Millisecond}})
			if err != nil {
				t.Fatal(err)
			}
			s := transcode.New(d)
			src := transcodetest.Film(t)
			info, err := s.Probe(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			p := transcodetest.Tiny(info)
			began := time.Now()
			_, err = s.Run(t.Context(), p, transcode.Task{ID: "chunk-0000", Kind: transcode.KindChunk, Frames: 24, Cores: 1, MemMB: 100}, transcode.Env{Source: src, WorkDir: t.TempDir()})
			if fault.CodeOf(err) != tt.code || !fault.Is(err, tt.kind) {
				t.Errorf("got %v (%s, %s)", err, fault.KindOf(err), fault.CodeOf(err))
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestMissingFFmpeg(t *testing.T) {
	_, err := ffmpegtranscode.New(t.Context(), ffmpegtranscode.Config{FFmpeg: "/no/such/ffmpeg"})
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "ffmpeg-missing" {
		t.Errorf("got %v", err)
	}
}
