package ffmpegtranscode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"slices"

	"showreel/engine/transcode"
	"showreel/media"
)

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
	case transcode.KindBoundaries:
		return b.boundaries(t.First, t.Frames), nil
	case transcode.KindImage:
		return b.image(p.Images[0]), nil
	}
	return append(append(b.chunk(t, int(t.Cores)), "---"), b.ssimArgs(t)...), nil
}

// Sniff gives the tests what the first bytes say.
func Sniff(head []byte, name string) (demuxer string, text, playlist bool) {
	s := sniff(head, name)
	return s.demuxer, s.text != "", s.playlist
}

// Parsers runs every parser of outside bytes over b.
func Parsers(b []byte) (demuxer string, boxes bool) {
	s := sniff(b, "x.bin")
	moov, _ := walkBoxes(bytes.NewReader(b), int64(len(b)))
	_ = eachPrinted(bytes.NewReader(b), func(printed) {})
	var l packetList
	_, _ = l.Write(b)
	var a answer
	if json.Unmarshal(b, &a) == nil {
		a.info(&prober{})
	}
	r := bufio.NewReader(bytes.NewReader(b))
	if toData(r) == nil {
		_, _ = peaks(r, 100)
	}
	p := progress{beat: newHeartbeat(), report: func(transcode.Progress) {}}
	_, _ = p.Write(b)
	if len(l.pts) > 0 {
		slices.Sort(l.pts)
		trueRate(l.pts, media.Rate{Num: 1, Den: 1000}, media.Rate{}, media.Rate{})
	}
	return s.demuxer, moov
}

// ICC reads the colour profile out of a picture's bytes.
func ICC(format string, b []byte) (name string, wide, ok bool) {
	p, ok := readICC(findICC(format, bytes.NewReader(b)))
	return p.name, p.wide, ok
}

// FindICC takes the colour profile out of a picture's bytes, nil where there is none.
func FindICC(format string, b []byte) []byte { return findICC(format, bytes.NewReader(b)) }
