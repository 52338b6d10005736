package ingest

import (
	"encoding/json"

	"showreel/media"
)

// What media.Stream.Captions says of closed captions. ATSC A/53 carries CEA-608 and CEA-708 together in one user data of the
// picture, and ffprobe's closed_captions says only that there is some; a QuickTime track of captions says which by its tag.
const (
	cea608       = "cea-608"
	cea708       = "cea-708"
	ceaUndivided = "cea-608/708"
)

// tellClosedCaptions corrects which closed captions a source has, as far as the probe's whole answer tells.
func tellClosedCaptions(info *media.Info) {
	var answer struct {
		Streams []struct {
			Index int    `json:"index"`
			Tag   string `json:"codec_tag_string"`
		} `json:"streams"`
	}
	tags := map[int]string{}
	if json.Unmarshal(info.Raw, &answer) == nil { // without the answer nothing is told apart
		for _, s := range answer.Streams {
			tags[s.Index] = s.Tag
		}
	}
	for n := range info.Streams {
		s := &info.Streams[n]
		switch tag := tags[s.Index]; {
		case tag == "c608" || s.Codec == "eia_608":
			s.Captions = []string{cea608}
		case tag == "c708":
			s.Captions = []string{cea708}
		case len(s.Captions) > 0:
			s.Captions = []string{ceaUndivided}
		}
	}
}
