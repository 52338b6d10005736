package speechtest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/speech"
)

// Prompt is a recorded text.
type Prompt struct {
	Name string
	Text string
	PCM  []int16 // 16 kHz
}

// Cache is the folder that set-up fills: SHOWREEL_CACHE, or its default.
func Cache() string {
	if dir := os.Getenv("SHOWREEL_CACHE"); dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "showreel")
}

// Prompts loads recorded prompts by name, all with a transcript when no name is given. Without the files the test is
// skipped, or fails where everything must be there (SHOWREEL_TEST_FULL=1).
func Prompts(t testing.TB, language string, names ...string) []Prompt {
	t.Helper()
	out, err := LoadPrompts(filepath.Join(Cache(), "prompts", language), names...)
	if err != nil {
		absent(t, fmt.Sprintf("no spoken prompts (%v); tools/speech/prompts.sh brings them", err))
	}
	return out
}

// absent skips a test, or fails it where everything must be there.
func absent(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("SHOWREEL_TEST_FULL") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// LoadPrompts reads prompts of a folder that tools/speech/prompts.sh made, in the order of the transcripts.
func LoadPrompts(dir string, names ...string) ([]Prompt, error) {
	f, err := os.Open(filepath.Join(dir, "transcripts.txt"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	var out []Prompt
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, text, ok := strings.Cut(lines.Text(), ":")
		if text = strings.TrimSpace(text); !ok || strings.HasPrefix(name, ";") || text == "" || strings.ContainsAny(text, "[(<") || len(names) > 0 && !wanted[name] {
			continue
		}
		pcm, err := ReadWAV(filepath.Join(dir, name+".wav"))
		if errors.Is(err, os.ErrNotExist) && len(names) == 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Prompt{name, text, pcm})
	}
	if len(names) > 0 && len(out) != len(names) {
		return nil, fmt.Errorf("%d of the prompts %v have a transcript", len(out), names)
	}
	return out, lines.Err()
}

// ReadWAV reads mono 16 bit sound of 8 or 16 kHz as 16 kHz.
func ReadWAV(path string) ([]int16, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(raw) < 12 || string(raw[:4]) != "RIFF" || string(raw[8:12]) != "WAVE" {
		return nil, fmt.Errorf("%s: %w", path, io.ErrUnexpectedEOF)
	}
	hertz := 0
	for at := 12; at+8 <= len(raw); {
		id, size := string(raw[at:at+4]), int(binary.LittleEndian.Uint32(raw[at+4:]))
		body := raw[at+8 : min(at+8+size, len(raw))]
		switch {
		case id == "fmt " && len(body) >= 16:
			if binary.LittleEndian.Uint16(body[2:]) != 1 || binary.LittleEndian.Uint16(body[14:]) != 16 {
				return nil, fmt.Errorf("%s: not mono 16 bit", path)
			}
			hertz = int(binary.LittleEndian.Uint32(body[4:]))
		case id == "data":
			pcm := make([]int16, len(body)/2)
			for n := range pcm {
				pcm[n] = int16(binary.LittleEndian.Uint16(body[2*n:]))
			}
			switch hertz {
			case speech.SampleRate:
				return pcm, nil
			case speech.SampleRate / 2:
				return doubled(pcm), nil
			}
			return nil, fmt.Errorf("%s: %d Hz", path, hertz)
		}
		at += 8 + size + size%2
	}
	return nil, fmt.Errorf("%s: no sound", path)
}

// doubled raises 8 kHz to 16 kHz: the samples between are interpolated by a windowed sinc of 32 neighbours.
func doubled(pcm []int16) []int16 {
	const half = 16
	var taps [2 * half]float64
	for n := range taps {
		x := float64(n-half) + 0.5
		taps[n] = math.Sin(math.Pi*x) / (math.Pi * x) * (0.5 + 0.5*math.Cos(math.Pi*x/half))
	}
	out := make([]int16, 2*len(pcm))
	for n, v := range pcm {
		out[2*n] = v
		sum := 0.0
		for k, tap := range taps {
			if at := n + k - half + 1; at >= 0 && at < len(pcm) {
				sum += tap * float64(pcm[at])
			}
		}
		out[2*n+1] = int16(max(-32768, min(32767, math.Round(sum))))
	}
	return out
}

// Joined puts prompts one after the other with so many seconds of silence between, and their texts.
func Joined(prompts []Prompt, pause float64) (pcm []int16, text string) {
	gap := make([]int16, int(pause*speech.SampleRate))
	var words []string
	for _, p := range prompts {
		pcm = append(append(pcm, p.PCM...), gap...)
		words = append(words, p.Text)
	}
	return pcm, strings.Join(words, " ")
}
