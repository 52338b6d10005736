package ffmpegtranscode

import "showreel/engine/transcode"

// Command gives the tests the command lines that a task of a plan would run under a version, without running them.
func Command(version string, p transcode.Plan, t transcode.Task) ([]string, error) {
	f, err := flavourOf(version)
	if err != nil {
		return nil, err
	}
	b := builder{flavour: f, plan: p, source: sourceName, limits: Limits{}.filled()}
	switch t.Kind {
	case transcode.KindProxy:
		return b.proxy(), nil
	case transcode.KindPoster:
		return b.poster(), nil
	case transcode.KindAudio:
		return append(append(b.measure(p.Audios[0]), "---"), b.audio(p.Audios[0], "volume=3dB")...), nil
	case transcode.KindSpeech:
		return b.speech(b.speechStream()), nil
	case transcode.KindSubtitle:
		return b.subtitle(p.Subtitles[0].Stream), nil
	case transcode.KindImage:
		return b.image(p.Images[0]), nil
	}
	return append(append(b.chunk(t, int(t.Cores)), "---"), b.ssimArgs(t)...), nil
}
