package analysis

import (
	"context"
	"slices"

	"showreel/fault"
	"showreel/media"
)

// The abilities.
const (
	Sound       = "sound"       // where somebody speaks, where it is silent
	Speech      = "speech"      // what is said
	Speakers    = "speakers"    // who speaks when, as S1, S2, …
	Shots       = "shots"       // where one camera's picture gives way to another
	Scenes      = "scenes"      // shots that belong together
	Keyframes   = "keyframes"   // the sharpest picture of a shot
	Labels      = "labels"      // what a picture shows
	Objects     = "objects"     // things with boxes, followed through a shot
	Text        = "text"        // writing in the picture
	Faces       = "faces"       // faces, followed through a shot
	Moderation  = "moderation"  // what a person should look at
	PII         = "pii"         // personal data in words and writing
	Meaning     = "meaning"     // entities, phrases, sentiment
	Examples    = "examples"    // what looks like a person's examples
	Translation = "translation" // what is said, in English
	Structure   = "structure"   // chapters, a summary, places for breaks
	Picture     = "picture"     // how good the picture is, and its colours
)

// What an ability works on.
const (
	onSound    = "sound"    // 16 kHz mono
	onPictures = "pictures" // one a second, or the picture itself
	onTimeline = "timeline" // what others wrote
)

// Ability is one way of looking at an asset, as data.
type Ability struct {
	Name   string
	Title  string        // for people
	On     string        // what it works on
	Kinds  []media.Kind  // that it fits
	After  []string      // abilities whose results it reads
	Stage  int           // lower ones have their turn first
	MemMB  int64         // that a piece may take
	Tracks []media.Track // that it writes
	Asked  bool          // it is done only where it is asked for by name
}

// everything lists the abilities in the order of their turns. Stage 0 is the fast lane: what people wait for.
func everything() []Ability {
	moving, seen := []media.Kind{media.Video}, []media.Kind{media.Video, media.Image}
	heard := []media.Kind{media.Video, media.Audio}
	worded := []media.Kind{media.Video, media.Audio, media.Text}
	return []Ability{
		{Name: Sound, Title: "speech and silence", On: onSound, Kinds: heard, Stage: 0, MemMB: 128, Tracks: []media.Track{media.TrackSound}},
		{Name: Shots, Title: "shots", On: onPictures, Kinds: moving, Stage: 0, MemMB: 128, Tracks: []media.Track{media.TrackShot}},
		{Name: Speech, Title: "transcript", On: onSound, Kinds: heard, After: []string{Sound}, Stage: 1, MemMB: 512, Tracks: []media.Track{media.TrackSpeech}},
		{Name: Speakers, Title: "speakers", On: onSound, Kinds: heard, After: []string{Sound, Speech}, Stage: 2, MemMB: 256, Tracks: []media.Track{media.TrackSpeaker, media.TrackSpeech}},
		{Name: Translation, Title: "translation into English", On: onSound, Kinds: heard, After: []string{Sound, Speech}, Stage: 2, MemMB: 512, Asked: true, Tracks: []media.Track{media.TrackTranslation}},
		{Name: Labels, Title: "labels", On: onPictures, Kinds: seen, After: []string{Shots}, Stage: 3, MemMB: 256, Tracks: []media.Track{media.TrackLabel}},
		{Name: Objects, Title: "objects", On: onPictures, Kinds: seen, After: []string{Shots}, Stage: 3, MemMB: 256, Tracks: []media.Track{media.TrackObject}},
		{Name: Faces, Title: "faces", On: onPictures, Kinds: seen, After: []string{Shots}, Stage: 3, MemMB: 256, Tracks: []media.Track{media.TrackFace}},
		{Name: Moderation, Title: "moderation", On: onPictures, Kinds: seen, After: []string{Shots}, Stage: 3, MemMB: 256, Tracks: []media.Track{media.TrackModeration}},
		{Name: Picture, Title: "picture quality and colours", On: onPictures, Kinds: seen, After: []string{Shots}, Stage: 3, MemMB: 128, Tracks: []media.Track{media.TrackPicture, media.TrackColour}},
		{Name: Text, Title: "writing in the picture", On: onPictures, Kinds: seen, After: []string{Shots}, Stage: 4, MemMB: 512, Tracks: []media.Track{media.TrackText}},
		{Name: Keyframes, Title: "key frames", On: onPictures, Kinds: moving, After: []string{Shots}, Stage: 3, MemMB: 128, Tracks: []media.Track{media.TrackKeyframe}},
		{Name: Scenes, Title: "scenes", On: onTimeline, Kinds: moving, After: []string{Shots, Labels}, Stage: 5, MemMB: 64, Tracks: []media.Track{media.TrackScene}},
		{Name: Examples, Title: "what looks like an example", On: onPictures, Kinds: seen, After: []string{Shots, Keyframes}, Stage: 5, MemMB: 256, Tracks: []media.Track{media.TrackExample}},
		{Name: PII, Title: "personal data", On: onTimeline, Kinds: []media.Kind{media.Video, media.Audio, media.Text, media.Image}, After: []string{Speech, Text}, Stage: 5, MemMB: 128, Tracks: []media.Track{media.TrackPII}},
		{Name: Meaning, Title: "meaning", On: onTimeline, Kinds: worded, After: []string{Speech}, Stage: 5, MemMB: 256,
			Tracks: []media.Track{media.TrackEntity, media.TrackPhrase, media.TrackSentiment}},
		{Name: Structure, Title: "chapters and summary", On: onTimeline, Kinds: heard, After: []string{Speech, Scenes}, Stage: 6, MemMB: 256,
			Tracks: []media.Track{media.TrackChapter, media.TrackSummary, media.TrackAdBreak}},
	}
}

// work is an ability with what does it.
type work struct {
	Ability
	// ready says which model does it now. fault.Unavailable says what is missing.
	ready func(ctx context.Context) (model string, err error)
	// cut lists the pieces; none is fine. fault.Unavailable where the asset has not what it works on.
	cut func(ctx context.Context, t *target) ([]piece, error)
	// do looks at one piece.
	do func(ctx context.Context, t *target, p piece) (found, error)
	// show gives what a piece found as annotations, for people to see before the rest is done; nil shows nothing early.
	show func(f found) []media.Annotation
	// finish joins what the pieces found into annotations, by track. It may not depend on anything but its input and the
	// timeline, so that a repeat writes the same.
	finish func(ctx context.Context, t *target, all []found) (map[media.Track][]media.Annotation, error)
}

// works binds the abilities to this room's functions.
func (s *Service) works() map[string]work {
	bound := map[string]work{
		Sound:       {ready: s.soundReady, cut: s.cutSound, do: s.listen, finish: s.joinSound},
		Speech:      {ready: s.speechReady, cut: s.cutSpeech, do: s.transcribe, show: spoken, finish: s.joinSpeech},
		Translation: {ready: s.translationReady, cut: s.cutTranslation, do: s.translate, show: spoken, finish: s.joinTranslation},
		Speakers:    {ready: s.voicesReady, cut: s.cutVoices, do: s.hearVoices, finish: s.joinSpeakers},
		Shots:       {ready: s.shotsReady, cut: s.cutShots, do: s.findShots, finish: s.joinShots},
		Labels:      {ready: s.seeing("labels"), cut: s.cutPictures, do: s.label, finish: s.joinLabels},
		Objects:     {ready: s.seeing("objects"), cut: s.cutPictures, do: s.findObjects, finish: s.joinObjects},
		Faces:       {ready: s.seeing("faces"), cut: s.cutPictures, do: s.findFaces, finish: s.joinFaces},
		Moderation:  {ready: s.seeing("moderate"), cut: s.cutPictures, do: s.moderate, finish: s.joinModeration},
		Text:        {ready: s.seeing("text"), cut: s.cutPictures, do: s.read, finish: s.joinText},
		Picture:     {ready: always(pictureModel), cut: s.cutPictures, do: s.measure, finish: s.joinPicture},
		Keyframes:   {ready: always(pictureModel), cut: s.cutPictures, do: s.measure, finish: s.joinKeyframes},
		Examples:    {ready: s.seeing("labels"), cut: s.cutExamples, do: s.findExamples, finish: s.joinExamples},
		Scenes:      {ready: s.seeing("labels"), cut: none, finish: s.joinScenes},
		PII:         {ready: s.analyzerReady, cut: none, finish: s.joinPersonal},
		Meaning:     {ready: s.analyzerReady, cut: none, finish: s.joinMeaning},
		Structure:   {ready: s.embedReady, cut: none, finish: s.joinStructure},
	}
	out := map[string]work{}
	for _, a := range everything() {
		w := bound[a.Name]
		w.Ability = a
		out[a.Name] = w
	}
	return out
}

func always(model string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return model, nil }
}

func none(context.Context, *target) ([]piece, error) { return nil, nil }

// fits lists everything that fits a kind, in order.
func fits(kind media.Kind) []Ability {
	return slices.DeleteFunc(everything(), func(a Ability) bool { return !slices.Contains(a.Kinds, kind) })
}

// fitting lists the abilities that fit a kind, in order; only names a choice, empty is all that need not be asked for. fault.Invalid names an
// ability that does not exist.
func fitting(kind media.Kind, only []string) ([]Ability, error) {
	all := everything()
	for _, name := range only {
		if !slices.ContainsFunc(all, func(a Ability) bool { return a.Name == name }) {
			var names []string
			for _, a := range all {
				names = append(names, a.Name)
			}
			return nil, fault.Say("analysis.abilities", name, fault.Invalid, "unknown-ability", "There is no ability %q. The abilities are %s.", name, list(names))
		}
	}
	var out []Ability
	for _, a := range all {
		if slices.Contains(a.Kinds, kind) && (len(only) == 0 && !a.Asked || slices.Contains(only, a.Name)) {
			out = append(out, a)
		}
	}
	return out, nil
}
