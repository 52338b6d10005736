package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"showreel/engine/speech"
	"showreel/engine/speech/remotespeech"
	"showreel/engine/speech/speechtest"
	"showreel/platform/sidecar"
)

// listener is the speech engine in its built program, on one thread.
func listener(ctx context.Context, b *bench) (*speech.Service, speech.Caps, func(), error) {
	client := sidecar.New(aiProgram(b.dir, "speech"))
	s := speech.New(remotespeech.New(client))
	caps, err := s.Caps(ctx)
	if err == nil && caps.Transcribe == "" {
		err = errors.New(caps.Missing["transcribe"])
	}
	if err != nil {
		_ = client.Close()
		return nil, caps, nil, fmt.Errorf("speech: %w (make build; showreel models install default)", err)
	}
	return s, caps, func() { _ = client.Close() }, nil
}

// benchSpeech measures words of recorded English telephone prompts (8 kHz, one speaker), in both tiers.
func benchSpeech(ctx context.Context, b *bench) error {
	s, caps, done, err := listener(ctx, b)
	if err != nil {
		return err
	}
	defer done()
	return benchWords(ctx, b, s, caps)
}

// aiProgram runs the built showreel-ai in a role.
func aiProgram(dir, role string) *sidecar.Local {
	return sidecar.NewLocal(sidecar.LocalOptions{Name: role, Path: helperProgram(), Dir: dir, Start: time.Minute, Args: []string{"serve", "--roles", role, "--listen", "unix:%SOCKET%",
		"--models", filepath.Join(speechtest.Cache(), "models"), "--native", filepath.Join(speechtest.Cache(), "native")}})
}

// piece is a sound to be written down.
type piece struct {
	pcm   []int16
	truth string
}

// pieces joins prompts of a language to pieces of about a minute, up to a number of words; 0.6 s of silence lie between.
func pieces(b *bench, language string, words int) []piece {
	prompts, err := speechtest.LoadPrompts(filepath.Join(speechtest.Cache(), "prompts", language))
	if err != nil {
		b.say("spoken prompts (%s) are not there: tools/speech/prompts.sh brings them", language)
		return nil
	}
	var out []piece
	var part []speechtest.Prompt
	length, count := 0, 0
	for _, p := range prompts {
		if len(p.PCM) < 3*speech.SampleRate { // single words without a sentence are another task
			continue
		}
		part, length, count = append(part, p), length+len(p.PCM), count+len(speechtest.Normal(p.Text))
		if length > 60*speech.SampleRate || count >= words {
			pcm, truth := speechtest.Joined(part, 0.6)
			out, part, length = append(out, piece{pcm, truth}), nil, 0
		}
		if count >= words {
			break
		}
	}
	return out
}

// heard is the outcome over some pieces.
type heard struct {
	wrong, words int
	sound, cpu   float64 // seconds
	wall         time.Duration
	mistakes     []mistake
}

func (h heard) wer() float64  { return 100 * float64(h.wrong) / float64(max(h.words, 1)) }
func (h heard) cost() float64 { return h.cpu / h.sound }

func listen(ctx context.Context, b *bench, s *speech.Service, of []piece, o speech.Options) (h heard, err error) {
	begun := time.Now()
	for _, p := range of {
		t, err := s.Transcribe(ctx, p.pcm, o)
		if err != nil {
			return h, err
		}
		wrong, words := speechtest.WordErrors(p.truth, speechtest.Text(t))
		if wrong > 0 {
			h.mistakes = append(h.mistakes, misheard(p.truth, speechtest.Text(t))...)
		}
		h.wrong, h.words = h.wrong+wrong, h.words+words
		h.sound, h.cpu = h.sound+float64(len(p.pcm))/speech.SampleRate, h.cpu+float64(t.CPUms)/1000
	}
	for _, m := range h.mistakes {
		b.say("  %s", m.text)
	}
	h.wall = time.Since(begun)
	return h, nil
}

func benchWords(ctx context.Context, b *bench, s *speech.Service, caps speech.Caps) error {
	words := 450
	if b.quick {
		words = 100
	}
	b.on = about{ability: "speech", model: caps.Transcribe}
	english := pieces(b, "en", words)
	if english == nil {
		b.missing("speech WER, accurate", "<= 3", "the spoken prompts are missing; tools/speech/prompts.sh brings them")
		return nil
	}
	accurate, err := listen(ctx, b, s, english, speech.Options{Language: "en"})
	if err != nil {
		return err
	}
	fast, err := listen(ctx, b, s, english, speech.Options{Language: "en", Tier: speech.Fast})
	if err != nil {
		return err
	}
	peer, against := fasterWhisper(ctx, b, english)
	set := fmt.Sprintf("%d words of asterisk-core-sounds-en prompts, %.0f s of 8 kHz, one speaker", accurate.words, accurate.sound)
	b.searched("speech", set+"; accurate tier, clean and in the conditions that were measured")
	for _, m := range accurate.mistakes {
		b.mistaken("speech", m.weight+0.5, "%s", m.text)
	}
	b.on = about{ability: "speech", test: set, model: caps.Transcribe, cpu: seconds(accurate.cpu), wall: accurate.wall}
	b.atMost("speech WER, accurate", accurate.wer(), "%", 3, peerWords(against, "%.2f %%", peer.wer()), fmt.Sprintf("%d wrong", accurate.wrong))
	b.atMost("speech cost, accurate", accurate.cost(), "CPU-s/s", 0.15, peerWords(against, "%.3f CPU-s/s", peer.cost()), "one thread")
	b.on.model, b.on.cpu, b.on.wall = caps.Fast, seconds(fast.cpu), fast.wall
	b.atMost("speech WER, fast", fast.wer(), "%", 10, peerWords(against, "%.2f %%", peer.wer()), fmt.Sprintf("%d wrong", fast.wrong))
	b.atMost("speech cost, fast", fast.cost(), "CPU-s/s", 0.06, peerWords(against, "%.3f CPU-s/s", peer.cost()), "one thread")
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func peerWords(against, format string, value float64) string {
	if against == "" {
		return "faster-whisper: not there"
	}
	return against + " " + fmt.Sprintf(format, value)
}

// benchSilent counts words where nobody speaks.
func benchSilent(ctx context.Context, b *bench) error {
	s, caps, done, err := listener(ctx, b)
	if err != nil {
		return err
	}
	defer done()
	seconds := 120
	if b.quick {
		seconds = 20
	}
	words, minutes := 0, 0.0
	for _, sound := range speechtest.Speechless(seconds) {
		t, err := s.Transcribe(ctx, sound.PCM, speech.Options{Language: "en"})
		if err != nil {
			return err
		}
		if said := speechtest.Text(t); said != "" {
			b.say("  %s says %q", sound.Name, said)
			b.mistaken("speech", 5, "heard %q in %s", said, sound.Name)
		}
		words, minutes = words+len(speechtest.Normal(speechtest.Text(t))), minutes+float64(seconds)/60
	}
	b.on = about{ability: "speech", test: fmt.Sprintf("%.0f min of generated silence, noise, tones, clicks and music", minutes), synthetic: true, model: caps.Activity + ", " + caps.Transcribe}
	b.atMost("words heard where nobody speaks", float64(words)/minutes*10, "words/10 min", 1, "-", fmt.Sprintf("%d words", words))
	return nil
}

//go:embed peer_whisper.py
var peerWhisper string

// fasterWhisper lets faster-whisper 1.2.1 (CTranslate2, int8) hear the same pieces with the same model on one thread.
// Its environment lies in the cache; without it the peer is left out, and that is said.
func fasterWhisper(ctx context.Context, b *bench, of []piece) (heard, string) {
	python := filepath.Join(speechtest.Cache(), "peers", "speech", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		b.say("SKIPPED PEER: faster-whisper is not there; tools/speech/peer.sh %s brings it", filepath.Join(speechtest.Cache(), "peers"))
		return heard{}, ""
	}
	var sounds bytes.Buffer
	for _, p := range of {
		_ = binary.Write(&sounds, binary.LittleEndian, uint32(len(p.pcm))) // to memory
		_ = binary.Write(&sounds, binary.LittleEndian, p.pcm)
	}
	cmd := exec.CommandContext(ctx, python, "-c", peerWhisper, filepath.Join(speechtest.Cache(), "peers", "whisper-base"))
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	cmd.Stdin, cmd.Stderr = &sounds, b.log
	out, err := cmd.Output()
	var answers []struct {
		Text string
		CPU  float64
	}
	if err == nil {
		err = json.Unmarshal(out, &answers)
	}
	if err != nil || len(answers) != len(of) {
		b.say("SKIPPED PEER: faster-whisper does not run: %v", err)
		return heard{}, ""
	}
	var h heard
	for n, a := range answers {
		wrong, words := speechtest.WordErrors(of[n].truth, a.Text)
		h.wrong, h.words, h.cpu, h.sound = h.wrong+wrong, h.words+words, h.cpu+a.CPU, h.sound+float64(len(of[n].pcm))/speech.SampleRate
	}
	return h, "faster-whisper 1.2.1 base int8, same run:"
}
