package analysis

import (
	"context"
	"slices"

	"golang.org/x/text/language"

	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
)

// Translation into English is done by the model that listens: Whisper was trained for it (Radford et al. 2022, §2.3). It
// hears the sound again instead of reading the transcript, so that its times are those of the sound; a person's
// corrections of the transcript do not reach it. It is done where it is asked for.

// translationReady says which model translates.
func (s *Service) translationReady(ctx context.Context) (string, error) {
	model, err := s.hearing(ctx, "transcribe", func(c speech.Caps) string {
		if !c.Translate {
			return ""
		}
		return c.Transcribe
	})
	if err == nil || s.deps.Speech == nil {
		return model, err
	}
	if _, able := s.speechReady(ctx); able == nil {
		return "", missing(Translation, "The speech model that is installed does not translate; run showreel models install whisper-base.")
	}
	return "", err
}

// cutTranslation cuts what is spoken as cutSpeech does. fault.Unsupported "nothing-to-translate" where English alone is
// spoken.
func (s *Service) cutTranslation(ctx context.Context, t *target) ([]piece, error) {
	said, err := t.notes(ctx, media.TrackSpeech)
	if err != nil {
		return nil, err
	}
	foreign := func(a media.Annotation) bool { return a.Lang != "en" }
	if len(said) > 0 && !slices.ContainsFunc(said, foreign) {
		return nil, fault.Say("analysis.translate", t.ref.Asset, fault.Unsupported, "nothing-to-translate", "What is said is in English already.")
	}
	return s.cutSpeech(ctx, t)
}

// translate turns one piece into English words.
func (s *Service) translate(ctx context.Context, t *target, p piece) (found, error) {
	f, err := s.hearWords(ctx, t, p, true)
	if err == nil {
		f.Transcript.Language = "en"
	}
	return f, err
}

// joinTranslation joins the pieces as joinSpeech does; what a person corrected in the translation stays.
func (s *Service) joinTranslation(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error) {
	out, err := s.joinWords(ctx, t, media.TrackTranslation, all)
	return map[media.Track][]media.Annotation{media.TrackTranslation: out}, err
}

// Translate asks for what is said in another language. English is the ability Translation; other languages need an
// operator's language server. fault.Invalid for what is no language, fault.Unavailable "no-language-server".
func (s *Service) Translate(ctx context.Context, asset string, version int, to string) (Overview, error) {
	base, err := baseLanguage(to)
	if err != nil {
		return Overview{}, err
	}
	if base != "en" {
		return Overview{}, fault.Say("analysis.translate", to, fault.Unavailable, "no-language-server",
			"Speech is translated into English by the speech model. For other languages a language server of yours is needed, and none is configured; import the captions that a translator made.")
	}
	return s.Analyze(ctx, asset, version, Ask{Only: []string{Translation}})
}

// baseLanguage is the language of a BCP 47 tag without region and script.
func baseLanguage(tag string) (string, error) {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return "", fault.Say("analysis.translate", tag, fault.Invalid, "bad-language", "%q is not a language; use a BCP 47 tag such as en or pt-BR.", tag)
	}
	base, _ := t.Base()
	return base.String(), nil
}
