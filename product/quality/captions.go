package quality

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"showreel/media"
)

// cue is one caption of a WebVTT file.
type cue struct {
	media.Range
	text string
}

// maxCues bounds what is read of one file.
const maxCues = 100_000

// parseVTT reads the cues of a WebVTT file (W3C WebVTT §6) leniently: lines that are not understood are skipped. Times
// in the wrong order are kept as they are, for the checks to tell.
func parseVTT(text string) []cue {
	var out []cue
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for n := 0; n < len(lines) && len(out) < maxCues; n++ {
		from, rest, ok := strings.Cut(lines[n], "-->")
		if !ok {
			continue
		}
		to, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		a, okA := parseStamp(strings.TrimSpace(from))
		b, okB := parseStamp(to)
		if !okA || !okB {
			continue
		}
		c := cue{Range: media.Range{Start: a, End: b}}
		for n+1 < len(lines) && strings.TrimSpace(lines[n+1]) != "" {
			n++
			c.text += lines[n] + "\n"
		}
		out = append(out, c)
	}
	return out
}

// parseStamp reads hh:mm:ss.mmm or mm:ss.mmm.
func parseStamp(s string) (media.Time, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return 0, false
	}
	sec, frac, ok := strings.Cut(parts[len(parts)-1], ".")
	if !ok || len(frac) != 3 {
		return 0, false
	}
	var ms int64
	for _, p := range append(slices.Clone(parts[:len(parts)-1]), sec) {
		n, ok := digits(p)
		if !ok {
			return 0, false
		}
		ms = ms*60 + n
	}
	f, ok := digits(frac)
	return media.FromMS(ms*1000 + f), ok
}

func digits(s string) (int64, bool) {
	if s == "" || len(s) > 6 {
		return 0, false
	}
	var n int64
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int64(r-'0')
	}
	return n, true
}

// spoken counts the characters a viewer reads: without tags and line breaks.
func spoken(text string) int {
	n, tag := 0, false
	for _, r := range text {
		switch {
		case r == '<':
			tag = true
		case r == '>':
			tag = false
		case !tag && r != '\n' && r != utf8.RuneError:
			n++
		}
	}
	return n
}

// captions judges reading speed and times of every subtitle rendition. At most ten findings of a kind and file are
// kept: a file of the wrong language or offset would give hundreds that say the same.
func (j *judge) captions() {
	names := make([]string, 0, len(j.ev.Captions))
	for name := range j.ev.Captions {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		cues := parseVTT(j.ev.Captions[name])
		j.captionSpeed(name, cues)
		j.captionTimes(name, cues)
	}
}

const mostOfAKind = 10

func (j *judge) captionSpeed(name string, cues []cue) {
	r, ok := j.rule(CheckCaptionSpeed)
	if !ok {
		return
	}
	found := 0
	for _, c := range cues {
		if c.Empty() || found == mostOfAKind {
			continue
		}
		if v := float64(spoken(c.text)) / c.Len().Seconds(); v > r.Max {
			found++
			j.add(CheckCaptionSpeed, Finding{Rendition: name, Range: c.Range, Value: v, Limit: r.Max, Unit: "characters/s",
				Text: fmt.Sprintf("One of %s asks for %.0f characters a second, more than the %.0f people can read.", called(j.ev, name), v, r.Max)})
		}
	}
}

func (j *judge) captionTimes(name string, cues []cue) {
	if _, ok := j.rule(CheckCaptionTimes); !ok {
		return
	}
	found := 0
	tell := func(c cue, text string) {
		if found++; found <= mostOfAKind {
			j.add(CheckCaptionTimes, Finding{Rendition: name, Range: media.Range{Start: c.Start, End: max(c.End, c.Start+1)}, Value: 1, Unit: "cues", Text: text})
		}
	}
	for n, c := range cues {
		switch {
		case c.Empty():
			tell(c, fmt.Sprintf("One of %s ends before it starts.", called(j.ev, name)))
		case c.Start >= j.whole.End && j.whole.End > 0:
			tell(c, fmt.Sprintf("One of %s starts after the end of the film.", called(j.ev, name)))
		case n > 0 && c.Start < cues[n-1].Start:
			tell(c, fmt.Sprintf("%s are not in order of time.", calledFirst(j.ev, name)))
		case n > 0 && c.Start < cues[n-1].End && c.Start > cues[n-1].Start:
			tell(c, fmt.Sprintf("Two of %s overlap.", called(j.ev, name)))
		}
	}
}
