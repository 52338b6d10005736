package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
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

// benchSpeech measures words: recorded telephone prompts in English and French (8 kHz, one speaker a language), and
// generated sound in which nobody speaks. All of it runs through the built showreel-ai on one thread.
func benchSpeech(ctx context.Context, b *bench) error {
	client := sidecar.New(aiProgram(b.dir, "speech"))
	defer func() { _ = client.Close() }()
	s := speech.New(remotespeech.New(client))
	caps, err := s.Caps(ctx)
	if err != nil || caps.Transcribe == "" {
		b.say("speech is skipped: %v %v (make build; showreel models install whisper-base)", caps.Missing["transcribe"], err)
		return nil
	}
	if err := benchWords(ctx, b, s, caps); err != nil {
		return err
	}
	if err := benchWordTimes(ctx, b, s); err != nil {
		return err
	}
	return benchSpeechless(ctx, b, s)
}

// aiProgram runs bin/showreel-ai of the repository in a role.
func aiProgram(dir, role string) *sidecar.Local {
	program, err := filepath.Abs("bin/showreel-ai")
	if err != nil {
		program = "showreel-ai"
	}
	return sidecar.NewLocal(sidecar.LocalOptions{Name: role, Path: program, Dir: dir, Start: time.Minute, Args: []string{"serve", "--roles", role, "--listen", "unix:%SOCKET%",
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
}

func (h heard) wer() float64  { return 100 * float64(h.wrong) / float64(max(h.words, 1)) }
func (h heard) cost() float64 { return h.cpu / h.sound }

func listen(ctx context.Context, b *bench, s *speech.Service, of []piece, o speech.Options) (h heard, err error) {
	for _, p := range of {
		t, err := s.Transcribe(ctx, p.pcm, o)
		if err != nil {
			return h, err
		}
		wrong, words := speechtest.WordErrors(p.truth, speechtest.Text(t))
		if wrong > 0 {
			b.say("  %d of %d words wrong\n   truth: %s\n   heard: %s", wrong, words, p.truth, speechtest.Text(t))
		}
		h.wrong, h.words = h.wrong+wrong, h.words+words
		h.sound, h.cpu = h.sound+float64(len(p.pcm))/speech.SampleRate, h.cpu+float64(t.CPUms)/1000
	}
	return h, nil
}

func benchWords(ctx context.Context, b *bench, s *speech.Service, caps speech.Caps) error {
	words := 450
	if b.quick {
		words = 100
	}
	english := pieces(b, "en", words)
	if english == nil {
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
	note := fmt.Sprintf("%d words of asterisk-core-sounds-en prompts, %.0f s, one thread; %s", accurate.words, accurate.sound, caps.Transcribe)
	quick := fmt.Sprintf("the same prompts; %s", caps.Fast)
	b.atMost("speech WER, accurate", accurate.wer(), "%", 3, peerWords(against, "%.2f %%", peer.wer()), note)
	b.atMost("speech cost, accurate", accurate.cost(), "CPU-s/s", 0.15, peerWords(against, "%.3f CPU-s/s", peer.cost()), note)
	b.atMost("speech WER, fast", fast.wer(), "%", 10, peerWords(against, "%.2f %%", peer.wer()), quick)
	b.atMost("speech cost, fast", fast.cost(), "CPU-s/s", 0.06, peerWords(against, "%.3f CPU-s/s", peer.cost()), quick)
	return benchFrench(ctx, b, s, words/4)
}

func peerWords(against, format string, value float64) string {
	if against == "" {
		return "faster-whisper: not there"
	}
	return against + " " + fmt.Sprintf(format, value)
}

func benchFrench(ctx context.Context, b *bench, s *speech.Service, words int) error {
	french := pieces(b, "fr", words)
	if french == nil {
		return nil
	}
	h, err := listen(ctx, b, s, french, speech.Options{})
	if err != nil {
		return err
	}
	b.atMost("speech WER, French, language detected", h.wer(), "%", 30, "-", fmt.Sprintf("%d words of asterisk-core-sounds-fr prompts, Canadian French; the truth is the script, not what was said", h.words))
	return nil
}

// benchSpeechless counts words where nobody speaks.
func benchSpeechless(ctx context.Context, b *bench, s *speech.Service) error {
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
		}
		words, minutes = words+len(speechtest.Normal(speechtest.Text(t))), minutes+float64(seconds)/60
	}
	b.atMost("words heard where nobody speaks", float64(words)/minutes*10, "words/10 min", 1, "-", fmt.Sprintf("%.0f min of generated silence, noise, tones, clicks and music", minutes))
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
