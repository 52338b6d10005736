// Package speech is the port to engines that listen: speech to text with word times, voice activity, and vectors that
// tell voices apart. Room analysis cuts long sound at silences, joins what comes back, clusters voices into speakers
// and writes annotations; none of this happens here. Synthesis is another port (engine/voice).
//
// The role is that of Amazon Transcribe; the default engine runs in the showreel-ai program.
package speech

import (
	"context"
	"time"

	"showreel/fault"
	"showreel/media"
)

// SampleRate of all sound, in Hz.
const SampleRate = 16_000

// MaxPiece is the longest sound of one Transcribe.
const MaxPiece = 10 * time.Minute

// The tiers of Options.
const (
	Accurate = "accurate"
	Fast     = "fast"
)

// Options of one transcription. The zero value detects the language and is accurate.
type Options struct {
	Language  string `json:"language,omitempty"`  // ISO 639-1; "" detects it
	Tier      string `json:"tier,omitempty"`      // Accurate or Fast; "" is Accurate
	Prompt    string `json:"prompt,omitempty"`    // words that are likely to occur: names, terms; at most 200 words are used
	Translate bool   `json:"translate,omitempty"` // into English
	Model     string `json:"model,omitempty"`     // id of an installed model to use in the place of the one in use; "" is that
}

// Transcript is what was said. Utterances are in order and do not overlap.
type Transcript struct {
	Language   string             `json:"language"`            // ISO 639-1
	Languages  map[string]float64 `json:"languages,omitempty"` // probabilities of those above 0.01, if it was detected
	Utterances []Utterance        `json:"utterances"`
	Model      string             `json:"model"` // id and version
	CPUms      int64              `json:"cpuMs"`
}

// Utterance is a stretch of speech as the engine cuts it, with punctuation and casing.
type Utterance struct {
	Range  media.Range  `json:"range"`
	Text   string       `json:"text"`
	Words  []media.Word `json:"words"`
	Silent float64      `json:"silent,omitempty"` // probability that nobody speaks here, 0..1
}

// Service is the speech engine that the rest of the program sees: a driver with the checks every driver shares.
type Service struct{ d Driver }

// New wraps a driver.
func New(d Driver) *Service { return &Service{d} }

// Transcribe is Driver.Transcribe. Kinds: fault.Invalid for an unknown tier, fault.TooLarge above MaxPiece,
// fault.Unsupported for a language that the engine does not know, fault.Unavailable with what to install.
func (s *Service) Transcribe(ctx context.Context, pcm []int16, o Options) (Transcript, error) {
	const op = "speech.transcribe"
	switch {
	case o.Tier != "" && o.Tier != Accurate && o.Tier != Fast:
		return Transcript{}, fault.Say(op, o.Tier, fault.Invalid, "unknown-tier", "A tier is \"accurate\" or \"fast\".")
	case time.Duration(len(pcm))*time.Second/SampleRate > MaxPiece:
		return Transcript{}, fault.Say(op, "", fault.TooLarge, "sound-too-long", "At most %s of sound are transcribed at once.", MaxPiece)
	case len(pcm) < SampleRate/10:
		return Transcript{Language: o.Language}, nil
	}
	return s.d.Transcribe(ctx, pcm, o)
}

// Activity is Driver.Activity.
func (s *Service) Activity(ctx context.Context, pcm []int16) ([]media.Range, error) {
	if len(pcm) == 0 {
		return nil, nil
	}
	return s.d.Activity(ctx, pcm)
}

// Voices is Driver.Voices. Kind: fault.Invalid for a window outside the sound.
func (s *Service) Voices(ctx context.Context, pcm []int16, windows []media.Range) ([][]float32, error) {
	length := media.Time(len(pcm)) * media.Second / SampleRate
	for _, w := range windows {
		if w.Start < 0 || w.End <= w.Start || w.End > length+media.Second/SampleRate {
			return nil, fault.Say("speech.voices", "", fault.Invalid, "bad-window", "A window lies within the sound.")
		}
	}
	if len(windows) == 0 {
		return nil, nil
	}
	return s.d.Voices(ctx, pcm, windows)
}

// Caps is Driver.Caps.
func (s *Service) Caps(ctx context.Context) (Caps, error) { return s.d.Caps(ctx) }
