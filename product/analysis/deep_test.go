package analysis_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"showreel/engine/blob"
	"showreel/engine/speech"
	"showreel/engine/speech/remotespeech"
	"showreel/engine/speech/speechtest"
	"showreel/media"
	"showreel/platform/sidecar/sidecartest"
	"showreel/platform/sqldb"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// deep skips what takes minutes, unless the long tests run.
func deep(t *testing.T) {
	t.Helper()
	if os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
		t.Skip("SHOWREEL_TEST_DEEP=1 runs it")
	}
}

// real opens the room with ears that are the real models in the real program.
func real(t *testing.T) *stack {
	t.Helper()
	driver := remotespeech.New(sidecartest.Program(t, "speech", "whisper-base", "silero-vad", "resemblyzer"))
	return open(t, t.TempDir(), func(d *analysis.Deps) { d.Speech = speech.New(driver) })
}

// soundAsset puts 16 kHz sound into the library as ingest leaves it; at reads what is not zero in it.
func (s *stack) soundAsset(t *testing.T, samples int64, body io.Reader) media.Ref {
	t.Helper()
	ctx := system(t)
	sha := fmt.Sprintf("%064d", sqldb.NowMS())
	a, err := s.lib.Create(ctx, library.NewAsset{Kind: media.Audio, Name: "sound.flac", Original: &library.VersionIn{SHA256: sha, Key: "main/src/00/" + sha, Bytes: 1,
		Info: media.Info{Kind: media.Audio, Duration: media.FromTicks(samples, speech.SampleRate), Streams: []media.Stream{{Index: 0, Type: "audio"}}}}})
	must(t, err)
	head := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data")
	head = binary.LittleEndian.AppendUint32(head, uint32(2*samples))
	_, err = s.blobs.Processed.Put(ctx, fmt.Sprintf("main/x/%s/1/speech.wav", a.ID), io.MultiReader(bytes.NewReader(head), body), blob.PutOptions{Size: int64(len(head)) + 2*samples})
	must(t, err)
	return a.Ref()
}

func pcmBytes(pcm []int16) []byte {
	out := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

// zeros is silence without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestNoWordsWhereNobodySpeaks listens to ten minutes of each generated sound in which nobody speaks.
func TestNoWordsWhereNobodySpeaks(t *testing.T) {
	deep(t)
	s := real(t)
	total := 0
	for _, sound := range speechtest.Speechless(600) {
		ref := s.soundAsset(t, int64(len(sound.PCM)), bytes.NewReader(pcmBytes(sound.PCM)))
		_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Sound, analysis.Speech}})
		must(t, err)
		s.endedWithin(t, ref, 20*time.Minute)
		said := s.said(t, ref)
		total += len(strings.Fields(said))
		if n := len(strings.Fields(said)); n > 1 {
			t.Errorf("ten minutes of %s say %d words: %s", sound.Name, n, said)
		}
	}
	t.Logf("%d words in 90 minutes", total)
}

func (s *stack) said(t *testing.T, ref media.Ref) string {
	t.Helper()
	list, err := s.lib.Annotations(system(t), ref, media.TrackSpeech)
	must(t, err)
	var out []string
	for _, a := range list {
		out = append(out, a.Text)
	}
	return strings.Join(out, " ")
}

// endedWithin waits for the end of an asset's run; all of it must be done.
func (s *stack) endedWithin(t *testing.T, ref media.Ref, patience time.Duration) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		o, err := s.Analysis(system(t), ref.Asset, ref.Version)
		must(t, err)
		if o.Over() {
			for _, a := range o.Abilities {
				if a.State == analysis.Failed || a.State == analysis.Unavailable {
					t.Errorf("%s is %s: %s", a.Ability, a.State, a.Text)
				}
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it has not ended: %+v", o)
		}
	}
}

// memoryMB reads a process's memory: VmHWM is the most that it has held, VmRSS what it holds.
func memoryMB(t *testing.T, pid, what string) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0 // it has ended
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, what+":"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			must(t, err)
			return kb >> 10
		}
	}
	return 0
}

func childrenOf(t *testing.T, pid int) (out []string) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	must(t, err)
	for _, f := range tasks {
		raw, err := os.ReadFile(f)
		if err == nil {
			out = append(out, strings.Fields(string(raw))...)
		}
	}
	return out
}

// TestTenHourLecture listens to ten hours in which somebody says a sentence every half hour: each is heard, where it is, and
// neither the room nor the program holds more memory than for a short sound.
func TestTenHourLecture(t *testing.T) {
	deep(t)
	prompts, truth := speechtest.Joined(speechtest.Prompts(t, "en", "conf-getpin", "vm-sorry", "agent-alreadyon"), 0.6)
	const every, times = 1800, 20
	s := real(t)
	var parts []io.Reader
	for range times {
		parts = append(parts, io.LimitReader(zeros{}, 2*(every*speech.SampleRate-int64(len(prompts)))), bytes.NewReader(pcmBytes(prompts)))
	}
	ref := s.soundAsset(t, every*times*speech.SampleRate, io.MultiReader(parts...))
	debug.FreeOSMemory()
	must(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)) // the peak counts from here, proc(5)
	before := memoryMB(t, "self", "VmRSS")
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Sound, analysis.Speech, analysis.Speakers}})
	must(t, err)
	program := 0
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			for _, pid := range childrenOf(t, os.Getpid()) {
				program = max(program, memoryMB(t, pid, "VmHWM"))
			}
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	s.endedWithin(t, ref, 20*time.Minute)
	close(stop)
	<-done
	room := memoryMB(t, "self", "VmHWM") - before
	t.Logf("the room held %d MB more than before, the program %d MB", room, program)
	if room > 400 || program > 1200 || program == 0 {
		t.Errorf("the room held %d MB more than before (at most 400), the program %d (at most 1200)", room, program)
	}
	list, err := s.lib.Annotations(system(t), ref, media.TrackSpeech)
	must(t, err)
	found := make([]string, times)
	for _, a := range list {
		n := int(a.Range.Start / (every * media.Second))
		if from := media.Time(n+1)*every*media.Second - media.FromTicks(int64(len(prompts)), speech.SampleRate); a.Range.Start < from-media.Second {
			t.Errorf("%q at %.1f s, where nobody speaks", a.Text, a.Range.Start.Seconds())
		}
		found[n] += " " + a.Text
	}
	for n, said := range found {
		if wrong, words := speechtest.WordErrors(truth, said); wrong*100 > words*15 {
			t.Errorf("half hour %d: %d of %d words wrong: %q", n, wrong, words, said)
		}
	}
}
