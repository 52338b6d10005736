// Package voice is the port to engines that speak: text to speech with the times of its words, taken from the synthesis
// itself. The role is that of Amazon Polly; the default engine runs in the showreel-ai program. It normalises no numbers
// and mixes nothing.
package voice

import (
	"context"
	"strings"
	"unicode/utf8"

	"showreel/fault"
	"showreel/media"
)

// MaxText is the longest text of one request, in characters.
const MaxText = 3_000

// Request is something to say.
type Request struct {
	Text  string  `json:"text"`
	Voice string  `json:"voice"`           // id of Voices
	Speed float64 `json:"speed,omitempty"` // 0.5..2; 0 is 1
}

// Speech is what was said: mono, signed 16 bit.
type Speech struct {
	PCM   []int16      `json:"-"`
	Rate  int          `json:"rate"`  // Hz
	Words []media.Word `json:"words"` // from the first sample; Score is 1
	Model string       `json:"model"` // id and version
	CPUms int64        `json:"cpuMs"`
}

// Voice is one voice.
type Voice struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language"` // BCP 47
	Sex      string `json:"sex,omitempty"`
	Licence  string `json:"licence"` // to be shown
	Model    string `json:"model"`
	Missing  string `json:"missing,omitempty"` // what to install before it speaks
}

// Driver is what a voice engine implements. Every method is safe for concurrent use.
type Driver interface {
	// Say speaks a text. Kinds: fault.NotFound for an unknown voice, fault.Unavailable with what to install.
	Say(ctx context.Context, r Request) (Speech, error)
	// Voices lists the voices, those that are not installed too.
	Voices(ctx context.Context) ([]Voice, error)
}

// Service is the voice engine that the rest of the program sees.
type Service struct{ d Driver }

// New wraps a driver.
func New(d Driver) *Service { return &Service{d} }

// Say is Driver.Say. Kinds: those of Driver.Say, fault.Invalid "nothing-to-say" and "bad-speed", fault.TooLarge above MaxText.
func (s *Service) Say(ctx context.Context, r Request) (Speech, error) {
	const op = "voice.say"
	switch {
	case strings.TrimSpace(r.Text) == "" || !utf8.ValidString(r.Text):
		return Speech{}, fault.Say(op, r.Voice, fault.Invalid, "nothing-to-say", "There is nothing to say.")
	case utf8.RuneCountInString(r.Text) > MaxText:
		return Speech{}, fault.Say(op, r.Voice, fault.TooLarge, "text-too-long", "At most %d characters are spoken at once.", MaxText)
	case r.Speed != 0 && (r.Speed < 0.5 || r.Speed > 2):
		return Speech{}, fault.Say(op, r.Voice, fault.Invalid, "bad-speed", "A speed lies between 0.5 and 2.")
	}
	return s.d.Say(ctx, r)
}

// Voices is Driver.Voices.
func (s *Service) Voices(ctx context.Context) ([]Voice, error) { return s.d.Voices(ctx) }
