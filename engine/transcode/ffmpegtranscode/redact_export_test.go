package ffmpegtranscode

import "showreel/engine/transcode"

// RedactCommands gives the tests the command lines of a redaction and of a look.
func RedactCommands(version string, p transcode.Plan, t transcode.Task) ([]string, error) {
	f, err := flavourOf(version)
	if err != nil {
		return nil, err
	}
	b := builder{flavour: f, plan: p, source: sourceName, limits: Limits{}.filled()}
	if t.Kind == transcode.KindLook {
		return b.look(t.First, t.Frames), nil
	}
	stream := b.speechStream()
	if stream < 0 {
		return b.redact(false), nil
	}
	out := append(append(b.openSound(stream), "---"), b.closeSound(b.channels(stream))...)
	return append(append(out, "---"), b.redact(true)...), nil
}
